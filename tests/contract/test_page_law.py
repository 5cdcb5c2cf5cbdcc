"""/policy, /data and /countries: what they tell, that charts say what the API says, and what is hidden is absent."""

import re

import pytest

from tests.forms import page, say
from tests.running import TestClient, World, make_world, threat

OWN = "harbour-bar-watch"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("hub"))
    made.issue("reader", "open-docket", "coordinator", clearance="amber")
    return made


@pytest.fixture(scope="module")
def told(client: TestClient, world: World) -> str:
    """Tell of two laws, an indicator in two versions with figures, a promise and threats; return a cursor."""
    for number, title, country, stage, gap in (
        (1, "Bill <on> advocates", "QM", "consultation", "wide"),
        (2, "Old act", "QN", "in_force", "none"),
    ):
        law = {
            "policy": f"policy:{OWN}.{number}", "title": {"en": title}, "stage": stage, "country": country,
            "direction": "weakens", "practice_gap": gap, "consultation_closes": f"2031-05-{10 + number}",
            "provisions": [{"ref": "s 1", "summary": "Open.", "direction": "weakens", "standards": ["un-bprl:16"]}],
        }  # fmt: skip
        label = {} if number == 1 else {"tlp": "amber", "audience": "open-docket"}
        say(client, world, "publisher", "policy.changed", law, **label)
    promise = {"commitment": f"commitment:{OWN}.1", "by": f"body:{OWN}.ministry", "text": {"en": "Repeal it."},
               "kind": "pledge", "country": "QM", "made": "2030-05-04", "due": "2032-05-04"}  # fmt: skip
    promise["kind"] = first_code(world, "commitment_kind")
    say(client, world, "publisher", "commitment.made", promise)
    at = say(client, world, "publisher", "commitment.progressed",
             {"commitment": f"commitment:{OWN}.1", "state": "delayed", "as_of": "2031-01-04"})  # fmt: skip
    for number in range(1, 4):
        place = {
            "threat": f"threat:{OWN}.{number}",
            "place": {"country": "QM"},
            "status": "ongoing",
            "occurred": "2031-01-01",
        }
        event = threat(number, id=f"law-{number}", data={"title": f"Threat {number}", **place})
        answer = client.post("/api/v1/events", json=event, headers=world.bearer("publisher"))
        assert answer.status_code == 201, answer.text
        at = answer.json()["cursor"]
    return str(at)


def first_code(world: World, vocabulary: str) -> str:
    return next(iter(world.registry.vocabularies[vocabulary].codes))


def test_laws_stand_by_country_and_stage_with_their_clocks(
    client: TestClient, world: World, told: str
) -> None:
    seen = page(client, world, "reader", "/policy", told)
    assert "Bill <on> advocates" in seen
    assert "Old act" in seen
    open_ones = client.get("/api/v1/consultations", headers=world.bearer("reader")).json()["items"]
    assert f'<p class="days">{open_ones[0]["days_left"]} ' in seen
    assert 'href="/policy?country=QM&stage=consultation#laws"' in seen
    assert f'href="/policies/policy:{OWN}.1"' in seen
    assert "Wide gap" in seen
    provisions = page(client, world, "reader", f"/policies/policy:{OWN}.1")
    assert 'title="standard:un-bprl:16"><bdi>UN Basic Principles on Lawyers, 16</bdi></a></td>' in provisions
    only = page(client, world, "reader", "/policy?stage=in_force&gap=none")
    laws = only[only.index('id="laws"') : only.index('id="norms"')]
    assert "Old act" in laws
    assert "Bill" not in laws


def test_a_law_that_one_may_not_see_is_nowhere_on_the_page(
    client: TestClient, world: World, told: str
) -> None:
    seen = page(client, world, None, "/policy", told)
    assert "Bill <on> advocates" in seen
    assert "Old act" not in seen
    assert "QN" not in seen


def test_the_chart_of_standards_says_what_the_api_counts(client: TestClient, world: World, told: str) -> None:
    for who in (None, "reader"):
        headers = {} if who is None else world.bearer(who)
        norms = client.get("/api/v1/standards?norm=un-bprl", headers=headers).json()["norms"]
        counted = {one["standard"]: one["events"] for one in norms[0]["provisions"] if one["events"]}
        seen = page(client, world, who, "/policy?norm=un-bprl", told)
        figure = seen[seen.index('<figure class="chart">') :]
        svg, table = (
            figure[: figure.index("</svg>")],
            figure[figure.index("<tbody>") : figure.index("</tbody>")],
        )
        assert svg.count('class="bar"') == len(counted)
        assert [int(one) for one in re.findall(r'<td class="number">(\d+)</td>', table)] == list(
            counted.values()
        )
        assert [int(one) for one in re.findall(r'class="value"[^>]*>(\d+)<', svg)] == list(counted.values())


def test_promises_show_both_sides_and_a_dot_for_each_report(
    client: TestClient, world: World, told: str
) -> None:
    seen = page(client, world, None, "/data/promises", told)
    assert "Repeal it." in seen
    assert "Delayed" in seen
    assert "No report yet." in seen
    assert "120 days" in seen
    assert seen.count('class="mark"') >= 1
    assert "No promise" in page(client, world, None, "/data/promises?country=QN")


def test_small_numbers_are_hidden_from_the_public_in_charts_too(
    client: TestClient, world: World, told: str
) -> None:
    said = client.get("/api/v1/countries/QM").json()["safety"]["threats"]
    assert said["count"] != 3
    for address in ("/countries", "/countries/QM"):
        seen = page(client, world, None, address, told)
        assert "hidden" in seen
        assert not re.search(r'class="value"[^>]*>3<', seen)
    whole = page(client, world, "reader", "/countries/QM", told)
    assert re.search(r'class="value"[^>]*>3<', whole)
    assert "The safety of lawyers" in whole
    assert "Access to justice" in whole
    assert client.get("/countries/QZ").status_code == 404


def test_impunity_counts_the_days_that_the_api_counts(client: TestClient, world: World, told: str) -> None:
    said = client.get("/api/v1/impunity", headers=world.bearer("reader")).json()
    seen = page(client, world, "reader", "/data/impunity", told)
    assert f"<dd>{said['total']}</dd>" in seen
    days = [str(one["clock"]["days"]) for one in said["items"]]
    assert re.findall(r'class="value"[^>]*>(\d+) days<', seen) == days
    assert "Threat 1" not in page(client, world, None, "/data/impunity")
    assert page(client, world, "reader", "/data/works")


REF = f"indicator:{OWN}.LA-16"


@pytest.fixture(scope="module")
def figures(client: TestClient, world: World, told: str) -> str:
    """Define an indicator in two versions, and report figures of both, some of them hidden; return a cursor."""
    for number in (1, 2):
        said = {"indicator": f"{REF}.{number}", "code": "LA-16", "version": f"{number}.0.0", "unit": "count",
                "name": {"en": "Children diverted"}, "definition": {"en": f"Definition {number}."},
                "status": "agreed", "minimum_cell": 5, "endorsed_by": ["partner:open-docket"]}  # fmt: skip
        more = {"replaces": f"{REF}.1", "objections": [{"by": f"partner:{OWN}", "text": "Not alike."}]}
        say(client, world, "steward", "indicator.defined", {**said, **(more if number == 2 else {})})
    reports = (
        ("a", "2029-01/2029-12", f"{REF}.1", [("man", 88), ("woman", "<5"), ("other", None)]),
        ("b", "2029-01/2029-12", f"{REF}.2", [("man", 97), ("woman", 14)]),
        ("c", "2030-01/2030-12", f"{REF}.2", [("man", 120), ("woman", 31)]),
    )
    at = ""
    for name, period, version, cells in reports:
        observed = [
            {
                "indicator": version,
                "value": value,
                "unit": "count",
                "dims": {"gender": code, "age_band": "18_24"},
            }
            for code, value in cells
        ]
        hides = {"suppression": {"threshold": 5, "cells_suppressed": 2}} if name == "a" else {}
        report = {"dataset": f"dataset:{OWN}.{name}", "country": "QM", "period": period, "observations": observed,
                  "coverage_percent": 62, "population_definition": "Three districts.", **hides}  # fmt: skip
        at = say(client, world, "publisher", "legalaid.reported", report)
    return at


def charts(seen: str) -> list[tuple[str, str]]:
    """Return of each figure its picture and the rows of its table."""
    found = re.findall(r'<figure class="chart">.*?</figure>', seen)
    return [(one[: one.index("<details")], one[one.index("<tbody>") :]) for one in found]


def test_charts_of_figures_say_what_the_download_says(client: TestClient, world: World, figures: str) -> None:
    seen = page(client, world, None, "/data?indicator=LA-16", figures)
    said = client.get("/api/v1/data?indicator=LA-16&format=csv").text.splitlines()
    head = said[0].split(",")
    rows = [dict(zip(head, one.split(","), strict=True)) for one in said[1:]]
    known = sorted(one["OBS_VALUE"] for one in rows if one["OBS_STATUS"] == "A")
    drawn = charts(seen)
    assert len(drawn) == 2
    for part in (0, 1):
        shown = [one for each in drawn for one in re.findall(r">([^<>]+)<", each[part])]
        assert sorted(one for one in shown if one in known) == known
        assert shown.count("1 to 4, hidden") == sum(one["CONF_STATUS"] == "C" for one in rows)
        assert shown.count("hidden with others") == sum(one["CONF_STATUS"] == "S" for one in rows)


def test_versions_stand_apart_each_with_definition_and_who_agrees(
    client: TestClient, world: World, figures: str
) -> None:
    seen = page(client, world, None, "/data?indicator=LA-16", figures)
    assert "Definition 1." in seen
    assert "Definition 2." in seen
    assert "must never be joined into one line" in seen
    assert '<q dir="auto">Not alike.</q>' in seen
    assert "50% of those who said something endorse it." in seen
    assert "Three districts." in seen
    assert "62%" in seen
    bars, lines = sorted(charts(seen), key=lambda one: "curve" in one[0])
    assert 'class="bar unknown"' in bars[0]
    assert "curve" not in bars[0]
    assert lines[0].count('class="curve"') == 2
    assert 'href="/api/v1/data?indicator=LA-16&format=csv"' in seen


def test_a_chart_is_named_described_and_mirrored_where_people_read_from_the_right(
    client: TestClient, world: World, figures: str
) -> None:
    seen = page(client, world, None, "/data?indicator=LA-16&country=QM&period=2029", figures)
    assert re.search(
        r'<svg [^>]*role="img"[^>]*aria-labelledby="(\S+)-t \1-d"><title id="\1-t">Children', seen
    )
    ids = re.findall(r' id="([^"]+)"', seen)
    assert len(ids) == len(set(ids))
    client.cookies.set("hub_language", "ar")
    turned = client.get("/data?indicator=LA-16&period=2029").text
    client.cookies.clear()
    assert 'direction="rtl"' in turned
    left = float(re.findall(r'class="bar" x="([0-9.]+)%"[^>]*width="([0-9.]+)%"', turned)[0][0])
    width = float(re.findall(r'class="bar" x="([0-9.]+)%"[^>]*width="([0-9.]+)%"', turned)[0][1])
    assert left + width == pytest.approx(100)
