"""One partner who says the same a hundred times holds up nobody: the cost of one event grows no faster than the log."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from events.decisions import amended, consents
from events.event import Position, RecordedEvent
from projections.deadlines.clocks import load_clocks
from schemas.registry import Registry
from tests.archive_fixtures import Archive, sqlite_url
from tests.court import Court
from tests.logs import MemoryLog

Json = Any

OWN, OTHER = "harbour-bar-watch", "open-docket"
PERSON = f"lawyer:{OWN}.1"
POINTS = ("identity_of_documenter", "purpose", "access", "storage", "risks", "withdrawal")


class CountingLog(MemoryLog):
    """A log that counts how many events were looked up in it by their place."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_up = 0

    def at(self, positions: Sequence[Position]) -> Sequence[RecordedEvent]:
        """Return the events at these places, and count them."""
        self.looked_up += len(positions)
        return super().at(positions)


class CountingCourt(Court):
    """Rulings over a log that counts."""

    def __init__(self, registry: Registry, path: Path) -> None:
        self.counting = CountingLog()
        super().__init__(registry, path, self.counting, load_clocks(registry))

    def cost(self, position: int) -> int:
        """Return how many events are looked up to tell what the one at `position` does."""
        self.changes(position)
        before = self.counting.looked_up
        self.changes(position)
        return self.counting.looked_up - before


@pytest.fixture
def court(registry: Registry, tmp_path: Path) -> CountingCourt:
    return CountingCourt(registry, tmp_path / "views.db")


def is_steady(court: CountingCourt, early: int, late: int) -> bool:
    """Tell whether what an event costs grows no faster than the log, and a little."""
    return court.cost(late) / court.cost(early) <= 1.3 * late / early


def consent(number: int, **more: Json) -> Json:
    data = {"subject_of_consent": PERSON, "level": "C2", "explained": dict.fromkeys(POINTS, True)}
    return {"consent_id": f"0190aaaa-0000-7000-8000-{number:012}", **data, **more}


def withdrawal() -> Json:
    return {"subject_of_consent": PERSON, "effect": "restrict_to_pseudonym"}


class TestRulings:
    """What a flood costs where it is read."""

    def test_a_correction_of_what_names_no_partner_reads_no_other_anew(self, court: CountingCourt) -> None:
        court.log.threat(1)
        for number in range(24):
            court.log.correct("e1", ("/title", f"Told for the {number}th time"))
        assert is_steady(court, 9, 25)
        assert court.told(25) == [("put", "e25", None), ("put", "e1", "corrected")]

    def test_a_consent_asks_once_what_was_said_of_the_person(self, court: CountingCourt) -> None:
        for number in range(20):
            court.log.add("consent.recorded", consent(number))
        assert is_steady(court, 8, 20)

    def test_a_withdrawal_asks_once_what_was_said_of_the_person(self, court: CountingCourt) -> None:
        for number in range(12):
            court.log.threat(1, id=f"t{number}")
            court.log.add("consent.withdrawn", withdrawal(), OTHER)
        assert is_steady(court, 8, 24)

    def test_a_retracted_signature_reads_no_other_anew(self, court: CountingCourt) -> None:
        data = {"action": f"action:{OTHER}.1", "partner": f"partner:{OWN}", "role": "observer"}
        for _ in range(40):
            court.log.add("action.joined", data)
        court.log.retract("e1")
        assert court.told(41) == [("put", "e41", None), ("drop", "e1", "retracted")]
        assert court.cost(41) < 20


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setattr(amended, "MOST", 3)
    monkeypatch.setattr(consents, "MOST", 3)
    return Archive(sqlite_url(tmp_path)).begin({OWN: ["monitor"], OTHER: ["monitor"]})


class TestDesk:
    """How often is too often. What protects somebody is never refused."""

    def test_an_event_is_corrected_so_often_and_may_then_be_retracted(self, archive: Archive) -> None:
        def correct(slug: str = OWN) -> list[tuple[str, str]]:
            data = {"about_event": "t", "reason": "typing", "changes": [{"pointer": "/title", "to": "T"}]}
            return archive.codes(slug, "record.corrected", data)

        def retract(slug: str, **more: Json) -> list[tuple[str, str]]:
            data = {"about_event": "t", "reason": "false", "effective_from": "2026-11-02T00:00:00Z", **more}
            return archive.codes(slug, "record.retracted", data)

        archive.intake.record([archive.threat(1, id="t")])
        too_many = [("/data/about_event", "too_many_items")]
        assert [correct() for _ in range(4)] == [[], [], [], too_many]
        # Another's event of the same id is another event.
        assert correct(OTHER) == []
        assert [retract(OWN) for _ in range(4)] == [[], [], [], too_many]
        # Whoever retracted it before, the stewards may: the partner must not learn from it whether they did.
        assert retract("stewards", about_source=f"urn:hub:partner:{OWN}") == []
        archive.store.close()

    def test_consents_of_one_person_are_recorded_so_often_and_withdrawn_always(
        self, archive: Archive
    ) -> None:
        recorded = [archive.codes(OWN, "consent.recorded", consent(number)) for number in range(4)]
        assert recorded == [[], [], [], [("/data/subject_of_consent", "too_many_items")]]
        assert archive.codes(OTHER, "consent.recorded", consent(1)) == []
        assert [archive.codes(OWN, "consent.withdrawn", withdrawal()) for _ in range(5)] == [[]] * 5
        archive.store.close()
