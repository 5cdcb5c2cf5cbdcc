"""`hub export`: takes out what a token may see."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from hub.client.door import Door, Patience
from hub.client.exports import write_csv, write_json, write_ndjson, write_proven
from hub.client.files import shapes_finder
from hub.commands.world import World, json_option, say, tell, token_option, warn_of_open_line
from schemas.registry import Registry
from verifier.exports import PROOFS

Write = Callable[[bytes], object]

EVENT_FORMATS = ("ndjson", "json", "csv")
GRAPH_FORMATS = ("gexf", "graphml", "json", "csv", "zip", "node-link", "ftm")
PATIENCE_SECONDS = 10.0


@click.command(epilog="Example:  hub export graph --format gexf --to network.gexf --from https://hub.example")
@click.argument("what", type=click.Choice(["events", "graph"]))
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(["ndjson", "csv", "gexf", "graphml", "json", "zip", "node-link", "ftm"]),
    help="events: ndjson, json, csv; graph: gexf (Gephi), graphml, json, csv (ties), zip (nodes and ties as CSV),"
    " node-link (JSON of networkx and D3), ftm (FollowTheMoney).",
)
@click.option("--to", "target", required=True, metavar="FILE", help="Where to write; - is standard output.")
@click.option("--from", "url", metavar="URL", help="The hub.  [HUB_URL; http://127.0.0.1:8000]")
@token_option
@click.option(
    "--as-of", metavar="DATE", help="events: recorded until then; graph: as the world was on that day."
)
@click.option(
    "--proofs",
    is_flag=True,
    help="events as ndjson: also FILE.proofs, by which `hub verify FILE` checks them.",
)
@json_option
@click.pass_obj
def export(
    world: World,
    what: str,
    form: str,
    target: str,
    url: str | None,
    token: str | None,
    as_of: str | None,
    proofs: bool,
    as_json: bool,
) -> None:
    """Write all events, or the graph, as the token may see them, to a file."""
    if proofs and ((what, form) != ("events", "ndjson") or target == "-"):
        raise click.UsageError("--proofs goes with events as ndjson, to a file.")
    if form not in (EVENT_FORMATS if what == "events" else GRAPH_FORMATS):
        raise click.UsageError(f"There is no {form} of {what}.")
    settings = world.settings(url=url, token=token)
    warn_of_open_line(settings.url)
    door = Door(settings.url, settings.token, Patience(PATIENCE_SECONDS, world.pause, say))
    try:
        if proofs:
            beside = target + PROOFS
            size = _to_file(target, lambda write: _with_proofs(door, as_of, write, beside))
        else:
            size = _to_file(target, lambda write: _export(door, what, form, as_of, write))
    finally:
        door.close()
    if target != "-":
        row = {"exported": what, "format": form, "file": target, "bytes": size}
        tell(row, f"{what} written to {target} ({size} bytes).", as_json=as_json)


def _export(door: Door, what: str, form: str, as_of: str | None, write: Write) -> None:
    if what == "graph":
        params = {"format": form} | ({"as_of": as_of} if as_of else {})
        door.stream("/api/v1/graph/export", params, write)
    elif form == "csv":
        write_csv(door, as_of, write, shapes_finder(Registry.load()))
    else:
        {"ndjson": write_ndjson, "json": write_json}[form](door, as_of, write)


def _with_proofs(door: Door, as_of: str | None, write: Write, beside: str) -> None:
    _to_file(beside, lambda also: write_proven(door, as_of, write, also))


def _to_file(target: str, export_to: Callable[[Write], None]) -> int:
    """Write beside the target and put it in its place when all is there."""
    if target == "-":
        export_to(sys.stdout.buffer.write)
        return 0
    file = Path(target)
    if file.exists() and not file.is_file():  # a device or a pipe is written to, never replaced
        with file.open("wb") as out:
            export_to(out.write)
        return 0
    beside = file.with_name(file.name + ".part")
    beside.unlink(missing_ok=True)
    try:
        with open(beside, "wb", opener=_private) as out:
            export_to(out.write)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    return file.stat().st_size


def _private(path: str, flags: int) -> int:
    """Open a file that its owner alone reads: it holds what the token may see."""
    return os.open(path, flags | os.O_EXCL, 0o600)
