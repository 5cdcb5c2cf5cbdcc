"""What consent, erasure, conflict and distrust do to events, whatever the order of arrival."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from events.audience import Label, Reader, visible
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


def admit(court: Court, slug: str = "quill-network", body: str | None = BODY) -> RecordedEvent:
    data = {"partner": f"partner:{slug}", "name": {"en": slug}, "roles": ["bar"]}
    return court.log.add("partner.admitted", data if body is None else {**data, "body": body}, "stewards")


def accuse(court: Court, body: str = BODY, slug: str = OWN, no: int = 1, **more: Json) -> RecordedEvent:
    given = {"tlp": "green", "correlationid": CASE, **more}
    data = {"threat": f"threat:{slug}.{no}", "targets": [LAWYER], "categories": ["liberty.arrest"]}
    return court.log.add(
        "threat.reported", {**data, "attributed_to": [{"body": body}]}, slug, subject=data["threat"], **given
    )


def excluded(court: Court, position: int) -> list[tuple[str, list[str]]]:
    return [(one.event.id, sorted(one.label.excluded)) for one in court.changes(position)]


def test_a_partner_whose_body_is_named_loses_that_case_and_no_other(court: Court) -> None:
    admit(court)
    court.log.threat(7, correlationid=CASE)
    court.log.threat(8)
    accuse(court)
    assert excluded(court, 4) == [("e4", ["quill-network"]), ("e2", ["quill-network"])]
    assert court.changes(4)[1].reason == "narrowed"
    reader = Reader("quill-network", "ann", "red")
    assert not visible(reader, court.changes(4)[1].label)
    assert visible(reader, Label("clear", OWN, excluded=frozenset({"quill-network"})))


def test_without_a_case_the_threat_is_the_case(court: Court) -> None:
    admit(court)
    event = accuse(court, correlationid="")
    court.log.add(
        "threat.updated",
        {"threat": event.data["threat"], "changes": {}},
        "open-docket",
        subject=event.data["threat"],
    )
    assert excluded(court, 3) == [("e3", ["quill-network"])]


def test_a_body_above_the_partners_own_excludes_it_too(court: Court) -> None:
    admit(court)
    court.log.add("body.profiled", {"body": BODY, "parent": "body:open-docket.union"})
    court.log.add("body.profiled", {"body": "body:open-docket.union", "parent": "body:open-docket.ministry"})
    court.log.add("body.profiled", {"body": "body:open-docket.ministry", "parent": "body:open-docket.union"})
    accuse(court, "body:open-docket.ministry")
    assert excluded(court, 5) == [("e5", ["quill-network"])]


def test_an_exclusion_follows_from_facts_in_any_order(court: Court) -> None:
    accuse(court, "body:open-docket.ministry")
    court.log.add("body.profiled", {"body": BODY, "parent": "body:open-docket.ministry"})
    admit(court)
    assert excluded(court, 1) == [("e1", [])]
    assert excluded(court, 2) == [("e2", [])]
    assert excluded(court, 3) == [("e3", []), ("e1", ["quill-network"])]


def test_a_correction_may_name_the_body(court: Court) -> None:
    admit(court)
    court.log.threat(1, correlationid=CASE)
    court.log.threat(2, correlationid=CASE)
    court.log.correct("e2", ("/attributed_to", [{"body": BODY}]))
    kept_out = ["quill-network"]
    assert excluded(court, 4) == [("e4", kept_out), ("e2", kept_out), ("e3", kept_out)]


def test_a_correction_that_came_first_may_name_the_body(court: Court) -> None:
    admit(court)
    court.log.correct("late", ("/attributed_to", [{"body": BODY}]))
    court.log.threat(1, correlationid=CASE, id="late")
    assert excluded(court, 3) == [("late", ["quill-network"]), ("e2", ["quill-network"])]


@pytest.mark.parametrize("source", [{}, {"about_source": f"urn:hub:partner:{OWN}"}])
def test_who_is_kept_out_of_a_case_sees_no_more_what_is_said_about_its_events(
    court: Court, source: dict[str, str]
) -> None:
    admit(court)
    court.log.correct("e3", ("/title", "Another"))
    court.log.threat(1, correlationid=CASE)
    said = {"about_event": "e3", "verdict": "corroborates", **source}
    court.log.add("claim.assessed", said, "open-docket")
    court.log.add("claim.assessed", {**said, "about_event": "e1"}, "open-docket")
    accuse(court)
    kept_out = ["quill-network"]
    assert excluded(court, 6) == [("e6", kept_out), ("e2", kept_out), ("e3", kept_out), ("e4", kept_out)]


def test_what_amends_an_event_that_comes_later_is_of_its_case_from_then_on(court: Court) -> None:
    admit(court)
    accuse(court)
    court.log.correct("late", ("/title", "Another"))
    court.log.threat(2, correlationid=CASE, id="late")
    assert excluded(court, 3) == [("e3", [])]
    assert excluded(court, 4) == [("late", ["quill-network"]), ("e3", ["quill-network"])]


def test_a_retracted_attribution_excludes_nobody(court: Court) -> None:
    admit(court)
    court.log.threat(7, correlationid=CASE)
    accuse(court)
    court.log.retract("e3")
    assert [(one.event.id, one.reason) for one in court.changes(4)[1:]] == [
        ("e2", "released"),
        ("e3", "retracted"),
    ]


def test_an_exclusion_that_nobody_confirms_lapses(court: Court) -> None:
    admit(court)
    accuse(court)
    court.log.release("2026-11-19T00:00:00Z")
    court.log.release("2026-11-20T00:00:00Z")
    assert excluded(court, 3) == [("e3", [])]
    assert excluded(court, 4) == [("e4", []), ("e2", [])]


@pytest.mark.parametrize("how", ["assessed", "said again", "by the accused", "by itself"])
def test_an_exclusion_lasts_if_another_partner_confirms_it(court: Court, how: str) -> None:
    admit(court)
    accuse(court)
    by = {"assessed": "open-docket", "by the accused": "quill-network", "by itself": OWN}
    if how == "said again":
        accuse(court, slug="open-docket", no=2)
    else:
        about = {"about_event": "e2", "about_source": f"urn:hub:partner:{OWN}", "verdict": "corroborates"}
        court.log.add("claim.assessed", about, by[how])
    court.log.release("2026-12-20T00:00:00Z")
    lasts = how in {"assessed", "said again"}
    assert [one.label.excluded for one in court.changes(4) if one.event.id == "e2"] == (
        [] if lasts else [frozenset()]
    )


def judge(court: Court, account: str, verdict: str = "lift") -> RecordedEvent:
    data = {"case": CASE, "partner": "quill-network", "account": account, "verdict": verdict}
    return court.log.add("conflict.judged", data, "stewards", tlp="amber+strict")


def test_two_stewards_lift_an_exclusion(court: Court) -> None:
    admit(court)
    accuse(court)
    judge(court, "anna")
    judge(court, "anna")
    judge(court, "ben")
    judge(court, "ben", "uphold")
    told = [dict(excluded(court, position)[1:]).get("e2") for position in (3, 4, 5, 6)]
    assert told == [None, None, [], ["quill-network"]]


def revoke(court: Court, since: str | None = "2026-11-05T00:00:00Z") -> RecordedEvent:
    data = {"partner": f"partner:{OWN}", "kid": "k1"}
    return court.log.add(
        "key.revoked", data if since is None else {**data, "distrust_from": since}, "stewards", tlp="red"
    )


def sign(court: Court, position: int, kid: str = "k1") -> None:
    event = court.log.events[position - 1]
    signature = {"payload": "", "payloadType": "", "keyid": kid, "sig": ""}
    court.log.events[position - 1] = replace(event, signature=signature)


def test_what_a_revoked_key_signed_is_believed_by_nobody(court: Court) -> None:
    for position in (1, 2, 3):
        court.log.threat(position)
    sign(court, 1)
    sign(court, 2, "k2")
    revoke(court)
    court.log.threat(5)
    sign(court, 5)
    [change] = court.changes(4)[1:]
    assert (change.kind, change.event.id, change.reason) == ("drop", "e1", "quarantined")
    assert change.label == Label("amber+strict", "stewards", frozenset({OWN}))
    assert court.told(5) == [("drop", "e5", "quarantined")]


def test_what_was_signed_before_a_key_was_lost_stands(court: Court) -> None:
    court.log.threat(1)
    sign(court, 1)
    revoke(court, "2026-11-06T00:00:00Z")
    assert court.told(2) == [("put", "e2", None)]


def suspend(court: Court, **more: Json) -> RecordedEvent:
    return court.log.add("partner.suspended", {"partner": f"partner:{OWN}", **more}, "stewards")


def test_a_seized_partner_is_not_believed_from_the_moment_of_distrust_on(court: Court) -> None:
    court.log.threat(1, time="2026-11-04T00:00:00Z")
    court.log.correct("e1", ("/occurred", "2026-11-01"))
    suspend(court, distrust_events_after="2026-11-05T00:00:02Z")
    admit(court, OWN, None)
    court.log.threat(2)
    assert [(one.kind, one.event.id, one.reason) for one in court.changes(3)[1:]] == [
        ("put", "e1", "corrected"),
        ("drop", "e2", "quarantined"),
    ]
    assert court.told(5) == [("put", "e5", None)]


def test_a_consent_of_a_seized_partner_opens_nothing(court: Court) -> None:
    profile(court, time="2026-11-01T00:00:00Z")
    court.log.events[0].envelope["recordedtime"] = "2026-11-01T00:00:00Z"  # type: ignore[index]
    consent(court, "C5")
    suspend(court, distrust_events_after="2026-11-05T00:00:00Z")
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


@pytest.mark.parametrize("comes_first", ["body", "correction"])
def test_a_corrected_body_counts_as_corrected(court: Court, comes_first: str) -> None:
    accuse(court, "body:open-docket.ministry")
    admit(court)
    if comes_first == "correction":
        court.log.correct("late", ("/parent", "body:open-docket.ministry"))
    court.log.add(
        "body.profiled", {"body": BODY, "kind": "bar", "name": {"en": "A"}, "country": "QM"}, id="late"
    )
    if comes_first == "body":
        court.log.correct("late", ("/parent", "body:open-docket.ministry"))
    assert ("e1", ["quill-network"]) in excluded(court, 4)


def test_a_body_named_by_a_correction_is_found_when_its_partner_comes(court: Court) -> None:
    court.log.threat(1, correlationid=CASE)
    court.log.correct("e1", ("/attributed_to", [{"body": BODY}]))
    admit(court)
    assert ("e1", ["quill-network"]) in excluded(court, 3)


def test_bodies_are_followed_so_far_and_no_further(court: Court) -> None:
    admit(court)
    steps = [BODY, *(f"body:open-docket.{number}" for number in range(10))]
    for lower, upper in pairwise(steps):
        court.log.add("body.profiled", {"body": lower, "parent": upper})
    accuse(court, steps[-1])
    court.log.add("body.profiled", {"body": "body:open-docket.x", "parent": BODY})
    assert excluded(court, 12) == [("e12", [])]
    assert excluded(court, 13) == [("e13", [])]


def test_a_suspension_is_believed_and_one_without_distrust_changes_nothing(court: Court) -> None:
    court.log.threat(1)
    suspend(court)
    suspend(court, distrust_events_after="2026-11-05T00:00:00Z")
    assert court.told(2) == [("put", "e2", None)]
    assert [one.event.id for one in court.changes(3)] == ["e3", "e1"]
    own = court.log.add("partner.suspended", {"partner": f"partner:{OWN}"}, OWN)
    assert court.told(own.position) == [("put", own.id, None)]
