"""When the timekeeper must act on an event: one moment, several, or none."""

from typing import Any

import pytest

from events.alarms import alarms_of

Json = Any
RECORDED = "2026-11-02T09:30:00.000000Z"


def alarms(stem: str, data: Json, **attributes: Json) -> list[str]:
    return list(alarms_of(stem, {"recordedtime": RECORDED, **attributes, "data": data}))


def test_most_events_ring_never() -> None:
    assert alarms("threat.reported.v1", {"threat": "threat:a-b.1"}) == []
    assert alarms("consent.recorded.v1", {"level": "C1"}) == []
    assert alarms("consent.withdrawn.v1", {"effect": "stop_new_use"}) == []
    assert alarms("offer.made.v1", {"attributed_to": [{"body": "body:a-b.1"}]}) == []


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-11-02T12:00:00+01:00", "2026-11-02T11:00:00.000000Z"),
        ("2027-01-01T00:00:00.5Z", "2027-01-01T00:00:00.500000Z"),
    ],
)
def test_an_embargo_ends(said: str, moment: str) -> None:
    assert alarms("offer.made.v1", {}, notbefore=said) == [moment]


@pytest.mark.parametrize(
    ("day", "ends"),
    [
        ("2026-11-05", ["2026-11-06T00:00:00.000000Z"]),
        ("2026-12-31", ["2027-01-01T00:00:00.000000Z"]),
        ("9999-12-31", []),
    ],
)
def test_a_consent_ends_with_its_last_day(day: str, ends: list[str]) -> None:
    assert alarms("consent.recorded.v1", {"expires_on": day}) == ends


@pytest.mark.parametrize(
    ("to", "ends"),
    [
        ("2026-11-05", ["2026-11-06T00:00:00.000000Z"]),
        ("9999-12-31", []),
        ("some day", []),
        (None, []),
    ],
)
def test_a_corrected_last_day_ends_a_consent(to: Json, ends: list[str]) -> None:
    changes = [{"pointer": "/expires_on", "to": to}, {"pointer": "/level", "to": "2026-11-01"}]
    assert alarms("record.corrected.v1", {"changes": changes}) == ends


@pytest.mark.parametrize(
    ("urgent", "moment"),
    [({}, "2026-12-02T09:30:00.000000Z"), ({"urgent": True}, "2026-11-03T09:30:00.000000Z")],
)
def test_the_clock_of_erasure_runs_from_recording(urgent: Json, moment: str) -> None:
    assert alarms("consent.withdrawn.v1", {"effect": "erase", **urgent}) == [moment]


@pytest.mark.parametrize(
    ("stem", "data"),
    [
        ("threat.reported.v1", {"attributed_to": [{"body": "body:a-b.1"}]}),
        ("threat.updated.v1", {"changes": {"attributed_to_added": [{"body": "body:a-b.1"}]}}),
        ("record.corrected.v1", {"changes": [{"pointer": "/attributed_to/0", "to": {}}]}),
    ],
)
def test_an_attribution_is_provisional_for_two_weeks(stem: str, data: Json) -> None:
    assert alarms(stem, data) == ["2026-11-16T09:30:00.000000Z"]


def test_an_attribution_that_names_nobody_is_none() -> None:
    assert alarms("threat.updated.v1", {"changes": "odd"}) == []
    assert alarms("threat.reported.v1", {"attributed_to": ["odd", {"degree": "direct"}]}) == []
    assert alarms("record.corrected.v1", {"changes": [{"pointer": "/title", "to": "x"}]}) == []


def test_an_event_may_ring_more_than_once() -> None:
    both = alarms("consent.recorded.v1", {"expires_on": "2026-11-05"}, notbefore="2026-11-03T00:00:00Z")
    assert both == ["2026-11-03T00:00:00.000000Z", "2026-11-06T00:00:00.000000Z"]
    same = alarms("consent.recorded.v1", {"expires_on": "2026-11-05"}, notbefore="2026-11-06T00:00:00Z")
    assert same == ["2026-11-06T00:00:00.000000Z"]


def test_without_a_moment_of_recording_a_clock_stands_still() -> None:
    assert alarms("consent.withdrawn.v1", {"effect": "erase"}, recordedtime="?")[0] > "9999"
