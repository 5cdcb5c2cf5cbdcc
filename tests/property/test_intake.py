"""The law of the gate: whatever comes in is an event, a refusal with pointers, or not JSON; never a fault."""

import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.event import Position
from events.intake import EventRefused, NotYourType, Publisher, WrongSource
from events.strict import MAX_PROBLEMS, MalformedJson, breaches, canonical, read_json
from tests.archive_fixtures import Archive, sqlite_url, submission

SLUG = "harbour-bar-watch"
GOOD = submission(
    SLUG,
    "threat.reported",
    {"threat": f"threat:{SLUG}.1", "targets": [f"lawyer:{SLUG}.1"], "categories": ["liberty.arrest"]},
    tlp="amber",
    time="2026-11-02T09:30:00Z",
)

texts = st.text(max_size=20) | st.text(alphabet='\ud800\u202e\x00\n\u0301e{}"\\', max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    opened = Archive(sqlite_url(tmp_path_factory.mktemp("log"))).begin()
    yield opened
    opened.store.close()


def push(archive: Archive, raw: Any) -> str:
    try:
        checked = archive.intake.check(Publisher(SLUG, "ann"), raw)
    except EventRefused as refused:
        problems = refused.problems
    except (WrongSource, NotYourType) as forbidden:
        return type(forbidden).__name__
    else:
        return archive.intake.record([checked])[0].status
    assert 0 < len(problems) <= MAX_PROBLEMS
    assert list(problems) == sorted(problems, key=lambda problem: (problem.pointer, problem.code))
    assert orjson.dumps([problem.as_json() for problem in problems])
    return "refused"


@given(values)
def test_any_value_is_answered(archive: Archive, raw: Any) -> None:
    assert push(archive, raw) == "refused"


@given(
    st.dictionaries(
        st.sampled_from([*GOOD, "audience", "notbefore", "subject", "correlationid"]) | texts, values
    )
)
def test_a_good_event_with_any_attribute_replaced_is_answered(
    archive: Archive, changes: dict[str, Any]
) -> None:
    before = archive.store.head()
    status = push(archive, {**GOOD, **changes})
    assert status in {"stored", "duplicate", "conflict", "refused", "WrongSource", "NotYourType"}
    assert (archive.store.head() > before) == (status == "stored")


@given(
    st.dictionaries(
        st.sampled_from([*GOOD["data"], "title", "place", "provenance"]) | texts, values, max_size=3
    )
)
def test_a_good_event_with_any_payload_is_answered(archive: Archive, changes: dict[str, Any]) -> None:
    status = push(archive, {**GOOD, "data": {**GOOD["data"], **changes}})
    assert status in {"stored", "duplicate", "conflict", "refused"}


@given(
    st.binary(max_size=200)
    | st.text(alphabet='{}[]",:0123456789.eE+-truefalsn \\u\n', max_size=60).map(str.encode)
)
def test_any_bytes_are_json_or_malformed_with_a_place(raw: bytes) -> None:
    place = (1, 1)
    try:
        value = read_json(raw)
    except MalformedJson as malformed:
        place = (malformed.line, malformed.column)
    else:
        assert orjson.dumps([problem.as_json() for problem in breaches(value, canonical(value))])
    assert min(place) >= 1


@given(st.data())
def test_a_cut_or_a_flipped_byte_never_breaks_the_gate(archive: Archive, data: st.DataObject) -> None:
    whole = json.dumps(GOOD, ensure_ascii=False).encode()
    place = data.draw(st.integers(0, len(whole) - 1))
    broken = data.draw(
        st.sampled_from(
            [whole[:place], whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :]]
        )
    )
    try:
        raw = read_json(broken)
    except MalformedJson:
        return
    push(archive, raw)


@given(values)
def test_the_quick_look_agrees_with_the_long_one(value: Any) -> None:
    text = canonical(value)
    found = breaches(value, None)
    assert breaches(value, text) == found
    if not found and text is not None:
        assert canonical(read_json(text)) == text


def test_everything_that_was_stored_is_still_readable(archive: Archive) -> None:
    for event in archive.everything():
        assert archive.store.at([Position(event.position)]) == [event]
