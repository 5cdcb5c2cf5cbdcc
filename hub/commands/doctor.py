"""`hub doctor`: looks whether a hub, its folder, its machine and what is around it are whole."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from functools import partial

import click

from events.event import Position
from events.submission import STEWARDS, StoreUnavailable
from hub.commands.archive import Archive, opened
from hub.commands.checks import around, folder, machine, recorded
from hub.commands.checks.finding import Finding, fine
from hub.commands.world import World, local_options, tell
from hub.settings import Settings

CLOSED = (OSError, sqlite3.Error, StoreUnavailable)
"""What a disk, a database or their owner may raise."""


@click.command(epilog="Example:  hub doctor --data hub-data")
@local_options
@click.pass_obj
def doctor(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """Look over the hub, its keys, its machine, its database and bus, also while it runs.

    Each finding says what to do. Exit status 1 if something is wrong; what is worth a thought alone is a warning.
    """
    settings = world.settings(data=data, store=store)
    findings = [folder.reach(settings)]
    if findings[0].is_ok:
        try:
            with opened(world, data, store) as archive:
                findings = list(_look(archive, world))
        except CLOSED as closed:
            findings = [_closed(closed), *_look_around(settings)]
    for one in findings:
        tell(one.as_json(), one.text(), as_json=as_json)
    sys.exit(int(not all(one.is_ok for one in findings)))


def _look(archive: Archive, world: World) -> Iterator[Finding]:
    settings, now = archive.settings, world.clock()
    yield _log(archive)
    yield _stewards(archive)
    yield _accounts(archive, world)
    yield around.settings(settings)
    yield machine.clock(archive, now)
    yield folder.secrecy(settings)
    yield folder.vault(archive, world)
    yield folder.custody(archive, world)
    yield folder.files(settings)
    yield folder.views(settings, archive.store.head())
    yield recorded.drift(settings, archive.registry)
    yield machine.disk(archive, now)
    yield machine.durability(settings)
    yield around.database(settings)
    yield around.bus(settings)


def _closed(why: Exception) -> Finding:
    advice = "Mend what is BAD below first; then `hub verify`. Do not run `hub init`: it would make nothing better."
    return Finding("log", "bad", f"the hub's folder does not open ({why})", advice)


def _look_around(settings: Settings) -> Iterator[Finding]:
    """Look at what can be seen of a hub whose log does not open."""
    looks: dict[str, Callable[[], Finding]] = {
        "settings": partial(around.settings, settings),
        "secrecy": partial(folder.secrecy, settings),
        "files": partial(folder.files, settings),
        "disk": partial(machine.room, settings.data),
        "fsync": partial(machine.durability, settings),
        "database": partial(around.database, settings),
        "bus": partial(around.bus, settings),
    }
    for name, look in looks.items():
        try:
            yield look()
        except CLOSED as closed:
            yield Finding(name, "bad", str(closed), "See whether the disk is full, or not there.")


def _log(archive: Archive) -> Finding:
    head = archive.store.head()
    last = archive.store.read(Position(max(0, head - 1)), 1)
    if last or head == 0:
        return fine("log", f"{head} events")
    return Finding("log", "bad", "the last event cannot be read", "Run `hub verify`, then `hub restore`.")


def _stewards(archive: Archive) -> Finding:
    rights = archive.store.rights(STEWARDS)
    if rights is not None and rights.may_write:
        return fine("stewards", "admitted")
    return Finding("stewards", "bad", "not admitted: nobody can run this hub", "Run `hub init` to its end.")


def _accounts(archive: Archive, world: World) -> Finding:
    works = [one for one in archive.accounts.listing() if one.holds(world.clock())]
    stewards = sum(one.role == "steward" for one in works)
    said = f"{len(works)} tokens work, {stewards} of them a steward's"
    if stewards:
        return fine("accounts", said)
    return Finding("accounts", "bad", said, "Make one: `hub token add stewards --role steward`.")
