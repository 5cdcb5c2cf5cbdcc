"""`hub push`: sends files of events to a hub."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hub.client.answers import Turned, Unreachable
from hub.client.door import Door, Patience
from hub.client.files import Line, Reading, shapes_finder
from hub.client.outbox import Outbox, usual_folder
from hub.client.push import Push, Refusal, Tally
from hub.client.signing import Signer, inner, read_key_file
from hub.commands.catalogue import find_contract
from hub.commands.world import World, json_option, say, tell, token_option, warn_of_open_line
from schemas.registry import Registry

Json = Any

CHUNK = 500
LARGEST_BATCH = 10_000

UNKNOWN = 401
_UNKNOWN_MEANS = "Yours is mistyped, has expired or was revoked: copy it again, or ask a steward for another."


@click.command(
    epilog="Example:  hub push threats.csv --type threat.reported --to https://hub.example --token hub_..."
)
@click.argument(
    "paths", nargs=-1, type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="PATH..."
)
@click.option("--to", "url", metavar="URL", help="The hub.  [HUB_URL; http://127.0.0.1:8000]")
@token_option
@click.option(
    "--batch",
    type=click.IntRange(1, LARGEST_BATCH),
    default=500,
    show_default=True,
    help="Most events in one request.",
)
@click.option(
    "--dry-run", is_flag=True, help="Ask what the hub would say; nothing is stored, nothing is kept."
)
@click.option(
    "--outbox",
    "folder",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Where events wait for their receipt.  [~/.local/share/solidarity-hub/outbox]",
)
@click.option("--type", "event_type", metavar="T", help="Type of rows and payloads that do not say theirs.")
@click.option(
    "--patience",
    type=click.FloatRange(0),
    default=60.0,
    show_default=True,
    help="Seconds to go on trying while the hub does not answer.",
)
@click.option(
    "--sign",
    "key_file",
    type=click.Path(exists=True, dir_okay=False),
    metavar="KEYFILE",
    help="Sign every event with this private key (Ed25519, PEM); see `hub partner key new`.",
)
@click.option(
    "--kid", metavar="ID", help="Name of that key, as the stewards registered it.  [its fingerprint]"
)
@json_option
@click.pass_obj
def push(
    world: World,
    paths: tuple[str, ...],
    url: str | None,
    token: str | None,
    batch: int,
    dry_run: bool,
    folder: str | None,
    event_type: str | None,
    patience: float,
    key_file: str | None,
    kid: str | None,
    as_json: bool,
) -> None:
    """Send the events of PATH... (JSON, NDJSON, CSV; - is standard input) to a hub.

    In a CSV file each column is a field by its dotted name (data.place.country, data.targets[0], or data.targets with ;
    between the items) and each row an event. An event without id gets one from its content, so pushing the same sheet
    twice is harmless. Every event is on disk in the outbox before it is sent, and stays there until the hub answered
    for it: after a loss of network or a kill, run the same command again, or `hub push` without PATH. Refused lines are
    reported and do not stop the others.

    With --sign the outbox keeps the signed bytes, so what is sent again is the same to the letter, and needs no key. An
    event that does not say its source is signed once the hub has said whose token this is. Lines that are envelopes
    of DSSE already are sent as they are.
    """
    settings = world.settings(url=url, token=token)
    warn_of_open_line(settings.url)
    registry = Registry.load()
    if event_type is not None:
        event_type = find_contract(registry, event_type).type
    place = None if dry_run else Path(folder) if folder else usual_folder(world.environ)
    outbox = Outbox(place, settings.url, world.fresh_id(), settings.token)
    door = Door(settings.url, settings.token, Patience(patience, world.pause, say))
    tally = Tally()
    sending = Push(door, outbox, batch, dry_run=dry_run)
    try:
        sign = Signer(read_key_file(key_file), kid, lambda: door.source).sign if key_file else None
        _hand_over(_lines(paths, Reading(shapes_finder(registry), event_type), sign), outbox, tally)
        with _bar() as bar:
            task = bar.add_task("sent", total=len(outbox))
            status = _sent(sending, tally, lambda n: bar.advance(task, n))
        _tell_left(outbox)
        _report(tally, len(outbox) - sending.refused, dry_run=dry_run, as_json=as_json)
        sending.settle_refused()
    finally:
        door.close()
        outbox.close()
    sys.exit(status or int(bool(tally.refusals)))


def _lines(paths: Iterable[str], reading: Reading, sign: Callable[[Json], Json] | None) -> Iterator[Line]:
    for path in paths:
        for line in reading.lines(path):
            yield line if sign is None or line.problems else replace(line, event=sign(line.event))


def _hand_over(lines: Iterator[Line], outbox: Outbox, tally: Tally) -> None:
    """Put every readable line into the outbox, in order."""
    while chunk := list(islice(lines, CHUNK)):
        outbox.add(_readable(chunk, tally))


def _readable(lines: Iterable[Line], tally: Tally) -> Iterator[tuple[str, int, object]]:
    for line in lines:
        if line.problems:
            told = None if line.event is None else str(inner(line.event).get("id"))
            tally.refusals.append(Refusal(line.file, line.line, told, line.problems))
        else:
            yield line.file, line.line, line.event


def _sent(sending: Push, tally: Tally, advance: Callable[[int], None]) -> int:
    try:
        sending.send_all(tally, advance)
        sending.until_read(tally)
    except Unreachable as away:
        say(f"{away} What has no receipt stays in the outbox: run the same command again.")
        return 3
    except KeyboardInterrupt:
        say("Stopped. What has no receipt stays in the outbox: run the same command again.")
        return 1
    except Turned as turned:
        known = "" if turned.status != UNKNOWN else f" {_UNKNOWN_MEANS}"
        say(f"{turned}{known} Nothing more was sent; what has no receipt stays in the outbox.")
        return 1
    return 0


def _tell_left(outbox: Outbox) -> None:
    """Say what this push leaves in the outbox, since it is not of this token or not for this hub."""
    for hub, count in outbox.elsewhere():
        say(f"{count} events in the outbox wait for {hub}; they go with `hub push --to {hub}`.")
    count = outbox.foreign()
    if count:
        say(
            f"{count} events in the outbox were handed over with another token, and were not sent as yours. Run "
            "`hub push` with that token; or, if they are to go with this one, push their files again."
        )


def _report(tally: Tally, waiting: int, *, dry_run: bool, as_json: bool) -> None:
    if not as_json:
        for refusal in tally.refusals:
            for sentence in refusal.sentences():
                click.echo(sentence)
    row = {
        "stored": tally.stored,
        "duplicates": tally.duplicates,
        "refused": len(tally.refusals),
        "waiting": 0 if dry_run else waiting,
        "dry_run": dry_run,
        "refusals": [refusal.as_json() for refusal in tally.refusals],
    }
    verb = "would be stored" if dry_run else "stored"
    text = f"{tally.stored} {verb}, {tally.duplicates} known already, {len(tally.refusals)} refused"
    tell(
        row, text + (f", {row['waiting']} waiting in the outbox." if row["waiting"] else "."), as_json=as_json
    )


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))
