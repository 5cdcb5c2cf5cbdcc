"""Reply clocks that go by kinds of bodies: the bell rings once, whenever it becomes known of which kind a body is."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from events.audience import PUBLIC, Label, Reader
from projections.boards.statements.clocks import ReplyClocks, load_clocks
from projections.deadlines.kinds import kinds_by, profile_of
from projections.event_query import EventQuery
from tests.archive_fixtures import TurnedClock, sqlite_url
from tests.logs import MemoryLog
from tests.timekeeping import Hub, words

Json = Any

BAR, DOCKET, QUILL = "harbour-bar-watch", "open-docket", "quill-network"
COURT, MINISTRY = f"body:{BAR}.court", f"body:{BAR}.ministry"
READER = Reader(DOCKET, clearance="amber")
DAYS = {"court": 10, "ministry": 30}


@pytest.fixture
def replies(tmp_path: Path) -> ReplyClocks:
    entries = [{"name": kind, "body_kinds": [kind], "days": days} for kind, days in DAYS.items()]
    (tmp_path / "replies.json").write_text(json.dumps({"clocks": entries}))
    return load_clocks(tmp_path / "replies.json")


class Desk:
    """A hub, and short ways to say what it hears."""

    def __init__(self, folder: Path, replies: ReplyClocks) -> None:
        self.folder, self.replies, self.clock = folder, replies, TurnedClock()
        self.hub = self._open("views")
        self.hub.archive.begin({slug: ["monitor"] for slug in (BAR, DOCKET, QUILL)})
        self.count = 0

    def _open(self, name: str) -> Hub:
        return Hub(sqlite_url(self.folder), self.folder / f"{name}.sqlite", self.clock, self.replies)

    def rest(self, days: int) -> None:
        """Close, and open after some days."""
        self.close()
        self.clock.turn(days=days)
        self.hub = self._open("views")

    def close(self) -> None:
        self.hub.close()

    def say(self, event_type: str, data: Json, slug: str = BAR, **more: Json) -> str:
        self.count += 1
        self.clock.turn(seconds=1)
        outcome = self.hub.archive.push(slug, event_type, data, **{"id": f"n{self.count}", **more})
        assert outcome.status == "stored", outcome.problems
        return str(more.get("id", f"n{self.count}"))

    def ask(self, *bodies: str, **more: Json) -> str:
        data = {"statement": f"statement:{BAR}.{self.count}", "kind": "letter_private", "title": {"en": "T"},
                "about": [f"case:{BAR}.1"], "issued": self.clock.now.date().isoformat(),
                "addressees": list(bodies)}  # fmt: skip
        return self.say("statement.issued", data, **{"tlp": "green", **more})

    def profile(self, body: str, kind: str, slug: str = BAR, **more: Json) -> str:
        data = {"body": body, "kind": kind, "name": {"en": "It"}, "country": "QM", **more.pop("said", {})}
        return self.say("body.profiled", data, slug, **more)

    def correct(self, name: str, pointer: str, to: Json) -> str:
        changes = [{"pointer": pointer, "to": to}]
        return self.say("record.corrected", {"about_event": name, "reason": "wrong_body", "changes": changes})

    def retract(self, name: str, slug: str = BAR) -> None:
        data = {"about_event": name, "reason": "false", "effective_from": "2026-11-02T00:00:00Z"}
        self.say("record.retracted", data, slug)

    def look(self) -> int:
        """Fold what is there, say what is due, and find nothing more to say."""
        said = self.hub.look()
        assert self.hub.look() == 0
        return said

    def silent(self, reader: Reader = READER) -> list[tuple[str, str]]:
        """Return the bodies of which a reader hears that they did not reply, and on which day that was."""
        self.hub.room.catch_up()
        query = EventQuery(types=("response.*",), partners=("hub",), limit=500)
        found = self.hub.room.purge(reader).events(query).events
        return sorted((one["data"]["from"], one["data"]["received"]) for one in found)

    def tables(self, views: Path) -> Mapping[str, list[Any]]:
        """Return all rows of the view of deadlines, with labels for their numbers."""
        with closing(sqlite3.connect(views)) as db:
            names = [name for (name,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'deadlines_%'")]  # fmt: skip
            return {one: sorted(db.execute(f"SELECT * FROM {one}").fetchall(), key=repr) for one in names}

    def agrees_with_replay(self) -> None:
        self.hub.room.catch_up()
        fresh = self._open(f"fresh{self.count}")
        try:
            assert self.tables(self.folder / f"fresh{self.count}.sqlite") == self.tables(
                self.folder / "views.sqlite"
            )
        finally:
            fresh.close()


@pytest.fixture
def desk(tmp_path: Path, replies: ReplyClocks) -> Iterator[Desk]:
    made = Desk(tmp_path, replies)
    yield made
    made.close()


@pytest.mark.parametrize("is_known_first", [True, False])
def test_the_bell_rings_once_whichever_came_first(desk: Desk, is_known_first: bool) -> None:
    if is_known_first:
        desk.profile(COURT, "court")
    desk.ask(COURT)
    if not is_known_first:
        desk.profile(COURT, "court")
    desk.clock.turn(days=9)
    assert desk.look() == 0
    desk.clock.turn(days=2)
    assert desk.look() == 2
    assert desk.silent() == [(COURT, "2026-11-12")]
    desk.agrees_with_replay()


def test_after_any_downtime_it_rings_once_and_also_if_the_kind_is_told_only_then(desk: Desk) -> None:
    desk.ask(COURT)
    desk.ask(MINISTRY)
    desk.profile(COURT, "court")
    desk.rest(days=400)
    assert desk.look() == 2
    desk.profile(MINISTRY, "ministry")
    assert desk.look() == 2
    desk.rest(days=1)
    assert desk.look() == 0
    assert desk.silent() == [(COURT, "2026-11-12"), (MINISTRY, "2026-12-02")]


def test_a_corrected_kind_moves_the_bell_and_voids_the_word_that_was_said(desk: Desk) -> None:
    desk.ask(COURT)
    profile = desk.profile(COURT, "court")
    desk.clock.turn(days=12)
    assert desk.look() == 2
    correction = desk.correct(profile, "/kind", "ministry")
    assert (desk.look(), desk.silent()) == (0, [])
    desk.clock.turn(days=30)
    assert (desk.look(), desk.silent()) == (2, [(COURT, "2026-12-02")])
    desk.retract(correction)
    assert (desk.look(), desk.silent()) == (0, [(COURT, "2026-11-12")])
    desk.retract(profile)
    assert (desk.look(), desk.silent()) == (0, [])
    desk.agrees_with_replay()


def test_a_later_profile_counts_and_one_that_says_no_kind_does_not(desk: Desk) -> None:
    desk.ask(COURT)
    desk.profile(COURT, "court")
    desk.say("body.profiled", {"body": COURT, "name": {"en": "Its name"}})
    desk.profile(COURT, "ministry", said={"as_of": "2026-11-03"})
    desk.clock.turn(days=12)
    assert desk.look() == 0
    desk.clock.turn(days=30)
    assert (desk.look(), desk.silent()) == (2, [(COURT, "2026-12-02")])


def test_other_addressees_of_the_statement_change_with_it(desk: Desk) -> None:
    desk.profile(COURT, "court")
    desk.profile(MINISTRY, "ministry")
    statement = desk.ask(COURT)
    desk.correct(statement, "/addressees", [MINISTRY])
    desk.clock.turn(days=12)
    assert desk.look() == 0
    desk.clock.turn(days=30)
    assert (desk.look(), desk.silent()) == (2, [(MINISTRY, "2026-12-02")])
    desk.retract(statement)
    assert (desk.look(), desk.silent()) == (0, [])
    desk.agrees_with_replay()


def test_the_statement_may_say_itself_when_a_reply_is_due(desk: Desk) -> None:
    desk.profile(COURT, "court")
    statement = desk.ask(COURT)
    desk.correct(statement, "/reply_expected_by", "2026-11-20")
    desk.clock.turn(days=20)
    assert (desk.look(), desk.silent()) == (2, [(COURT, "2026-11-20")])


def test_what_only_some_see_of_those_who_see_the_statement_rings_no_bell(desk: Desk) -> None:
    desk.ask(COURT)
    desk.ask(MINISTRY, tlp="amber", audience=DOCKET)
    desk.profile(COURT, "court", tlp="amber+strict", audience=DOCKET)
    desk.profile(MINISTRY, "ministry", slug=DOCKET, tlp="amber", audience=BAR)
    desk.clock.turn(days=60)
    assert (desk.look(), desk.silent()) == (2, [(MINISTRY, "2026-12-02")])
    assert desk.silent(Reader(QUILL, clearance="amber")) == desk.silent(PUBLIC) == []


def test_a_reply_in_time_stops_it(desk: Desk) -> None:
    desk.ask(COURT)
    desk.profile(COURT, "court")
    data = {"statement": f"statement:{BAR}.0", "kind": "justifies", "received": "2026-11-05", "from": COURT}
    desk.clock.turn(days=4)
    desk.say("response.received", data, DOCKET)
    desk.clock.turn(days=60)
    desk.look()
    assert desk.silent() == []


def test_where_no_clock_goes_by_kinds_nothing_is_kept_of_them(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ReplyClocks((), frozenset()))
    desk.ask(COURT)
    desk.profile(COURT, "court")
    desk.clock.turn(days=60)
    assert desk.look() == 0
    tables = desk.tables(tmp_path / "views.sqlite")
    assert tables["deadlines_asking"] == tables["deadlines_asked"] == tables["deadlines_kinds"] == []
    desk.close()


@pytest.mark.parametrize("chance", [1, 2])
def test_whatever_happens_the_view_is_that_of_a_replay_and_nothing_is_said_twice(
    chance: int, desk: Desk
) -> None:
    random = Random(chance)
    told: list[str] = []
    profiled: list[str] = []

    def step() -> None:
        act = random.choice(("ask", "profile", "profile", "correct", "retract", "rest", "look"))
        bodies = random.sample((COURT, MINISTRY), random.choice((1, 2)))
        tlp = random.choice(("clear", "green", "amber+strict"))
        if act == "ask":
            told.append(desk.ask(*bodies, tlp=tlp))
        elif act == "profile":
            profiled.append(desk.profile(bodies[0], random.choice(("court", "ministry", "ngo")), tlp=tlp))
            told.append(profiled[-1])
        elif act == "correct" and profiled:
            desk.correct(random.choice(profiled), "/kind", random.choice(("court", "ministry")))
        elif act == "retract" and told:
            desk.retract(told.pop(random.randrange(len(told))))
        elif act == "rest":
            desk.rest(random.choice((1, 8, 25)))
        else:
            desk.look()

    for _ in range(40):
        step()
    desk.ask(COURT)
    desk.profile(COURT, "court")
    desk.clock.turn(days=60)
    desk.look()
    said = words(desk.hub.archive.everything())
    keys = [json.dumps(one.data, sort_keys=True) for one in said]
    assert len(keys) == len(set(keys)) > 0
    desk.agrees_with_replay()


def test_of_profiles_that_differ_the_best_counts_by_the_rule_of_shown_values() -> None:
    log, green = MemoryLog(), Label("green", BAR)
    old = log.add("body.profiled", {"body": COURT, "kind": "court", "as_of": "2026-01-01"})
    new = log.add("body.profiled", {"body": COURT, "kind": "ministry", "dissolved": "2026-02-01"})
    graded = {"body": MINISTRY, "kind": "ministry", "provenance": {"reliability": "A"}}
    better, worse = (
        log.add("body.profiled", graded),
        log.add("body.profiled", {"body": MINISTRY, "kind": "ngo"}),
    )
    profiles = [one for each in (new, old, worse, better) if (one := profile_of(each, green)) is not None]
    kind_of = kinds_by(profiles, green)
    assert [kind_of(COURT), kind_of(MINISTRY), kind_of("body:a-b.1")] == ["ministry", "ministry", None]
    assert profile_of(log.threat(), green) is None
