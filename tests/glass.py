"""Breaks glass in a hub full of canaries: what two stewards get to read so, and what else is said about it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.canaries import Aviary, Released, Who, may_see, songs
from tests.running import NOON, World
from tests.wire import Reply, Wire

Json = Any

GLASS = "/api/v1/glass"
DAY = f"{NOON:%Y%m%d}"
TWO = (Who("anna", "stewards", "anna", "amber+strict"), Who("ben", "stewards", "ben", "amber+strict"))
"""The stewards who break it; no reader of other tests is one of them."""

BROKEN = ("threat.reported.v1", "lawyer.profiled.v1")
"""Types of the events that they read: with marked and sealed fields, corrected and not."""


@dataclass(frozen=True)
class Broken:
    """One event that was read through broken glass.

    Args:
        event: its place in the aviary.
        request: the id of the request.
        around: the answers to asking, agreeing, listing, and to reading too early.
        read: the answers to the two who read.
    """

    event: int
    request: str
    around: tuple[Reply, ...]
    read: tuple[Reply, ...]


def break_glass(world: World, wire: Wire, aviary: Aviary) -> list[Broken]:
    """Read every event of some types that no steward may see; what is recorded about it sings from then on."""
    for who in TWO:
        world.issue(who.name, "stewards", "steward", account=who.account, clearance=who.clearance)
    found = list(_hidden(aviary))
    broken = [_broken(world, wire, aviary, place, f"zqglss{_letters(no)}") for no, place in enumerate(found)]
    wire.settle()
    return broken


def asking(one: Released, text: str) -> dict[str, Json]:
    """Return the body of a request to read an event."""
    reason = {"code": "danger_to_life", "text": text}
    return {"source": one.envelope["source"], "id": one.envelope["id"], "reason": reason}


def post(world: World, wire: Wire, who: Who, path: str, body: Json = None) -> Reply:
    """Send JSON, or nothing, as one of the stewards."""
    kind: Mapping[str, str] = {} if body is None else {"content-type": "application/json"}
    sent = b"" if body is None else json.dumps(body).encode()
    return wire.ask("POST", path, "", {**_shown(world, who), **kind}, sent)


def read(world: World, wire: Wire, who: Who, request: str) -> Reply:
    """Read through broken glass."""
    return wire.ask("GET", f"{GLASS}/{request}", "", _shown(world, who))


def own_songs(aviary: Aviary, event: int) -> frozenset[str]:
    """Return the canaries that sit in one event, whatever else they sit in."""
    return frozenset(
        song for song, perches in aviary.perches.items() if any(one.event == event for one in perches)
    )


def _hidden(aviary: Aviary) -> Iterator[int]:
    for place, one in enumerate(aviary.events):
        if one.stem in BROKEN and not any(may_see(who, one) for who in TWO):
            yield place


def _broken(world: World, wire: Wire, aviary: Aviary, event: int, text: str) -> Broken:
    one, (anna, ben) = aviary.events[event], TWO
    assert songs(text.encode()) == {text}
    asked = post(world, wire, anna, GLASS, asking(one, text))
    assert asked.status == 202, asked.body
    request = str(json.loads(asked.body)["request"])
    early = read(world, wire, anna, request)
    agreed = post(world, wire, ben, f"{GLASS}/{request}/approve")
    whole = tuple(read(world, wire, who, request) for who in TWO)
    assert [early.status, agreed.status, *(each.status for each in whole)] == [403, 200, 200, 200]
    listed = wire.ask("GET", GLASS, "", _shown(world, anna))
    aviary.release(_act(one, request, text))
    return Broken(event, request, (asked, early, agreed, listed), whole)


def _act(one: Released, request: str, text: str) -> Released:
    """Return what the hub records about it, as far as it sings: for stewards and the event's publisher."""
    # Without the day before it: that is no canary.
    said = {"subject": request.removeprefix(DAY), "detail": {"id": one.envelope["id"], "text": text}}
    own = {
        "source": "urn:hub:partner:stewards",
        "id": "act",
        "tlp": "amber+strict",
        "audience": one.publisher,
    }
    return Released("steward.acted.v1", {**own, "data": said})


def _shown(world: World, who: Who) -> dict[str, str]:
    return {name.lower(): value for name, value in world.bearer(who.name).items()}


def _letters(number: int) -> str:
    first, second = divmod(number, 20)
    return "bcdfghjklmnpqrstvwxz"[first] * 3 + "bcdfghjklmnpqrstvwxz"[second]
