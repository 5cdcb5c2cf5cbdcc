from typing import Any

import pytest
from starlette.datastructures import QueryParams

from hub.address import Parameter, read_query
from hub.api import parameters as p
from hub.refusals import QueryRefused


def read(query: str, *parameters: Parameter) -> Any:
    return read_query(parameters, QueryParams(query))


def refused(query: str, *parameters: Parameter) -> list[tuple[str, str]]:
    with pytest.raises(QueryRefused) as caught:
        read(query, *parameters)
    return [(one.pointer, one.code) for one in caught.value.problems]


def test_what_is_absent_has_its_default() -> None:
    assert read("", p.limit(100, 1000), p.types, p.since) == {"limit": 100, "type": (), "since": None}


def test_several_values_come_by_comma_or_by_repeating() -> None:
    assert read("type=threat.*,trial.*&type=x", p.types) == {"type": ("threat.*", "trial.*", "x")}


@pytest.mark.parametrize(
    ("query", "parameter", "value"),
    [
        ("limit=1000", p.limit(100, 1000), 1000),
        ("since=2031-02-28", p.since, "2031-02-28"),
        ("atomic=true", p.atomic, True),
        ("atomic=false", p.atomic, False),
        ("order=log", p.choice("order", "", ("world", "log"), "world"), "log"),
        ("where=status:open,stage:a.b", p.where, (("status", "open"), ("stage", "a.b"))),
        ("sort=-starts", p.sort, "-starts"),
        ("q=%20two%20words%20", p.words, "two words"),
        ("from=place:QM-02", p.tie_from, "place:QM-02"),
        ("about=standard:un-bprl:16c", p.about, ("standard:un-bprl:16c",)),
    ],
)
def test_a_value_is_read(query: str, parameter: Parameter, value: Any) -> None:
    assert read(query, parameter) == {parameter.name: value}


@pytest.mark.parametrize(
    ("query", "parameter", "code"),
    [
        ("limit=1001", p.limit(100, 1000), "too_big"),
        ("limit=0", p.limit(100, 1000), "too_small"),
        ("limit=ten", p.limit(100, 1000), "wrong_type"),
        ("limit=1&limit=2", p.limit(100, 1000), "repeated_item"),
        ("since=2031-2-1", p.since, "not_a_date"),
        ("since=2031-02-30", p.since, "not_a_date"),
        ("atomic=yes", p.atomic, "unknown_code"),
        ("country=qm", p.country, "wrong_form"),
        ("where=status", p.where, "wrong_form"),
        ("q=%20", p.words, "too_short"),
        ("q=" + "x" * 201, p.words, "too_long"),
        ("", p.words, "required"),
        ("type=" + ",".join(["a"] * 101), p.types, "too_many_items"),
    ],
)
def test_a_bad_value_is_refused_with_pointer_and_code(query: str, parameter: Parameter, code: str) -> None:
    assert refused(query, parameter) == [(f"/query/{parameter.name}", code)]


def test_every_problem_is_told_at_once() -> None:
    found = refused("limit=0&colour=red&a/b=1", p.limit(100, 1000), p.words)
    assert found == [
        ("/query/a~1b", "unknown_parameter"),
        ("/query/colour", "unknown_parameter"),
        ("/query/limit", "too_small"),
        ("/query/q", "required"),
    ]


def test_values_are_not_repeated() -> None:
    with pytest.raises(QueryRefused) as caught:
        read("limit=s3cret", p.limit(100, 1000))
    assert "s3cret" not in str([one.as_json() for one in caught.value.problems])
