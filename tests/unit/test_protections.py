"""What consent, erasure, conflict and distrust do to events, whatever the order of arrival."""

from dataclasses import replace
from typing import Any

import pytest

from events.audience import Reader, visible
from events.event import RecordedEvent
from projections.changes import Change
from tests.court import Court

Json = Any

OWN = "harbour-bar-watch"
LAWYER = f"lawyer:{OWN}.1"
CASE = f"case:{OWN}.1"
BODY = "body:quill-network.self"
IDENTITY = {"names": [{"full": "Pellamine Dovrask"}]}


def profile(court: Court, level: str = "", slug: str = OWN, **more: Json) -> RecordedEvent:
    """Record a profile of the lawyer; with a level, its publisher asserts that consent."""
    data = {"lawyer": LAWYER, "country_of_practice": "QM", "identity": IDENTITY}
    if level:
        data["protection"] = {"consent_level": level, "scopes": ["media"]}
    given = {"tlp": "amber", **more}
    return court.log.add("lawyer.profiled", data, slug, subject=LAWYER, **given)


def consent(court: Court, level: str, slug: str = OWN, **more: Json) -> RecordedEvent:
    """Record a consent of the lawyer."""
    data = {
        "consent_id": "0190aaaa-0000-7000-8000-000000000001",
        "subject_of_consent": LAWYER,
        "level": level,
        "scopes": ["media"],
        **more,
    }
    return court.log.add("consent.recorded", data, slug, tlp="amber+strict", subject=LAWYER)


def withdraw(
    court: Court, effect: str = "restrict_to_pseudonym", slug: str = OWN, **more: Json
) -> RecordedEvent:
    """Record that the lawyer takes consent back."""
    data = {"subject_of_consent": LAWYER, "effect": effect, **more}
    return court.log.add("consent.withdrawn", data, slug, tlp="amber+strict", subject=LAWYER)


def told(changes: list[Change]) -> list[tuple[str, str, str | None, str]]:
    """Tell kind, event, reason and consent of each change but the first."""
    return [(one.kind, one.event.id, one.reason, one.label.consent) for one in changes[1:]]


@pytest.mark.parametrize(
    ("said", "holds"), [("", "C1"), ("C0", "C1"), ("C2", "C2"), ("C3", "C3"), ("C4", "C4"), ("C5", "C5")]
)
def test_a_profile_bears_the_consent_that_its_publisher_asserts(court: Court, said: str, holds: str) -> None:
    profile(court, said)
    assert court.changes(1)[0].label.consent == holds


def test_a_recorded_consent_counts_for_its_own_partner_alone(court: Court) -> None:
    profile(court)
    profile(court, slug="open-docket")
    consent(court, "C5")
    assert told(court.changes(3)) == [("put", "e1", "released", "C5")]


def test_a_consent_that_came_first_is_in_the_first_reading(court: Court) -> None:
    consent(court, "C2")
    profile(court)
    assert court.changes(2)[0].label.consent == "C2"


def test_the_public_needs_a_public_use_beside_the_highest_level(court: Court) -> None:
    consent(court, "C5", scopes=["letters"])
    profile(court)
    assert court.changes(2)[0].label.consent == "C4"


def test_recipients_come_with_a_consent_to_refer(court: Court) -> None:
    consent(court, "C3", recipients=["partner:meridian-fund", "body:un.1"])
    profile(court)
    assert court.changes(2)[0].label.recipients == {"meridian-fund"}


def test_a_newer_consent_replaces_an_older_one(court: Court) -> None:
    profile(court)
    consent(court, "C5")
    consent(court, "C2")
    assert told(court.changes(3)) == [("put", "e1", "narrowed", "C2")]


def test_a_retracted_consent_allows_nothing(court: Court) -> None:
    profile(court)
    consent(court, "C5")
    court.log.retract("e2", "published_in_error")
    assert told(court.changes(3))[0] == ("put", "e1", "narrowed", "C1")


@pytest.mark.parametrize("who", [OWN, "open-docket"])
def test_anybody_takes_consent_back_for_the_person(court: Court, who: str) -> None:
    profile(court, "C5")
    consent(court, "C5")
    withdraw(court, slug=who)
    assert told(court.changes(3)) == [("put", "e1", "narrowed", "C0")]


def test_a_withdrawal_of_one_consent_leaves_the_others(court: Court) -> None:
    profile(court)
    consent(court, "C2")
    consent(court, "C5", consent_id="c2")
    withdraw(court, consent_id="c2")
    assert told(court.changes(4)) == [("put", "e1", "narrowed", "C2")]


def test_a_withdrawal_of_some_uses_leaves_the_others(court: Court) -> None:
    profile(court)
    consent(court, "C5", scopes=["media", "letters"])
    withdraw(court, "stop_new_use", scopes_withdrawn=["media"])
    assert told(court.changes(3)) == [("put", "e1", "narrowed", "C4")]


def test_a_new_consent_counts_again_after_a_withdrawal(court: Court) -> None:
    profile(court, "C5")
    withdraw(court)
    consent(court, "C2", consent_id="c2")
    assert told(court.changes(3)) == [("put", "e1", "released", "C2")]


def test_a_withdrawal_hides_the_personal_fields_of_other_events_too(court: Court) -> None:
    court.log.threat(1, audience="open-docket")
    withdraw(court)
    [change] = court.changes(2)[1:]
    strict = Reader("open-docket", "ann", "amber+strict")
    assert change.before is not None
    assert visible(strict, change.before.stricter("amber+strict"))
    assert not visible(strict, change.label.stricter("amber+strict"))
    assert visible(strict, change.label)


def test_a_consent_runs_out_when_the_timekeeper_says_so(court: Court) -> None:
    profile(court, "C5")
    consent(court, "C5", expires_on="2026-11-20")
    court.log.release("2026-11-20T23:00:00Z")
    court.log.release("2026-11-21T00:00:01Z")
    assert told(court.changes(2)) == []
    assert told(court.changes(3)) == []
    assert told(court.changes(4)) == [("put", "e1", "narrowed", "C1")]


def test_an_erasure_empties_what_is_about_the_person_and_strips_the_rest(court: Court) -> None:
    profile(court)
    court.log.threat(1)
    court.log.correct("e2", ("/narrative", "Taken from the court."))
    court.log.add("erasure.executed", {"subject_of_erasure": LAWYER, "role": "controller"}, "stewards")
    first, second, third = court.changes(4)[1:]
    assert (first.kind, first.reason, first.event.data) == ("drop", "erased", {})
    assert (second.kind, second.reason) == ("put", "erased")
    assert second.event.erased == frozenset({"/narrative"})
    assert "narrative" not in second.event.data
    assert second.event.data["occurred"] == "2026-11-02"
    assert third.event.id == "e3"
    assert third.event.erased == frozenset({"/changes/0/to"})
    assert "to" not in third.event.data["changes"][0]


def test_an_erasure_reads_the_same_when_the_keys_are_gone(court: Court) -> None:
    court.log.threat(1)
    court.log.add("erasure.executed", {"subject_of_erasure": LAWYER, "role": "controller"}, "stewards")
    before = court.changes(2)
    [event, _] = court.log.events
    gone = {name: value for name, value in event.data.items() if name != "narrative"}
    court.log.events[0] = replace(
        event, envelope={**event.envelope, "data": gone}, erased=frozenset({"/narrative"})
    )
    assert court.changes(2) == before
    assert court.changes(1)[0].event.erased == {"/narrative"}


def test_an_acknowledgement_erases_nothing(court: Court) -> None:
    profile(court)
    court.log.add("erasure.executed", {"subject_of_erasure": LAWYER, "role": "recipient_ack"})
    assert court.told(2) == [("put", "e2", None)]


def test_what_is_said_after_an_erasure_stands(court: Court) -> None:
    court.log.add("erasure.executed", {"subject_of_erasure": LAWYER, "role": "controller"}, "stewards")
    profile(court)
    assert court.told(2) == [("put", "e2", None)]


def test_a_withdrawal_that_asks_for_erasure_hides_at_once_and_may_be_undone(court: Court) -> None:
    profile(court)
    withdraw(court, "erase", slug="open-docket")
    court.log.retract("e2", "false", "stewards", about_source="urn:hub:partner:open-docket")
    assert [(one.kind, one.reason) for one in court.changes(2)[1:]] == [("drop", "erased")]
    assert [(one.kind, one.event.id, one.reason) for one in court.changes(3)[1:]] == [
        ("put", "e1", "released"),
        ("drop", "e2", "retracted"),
    ]


def test_a_consent_of_a_seized_partner_opens_nothing(court: Court) -> None:
    profile(court, time="2026-11-01T00:00:00Z")
    court.log.events[0].envelope["recordedtime"] = "2026-11-01T00:00:00Z"  # type: ignore[index]
    consent(court, "C5")
    seized = {"partner": f"partner:{OWN}", "distrust_events_after": "2026-11-05T00:00:00Z"}
    court.log.add("partner.suspended", seized, "stewards")
    assert ("put", "e1", "narrowed", "C1") in told(court.changes(3))


def test_a_correction_may_make_a_label_stricter_and_never_looser(court: Court) -> None:
    court.log.threat(1)
    court.log.add("record.corrected", {"about_event": "e1", "tlp": "amber"})
    court.log.add("record.corrected", {"about_event": "e1", "tlp": "green"})
    [change] = court.changes(2)[1:]
    assert (change.reason, change.label.tlp) == ("narrowed", "amber")
    assert court.told(3) == [("put", "e3", None)]


def test_a_corrected_consent_counts_as_corrected(court: Court) -> None:
    names = ["identity_of_documenter", "purpose", "access", "storage", "risks", "withdrawal"]
    profile(court)
    consent(court, "C5", explained=dict.fromkeys(names, True))
    court.log.correct("e2", ("/level", "C1"))
    assert ("put", "e1", "narrowed", "C1") in told(court.changes(3))


def test_a_withdrawal_that_erases_stands_whatever_was_said_of_it_before_it_came(court: Court) -> None:
    profile(court)
    court.log.retract("late")
    said = {"subject_of_consent": LAWYER, "effect": "erase"}
    court.log.add("consent.withdrawn", said, id="late", tlp="amber+strict", subject=LAWYER)
    assert ("drop", "e1", "erased") in court.told(3)


def test_a_consent_taken_back_by_name_stays_so_for_whoever_records_it_later(court: Court) -> None:
    profile(court)
    withdraw(court, slug="open-docket", consent_id="0190aaaa-0000-7000-8000-000000000001")
    consent(court, "C5")
    assert ("put", "e1", "narrowed", "C0") in told(court.changes(3))


def test_a_corrected_last_day_of_a_consent_ends_it(court: Court) -> None:
    names = ["identity_of_documenter", "purpose", "access", "storage", "risks", "withdrawal"]
    profile(court)
    consent(court, "C2", expires_on="2027-11-30", explained=dict.fromkeys(names, True))
    court.log.correct("e2", ("/expires_on", "2026-11-30"))
    court.log.release("2026-12-01T00:00:00Z")
    assert ("put", "e1", "narrowed", "C1") in told(court.changes(4))
