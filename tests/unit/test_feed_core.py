"""The bare core of the feed: groups, those who stall, goodbyes, beats; no sockets and no clock."""

import json
from typing import Any

import pytest

from events.audience import PUBLIC
from events.event import Position
from hub.feeds.frames import LARGEST_LUMP, LARGEST_PIECE, Frame, Framing, Place, frame, lumps_of
from hub.feeds.protocol import MOST_TOGETHER, Listener, Start
from projections.event_query import EventQuery
from projections.reading_room import ReadingRoom
from tests.feeding import CoreEar, CoreStage
from tests.logs import MemoryLog

Json = Any


@pytest.fixture
def stage(log: MemoryLog, room: ReadingRoom) -> CoreStage:
    return CoreStage(log, room, messages=3, capacity=1000)


def kinds(ear: CoreEar) -> list[str]:
    """Take what waits, and tell what it is."""
    ear.stage.settle()
    said = [str(one["kind"]) for one in ear.waiting]
    ear.waiting = []
    return said


def group_of(listener: Listener) -> int:
    assert listener.group is not None
    return len(listener.group)


def test_who_has_everything_is_told_in_one_group(stage: CoreStage) -> None:
    stage.publish("clear", "")
    first, second = (stage.connect(no, "public", "begin", "") for no in (1, 2))
    assert kinds(first) == kinds(second) == ["event", "live"]
    stage.connect(3, "observer", "begin", "")
    stage.publish("clear", "")
    assert kinds(first) == kinds(second) == ["event"]
    assert group_of(first.listener) == 2
    assert first.listener.cursor == second.listener.cursor


def test_who_stalls_leaves_its_group_and_loses_nothing(stage: CoreStage) -> None:
    slow, quick = (stage.connect(no, "public", "begin", "") for no in (1, 2))
    assert kinds(slow) == kinds(quick) == ["live"]
    stage.capacity = 2
    for _ in range(4):
        stage.publish("clear", "")
        assert kinds(quick) == ["event"]
    assert [one["kind"] for one in slow.waiting] == ["event", "event"]
    assert slow.listener.group is None
    assert group_of(quick.listener) == 1
    taken = slow.hear(4)
    assert [one["event"]["id"] for one in taken] == ["e1", "e2", "e3", "e4"]
    assert group_of(quick.listener) == group_of(slow.listener) == 2


def test_who_takes_nothing_for_too_long_is_told_so_if_it_takes_that(stage: CoreStage) -> None:
    stage.capacity = 1
    ear = stage.connect(1, "public", "begin", "")
    stage.publish("clear", "")
    stage.publish("clear", "")
    stage.settle()
    [first] = ear.waiting
    stage.now = 11.9
    stage.board.look(stage.now)
    assert ear.listener.state == "taking"
    stage.now = 12
    stage.board.look(stage.now)
    stage.board.look(stage.now)
    ear.waiting = []
    stage.board.resumed(ear.listener, stage.now)
    assert ear.waiting == [{"kind": "bye", "cursor": first["cursor"], "reason": "slow"}]
    assert ear.ended == "said"
    assert len(stage.board) == 0


def test_who_does_not_even_take_the_goodbye_is_dropped(stage: CoreStage) -> None:
    stage.capacity = 1
    ear = stage.connect(1, "public", "begin", "")
    stage.publish("clear", "")
    stage.settle()
    stage.now = 12
    stage.board.look(stage.now)
    stage.now = 15
    stage.board.look(stage.now)
    assert (ear.ended, len(stage.board)) == ("stuck", 0)
    stage.board.resumed(ear.listener, stage.now)
    stage.board.left(ear.listener)


@pytest.mark.parametrize("act", ["slow", "revoked"])
def test_within_a_message_nothing_can_be_said(log: MemoryLog, stage: CoreStage, act: str) -> None:
    log.threat(1, tlp="clear", note="x" * 2 * LARGEST_PIECE)
    ear = LongEar(stage)
    start = Start(Place(Position(0)), "begin", Position(1))
    ear.listener = Listener(None, EventQuery(), start, ear)
    stage.board.enter(ear.listener, PUBLIC)
    stage.settle()
    assert ear.listener.is_within_message
    if act == "slow":
        stage.now = 12
        stage.board.look(stage.now)
    else:
        stage.board.dismiss(ear.listener, "revoked", stage.now)
    assert ear.ended == "stuck"


class LongEar(CoreEar):
    """Takes a message in pieces, of which it takes the first."""

    framing: Framing = "websocket"
    is_full = False

    def is_ready(self) -> bool:
        return not self.is_full

    def write(self, data: bytes) -> None:
        self.waiting.append(data)
        self.is_full = True
        self.stage.board.paused(self.listener, self.stage.now)


def test_silence_is_broken_by_a_beat_with_the_cursor_of_each(stage: CoreStage) -> None:
    stage.publish("clear", "")
    first = stage.connect(1, "public", "begin", "")
    assert kinds(first) == ["event", "live"]
    second = stage.connect(2, "public", "now", "")
    live = stage.log.head()
    assert kinds(second) == ["live"]
    stage.now = 14.9
    stage.board.look(stage.now)
    assert kinds(first) == kinds(second) == []
    stage.now = 15
    stage.board.look(stage.now)
    assert [one["kind"] for one in first.waiting] == ["beat"] == [one["kind"] for one in second.waiting]
    for ear in (first, second):
        assert ear.waiting[0]["cursor"] == stage.cursors.encode(live)
    stage.board.look(stage.now)
    assert kinds(first) == ["beat"]


def test_who_is_ahead_of_the_views_hears_live_when_they_have_come_so_far(stage: CoreStage) -> None:
    ear = stage.connect(1, "public", "begin", "")
    stage.log.threat(1, tlp="clear")
    ear.listener._target = stage.log.head()
    for key, place in stage.board.wanted():
        stage.board.serve(key, place, stage.shared.read(*key, place), 1, stage.now)
    assert (ear.listener.state, ear.waiting) == ("early", [])
    stage.now = 15
    stage.board.look(stage.now)
    assert [one["kind"] for one in ear.waiting] == ["beat"]
    assert kinds(ear) == ["beat", "event", "live"]


def test_who_fetches_and_is_ahead_of_the_views_is_not_forgotten(stage: CoreStage) -> None:
    ear = stage.connect(1, "public", "begin", "")
    ear.is_pulled = True
    stage.log.threat(1, tlp="clear")
    ear.listener._target = stage.log.head()
    [(key, place)] = stage.board.wanted()
    stage.board.serve(key, place, stage.shared.read(*key, place), 1, stage.now)
    assert (ear.listener.state, stage.board.wanted()) == ("early", [])
    stage.room.catch_up()
    assert stage.board.is_behind(stage.room.position)
    stage.board.behind(stage.room.position)
    assert stage.board.wanted() == [(key, place)]


def test_a_dismissed_listener_hears_a_goodbye_and_nothing_else(stage: CoreStage) -> None:
    ear = stage.connect(1, "public", "begin", "")
    assert kinds(ear) == ["live"]
    stage.board.dismiss(ear.listener, "restart", stage.now)
    stage.board.dismiss(ear.listener, "restart", stage.now)
    stage.publish("clear", "")
    assert kinds(ear) == ["bye"]
    assert ear.ended == "said"


def test_groups_that_stand_together_become_one_until_they_are_large(stage: CoreStage) -> None:
    ears = [stage.connect(no, "public", "begin", "") for no in range(3)]
    stage.settle()
    group = ears[0].listener.group
    assert group is not None
    stage.publish("clear", "")
    stage.room.catch_up()
    late = stage.connect(4, "public", "begin", "")
    assert kinds(late) == ["event", "live"]
    assert late.listener.group is not None
    assert group_of(late.listener) == 4
    assert MOST_TOGETHER > 4


def frames_of(text: str, many: int) -> list[Frame]:
    return [frame("event", f"c{number}", {"event": text}) for number in range(many)]


@pytest.mark.parametrize("size", [10, 400, LARGEST_PIECE - 60, LARGEST_PIECE + 10, 3 * LARGEST_PIECE])
@pytest.mark.parametrize("framing", ["websocket", "chunked", "stream", "text"])
def test_lumps_are_bounded_and_say_what_ends_in_them(size: int, framing: Framing) -> None:
    frames = frames_of("x" * size, 40)
    lumps = lumps_of(frames, framing)
    assert sum(lump.count for lump in lumps) == 40
    assert [lump.last for lump in lumps if lump.last] == [
        one for number, one in enumerate(frames) if number + 1 in _ends([lump.count for lump in lumps])
    ]
    if framing != "text":
        assert max(len(lump.data) for lump in lumps) <= LARGEST_LUMP
    assert len(lumps) < 40 or size > 400 or framing in ("stream", "text")


def _ends(counts: list[int]) -> set[int]:
    total, found = 0, set()
    for count in counts:
        total += count
        found |= {total} if count else set()
    return found


@pytest.mark.parametrize("size", [10, 400, 9_000, 70_000])
def test_our_frames_are_what_websockets_reads(size: int) -> None:
    from websockets.client import ClientProtocol
    from websockets.protocol import State
    from websockets.uri import parse_uri

    reader = ClientProtocol(parse_uri("ws://hub.test/"), state=State.OPEN, max_size=None)
    said = [frame("event", "c", {"event": "\u00e9" * size}), frame("live", "d")]
    for lump in lumps_of(said, "websocket"):
        reader.receive_data(lump.data)
    parts = [event.data for event in reader.events_received()]  # type: ignore[union-attr]
    text = b"".join(bytes(part) for part in parts).decode()
    assert text == said[0].text + said[1].text
    assert json.loads(said[1].text) == {"kind": "live", "cursor": "d"}
