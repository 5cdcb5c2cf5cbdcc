"""Who would see an event if it were recorded now."""

from typing import Any

import pytest

from events.audience import Label
from projections.foretelling import foretell
from tests.running import example, registry

NOON = "2031-05-04T12:00:00Z"


def foretold(event_type: str, data: dict[str, Any], **more: str) -> Any:
    stem = f"{event_type}.v1"
    envelope = {"source": "urn:hub:partner:quill-network", "time": NOON, "tlp": "green", **more, "data": data}
    return foretell(envelope, stem, registry().contract(stem))


def test_each_field_that_is_there_bears_its_own_label() -> None:
    told = foretold("threat.reported", example("threat.reported.v1"), audience="open-docket")
    assert told.whole == Label("green", "quill-network", frozenset({"open-docket"}))
    assert told.fields["/narrative"].tlp == "amber+strict"
    assert "/provenance/source" not in told.fields
    assert not told.asks_consent


def test_marks_of_items_and_of_texts_by_language_lead_to_each() -> None:
    data = example("record.corrected.v1")
    changes = foretold("record.corrected", data, tlp="green").fields
    assert list(changes) == [f"/changes/{no}/to" for no in range(len(data["changes"]))]
    odd = foretold("record.corrected", {"about_event": "x", "changes": {"to": 1}}, tlp="green")
    assert odd.fields == {}
    assert foretold("record.corrected", {"about_event": "x", "changes": ["to"]}).fields == {}


@pytest.mark.parametrize(
    ("moment", "held"), [("2031-05-04T13:00:00Z", True), ("2031-05-04T11:00:00Z", False)]
)
def test_an_embargo_holds_until_its_moment(moment: str, held: bool) -> None:
    assert foretold("threat.reported", {}, notbefore=moment).whole.embargoed is held


def test_what_a_person_allows_decides_about_the_name() -> None:
    data = example("lawyer.profiled.v1")
    asked = [
        foretold("lawyer.profiled", {**data, "protection": {"consent_level": one}}) for one in ("C1", "C2")
    ]
    assert all(one.asks_consent for one in asked)
    named = foretold(
        "lawyer.profiled", {**data, "protection": {"consent_level": "C2"}}, audience="open-docket"
    )
    assert named.fields["/identity"].audience == {"open-docket"}
    assert asked[0].fields["/identity"].audience == frozenset()
