"""The ladder of accountability and the impunity clock: days without a step, since the last, or until an end."""

from datetime import UTC, datetime
from typing import Any

import pytest

from events.audience import PUBLIC, Reader
from projections.boards.accountability.board import accountability_of, impunity_list
from projections.boards.accountability.ladder import effects
from schemas.registry import Registry
from tests.logs import PARTNER, Ask, MemoryLog

Json = Any
NOW = datetime(2026, 12, 31, 12, tzinfo=UTC)
OWN = "harbour-bar-watch"
THREAT = f"threat:{OWN}.1"


def report(log: MemoryLog, no: int = 1, **said: Json) -> Json:
    envelope = {"tlp": said.pop("tlp", "clear"), "id": f"r{no}"}
    data = {"threat": f"threat:{OWN}.{no}", "targets": [f"lawyer:{OWN}.{no}"], "categories": ["liberty.arrest"],
            "occurred": "2026-11-01", "place": {"country": "QM"}, "title": f"Threat {no}", **said}  # fmt: skip
    data = {name: value for name, value in data.items() if value is not None}
    return log.add("threat.reported", data, subject=data["threat"], **envelope)


def step(log: MemoryLog, code: str, as_of: str | None, no: int = 1, **said: Json) -> Json:
    data = {"threat": f"threat:{OWN}.{no}", "step": code, **({"as_of": as_of} if as_of else {}), **said}
    return log.add("accountability.recorded", data, tlp="green", subject=data["threat"])


def clock(ask: Ask, reader: Reader = PARTNER) -> tuple[Any, ...]:
    found = accountability_of(ask(reader).papers(NOW), THREAT)["clock"]
    return found["state"], found["counts_from"], found["days"]


def test_every_step_has_a_place_on_the_ladder(registry: Registry) -> None:
    assert set(effects()) == set(registry.vocabularies["accountability_step"].codes)


def test_days_count_from_the_act_then_from_the_last_step_until_somebody_is_convicted(
    log: MemoryLog, ask: Ask
) -> None:
    report(log)
    assert clock(ask) == ("running", "occurred", 60)
    step(log, "still_in_post", "2026-11-03")
    assert clock(ask) == ("running", "occurred", 60)
    step(log, "indicted", "2026-12-01")
    # By world date, not by arrival.
    step(log, "complaint_filed", "2026-11-11")
    assert clock(ask) == ("running", "indicted", 30)
    step(log, "convicted", "2026-12-11")
    assert clock(ask) == ("stopped", "indicted", 10)
    step(log, "apology", "2026-12-15")
    assert clock(ask)[0] == "stopped"
    step(log, "acquitted", "2026-12-21")
    assert clock(ask) == ("running", "acquitted", 10)
    # The public sees none of the steps.
    assert clock(ask, PUBLIC) == ("running", "occurred", 60)


def test_the_ladder_tells_every_step_with_its_grades_and_the_highest_rung(log: MemoryLog, ask: Ask) -> None:
    report(log)
    step(
        log,
        "on_trial",
        "2026-12-01",
        body=f"body:{OWN}.court",
        provenance={"reliability": "B", "credibility": "2"},
    )
    step(log, "made_up", "2026-12-02")
    step(log, "complaint_filed", "2026-11-11", public_note="By the bar.")
    found = accountability_of(ask(PARTNER).papers(NOW), THREAT)
    assert [(one["step"], one["rung"]) for one in found["steps"]] == [
        ("complaint_filed", 1),
        ("on_trial", 5),
        ("made_up", 0),
    ]
    assert found["rung"] == 5
    assert (found["steps"][1]["body"], found["steps"][1]["reliability"], found["steps"][1]["verification"]) == (
        f"body:{OWN}.court", "B", "unverified",
    )  # fmt: skip


def test_a_step_that_was_refuted_stops_nothing(log: MemoryLog, ask: Ask) -> None:
    report(log)
    event = step(log, "convicted", "2026-11-11")
    about = {"about_event": event.id, "about_source": event.source, "verdict": "refutes"}
    log.add("claim.assessed", about, "open-docket", tlp="green")
    assert clock(ask) == ("running", "occurred", 60)


@pytest.mark.parametrize(
    ("occurred", "days"),
    [
        ("2026-11", 31),
        ("2026-12-30~", 1),
        ("2027-01-05", 0),
        (None, None),
        ("2026-11-01/..", None),
        ("whenever", None),
    ],
)
def test_a_date_that_is_not_exact_counts_from_its_last_day(
    log: MemoryLog, ask: Ask, occurred: str | None, days: int | None
) -> None:
    report(log, occurred=occurred)
    assert clock(ask)[2] == days


def test_a_step_without_any_day_that_can_be_read_changes_nothing(log: MemoryLog, ask: Ask) -> None:
    report(log)
    step(log, "indicted", "2026-11-01/..")
    assert clock(ask) == ("running", "occurred", 60)
    step(log, "indicted", None)
    assert clock(ask) == ("running", "indicted", 56)


def test_an_end_without_a_beginning_is_an_end(log: MemoryLog, ask: Ask) -> None:
    report(log, occurred=None)
    assert clock(ask) == ("unknown", "occurred", None)
    step(log, "convicted", "2026-11-11")
    assert clock(ask) == ("stopped", "occurred", None)


def test_the_list_has_the_longest_first_and_counts_what_is_not_listed(log: MemoryLog, ask: Ask) -> None:
    report(log, 1)
    report(log, 2, occurred="2026-10-01", title=None)
    report(log, 3, occurred="2026-09-01", place={"country": "QN"})
    report(log, 4, tlp="green")
    report(log, 5, occurred=None)
    step(log, "convicted", "2026-11-11", 4)
    step(log, "convicted", "2026-11-11", 9)
    found = impunity_list(ask(PARTNER).papers(NOW), None, 2, 0)
    assert [(one["ref"][-1], one["label"], one["clock"]["days"]) for one in found["items"]] == [
        ("3", "Threat 3", 121), ("2", f"threat:{OWN}.2", 91),
    ]  # fmt: skip
    assert {name: found[name] for name in ("total", "next", "stopped", "unknown")} == {
        "total": 3, "next": 2, "stopped": 1, "unknown": 1,
    }  # fmt: skip
    assert found["units"] == {"count": 5, "range": [5, 5]}
    last = impunity_list(ask(PARTNER).papers(NOW), "QM", 2, 0)
    assert ([one["ref"][-1] for one in last["items"]], last["next"]) == (["2", "1"], None)
    public = impunity_list(ask(PUBLIC).papers(NOW), None, 50, 0)
    assert (public["total"], public["stopped"], public["units"]["count"]) == (3, 0, 4)


def test_what_was_refuted_is_not_on_the_list(log: MemoryLog, ask: Ask) -> None:
    event = report(log)
    assert impunity_list(ask(PARTNER).papers(NOW), None, 50, 0)["total"] == 1
    about = {"about_event": event.id, "about_source": event.source, "verdict": "refutes"}
    log.add("claim.assessed", about, "open-docket", tlp="green")
    assert impunity_list(ask(PARTNER).papers(NOW), None, 50, 0)["total"] == 0
    assert impunity_list(ask(PUBLIC).papers(NOW), None, 50, 0)["total"] == 1


def test_a_step_that_was_refuted_is_on_no_rung(log: MemoryLog, ask: Ask) -> None:
    report(log)
    step(log, "complaint_filed", "2026-11-11")
    convicted = step(log, "convicted", "2026-12-11")
    about = {"about_event": convicted.id, "about_source": convicted.source, "verdict": "refutes"}
    log.add("claim.assessed", about, "open-docket", tlp="green")
    papers = ask(PARTNER).papers(NOW)
    found = accountability_of(papers, THREAT)
    assert ([one["rung"] for one in found["steps"]], found["rung"]) == ([1, 6], 1)
    assert [one["rung"] for one in impunity_list(papers, None, 50, 0)["items"]] == [1]
