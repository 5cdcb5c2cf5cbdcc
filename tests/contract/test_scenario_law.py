"""Law, promises and data: each Then line of the stories S11 and S12 but impact, told to a real hub by its partners."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from events.disclosure import LEAST
from tests.contract.test_scenarios import STORIES, N, T, Told, hub

Json = Any

DECEMBER = datetime(2026, 12, 1, 12, tzinfo=UTC)
ONE, TWO, DRAFT = (
    "indicator:stewards.LA-16.1",
    "indicator:quill-network.LA-16.2",
    "indicator:quill-network.LA-16.2.1",
)
FIRST, SECOND = "dataset:tallow-clinic.QS-2026Q3-1", "dataset:tallow-clinic.QS-2026Q3-2"
BILL, PROMISE = "policy:northlight-law-society.PO-1201", "commitment:tallow-clinic.CM-1201"
ADDRESSES = (
    *(f"/indicators/{ref}" for ref in (ONE, TWO, DRAFT)),
    *(f"/datasets/{ref}" for ref in (FIRST, SECOND)),
    *(f"/policies/{BILL}", f"/commitments/{PROMISE}", "/countries", "/countries/QS", "/countries/QP"),
    *("/data", "/standards", "/consultations", "/commitments/lights"),
)


@dataclass
class Stepped:
    """Two stories told step by step, with what the public was shown at some of the steps."""

    told: Told
    at: dict[str, Mapping[str, Json]] = field(default_factory=dict)

    def tell(self, name: str, until: str) -> None:
        self.told.tell(STORIES[name], until)
        self.at[until] = {address: self.told.ask(address, None) for address in ADDRESSES}

    def board(self, step: str, address: str) -> Json:
        return self.at[step][address]["board"]


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stepped]:
    with hub(tmp_path_factory.mktemp("law"), DECEMBER) as told:
        stepped = Stepped(told)
        for step in ("s11-03", "s11-04", "s11-05", "s11-06"):
            stepped.tell("s11", step)
        for step in ("s12-01", "s12-04", "s12-06", "s12-07", "s12-08"):
            stepped.tell("s12", step)
        yield stepped


def test_s11_a_refusal_names_the_cell_and_says_how_to_mend_it(stepped: Stepped) -> None:
    [small, greater] = STORIES["s11"].refused
    [error] = stepped.told.send(small.event).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/data/observations/0/value", "not_allowed")
    assert '"<5"' in error["detail"] + error["hint"], error
    [error] = stepped.told.send(greater.event).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/data/observations/0/numerator", "too_big")


def test_s11_the_resent_figures_are_clear_and_tell_no_small_count(stepped: Stepped) -> None:
    assert stepped.told.ask(f"/events/{T}/s11-03", None)["event"]["tlp"] == "clear"
    table = stepped.board("s11-03", f"/datasets/{FIRST}")["tables"][0]
    assert (table["by"], [row["value"] for row in table["rows"]]) == (
        ["age_band", "gender", "stage"],
        [None, "<5", 88],
    )
    # With the total and the other cell in the clear it would not have been taken; nor can a correction open it.
    whole = next(event for event in STORIES["s11"].events if event["id"] == "s11-03")
    girls, boys, *_ = whole["data"]["observations"]
    total = {**girls, "value": 44, "dims": {"age_band": "12_14", "stage": "diversion"}}
    told = {**whole["data"], "observations": [total, girls, {**boys, "value": 41}]}
    [error] = stepped.told.send({**whole, "id": "s11-03-told", "data": told}).json()["errors"]
    assert (error["pointer"], error["code"]) == ("/data/observations/1/value", "reveals_a_cell")
    assert "send null" in error["hint"]
    opening = {
        "about_event": "s11-03",
        "reason": "typing",
        "changes": [{"pointer": "/observations/1/value", "to": 41}],
    }
    kept = {key: whole[key] for key in ("specversion", "source")}
    answer = stepped.told.send({**kept, "id": "s11-open", "type": "record.corrected", "data": opening})
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/data/changes/0/pointer"]


def test_s11_two_versions_are_two_series_without_a_bridge(stepped: Stepped) -> None:
    for ref in (ONE, TWO):
        benchmark = stepped.board("s11-05", f"/indicators/{ref}")["benchmark"]
        assert [one["indicator"] for one in benchmark["series"]] == [TWO, ONE]
        assert benchmark["joined"] is False
        for version in benchmark["series"]:
            assert {line["indicator"] for line in version["lines"]} == {version["indicator"]}
    chain = stepped.board("s11-05", f"/indicators/{ONE}")["versions"]
    assert [(one["version"], one["replaces"], one["replaced_by"]) for one in chain] == [
        ("1.0.0", None, [TWO]),
        ("2.0.0", ONE, []),
    ]
    # The second report replaces no figure of the first: it counts something else.
    assert stepped.board("s11-05", f"/datasets/{FIRST}")["superseded_by"] == {}


def test_s11_the_consensus_meter_drops_when_somebody_objects(stepped: Stepped) -> None:
    def shares(step: str) -> tuple[float, float]:
        consensus = stepped.board(step, f"/indicators/{TWO}")["consensus"]
        return consensus["share"], consensus["all_versions"]["share"]

    assert shares("s11-05") == (1.0, 1.0)
    assert shares("s11-06") == (0.667, 0.75)
    [objection] = stepped.board("s11-06", f"/indicators/{TWO}")["consensus"]["objections"]
    assert (objection["by"], objection["event"]["id"]) == ("partner:harbour-bar-watch", "s11-06")
    assert "cannot be verified" in objection["text"]


def test_s11_no_record_of_a_child_is_anywhere(stepped: Stepped) -> None:
    edges = stepped.told.edges()
    # Nobody is in the graph because of figures.
    of_figures = {
        end.partition(":")[0] for one in edges for end in (one[0], one[2]) if {FIRST, SECOND} & set(one)
    }
    assert of_figures == {"dataset", "indicator", "place"}
    events = stepped.told.ask("/events", "stewards", limit="500", type="legalaid.*")["events"]
    counts = [one["value"] for event in events for one in event["data"]["observations"]]
    assert not [value for value in counts if isinstance(value, int) and 0 < value < LEAST]


def test_s11_women_in_leadership_stands_beside(stepped: Stepped) -> None:
    page = stepped.at["s11-06"]["/countries/QS"]
    shown = {one["indicator"]: one for one in page["access"]["indicators"]}
    assert [one["code"] for one in shown.values()] == ["LA-16", "LA-16", "LA-19"]
    [line] = shown["indicator:stewards.LA-19.1"]["latest"]
    assert (line["unit"], [point["value"] for point in line["points"]]) == ("percent", [58])
    [first, _] = page["access"]["reports"]
    assert (first["reporter"], first["coverage_percent"]) == ("partner:tallow-clinic", 62)


def test_s11_the_figures_can_be_downloaded_with_what_explains_them(stepped: Stepped) -> None:
    whole = stepped.at["s11-06"]["/data"]
    assert {one["indicator"] for one in whole["definitions"]} == {ONE, TWO, "indicator:stewards.LA-19.1"}
    assert {one["dataset"] for one in whole["coverage"]} == {FIRST, SECOND}
    answer = stepped.told.client.get("/api/v1/data", params={"format": "csv", "indicator": "LA-16"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 6
    small = next(row for row in rows if row["INDICATOR"] == ONE and row["SEX"] == "F")
    names = (
        "REF_AREA",
        "TIME_PERIOD",
        "AGE",
        "STAGE",
        "OBS_VALUE",
        "OBS_STATUS",
        "CONF_STATUS",
        "INDICATOR_VERSION",
    )
    assert [small[name] for name in names] == ["QS", "2026-Q3", "Y12T14", "DIVERSION", "", "Q", "C", "1.0.0"]
    other = stepped.told.client.get(
        "/api/v1/data", params={"country": "QM", "period": "2026", "indicator": TWO}
    )
    assert other.json()["data"]["dataSets"][0]["observations"] == {}


def test_s12_the_consultation_stands_on_the_board_until_it_closes(stepped: Stepped) -> None:
    [open_one] = stepped.at["s12-01"]["/consultations"]["items"]
    assert (open_one["ref"], open_one["closes"], open_one["days_left"]) == (BILL, "2027-01-15", 45)
    assert open_one["standards"] == ["un-bprl:22", "un-bprl:24", "un-bprl:28"]
    assert stepped.told.ask("/consultations", None, country="QS")["total"] == 0


def test_s12_the_law_is_mixed_and_what_was_taken_out_is_said(stepped: Stepped) -> None:
    board = stepped.board("s12-04", f"/policies/{BILL}")
    assert [(one["stage"], one["as_of"]) for one in board["stages"]] == [
        ("draft", "2026-11-09"),
        ("adopted", "2027-02-19"),
    ]
    assert (board["direction"]["stated"]["value"], board["direction"]["mixed"]) == ("mixed", True)
    assert {one["ref"]: one["removed"] and one["removed"]["event"]["id"] for one in board["provisions"]} == {
        "section 4": None,
        "section 9": None,
        "section 15": "s12-04",
    }
    asked = stepped.told.ask(f"/policies/{BILL}", "northlight-law-society")["board"]
    assert asked["actions"] == ["action:lanterns-for-counsel.A-1201"]


def test_s12_the_commitment_is_disputed_with_both_lights(stepped: Stepped) -> None:
    before, board = (stepped.board(step, f"/commitments/{PROMISE}") for step in ("s12-06", "s12-07"))
    assert (before["badge"], board["badge"]) == (None, "DISPUTED")
    assert {side: one["state"] for side, one in board["last"].items()} == {
        "self": "fulfilled",
        "independent": "partly_fulfilled",
    }
    assert (before["lights"]["independent"], board["lights"]["self"], board["lights"]["independent"]) == (
        None,
        "green",
        "green",
    )
    assert board["supports"] == [BILL]
    found = stepped.told.ask("/commitments/lights", None, badge="DISPUTED")
    assert [one["ref"] for one in found["items"]] == [PROMISE]
    assert stepped.told.ask("/commitments/lights", None, light="red")["total"] == 0


def test_s12_the_practice_gap_stays_open_and_feeds_the_country_page(stepped: Stepped) -> None:
    board = stepped.board("s12-08", f"/policies/{BILL}")
    assert {name: board["practice_gap"][name] for name in ("value", "open")} == {
        "value": "wide",
        "open": True,
    }
    page = stepped.at["s12-08"]["/countries/QP"]["access"]
    assert page["practice_gaps_open"] == 1
    assert [one["practice_gap"]["value"] for one in page["policies"]] == ["wide"]
    [promise] = page["commitments"]
    assert (promise["badge"], promise["self"], promise["independent"]) == ("DISPUTED", "green", "green")


def test_s12_a_treaty_enters_in_the_same_way(stepped: Stepped) -> None:
    treaty = "policy:northlight-law-society.PO-1202"
    for step, action, stage in (("a", "signature", "signed"), ("b", "ratification", "ratified")):
        data = {"policy": treaty, "title": {"en": "A treaty"}, "instrument": "treaty_action", "country": "QV"}
        more = {"stage": stage, "as_of": f"2026-0{1 + (step == 'b')}", "treaty": {"action": action}}
        event = {"specversion": "1.0", "id": f"s12-t{step}", "source": N, "type": "policy.changed"}
        answer = stepped.told.send({**event, "data": {**data, **more}})
        assert answer.status_code == 201, answer.json()
        stepped.told.cursor = answer.json()["cursor"]
    board = stepped.told.ask(f"/policies/{treaty}", None)["board"]
    assert [(one["action"], one["as_of"]) for one in board["treaty"]] == [
        ("signature", "2026-01"),
        ("ratification", "2026-02"),
    ]
    assert stepped.told.ask("/countries/QV", None)["access"]["policies"][0]["stage"] == ["ratified"]


def test_s12_norms_show_which_of_their_provisions_are_engaged(stepped: Stepped) -> None:
    norms = {one["norm"]: one for one in stepped.at["s12-08"]["/standards"]["norms"]}
    events = {one["standard"]: one["events"] for one in norms["un-bprl"]["provisions"]}
    assert (norms["un-bprl"]["of"], len(events)) == (29, 29)
    assert {code: number for code, number in events.items() if number} == {
        "un-bprl:22": 3,
        "un-bprl:24": 3,
        "un-bprl:28": 3,
    }
    assert norms["un-lapg"]["engaged"] == 1


def test_the_reports_may_come_in_any_order(tmp_path_factory: pytest.TempPathFactory) -> None:
    events = [
        event
        for name in ("s11", "s12")
        for event in STORIES[name].events
        if event["type"] not in {"action.proposed", "action.joined"}
    ]
    seen = []
    for order in (events, events[::-1]):
        with hub(tmp_path_factory.mktemp("order"), DECEMBER) as told:
            for event in order:
                answer = told.send(event)
                assert answer.status_code == 201, answer.json()
                told.cursor = answer.json()["cursor"]
            answers = [told.ask(address, None) for address in ADDRESSES]
            boards = [one.get("board", one) if isinstance(one, dict) else one for one in answers]
            seen.append(boards)
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "asked",
    [
        "standards?norm=UN",
        "commitments/lights?light=pink",
        "data?indicator=la-16",
        "data?period=soon",
        "data?format=xml",
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_can(stepped: Stepped, asked: str) -> None:
    answer = stepped.told.client.get(f"/api/v1/{asked}")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (
        400,
        f"/query/{asked.partition('?')[2].partition('=')[0]}",
    )
    assert error["hint"]
