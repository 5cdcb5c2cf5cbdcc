"""Nothing in any answer depends on what its reader may not see: every address, byte for byte, headers included.

For a reader r and a store S: answer(r, S) == answer(r, S without what r may not see)
== answer(r, S with something else there). What r may see is said by `tests/oracle.py`, which trusts no code of
the hub.
"""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from starlette.responses import Response

from events.audience import Reader
from events.cursor import Cursors
from hub.address import Address, Parameter
from hub.keys import cursor_key
from hub.routes import addresses
from projections.reading_room import ReadingRoom
from schemas.registry import Registry
from tests.asking import Door, Heard, Pools, Question, feed_questions, opened, questions
from tests.oracle import Oracle, Who, read_log, rewrite_log
from tests.running import World, registry
from tests.worlds import READERS, SLUGS, Step, decoys, described, make_story, stories

Json = Any


@dataclass(frozen=True)
class Trial:
    """A reader, with the questions that he asks of a world of which he may see a part."""

    world: World
    who: Who
    oracle: Oracle
    plain: list[Question]
    fed: list[Question]

    async def hear(self, door: Door) -> dict[tuple[str, Question], Heard]:
        """Ask everything."""
        token = self.world.tokens.get(self.who.name)
        heard = {("GET", one): await door.ask(one, token) for one in self.plain}
        for one in self.fed:
            heard["SSE", one] = await door.ask(one, token, "text/event-stream")
            heard["WS", one] = await door.listen(one, token)
        return heard


async def prepare(world: World, who: Who, door: Door, seed: int) -> Trial:
    """Think up questions about everything that is in the world."""
    random = Random(seed)
    log = read_log(world.settings.data / "log.sqlite")
    oracle = Oracle(registry(), log)
    reach = max(oracle.purge(who).kept)
    pools = Pools(log, reach, Cursors(cursor_key(world.settings.data)), await _ties(world, door))
    table = addresses()
    fed = [question for one in table if one.follower for question in feed_questions(one, pools, random)]
    return Trial(world, who, oracle, questions(table, pools, random), fed)


async def _ties(world: World, door: Door) -> list[tuple[str, str, str]]:
    """Return every tie that anybody sees."""
    whole = Question("", "/api/v1/graph", (("limit", "5000"),))
    graphs = [json.loads((await door.ask(whole, world.tokens.get(who.name))).body) for who in READERS]
    return sorted({(edge["from"], edge["to"], edge["kind"]) for graph in graphs for edge in graph["edges"]})


def copies(world: World, who: Who, oracle: Oracle, seed: int) -> dict[str, Path]:
    """Copy a world's folder twice: without what `who` may not see, and with something else in its place."""
    data = world.settings.data
    log = read_log(data / "log.sqlite")
    rows = {
        "purged": oracle.purge(who).kept,
        "altered": oracle.altered(who, Random(seed), decoys(log, who)),
    }
    found = {}
    for name, kept in rows.items():
        found[name] = data.with_name(f"{name} for {who.name}")
        shutil.copytree(data, found[name], ignore=shutil.ignore_patterns("views.*"))
        rewrite_log(found[name] / "log.sqlite", kept)
    return found


def differences(one: Mapping[Any, Heard], other: Mapping[Any, Heard]) -> list[str]:
    """Say where two sets of answers differ."""
    return [
        f"{how} {question.path}?{urlencode(question.query)}\n  {_apart(heard, other[how, question])}"
        for (how, question), heard in one.items()
        if heard != other[how, question]
    ]


def _apart(one: Heard, other: Heard) -> str:
    if one.body == other.body:
        return f"{one.status} {one.headers}\n  {other.status} {other.headers}"
    same = next((at for at, (a, b) in enumerate(zip(one.body, other.body, strict=False)) if a != b), 0)
    start = max(0, same - 200)
    return "\n  ".join(f"{heard.status} ...{heard.body[start : start + 500]!r}" for heard in (one, other))


async def compare(world: World, readers: Sequence[Who], seed: int) -> None:
    """Let each reader ask the same of the store as it is, purged and altered."""
    async with opened(world, world.settings.data) as door:
        trials = [await prepare(world, who, door, seed) for who in readers]
        answers = [await trial.hear(door) for trial in trials]
    for trial, whole in zip(trials, answers, strict=True):
        who = trial.who
        assert all(heard.status < 500 for heard in whole.values())
        for name, folder in copies(world, who, trial.oracle, seed).items():
            async with opened(world, folder) as door:
                found = differences(whole, await trial.hear(door))
            if found:
                pytest.fail(_complaint(world, trial, name, found))


def _complaint(world: World, trial: Trial, name: str, found: Sequence[str]) -> str:
    purge = trial.oracle.purge(trial.who)
    log = [
        f"{'hidden' if one.position in purge.hidden else 'effect' if one.position in purge.shells else 'seen':7}"
        f"{described(one)}"
        for one in read_log(world.settings.data / "log.sqlite")
    ]
    told = (f"{trial.who} sees a difference to the {name} store, {len(found)} in all:", *found[:5])
    return "\n".join((*told, "The log:", *log))


@pytest.fixture(scope="module", autouse=True)
def _contracts_read_once() -> Iterator[None]:
    """Let all the hubs of this module share the contracts: to compile them takes most of a start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Registry, "load", staticmethod(lambda _extra=None: registry()))
        yield


@st.composite
def worlds(draw: st.DrawFn) -> tuple[int, list[Step], bool, int, int]:
    partners = draw(st.integers(3, 5))
    return (
        partners,
        draw(stories(partners)),
        draw(st.booleans()),
        draw(st.integers(0, 6)),
        draw(st.integers(0, 2**32)),
    )


def _try(drawn: tuple[int, list[Step], bool, int, int], readers: int) -> None:
    partners, story, coda, first, seed = drawn
    chosen = [READERS[(first + turn) % len(READERS)] for turn in range(readers)]
    with TemporaryDirectory() as folder:
        world = make_story(Path(folder, "whole"), partners, story, coda=coda)
        asyncio.run(compare(world, chosen, seed))


@settings(max_examples=14, phases=[Phase.generate])
@given(drawn=worlds())
def test_what_a_reader_may_not_see_changes_no_byte_of_any_answer(
    drawn: tuple[int, list[Step], bool, int, int],
) -> None:
    _try(drawn, 2)


@pytest.mark.deep
@pytest.mark.timeout(7200)
@settings(max_examples=400, phases=[Phase.generate, Phase.shrink])
@given(drawn=worlds())
def test_what_any_reader_may_not_see_changes_no_byte_of_any_answer(
    drawn: tuple[int, list[Step], bool, int, int],
) -> None:
    _try(drawn, len(READERS))


async def _unused(_: Any, __: Any) -> Response:
    return Response()


@pytest.mark.parametrize(
    ("path", "parameter"), [("/api/v1/new", "colour"), ("/api/v1/new/{colour}", "limit")]
)
def test_an_address_that_nobody_taught_these_questions_fails_them(path: str, parameter: str) -> None:
    pools = Pools([], 0, Cursors(bytes(32)), [])
    known = (Parameter(parameter, "", {}, str, required=True),)
    new = Address("GET", path, "new", _unused, "", "Events", known)
    with pytest.raises(KeyError):
        questions([new], pools, Random(1))


def test_every_get_address_is_asked() -> None:
    pools, table = Pools([], 0, Cursors(bytes(32)), []), addresses()
    asked = questions(table, pools, Random(1))
    asked += [one for row in table if row.follower for one in feed_questions(row, pools, Random(1))]
    assert {one.route for one in asked} == {row.path for row in table if row.method == "GET"}


OWNER = Reader(SLUGS[0], "ann", "red")
Spoil = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Leak:
    """A way to answer wrongly: one method of a sight, spoilt by what the owner of the secrets would be told."""

    method: str
    route: str
    spoil: Spoil


def _with_total(mine: Any, whole: Any) -> Any:
    return mine and {**mine, "total": whole["total"]}


def _claims(graph: Any, edge: Any) -> list[int]:
    ends = ("from", "to", "kind")
    return [one["claims"] for one in graph["edges"] if all(one[name] == edge[name] for name in ends)]


LEAKS = {
    "a total that counts hidden hits": Leak("search", "/search", _with_total),
    "a total that counts hidden things": Leak("listing", "/api/v1/", _with_total),
    "a total that counts hidden events": Leak("timeline", "/timeline", _with_total),
    "hidden nodes among the truncated": Leak(
        "graph", "/graph", lambda mine, whole: {**mine, "truncated": len(whole["nodes"]) - len(mine["nodes"])}
    ),
    "a degree of hidden ties": Leak(
        "node", "/nodes", lambda mine, whole: mine and {**mine, "degree": len(json.dumps(whole["ties"]))}
    ),
    "a count of hidden claims": Leak(
        "graph",
        "/graph",
        lambda mine, whole: {
            **mine,
            "edges": [{**edge, "claims": _claims(whole, edge)} for edge in mine["edges"]],
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
        "event", "/events/", lambda mine, whole: mine or (whole and {"recorded": "", "digest": ""})
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
    labels = ["clear", "green", "amber", "amber"] * 20
    return [Step("report", 0, 0, tlp, (1,), "", seed) for seed, tlp in enumerate(labels)]


@pytest.mark.parametrize("name", LEAKS)
def test_a_planted_leak_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leak, purge = LEAKS[name], ReadingRoom.purge
    who = next(one for one in READERS if one.partner == SLUGS[2])
    world = make_story(tmp_path / "whole", 3, secrets_of_one_partner(), coda=True)

    async def found() -> list[str]:
        async with opened(world, world.settings.data) as door:
            whole = await prepare(world, who, door, 1)
            asked = replace(
                whole,
                plain=[one for one in whole.plain if leak.route in one.route],
                fed=[one for one in whole.fed if leak.route in one.route],
            )
            monkeypatch.setattr(
                ReadingRoom,
                "purge",
                lambda room, reader: Leaky(purge(room, reader), purge(room, OWNER), leak),
            )
            answers = await asked.hear(door)
        async with opened(world, copies(world, who, asked.oracle, 1)["purged"]) as door:
            return differences(answers, await asked.hear(door))

    assert asyncio.run(found())
