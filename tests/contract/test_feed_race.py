"""What happens in the very moment when somebody has caught up."""

import json
import threading
from pathlib import Path

import pytest

from events.audience import Reader
from events.event import Position
from hub.feeds.board import Board, Key
from hub.feeds.frames import Place
from hub.feeds.protocol import FeedBatch
from hub.feeds.sharing import SharedPages
from projections.event_query import EventQuery
from tests.running import calling, make_world, serving, threat

SOON = 20


@pytest.mark.parametrize("by", ["pipe", "pull"])
def test_what_comes_while_the_last_page_is_on_its_way_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """The bell has rung before the listener sits with those who have everything."""
    world = make_world(tmp_path)
    looked, slipped = threading.Event(), threading.Event()
    known: list[Position] = []
    read, behind = SharedPages.read, Board.behind

    def slipping(self: SharedPages, reader: Reader, query: EventQuery, place: Place) -> FeedBatch:
        page = read(self, reader, query, place)
        if len(page.frames) == 1 and not slipped.is_set():
            slipped.set()
            known.append(page.seen)
            publish(2)
            assert looked.wait(SOON)
        return page

    def noting(self: Board, end: Position) -> list[tuple[Key, Place]]:
        found = behind(self, end)
        if known and end > known[0]:
            looked.set()
        return found

    monkeypatch.setattr(SharedPages, "read", slipping)
    monkeypatch.setattr(Board, "behind", noting)
    if by == "pull":
        with calling(world) as client:

            def publish(no: int) -> None:
                body = threat(no, tlp="clear")
                client.post("/api/v1/events", json=body, headers=world.bearer("publisher"))

            publish(1)
            with client.websocket_connect("/api/v1/feed?after=begin&type=threat.*") as socket:
                heard = [json.loads(socket.receive_text())["kind"] for _ in range(3)]
    else:
        from websockets.sync.client import connect

        with serving(world) as hub:

            def publish(no: int) -> None:
                hub.post(threat(no, tlp="clear"), world.bearer("publisher"))

            publish(1)
            with connect(f"{hub.feed}?after=begin&type=threat.*", proxy=None) as listener:
                heard = [json.loads(listener.recv(timeout=SOON))["kind"] for _ in range(3)]
    assert heard == ["event", "live", "event"]
