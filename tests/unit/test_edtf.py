"""Dates of the world: what EDTF of 2019 admits here, and which days they mean."""

from datetime import date
from pathlib import Path
from random import Random
from time import thread_time

import orjson
import pytest

from schemas.edtf import LONGEST, PATTERN, NotEdtf, bounds, check, sort_key
from tests.depth import in_depth

MEANT = [
    ("2026", "2026-01-01", "2026-12-31"),
    ("2026-11", "2026-11-01", "2026-11-30"),
    ("2024-02", "2024-02-01", "2024-02-29"),
    ("2026-11-02", "2026-11-02", "2026-11-02"),
    ("2026-11-02~", "2026-11-02", "2026-11-02"),
    ("2026-11?", "2026-11-01", "2026-11-30"),
    ("2026%", "2026-01-01", "2026-12-31"),
    ("202X", "2020-01-01", "2029-12-31"),
    ("20XX", "2000-01-01", "2099-12-31"),
    ("2026-XX", "2026-01-01", "2026-12-31"),
    ("2026-11-XX", "2026-11-01", "2026-11-30"),
    ("202X-11-02", "2020-11-02", "2029-11-02"),
    ("2026-21", "2026-03-01", "2026-05-31"),
    ("2026-11-02T09:30:00Z", "2026-11-02", "2026-11-02"),
    ("2026-11-02T09:30:00+04:00", "2026-11-02", "2026-11-02"),
    ("[2026-03-04,2026-04-03]", "2026-03-04", "2026-04-03"),
    ("[2026-04-03,2026-03-04]", "2026-03-04", "2026-04-03"),
    ("[2026-03-04..2026-03-09]", "2026-03-04", "2026-03-09"),
    ("2026-07/2026-09", "2026-07-01", "2026-09-30"),
    ("2026-07-01~/2026-09?", "2026-07-01", "2026-09-30"),
    ("2026-07/..", "2026-07-01", None),
    ("../2026-07", None, "2026-07-31"),
    ("2026-07/", "2026-07-01", None),
    ("/2026-07", None, "2026-07-31"),
]

REFUSED = [
    *(
        "",
        " ",
        "yesterday",
        "2026/11/02",
        "02-11-2026",
        "26-11-02",
        "2026-13",
        "2026-00-01",
        "2026-11-2",
        "2026-02-30",
    ),
    *(
        "2026-11-31",
        "2025-02-29",
        "0000",
        "2026-11-02\n",
        "2026-11-02T25:00:00Z",
        "2026-11-02T09:30",
        "2026-02-30T09:30:00Z",
    ),
    *(
        "/",
        "../..",
        "../",
        "/..",
        "2026-09/2026-07",
        "[2026]",
        "[2026-04..2026-03]",
        "[]",
        "{2026,2027}",
        "202X-02-30",
    ),
    *("2026-XX-40", "٢٠٢٦", "2026-11-02~?", "2026-25", "Y17E8", "2026-21-01", "202X-21"),
]


@pytest.mark.parametrize(("text", "first", "last"), MEANT)
def test_a_date_means_its_earliest_and_latest_day(text: str, first: str | None, last: str | None) -> None:
    earliest, latest = bounds(text)
    assert (earliest and earliest.isoformat(), latest and latest.isoformat()) == (first, last)
    assert check(text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_no_calendar_has_is_refused(text: str) -> None:
    assert not check(text)
    with pytest.raises(NotEdtf):
        sort_key(text)


def test_a_text_longer_than_any_date_is_refused_unread() -> None:
    assert not check("[2026-01-01" + ",2026-01-01" * LONGEST + "]")


def test_dates_sort_by_their_earliest_day_then_by_their_latest() -> None:
    by_day = ["../2026-07", "2026-01-01", "2026", "2026-03", "[2026-03-04,2026-04-03]", "2026-07/..", "2027"]
    shuffled = [by_day[place] for place in (3, 0, 6, 2, 5, 1, 4)]
    assert sorted(shuffled, key=sort_key) == by_day


def test_partners_check_by_the_same_pattern() -> None:
    common = orjson.loads((Path(__file__).parents[2] / "schemas" / "common.json").read_bytes())
    assert common["$defs"]["edtf"]["pattern"] == PATTERN
    assert common["$defs"]["edtf"]["maxLength"] == LONGEST


KNOWN_DIFFERENCES = {
    "2025-02-29": "there is no such day; edtf-validate takes 29 February in any year",
    "2026-11-XX~": "an unknown day may be approximate too; edtf-validate takes a qualifier on known digits only",
    "[2027..2026]": "a range that runs backwards",
    "0000": "the year before 1, which Python's calendar does not have",
    "00XX": "the same",
    "-0044": "years before 1",
    "Y17E8": "years of more than four digits (level 2)",
    "2026-25": "seasons of a hemisphere and quarters (level 2)",
    "?2026": "a qualifier before a part (level 2)",
    "2026-?11": "the same",
    "{2026,2027}": "all of a set; a date here is one of a set",
    "[..2026]": "a set with an open end; an interval says the same",
    "[2026..]": "the same",
}
SLOWEST = [
    "[200X-XX,201X-XX,202X-XX,203X-XX,204X-XX,205X-XX,206X-XX]",
    "[202X,202X,202X,202X,202X,202X,202X,202X,202X,202X,202X,202X]",
    "[20XX-XX-XX,20XX-XX-XX,20XX-XX-XX,20XX-XX-XX,20XX-XX-XX]",
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("text", KNOWN_DIFFERENCES)
def test_the_other_library_differs_only_where_we_know_why(text: str) -> None:
    from edtf_validate.valid_edtf import is_valid

    assert check(text) != bool(is_valid(text))


@pytest.mark.parametrize("text", SLOWEST)
def test_no_date_holds_up_intake(text: str) -> None:
    """At most 50 ms of this thread's own time; measured 8 ms."""

    def cost() -> float:
        begun = thread_time()
        assert check(text)
        return thread_time() - begun

    assert min(cost() for _ in range(3)) < 0.05


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_another_library_agrees_on_plain_vague_and_uncertain_dates() -> None:
    """`edtf-validate` speaks levels 0 to 2; left out is what it reads otherwise: sets, moments, open ends, seasons."""
    from edtf_validate.valid_edtf import is_valid  # its grammar warns on import

    chance = Random(2019)
    for _ in range(in_depth(100, 400)):
        year = chance.choice((f"{chance.randint(1, 9999):04}", "202X", "19XX"))
        month = "" if "X" in year else chance.choice(("", f"-{chance.randint(0, 13):02}", "-XX"))
        day = (
            "" if month in ("", "-XX") else chance.choice(("", "-00", "-32", f"-{chance.randint(1, 28):02}"))
        )
        text = year + month + day
        assert check(text) == bool(is_valid(text)), text
        # That library takes any day up to 31 of some months, so days after the 28th are left out.
        if "X" not in text and check(text):
            assert all(check(text + qualifier) and is_valid(text + qualifier) for qualifier in "?~%")


def test_a_day_of_an_unknown_year_may_be_a_leap_day() -> None:
    assert check("202X-02-29")
    assert bounds("2026-11-02")[0] == date(2026, 11, 2)
