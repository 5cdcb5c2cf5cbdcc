"""What the log takes of the timekeeper: nothing before its time, nothing twice, and later what it cannot take now."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.decisions.aggregate import Actor, DecisionRefused
from events.decisions.deadlines import PASSED, Deadlines, silences
from hub.timekeeper import erase_due, mark_due
from tests.archive_fixtures import TurnedClock, sqlite_url
from tests.timekeeping import Hub, words

Json = Any

BAR = "harbour-bar-watch"
OFFER = {
    "offer": f"offer:{BAR}.1",
    "by": f"partner:{BAR}",
    "kinds": ["legal_defence"],
    "valid_until": "2026-11-10",
}
NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(sqlite_url(tmp_path), tmp_path / "views.sqlite", TurnedClock())
    made.archive.begin()
    yield made
    made.close()


def due(**said: Json) -> Json:
    about = {"source": f"urn:hub:partner:{BAR}", "id": "e1"}
    moment = "2026-11-11T00:00:00.000000Z"
    return {"kind": "offer_ends", "about_event": about, "ref": OFFER["offer"], "due": moment, **said}


def test_a_moment_that_has_not_come_is_refused_and_one_that_has_is_taken_once(hub: Hub) -> None:
    intake, clock = hub.archive.intake, hub.archive.clock
    assert intake.pass_deadlines([due()]) == 0
    clock.turn(days=10)
    assert intake.pass_deadlines([due(), due()]) == 1
    assert intake.pass_deadlines([due()]) == 0
    assert intake.pass_deadlines([due(due="2026-11-11T00:00:01.000000Z"), due(ref=f"offer:{BAR}.2")]) == 2
    assert len(words(hub.archive.everything())) == 3


def test_one_moment_is_one_whatever_its_id(hub: Hub) -> None:
    hub.archive.clock.turn(days=10)
    hub.archive.intake.pass_deadlines([due()])
    decided = hub.archive.store.decided(Deadlines, Deadlines.key({"data": due()}))
    actor = Actor("hub", "hub", frozenset({"steward"}), frozenset(), NOW)
    with pytest.raises(DecisionRefused) as refused:
        decided.decide(PASSED, {"data": due()}, actor)
    assert refused.value.code == "already_decided"
    decided.decide(PASSED, {"data": due(kind="review")}, actor)


def test_a_log_that_takes_nothing_is_told_later(hub: Hub) -> None:
    hub.archive.push(BAR, "offer.made", OFFER)
    hub.archive.clock.turn(days=10)
    hub.room.catch_up()
    hub.archive.store.close()
    assert hub.say() == 0


def test_more_than_a_page_is_said_in_order(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.timekeeper.MOST_DUES", 2)
    for number, day in enumerate((7, 5, 6, 4, 8)):
        data = {**OFFER, "offer": f"offer:{BAR}.{number}", "valid_until": f"2026-11-0{day}"}
        hub.archive.push(BAR, "offer.made", data)
    hub.archive.clock.turn(days=30)
    assert hub.look() == 5
    assert hub.look() == 0
    assert [one.data["due"][8:10] for one in words(hub.archive.everything())] == [
        "05",
        "06",
        "07",
        "08",
        "09",
    ]


def test_after_a_long_rest_a_round_ends_and_the_next_goes_on(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.timekeeper.MOST_DUES", 2)
    monkeypatch.setattr("hub.timekeeper.MOST_PAGES", 2)
    for number in range(9):
        data = {**OFFER, "offer": f"offer:{BAR}.{number}", "valid_until": f"2026-11-{number + 10}"}
        hub.archive.push(BAR, "offer.made", data)
    hub.archive.clock.turn(days=60)
    assert hub.look() == 4
    # The views are behind: what they ask for again was said, and nothing more comes until they are there.
    assert hub.say() == 0
    assert [hub.look() for _ in range(3)] == [4, 1, 0]


def test_a_clock_that_jumps_back_takes_nothing_back_and_says_nothing_twice(hub: Hub) -> None:
    hub.archive.push(BAR, "offer.made", OFFER)
    hub.archive.clock.turn(days=10)
    assert hub.look() == 1
    hub.archive.clock.turn(days=-9)
    assert hub.look() == 0
    hub.archive.push(BAR, "offer.made", {**OFFER, "offer": f"offer:{BAR}.2"}, time="2026-11-03T00:00:00Z")
    assert hub.look() == 0
    hub.archive.clock.turn(days=9)
    assert (hub.look(), hub.look()) == (1, 0)


def test_where_whom_it_waits_for_was_corrected_the_word_is_said_anew(hub: Hub) -> None:
    statement = {"statement": f"statement:{BAR}.1", "kind": "joint_statement", "title": {"en": "T"},
                 "about": [f"case:{BAR}.1"], "reply_expected_by": "2026-11-10",
                 "addressees": [f"body:{BAR}.1", f"body:{BAR}.2"]}  # fmt: skip
    assert hub.archive.push(BAR, "statement.issued", statement, id="s").status == "stored"
    hub.archive.clock.turn(days=30)
    assert hub.look() == 1 + 2
    changes = [{"pointer": "/addressees", "to": [f"body:{BAR}.2"]}]
    data = {"about_event": "s", "reason": "wrong_date", "changes": changes}
    assert hub.archive.push(BAR, "record.corrected", data).status == "stored"
    assert (hub.look(), hub.look()) == (1 + 1, 0)


def test_silence_is_said_of_bodies_alone_and_on_the_last_day() -> None:
    asked = {"kind": "reply_due", "ref": f"statement:{BAR}.1", "from": ["body:a-b.1"]}
    [said] = silences(due(**asked))
    assert said == {
        "statement": f"statement:{BAR}.1",
        "kind": "no_reply_by_deadline",
        "received": "2026-11-10",
        "from": "body:a-b.1",
    }
    assert silences(due(**asked, lead="P7D")) == silences(due()) == []


def test_what_was_taken_back_is_not_said_by_views_that_lack_that(hub: Hub, waits_for_nobody: None) -> None:
    offer_and_withdraw(hub)
    hub.room.catch_up()
    take_back(hub)
    hub.archive.clock.turn(days=31)
    assert (hub.say(), erase(hub)) == (0, 0)
    hub.room.catch_up()
    assert (hub.say(), erase(hub)) == (0, 0)


def test_what_was_taken_back_is_not_said_by_views_that_are_folded_anew(
    hub: Hub, waits_for_nobody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.tail.BATCH", 1)
    offer_and_withdraw(hub)
    take_back(hub)
    hub.room.catch_up()
    hub.archive.clock.turn(days=31)
    for name in ("deadlines", "erasures"):
        hub.room.rebuild(name)
    steps = 0
    while hub.room._tail.step():
        assert (hub.say(), erase(hub), mark_due(hub.archive.intake, hub.room)) == (0, 0, 0)
        steps += 1
    assert steps > 4


def test_what_stands_is_said_and_destroyed_when_the_views_have_everything(hub: Hub) -> None:
    offer_and_withdraw(hub)
    hub.archive.clock.turn(days=31)
    hub.room.catch_up()
    assert hub.say() == 1
    hub.room.catch_up()
    assert erase(hub) == 1


@pytest.fixture
def waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.timekeeper.PATIENCE_SECONDS", 0)


def offer_and_withdraw(hub: Hub) -> None:
    hub.archive.push(BAR, "offer.made", OFFER, id="o1")
    said = {"subject_of_consent": "lawyer:open-docket.7", "effect": "erase"}
    hub.archive.push(BAR, "consent.withdrawn", said, id="w1")


def take_back(hub: Hub) -> None:
    for event_id in ("o1", "w1"):
        taken = hub.archive.push(BAR, "record.retracted", {"about_event": event_id, "reason": "false"})
        assert taken.status == "stored"


def erase(hub: Hub) -> int:
    return erase_due(hub.archive.intake, hub.room, hub.archive.clock)
