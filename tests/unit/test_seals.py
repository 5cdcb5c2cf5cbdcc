"""Whose personal fields are: by the marks, by what is left of a payload, and when nobody is named."""

from typing import Any

import pytest

from events.seals import Seals, put_back, without
from tests.archive_fixtures import contracts, submission

Json = Any
SLUG = "harbour-bar-watch"
LAWYER = f"lawyer:{SLUG}.0042"


@pytest.fixture(scope="module")
def seals() -> Seals:
    return Seals(contracts())


def whose(seals: Seals, event_type: str, data: Json, **attributes: Json) -> dict[str, str]:
    envelope = submission(SLUG, event_type, data, **attributes)
    found = seals.of(f"{event_type}.v1", envelope)
    return {"/".join(map(str, field.path)): field.subject for field in found}


def test_a_field_belongs_to_whom_its_mark_points_at(seals: Seals) -> None:
    data = {
        "targets": [LAWYER, f"{LAWYER}-2"],
        "narrative": "x",
        "provenance": {"source": f"source:{SLUG}.1"},
    }
    assert whose(seals, "threat.reported", data) == {
        "narrative": LAWYER,
        "provenance/source": f"source:{SLUG}.1",
    }
    assert whose(seals, "threat.reported", {"targets": [LAWYER], "provenance": "odd"}) == {}


@pytest.mark.parametrize("targets", [None, [], "odd", [{"odd": 1}], ["no reference"], {"0": 5}])
def test_where_nobody_is_named_it_belongs_to_the_events_subject_or_the_event(
    seals: Seals, targets: Json
) -> None:
    data = {"targets": targets, "narrative": "x"}
    assert whose(seals, "threat.reported", data) == {"narrative": f"event:urn:hub:partner:{SLUG} e1"}
    assert whose(seals, "threat.reported", data, subject=f"threat:{SLUG}.1") == {
        "narrative": f"threat:{SLUG}.1"
    }


def test_a_note_without_source_belongs_to_the_event(seals: Seals) -> None:
    said = {"about_event": "x", "sealed_note": "Both work there.", "provenance": {"sealed_note": "y"}}
    about = f"event:urn:hub:partner:{SLUG} e1"
    assert whose(seals, "claim.assessed", said) == {"sealed_note": about, "provenance/sealed_note": about}


def test_what_no_contract_describes_has_no_personal_field(seals: Seals) -> None:
    envelope = submission(SLUG, "embargo.released", {"narrative": "x"})
    assert seals.of("embargo.released.v1", envelope) == []
    assert seals.subjects("embargo.released.v1", envelope) == []


def test_a_correction_of_a_personal_field_is_personal(seals: Seals) -> None:
    changes = [
        {"pointer": "/title", "to": "x"},
        {"pointer": "/identity/birth_year", "to": 1980},
        {"pointer": "/narrative"},
    ]
    said = {"about_event": "t1", "about_source": "urn:hub:partner:open-docket", "changes": changes}
    assert whose(seals, "record.corrected", said) == {"changes/1/to": "event:urn:hub:partner:open-docket t1"}


def test_persons_are_named_whether_there_is_something_personal_or_not(seals: Seals) -> None:
    data = {"targets": [LAWYER], "provenance": {"source": f"source:{SLUG}.1"}}
    envelope = submission(SLUG, "threat.reported", data)
    assert seals.subjects("threat.reported.v1", envelope) == [LAWYER, f"source:{SLUG}.1"]


def test_a_field_goes_and_comes_back() -> None:
    data = {"a": {"b": [1, {"c": 2}]}, "d": 3}
    assert without(data, [("a", "b", 1, "c"), ("d",)]) == {"a": {"b": [1, {}]}}
    assert without(data, [("a", "b", 0), ("a", "x"), ("a", "b", 7), ("d", "e")]) == {
        "a": {"b": [None, {"c": 2}]},
        "d": 3,
    }
    assert put_back({"a": {"b": [None, {}]}}, ("a", "b", 1, "c"), 2) == {"a": {"b": [None, {"c": 2}]}}
    assert put_back({"a": {"b": [None]}}, ("a", "b", 0), 1) == {"a": {"b": [1]}}
    assert put_back({}, ("a", "b"), 1) == {"a": {"b": 1}}
    assert put_back({"a": "text"}, ("a", "b"), 1) == {"a": "text"}
    assert data == {"a": {"b": [1, {"c": 2}]}, "d": 3}
