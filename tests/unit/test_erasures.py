"""The list of erasures: what was destroyed, who has answered, who has not, and which withdrawals have come due."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC, Reader
from events.event import RecordedEvent
from projections.erasures import DueErasure, list_erasures
from projections.reading_room import ReadingRoom
from tests.folding import registry
from tests.logs import OWNER, MemoryLog

Json = Any

ANN = "lawyer:harbour-bar-watch.1"
BEN = "lawyer:harbour-bar-watch.2"
PARTNER = Reader("open-docket", "anna", "amber")
STEWARD = Reader("stewards", "cleo", "red")
NOW = datetime(2026, 11, 6, tzinfo=UTC)
LATER = NOW + timedelta(days=7)


class Desk:
    """A log and its reading room."""

    def __init__(self, path: Path) -> None:
        self.log = MemoryLog()
        self.room = ReadingRoom(registry(), self.log, path)

    def admit(self, slug: str, **envelope: Json) -> RecordedEvent:
        data = {"partner": f"partner:{slug}", "name": {"en": slug}, "roles": ["monitor"]}
        return self.log.add("partner.admitted", data, "stewards", **{"tlp": "clear", **envelope})

    def suspend(self, slug: str) -> RecordedEvent:
        data = {"partner": f"partner:{slug}", "from": "2026-11-05T00:00:00Z"}
        return self.log.add("partner.suspended", data, "stewards")

    def erase(
        self, subject: str = ANN, slug: str = "stewards", *, said: Json = None, **envelope: Json
    ) -> RecordedEvent:
        data = {"subject_of_erasure": subject, "scope": ["subject_key"], "role": "controller", **(said or {})}
        return self.log.add("erasure.executed", data, slug, subject=subject, **envelope)

    def answer(self, slug: str, subject: str = ANN, **envelope: Json) -> RecordedEvent:
        return self.erase(subject, slug, said={"role": "recipient_ack"}, **envelope)

    def withdraw(self, slug: str = "open-docket", subject: str = ANN, **more: Json) -> RecordedEvent:
        data = {"subject_of_consent": subject, "effect": "erase", **more}
        return self.log.add("consent.withdrawn", data, slug, tlp="amber+strict", subject=subject)

    def items(self, reader: Reader = PARTNER, now: datetime = NOW, **asked: Any) -> list[Json]:
        self.room.catch_up()
        found: list[Json] = self.room.purge(reader).erasures(now, **asked)["items"]
        return found

    def due(self, now: datetime) -> list[DueErasure]:
        self.room.catch_up()
        return self.room.erasures_due(now)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "views.sqlite")
    for slug in ("stewards", "harbour-bar-watch", "open-docket"):
        made.admit(slug)
    yield made
    made.room.stop()


def test_every_partner_is_missing_until_it_answers(desk: Desk) -> None:
    first = desk.erase(said={"executed_on": "2026-11-05T08:00:00Z"})
    [item] = desk.items()
    assert item == {
        "subject": ANN,
        "source": "urn:hub:partner:stewards",
        "id": first.id,
        "executed": "2026-11-05T08:00:00Z",
        "due": "2026-11-12T00:00:04.000000Z",
        "acknowledged": [],
        "missing": ["harbour-bar-watch", "open-docket"],
        "overdue": False,
    }
    answer = desk.answer("open-docket")
    desk.answer("open-docket")
    desk.answer("open-docket", BEN)
    [item] = desk.items()
    assert item["acknowledged"] == [{"partner": "open-docket", "recorded": answer.envelope["recordedtime"]}]
    assert item["missing"] == ["harbour-bar-watch"]


def test_an_answer_counts_for_what_was_erased_before_it_alone(desk: Desk) -> None:
    desk.erase()
    desk.answer("open-docket")
    desk.erase()
    assert [one["missing"] for one in desk.items()] == [
        ["harbour-bar-watch", "open-docket"],
        ["harbour-bar-watch"],
    ]


def test_an_answer_that_was_retracted_does_not_count(desk: Desk) -> None:
    desk.erase()
    answer = desk.answer("open-docket")
    assert desk.items()[0]["missing"] == ["harbour-bar-watch"]
    desk.log.retract(answer.id, slug="open-docket")
    assert desk.items()[0]["missing"] == ["harbour-bar-watch", "open-docket"]


def test_an_answer_that_was_retracted_before_it_came_does_not_count_either(desk: Desk) -> None:
    desk.erase()
    desk.log.retract("late", slug="open-docket")
    desk.answer("open-docket", id="late")
    assert desk.items()[0]["acknowledged"] == []


def test_only_who_was_a_partner_then_and_ever_since_is_asked(desk: Desk) -> None:
    desk.admit("quill-network")
    desk.suspend("open-docket")
    desk.erase()
    desk.admit("meridian-fund")
    desk.admit("open-docket")
    assert desk.items()[0]["missing"] == ["harbour-bar-watch", "quill-network"]
    desk.suspend("quill-network")
    assert desk.items()[0]["missing"] == ["harbour-bar-watch"]


def test_overdue_is_what_somebody_should_have_answered_by_now(desk: Desk) -> None:
    desk.erase(ANN)
    desk.erase(BEN)
    desk.answer("open-docket", BEN)
    desk.answer("harbour-bar-watch", BEN)
    assert desk.items(overdue=True) == []
    assert [(one["subject"], one["overdue"]) for one in desk.items(now=LATER)] == [(BEN, False), (ANN, True)]
    assert [one["subject"] for one in desk.items(now=LATER, overdue=True)] == [ANN]
    assert desk.items(now=LATER, overdue=True, offset=1) == []


def owing(desk: Desk, slug: str, days: int) -> bool:
    desk.room.catch_up()
    return desk.room.purge(Reader(slug, "anna", "amber")).owes_answer(NOW + timedelta(days=days))


def test_who_does_not_answer_for_two_weeks_owes_an_answer_until_he_gives_it(desk: Desk) -> None:
    for slug in ("stewards", "open-docket", "quill-network"):
        desk.admit(slug)
    desk.erase()
    desk.admit("late-partner")
    desk.suspend("quill-network")
    desk.admit("quill-network")
    everybody = ("stewards", "hub", "open-docket", "late-partner", "quill-network")
    assert not any(owing(desk, slug, 13) for slug in everybody)
    # Who was no partner then, or has not been one ever since, is not asked; nor are the stewards.
    assert [slug for slug in everybody if owing(desk, slug, 15)] == ["open-docket"]
    assert not desk.room.purge(PUBLIC).owes_answer(NOW + timedelta(days=15))
    # A clearance that may not know of the erasure learns nothing of it from a refusal.
    assert not desk.room.purge(Reader("open-docket", "eve", "clear")).owes_answer(NOW + timedelta(days=15))
    desk.answer("open-docket", BEN)
    assert owing(desk, "open-docket", 15)
    desk.answer("open-docket")
    assert not owing(desk, "open-docket", 15)


def test_what_a_partner_was_never_told_of_it_does_not_owe(desk: Desk) -> None:
    desk.admit("open-docket")
    desk.erase(tlp="amber+strict", audience="quill-network")
    assert not owing(desk, "open-docket", 15)


def test_the_list_comes_by_pages_newest_first(desk: Desk) -> None:
    ids = [desk.erase(f"lawyer:harbour-bar-watch.{number}").id for number in range(3)]
    desk.room.catch_up()
    page = desk.room.purge(PARTNER).erasures(NOW, 2, 0)
    assert ([one["id"] for one in page["items"]], page["total"], page["next"]) == ([ids[2], ids[1]], 3, 2)
    assert [one["id"] for one in desk.items(limit=2, offset=2)] == [ids[0]]


def test_the_request_is_for_stewards_and_the_list_for_whom_the_events_are(desk: Desk) -> None:
    desk.erase(said={"request": "w-1"})
    desk.erase(BEN, "hub", said={"request": "w-2"}, audience="stewards")
    desk.erase("threat:harbour-bar-watch.1", said={"request": "w-3"}, tlp="amber+strict")
    assert [one.get("request") for one in desk.items(STEWARD)] == ["w-3", "w-2", "w-1"]
    assert [one.get("request") for one in desk.items(PARTNER)] == [None, None]
    assert desk.items(PUBLIC) == []
    # Nobody is asked about what nobody was told.
    assert desk.items(STEWARD)[0]["missing"] == []


def test_a_reader_who_may_not_see_an_answer_or_an_admission_does_not_count_it(desk: Desk) -> None:
    desk.admit("quill-network", tlp="amber+strict")
    desk.erase()
    desk.answer("open-docket", tlp="amber+strict")
    assert desk.items(Reader("open-docket", clearance="red"))[0]["missing"] == ["harbour-bar-watch"]
    [item] = desk.items(Reader("lanterns-for-counsel", clearance="amber"))
    assert (item["acknowledged"], item["missing"]) == ([], ["harbour-bar-watch", "open-docket"])


def test_an_erasure_that_was_retracted_leaves_the_list_and_stays_done(desk: Desk) -> None:
    desk.withdraw()
    erased = desk.erase()
    desk.log.retract(erased.id, slug="stewards")
    assert desk.items() == []
    assert desk.due(NOW + timedelta(days=40)) == []


def test_a_withdrawal_comes_due_after_thirty_days_or_a_day_if_it_is_urgent(desk: Desk) -> None:
    slow = desk.withdraw()
    fast = desk.withdraw("harbour-bar-watch", BEN, urgent=True)
    desk.withdraw(subject="lawyer:harbour-bar-watch.3", effect="stop_new_use")
    assert desk.due(NOW - timedelta(minutes=1)) == []
    assert desk.due(NOW + timedelta(days=1)) == [DueErasure(BEN, fast.source, fast.id)]
    late = [DueErasure(ANN, slow.source, slow.id), DueErasure(BEN, fast.source, fast.id)]
    assert desk.due(NOW + timedelta(days=30)) == late


def test_what_was_erased_since_or_retracted_does_not_come_due(desk: Desk) -> None:
    desk.erase(ANN)
    retracted = desk.withdraw()
    desk.withdraw("harbour-bar-watch", BEN)
    desk.erase(BEN)
    late = NOW + timedelta(days=40)
    assert desk.due(late) == [DueErasure(ANN, retracted.source, retracted.id)]
    desk.log.retract(retracted.id, slug="stewards", about_source=retracted.source)
    assert desk.due(late) == []


def test_a_log_that_no_hub_follows_tells_the_same(desk: Desk, tmp_path: Path) -> None:
    desk.withdraw()
    desk.erase(said={"request": "w-1"})
    desk.answer("open-docket")
    expected = desk.items(STEWARD)
    file = tmp_path / "other.sqlite"
    assert list_erasures(registry(), desk.log, file, STEWARD, NOW) == expected
    assert list_erasures(registry(), desk.log, file, STEWARD, NOW, overdue=True) == []


def test_a_withdrawal_that_is_corrected_to_ask_for_less_erases_nothing_of_others(desk: Desk) -> None:
    def told() -> set[str]:
        found = desk.room.purge(OWNER).event(profile.source, profile.id)
        assert found is not None
        return set(found["event"]["data"])

    profile = desk.log.profile(1)
    wanted = desk.withdraw()
    assert desk.due(NOW + timedelta(days=31)) != []
    assert told() == set()
    desk.log.correct(wanted.id, ("/effect", "restrict_to_pseudonym"), slug="open-docket")
    # Until keys are gone, what was meant otherwise can be put right (docs/decisions/0010).
    assert desk.due(NOW + timedelta(days=31)) == []
    assert "identity" in told()
