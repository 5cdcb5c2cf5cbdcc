"""The live edge says what the pages say: decided in memory for each class of readers and each question, to the byte."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events.audience import PUBLIC, Reader
from events.cursor import Cursors
from events.event import Position
from hub.feeds.frames import Frame, Place
from hub.feeds.sharing import SharedPages
from projections.event_query import EventQuery
from projections.reading_room import ReadingRoom
from schemas.registry import Registry
from tests.logs import OWNER, PARTNER, STEWARD, MemoryLog
from tests.stories import Step, stories, tell_on

Json = Any
Build = Callable[[MemoryLog, Path], ReadingRoom]
OTHER = Reader("quill-network", "dora", "amber")
READERS = (PUBLIC, PARTNER, OWNER, STEWARD, OTHER)
LAWYER, TRIAL = "lawyer:harbour-bar-watch.1", "trial:harbour-bar-watch.1"
QUERIES = (
    EventQuery(),
    EventQuery(types=("threat.*", "record.?e*")),
    EventQuery(types=("none.*",)),
    EventQuery(countries=("QN", "QP")),
    EventQuery(partners=("stewards", "open-docket")),
    EventQuery(urgencies=("urgent", "low")),
    EventQuery(about=(LAWYER,)),
    EventQuery(about=(TRIAL, "case:harbour-bar-watch.1"), types=("hearing.*", "record.*")),
    EventQuery(about=("hearing:harbour-bar-watch.2",), countries=("QM",)),
    EventQuery(since="2026-11-05T00:00:04"),
    EventQuery(until="2026-11-05T00:00:06"),
)


@dataclass(frozen=True)
class Court:
    """A trial, a hearing or an urgent threat, under a label; by it things belong together."""

    kind: str
    label: int
    number: int


def tell_court(log: MemoryLog, step: Court) -> None:
    """Add one event to a log."""
    envelope: Json = {"tlp": ("clear", "green", "amber", "amber+strict")[step.label]}
    hearing = f"hearing:harbour-bar-watch.{step.number}"
    match step.kind:
        case "trial":
            parties = [{"role": "defendant", "who": f"lawyer:harbour-bar-watch.{step.number}"}]
            data = {"trial": TRIAL, "country": "QM", "title": "A trial", "parties": parties}
            if step.number == 2:
                envelope["correlationid"] = "case:harbour-bar-watch.1"
            log.add("trial.scheduled", data, subject=TRIAL, **envelope)
        case "hearing":
            data = {"hearing": hearing, "trial": TRIAL, "starts": "2026-12-01", "country": "QN"}
            log.add("hearing.scheduled", data, subject=hearing, **envelope)
        case "report":
            data = {"hearing": hearing, "outcome": "held", "next_hearing": "hearing:harbour-bar-watch.2"}
            log.add("hearing.reported", data, subject=hearing, **envelope)
        case _:
            log.threat(step.number, urgency=("urgent", "low")[step.number - 1], **envelope)


@st.composite
def logs(draw: st.DrawFn) -> list[Step | Court]:
    """Draw what is told, in order."""
    kinds = st.sampled_from(["trial", "trial", "hearing", "report", "urgent"])
    court = draw(st.lists(st.builds(Court, kinds, st.integers(0, 3), st.integers(1, 2)), max_size=7))
    told: list[Step | Court] = [*draw(stories()), *court]
    return draw(st.permutations(told))


def tell(log: MemoryLog, step: Step | Court) -> None:
    """Add one event to a log."""
    if isinstance(step, Court):
        tell_court(log, step)
    else:
        tell_on(log, step)


@pytest.fixture(scope="module")
def build() -> Build:
    """What makes a reading room; the registry stays out of hypothesis' sight, which would print it."""
    registry = Registry.load()
    return lambda log, path: ReadingRoom(registry, log, path)


def paged(shared: SharedPages, reader: Reader, query: EventQuery, place: Place) -> list[Frame]:
    """Read what follows a place, page by page."""
    found: list[Frame] = []
    while True:
        batch = shared.read(reader, query, place)
        found += batch.frames
        if batch.is_whole and batch.place == place:
            return found
        place = batch.place


def edged(
    shared: SharedPages, room: ReadingRoom, place: Place
) -> dict[tuple[Reader, EventQuery], list[Frame]]:
    """Read what follows a place at the edge, for everybody at once."""
    keys = [(reader, query) for reader in READERS for query in QUERIES]
    found: dict[tuple[Reader, EventQuery], list[Frame]] = {key: [] for key in keys}
    while place.position < room.position:
        batches = shared.read_edge(place.position, keys)
        assert batches is not None
        assert len({(batch.place, batch.is_whole, batch.seen) for batch in batches}) == 1
        for key, batch in zip(keys, batches, strict=True):
            found[key] += batch.frames
        assert batches[0].is_whole == (batches[0].place.position == room.position)
        place = batches[0].place
        assert place.part == 0
    return found


def compare(shared: SharedPages, room: ReadingRoom, place: Place) -> None:
    """Assert that both say the same behind a place, and that what is the same is one object."""
    found = edged(shared, room, place)
    for (reader, query), frames in found.items():
        assert frames == paged(shared, reader, query, place), (reader, query, place)
    same: dict[str, Frame] = {}
    for frames in found.values():
        assert all(same.setdefault(one.text, one) is one for one in frames)


AMENDED = [
    Step("report", 1, 1),
    Step("embargoed", 2, 0),
    Step("correct", 1, 0),
    Step("correct", 1, 1),
    Step("correct field", 1, 0),
    Step("release", 2, 0),
    Step("narrow", 1, 0),
    Step("distrust", 1, 0),
    Step("unsafe", 2, 0),
]
PROTECTED = [
    Step("profile", 1, 1),
    Step("report", 2, 0),
    Step("consent", 1, 1),
    Step("withdraw", 1, 0),
    Step("consent", 1, 2),
    Step("erase", 1, 0),
]
RESTING = [
    Step("report", 1, 1),
    Step("state", 1, 0),
    Step("correct field", 1, 0),
    Step("correct", 1, 1),
    Step("narrow", 1, 1),
    Step("retract", 1, 0),
]
BELONGING = [
    Court("hearing", 1, 1),
    Court("trial", 3, 1),
    Court("report", 0, 1),
    Court("trial", 1, 1),
    Court("urgent", 2, 1),
    Step("retract", 4, 0),
    Court("report", 1, 1),
    Step("retract", 3, 0),
    Step("correct", 5, 1),
    Step("retract", 1, 0),
]


@settings(max_examples=10)
@given(told=logs(), limit=st.integers(1, 5))
@example(told=AMENDED, limit=5)
@example(told=PROTECTED, limit=2)
@example(told=RESTING, limit=5)
@example(told=BELONGING, limit=3)
def test_the_edge_says_what_the_pages_say(build: Build, told: list[Step | Court], limit: int) -> None:
    with TemporaryDirectory() as folder:
        log = MemoryLog()
        room = build(log, Path(folder, "views.db"))
        shared = SharedPages(room, Cursors(bytes(16)), anyio.CapacityLimiter(1), limit)
        try:
            for step in told:
                place = Place(room.position)
                tell(log, step)
                if step.kind != "report":
                    # Otherwise two or more come at once.
                    room.catch_up()
                    compare(shared, room, place)
            room.catch_up()
            for position in range(0, len(told), 3):
                compare(shared, room, Place(Position(position)))
        finally:
            room.stop()
