"""Corrections and retractions of matches: an offer's capacity is freed and kept rightly, in any order."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.submission import Checked
from tests.archive_fixtures import Archive, TurnedClock, sqlite_url

L, H, M = "lanterns-for-counsel", "harbour-bar-watch", "meridian-fund"
NO_ROOM = [("/data/offer", "no_capacity_left")]
NOON = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ROOM = 20


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    roles = {L: ["monitor"], H: ["monitor"], M: ["funder"]}
    opened = Archive(sqlite_url(tmp_path_factory.mktemp("log")), clock=TurnedClock()).begin(roles)
    yield opened
    opened.store.close()


_STORIES = count()


class Story:
    """One offer and what is said of its matches; its references are its own."""

    def __init__(self, archive: Archive, **terms: Any) -> None:
        self._archive = archive
        self._own = f"s{next(_STORIES)}"
        self.offer = f"offer:{M}.{self._own}"
        data = {"offer": self.offer, "by": f"partner:{M}", "kinds": ["medical"], **terms}
        assert self.push(M, "offer.made", data, "o", 0) == []

    def name(self, of: str) -> str:
        return f"{self._own}-{of}"

    def push(
        self, by: str, kind: str, data: dict[str, Any], name: str, minutes: int
    ) -> list[tuple[str, str]]:
        at = (NOON + timedelta(minutes=minutes)).isoformat()
        return self._archive.codes(by, kind, data, id=self.name(name), time=at)

    def match(self, number: int, by: str = L, name: str = "m", **said: Any) -> list[tuple[str, str]]:
        data = {
            "support": f"support:{L}.{self._own}-{number}",
            "need": f"need:{L}.{self._own}-{number}",
            "offer": self.offer,
            "accepted_by_person": True,
            **said,
        }
        return self.push(by, "support.matched", data, f"{name}{number}", 10)

    def deliver(self, number: int, result: str, by: str = L) -> list[tuple[str, str]]:
        data = {"support": f"support:{L}.{self._own}-{number}", "result": result}
        return self.push(by, "support.delivered", data, f"d{number}", 20)

    def correct(
        self, about: str, version: int, changes: dict[str, Any], by: str = L
    ) -> list[tuple[str, str]]:
        said = [{"pointer": pointer, "to": to} for pointer, to in changes.items()]
        data = {"about_event": self.name(about), "reason": "typing", "changes": said}
        return self.push(by, "record.corrected", data, f"c{version}-{about}", 20 + version)

    def retract(self, about: str, by: str = L, **more: Any) -> list[tuple[str, str]]:
        at = NOON.isoformat()
        data = {"about_event": self.name(about), "reason": "false", "effective_from": at, **more}
        return self.push(by, "record.retracted", data, f"r-{about}", 30)

    def left(self, number: int) -> int:
        """Return how much the offer still gives, by taking all of it, one after the other."""
        for units in range(ROOM + 1):
            if self.match(number, quantity=ROOM - units, name=f"probe{units}-") == []:
                return ROOM - units
        return 0


def steps(story: Story) -> dict[str, Callable[[], list[tuple[str, str]]]]:
    return {
        "m1": lambda: story.match(1, quantity=3),
        "m2": lambda: story.match(2, quantity=5),
        "m3": lambda: story.match(3, quantity=2),
        "m1 takes 7": lambda: story.correct("m1", 1, {"/quantity": 7}),
        "m1 takes 1": lambda: story.correct("m1", 2, {"/quantity": 1}),
        "m1 takes 1 was wrong": lambda: story.retract("c2-m1"),
        "m2 is for another need": lambda: story.correct("m2", 1, {"/need": f"need:{L}.other"}),
        "m2 takes 6": lambda: story.correct("m2", 2, {"/quantity": 6}),
        "m2 was wrong": lambda: story.retract("m2"),
        "a stranger takes m3 back": lambda: story.retract("m3", by=H),
    }


ALL = ["m1", "m2", "m3", *[name for name in steps(object()) if " " in name]]  # type: ignore[arg-type]


def reads(said: set[str]) -> int:
    """Return what the matches take as all of that reads."""
    first = (
        1
        if {"m1 takes 1"} <= said and "m1 takes 1 was wrong" not in said
        else 7
        if "m1 takes 7" in said
        else 3
    )
    second = 0 if "m2 was wrong" in said else 6 if "m2 takes 6" in said else 5
    return sum(size for name, size in (("m1", first), ("m2", second), ("m3", 2)) if name in said)


@given(order=st.permutations(ALL), many=st.integers(min_value=3, max_value=len(ALL)))
@settings(max_examples=15, deadline=None)
def test_what_is_left_of_an_offer_goes_by_how_its_matches_read_in_any_order(
    archive: Archive, order: list[str], many: int
) -> None:
    story = Story(archive, capacity=ROOM)
    todo = steps(story)
    for name in order[:many]:
        assert todo[name]() == [], name
    assert story.left(9) == ROOM - reads(set(order[:many]))


def test_a_retracted_match_frees_its_part_of_the_need_and_keeps_its_reference(archive: Archive) -> None:
    story = Story(archive)
    assert story.match(1) == []
    again = {"need": f"need:{L}.{story.name('1')}"}
    assert story.match(2, **again) == [("/data/need", "already_reserved")]
    assert story.retract("m1") == []
    assert story.match(3, **again) == []
    assert story.match(1, name="again", need=f"need:{L}.{story.name('5')}") == [
        ("/data/support", "already_used")
    ]


def test_what_the_other_side_confirmed_stands_until_it_takes_its_word_back_too(archive: Archive) -> None:
    story = Story(archive, capacity=4)
    assert story.match(1, quantity=3) == []
    assert story.match(1, by=M, name="confirmed", quantity=2) == []
    assert story.retract("m1") == []
    # What the other side says of it is what it takes now.
    assert story.match(2, quantity=3, name="x") == [("/data/quantity", "no_capacity_left")]
    assert story.match(2, quantity=1) == []
    assert story.retract("confirmed1", by=M) == []
    assert [story.match(3, quantity=3), story.match(4)] == [[], NO_ROOM]


def test_kinds_are_corrected_and_what_was_freed_stays_free(archive: Archive) -> None:
    story = Story(archive, capacity=3)
    same = {"need": f"need:{L}.{story.name('n')}"}
    assert story.match(1, kinds=["medical"], **same) == []
    assert story.correct("m1", 1, {"/kinds": ["legal_defence"]}) == []
    assert story.match(2, kinds=["legal_defence"], **same) == [("/data/need", "already_reserved")]
    assert story.match(2, kinds=["medical"], name="x", **same) == []
    assert story.deliver(1, "failed") == []
    assert story.correct("m1", 2, {"/quantity": 3}) == []
    assert story.match(3, kinds=["legal_defence"], quantity=2, **same) == []
    assert story.match(4) == NO_ROOM


def test_the_end_of_what_nobody_says_any_more_changes_nothing(archive: Archive) -> None:
    story = Story(archive, capacity=1)
    assert story.match(1) == []
    assert story.match(1, by=M, name="confirmed") == []
    assert story.retract("m1") == []
    assert story.retract("confirmed1", by=M) == []
    # Nobody says any more that there was a match: its end is nothing to the need, nor to the offer.
    assert story.deliver(1, "delivered", by=M) == []
    assert [story.match(2), story.match(3)] == [[], NO_ROOM]


def test_a_need_that_was_withdrawn_first_leaves_its_amended_match_out(archive: Archive) -> None:
    story = Story(archive, capacity=2)
    need = {"need": f"need:{L}.{story.name('1')}", "for": f"lawyer:{L}.1", "kinds": ["medical"]}
    told = {**need, "expressed_by": "self", "state": "withdrawn"}
    assert story.push(L, "need.expressed", told, "n", 15) == []
    assert story.match(1, quantity=2) == []
    assert story.correct("m1", 1, {"/quantity": 1}) == []
    assert [story.match(2, quantity=2), story.match(3)] == [[], NO_ROOM]


def test_a_match_is_told_and_taken_back_within_one_batch(archive: Archive) -> None:
    story = Story(archive, capacity=1)

    def told(number: int) -> Checked:
        own = {
            "support": f"support:{L}.{story.name(str(number))}",
            "need": f"need:{L}.{story.name(str(number))}",
        }
        data = {**own, "offer": story.offer, "accepted_by_person": True}
        return archive.check(L, "support.matched", data, id=story.name(f"m{number}"))

    back = {"about_event": story.name("m1"), "reason": "false", "effective_from": NOON.isoformat()}
    batch = [told(1), archive.check(L, "record.retracted", back, id=story.name("r")), told(2), told(3)]
    outcomes = archive.intake.record(batch)
    assert [one.status for one in outcomes] == ["stored", "stored", "stored", "refused"]
