"""What a hub keeps while events come in is what it would make anew: no row outlives what it was made from.

Readers ask every board while a story is told, so that rows are kept of each state; at the end a hub that was opened
just now must answer the same, byte for byte.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from events.cursor import Cursors
from hub.keys import cursor_key
from hub.routes import addresses
from projections.reading_room import ReadingRoom
from tests.asking import Door, Heard, Pools, Question, opened, questions
from tests.comparing import differences, ties_of
from tests.depth import in_depth
from tests.logged import read_log
from tests.quick import quick_hubs
from tests.running import World
from tests.telling import Step, Telling
from tests.worlds import READERS, make_story, stories

Tell = Callable[[Door, World, Sequence[Step], Random], Awaitable[None]]

PARTNERS = 4
STORIES = in_depth(1, 4)

BOARDS = tuple(
    Question(path, path, query)
    for path, query in (
        ("/api/v1/actions/board", (("limit", "200"),)),
        ("/api/v1/board", ()),
        ("/api/v1/commitments/lights", ()),
        ("/api/v1/consultations", ()),
        ("/api/v1/countries", ()),
        ("/api/v1/countries/QM", ()),
        ("/api/v1/coverage", (("within", "366d"),)),
        ("/api/v1/data", ()),
        ("/api/v1/hearings", (("uncovered", "true"),)),
        ("/api/v1/impunity", ()),
        ("/api/v1/lawyers", (("limit", "200"),)),
        ("/api/v1/matches", ()),
        ("/api/v1/replies", ()),
        ("/api/v1/retractions", ()),
        ("/api/v1/review", ()),
        ("/api/v1/standards", ()),
        ("/api/v1/support/reviews", ()),
        ("/api/v1/support/totals", ()),
        ("/api/v1/threats", (("sort", "status"),)),
        ("/api/v1/what-works", (("by", "kind,country,category,mechanism"),)),
    )
)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with quick_hubs():
        yield


async def tell(door: Door, world: World, story: Sequence[Step], random: Random) -> None:
    """Let a story happen in an open hub, while readers now and then ask for all boards and some lists."""
    intake, room = door.state["intake"], door.state["room"]
    telling = Telling(intake, world.clock, read_log(world.settings.data))
    for step in story:
        telling.tell(step)
        room.catch_up()
        for who in READERS if random.random() < 0.5 else ():
            if random.random() < 0.4:
                await hear(door, world, who.name, BOARDS)
    world.clock.move(minutes=1)
    intake.release_embargoes(world.clock())
    room.catch_up()


@contextmanager
def asked_between(room: ReadingRoom, ask: Callable[[], None]) -> Iterator[None]:
    """Have somebody ask before each view of a room is folded, when others have been."""

    def asking(fold: Callable[..., None]) -> Callable[..., None]:
        def folded(*said: Any) -> None:
            ask()
            fold(*said)

        return folded

    with pytest.MonkeyPatch.context() as patch:
        for name in ("graph", "dossiers", "timeline", "search", "identities"):
            view = getattr(room.shelves, name)
            patch.setattr(view, "fold", asking(view.fold))
        yield


async def tell_between(door: Door, world: World, story: Sequence[Step], random: Random) -> None:
    """Let the same happen, while readers ask when only some views know of it."""
    intake, room, loop = door.state["intake"], door.state["room"], asyncio.get_running_loop()
    telling = Telling(intake, world.clock, read_log(world.settings.data))

    def ask() -> None:
        who, asked = random.choice(READERS), random.sample(BOARDS, 4)
        if random.random() < 0.4:
            asyncio.run_coroutine_threadsafe(hear(door, world, who.name, asked), loop).result(60)

    with asked_between(room, ask):
        for step in story:
            telling.tell(step)
            await loop.run_in_executor(None, room.catch_up)
    room.catch_up()
    assert {one.state for one in room.status()} == {"live"}


async def hear(
    door: Door, world: World, reader: str, asked: Sequence[Question]
) -> Mapping[tuple[str, Question], Heard]:
    return {("ask", one): await door.ask(one, world.tokens.get(reader)) for one in asked}


async def attempt(folder: Path, story: Sequence[Step], chance: int, telling: Tell) -> None:
    world, random = make_story(folder, PARTNERS, [], coda=False), Random(chance)
    async with opened(world, folder) as door:
        await telling(door, world, story, random)
        pools = Pools(read_log(folder), 1, Cursors(cursor_key(folder)), await ties_of(world, door))
        things = [one for one in questions(addresses(), pools, random) if one.route.endswith("{ref}")]
        asked = [*BOARDS, *random.sample(things, len(things) // 4)]
        kept = {who.name: await hear(door, world, who.name, asked) for who in READERS}
    async with opened(world, folder) as door:
        for who in READERS:
            assert differences(kept[who.name], await hear(door, world, who.name, asked)) == []


@pytest.mark.parametrize("telling", [tell, tell_between])
def test_what_is_kept_is_what_would_be_made_anew(telling: Tell) -> None:
    @settings(max_examples=STORIES, phases=[Phase.generate])
    @given(stories(PARTNERS), st.integers(0, 2**32))
    def tried(story: list[Step], chance: int) -> None:
        with TemporaryDirectory() as folder:
            asyncio.run(attempt(Path(folder, "hub"), story, chance, telling))

    seed(1)(tried)()
