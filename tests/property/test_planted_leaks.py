"""The non-interference test finds leaks: each of these is planted, and must be found."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from events.audience import Reader
from events.checks import about_of
from events.event import Json, Position
from events.glass import Glass
from events.notices import Notices
from events.salt import Salt
from projections.reading_room import ReadingRoom
from schemas.problem import Problem
from tests.asking import Door, Heard, Question, opened
from tests.comparing import Answers, Trial, copies, differences, prepare
from tests.logged import read_log
from tests.oracle_label import Who
from tests.quick import quick_hubs
from tests.running import World, recording
from tests.telling import Step, Telling
from tests.wording import SLUGS
from tests.worlds import READERS, make_story

OWNER = Reader(SLUGS[0], "ann", "red")
Spoil = Callable[[Any, Any], Any]


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with quick_hubs():
        yield


@dataclass(frozen=True)
class Leak:
    """A way to answer wrongly: one method of a sight, spoilt by what the owner of the secrets would be told."""

    method: str
    route: str
    spoil: Spoil


def _with_total(mine: Any, whole: Any) -> Any:
    return mine and {**mine, "total": whole["total"]}


def _read(written: Any) -> Any:
    """Return a graph that is written in parts as whoever is answered reads it."""
    return orjson.loads(orjson.dumps(written))


def _claims(graph: Any, edge: Any) -> list[int]:
    ends = ("from", "to", "kind")
    return [one["claims"] for one in graph["edges"] if all(one[name] == edge[name] for name in ends)]


def _items(mine: Any, whole: Any) -> Any:
    return {**mine, "items": whole["items"]}


EMPTY = {
    "event": {
        "source": "urn:hub:partner:x",
        "id": "x",
        "type": "x",
        "tlp": "clear",
        "recordedtime": "",
        "data": {},
    },
    "corrections": [],
    "assessments": [],
    "status": "active",
    "recorded": "",
    "digest": "",
}
"""What a sight answers that tells hidden from absent, and nothing else."""

LEAKS = {
    "a total that counts hidden hits": Leak("search", "/search", _with_total),
    "a total that counts hidden things": Leak("listing", "/api/v1/", _with_total),
    "a total that counts hidden events": Leak("timeline", "/timeline", _with_total),
    "hidden nodes among the truncated": Leak(
        "written_graph",
        "/graph",
        lambda mine, whole: {**mine, "truncated": len(_read(whole)["nodes"]) - len(_read(mine)["nodes"])},
    ),
    "a degree of hidden ties": Leak(
        "node", "/nodes", lambda mine, whole: mine and {**mine, "degree": len(json.dumps(whole["ties"]))}
    ),
    "a count of hidden claims": Leak(
        "written_graph",
        "/graph",
        lambda mine, whole: {
            **mine,
            "edges": [{**edge, "claims": _claims(_read(whole), edge)} for edge in _read(mine)["edges"]],
        },
    ),
    "a path through a hidden tie": Leak("paths", "/paths", lambda mine, whole: mine and whole),
    "a dossier with hidden values": Leak(
        "dossier", "/threats/", lambda mine, whole: mine and {**mine, "props": whole["props"]}
    ),
    "a page that ends where a hidden event stands": Leak(
        "events",
        "/events",
        lambda mine, whole: (
            replace(mine, next=(whole.positions or [None])[-1])
            if len(whole.events) > len(mine.events)
            else mine
        ),
    ),
    "another answer for hidden than for absent": Leak(
        "event", "/events/", lambda mine, whole: mine or (whole and EMPTY)
    ),
    "an export that says how much there is": Leak(
        "export", "/export", lambda mine, whole: iter([*mine, str(len(b"".join(whole))).encode()])
    ),
    "a feed whose cursors count what was left out": Leak(
        "feed",
        "/feed",
        lambda mine, whole: replace(
            mine, messages=[replace(one, part=len(whole.messages)) for one in mine.messages]
        ),
    ),
    "a flag from a hidden correction": Leak(
        "event",
        "/events/",
        lambda mine, whole: mine and {**mine, "flags": ["STALE_FACT"] * len(whole["corrections"])},
    ),
    "a list of erasures that shows hidden ones": Leak("erasures", "/erasures", _items),
}


class Leaky:
    """A sight with one leak."""

    def __init__(self, mine: Any, whole: Any, leak: Leak) -> None:
        self._mine = mine
        self._whole = whole
        self._leak = leak

    def __getattr__(self, name: str) -> Any:
        method, whole = getattr(self._mine, name), getattr(self._whole, name)
        if name != self._leak.method:
            return method
        return lambda *asked, **more: self._leak.spoil(method(*asked, **more), whole(*asked, **more))


def secrets_of_one_partner() -> list[Step]:
    """Return a story in which one partner says much in the open, and more of the same things to nobody else."""
    labels = ["clear", "green", "amber", "amber"] * 12
    told = [Step("report", 0, 0, tlp, (1,), "", chance) for chance, tlp in enumerate(labels)]
    told += [Step("erase", 0, 0, tlp, (1,), "", chance) for chance, tlp in enumerate(["green", "amber"] * 3)]
    return told


def what_no_steward_sees() -> list[Step]:
    """Return a story in which partners are named as the source of threats that no steward sees; some break glass."""
    named = [Step("threat", 0, 0, tlp, (1,), "", chance) for chance, tlp in enumerate(["green", "amber"] * 8)]
    return [*named, *(Step("glass", 0, back, None, (), "", back) for back in range(3, 15))]


def correct_what_is_hidden(world: World) -> None:
    """Let the partner put right, of events that everybody sees, what nobody else sees."""
    log = [one for one in read_log(world.settings.data) if one.publisher == SLUGS[0]]
    with recording(world) as intake:
        telling = Telling(intake, world.clock, [*log, *log])
        for one in log:
            if one.envelope["tlp"] == "clear" and "provenance" in one.data:
                changes = [{"pointer": "/provenance/source", "to": f"source:{SLUGS[0]}.1"}]
                data = {"about_event": one.envelope["id"], "changes": changes}
                telling._push(SLUGS[0], "record.corrected", data, {"tlp": "red"})
                telling.told.append(one)


@dataclass(frozen=True)
class Pair:
    """A store, and the same without what a reader may not know."""

    trial: Trial
    purged: Path

    def differences(
        self, fits: Callable[[Question], bool], spoilt: Callable[[Door], Any] = lambda door: door
    ) -> Sequence[str]:
        """Return what differs between the two if both are asked through a hub that leaks."""
        trial = self.trial
        plain, fed = ([one for one in some if fits(one)] for some in (trial.plain, trial.fed))
        asked = replace(trial, plain=plain, fed=fed)
        assert plain or fed

        async def both() -> Sequence[str]:
            async with opened(trial.world, trial.world.settings.data) as door:
                whole: Answers = await asked.hear(spoilt(door))
            async with opened(trial.world, self.purged) as door:
                return differences(whole, await asked.hear(spoilt(door)))

        return asyncio.run(both())


def make_pair(folder: Path) -> Pair:
    world = make_story(folder / "whole", 3, secrets_of_one_partner(), coda=True)
    correct_what_is_hidden(world)
    return pair_of(world, next(one for one in READERS if one.partner == SLUGS[2]))


def pair_of(world: World, who: Who) -> Pair:
    async def prepared() -> Sequence[Trial]:
        async with opened(world, world.settings.data) as door:
            return await prepare(world, [who], door, 1)

    [trial] = asyncio.run(prepared())
    kept = world.settings.data.with_name("purged")
    name, purged = next(copies(trial, 1))
    assert name == "purged"
    return Pair(trial, purged.rename(kept))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, _quick: None) -> Pair:
    return make_pair(tmp_path_factory.mktemp("leaks"))


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_in_a_sight_is_found(name: str, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    leak, purge = LEAKS[name], ReadingRoom.purge
    monkeypatch.setattr(
        ReadingRoom, "purge", lambda room, reader: Leaky(purge(room, reader), purge(room, OWNER), leak)
    )
    assert pair.differences(lambda one: leak.route in one.route and not one.body)


@pytest.fixture(scope="module")
def stewards_pair(tmp_path_factory: pytest.TempPathFactory, _quick: None) -> Pair:
    world = make_story(tmp_path_factory.mktemp("stewards") / "whole", 3, what_no_steward_sees(), coda=True)
    return pair_of(world, next(one for one in READERS if one.is_steward))


def test_a_list_of_conflicts_that_shows_hidden_ones_is_found(
    stewards_pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak, purge = Leak("conflicts", "/conflicts", _items), ReadingRoom.purge
    monkeypatch.setattr(
        ReadingRoom, "purge", lambda room, reader: Leaky(purge(room, reader), purge(room, OWNER), leak)
    )
    assert stewards_pair.differences(lambda one: leak.route in one.route)


def test_a_request_to_break_glass_that_tells_whether_its_event_is_there_is_found(
    stewards_pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending = Glass.pending

    def telling(glass: Glass) -> Any:
        there = {(one.source, one.id) for one in glass._store.read(Position(0), 1000)}
        return [{**one, "is_there": (one["source"], one["id"]) in there} for one in pending(glass)]

    monkeypatch.setattr(Glass, "pending", telling)
    assert stewards_pair.differences(lambda one: one.route == "/api/v1/glass")


def test_a_warning_that_tells_a_steward_what_is_not_there_is_found(
    stewards_pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warnings(notices: Notices, event_type: str, envelope: Mapping[str, Json]) -> Sequence[Problem]:
        about = about_of(event_type, envelope["data"], str(envelope["source"]))
        is_there = about is None or notices._is_here(*about)
        return () if is_there else (Problem("/data/about_event", "unknown_event", ""),)

    monkeypatch.setattr(Notices, "of", warnings)
    assert stewards_pair.differences(lambda one: bool(one.body))


class LeakyDoor:
    """A hub whose door itself leaks: in headers and statuses, by what the owner of the secrets would be told."""

    def __init__(self, door: Door, owner: str, spoil: Callable[[Heard, Heard], Heard]) -> None:
        self._door = door
        self._owner = owner
        self._spoil = spoil

    async def ask(self, question: Question, token: str | None, accept: str = "*/*") -> Heard:
        mine, whole = (
            await self._door.ask(question, token, accept),
            await self._door.ask(question, self._owner, accept),
        )
        return self._spoil(mine, whole)

    async def listen(self, question: Question, token: str | None) -> Heard:
        return await self._door.listen(question, token)


def _with_header(name: bytes, value: Callable[[Heard], bytes]) -> Callable[[Heard, Heard], Heard]:
    return lambda mine, whole: replace(mine, headers=(*mine.headers, (name, value(whole))))


DOORS: Mapping[str, tuple[str, Callable[[Heard, Heard], Heard]]] = {
    "an ETag of all that there is": (
        "/api/v1/graph",
        _with_header(b"etag", lambda whole: hashlib.sha256(whole.body).hexdigest().encode()),
    ),
    "a header with the number of events": (
        "/api/v1/events",
        _with_header(b"x-total", lambda whole: str(whole.body.count(b"specversion")).encode()),
    ),
    "a limit that hidden events use up": (
        "/api/v1/search",
        _with_header(b"ratelimit-remaining", lambda whole: str(1000 - len(whole.body)).encode()),
    ),
    "too many calls, where much is hidden": (
        "/api/v1/timeline/{ref}",
        lambda mine, whole: mine if len(whole.body) < 2 * len(mine.body) else replace(mine, status=429),
    ),
    "a forbidden thing that is not simply absent": (
        "/api/v1/events/{source}/{id:path}",
        lambda mine, whole: replace(mine, status=403) if mine.status == 404 != whole.status else mine,
    ),
}


@pytest.mark.parametrize("name", DOORS)
def test_a_leak_at_the_door_is_found(name: str, pair: Pair) -> None:
    route, spoil = DOORS[name]
    owner = pair.trial.world.tokens["publisher"]
    assert pair.differences(
        lambda one: one.route == route and not one.body, lambda door: LeakyDoor(door, owner, spoil)
    )


def test_a_duplicate_that_tells_of_the_event_of_another_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_event = Salt.of_event
    # Ids that are looked up without their source: whoever sends one learns that somebody has used it.
    monkeypatch.setattr(Salt, "of_event", lambda salt, _source, name: of_event(salt, "", name))
    assert make_pair(tmp_path).differences(lambda one: bool(one.body))


def test_without_a_leak_nothing_is_found(pair: Pair, stewards_pair: Pair) -> None:
    for each in (pair, stewards_pair):
        assert not each.differences(lambda _: True)
