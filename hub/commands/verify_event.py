"""`hub verify-event`: did the publisher sign this?"""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from events.signatures import read_public_key
from events.strict import MalformedJson, read_json
from hub.client.door import Door, Patience
from hub.client.verifying import Verdict, verify
from hub.commands.partner_keys import text_of
from hub.commands.world import World, json_option, say, tell, token_option

Json = Any


@click.command(
    "verify-event",
    epilog="Example:  hub verify-event urn:hub:partner:open-docket t-17 --from https://hub.example --key docket.pub",
)
@click.argument("what", nargs=-1, required=True, metavar="SOURCE ID | FILE")
@click.option("--from", "url", metavar="URL", help="The hub.  [HUB_URL; http://127.0.0.1:8000]")
@token_option
@click.option(
    "--key",
    "said",
    metavar="FILE|TEXT",
    help="Public key of the publisher, from itself.  [the one that the hub names]",
)
@json_option
@click.pass_obj
def verify_event(
    world: World, what: tuple[str, ...], url: str | None, token: str | None, said: str | None, as_json: bool
) -> None:
    """Verify the signature of an event: that its publisher signed these bytes, and that they say what is shown.

    Of a hub (SOURCE ID), or without one (FILE): an envelope of DSSE, or what /api/v1/events/SOURCE/ID answered. Without
    --key you trust the hub about whose key it is. Exit status 1 if it does not verify.
    """
    public = None if said is None else read_public_key(text_of(said))
    if len(what) > 2:
        raise click.UsageError("Name a source and an id, or a file.")
    verdict = verify(_shown(world, what, url, token) if len(what) == 2 else _read(what[0]), public)
    if verdict.reason is None and len(what) == 2 and not _is_asked(verdict, what):
        verdict = Verdict(
            "The hub shows another event than you asked for.", verdict.event, verdict.kid, verdict.by
        )
    tell(verdict.as_json(), _sentence(verdict), as_json=as_json)
    sys.exit(int(verdict.reason is not None))


def _shown(world: World, what: tuple[str, ...], url: str | None, token: str | None) -> Json:
    settings = world.settings(url=url, token=token)
    door = Door(settings.url, settings.token, Patience(0, world.pause, say))
    try:
        return door.get("/api/v1/events/" + "/".join(quote(part, safe="") for part in what))
    finally:
        door.close()


def _read(file: str) -> Json:
    try:
        return read_json(Path(file).read_bytes())
    except OSError as gone:
        raise click.UsageError(f"{file} cannot be read.") from gone
    except MalformedJson as malformed:
        raise click.UsageError(f"{file} is no JSON: {malformed}") from malformed


def _is_asked(verdict: Verdict, what: tuple[str, ...]) -> bool:
    event = verdict.event or {}
    return (event.get("source"), event.get("id")) == what


def _sentence(verdict: Verdict) -> str:
    if verdict.reason is not None:
        return f"Does not verify. {verdict.reason}"
    event = verdict.event or {}
    trusted = "the key you gave" if verdict.by == "you" else "the key that the hub names"
    return f"Verifies: {event.get('source')} signed {event.get('id')} with {trusted} ({verdict.kid})."
