"""Notices of corrections that the hub cannot judge: nothing is said of them."""

from typing import Any

import pytest

from events.decisions.amended import CORRECTED, Amended
from events.notices import Notices
from events.retelling import Heard

SOURCE = "urn:hub:partner:harbour-bar-watch"
CORRECTION = {
    "source": SOURCE,
    "dataschema": "https://solidarity-hub.example/schemas/record.corrected/1",
    "recordedtime": "2026-11-03T08:00:00Z",
    "data": {"about_event": "e1", "changes": [{"pointer": "/nowhere/at/all", "to": 1}]},
}
OF_A_HUB = Heard(
    "drill.held",
    {
        "source": SOURCE,
        "id": "e1",
        "dataschema": "https://solidarity-hub.example/schemas/drill.held/1",
        "data": {},
    },
)


@pytest.mark.parametrize("found", [None, OF_A_HUB])
def test_of_an_event_that_is_gone_or_of_a_type_that_only_this_hub_has_nothing_is_said(found: Any) -> None:
    notices = Notices(lambda *_: True, lambda *_: found, lambda name: Amended.blank(Amended.stream(name)))
    assert notices.of(CORRECTED, CORRECTION) == ()
