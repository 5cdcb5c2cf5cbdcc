"""Time events: each due moment is said once, never before it has come, in order, and not of what was taken back."""

import multiprocessing
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest

from events.audience import Reader
from events.moments import read_moment, stamp
from projections.event_query import EventQuery
from tests.archive_fixtures import TurnedClock, sqlite_url
from tests.postgres import fresh_database
from tests.timekeeping import Hub, words

Json = Any

BAR = "harbour-bar-watch"
PARTNERS = {BAR: ["monitor", "bar"], "open-docket": ["monitor"]}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return sqlite_url(tmp_path) if request.param == "sqlite" else fresh_database()


class Story:
    """What partners do by chance, and which moments should be said of it by then."""

    def __init__(self, url: str, folder: Path, chance: int) -> None:
        self.url, self.folder, self.random = url, folder, Random(chance)
        self.clock = TurnedClock()
        self.hubs = [self._open(name) for name in ("one", "two")]
        self.hubs[0].archive.begin(PARTNERS)
        self.valid: dict[str, datetime] = {}
        self.offers = 0

    def _open(self, name: str) -> Hub:
        return Hub(self.url, self.folder / f"{name}.sqlite", self.clock)

    def close(self) -> None:
        for hub in self.hubs:
            hub.close()

    def step(self) -> None:
        self.random.choice(
            (self.offer, self.offer, self.correct, self.retract, self.jump, self.restart, self.look)
        )()

    def _hub(self) -> Hub:
        return self.random.choice(self.hubs)

    def _day(self) -> str:
        return (self.clock.now.date() + timedelta(days=self.random.randint(1, 6))).isoformat()

    def offer(self) -> None:
        self.offers += 1
        name, day = f"o{self.offers}", self._day()
        data = {
            "offer": f"offer:{BAR}.{name}",
            "by": f"partner:{BAR}",
            "kinds": ["legal_defence"],
            "valid_until": day,
        }
        assert self._hub().archive.push(BAR, "offer.made", data, id=name).status == "stored"
        self.valid[name] = _end_of(day)

    def correct(self) -> None:
        if self.valid:
            name, day = self.random.choice(sorted(self.valid)), self._day()
            data = {
                "about_event": name,
                "reason": "wrong_date",
                "changes": [{"pointer": "/valid_until", "to": day}],
            }
            self.clock.turn(seconds=1)
            outcome = self._hub().archive.push(
                BAR, "record.corrected", data, id=f"c{self.offers}-{stamp(self.clock.now)}"
            )
            assert outcome.status == "stored"
            self.valid[name] = _end_of(day)

    def retract(self) -> None:
        if self.valid:
            name = self.random.choice(sorted(self.valid))
            data = {"about_event": name, "reason": "false", "effective_from": stamp(self.clock.now)}
            assert self._hub().archive.push(BAR, "record.retracted", data, id=f"r-{name}").status == "stored"
            del self.valid[name]

    def jump(self) -> None:
        self.clock.turn(hours=self.random.choice((1, 30, 200)))

    def restart(self) -> None:
        number = self.random.randrange(2)
        self.hubs[number].close()
        self.hubs[number] = self._open(("one", "two")[number])

    def look(self) -> None:
        """Let both hubs look at once; afterwards all that is due was said."""
        for hub in self.hubs:
            hub.room.catch_up()
        both = [Thread(target=hub.say) for hub in self.hubs]
        for one in both:
            one.start()
        for one in both:
            one.join()
        self.check()

    def check(self) -> None:
        said = words(self.hubs[0].archive.everything())
        keys = Counter((one.data["about_event"]["id"], one.data["due"]) for one in said)
        assert not [key for key, count in keys.items() if count > 1]
        for one in said:
            assert one.data["due"] <= one.envelope["recordedtime"]
        for hub in self.hubs:
            hub.room.catch_up()
        standing = {(name, stamp(due)) for name, due in self.valid.items() if due <= self.clock.now}
        assert standing <= set(keys)
        assert self._seen() == standing

    def _seen(self) -> set[tuple[str, str]]:
        page = (
            self.hubs[1]
            .room.purge(Reader("open-docket", clearance="amber"))
            .events(EventQuery(types=("deadline.*",), limit=1_000))
        )
        return {(one["data"]["about_event"]["id"], one["data"]["due"]) for one in page.events}


def _end_of(day: str) -> datetime:
    moment = read_moment(f"{day}T00:00:00Z")
    assert moment is not None
    return moment + timedelta(days=1)


@pytest.mark.parametrize("chance", [3, 11])
def test_whatever_happens_each_moment_is_said_once_and_what_stands_is_seen(
    url: str, tmp_path: Path, chance: int
) -> None:
    with ExitStack() as opened:
        story = Story(url, tmp_path, chance)
        opened.callback(story.close)
        for _ in range(40):
            story.step()
        story.offer()
        story.clock.turn(hours=200)
        story.look()
        assert words(story.hubs[0].archive.everything())


def test_two_processes_say_each_moment_once_in_order(url: str, tmp_path: Path) -> None:
    clock = TurnedClock()
    with ExitStack() as opened:
        hub = Hub(url, tmp_path / "views.sqlite", clock)
        opened.callback(hub.close)
        hub.archive.begin(PARTNERS)
        for number in range(60):
            data = {"offer": f"offer:{BAR}.{number}", "by": f"partner:{BAR}", "kinds": ["legal_defence"]}
            day = (clock.now.date() + timedelta(days=1 + number * 7 % 60)).isoformat()
            hub.archive.push(BAR, "offer.made", {**data, "valid_until": day}, id=f"o{number}")
    clock.turn(days=90)
    # Forked while nothing is open: what a hub imports takes seconds, and is the same.
    forking = multiprocessing.get_context("fork")
    together, counts = forking.Barrier(2), forking.SimpleQueue()
    views = [tmp_path / "one.sqlite", tmp_path / "two.sqlite"]
    others = [forking.Process(target=_look, args=(url, one, clock, together, counts)) for one in views]
    for one in others:
        one.start()
    for one in others:
        one.join()
    assert [one.exitcode for one in others] == [0, 0]
    hub = Hub(url, tmp_path / "views.sqlite", clock)
    said = words(hub.archive.everything())
    hub.close()
    assert counts.get() + counts.get() == len(said) == 60
    dues = [one.data["due"] for one in said]
    assert dues == sorted(dues)


def _look(url: str, views: Path, clock: TurnedClock, together: Any, counts: Any) -> None:
    hub = Hub(url, views, clock)
    together.wait()
    counts.put(hub.say())
    hub.close()
