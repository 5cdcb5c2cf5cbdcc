"""`hub views`: a new hub takes the views of another on the same log, in place of folding the whole log anew."""

import json
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from events.acts import StewardAct
from events.read_only import read_only
from hub.backup.files import private
from hub.commands.archive import Archive, opened
from hub.commands.rebuild import code_of
from hub.commands.refusals import ViewsRefused
from hub.commands.views_stream import read_head, read_into, write
from hub.commands.world import World, local_options, say, tell
from hub.keys import views_key
from hub.views_files import VIEWS_FILE, files_for, views_files
from projections import generations
from projections.carried import Carried, NotFitting, check, described
from projections.preparing import has_erased_since, stamps_of
from projections.shelves import Code
from projections.still import places, still

SPARE_BYTES = 64_000_000
"""What is left on the disk for whoever else writes there."""

PAGES = 8192
"""How much is copied before the disk must have it: 32 MB."""

_EXAMPLE = "Example:  ssh first hub views send --data /srv/hub | hub views take --data /srv/hub"


@click.group(epilog=_EXAMPLE)
def views() -> None:
    """Bring the views of a hub to another one on the same log, which then serves without folding a long log anew."""


@views.command(epilog=_EXAMPLE)
@local_options
@click.pass_obj
def send(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """Write the views of this hub into a pipe, also while it serves; `hub views take` reads them there.

    They hold personal fields in the plain: only a pipe takes them, by ssh, and no file, which no erasure would reach.
    What was sent is told on standard error.
    """
    out = _pipe(sys.stdout.buffer)
    world.give_way()
    with opened(world, data, store) as archive:
        said, size = _send(archive, out)
    row = {"sent": size, "events": int(said.position)}
    say(json.dumps(row) if as_json else f"{size} bytes of views were sent, up to event {said.position}.")


@views.command(epilog=_EXAMPLE)
@click.option("--workers", type=click.IntRange(1), help="How many processes will serve.  [HUB_WORKERS; 1]")
@local_options
@click.pass_obj
def take(world: World, workers: int | None, data: str | None, store: str | None, as_json: bool) -> None:
    """Take the views that `hub views send` writes on another hub of the same log, from standard input.

    They are taken whole or not at all: only from a hub of this log with the same keys and release, and only if nobody
    was erased since. A hub that runs here exchanges its own for them; else the next start takes them.
    """
    source = sys.stdin.buffer
    if source.isatty():
        raise click.UsageError("Views come through a pipe: ssh first hub views send | hub views take.")
    count = world.settings(data=data, store=store, workers=workers).workers
    world.give_way()
    with opened(world, data, store) as archive:
        said = _take(archive, source, files_for(archive.settings.data, count))
    row = {"views": "taken", "events": int(said.position)}
    after = "A hub that runs here exchanges its own for them; else the next start takes them."
    tell(row, f"The views are here, up to event {said.position}. {after}", as_json=as_json)


def _pipe(out: BinaryIO) -> BinaryIO:
    mode = os.fstat(out.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        raise click.UsageError(
            "Views go into a pipe, and into nothing else: ssh first hub views send | hub views take. They hold "
            "personal fields in the plain, and no erasure would reach a file."
        )
    return out


def _send(archive: Archive, out: BinaryIO) -> tuple[Carried, int]:
    code, folder = code_of(archive), archive.settings.data
    stamps, _ = stamps_of(code)
    file = _newest(folder, stamps)
    with _nameless(folder) as (scratch, copy):
        with still(file, archive.world.pause) as db, _fitting():
            said = described(code, db)
            check(code, stamps, said)
            _refuse_if_full(folder, _size(db))
            # A little at a time: what waits for the disk in one heap would hold up the log's own syncs.
            db.backup(copy, pages=PAGES, progress=lambda *_: os.fdatasync(scratch))
        archive.note(StewardAct("views_sent"))
        return said, write(said, scratch, _key(archive), out)


def _newest(folder: Path, stamps: list[tuple[str, str]]) -> Path:
    """Return the file of views that is furthest, of those that this release has folded."""
    own = [
        one
        for path in views_files(folder)
        for one in generations.in_use(path)
        if generations.stamps(one) == stamps
    ]
    if not own:
        raise ViewsRefused("There are no views of this release here: start the hub, and let it fold them.")
    return max(own, key=_reached)


def _reached(file: Path) -> int:
    with closing(read_only(file)) as db:
        return min(places(db))


def _size(db: sqlite3.Connection) -> int:
    pages, each = (db.execute(f"PRAGMA page_{one}").fetchone()[0] for one in ("count", "size"))
    return int(pages * each)


@contextmanager
def _nameless(folder: Path) -> Iterator[tuple[int, sqlite3.Connection]]:
    """Give a file as descriptor and database that nobody finds, and that goes with this process, however it ends."""
    file, name = tempfile.mkstemp(prefix=f"{VIEWS_FILE}.sending-", dir=folder)
    try:
        try:
            copy = sqlite3.connect(name, isolation_level=None)
        finally:
            Path(name).unlink()
        with closing(copy):
            for pragma in ("journal_mode=OFF", "synchronous=OFF"):
                copy.execute(f"PRAGMA {pragma}").close()
            yield file, copy
    finally:
        os.close(file)


def _take(archive: Archive, source: BinaryIO, files: list[Path]) -> Carried:
    first, *also = files
    with generations.alone_preparing(first) as is_alone:
        if not is_alone:
            raise ViewsRefused("Somebody else is folding or taking views here already.")
        try:
            return _taken(archive, source, first, also)
        finally:
            for one in files:
                generations.remove(generations.preparing(one))


def _taken(archive: Archive, source: BinaryIO, first: Path, also: list[Path]) -> Carried:
    code, draft = code_of(archive), generations.preparing(first)
    stamps, stamp = stamps_of(code)
    generations.remove(draft)
    head = read_head(source)
    with _fitting():
        # Before the bytes come: they may be many.
        check(code, stamps, head.said)
    _refuse_if_full(archive.settings.data, head.size * (1 + len(also)))
    with private(draft) as target:
        read_into(target, source, head, _key(archive))
    with _fitting():
        check(code, stamps, head.said)
    _refuse_if_other(code, draft, head.said)
    archive.note(StewardAct("views_rebuilt", detail={"taken": True}))
    generations.hand_out(first, also, stamp)
    # What was erased meanwhile, the hub that runs did not find in what was not there yet.
    if has_erased_since(code, head.said.position):
        for one in (first, *also):
            generations.forget_prepared(one)
        raise ViewsRefused("Somebody was erased while the views came: send them anew.")
    return head.said


def _refuse_if_other(code: Code, draft: Path, said: Carried) -> None:
    try:
        with closing(sqlite3.connect(f"{draft.absolute().as_uri()}?immutable=1", uri=True)) as db, _fitting():
            if described(code, db) != said:
                raise NotFitting("The views are not what the stream says of them.")
    except sqlite3.DatabaseError as odd:
        raise ViewsRefused("The views that came do not open: was somebody erased here meanwhile?") from odd


@contextmanager
def _fitting() -> Iterator[None]:
    try:
        yield
    except NotFitting as odd:
        raise ViewsRefused(str(odd)) from odd


def _refuse_if_full(folder: Path, size: int) -> None:
    if shutil.disk_usage(folder).free < size + SPARE_BYTES:
        raise ViewsRefused(f"The disk has no room for {size} bytes of views, and what else is written there.")


def _key(archive: Archive) -> bytes:
    return views_key(archive.settings.data, archive.settings.keys)
