"""What is typed into a form as a payload, and back."""

import pytest

from hub.pages.publishing import fields as f
from hub.pages.publishing.fields import Field
from hub.pages.publishing.typed import NOTHING, Payload, clock_of, moment_from, text_of, value_from

TEXTS = Field("name", f.TEXTS, item=Field("", f.LINE))


def read(field: Field, **typed: str) -> object:
    return Payload({f"data/{name}": [value] for name, value in typed.items()}, str).read(field, "data")


def test_two_texts_of_one_language_stay_two() -> None:
    rows = {"0/key": "en", "0/value": "One", "1/key": "en", "1/value": "Two", "2/key": "fr", "x/key": "es"}
    assert read(TEXTS, **rows) == {"en": "One", "en (2)": "Two"}
    assert read(TEXTS, **{"0/value": "Of no language"}) == {"": "Of no language"}
    assert read(TEXTS) is NOTHING


@pytest.mark.parametrize(
    ("said", "zone", "stored"),
    [
        ("2031-05-04T12:00", "Etc/GMT-4", "2031-05-04T12:00:00+04:00"),
        ("2031-05-04T12:00", "+04:00", "2031-05-04T12:00:00+04:00"),
        ("2031-05-04T12:00", "", "2031-05-04T12:00:00Z"),
        ("2031-05-04T12:00:01.5Z", "Etc/GMT-4", "2031-05-04T12:00:01.5Z"),
        ("2031-05-04T12:00", "Nowhere/Town", "2031-05-04T12:00 Nowhere/Town"),
        ("2031-05-04T12:00", "../etc", "2031-05-04T12:00 ../etc"),
        ("soon", "UTC", "soon"),
    ],
)
def test_a_clocks_time_gets_its_offset_or_stays_as_it_was(said: str, zone: str, stored: str) -> None:
    assert moment_from(said, zone) == stored


def test_a_moment_is_shown_as_clock_and_offset() -> None:
    assert clock_of("2031-05-04T12:00:00+04:00") == ("2031-05-04T12:00", "+04:00")
    assert clock_of("2031-05-04T12:00:01Z") == ("2031-05-04T12:00:01", "Z")
    assert clock_of("soon") == ("soon", "")


@pytest.mark.parametrize("value", ["text", "2026", "true", 3, 2.5, True, None, ["a"], {"a": 1}, '"quoted"'])
def test_any_value_is_shown_so_that_it_reads_the_same(value: object) -> None:
    shown = text_of(Field("to", f.VALUE), value)
    assert value_from(shown) == value


def test_numbers_are_read_and_what_is_none_stays() -> None:
    number = Field("n", f.FIGURE)
    read_all = [Payload({"n": [said]}, str).read(number, "n") for said in ("4", "-2.5", "null", "<5", "1e9")]
    assert read_all == [4, -2.5, None, "<5", "1e9"]
    assert Payload({"n": ["perhaps"]}, str).read(Field("n", f.ANSWER), "n") == "perhaps"
