from itertools import permutations
from typing import Any

import pytest

from projections.shown import (
    Assessment,
    Claim,
    Origin,
    assessed,
    assessment_from,
    assessment_of,
    shown,
    time_key,
    told,
    world_key,
)
from tests.folding import recorded

Json = Any


def origin(
    source: str = "a",
    number: int = 1,
    as_of: str | None = None,
    grade: str = "F6",
    time: str = "2026-11-01T00:00:00Z",
) -> Origin:
    return Origin(number, source, f"e{number}", "threat.reported", time, as_of, grade[0], grade[1])


def claim(value: Json, source: str = "a", number: int = 1, **more: Any) -> Claim:
    return Claim(value, origin(source, number, **more), "/status")


def judged(
    number: int,
    result: str,
    by: str = "judge",
    source: str = "a",
    time: str = "2026-11-05T00:00:00Z",
    fields: tuple[str, ...] = (),
) -> Assessment:
    return Assessment(source, f"e{number}", by, f"j-{by}-{time}", time, result, fields)


def outcome(claims: list[Claim], *assessments: Assessment) -> Json:
    def about(of: Origin) -> list[Assessment]:
        return [one for one in assessments if one.about_id == of.id]

    answers = [told(list(order), about) for order in permutations(claims)]
    assert all(answer == answers[0] for answer in answers)
    first: Json = answers[0]
    del first["claims"]
    return first


def test_one_claim_is_shown_as_it_is() -> None:
    assert outcome([claim("ongoing")]) == {"value": "ongoing", "verification": "unverified"}


def test_claims_of_two_partners_that_nobody_assessed_are_disputed() -> None:
    claims = [claim("released", "l", 1, as_of="2026-10-01"), claim("detained", "o", 2, as_of="2026-10-02")]
    assert outcome(claims) == {"disputed": True, "values": ["detained", "released"]}


def test_equal_claims_are_not_disputed() -> None:
    assert outcome([claim({"en": "x"}, "l", 1), claim({"en": "x"}, "o", 2)]) == {
        "value": {"en": "x"},
        "verification": "unverified",
    }


def test_a_partners_newer_claim_replaces_its_older_one() -> None:
    claims = [claim("detained", "l", 1, as_of="2026-10-01"), claim("released", "l", 2, as_of="2026-10-02")]
    assert outcome(claims)["value"] == "released"


def test_higher_verification_wins_over_a_later_date() -> None:
    claims = [claim("detained", "l", 1, as_of="2026-10-01"), claim("released", "o", 2, as_of="2026-10-02")]
    assert outcome(claims, judged(1, "corroborated", source="l")) == {
        "value": "detained",
        "verification": "corroborated",
    }


def test_within_one_assessed_class_the_latest_date_then_the_grades_then_time_and_id_decide() -> None:
    def pick(*claims: Claim) -> Json:
        return outcome(
            list(claims), *(judged(c.origin.position, "verified", source=c.origin.source) for c in claims)
        )["value"]

    assert pick(claim("x", "l", 1, as_of="2026-10"), claim("y", "o", 2, as_of="2026-11")) == "y"
    assert pick(claim("x", "l", 1), claim("y", "o", 2, as_of="2026-11")) == "y"
    assert pick(claim("x", "l", 1, grade="F1"), claim("y", "o", 2, grade="A2")) == "x"
    assert pick(claim("x", "l", 1, grade="B1"), claim("y", "o", 2, grade="A1")) == "y"
    assert (
        pick(
            claim("x", "l", 1, time="2026-11-01T00:00:00Z"),
            claim("y", "o", 2, time="2026-11-01T02:00:00+03:00"),
        )
        == "x"
    )
    assert pick(claim("x", "l", 1), claim("y", "o", 2)) == "y"


def test_claims_that_were_all_disputed_are_shown_side_by_side() -> None:
    claims = [claim("released", "l", 1), claim("detained", "o", 2)]
    both = outcome(claims, judged(1, "disputed", source="l"), judged(2, "disputed", source="o"))
    assert both == {"disputed": True, "values": ["detained", "released"]}


def test_a_single_disputed_claim_says_so() -> None:
    said = outcome(
        [claim("D", "n", 1), claim("D", "n", 2)],
        judged(1, "disputed", source="n"),
        judged(2, "disputed", source="n"),
    )
    assert said == {"value": "D", "verification": "disputed", "disputed": True}
    assert outcome([claim("D", "n", 1)], judged(1, "refuted", source="n"))["disputed"] is True


def test_the_latest_assessment_counts_whatever_the_order() -> None:
    early, late = (
        judged(1, "disputed", time="2026-11-05T00:00:00Z"),
        judged(1, "verified", time="2026-11-06T00:00:00Z"),
    )
    for order in ([early, late], [late, early]):
        assert assessed(claim("x"), order) == "verified"


def test_nobody_raises_their_own_claim_but_may_doubt_it() -> None:
    assert assessed(claim("x", "a"), [judged(1, "verified", by="a")]) is None
    assert assessed(claim("x", "a"), [judged(1, "disputed", by="a")]) == "disputed"


def test_an_assessment_concerns_its_fields_and_its_event_only() -> None:
    assert assessed(claim("x"), [judged(1, "verified", fields=("/grade",))]) is None
    assert assessed(claim("x"), [judged(1, "verified", fields=("/grade", "/status"))]) == "verified"
    assert (
        assessed(
            Claim("x", origin(), "/parties/*/role"), [judged(1, "verified", fields=("/parties/2/role",))]
        )
        == "verified"
    )
    assert (
        assessed(Claim("x", origin(), "/parties/2/role"), [judged(1, "verified", fields=("/parties/*",))])
        == "verified"
    )
    assert assessed(Claim("x", origin(), ""), [judged(1, "verified", fields=("/status",))]) is None
    assert assessed(claim("x", "b"), [judged(1, "verified", source="a")]) is None


def test_each_claim_is_told_with_its_event_and_grades() -> None:
    assert told([claim("x", as_of="2026", grade="B3")], lambda _: [judged(1, "odd")])["claims"] == [
        {
            "value": "x",
            "event": {"source": "a", "id": "e1", "type": "threat.reported"},
            "as_of": "2026",
            "reliability": "B",
            "credibility": "3",
            "verification": "odd",
        }
    ]


def test_a_shown_value_keeps_its_values() -> None:
    assert shown([claim(["a", "b"])], lambda _: ()).values == [["a", "b"]]


@pytest.mark.parametrize(
    ("data", "result"),
    [
        ({"about_event": "e1", "verdict": "disputes"}, "disputed"),
        (
            {"about_event": "e1", "verdict": "verifies", "resulting_verification": "corroborated"},
            "corroborated",
        ),
        ({"about_event": "e1", "verdict": "cannot_judge"}, None),
    ],
)
def test_a_verdict_results_in_a_verification(data: Json, result: str | None) -> None:
    one = assessment_of(recorded(1, "claim.assessed", data))
    assert (None if one is None else one.result) == result


def test_an_assessment_names_its_event_and_survives_storage() -> None:
    about = {
        "about_event": "e1",
        "about_source": "urn:hub:partner:l",
        "verdict": "disputes",
        "fields": ["/grade"],
    }
    one = assessment_of(recorded(3, "claim.assessed", about))
    assert one is not None
    assert (one.about_source, one.fields) == ("urn:hub:partner:l", ("/grade",))
    assert assessment_from([*one[:-1], list(one.fields)]) == one
    own = assessment_of(recorded(3, "claim.assessed", {"about_event": "e1", "verdict": "disputes"}))
    assert own is not None
    assert own.about_source == own.source
    assert assessment_of(recorded(3, "threat.reported", about)) is None


def test_dates_and_moments_are_ordered_even_when_odd() -> None:
    assert world_key(None) < world_key("2026") < world_key("2026-11-02T09:30:00.5Z") < world_key("2027-01-01")
    assert time_key("no moment") == (0.0, "no moment")
