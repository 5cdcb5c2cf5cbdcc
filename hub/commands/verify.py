"""`hub verify`: reads the log from its beginning and says whether it is whole."""

import sys
from dataclasses import asdict

import click

from events.erasure import pages_of
from events.verifying import verify as verify_log
from hub.commands.archive import opened
from hub.commands.world import World, local_options, tell


@click.command(epilog="Example:  hub verify --data hub-data")
@local_options
@click.pass_obj
def verify(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """Read the whole log: is every event there, does every field open that was not erased? Exit status 1 if not."""
    with opened(world, data, store) as archive:
        pages = pages_of(archive.store.read)()
        is_gapless = archive.settings.store_url.startswith("sqlite:")
        found = verify_log(pages, archive.store.keys(), archive.registry, is_gapless=is_gapless)
    lines = [f"{found.events} events, {found.sealed} personal fields, {found.erased} of them erased."]
    if found.is_whole:
        lines.append("The log is whole.")
    else:
        lines.append(
            f"NOT WHOLE: {found.missing} events are missing, {found.broken} do not fit their contract, "
            f"{found.damaged} personal fields do not open although nobody erased them."
        )
    tell({**asdict(found), "whole": found.is_whole}, "\n".join(lines), as_json=as_json)
    sys.exit(int(not found.is_whole))
