"""`hub validate`: checks files of events without a hub."""

import sys

import click

from hub.client.files import Line, Reading, shapes_finder
from hub.client.offline import OfflineIntake, offline_intake
from hub.client.push import Refusal
from hub.client.signing import inner
from hub.commands.catalogue import find_contract
from hub.commands.world import World, json_option, tell
from schemas.registry import Registry


@click.command(epilog="Example:  hub validate threats.csv --type threat.reported")
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    metavar="PATH...",
)
@click.option("--type", "event_type", metavar="T", help="Type of rows and payloads that do not say theirs.")
@json_option
@click.pass_obj
def validate(world: World, paths: tuple[str, ...], event_type: str | None, as_json: bool) -> None:
    """Check the events of PATH... (JSON, NDJSON, CSV; - is standard input) in the words of a hub, without one.

    What only a hub can know is not checked: whether you may publish a type, and whether a decision was taken already.
    With --json each event is a line {"file", "line", "id", "ok", "errors"}. Exit status 1 if any would be refused.
    """
    registry = Registry.load()
    if event_type is not None:
        event_type = find_contract(registry, event_type).type
    reading = Reading(shapes_finder(registry), event_type)
    good, bad = 0, 0
    with offline_intake(registry, world.clock) as intake:
        for line in (line for path in paths for line in reading.lines(path)):
            refusal = _refusal(line, intake)
            good, bad = good + (not refusal.problems), bad + bool(refusal.problems)
            _tell(refusal, as_json=as_json)
    if not as_json:
        click.echo(f"{good} valid, {bad} refused.")
    sys.exit(int(bad > 0))


def _refusal(line: Line, intake: OfflineIntake) -> Refusal:
    problems = line.problems or intake.problems(line.event)
    named = None if line.event is None else inner(line.event).get("id")
    return Refusal(line.file, line.line, named and str(named), problems)


def _tell(refusal: Refusal, *, as_json: bool) -> None:
    if as_json:
        tell({**refusal.as_json(), "ok": not refusal.problems}, "", as_json=True)
    else:
        for sentence in refusal.sentences():
            click.echo(sentence)
