"""Impact as a distribution, never an average; what works by kind and context, with what the counts leave out."""

from datetime import UTC, datetime
from typing import Any

from events.audience import PUBLIC, Reader
from projections.boards.catalogue import BOARDS
from projections.boards.impact.distribution import impact_of
from projections.boards.impact.works import what_works
from tests.logs import PARTNER, Ask, MemoryLog

Json = Any
NOW = datetime(2026, 12, 31, tzinfo=UTC)
OWN = "harbour-bar-watch"
ANY: dict[str, str | None] = {}


def action(no: int = 1) -> str:
    return f"action:{OWN}.{no}"


def propose(log: MemoryLog, no: int = 1, **said: Json) -> Json:
    data = {"action": action(no), "kind": "joint_letter", "lead": f"partner:{OWN}", "purpose": "A letter.",
            "about": [f"threat:{OWN}.{no}"], **said}  # fmt: skip
    tlp = data.pop("tlp", "clear")
    return log.add("action.proposed", data, tlp=tlp, subject=data["action"])


def assess(log: MemoryLog, impact: str, by: str = OWN, no: int = 1, **said: Json) -> Json:
    data = {"about": action(no), "impact": impact, "assessor": f"partner:{by}", "as_of": "2026-12-01", **said}
    return log.add("impact.assessed", data, by, tlp="clear", subject=data["about"])


def complete(log: MemoryLog, no: int = 1) -> Json:
    return log.add(
        "action.completed", {"action": action(no), "state": "completed", "on": "2026-12-01"}, tlp="clear"
    )


def impact(ask: Ask, ref: str, reader: Reader = PARTNER) -> Json:
    return impact_of(ask(reader).papers(NOW), ref)


def works(ask: Ask, *by: str, reader: Reader = PARTNER, **wanted: str) -> Json:
    return what_works(ask(reader).papers(NOW), by or ("kind",), wanted, (50, 0))


def test_assessors_are_told_apart_and_each_counts_once_by_his_newest_word(log: MemoryLog, ask: Ask) -> None:
    roles = {"partner": "partner:quill-network", "name": {"en": "Quill"}, "roles": ["verifier"]}
    log.add("partner.admitted", roles, "stewards", tlp="clear", subject="partner:quill-network")
    propose(log)
    assess(
        log,
        "strong_positive",
        as_of="2026-12-02",
        lasting="too_early",
        person_view="minor",
        lesson="Go early.",
    )
    assess(log, "minor", as_of="2026-12-01")
    assess(log, "negative", "quill-network", unintended_harm=True)
    assess(log, "minor", "open-docket")
    found = impact(ask, action())
    assert found["distribution"] == {"minor": 1, "negative": 1, "strong_positive": 1}
    assert found["by_assessor"] == {
        "lead": {"strong_positive": 1},
        "other": {"minor": 1},
        "verifier": {"negative": 1},
    }
    assert (found["person_view"], found["lasting"], found["harm"]) == ({"minor": 1}, {"too_early": 1}, True)
    assert (found["result"], len(found["assessments"])) == ("mixed", 4)
    first = found["assessments"][-1]
    assert (first["assessor_kind"], first["lesson"], first["verification"]) == (
        "lead",
        "Go early.",
        "unverified",
    )


def test_an_assessment_that_was_refuted_counts_for_nothing_and_still_stands(log: MemoryLog, ask: Ask) -> None:
    propose(log)
    event = assess(log, "strong_positive")
    about = {"about_event": event.id, "about_source": event.source, "verdict": "refutes"}
    log.add("claim.assessed", about, "open-docket", tlp="green")
    found = impact(ask, action())
    assert (found["result"], found["distribution"], len(found["assessments"])) == (None, {}, 1)
    assert found["by_assessor"] == {"lead": {}}
    assert impact(ask, action(), PUBLIC)["result"] == "strong_positive"


def test_statements_and_cases_are_assessed_too_each_with_whose_work_it_is(log: MemoryLog, ask: Ask) -> None:
    statement = f"statement:{OWN}.1"
    said = {
        "statement": statement,
        "kind": "letter_public",
        "title": {"en": "x"},
        "about": [f"threat:{OWN}.1"],
    }
    log.add("statement.issued", {**said, "authors": [f"partner:{OWN}"]}, tlp="clear", subject=statement)
    other = {
        **said,
        "statement": f"statement:{OWN}.2",
        "about": [statement],
        "authors": ["partner:open-docket"],
    }
    log.add("statement.issued", other, tlp="clear")
    assess(log, "minor", about=statement)
    assess(log, "minor", "open-docket", about=statement)
    assert impact(ask, statement)["by_assessor"] == {"lead": {"minor": 1}, "other": {"minor": 1}}
    assess(log, "too_early", about=f"case:{OWN}.1")
    assert BOARDS["case"](ask(PUBLIC).papers(NOW), f"case:{OWN}.1")["impact"]["result"] == "too_early"
    assert impact(ask, f"support:{OWN}.1")["result"] is None


def test_an_action_counts_once_and_as_mixed_where_assessors_differ(log: MemoryLog, ask: Ask) -> None:
    propose(log)
    assert works(ask)["items"][0]["results"] == {}
    assess(log, "strong_positive", lasting="yes", person_view="minor")
    assess(log, "minor", "open-docket", unintended_harm=True)
    complete(log)
    propose(log, 2)
    complete(log, 2)
    propose(log, 3, kind="training")
    found = works(ask)
    assert [(one["kind"], one["cases"]) for one in found["items"]] == [("joint_letter", 2), ("training", 1)]
    row = found["items"][0]
    assert (row["results"], row["lasting"], row["harm"], row["person_view"]) == (
        {"mixed": 1},
        {"yes": 1},
        1,
        {"minor": 1},
    )
    assert row["coverage"] == {"completed": 2, "assessed": 1, "completed_not_assessed": 1}
    assert found["coverage"] == {"actions": 3, "assessed": 1, "completed": 2, "completed_not_assessed": 1}
    assert "because" not in found["note"]
    page = what_works(ask(PARTNER).papers(NOW), ["kind"], ANY, (1, 0))
    assert (page["total"], page["next"], len(page["items"])) == (2, 1, 1)
    assert what_works(ask(PARTNER).papers(NOW), ["kind"], ANY, (1, 1))["next"] is None


def test_the_context_is_where_and_what_an_action_is_about(log: MemoryLog, ask: Ask) -> None:
    propose(log, mechanism=f"body:{OWN}.council")
    assert [(one["country"], one["category"]) for one in works(ask, "country", "category")["items"]] == [
        (None, None)
    ]
    log.threat(1, tlp="clear")
    assert [one["country"] for one in works(ask, "country")["items"]] == ["QM"]
    propose(log, 2, about=[f"lawyer:{OWN}.9", f"threat:{OWN}.1"], place={"country": "QP"})
    log.add("lawyer.profiled", {"lawyer": f"lawyer:{OWN}.9", "country_of_practice": "QN"}, tlp="clear")
    propose(log, 3, about=[f"lawyer:{OWN}.9"])
    assert {one["country"]: one["cases"] for one in works(ask, "country")["items"]} == {
        "QM": 1,
        "QN": 1,
        "QP": 1,
    }
    assert {one["category"]: one["cases"] for one in works(ask, "category")["items"]} == {
        None: 1,
        "liberty.arrest": 2,
    }
    assert [one["mechanism"] for one in works(ask, "mechanism")["items"]] == [None, f"body:{OWN}.council"]
    assert works(ask, country="QN")["items"][0]["cases"] == 1
    assert works(ask, country="QZ")["items"] == []


def test_a_place_that_says_no_country_leaves_none(log: MemoryLog, ask: Ask) -> None:
    propose(log, about=[f"trial:{OWN}.1", f"threat:{OWN}.1"])
    log.add(
        "threat.reported",
        {"threat": f"threat:{OWN}.1", "targets": [f"lawyer:{OWN}.1"], "place": "?"},
        tlp="clear",
    )
    log.add("trial.scheduled", {"trial": f"trial:{OWN}.1", "country": "QS"}, tlp="clear")
    assert [one["country"] for one in works(ask, "country")["items"]] == ["QS"]


def test_the_public_gets_no_row_of_few_and_no_sum_with_which_to_find_one(log: MemoryLog, ask: Ask) -> None:
    for number in (1, 2):
        propose(log, number)
    propose(log, 3, tlp="green")
    propose(log, 9, kind="training")
    public = works(ask, reader=PUBLIC)
    assert (public["items"], public["total"], public["coverage"]) == ([], 0, None)
    assert [one["cases"] for one in works(ask)["items"]] == [3, 1]
    propose(log, 4)
    assert [(one["kind"], one["cases"]) for one in works(ask, reader=PUBLIC)["items"]] == [
        ("joint_letter", 3)
    ]


def test_only_what_was_proposed_is_an_action_that_counts(log: MemoryLog, ask: Ask) -> None:
    assess(log, "minor")
    assert works(ask)["total"] == 0


def test_nobody_assesses_in_the_name_of_another(log: MemoryLog, ask: Ask) -> None:
    propose(log)
    assess(log, "strong_positive")
    assess(log, "negative", "quill-network", assessor=f"partner:{OWN}", as_of="2026-12-02")
    found = impact(ask, action())
    assert found["distribution"] == {"negative": 1, "strong_positive": 1}
    assert found["by_assessor"] == {"lead": {"strong_positive": 1}, "other": {"negative": 1}}
    assert [one["assessor"] for one in found["assessments"]] == [f"partner:{OWN}", "partner:quill-network"]
