"""Policies and norms as boards: what follows from visible events, whatever order they came in."""

from datetime import UTC, datetime
from typing import Any

from events.audience import PUBLIC
from projections.boards.law.clock import day_of, days_left
from projections.boards.law.consultations import Asked as Page
from projections.boards.law.consultations import consultations
from projections.boards.law.norms import norms, standards, standards_in
from tests.gazette import NOW, OTHER, POLICY, PROMISE, board, changed, made
from tests.logs import PARTNER, Ask, MemoryLog

Json = Any


def test_a_day_ends_when_it_ends() -> None:
    assert days_left("2027-03-01", datetime(2027, 3, 1, 23, 59, tzinfo=UTC)) == 0
    assert days_left("2027-03-01", datetime(2027, 3, 2, tzinfo=UTC)) == -1
    assert days_left(None, NOW) is None
    assert day_of("2027-02-30") is None


def test_a_policy_shows_its_stages_by_the_dates_of_the_world(log: MemoryLog, ask: Ask) -> None:
    changed(log, stage="adopted", as_of="2027-01", direction="mixed", in_force_from="2027-07")
    changed(log, stage="draft", as_of="2026-11", direction="weakens", consultation_closes="2027-03-03")
    found = board(ask(PUBLIC), "policies", POLICY)
    assert [(one["stage"], one["as_of"]) for one in found["stages"]] == [
        ("draft", "2026-11"),
        ("adopted", "2027-01"),
    ]
    assert (found["stage"]["value"], found["direction"]["mixed"]) == ("adopted", True)
    assert (found["consultation"]["open"], found["consultation"]["days_left"]) == (True, 2)
    assert found["in_force"]["state"] == "not_yet"
    later = board(ask(PUBLIC), "policies", POLICY, datetime(2027, 8, 1, tzinfo=UTC))
    assert (later["consultation"]["open"], later["in_force"]["state"]) == (False, "in_force")
    # Within July nobody knows the day.
    within = board(ask(PUBLIC), "policies", POLICY, datetime(2027, 7, 3, tzinfo=UTC))
    assert within["in_force"]["state"] == "unknown"


def test_whether_a_law_applies_is_said_as_far_as_it_is_known(log: MemoryLog, ask: Ask) -> None:
    laws: list[tuple[Json, str]] = [
        ({"stage": "in_force"}, "in_force"),
        ({"stage": "draft"}, "unknown"),
        ({"stage": "repealed", "in_force_from": "2020"}, "ended"),
        ({"stage": "in_force", "in_force_from": "2020/.."}, "in_force"),
        ({"stage": "in_force", "in_force_from": "nonsense"}, "unknown"),
    ]
    for number, (said, _) in enumerate(laws):
        changed(log, policy=f"policy:northlight.{number}", **said)
    found = [board(ask(PUBLIC), "policies", f"policy:northlight.{number}") for number in range(len(laws))]
    assert [one["in_force"]["state"] for one in found] == [state for _, state in laws]
    assert {one["consultation"] for one in found} == {None}


def test_a_stage_that_is_disputed_says_so(log: MemoryLog, ask: Ask) -> None:
    changed(log, stage="adopted", as_of="2027-01", in_force_from="2027-02")
    changed(log, slug="open-docket", stage="draft", as_of="2027-01", in_force_from="2027-04")
    doubt = {"about_event": "e1", "about_source": "urn:hub:partner:northlight", "verdict": "disputes"}
    log.add("claim.assessed", {**doubt, "fields": ["/stage"]}, "open-docket", tlp="clear")
    found = board(ask(PUBLIC), "policies", POLICY)
    [first] = [one for one in found["stages"] if "disputed_by" in one]
    assert (first["stage"], first["disputed_by"][0]["by"]) == ("adopted", "open-docket")
    assert found["in_force"] == {"from": {"disputed": True, **found["in_force"]["from"]}, "state": "unknown"}


def test_provisions_that_one_publisher_takes_out_are_removed_and_may_come_back(
    log: MemoryLog, ask: Ask
) -> None:
    four = {"ref": "s. 4", "summary": "Strikes off", "standards": ["un-bprl:24"], "direction": "weakens"}
    nine = {"summary": "A fund", "direction": "strengthens"}
    changed(log, as_of="2026-10", provisions=[four, nine])
    changed(log, as_of="2026-11", provisions=[nine])
    changed(log, as_of="2026-12", provisions=[{**nine, "direction": "neutral"}])
    changed(log, slug="open-docket", as_of="2026-12", provisions=[{"ref": "s. 9", "summary": "A fund"}])
    found = board(ask(PUBLIC), "policies", POLICY)
    rows = {(one["by"], one.get("ref", one["summary"])): one for one in found["provisions"]}
    assert rows["northlight", "s. 4"]["removed"]["as_of"] == "2026-11"
    fund = [one["direction"] for one in rows["northlight", "A fund"]["history"]]
    assert fund == ["strengthens", "strengthens", "neutral"]
    assert rows["open-docket", "s. 9"]["removed"] is None
    assert found["direction"] == {"stated": None, "provisions": {"neutral": 1}, "mixed": False}
    assert found["standards"] == [
        {"standard": "un-bprl:24", "by": [{"provision": "s. 4", "direction": "weakens", "removed": True}]}
    ]
    changed(log, as_of="2027-01", provisions=[four, nine])
    found = board(ask(PUBLIC), "policies", POLICY)
    assert all(one["removed"] is None for one in found["provisions"])
    # Of what it does the parts say more than the whole.
    assert found["direction"]["mixed"] is True


def test_publishers_who_see_it_differently_make_it_mixed(log: MemoryLog, ask: Ask) -> None:
    changed(log, as_of="2027-01", direction="weakens")
    changed(log, slug="open-docket", as_of="2027-01", direction="strengthens")
    assert board(ask(PUBLIC), "policies", POLICY)["direction"]["mixed"] is True


def test_a_practice_gap_stays_open_until_somebody_says_that_there_is_none(log: MemoryLog, ask: Ask) -> None:
    changed(log, as_of="2027-01", practice_gap="wide")
    changed(log, as_of="2027-02", stage="in_force", practice_gap="unknown")
    changed(log, as_of="2027-02", stage="amended")
    gap = board(ask(PUBLIC), "policies", POLICY)["practice_gap"]
    assert (gap["value"], gap["open"], len(gap["history"])) == ("wide", True, 2)
    changed(log, as_of="2027-02-20", practice_gap="none")
    assert board(ask(PUBLIC), "policies", POLICY)["practice_gap"]["open"] is False


def test_a_policy_names_what_belongs_to_it(log: MemoryLog, ask: Ask) -> None:
    changed(log, linked=[OTHER], treaty={"action": "accession"})
    made(log, supports=[POLICY])
    action = {"action": "action:open-docket.1", "kind": "law_reform_advocacy", "about": [POLICY]}
    log.add("action.proposed", action, "open-docket", tlp="green")
    text = {"statement": "statement:open-docket.1", "title": {"en": "No"}, "about": [POLICY]}
    log.add("statement.issued", text, "open-docket", tlp="clear")
    found = board(ask(PUBLIC), "policies", POLICY)
    assert (found["actions"], found["statements"]) == ([], ["statement:open-docket.1"])
    assert (found["commitments"], found["linked"]) == ([PROMISE], [OTHER])
    assert [one["action"] for one in found["treaty"]] == ["accession"]
    assert board(ask(PARTNER), "policies", POLICY)["actions"] == ["action:open-docket.1"]


def test_open_consultations_come_the_soonest_first(log: MemoryLog, ask: Ask) -> None:
    days = {1: "2027-03-20", 2: "2027-03-05", 3: "2027-02-28", 4: "2027-03-05"}
    for number, day in days.items():
        changed(
            log,
            policy=f"policy:northlight.{number}",
            consultation_closes=day,
            country="QR" if number == 4 else "QP",
        )
    changed(log, policy="policy:northlight.5")
    papers = ask(PUBLIC).papers(NOW)
    found = consultations(papers, Page(None, 2, 0))
    assert [one["ref"] for one in found["items"]] == ["policy:northlight.2", "policy:northlight.4"]
    assert (found["total"], found["next"]) == (3, 2)
    rest = consultations(papers, Page("QP", 50, 1))
    assert ([one["days_left"] for one in rest["items"]], rest["next"]) == ([19], None)


def test_two_last_days_are_both_told_and_the_later_one_counts(log: MemoryLog, ask: Ask) -> None:
    changed(log, as_of="2027-01", consultation_closes="2027-03-05", title={"en": "One"})
    changed(log, "open-docket", as_of="2027-01", consultation_closes="2027-03-09", title={"en": "Two"})
    [found] = consultations(ask(PUBLIC).papers(NOW), Page(None, 50, 0))["items"]
    assert (found["closes"], found["days_left"], found["disputed"]) == ("2027-03-09", 8, True)


def test_every_provision_of_the_principles_on_lawyers_is_listed() -> None:
    by_norm = {one["norm"]: [each["standard"] for each in one["provisions"]] for one in norms()}
    assert by_norm["un-bprl"] == [f"un-bprl:{number}" for number in range(1, 30)]
    assert len(by_norm["un-lapg"]) == 32
    assert "iccpr:14.1.public_hearing" in by_norm["iccpr"]


def test_norms_show_how_many_visible_events_touch_each_provision(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, tlp="clear")
    threat = {"threat": "threat:northlight.7", "categories": ["liberty.arrest"], "occurred": "2026-12-01"}
    place = {"place": {"country": "QP"}, "standards": ["un-bprl:16c", "un-bprl:17", "own:1"]}
    log.add("threat.reported", {**threat, **place}, "northlight", tlp="clear")
    more = {"threat": "threat:northlight.7", "changes": {"standards_added": ["un-bprl:16"]}}
    log.add("threat.updated", more, "northlight", tlp="green")
    issues = {
        "hearing": "hearing:open-docket.1",
        "issues": [{"right": "iccpr:14.1.public_hearing", "rating": "violated"}],
    }
    log.add("hearing.reported", issues, "open-docket", tlp="clear")
    seen = standards(ask(PUBLIC).papers(NOW), None, None)
    norm = {one["norm"]: one for one in seen["norms"]}
    rows = {one["standard"]: one for one in norm["un-bprl"]["provisions"]}
    assert norm["un-bprl"]["engaged"] == 2
    assert (rows["un-bprl:16"]["events"], rows["un-bprl:16"]["parts"]) == (1, {"un-bprl:16c": 1})
    assert (rows["un-bprl:17"]["by_type"], rows["un-bprl:17"]["last"]) == (
        {"threat.reported": 1},
        "2026-12-01",
    )
    assert norm["iccpr"]["engaged"] == 1
    assert [(one["standard"], one["events"]) for one in seen["others"]] == [("own:1", 1)]
    partner = standards(ask(PARTNER).papers(NOW), "un-bprl", None)
    [one] = partner["norms"]
    assert next(row["events"] for row in one["provisions"] if row["standard"] == "un-bprl:16") == 2
    assert partner["others"] == []
    elsewhere = standards(ask(PARTNER).papers(NOW), "un-bprl", "QM")
    assert elsewhere["norms"][0]["engaged"] == 0


def test_provisions_are_found_however_deep_and_odd_values_are_left_out() -> None:
    data = {"a": [{"standards": ["x:1", 2]}], "standards": "x:2", "right": ["x:3"], "b": {"right": "x:4"}}
    assert list(standards_in(data)) == ["x:1", "x:4"]
