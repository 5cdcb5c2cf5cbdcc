"""Who loses sight of a case because a body of his is named as the source of the threat."""

from itertools import pairwise
from typing import Any

import pytest

from events.audience import Label, Reader, visible
from events.event import RecordedEvent
from tests.court import Court

Json = Any

OWN = "harbour-bar-watch"
LAWYER = f"lawyer:{OWN}.1"
CASE = f"case:{OWN}.1"
BODY = "body:quill-network.self"


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


def test_whoever_names_its_own_body_is_not_kept_out(court: Court) -> None:
    admit(court)
    accuse(court, slug="quill-network")
    assert excluded(court, 2) == [("e2", [])]


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


def test_a_retracted_profile_ties_no_body_to_another(court: Court) -> None:
    admit(court)
    profile = court.log.add("body.profiled", {"body": BODY, "parent": "body:open-docket.ministry"})
    court.log.retract(profile.id)
    accuse(court, "body:open-docket.ministry")
    assert excluded(court, 4) == [("e4", [])]


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


@pytest.mark.parametrize(("first", "second"), [("north", "north"), ("north", "south"), ("north", None)])
def test_what_one_hub_tells_of_two_publishers_confirms_nothing(
    court: Court, first: str, second: str | None
) -> None:
    admit(court)
    accuse(court, toldby=first)
    accuse(court, slug="open-docket", no=2, **({} if second is None else {"toldby": second}))
    court.log.release("2026-12-20T00:00:00Z")
    lasts = second != first
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


def is_out(court: Court, event: RecordedEvent) -> bool:
    """Tell whether the partner is out of the case of an event when that is recorded."""
    return ["quill-network"] in [
        partners for name, partners in excluded(court, event.position) if name == event.id
    ]


def on(day: int) -> dict[str, Json]:
    """Return the moments of an event recorded on a day of November."""
    return dict.fromkeys(("recordedtime", "time"), f"2026-11-{day:02}T00:00:00Z")


@pytest.mark.parametrize("how", ["said again", "taken back and said again", "corrected"])
def test_an_accuser_has_one_term_in_a_case_however_often_he_says_it(court: Court, how: str) -> None:
    admit(court)
    first = accuse(court)
    if how == "taken back and said again":
        court.log.retract("e2")
    again = first
    if how == "corrected":
        court.log.correct("e2", ("/attributed_to", [{"body": BODY, "degree": "direct"}]), **on(15))
    else:
        again = accuse(court, no=2, **on(15))
    assert is_out(court, again)
    release = court.log.release("2026-11-20T00:00:00Z")
    assert dict(excluded(court, release.position))[again.id] == []
    assert not is_out(court, accuse(court, no=3, **on(21)))


def test_a_correction_that_names_the_partner_begins_the_term(court: Court) -> None:
    admit(court)
    accuse(court, "body:open-docket.ministry")
    court.log.correct("e2", ("/attributed_to", [{"body": BODY}]), **on(15))
    assert ("e2", ["quill-network"]) in excluded(court, 3)
    court.log.release("2026-11-28T00:00:00Z")
    assert ("e2", []) not in excluded(court, 4)
    court.log.release("2026-11-29T00:00:00Z")
    assert ("e2", []) in excluded(court, 5)


def test_another_case_another_partner_and_another_accuser_have_terms_of_their_own(court: Court) -> None:
    admit(court)
    admit(court, "tallow-clinic", "body:tallow-clinic.self")
    accuse(court)
    court.log.release("2026-11-20T00:00:00Z")
    assert is_out(court, accuse(court, no=2, correlationid=f"case:{OWN}.2", **on(21)))
    third = accuse(court, "body:tallow-clinic.self", no=3, **on(21))
    assert (third.id, ["tallow-clinic"]) in excluded(court, third.position)
    fourth = accuse(court, slug="open-docket", **on(21))
    assert (fourth.id, ["quill-network", "tallow-clinic"]) in excluded(court, fourth.position)
