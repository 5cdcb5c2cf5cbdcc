"""What corrections, retractions and embargoes do to events, whatever the order of arrival."""

from datetime import UTC, datetime
from typing import Any

import pytest

from events.audience import Label
from projections.changes import Change
from tests.court import Court

OWN = "harbour-bar-watch"


def test_an_event_that_nothing_amends_is_put_as_it_stands(court: Court) -> None:
    event = court.log.threat(1, tlp="amber", audience="open-docket, quill-network")
    label = Label("amber", OWN, frozenset({"open-docket", "quill-network"}))
    assert court.changes(1) == [Change("put", event, label, event.position)]


def test_a_correction_puts_its_target_again(court: Court) -> None:
    court.log.threat(1)
    court.log.correct("e1", ("/occurred", "2026-11-03"), ("/place/country", "QN"))
    own, again = court.changes(2)
    assert (own.kind, own.event.id, own.reason) == ("put", "e2", None)
    assert (again.kind, again.event.id, again.reason, again.at) == ("put", "e1", "corrected", 2)
    assert again.event.data["occurred"] == "2026-11-03"
    assert again.event.data["place"] == {"country": "QN"}
    assert again.before == again.label == Label("green", OWN)
    assert court.log.events[0].data["occurred"] == "2026-11-02"


def test_a_first_reading_stays_the_first_reading_after_a_correction_came(court: Court) -> None:
    court.log.threat(1)
    court.log.correct("e1", ("/occurred", "2026-11-03"))
    assert court.changes(1)[0].event == court.log.events[0]


def test_a_correction_that_came_first_is_in_the_first_reading(court: Court) -> None:
    court.log.correct("late", ("/occurred", "2026-11-03"))
    court.log.threat(1, id="late")
    assert court.told(1) == [("put", "e1", None)]
    [change] = court.changes(2)
    assert (change.reason, change.event.data["occurred"]) == (None, "2026-11-03")


def test_corrections_apply_in_the_order_their_publisher_asserts_them(court: Court) -> None:
    court.log.correct("t", ("/occurred", "2026-11-05"), time="2026-11-06T12:00:00+02:00")
    court.log.correct("t", ("/occurred", "2026-11-04"), time="2026-11-06T11:00:00Z")
    court.log.correct("t", ("/occurred", "2026-11-03"), time="no moment")
    court.log.threat(1, id="t")
    assert court.changes(4)[0].event.data["occurred"] == "2026-11-04"


def test_nobody_corrects_the_events_of_another(court: Court) -> None:
    court.log.threat(1)
    data = {
        "about_event": "e1",
        "about_source": f"urn:hub:partner:{OWN}",
        "changes": [{"pointer": "/occurred", "to": "2026"}],
    }
    court.log.add("record.corrected", data, "open-docket")
    court.log.add("record.retracted", {**data, "reason": "false"}, "open-docket")
    assert [court.told(2), court.told(3)] == [[("put", "e2", None)], [("put", "e3", None)]]


def test_a_change_that_breaks_the_contract_is_left_out_alone(court: Court) -> None:
    court.log.threat(1)
    court.log.correct(
        "e1",
        ("/categories", ["no.such.code"]),
        ("/nowhere/at/all", 1),
        ("/targets/7", "lawyer:x.1"),
        ("/occurred", "2026-11-03"),
        ("/threat", "threat:harbour-bar-watch.other"),
    )
    after = court.changes(2)[1].event.data
    assert after == {**court.log.events[0].data, "occurred": "2026-11-03"}


def test_a_correction_that_changes_nothing_says_nothing(court: Court) -> None:
    court.log.threat(1)
    court.log.correct("e1", ("/occurred", "2026-11-02"))
    court.log.correct("e1", ("/colour", "red"))
    court.log.correct("e1", ("/threat", "threat:harbour-bar-watch.2"))
    court.log.add("record.corrected", {"about_event": "e1", "reason": "other"})
    assert [len(court.changes(position)) for position in (2, 3, 4, 5)] == [1, 1, 1, 1]


def test_an_amendment_of_an_unknown_event_only_puts_itself(court: Court) -> None:
    court.log.correct("never", ("/occurred", "2026-11-03"))
    court.log.retract("never")
    court.log.add("record.retracted", {"reason": "false"})
    assert [len(court.changes(position)) for position in (1, 2, 3)] == [1, 1, 1]


def test_a_retraction_drops_its_target_for_good(court: Court) -> None:
    court.log.threat(1)
    court.log.retract("e1")
    court.log.correct("e1", ("/occurred", "2026-11-03"))
    court.log.retract("e2")
    assert court.told(2) == [("put", "e2", None), ("drop", "e1", "retracted")]
    assert court.told(3) == [("put", "e3", None), ("drop", "e1", "corrected")]
    assert court.told(4) == [("put", "e4", None), ("drop", "e2", "retracted")]


def test_a_retraction_that_came_first_lets_its_target_in_only_as_retracted(court: Court) -> None:
    court.log.retract("late")
    court.log.threat(1, id="late")
    [change] = court.changes(2)
    assert (change.kind, change.reason, change.before, change.at) == ("drop", "retracted", None, 2)


def test_retracting_a_correction_undoes_it(court: Court) -> None:
    court.log.threat(1)
    court.log.correct("e1", ("/occurred", "2026-11-03"))
    court.log.retract("e2", "superseded")
    own, restored, correction = court.changes(3)
    assert own.event.id == "e3"
    assert (restored.kind, restored.event, restored.reason) == ("put", court.log.events[0], "corrected")
    assert (correction.kind, correction.event.id) == ("drop", "e2")


def test_a_correction_that_was_retracted_before_it_came_has_no_effect(court: Court) -> None:
    court.log.threat(1)
    court.log.retract("c", "superseded")
    court.log.correct("e1", ("/occurred", "2026-11-03"), id="c")
    assert court.told(3) == [("drop", "c", "retracted")]


def test_a_retracted_correction_of_what_never_came_only_drops_itself(court: Court) -> None:
    court.log.correct("never", ("/occurred", "2026-11-03"))
    court.log.retract("e1")
    assert court.told(2) == [("put", "e2", None), ("drop", "e1", "retracted")]


def test_stewards_may_retract_the_events_of_others(court: Court) -> None:
    court.log.threat(1)
    court.log.retract("e1", "legal_order", "stewards", about_source=f"urn:hub:partner:{OWN}")
    assert court.told(2)[1] == ("drop", "e1", "retracted")


def test_an_unsafe_retraction_hides_the_event_and_what_quotes_it(court: Court) -> None:
    court.log.threat(1, tlp="clear")
    court.log.correct("e1", ("/occurred", "2026-11-03"), tlp="clear")
    court.log.retract("e1", "unsafe")
    court.log.correct("e1", ("/occurred", "2026-11-04"), tlp="clear")
    alone = Label("clear", OWN, embargoed=True)
    assert [(one.kind, one.event.id, one.label) for one in court.changes(3)[1:]] == [
        ("drop", "e1", alone),
        ("drop", "e2", alone),
    ]
    assert [(one.kind, one.event.id, one.label) for one in court.changes(4)[:1]] == [("drop", "e4", alone)]


def test_a_second_retraction_counts_only_if_it_hides_more(court: Court) -> None:
    court.log.threat(1)
    court.log.retract("e1")
    court.log.retract("e1", "superseded")
    court.log.retract("e1", "unsafe")
    assert len(court.changes(3)) == 1
    assert court.told(4)[1:] == [("drop", "e1", "retracted")]


def test_no_event_amends_itself(court: Court) -> None:
    court.log.retract("e1")
    court.log.correct("e2", ("/note", "x"))
    assert court.told(1) == [("put", "e1", None)]
    assert court.told(2) == [("put", "e2", None)]


def test_what_an_amendment_says_is_not_corrected(court: Court) -> None:
    court.log.threat(1)
    court.log.correct("e1", ("/occurred", "2026-11-03"))
    court.log.correct("e2", ("/changes/0/to", "2026-11-04"))
    assert court.told(3) == [("put", "e3", None)]


def test_an_embargo_lasts_until_it_is_released(court: Court) -> None:
    court.log.threat(1, notbefore="2027-01-01T00:00:00Z")
    court.log.threat(2, notbefore="2027-03-01T00:00:00+01:00")
    court.log.release("2026-12-01T00:00:00Z")
    court.log.release("2027-02-01T00:00:00Z")
    court.log.release("2027-01-15T00:00:00Z")
    court.log.release("soon")
    [first] = court.changes(1)
    assert first.label.embargoed
    assert court.told(3) == [("put", "e3", None)]
    own, released = court.changes(4)
    assert (own.event.id, released.event.id, released.reason) == ("e4", "e1", "released")
    assert (released.before, released.label) == (Label("green", OWN, embargoed=True), Label("green", OWN))
    assert [court.told(5), court.told(6)] == [[("put", "e5", None)], [("put", "e6", None)]]
    assert court.rulings.next_release(court.database.writer) == datetime(2027, 2, 28, 23, tzinfo=UTC)


def test_a_retracted_event_is_released_as_retracted(court: Court) -> None:
    court.log.threat(1, notbefore="2027-01-01T00:00:00Z")
    court.log.retract("e1")
    court.log.release("2027-02-01T00:00:00Z")
    assert court.told(3)[1:] == [("drop", "e1", "released")]
    assert court.rulings.next_release(court.database.writer) is None


def test_an_embargo_that_is_over_never_begins(court: Court) -> None:
    court.log.threat(1, notbefore="2026-01-01T00:00:00Z")
    court.log.release("2027-02-01T00:00:00Z")
    court.log.threat(2, notbefore="2027-01-01T00:00:00Z")
    assert not court.changes(1)[0].label.embargoed
    assert not court.changes(3)[0].label.embargoed


@pytest.mark.parametrize("moment", ["tomorrow", "2027-01-01T00:00:00", 7])
def test_an_embargo_that_cannot_be_read_stays(court: Court, moment: Any) -> None:
    court.log.threat(1, notbefore=moment)
    court.log.release("2999-01-01T00:00:00Z")
    assert court.changes(1)[0].label.embargoed
    assert court.told(2) == [("put", "e2", None)]


def test_events_that_share_a_short_key_are_told_apart(court: Court, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.amendments.Naming.key", lambda _: 7)
    court.log.threat(1)
    court.log.threat(2)
    court.log.correct("e2", ("/occurred", "2026-11-03"))
    court.log.retract("e9")
    assert [one.event.id for one in court.changes(3)] == ["e3", "e2"]
    assert court.told(4) == [("put", "e4", None)]


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"])
def test_the_last_moment_that_there_is_may_be_waited_for(court: Court, until: str) -> None:
    court.log.threat(1, notbefore=until, recordedtime="0001-01-01T00:00:00Z")
    court.changes(1)
    assert court.rulings.next_release(court.database.writer) == datetime.fromisoformat(until)
