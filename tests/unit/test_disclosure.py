"""Disclosure control: no small count is told, and none can be computed from what is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from events.decisions.aggregate import Actor, DecisionRefused
from events.decisions.figures import Figures
from events.disclosure import LEAST, SMALL, cells_of, hide_small
from events.disclosure_audit import audit
from events.disclosure_rules import figure_problems
from events.disclosure_solver import Budget
from events.intake import EventRefused
from tests.archive_fixtures import Archive, sqlite_url

Json = Any

SLUG = "tallow-clinic"
OWN = f"urn:hub:partner:{SLUG}"
ALL: dict[str, str] = {}
WOMEN, MEN, OTHERS = ({"gender": code} for code in ("woman", "man", "unknown"))
GIRLS = {"age_band": "12_14"}


def count(value: Json, dims: dict[str, str], **more: Json) -> Json:
    return {"indicator": f"indicator:{SLUG}.16", "value": value, "unit": "count", "dims": dims, **more}


def share(value: Json, part: Json, whole: Json, dims: dict[str, str] = ALL) -> Json:
    return {**count(value, dims), "unit": "percent", "numerator": part, "denominator": whole}


def report(*observations: Json, **more: Json) -> Json:
    data = {"dataset": f"dataset:{SLUG}.1", "country": "QS", "period": "2026-07/2026-09"}
    return {**data, "observations": list(observations), **more}


def wrong(*observations: Json, **more: Json) -> list[tuple[str, str]]:
    return [
        (one.pointer.removeprefix("/data/observations/"), one.code)
        for one in figure_problems(report(*observations, **more), {})
    ]


@pytest.mark.parametrize(
    "cells",
    [
        [(41, ALL), (SMALL, WOMEN), (None, MEN)],
        [(SMALL, WOMEN), (38, MEN)],
        [(43, ALL), (SMALL, WOMEN), (SMALL, OTHERS), (38, MEN)],
        [(40, ALL), (20, WOMEN), (20, MEN), (40, {"stage": "trial"})],
        [(0, ALL), (0, WOMEN), (None, MEN)],
        [(None, ALL), (SMALL, WOMEN), (38, MEN)],
        [(20, ALL), (None, WOMEN), (5, MEN)],
        [(12, {"stage": "trial", **WOMEN}), (12, WOMEN), (30, MEN), (42, ALL)],
    ],
)
def test_a_table_from_which_no_small_count_follows_is_taken(cells: list[tuple[Json, Json]]) -> None:
    assert wrong(*(count(*cell) for cell in cells)) == []


@pytest.mark.parametrize(
    ("cells", "problems"),
    [
        ([(41, ALL), (SMALL, WOMEN), (38, MEN)], [("1/value", "reveals_a_cell")]),
        ([(10, ALL), (None, WOMEN), (7, MEN)], [("1/value", "reveals_a_cell")]),
        # Two that are four together are two at most three each.
        (
            [(42, ALL), (SMALL, WOMEN), (SMALL, OTHERS), (38, MEN)],
            [("1/value", "reveals_a_cell"), ("2/value", "reveals_a_cell")],
        ),
        # No total is told, but another breakdown has one.
        (
            [(SMALL, WOMEN), (38, MEN), (21, {"stage": "trial"}), (20, {"stage": "prison"})],
            [("0/value", "reveals_a_cell")],
        ),
        ([(41, ALL), (20, WOMEN), (20, MEN)], [("0/value", "sum_differs")]),
        ([(41, ALL), (SMALL, WOMEN)], [("0/value", "sum_differs")]),
        ([(40, WOMEN), (41, WOMEN)], [("1", "repeated_item")]),
        ([(5.5, WOMEN), (-7, MEN)], [("0/value", "wrong_value"), ("1/value", "wrong_value")]),
    ],
)
def test_the_cell_that_is_wrong_is_named(cells: list[tuple[Json, Json]], problems: list[Json]) -> None:
    assert wrong(*(count(*cell) for cell in cells)) == problems


def crossed(rows: list[list[Json]], genders: list[Json], ages: list[Json]) -> list[tuple[Json, Json]]:
    ways = [{"age_band": code} for code in ("18_24", "25_59")]
    inner = [
        (value, {**gender, **age})
        for row, gender in zip(rows, (WOMEN, MEN), strict=True)
        for value, age in zip(row, ways, strict=True)
    ]
    return [*inner, *zip(genders, (WOMEN, MEN), strict=True), *zip(ages, ways, strict=True)]


def test_sums_that_cross_are_looked_at_together() -> None:
    fits = crossed([[None, SMALL], [None, None]], [20, 30], [21, 29])
    assert wrong(*(count(*cell) for cell in fits)) == []
    # Each line by itself tells nothing: 4 of 20 are women, so 16 are; 21 leave 5 men there, and 4 women of 29 none.
    tells = crossed([[None, SMALL], [SMALL, None]], [20, 30], [20, 30])
    assert wrong(*(count(*cell) for cell in tells)) == []
    pinned = crossed([[None, SMALL], [SMALL, None]], [20, 30], [17, 33])
    assert [code for _, code in wrong(*(count(*cell) for cell in pinned))] == ["reveals_a_cell"] * 2
    # Each sum may be, and all together may not.
    never = crossed([[None, SMALL], [SMALL, None]], [20, 30], [14, 36])
    assert wrong(*(count(*cell) for cell in never)) == [("0/value", "sum_differs")]


CUBE = {
    (0, 0, 0): 5, (0, 2, 0): 5, (1, 0, 0): 9, (1, 0, 1): 9, (1, 1, 1): 5, (1, 2, 0): 9, (1, 2, 1): 3, (2, 2, 1): 5,
}  # fmt: skip
"""Gender, stage and offence → count; all others are zero. One is 3, and no sum over one of the three is 1 to 4."""


def pairs(cube: dict[tuple[int, int, int], int]) -> list[Json]:
    names = (
        ("gender", ("woman", "man", "other")),
        ("stage", ("trial", "prison", "pretrial")),
        ("offence_group", "ab"),
    )
    made = []
    for left, right in ((0, 1), (1, 2), (0, 2)):
        for i, one in enumerate(names[left][1]):
            for j, two in enumerate(names[right][1]):
                value = sum(v for key, v in cube.items() if (key[left], key[right]) == (i, j))
                made.append(count(value, {names[left][0]: one, names[right][0]: two}))
    return made


@pytest.mark.parametrize("budget", [Budget(unknowns=10), Budget(nodes=0)])
def test_where_the_work_would_be_too_much_nothing_is_taken(budget: Budget) -> None:
    three = [[None, None, SMALL], [None, SMALL, None], [SMALL, None, None]]
    cells = [
        count(value, {"gender": gender, "stage": stage})
        for row, gender in zip(three, ("woman", "man", "other"), strict=True)
        for value, stage in zip(row, ("trial", "prison", "pretrial"), strict=True)
    ]
    ends = [count(23, {"gender": code}) for code in ("woman", "man", "other")]
    ends += [count(23, {"stage": code}) for code in ("trial", "prison", "pretrial")]
    assert audit(cells_of([*cells, *ends], {})) == []
    assert audit(cells_of([*cells, *ends], {}), budget) == [("too_many_cells", "/data/observations/0/value")]


def test_a_cell_that_nobody_published_must_not_follow_either() -> None:
    assert [code for _, code in wrong(*pairs(CUBE))] == ["reveals_a_cell"]
    assert wrong(*pairs({**CUBE, (1, 2, 1): 8})) == []
    # Somebody is not split by all: then nothing can be said of the crossing.
    left_out = [*pairs(CUBE)[:-1], count(7, {"gender": "non_binary", "offence_group": "a"})]
    assert [code for _, code in wrong(*left_out)] == ["sum_differs"] * 3


def test_more_breakdowns_than_anybody_can_look_at_are_refused() -> None:
    codes = [f"c{number}" for number in range(20)]
    names = ("offence_group", "status", "subdivision")
    many = [
        count(9, {left: one, right: two})
        for left, right in ((names[0], names[1]), (names[1], names[2]), (names[0], names[2]))
        for one in codes
        for two in codes
    ]
    assert wrong(*many) == [("0/value", "too_many_cells")]
    crossing = [count(None, {"gender": one, "status": two}) for one in codes for two in codes]
    ends = [count(200, {name: one}) for name in ("gender", "status") for one in codes]
    hidden = [count(SMALL, {"gender": one, "status": one}) for one in codes]
    others = [one for one in crossing if one["dims"]["gender"] != one["dims"]["status"]]
    assert wrong(*hidden, *others, *ends) == []


def test_a_percentage_does_not_give_a_small_number_away() -> None:
    assert wrong(share(6.0, None, 50)) == [("0/numerator", "reveals_a_cell")]
    assert wrong(share(61.9, None, 420)) == []
    assert wrong(share(50.0, 6, None)) == []
    assert wrong(share(100, 8, None)) == []
    assert wrong(share(0, 0, None)) == []
    assert wrong(share(110, 55, 50)) == [("0/numerator", "too_big")]
    # What follows from a percentage takes part in the sums.
    cells = [share(50.0, 30, 60), share(None, None, 40, WOMEN), share(80, None, 20, MEN)]
    assert wrong(*cells) == []
    assert wrong(cells[0], share(None, None, 30, WOMEN), share(93.3, None, 30, MEN)) == [
        ("1/numerator", "reveals_a_cell")
    ]


def test_a_stricter_smallest_count_is_kept() -> None:
    assert wrong(count(7, WOMEN), suppression={"threshold": 10}) == [("0/value", "not_allowed")]
    assert wrong(share(50, 7, 14), suppression={"threshold": 10}) == [("0/numerator", "not_allowed")]
    cells = [count(41, ALL), count(None, WOMEN), count(33, MEN)]
    assert wrong(*cells) == []
    assert wrong(*cells, suppression={"threshold": 10}) == [("1/value", "reveals_a_cell")]


def test_no_figure_is_about_one_child() -> None:
    days = {**count(17, GIRLS), "unit": "days"}
    assert wrong(days) == [("0/denominator", "required")]
    assert wrong({**days, "denominator": 12}) == []
    assert wrong({**days, "value": None}) == []
    assert wrong(share(None, 9, 11, GIRLS)) == [("0/numerator", "not_allowed")]
    assert wrong(share(None, 11, 11, GIRLS), share(None, 9, 11, {"age_band": "25_59"})) == []


def test_what_the_hub_counts_hides_in_the_same_way() -> None:
    assert hide_small({"a": 0, "b": 12}, 12) == ({"a": 0, "b": 12}, 12)
    assert hide_small({"a": 3, "b": 12, "c": 7}, 22) == ({"a": SMALL, "b": 12, "c": None}, 22)
    assert hide_small({"a": 3, "b": 2, "c": 7}, 12) == ({"a": SMALL, "b": SMALL, "c": 7}, 12)
    assert hide_small({"a": 3, "b": 4, "c": 7}, 14) == ({"a": SMALL, "b": SMALL, "c": None}, 14)
    assert hide_small({"a": 3, "b": 4}, 7) == ({"a": SMALL, "b": SMALL}, None)
    assert hide_small({"a": 3, "b": 0}, 3) == ({"a": None, "b": None}, SMALL)
    assert hide_small({}, LEAST) == ({}, LEAST)


@pytest.fixture
def archive(tmp_path: Any) -> Iterator[Archive]:
    opened = Archive(sqlite_url(tmp_path))
    opened.begin({SLUG: ["legal_aid_provider", "policy"], "quill-network": ["policy"]})
    yield opened
    opened.store.close()


def test_what_is_refused_says_how_to_mend_it(archive: Archive) -> None:
    with pytest.raises(EventRefused) as caught:
        archive.check(SLUG, "legalaid.reported", report(count(41, ALL), count(SMALL, WOMEN), count(38, MEN)))
    [problem] = caught.value.problems
    assert (problem.pointer, problem.code) == ("/data/observations/1/value", "reveals_a_cell")
    assert problem.hint == "Hide a second cell of the same total (send null), or leave the total out."


@pytest.mark.parametrize(
    "more", [{}, {"dataset": f"dataset:{SLUG}.2"}, {"dataset": f"dataset:{SLUG}.2", "supersedes": f"dataset:{SLUG}.1",
                                                   "population_definition": "Others, it says"}],
)  # fmt: skip
def test_a_report_must_not_open_what_an_earlier_one_hid(archive: Archive, more: Json) -> None:
    first = report(count(41, ALL), count(SMALL, WOMEN), count(None, MEN))
    assert archive.push(SLUG, "legalaid.reported", first).status == "stored"
    assert archive.push(SLUG, "legalaid.reported", report(count(SMALL, WOMEN), **more)).status == "stored"
    again = archive.push(SLUG, "legalaid.reported", report(count(None, WOMEN), count(38, MEN), **more))
    assert again.status == "refused"
    assert [(one.pointer, one.code) for one in again.problems] == [
        ("/data/observations/0/value", "reveals_a_cell")
    ]
    hidden = archive.push(SLUG, "legalaid.reported", report(count(38, MEN), **more))
    assert [one.pointer for one in hidden.problems] == ["/data/observations"]


def test_figures_that_were_revised_or_are_of_others_may_come(archive: Archive) -> None:
    first = report(count(41, ALL), count(SMALL, WOMEN), count(None, MEN))
    assert archive.push(SLUG, "legalaid.reported", first).status == "stored"
    revised = report(count(58, ALL), count(14, WOMEN), count(44, MEN), dataset=f"dataset:{SLUG}.2")
    assert archive.push(SLUG, "legalaid.reported", revised).status == "stored"
    # Nor can these be put together with the first.
    revised = report(count(None, ALL), count(None, WOMEN), count(99, MEN), dataset=f"dataset:{SLUG}.1")
    assert archive.push(SLUG, "legalaid.reported", revised).status == "stored"
    others = report(
        count(38, MEN), dataset=f"dataset:{SLUG}.3", population_definition="Somebody else altogether"
    )
    assert archive.push(SLUG, "legalaid.reported", others).status == "stored"
    chain = {"dataset": f"dataset:{SLUG}.4", "supersedes": f"dataset:{SLUG}.3"}
    later = report(count(None, MEN), **chain, population_definition="Renamed")
    assert archive.push(SLUG, "legalaid.reported", later).status == "stored"
    # A chain of reports is one, whatever it calls those it counts.
    chain = {"dataset": f"dataset:{SLUG}.5", "supersedes": f"dataset:{SLUG}.4"}
    total = report(count(40, ALL), count(None, WOMEN), **chain, population_definition="Renamed again")
    assert [one.code for one in archive.push(SLUG, "legalaid.reported", total).problems] == ["reveals_a_cell"]


def test_the_smallest_count_of_an_indicator_holds_if_its_owner_says_it_to_all(archive: Archive) -> None:
    ref = f"indicator:{SLUG}.16"
    said = {
        "indicator": ref,
        "code": "LA-16",
        "version": "1.0.0",
        "name": {"en": "Diverted"},
        "unit": "count",
    }
    said = {**said, "definition": {"en": "Diverted"}}
    seven = report(count(7, WOMEN))
    archive.push("quill-network", "indicator.defined", {**said, "minimum_cell": 10})
    archive.push(SLUG, "indicator.defined", {**said, "minimum_cell": 10}, tlp="green")
    archive.push(SLUG, "indicator.defined", said)
    assert archive.push(SLUG, "legalaid.reported", seven).status == "stored"
    archive.push(SLUG, "indicator.defined", {**said, "minimum_cell": 10})
    with pytest.raises(EventRefused) as caught:
        archive.check(SLUG, "legalaid.reported", seven)
    assert [one.pointer for one in caught.value.problems] == ["/data/observations/0/value"]


@pytest.mark.parametrize(
    ("pointer", "to", "is_allowed"),
    [
        ("/observations/0/value", 38, False),
        ("/observations/0/value", SMALL, False),
        ("/observations/0/value", None, True),
        ("/observations/0/dims/gender", None, False),
        ("/observations", [], False),
        ("/case_outcomes/diverted", 12, False),
        ("/coverage_percent", 60, True),
    ],
)
def test_a_correction_opens_no_cell(archive: Archive, pointer: str, to: Json, *, is_allowed: bool) -> None:
    data = {"about_event": "e1", "changes": [{"pointer": pointer, "to": to}]}
    if is_allowed:
        archive.check(SLUG, "record.corrected", data)
        return
    with pytest.raises(EventRefused) as caught:
        archive.check(SLUG, "record.corrected", data)
    assert [one.pointer for one in caught.value.problems] == ["/data/changes/0/pointer"]


def test_what_was_revised_away_still_hides_what_it_hid(archive: Archive) -> None:
    """A total that differs must not open the way: readers hold the earlier report, too."""
    for number, cells in enumerate(
        ([count(41, ALL), count(SMALL, WOMEN), count(None, MEN)], [count(99, ALL)]), start=1
    ):
        told = report(*cells, dataset=f"dataset:{SLUG}.{number}")
        assert archive.push(SLUG, "legalaid.reported", told).status == "stored"
    rest = archive.push(SLUG, "legalaid.reported", report(count(38, MEN), dataset=f"dataset:{SLUG}.3"))
    assert [one.code for one in rest.problems] == ["reveals_a_cell"]


def test_reports_of_which_nobody_can_tell_what_follows_are_not_taken(archive: Archive) -> None:
    """One by one they are looked at; together they cross too often."""
    codes = [f"{letter}{number}" for letter in "abcd" for number in range(9)]
    decided = Figures.blank(Figures.stream("many"))
    actor = Actor(SLUG, "ann", frozenset(), frozenset(), datetime(2026, 11, 2, tzinfo=UTC))
    refused = []
    for number, name in enumerate(("gender", "stage", "status", "offence_group")):
        cells = [count(None, {name: code}) for code in codes]
        data = report(*cells, dataset=f"dataset:{SLUG}.{number}")
        assert figure_problems(data, {}) == []
        try:
            decided.decide("legalaid.reported", {"source": OWN, "data": data}, actor)
        except DecisionRefused as problem:
            refused.append(problem.code)
        else:
            decided.fold("legalaid.reported", {"source": OWN, "data": data})
    assert refused == ["too_many_cells"] * len(refused) != []


def test_of_children_a_percentage_leaves_no_few_either() -> None:
    assert wrong(share(97.0, None, 100, GIRLS)) == [("0/numerator", "not_allowed")]
    assert wrong(share(99, None, 200, GIRLS)) == [("0/numerator", "not_allowed")]
    assert wrong(share(90.0, None, 100, GIRLS), share(100.0, None, 10, {"age_band": "15_17"})) == []


@pytest.mark.parametrize(
    ("value", "part", "whole", "fits"),
    [
        (50, 25, 50, True),
        (20, 25, 50, False),
        (61.9, 260, 420, True),
        (62, 260, 420, True),
        (61, 260, 420, True),  # cut off, as some registers do
        (61.8, 260, 420, False),
        (60, 260, 420, False),
        (0, 0, 0, True),
        (None, 260, 420, True),
    ],
)
def test_a_percentage_is_that_of_its_numbers(value: Json, part: int, whole: int, *, fits: bool) -> None:
    cell = {
        "indicator": "indicator:a.1",
        "unit": "percent",
        "value": value,
        "numerator": part,
        "denominator": whole,
    }
    problems = figure_problems({"observations": [cell]}, {})
    wrong = [] if fits else [("/data/observations/0/value", "sum_differs")]
    assert [(one.pointer, one.code) for one in problems] == wrong


def test_an_agreed_version_keeps_its_formula(archive: Archive) -> None:
    ref = f"indicator:{SLUG}.21"
    draft = {"indicator": ref, "code": "LA-21", "version": "1.0.0", "name": {"en": "Trained"}, "unit": "count",
             "definition": {"en": "Lawyers trained"}}  # fmt: skip
    said = {**draft, "numerator": "Trained"}

    def pushed(data: Json, slug: str = SLUG, **more: Json) -> list[tuple[str, str]]:
        found = archive.push(slug, "indicator.defined", data, **more).problems
        return [(one.pointer, one.code) for one in found]

    assert pushed(draft) == []
    assert pushed({**said, "unit": "percent", "status": "agreed"}) == []
    # An amended draft is none of the agreed one: so it takes a new version, with a reference of its own.
    assert pushed({**said, "status": "agreed"}) == [("/data/unit", "already_decided")]
    agreed = {**said, "unit": "percent", "status": "retired"}
    assert pushed({**agreed, "definition": {"en": "All lawyers"}}) == [
        ("/data/definition/en", "already_decided")
    ]
    assert pushed({**agreed, "numerator": "All"}) == [("/data/numerator", "already_decided")]
    assert pushed({**agreed, "definition": {"en": "Lawyers trained", "fr": "Avocats formés"}}) == []
    # What others make of it, or what is not for all, is refused by nothing.
    assert pushed(draft, "quill-network") == []
    assert pushed(draft, tlp="green") == []
    first = archive.push(SLUG, "indicator.defined", {**draft, "indicator": f"{ref}b"})
    changes = [{"pointer": "/name/en", "to": "Taught"}, {"pointer": "/unit", "to": "hours"}]
    correction = {"about_event": first.id, "changes": changes}
    problems = archive.push(SLUG, "record.corrected", correction).problems
    assert [(one.pointer, one.code) for one in problems] == [("/data/changes/1/pointer", "already_decided")]
