"""What an erasure names by its keys leaves every view, whoever it is about, and the same when folded anew."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from events.event import RecordedEvent
from projections.event_query import EventQuery
from projections.protections import without_fields
from projections.reading_room import ReadingRoom
from tests.folding import registry
from tests.logs import OWNER, MemoryLog

Json = Any

ANN = "lawyer:harbour-bar-watch.1"
NEED = "need:harbour-bar-watch.1"


class Keyed(MemoryLog):
    """A log whose events name the keys of their fields: one key for each event and subject."""

    def add(
        self, event_type: str, data: Json, slug: str = "harbour-bar-watch", **envelope: Json
    ) -> RecordedEvent:
        event = super().add(event_type, data, slug, **envelope)
        kids = dict.fromkeys(event.sealed, f"k{event.position}")
        self.events[-1] = replace(event, kids=kids)
        return self.events[-1]

    def destroy(self, *kids: str, role: str = "controller") -> None:
        """Record that keys were destroyed, none of them the person's own; from then on they open nothing."""
        data = {
            "subject_of_erasure": ANN,
            "scope": ["subject_key"],
            "role": role,
            "kids_destroyed": list(kids),
        }
        self.add("erasure.executed", data, "stewards")
        for place, one in enumerate(self.events):
            gone = frozenset(at for at, kid in one.kids.items() if kid in kids)
            self.events[place] = without_fields(one, gone) if role == "controller" else one


@pytest.fixture
def log() -> Keyed:
    made = Keyed()
    about = {"support": "support:harbour-bar-watch.1", "need": NEED, "offer": "offer:open-docket.1"}
    made.add(
        "support.matched", {**about, "accepted_by_person": True, "conditions": "Saffronward in two parts"}
    )
    made.threat(2)
    bare = {"threat": "threat:harbour-bar-watch.3", "targets": [ANN], "categories": ["liberty.arrest"]}
    event = made.add("threat.reported", bare, subject="threat:harbour-bar-watch.3")
    made.correct(event.id, ("/narrative", "Juniperwold for the first time"))
    return made


def told(room: ReadingRoom) -> list[tuple[str, str]]:
    page = room.purge(OWNER).feed(0, 0, EventQuery(), 100)  # type: ignore[arg-type]
    return [(one.kind, one.id) for one in page.messages if one.reason == "erased"]


@pytest.fixture
def room(log: Keyed, tmp_path: Path) -> Iterator[ReadingRoom]:
    made = ReadingRoom(registry(), log, tmp_path / "views.sqlite")
    made.catch_up()
    yield made
    made.stop()


def test_fields_go_by_the_names_of_their_keys(log: Keyed, room: ReadingRoom, tmp_path: Path) -> None:
    sight = room.purge(OWNER)
    assert [sight.search(word)["total"] for word in ("Saffronward", "Juniperwold")] == [1, 1]
    log.destroy("k1", "k4")
    room.catch_up()
    assert [sight.search(word)["total"] for word in ("Saffronward", "Juniperwold")] == [0, 0]
    assert sight.search("plain-clothes")["total"] == 1
    assert {event_id for _, event_id in told(room)} == {"e1", "e3", "e4"}
    anew = ReadingRoom(registry(), log, tmp_path / "anew.sqlite")
    anew.catch_up()
    assert told(anew) == told(room)
    anew.stop()


def test_what_a_partner_says_of_its_own_keys_destroys_nothing_here(log: Keyed, room: ReadingRoom) -> None:
    log.destroy("k1", role="recipient_ack")
    room.catch_up()
    assert room.purge(OWNER).search("Saffronward")["total"] == 1
