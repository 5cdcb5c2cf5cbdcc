"""Corrections and retractions of offers and needs reach the desk, whatever comes first."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.archive_fixtures import Archive, TurnedClock, sqlite_url

L, H, M = "lanterns-for-counsel", "harbour-bar-watch", "meridian-fund"
OFFER, NEED = f"offer:{M}.1", f"need:{L}.1"
NO_ROOM = [("/data/offer", "no_capacity_left")]
NOT_OPEN = [("/data/offer", "not_open")]
NO_NEED = [("/data/need", "not_open")]
NOON = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

Step = Callable[[Archive], object]


@pytest.fixture
def archives(tmp_path: Path) -> Iterator[Callable[[], Archive]]:
    opened: list[Archive] = []

    def begin() -> Archive:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        roles = {L: ["monitor"], H: ["monitor"], M: ["funder"]}
        opened.append(Archive(sqlite_url(folder), clock=TurnedClock()).begin(roles))
        return opened[-1]

    yield begin
    for one in opened:
        one.store.close()


def at(minutes: int) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat()


def offer(archive: Archive, **said: Any) -> None:
    data = {"offer": OFFER, "by": f"partner:{M}", "kinds": ["medical"], **said}
    assert archive.push(M, "offer.made", data, id="o1", time=at(0)).status == "stored"


def need(archive: Archive, state: str = "open", by: str = L, **more: Any) -> None:
    data = {
        "need": NEED,
        "for": f"lawyer:{L}.1",
        "kinds": ["medical"],
        "expressed_by": "self",
        "state": state,
    }
    assert archive.push(by, "need.expressed", data, **{"id": "n1", "time": at(0), **more}).status == "stored"


def match(archive: Archive, number: int = 1, need: str = NEED, **said: Any) -> list[tuple[str, str]]:
    data = {
        "support": f"support:{L}.{number}",
        "need": need,
        "offer": OFFER,
        "accepted_by_person": True,
        **said,
    }
    return archive.codes(L, "support.matched", data, id=f"m{number}", time=at(10))


def correct(archive: Archive, about: str, pointer: str, to: Any, by: str = M, name: str = "c1") -> None:
    data = {"about_event": about, "reason": "typing", "changes": [{"pointer": pointer, "to": to}]}
    minutes = 1 + int(name[1:])
    assert archive.push(by, "record.corrected", data, id=name, time=at(minutes)).status == "stored"


def retract(archive: Archive, about: str, by: str = M, **more: Any) -> None:
    data = {"about_event": about, "reason": "false", "effective_from": at(0), **more}
    assert archive.push(by, "record.retracted", data, id=f"r-{about}", time=at(5)).status == "stored"


def test_what_an_offer_reaches_goes_by_its_corrections_in_any_order(archives: Any) -> None:
    steps: list[Step] = [
        lambda one: offer(one, capacity=5),
        lambda one: correct(one, "o1", "/capacity", 3),
        lambda one: correct(one, "o1", "/capacity", 1, name="c2"),
        # One that breaks the contract, or would make it another offer, changes nothing.
        lambda one: correct(one, "o1", "/capacity", "many", name="c3"),
    ]
    for order in (steps, steps[::-1], [steps[2], steps[0], steps[3], steps[1]]):
        archive = archives()
        for step in order:
            step(archive)
        assert match(archive) == []
        assert match(archive, 2, f"need:{L}.2") == NO_ROOM


def test_a_correction_that_was_taken_back_does_not_count_whichever_came_first(archives: Any) -> None:
    steps: list[Step] = [
        lambda one: offer(one, capacity=1),
        lambda one: correct(one, "o1", "/capacity", 2),
        lambda one: retract(one, "c1"),
    ]
    for order in permutations(steps):
        archive = archives()
        for step in order:
            step(archive)
        assert [match(archive, no, f"need:{L}.{no}") for no in (1, 2)] == [[], NO_ROOM]


def test_dates_states_and_money_are_corrected_too(archives: Any) -> None:
    archive = archives()
    offer(archive, valid_until="2026-11-01", max_amount={"amount": "10", "currency": "XTS"})
    assert match(archive) == NOT_OPEN
    correct(archive, "o1", "/valid_until", "2026-12-01")
    correct(archive, "o1", "/max_amount/amount", "70", name="c2")
    assert match(archive, 2, amount={"amount": "60", "currency": "XTS"}) == []
    correct(archive, "o1", "/state", "exhausted", name="c3")
    assert match(archive, 3, f"need:{L}.2") == NOT_OPEN


def test_a_retracted_offer_does_not_stand_whichever_came_first(archives: Any) -> None:
    for order in ((offer, lambda one: retract(one, "o1")), (lambda one: retract(one, "o1"), offer)):
        archive = archives()
        for step in order:
            step(archive)
        assert match(archive) == NOT_OPEN
    # Stewards retract for others; of what somebody else says of an offer nothing follows.
    archive = archives()
    offer(archive)
    archive.push(H, "offer.made", {"offer": OFFER, "by": f"partner:{M}", "kinds": ["medical"]}, id="o1")
    retract(archive, "o1", by=H)
    assert match(archive) == []
    retract(archive, "o1", by="stewards", about_source=f"urn:hub:partner:{M}")
    assert match(archive, 2, f"need:{L}.2") == NOT_OPEN


def test_a_need_that_was_withdrawn_by_mistake_is_open_again_and_holds_what_it_held(archives: Any) -> None:
    archive = archives()
    offer(archive, capacity=1)
    need(archive)
    assert match(archive) == []
    need(archive, "withdrawn", id="n2", time=at(20))
    archive.clock.turn(minutes=30)
    assert match(archive, 2, f"need:{L}.2") == []
    correct(archive, "n2", "/state", "open", by=L)
    # Both matches stand now: the offer gives nothing more.
    assert match(archive, 3, f"need:{L}.3") == NO_ROOM
    retract(archive, "n2", by=L)
    assert match(archive, 4) == [("/data/need", "already_reserved")]


def test_a_need_is_withdrawn_by_a_correction_that_was_there_before_it(archives: Any) -> None:
    for is_early in (True, False):
        archive = archives()
        offer(archive, capacity=1)
        assert match(archive) == []
        if is_early:
            correct(archive, "n1", "/state", "withdrawn", by=L)
        need(archive, time=at(15))
        if not is_early:
            correct(archive, "n1", "/state", "withdrawn", by=L)
        archive.clock.turn(minutes=30)
        # What it held is free; and nobody looks for help for it.
        assert match(archive, 2, f"need:{L}.2") == []
        data = {"support": f"support:{L}.3", "need": NEED, "offer": OFFER, "accepted_by_person": True}
        assert archive.codes(L, "support.matched", data, id="m3", time=at(20)) == NO_NEED


def test_corrections_by_others_and_of_other_things_change_nothing(archives: Any) -> None:
    archive = archives()
    offer(archive, capacity=1)
    need(archive, by=H, id="h1")
    correct(archive, "h1", "/state", "withdrawn", by=H)
    archive.intake.record([archive.threat(1, id="t1")])
    correct(archive, "t1", "/title", "Another title", by=H, name="c2")
    correct(archive, "nothing", "/capacity", 7, name="c3")
    retract(archive, "r-o9")
    assert [match(archive, no, f"need:{L}.{no + 1}") for no in (1, 2)] == [[], NO_ROOM]


def test_a_narrower_correction_is_for_those_who_may_see_it(archives: Any) -> None:
    archive = archives()
    offer(archive, capacity=1)
    data = {
        "about_event": "o1",
        "reason": "typing",
        "tlp": "red",
        "changes": [{"pointer": "/capacity", "to": 2}],
    }
    assert archive.push(M, "record.corrected", data, id="c1").status == "stored"
    # Its publisher alone may know of the offer now: for others it is as if there were none.
    assert [match(archive, no, f"need:{L}.{no}") for no in (1, 2, 3)] == [[], [], []]


def test_all_in_one_batch_in_either_order(archives: Any) -> None:
    data = {"offer": OFFER, "by": f"partner:{M}", "kinds": ["medical"], "capacity": 5}
    said = {"about_event": "o1", "reason": "typing", "changes": [{"pointer": "/capacity", "to": 1}]}
    for is_late in (False, True):
        archive = archives()
        told = archive.check(M, "offer.made", data, id="o1")
        corrected = archive.check(M, "record.corrected", said, id="c1")
        batch = [told, corrected] if is_late else [corrected, told]
        outcomes = archive.intake.record(batch, dry_run=True) + archive.intake.record(batch, atomic=True)
        assert [one.status for one in outcomes] == ["stored"] * 4
        assert [match(archive, no, f"need:{L}.{no}") for no in (1, 2)] == [[], NO_ROOM]
