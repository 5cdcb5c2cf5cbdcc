"""Schedules of what may happen around a feed, and what each listener must hear: a model that knows no cursors.

The same schedule is played on the bare core of the protocol, and over real sockets on a real hub.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import anyio
from hypothesis import strategies as st

from events.audience import PUBLIC, Reader
from events.cursor import Cursors
from events.event import Position
from hub.feeds.board import Board, Key
from hub.feeds.frames import Framing, Place
from hub.feeds.patience import Patience
from hub.feeds.protocol import FeedBatch, Listener, Start
from hub.feeds.sharing import SharedPages
from projections.event_query import EventQuery
from projections.reading_room import ReadingRoom
from tests.logs import MemoryLog

Json = Any
OBSERVER = Reader("open-docket", clearance="amber+strict")
WHO = {"public": PUBLIC, "observer": OBSERVER}
SEES = {"public": {"clear"}, "observer": {"clear", "green", "amber"}}
LISTENERS = 3
Verb = Literal["publish", "retract", "connect", "cut", "revoke", "stall", "drain"]
Told = tuple[str, str]
"""Kind of a message, and the id of the event it is about."""


@dataclass(frozen=True)
class Step:
    """One thing that happens.

    Args:
        verb: what.
        number: of the listener; or which of the events that were published; or how many more are, at once.
        choice: the label of an event, or where a listener begins.
        urgency: of an event; or what a listener asks for, "" for everything.
    """

    verb: Verb
    number: int = 0
    choice: str = ""
    urgency: str = ""


def steps() -> st.SearchStrategy[list[Step]]:
    """Draw schedules."""
    urgencies = st.sampled_from(["", "urgent", "low"])
    tlps = st.sampled_from(["clear", "green", "red"])
    who = st.integers(0, LISTENERS - 1)
    publish = st.builds(Step, st.just("publish"), st.sampled_from([0, 0, 3]), choice=tlps, urgency=urgencies)
    retract = st.builds(Step, st.just("retract"), st.integers(0, 9))
    connect = st.builds(Step, st.just("connect"), who, st.sampled_from(["begin", "now", "resume"]), urgencies)
    other = st.builds(Step, st.sampled_from(["cut", "stall", "drain"]), who)
    revoke = st.builds(Step, st.just("revoke"), who)
    one = st.one_of(publish, publish, publish, retract, connect, connect, connect, other, other, revoke)
    return st.lists(one, min_size=4, max_size=24)


@dataclass
class Published:
    """An event of the model; a retraction names what it retracts."""

    id: str
    tlp: str
    urgency: str
    of: "Published | None" = None
    retracted: bool = False


@dataclass
class Model:
    """What was published, and what a listener is told of it: all that it may see, in order, once."""

    log: list[Published] = field(default_factory=list)

    def told(self, who: str, urgency: str, after: tuple[int, int]) -> list[tuple[tuple[int, int], Told]]:
        """Return the messages behind a place, each with its own."""
        found: list[tuple[tuple[int, int], Told]] = []
        for position, one in enumerate(self.log, 1):
            fits = one.urgency == urgency or not urgency
            if one.tlp in SEES[who] and fits and not one.retracted:
                found.append(((position, 0), ("event", one.id)))
            if one.of is not None and one.of.tlp in SEES[who] and (one.of.urgency == urgency or not urgency):
                found.append(((position, 1), ("withdrawn", one.of.id)))
        return [one for one in found if one[0] > after]


class Ear(Protocol):
    """One connection of a listener."""

    def hear(self, many: int) -> list[Json]:
        """Return the next messages about events, just so many if there are; and `bye`."""

    def close(self) -> None:
        """Hang up."""


class Stage(Protocol):
    """Where a schedule is played."""

    def publish(self, tlp: str, urgency: str) -> str:
        """Publish a report, return its id."""

    def retract(self, event_id: str) -> str:
        """Publish its retraction, return the id of that."""

    def connect(self, number: int, who: str, after: str, urgency: str) -> Ear:
        """Let a listener connect."""

    def revoke(self, number: int) -> None:
        """Take a listener's rights away."""


@dataclass
class Seat:
    """What is known of one listener."""

    who: str
    urgency: str = ""
    ear: Ear | None = None
    mark: tuple[int, int] = (0, -1)
    cursor: str = ""
    is_stalled: bool = False
    is_revoked: bool = False


class Play:
    """Plays a schedule, and asserts after each step that everybody has heard what was to be heard."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.model = Model()
        self.seats = [Seat("observer"), Seat("public"), Seat("observer")]

    def run(self, schedule: Sequence[Step]) -> None:
        """Play it to the end; at the end all who stalled take what waits for them."""
        for step in schedule:
            getattr(self, f"_{step.verb}")(step)
            self._listen()
        for seat in self.seats:
            seat.is_stalled = False
        self._listen()
        self._publish(Step("publish", choice="clear", urgency="urgent"))
        self._publish(Step("publish", choice="clear", urgency="low"))
        # If anything came twice or too much, it is heard instead of these.
        self._listen()
        for seat in self.seats:
            if seat.ear is not None:
                seat.ear.close()

    def _listen(self) -> None:
        for seat in self.seats:
            if seat.ear is not None and not seat.is_stalled:
                expected = self.model.told(seat.who, seat.urgency, seat.mark)
                heard = seat.ear.hear(len(expected))
                said = [(one["kind"], one.get("id") or one["event"]["id"]) for one in heard]
                assert said == [told for _, told in expected]
                if expected:
                    seat.mark, seat.cursor = expected[-1][0], heard[-1]["cursor"]

    def _publish(self, step: Step) -> None:
        for _ in range(1 + step.number):
            event_id = self.stage.publish(step.choice, step.urgency)
            self.model.log.append(Published(event_id, step.choice, step.urgency))

    def _retract(self, step: Step) -> None:
        known = [one for one in self.model.log if one.of is None]
        if known:
            target = known[step.number % len(known)]
            if not target.retracted:
                event_id = self.stage.retract(target.id)
                target.retracted = True
                self.model.log.append(Published(event_id, "green", "", target))

    def _connect(self, step: Step) -> None:
        seat = self.seats[step.number]
        if seat.is_revoked or (step.choice == "resume" and not seat.cursor):
            return
        self._cut(step)
        after = seat.cursor if step.choice == "resume" else step.choice
        seat.urgency = step.urgency
        seat.ear = self.stage.connect(step.number, seat.who, after, step.urgency)
        if step.choice != "resume":
            seat.mark = (0, -1) if after == "begin" else (len(self.model.log), 9)

    def _cut(self, step: Step) -> None:
        seat = self.seats[step.number]
        if seat.ear is not None:
            seat.ear.close()
        seat.ear, seat.is_stalled = None, False

    def _stall(self, step: Step) -> None:
        self.seats[step.number].is_stalled = True

    def _drain(self, step: Step) -> None:
        self.seats[step.number].is_stalled = False

    def _revoke(self, step: Step) -> None:
        seat = self.seats[step.number]
        if seat.who == "public" or seat.is_revoked:
            return
        seat.is_revoked = True
        self.stage.revoke(step.number)
        if seat.ear is not None:
            if not seat.is_stalled:
                [bye] = seat.ear.hear(1)
                assert (bye["kind"], bye["reason"]) == ("bye", "revoked")
                assert not seat.cursor or seat.mark == (0, -1) or bye["cursor"]
            self._cut(step)


class CoreStage:
    """The bare core: a log in memory, a board, and lines that are lists."""

    def __init__(self, log: MemoryLog, room: ReadingRoom, *, messages: int, capacity: int) -> None:
        self.log = log
        self.room = room
        self.cursors = Cursors(bytes(16))
        self.shared = SharedPages(room, self.cursors, anyio.CapacityLimiter(1), messages)
        self.board = Board(Patience.of(15), 15)
        self.capacity = capacity
        self.now = 0.0
        self._ears: dict[int, CoreEar] = {}

    def publish(self, tlp: str, urgency: str) -> str:
        """Publish a report, return its id."""
        more = {"urgency": urgency} if urgency else {}
        return self.log.threat(len(self.log.events), tlp=tlp, **more).id

    def retract(self, event_id: str) -> str:
        """Publish its retraction, return the id of that."""
        return self.log.retract(event_id).id

    def connect(self, number: int, who: str, after: str, urgency: str) -> "CoreEar":
        """Let a listener connect."""
        self.settle()
        head = self.log.head()
        places = {"begin": Place(Position(0)), "now": Place(head)}
        place = places.get(after) or Place(*self.cursors.decode(after))
        query = EventQuery(urgencies=(urgency,)) if urgency else EventQuery()
        ear = CoreEar(self)
        start = Start(place, self.cursors.encode(place.position, place.part), head)
        ear.listener = Listener(None, query, start, ear)
        self.board.enter(ear.listener, self.shared.class_of(WHO[who]))
        self._ears[number] = ear
        return ear

    def revoke(self, number: int) -> None:
        """Take a listener's rights away."""
        ear = self._ears.get(number)
        if ear is not None and len(self.board):
            self.board.dismiss(ear.listener, "revoked", self.now)

    def settle(self) -> None:
        """Do all there is to do; in steps as the broadcaster does it."""
        self.room.catch_up()
        assert self.room.stalls() == {}
        is_moving = True
        while is_moving:
            is_moving = False
            for key, place in self.board.behind(self.shared.position):
                batch = self._page(key, place)
                for group in self.board.groups(key, place):
                    group.tell(batch, self.now)
                self.board.tidy(key)
                is_moving |= batch.place != place
            for key, place in self.board.wanted():
                is_moving = True
                while self.board.serve(key, place, self.shared.read(*key, place), 1, self.now):
                    pass

    def _page(self, key: Key, place: Place) -> FeedBatch:
        """Read the edge for those who have everything, as the broadcaster does."""
        edge = None if place.part else self.shared.read_edge(place.position, [key])
        return self.shared.read(*key, place) if edge is None else edge[0]


class CoreEar:
    """A line that takes so many writes, and then must be read."""

    framing: Framing = "text"
    is_pulled = False
    file: int | None = None

    def __init__(self, stage: CoreStage) -> None:
        self.stage = stage
        self.waiting: list[Json] = []
        self.ended: str | None = None
        self.listener: Listener

    def write(self, data: bytes) -> None:
        """Keep a message."""
        assert self.ended is None
        self.waiting.append(json.loads(data))
        if len(self.waiting) == self.stage.capacity:
            self.stage.board.paused(self.listener, self.stage.now)

    def pour(self, pieces: Sequence[bytes]) -> int:
        """Keep the first message."""
        self.write(pieces[0])
        return 1

    def is_ready(self) -> bool:
        """Tell whether there is room."""
        return self.ended is None and len(self.waiting) < self.stage.capacity

    def hear(self, many: int) -> list[Json]:
        """Take everything there is, which may be more than was asked for."""
        heard: list[Json] = []
        self.stage.settle()
        while self.waiting:
            heard += [one for one in self.waiting if one["kind"] not in ("live", "beat")]
            self.waiting = []
            self.stage.board.resumed(self.listener, self.stage.now)
            self.stage.settle()
        return heard

    def close(self) -> None:
        """Hang up."""
        self.ended = self.ended or "left"
        self.stage.board.left(self.listener)

    def kick(self) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Note that all was said."""
        self.ended = "said"

    def drop(self) -> None:
        """Note that nothing could be said."""
        self.ended = "stuck"


Build = Callable[[MemoryLog, Any], ReadingRoom]
