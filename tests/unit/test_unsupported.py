"""A claim whose only source was erased: the hub says so, the public sees it no more until somebody verifies it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC, Reader
from projections.boards.truth.board import truth_of
from projections.reading_room import ReadingRoom
from schemas.registry import Registry
from tests.logs import OWNER, PARTNER, MemoryLog

Json = Any
NOW = datetime(2026, 12, 31, tzinfo=UTC)
OWN = "harbour-bar-watch"
SOURCE, REF = f"source:{OWN}.s1", f"threat:{OWN}.1"


class Story:
    """A log, a room over it, and a timekeeper that says what is due."""

    def __init__(self, registry: Registry, path: Path) -> None:
        self.log = MemoryLog()
        self.room = ReadingRoom(registry, self.log, path)

    def report(self, no: int = 1, **said: Json) -> Json:
        envelope: Json = {name: said.pop(name) for name in ("tlp", "audience", "notbefore") if name in said}
        provenance = {"reliability": "B", "credibility": "3", "source": SOURCE, **said}
        data = {"threat": f"threat:{OWN}.{no}", "targets": [f"lawyer:{OWN}.{no}"],
                "categories": ["liberty.arrest"], "provenance": provenance}  # fmt: skip
        whole = {"tlp": "clear", "subject": data["threat"], **envelope}
        return self.log.add("threat.reported", data, **whole)

    def assess(self, event: Json, verdict: str, slug: str = "open-docket") -> Json:
        data = {"about_event": event.id, "about_source": event.source, "verdict": verdict}
        return self.log.add("claim.assessed", data, slug, tlp="green")

    def mark(self) -> list[str]:
        """Say what is due, as the timekeeper does; return of which events."""
        self.room.catch_up()
        assert self.room.stalls() == {}
        due = self.room.unsupported_due()
        for one in due:
            data = {"about_event": one.id, "about_source": one.source, "verdict": "cannot_judge"}
            data["resulting_verification"] = "unsupported"
            self.log.add("claim.assessed", data, "hub", tlp="red", time=one.time)
        self.room.catch_up()
        assert self.room.unsupported_due() == []
        return [one.id for one in due]

    def sees_mark(self, reader: Reader) -> bool:
        """Tell whether the newest thing that the hub said counts for a reader."""
        self.room.catch_up()
        assert self.room.stalls() == {}
        mark = [one for one in self.log.events if one.publisher == "hub"][-1]
        found = self.room.purge(reader).event(mark.source, mark.id)
        return found is not None and found["status"] == "active"

    def is_public(self) -> bool:
        self.room.catch_up()
        return self.room.purge(PUBLIC).dossier("threats", REF) is not None

    def verification(self) -> str:
        self.room.catch_up()
        found: str = truth_of(self.room.purge(PARTNER).papers(NOW), REF)["verification"]
        return found


@pytest.fixture
def story(registry: Registry, tmp_path: Path) -> Iterator[Story]:
    story = Story(registry, tmp_path / "views.db")
    yield story
    story.room.stop()


def test_it_is_unsupported_and_out_of_public_view_until_somebody_else_verifies_it(story: Story) -> None:
    event = story.report()
    assert (story.mark(), story.is_public()) == ([], True)
    story.log.erase(SOURCE)
    assert story.mark() == [event.id]
    assert (story.is_public(), story.verification()) == (False, "unsupported")
    story.assess(event, "verifies", OWN)
    assert (story.is_public(), story.verification()) == (False, "unsupported")
    story.assess(event, "disputes")
    assert (story.is_public(), story.verification()) == (False, "disputed")
    found = story.assess(event, "verifies")
    assert (story.is_public(), story.verification()) == (True, "verified")
    story.log.retract(found.id, slug="open-docket")
    assert not story.is_public()


def test_it_does_not_matter_which_came_first(story: Story) -> None:
    story.log.erase(SOURCE)
    story.mark()
    event = story.report()
    assert story.mark() == [event.id]
    assert not story.is_public()


def test_a_claim_that_others_support_stands(story: Story) -> None:
    event = story.report()
    story.report(2, independent_sources=2)
    story.report(3, source=f"source:{OWN}.s2")
    story.log.add(
        "threat.reported", {"threat": f"threat:{OWN}.4", "targets": [], "provenance": "?"}, tlp="clear"
    )
    story.assess(event, "corroborates")
    story.log.erase(SOURCE)
    assert (story.mark(), story.is_public()) == ([], True)


def test_a_retraction_ends_it_and_so_does_a_correction_that_names_more_sources(story: Story) -> None:
    first, second = story.report(), story.report(2)
    story.log.retract(second.id)
    story.log.correct(first.id, ("/provenance/independent_sources", 2), tlp="clear")
    # Another's erasure leaves the correction as it is.
    story.log.erase(f"source:{OWN}.s2")
    assert story.mark() == []
    # That of the source itself takes with it what was said anew of its report.
    story.log.erase(SOURCE)
    assert story.mark() == [first.id]


def test_of_what_is_for_nobody_else_nothing_is_said(story: Story) -> None:
    story.report(1, tlp="red")
    story.report(2, notbefore="2027-01-01T00:00:00Z")
    shared = story.report(3, tlp="amber", audience="open-docket")
    story.log.erase(SOURCE)
    story.room.catch_up()
    [due] = story.room.unsupported_due()
    assert (due.id, due.label.tlp, due.label.audience) == (shared.id, "amber", frozenset({"open-docket"}))


def test_an_answer_to_an_erasure_is_none_and_assessments_of_nothing_are_let_be(story: Story) -> None:
    story.report()
    answer = {"subject_of_erasure": SOURCE, "role": "recipient_ack"}
    story.log.add("erasure.executed", answer, "open-docket")
    story.log.add(
        "claim.assessed", {"verdict": "verifies", "about_source": "urn:hub:partner:nobody"}, "open-docket"
    )
    assert story.mark() == []


def test_a_mark_reads_as_what_it_marks_whatever_becomes_of_that(story: Story) -> None:
    third = Reader("meridian-fund", "eve", "amber+strict")
    event = story.report(tlp="amber", audience="open-docket")
    story.log.erase(SOURCE)
    story.mark()
    assert [story.sees_mark(one) for one in (OWNER, PARTNER, third)] == [True, True, False]
    said = {"about_event": event.id, "reason": "typing", "tlp": "red"}
    narrowed = story.log.add("record.corrected", said)
    assert (story.sees_mark(OWNER), story.sees_mark(PARTNER)) == (True, False)
    story.log.retract(narrowed.id)
    assert story.sees_mark(PARTNER)
    story.log.retract(event.id)
    assert not story.sees_mark(OWNER)


def test_the_public_sees_a_mark_again_with_what_it_marks(story: Story) -> None:
    event = story.report()
    story.log.erase(SOURCE)
    story.mark()
    assert (story.sees_mark(PARTNER), story.sees_mark(PUBLIC)) == (True, False)
    story.assess(event, "verifies")
    assert (story.is_public(), story.sees_mark(PUBLIC)) == (True, True)


def test_the_stewards_take_a_mark_back_and_a_mark_on_nothing_is_for_nobody(story: Story) -> None:
    data = {"about_event": "e9", "about_source": f"urn:hub:partner:{OWN}", "verdict": "cannot_judge"}
    story.log.add("claim.assessed", data, "hub", tlp="green")
    assert not story.sees_mark(PARTNER)
    story.report()
    story.log.erase(SOURCE)
    story.mark()
    assert story.sees_mark(PARTNER)
    mark = story.log.events[-1]
    about = {"about_event": mark.id, "about_source": mark.source, "reason": "false"}
    story.log.add("record.retracted", about, "stewards", tlp="green")
    assert not story.sees_mark(PARTNER)
