"""`hub verify`: whether a log, a backup, an export, a receipt or a hub is what it was.

What is checked against signatures is checked by the package `verifier`, which shares no code with the hub.
"""

import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import psycopg

from events.erasure import pages_of
from events.notes import Signer
from events.submission import StoreUnavailable
from events.verifying import Verified
from events.verifying import verify as verify_log
from hub.client.answers import Unreachable
from hub.commands.archive import opened
from hub.commands.refusals import NotHere
from hub.commands.world import World, local_options, tell, token_option
from hub.keys import LOG_KEY, keys_folder
from hub.settings import Settings
from verifier.database import audit, holds
from verifier.files import verify_database, verify_file
from verifier.findings import Findings
from verifier.hubs import Unreachable as Silent
from verifier.hubs import getting, verify_hub
from verifier.notes import Key, Unreadable, read_key

Json = Any


@click.command(epilog="Example:  hub verify events.ndjson --key solidarity-hub.example/log/...")
@click.argument("what", required=False, metavar="[FILE|URL]")
@click.option("--key", "said", metavar="VKEY", help="Key of the log, from somebody you trust.")
@click.option("--witness", "witnesses", multiple=True, metavar="VKEY", help="Must have cosigned; repeatable.")
@click.option("--sent", metavar="FILE", help="FILE is a receipt: what was sent for it.")
@click.option(
    "--checkpoint", metavar="FILE", help="A checkpoint that it must continue, from before or a witness."
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
    state: str | None,
    token: str | None,
    data: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Verify a log's file or backup, an export with its proofs, a receipt, or a hub at an URL; else the hub's own log.

    The hub's own log is also read as the hub reads it: does every event fit its contract, does every personal field
    open that was not erased? Exit status 1 if anything does not verify.
    """
    try:
        key = None if said is None else read_key(said)
        known = [read_key(one) for one in witnesses]
        kept = None if checkpoint is None else _read(Path(checkpoint))
        if what is None:
            own = world.settings(data=data, store=store)
            found = _own_log(own, key or _own_key(own), known, kept)
            row, lines = _with_contracts(world, found, data, store)
        elif what.startswith(("http://", "https://")):
            found = _hub(world.settings(url=what, token=token), key, known, (kept, state))
            row, lines = found.as_json(), found.lines()
        else:
            found = verify_file(Path(what), key, known, kept=kept, sent=None if sent is None else Path(sent))
            row, lines = found.as_json(), found.lines()
    except (Unreadable, OSError) as odd:
        raise NotHere(
            str(odd) if isinstance(odd, Unreadable) else f"{odd.filename}: {odd.strerror}."
        ) from odd
    except Silent as lost:
        raise Unreachable(str(lost)) from lost
    tell(row, "\n".join(lines), as_json=as_json)
    sys.exit(int(not row["whole"]))


def _own_log(settings: Settings, key: Key | None, witnesses: Sequence[Key], kept: str | None) -> Findings:
    url = urlsplit(settings.store_url)
    if url.scheme == "sqlite":
        file = Path(url.path.removeprefix("/"))
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


def _with_contracts(
    world: World, found: Findings, data: str | None, store: str | None
) -> tuple[dict[str, Json], list[str]]:
    with opened(world, data, store) as archive:
        pages = pages_of(archive.store.read)()
        is_gapless = archive.settings.store_url.startswith("sqlite:")
        read = verify_log(pages, archive.store.keys(), archive.registry, is_gapless=is_gapless)
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
        kept = _read(Path(state))
    found, note = verify_hub(getting(settings.url, settings.token), settings.url, key, witnesses, kept)
    if state is not None and note is not None:
        Path(state).write_text(note, "utf-8")
    return found


def _read(file: Path) -> str:
    return file.read_text("utf-8")
