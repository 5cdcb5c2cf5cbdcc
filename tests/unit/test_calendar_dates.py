"""From vague dates to days of a calendar."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from hub.calendar.dates import MOST_CANDIDATES, When, candidates, key_of

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-03-04", [When("2026-03-04", date(2026, 3, 4))]),
        ("2026-03-04?", [When("2026-03-04", date(2026, 3, 4), None, is_certain=False)]),
        ("[2026-04-03,2026-03-04]", [
            When("2026-03-04", date(2026, 3, 4), None, is_certain=False),
            When("2026-04-03", date(2026, 4, 3), None, is_certain=False),
        ]),
        ("[2026-03-04..2026-03-06]",
         [When("2026-03-04/2026-03-06", date(2026, 3, 4), date(2026, 3, 7), is_certain=False)]),
        ("2026-03-04/2026-03-06",
         [When("2026-03-04/2026-03-06", date(2026, 3, 4), date(2026, 3, 7), is_certain=False)]),
        ("2026-02", [When("2026-02-01/2026-02-28", date(2026, 2, 1), date(2026, 3, 1), is_certain=False)]),
        ("2026", []), ("2026-03-04/..", []), ("2026-21", []), ("no date", []), ("2026-02-30T09:00:00Z", []),
        ("9999-12-31", []), ("[9999-12-30..9999-12-31]", []), ("0001-01-01T00:00:00+14:00", []),
        ("9999-12-31T10:00:00Z", []),
    ],
)  # fmt: skip
def test_each_day_that_a_date_admits_is_a_candidate(text: str, found: list[When]) -> None:
    assert candidates(text) == found


def test_a_moment_is_told_in_the_zone_of_the_court() -> None:
    [known] = candidates("2026-07-01T09:00:00+04:00", "Europe/Paris", "2026-07-01T11:00:00+04:00")
    assert (known.key, known.start) == ("2026-07-01", datetime(2026, 7, 1, 7, 0, tzinfo=PARIS))
    assert known.end == datetime(2026, 7, 1, 9, 0, tzinfo=PARIS)
    [local] = candidates("2026-07-01T09:00:00", "Europe/Paris")
    assert local.start == datetime(2026, 7, 1, 9, 0, tzinfo=PARIS)
    [bare] = candidates("2026-07-01T09:00:00+04:00")
    assert bare.start == datetime(2026, 7, 1, 5, 0, tzinfo=UTC)


def test_an_hour_of_nowhere_is_a_whole_day() -> None:
    assert candidates("2026-07-01T09:00:00") == [When("2026-07-01", date(2026, 7, 1))]


def test_an_end_before_the_start_is_none() -> None:
    [known] = candidates("2026-07-01T09:00:00Z", None, "2026-07-01T08:00:00Z")
    assert known.end is None
    [vague] = candidates("2026-07-01T09:00:00Z", None, "2026-07-02")
    assert vague.end is None


def test_a_date_that_admits_one_time_has_a_key() -> None:
    assert key_of("2026-03-04") == "2026-03-04"
    assert key_of("[2026-03-04,2026-04-03]") is None
    assert key_of("") is None
    assert len(candidates("[2026-01-01,2026-01-02,2026-01-03,2026-01-04,2026-01-05]")) <= MOST_CANDIDATES


def test_an_end_at_the_end_of_time_is_none() -> None:
    [known] = candidates("2026-07-01T09:00:00Z", "Europe/Paris", "9999-12-31T23:00:00-14:00")
    assert known.end is None
