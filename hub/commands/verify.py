"""`hub verify`: whether a log, a backup, an export, a receipt or a hub is what it was.

What is checked against signatures is checked by the package `verifier`, which shares no code with the hub.
"""

import sqlite3
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import psycopg

from events.erasure import pages_of
from events.notes import Signer
from events.restoring import may_have_gaps
from events.submission import StoreUnavailable
from events.verifying import Verified
from events.verifying import verify as verify_log
from hub.backup.age import identities_for, is_encrypted
from hub.backup.files import copy_pieces, write_beside
from hub.backup.opening import open_into
from hub.backup.proving import OTHER_KEY
from hub.client.answers import Unreachable
from hub.commands.archive import opened
from hub.commands.checks.besides import beside, strange_tables, strange_tables_beside
from hub.commands.checks.databases import damages
from hub.commands.checks.leaves import Leaves
from hub.commands.checks.refolded import views_besides_the_log
from hub.commands.checks.undone import Undone
from hub.commands.kept import kept_checkpoint
from hub.commands.refusals import NotHere
from hub.commands.world import World, identity_option, local_options, tell, token_option
from hub.keys import LOG_KEY, keys_folder
from hub.settings import Settings
from verifier.database import audit, holds
from verifier.files import verify_database, verify_file
from verifier.findings import Findings
from verifier.hubs import Unreachable as Silent
from verifier.hubs import getting, verify_hub
from verifier.notes import Key, Unreadable, read_key

Json = Any

_NOT_OURS = (
    "log.key in the folder of keys is not the key that this log is signed with: nothing new is signed. Put the copy "
    "from the safe there. If it is lost, say the key of the log that you gave to others: --key VKEY."
)
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, sqlite3.DatabaseError)
"""What reading rows raises that are not what was written."""


@click.command(epilog="Example:  hub verify events.ndjson --key solidarity-hub.example/log/...")
@click.argument("what", required=False, metavar="[FILE|URL]")
@click.option("--key", "said", metavar="VKEY", help="Key of the log, from somebody you trust.")
@click.option("--witness", "witnesses", multiple=True, metavar="VKEY", help="Must have cosigned; repeatable.")
@click.option("--sent", metavar="FILE", help="FILE is a receipt: what was sent for it.")
@click.option(
    "--checkpoint", metavar="FILE", help="A checkpoint that it must continue, from before or a witness."
)
@identity_option("FILE is an encrypted backup: the secret key that opens it; repeatable.")
@click.option(
    "--views", is_flag=True, help="The hub's own folder: fold the log anew, compare the views with that."
)
@click.option("--state", metavar="FILE", help="URL: where to keep the checkpoint for the next time.")
@token_option
@local_options
@click.pass_obj
def verify(
    world: World,
    what: str | None,
    said: str | None,
    witnesses: tuple[str, ...],
    sent: str | None,
    checkpoint: str | None,
    identities: tuple[Path, ...],
    views: bool,
    state: str | None,
    token: str | None,
    data: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Verify a log's file or backup, an export with its proofs, a receipt, or a hub at an URL; else the hub's own log.

    The hub's own log is also read as the hub reads it: does every event fit its contract, does every personal field
    open that was not erased? And every database beside it: is each page, each key of personal fields sound, each row
    of accounts and followers as the hub wrote it? Exit status 1 if anything does not verify.
    """
    try:
        key = None if said is None else read_key(said)
        known = [read_key(one) for one in witnesses]
        kept = None if checkpoint is None else kept_checkpoint(Path(checkpoint))
        if what is None:
            own = world.settings(data=data, store=store)
            world.give_way()
            found = _own_log(own, key or _own_key(own), known, kept)
            if key is None and OTHER_KEY in found.faults:
                found = _own_log(own, None, known, kept)
                found.faults.append(_NOT_OURS)
            found.faults += [*damages(own, world), *strange_tables(own), *strange_tables_beside(own)]
            row, lines = _as_hub(world, found, (data, store), with_views=views)
        elif what.startswith(("http://", "https://")):
            found = _hub(world.settings(url=what, token=token), key, known, (kept, state))
            row, lines = found.as_json(), found.lines()
        else:
            found = _file(
                world,
                Path(what),
                identities,
                partial(
                    verify_file,
                    key=key,
                    witnesses=known,
                    kept=kept,
                    sent=None if sent is None else Path(sent),
                ),
            )
            row, lines = found.as_json(), found.lines()
    except (Unreadable, OSError) as odd:
        raise NotHere(
            str(odd) if isinstance(odd, Unreadable) else f"{odd.filename}: {odd.strerror}."
        ) from odd
    except Silent as lost:
        raise Unreachable(str(lost)) from lost
    tell(row, "\n".join(lines), as_json=as_json)
    sys.exit(int(not row["whole"]))


def _file(
    world: World, what: Path, identities: Sequence[Path], check: Callable[[Path], Findings]
) -> Findings:
    """Check a file; of an encrypted backup what is in it, which lies nowhere in the plain any longer afterwards."""
    if not is_encrypted(what):
        return check(what)
    # Said as it is: Python would fall back to /tmp, another disk than the one that was chosen for this.
    place = world.environ.get("TMPDIR") or None
    with TemporaryDirectory(prefix="hub-verify-", dir=place) as folder:
        plain = Path(folder) / what.name
        try:
            open_into(what, plain, identities_for(identities, [what]))
        except OSError as full:
            raise NotHere(
                f"{what} cannot be unpacked into {Path(folder).parent}: {full.strerror}. Name another with TMPDIR."
            ) from full
        return check(plain)


def _own_log(settings: Settings, key: Key | None, witnesses: Sequence[Key], kept: str | None) -> Findings:
    file = settings.log_file
    if file is not None:
        if not file.is_file():
            raise NotHere(f"There is no {file}.")
        return verify_database(file, key, witnesses, kept)
    try:
        with closing(psycopg.connect(settings.store_url)) as db:
            db.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

            def fetch(query: str) -> Iterable[Sequence[Any]]:
                return db.execute(query.encode())

            found, heads = audit("Log", fetch, "notification_id", key, witnesses)
    except psycopg.OperationalError as lost:
        raise StoreUnavailable("the database cannot be reached") from lost
    if kept is not None:
        holds(found, heads, kept, key)
    return found


def _own_key(settings: Settings) -> Key | None:
    file = keys_folder(settings.data, settings.keys) / LOG_KEY
    return read_key(Signer(file.read_bytes()).key.text) if file.is_file() else None


def _as_hub(
    world: World, found: Findings, place: tuple[str | None, str | None], *, with_views: bool
) -> tuple[dict[str, Json], list[str]]:
    """Read the log as the hub reads it; what it cannot read is a fault like others, not the end of the findings."""
    try:
        return _with_contracts(world, found, place, with_views=with_views)
    except (*_BROKEN, StoreUnavailable) as odd:
        if isinstance(odd, StoreUnavailable) and found.is_whole:
            raise
        found.faults.append("The log cannot be read as the hub reads it.")
        return found.as_json(), found.lines()


def _with_contracts(
    world: World, found: Findings, place: tuple[str | None, str | None], *, with_views: bool
) -> tuple[dict[str, Json], list[str]]:
    with opened(world, *place) as archive:
        file = archive.settings.log_file
        is_gapless = file is not None and not may_have_gaps(file)
        with beside(archive.settings) as tables:
            leaves, undone = Leaves(archive.store), Undone(archive)
            pages = undone.watching(leaves.watching(tables.watching(pages_of(archive.store.read)())))
            read = verify_log(pages, archive.store.keys(), archive.registry, is_gapless=is_gapless)
        ended_again = undone.faults()
        found.remarks += undone.remarks()
        # Of a log that is damaged nobody can say what views should hold.
        if with_views and found.is_whole and read.is_whole:
            found.faults += views_besides_the_log(archive)
    found.faults += [*tables.faults(), *leaves.faults(), *ended_again]
    lines = [*found.lines()[:-1], f"{read.sealed} personal fields, {read.erased} of them erased."]
    row = {**found.as_json(), **asdict(read), "whole": found.is_whole and read.is_whole}
    return row, [*lines, _verdict(found, read)]


def _verdict(found: Findings, read: Verified) -> str:
    if read.is_whole:
        return "The log is whole." if found.is_whole else "NOT WHOLE."
    return (
        f"NOT WHOLE: {read.missing} events are missing, {read.broken} do not fit their contract, "
        f"{read.damaged} personal fields do not open although nobody erased them."
    )


def _hub(
    settings: Settings, key: Key | None, witnesses: Sequence[Key], before: tuple[str | None, str | None]
) -> Findings:
    kept, state = before
    if kept is None and state is not None and Path(state).is_file():
        kept = kept_checkpoint(Path(state))
    found, note = verify_hub(getting(settings.url, settings.token), settings.url, key, witnesses, kept)
    if state is not None and note is not None:
        # The old one or the new one, whatever happens: without it the next look would take this hub's word.
        write_beside(Path(state), partial(copy_pieces, BytesIO(note.encode())))
    return found
