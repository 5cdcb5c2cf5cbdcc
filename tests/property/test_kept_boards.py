"""What a hub keeps while events come in is what it would make anew: no row outlives what it was made from.

Readers ask every board while a story is told, so that rows are kept of each state; at the end a hub that was opened
just now must answer the same, byte for byte.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from events.cursor import Cursors
from hub.keys import cursor_key
from hub.routes import addresses
from tests.asking import Door, Heard, Pools, Question, opened, questions
from tests.comparing import differences, ties_of
from tests.depth import in_depth
from tests.logged import read_log
from tests.quick import quick_hubs
from tests.running import World
from tests.telling import Step, Telling
from tests.worlds import READERS, make_story, stories

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


async def hear(
    door: Door, world: World, reader: str, asked: Sequence[Question]
) -> Mapping[tuple[str, Question], Heard]:
    return {("ask", one): await door.ask(one, world.tokens.get(reader)) for one in asked}


async def attempt(folder: Path, story: Sequence[Step], chance: int) -> None:
    world, random = make_story(folder, PARTNERS, [], coda=False), Random(chance)
    async with opened(world, folder) as door:
        await tell(door, world, story, random)
        pools = Pools(read_log(folder), 1, Cursors(cursor_key(folder)), await ties_of(world, door))
        things = [one for one in questions(addresses(), pools, random) if one.route.endswith("{ref}")]
        asked = [*BOARDS, *random.sample(things, len(things) // 4)]
        kept = {who.name: await hear(door, world, who.name, asked) for who in READERS}
    async with opened(world, folder) as door:
        for who in READERS:
            assert differences(kept[who.name], await hear(door, world, who.name, asked)) == []


def test_what_is_kept_is_what_would_be_made_anew() -> None:
    @settings(max_examples=STORIES, phases=[Phase.generate])
    @given(stories(PARTNERS), st.integers(0, 2**32))
    def tried(story: list[Step], chance: int) -> None:
        with TemporaryDirectory() as folder:
            asyncio.run(attempt(Path(folder, "hub"), story, chance))

    seed(1)(tried)()
