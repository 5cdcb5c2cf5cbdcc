"""What a contract cannot say: shares of a whole, and whose events an amendment may touch."""

from collections.abc import Iterator
from typing import Any

import pytest

from events.intake import EventRefused
from tests.archive_fixtures import Archive, contracts, sqlite_url
from tests.running import example

SLUG = "tallow-clinic"
MONITOR = "open-docket"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    opened = Archive(sqlite_url(tmp_path_factory.mktemp("log")))
    opened.begin({SLUG: ["legal_aid_provider"], MONITOR: ["monitor"]})
    yield opened
    opened.store.close()


def refused(archive: Archive, event_type: str, data: Any, slug: str = SLUG) -> list[tuple[str, str]]:
    with pytest.raises(EventRefused) as caught:
        archive.check(slug, event_type, data)
    return [(problem.pointer, problem.code) for problem in caught.value.problems]


def figures(*shares: tuple[Any, Any]) -> dict[str, Any]:
    cells = [
        {
            "indicator": f"indicator:{SLUG}.16",
            "value": None,
            "unit": "percent",
            "numerator": part,
            "denominator": whole,
            "dims": {"offence_group": f"group-{number}"},
        }
        for number, (part, whole) in enumerate(shares)
    ]
    return {
        "dataset": f"dataset:{SLUG}.1",
        "country": "QS",
        "period": "2026-07/2026-09",
        "observations": cells,
    }


def test_a_part_is_never_greater_than_its_whole(archive: Archive) -> None:
    data = figures((50, 55), (55, 50), (None, 50), (50, 50))
    assert refused(archive, "legalaid.reported", data) == [("/data/observations/1/numerator", "too_big")]


def test_shares_that_fit_are_taken(archive: Archive) -> None:
    assert archive.push(SLUG, "legalaid.reported", figures((50, 55), (0, None))).status == "stored"


def test_only_its_publisher_corrects_an_event(archive: Archive) -> None:
    change = [{"pointer": "/starts", "to": "2026-03-04"}]
    foreign = {"about_event": "e1", "about_source": "urn:hub:partner:stewards", "changes": change}
    assert refused(archive, "record.corrected", foreign) == [("/data/about_source", "not_yours")]
    stewards = {"about_event": "e1", "about_source": f"urn:hub:partner:{SLUG}", "changes": change}
    assert refused(archive, "record.corrected", stewards, "stewards") == [("/data/about_source", "not_yours")]


@pytest.mark.parametrize("pointer", ["/tlp", "/id", "/data/starts", "/subject", "/notbefore"])
def test_the_envelope_is_never_corrected(archive: Archive, pointer: str) -> None:
    changes = [{"pointer": "/starts", "to": "2026-03-04"}, {"pointer": pointer, "to": "clear"}]
    data = {"about_event": "e1", "changes": changes}
    assert refused(archive, "record.corrected", data) == [("/data/changes/1/pointer", "not_allowed")]


def test_no_payload_has_a_field_named_like_the_envelope() -> None:
    reserved = {
        "specversion",
        "id",
        "type",
        "time",
        "subject",
        "tlp",
        "audience",
        "notbefore",
        "correlationid",
        "data",
    }
    # An amendment is not corrected itself, so no correction points into one.
    for stem in (one for one in contracts().stems if contracts().contract(one).kind != "amendment"):
        assert not reserved & set(contracts().contract(stem).schema["properties"])


def test_only_stewards_retract_what_others_published(archive: Archive) -> None:
    about = {"about_event": "e1", "about_source": "urn:hub:partner:stewards"}
    assert refused(archive, "record.retracted", about) == [("/data/about_source", "not_yours")]
    archive.push(SLUG, "legalaid.reported", figures((50, 55)), id="e-there")
    retracted = [
        archive.push(
            "stewards", "record.retracted", {"about_event": name, "about_source": f"urn:hub:partner:{SLUG}"}
        )
        for name in ("e-there", "e-nowhere")
    ]
    # Nor do they learn from it whether there is such an event.
    assert [(one.status, one.warnings) for one in retracted] == [("stored", ())] * 2


def test_an_amendment_of_what_is_not_here_yet_is_stored_with_a_warning(archive: Archive) -> None:
    early = archive.push(SLUG, "record.retracted", {"about_event": "later"})
    assert (early.status, [(w.pointer, w.code) for w in early.warnings]) == (
        "stored",
        [("/data/about_event", "unknown_event")],
    )
    archive.push(SLUG, "legalaid.reported", figures((50, 55)), id="later")
    late = archive.push(
        SLUG, "record.corrected", {"about_event": "later", "changes": [{"pointer": "/notes", "to": "Late."}]}
    )
    assert (late.status, list(late.warnings)) == ("stored", [])


def test_an_amendment_may_come_in_the_same_call_as_its_event(archive: Archive) -> None:
    batch = [
        archive.check(SLUG, "legalaid.reported", figures((50, 55)), id="together"),
        archive.check(
            SLUG, "record.retracted", {"about_event": "together", "about_source": f"urn:hub:partner:{SLUG}"}
        ),
    ]
    assert [(one.status, list(one.warnings)) for one in archive.intake.record(batch)] == [("stored", [])] * 2


@pytest.mark.parametrize(
    "pointer", ["/identity", "/identity/names/0/full", "/provenance", "/provenance/source", "/narrative"]
)
def test_what_is_personal_is_not_said_anew_in_the_open(archive: Archive, pointer: str) -> None:
    said = {"about_event": "e1", "verdict": "disputes", "alternative": {"/grade": "C", pointer: "x"}}
    place = "/data/alternative/" + pointer.replace("/", "~1")
    assert refused(archive, "claim.assessed", said) == [(place, "not_allowed")]


def test_what_stands_beside_personal_fields_may_be_said_anew(archive: Archive) -> None:
    said = {"about_event": "e1", "verdict": "disputes", "alternative": {"/provenance/credibility": "3"}}
    assert archive.push(SLUG, "claim.assessed", said).status == "stored"


@pytest.mark.parametrize(
    ("event_type", "field", "data"),
    [
        ("commitment.made", "by", {"commitment": f"commitment:{SLUG}.1", "text": {"en": "A promise"}}),
        ("commitment.progressed", "by", {"commitment": "commitment:quill-network.1", "state": "broken"}),
        ("impact.assessed", "assessor", {"about": "action:quill-network.1", "impact": "minor"}),
        ("legalaid.reported", "reporter", figures((50, 55))),
    ],
)
def test_nobody_speaks_in_the_name_of_another_partner(
    archive: Archive, event_type: str, field: str, data: Any
) -> None:
    foreign = {**data, field: "partner:quill-network"}
    assert refused(archive, event_type, foreign) == [(f"/data/{field}", "not_yours")]
    archive.check(SLUG, event_type, {**data, field: f"partner:{SLUG}"})


def test_a_public_body_is_reported_on_by_whoever_knows(archive: Archive) -> None:
    data = {"commitment": f"commitment:{SLUG}.1", "by": f"body:{SLUG}.ministry", "text": {"en": "A promise"}}
    archive.check(SLUG, "commitment.made", data)


@pytest.mark.parametrize(
    ("verdict", "result"),
    [
        ("refutes", "corroborated"),
        ("refutes", "partly_corroborated"),
        ("disputes", "verified"),
        ("corroborates", "refuted"),
        ("verifies", "disputed"),
    ],
)
def test_an_assessment_does_not_contradict_itself(archive: Archive, verdict: str, result: str) -> None:
    data = {
        "about_event": "e1",
        "about_source": "urn:hub:partner:stewards",
        "verdict": verdict,
        "provenance": {"source_kind": "court_record", "reliability": "A", "credibility": "2"},
    }
    problem = ("/data/resulting_verification", "not_allowed")
    assert refused(archive, "claim.assessed", {**data, "resulting_verification": result}) == [problem]
    archive.check(SLUG, "claim.assessed", data)


def test_a_correction_that_changes_nothing_is_stored_with_a_word_why(archive: Archive) -> None:
    threat = {
        "threat": f"threat:{SLUG}.9",
        "targets": [f"lawyer:{SLUG}.9"],
        "categories": ["liberty.arrest"],
        "occurred": "2026-11-02",
        "place": {"country": "QM"},
        "status": "ongoing",
        "urgency": "high",
    }
    first = archive.push(SLUG, "threat.reported", threat)

    def told(*changes: tuple[str, Any]) -> list[tuple[str, str]]:
        said = [{"pointer": pointer, "to": to} for pointer, to in changes]
        outcome = archive.push(SLUG, "record.corrected", {"about_event": first.id, "changes": said})
        assert outcome.status == "stored"
        return [(one.pointer, one.code) for one in outcome.warnings]

    assert told(("/occurred", "2026-11-03"), ("/title", "Held at the court")) == []
    assert told(("/occurred", "03/11/2026"), ("/urgency", "low")) == [("/data/changes/0", "not_edtf")]
    assert told(("/place/country/code", "QN")) == [("/data/changes/0", "unknown_field")]
    assert told(("/threat", f"threat:{SLUG}.10")) == [("/data/changes/0", "not_allowed")]
    # Two that break the contract alone may fit together.
    detained = [
        ("/victim_status", "detained.trial"),
        ("/detention", {"kind": "ordinary_law", "since": "2026-11-02"}),
    ]
    assert told(*detained) == []
    # What an earlier correction put there can be corrected, too.
    assert told(("/detention/since", "2026-11-03")) == []


def test_an_assessment_that_does_not_say_whose_event_it_means_is_stored_with_a_warning(
    archive: Archive,
) -> None:
    said = {"about_event": "somebody-elses", "verdict": "disputes"}
    own = archive.push(SLUG, "claim.assessed", said)
    assert [(one.pointer, one.code) for one in own.warnings] == [("/data/about_event", "unknown_event")]
    # Of what others published nothing is told.
    foreign = archive.push(SLUG, "claim.assessed", {**said, "about_source": "urn:hub:partner:stewards"})
    assert foreign.warnings == ()


def test_who_verifies_on_one_source_is_told_what_it_takes(archive: Archive) -> None:
    grade = {"source_kind": "witness", "reliability": "B", "credibility": "2"}
    about = {"about_event": "e1", "about_source": "urn:hub:partner:stewards"}
    with pytest.raises(EventRefused) as caught:
        archive.check(SLUG, "claim.assessed", {**about, "verdict": "verifies", "provenance": grade})
    [problem] = caught.value.problems
    assert (problem.pointer, problem.hint) == (
        "/data/provenance/credibility",
        "One of: 1. 1: confirmed by two or more independent sources.",
    )


@pytest.mark.parametrize(
    ("event_type", "data", "early"),
    [
        ("threat.reported", {"occurred": "2126-11-02"}, ["/data/occurred"]),
        ("threat.reported", {"occurred": "2020-11/2126-12"}, []),
        ("threat.reported", {"occurred": "../2126-12"}, []),
        (
            "threat.reported",
            {"victim_status": "detained.trial", "detention": {"kind": "ordinary_law", "since": "2126"}},
            ["/data/detention/since"],
        ),
        (
            "hearing.reported",
            {"started": "2020-03-04T09:00:00+02:00", "ended": "2126-03-04T09:00:00.25Z"},
            ["/data/ended"],
        ),
        ("hearing.scheduled", {"announced": "2126-03", "starts": "2126-03-04"}, ["/data/announced"]),
    ],
    ids=["a day", "an interval that has begun", "one of unknown beginning", "inside", "a moment", "no plan"],
)
def test_what_is_said_to_have_happened_at_a_date_to_come_is_stored_with_a_warning(
    archive: Archive, event_type: str, data: Any, early: list[str]
) -> None:
    outcome = archive.push(MONITOR, event_type, {**example(f"{event_type}.v1"), **data})
    assert outcome.status == "stored"
    assert [one.pointer for one in outcome.warnings if one.code == "in_future"] == early
