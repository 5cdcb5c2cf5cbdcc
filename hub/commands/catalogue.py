"""The catalogue of event types, offline: `hub types`, `hub schema`, `hub example`."""

import json
from typing import Any

import click

from events.event import SLUG
from hub.commands.world import World, json_option, moment_text, tell
from schemas.contract import Contract
from schemas.registry import Registry

Json = Any

WORKED_SLUG = "harbour-bar-watch"
"""The invented partner in whose name every example of the schemas is written."""


@click.command(epilog="Example:  hub types --json")
@json_option
def types(as_json: bool) -> None:
    """List the event types that a partner can publish."""
    registry = Registry.load()
    width = max(len(name) for name in registry.types)
    for name in registry.types:
        contract = _newest(registry, name)
        row = {
            "type": name,
            "version": contract.version,
            "title": contract.title,
            "class": contract.kind,
            "publishers": sorted(contract.publishers),
            "tlp": contract.tlp,
        }
        tell(row, f"{name:{width}}  {contract.tlp:12}  {contract.title}", as_json=as_json)


@click.command(epilog="Example:  hub schema threat.reported")
@click.argument("type")
@json_option
def schema(type: str, as_json: bool) -> None:
    """Print the JSON Schema of TYPE, self-contained; TYPE.v1 picks a version."""
    registry = Registry.load()
    contract = find_contract(registry, type)
    document = registry.bundled(contract.stem)
    tell(document, json.dumps(document, ensure_ascii=False, indent=2), as_json=as_json)


@click.command(epilog="Example:  hub example threat.reported --partner open-docket > event.json")
@click.argument("type")
@click.option("--partner", metavar="SLUG", default=WORKED_SLUG, help="Whose event it is to be.")
@json_option
@click.pass_obj
def example(world: World, type: str, partner: str, as_json: bool) -> None:
    """Print a complete, valid event of TYPE with a fresh id."""
    if not SLUG.fullmatch(partner):
        raise click.BadParameter(
            "a slug has 2 to 40 lower-case letters, digits and hyphens", param_hint="--partner"
        )
    event = example_event(find_contract(Registry.load(), type), partner, world)
    tell(event, json.dumps(event, ensure_ascii=False, indent=2), as_json=as_json)


def example_event(contract: Contract, partner: str, world: World) -> Json:
    """Return the worked example of a type as an event of `partner`."""
    data = json.loads(json.dumps(contract.example, ensure_ascii=False).replace(WORKED_SLUG, partner))
    return {
        "specversion": "1.0",
        "id": world.fresh_id(),
        "source": f"urn:hub:partner:{partner}",
        "type": contract.type,
        "time": moment_text(world.clock().replace(microsecond=0)),
        "tlp": contract.tlp,
        "data": data,
    }


def find_contract(registry: Registry, name: str) -> Contract:
    """Return the contract of a type (newest version) or of a stem.

    Raises:
        click.UsageError: there is none; names the nearest.
    """
    if name in registry.stems:
        return registry.contract(name)
    if registry.newest(name) is None:
        raise click.UsageError(f"There is no event type {name}.{nearest(name, registry.types)}")
    return _newest(registry, name)


def nearest(name: str, among: tuple[str, ...]) -> str:
    """Return a question for what may have been meant, or nothing."""
    import difflib

    close = difflib.get_close_matches(name, among, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _newest(registry: Registry, name: str) -> Contract:
    return registry.contract(f"{name}.v{registry.newest(name)}")
