"""The graph as of an earlier place of the log is the graph that was there then, and splitting undoes merging."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.audience import PUBLIC
from events.event import Position
from projections.graph.query import GraphQuery
from projections.reading_room import ReadingRoom
from projections.sight import Sight
from schemas.registry import Registry
from tests.depth import in_depth
from tests.logs import OWNER, PARTNER, MemoryLog
from tests.stories import LONGEST, Step, tell_on

Json = Any

FIRST, SECOND, THIRD = (f"lawyer:harbour-bar-watch.{number}" for number in (1, 2, 3))
JUDGEMENTS = ("same", "different", "unsure")
STEPS = ["report", "correct", "correct", "assess", "profile", "state", "retract", "judge", "judge"]
"""Nothing that takes back or narrows: after that the past shows less than it did, which is its purpose."""


def stories() -> st.SearchStrategy[list[Step]]:
    step = st.builds(Step, st.sampled_from(STEPS), st.integers(1, LONGEST), st.integers(0, 2))
    return st.lists(step, max_size=LONGEST)


def tell(story: list[Step]) -> MemoryLog:
    log = MemoryLog()
    for step in story:
        if step.kind == "judge":
            judge(log, step)
        else:
            tell_on(log, step)
    return log


def judge(log: MemoryLog, step: Step, **envelope: Json) -> None:
    left, right = ((FIRST, SECOND), (SECOND, THIRD), (THIRD, FIRST))[step.about % 3]
    said = {"left": left, "right": right, "judgement": JUDGEMENTS[step.choice], "basis": ["photo"]}
    slug = ("harbour-bar-watch", "open-docket")[step.about % 2]
    log.add("identity.judged", {**said, "confidence": 0.9}, slug, tlp="green", **envelope)


class Rooms:
    """Reading rooms over logs, closed at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: list[ReadingRoom] = []

    def over(self, log: MemoryLog) -> ReadingRoom:
        room = ReadingRoom(REGISTRY, log, self._folder / f"{len(self._open)}.db")
        self._open.append(room)
        room.catch_up()
        assert room.stalls() == {}
        return room

    def close(self) -> None:
        for room in self._open:
            room.stop()


REGISTRY = Registry.load()
READERS = (PUBLIC, PARTNER, OWNER)
TODAY = date(2026, 11, 20)


def cut(log: MemoryLog, place: int) -> MemoryLog:
    shorter = MemoryLog()
    shorter.events = log.events[:place]
    return shorter


def look(sight: Sight, upto: int | None = None, **more: Json) -> list[Json]:
    query = GraphQuery(upto=upto, **more)
    around = GraphQuery(about=[FIRST, SECOND], hops=2, upto=upto, **more)
    refs = [FIRST, SECOND, THIRD, "threat:harbour-bar-watch.1", "statement:open-docket.1"]
    return [sight.graph(query), sight.graph(around), *(sight.node(ref, query) for ref in refs)]


def listed(sight: Sight, query: GraphQuery) -> list[Json]:
    dossiers = [
        sight.dossier("lawyers", FIRST, query),
        sight.dossier("threats", "threat:harbour-bar-watch.1", query),
    ]
    return [
        {name: one[name] for name in one if name not in ("timeline", "flags")} if one else None
        for one in dossiers
    ]


@settings(max_examples=in_depth(15, 60))
@given(story=stories(), place=st.integers(0, LONGEST))
def test_the_graph_as_of_a_place_is_the_graph_replayed_to_it(story: list[Step], place: int) -> None:
    with TemporaryDirectory() as folder:
        rooms = Rooms(Path(folder))
        try:
            log = tell(story)
            whole, then = rooms.over(log), rooms.over(cut(log, place))
            for reader in READERS:
                now, before = whole.purge(reader), then.purge(reader)
                assert look(now, place) == look(before)
                assert look(now, place, as_of="2026-10-05") == look(before, as_of="2026-10-05")
                assert listed(now, GraphQuery(upto=place)) == listed(before, GraphQuery())
        finally:
            rooms.close()


@settings(max_examples=in_depth(10, 40))
@given(story=stories(), place=st.integers(0, LONGEST))
def test_questions_about_a_place_are_answered_as_by_a_hub_replayed_to_it(
    story: list[Step], place: int
) -> None:
    with TemporaryDirectory() as folder:
        rooms = Rooms(Path(folder))
        try:
            log = tell(story)
            whole, then = rooms.over(log), rooms.over(cut(log, place))
            for reader in READERS:
                now, before = whole.purge(reader), then.purge(reader)
                assert asked(now, GraphQuery(upto=place)) == asked(before, GraphQuery())
                days: Json = {"as_of": "2026-10-05"}
                assert asked(now, GraphQuery(upto=place, **days)) == asked(before, GraphQuery(**days))
        finally:
            rooms.close()


def asked(sight: Sight, moment: GraphQuery) -> list[Json]:
    questions = sight.questions(TODAY, moment)
    matters = [FIRST, SECOND, "threat:harbour-bar-watch.1"]
    acts = [questions.who_acts(ref) for ref in matters]
    invited = [questions.invite(ref, 20) for ref in matters]
    pages = [
        sight.alone({"country": country, "limit": 50, "offset": 0}, TODAY, moment) for country in (None, "QM")
    ]
    return [pages, acts, invited]


@settings(max_examples=in_depth(10, 40))
@given(story=stories(), since=st.integers(0, LONGEST))
def test_what_changed_leads_from_the_graph_then_to_the_graph_now(story: list[Step], since: int) -> None:
    with TemporaryDirectory() as folder:
        rooms = Rooms(Path(folder))
        try:
            room = rooms.over(tell(story))
            for reader in READERS:
                sight = room.purge(reader)
                before, after = sight.graph(GraphQuery(upto=since)), sight.graph(GraphQuery())
                found, reached = sight.changes(Position(since), 1000)
                assert applied(before, found) == {name: after[name] for name in ("nodes", "edges")}
                assert sight.changes(reached, 1000)[0] == {"nodes": [], "ties": [], "truncated": 0}
        finally:
            rooms.close()


def applied(before: Json, found: Json) -> Json:
    nodes = {one["ref"]: one for one in before["nodes"]}
    ties = {(one["from"], one["kind"], one["to"]): one for one in before["edges"]}
    for one in found["nodes"]:
        assert one["events"]
        if one["change"] == "gone":
            assert nodes.pop(one["node"]["ref"]) == one["node"]
        else:
            assert nodes.get(one["node"]["ref"]) == one.get("before")
            nodes[one["node"]["ref"]] = one["node"]
    for one in found["ties"]:
        tie = one["tie"]
        key = tie["from"], tie["kind"], tie["to"]
        if one["change"] == "gone":
            assert ties.pop(key) == tie
        else:
            ties[key] = tie
    edges = sorted(ties.values(), key=lambda tie: (tie["from"], tie["kind"], tie["to"]))
    return {"nodes": [nodes[ref] for ref in sorted(nodes)], "edges": edges}


@settings(max_examples=in_depth(10, 40))
@given(story=stories(), about=st.integers(0, 2))
def test_splitting_after_merging_is_the_identity(story: list[Step], about: int) -> None:
    with TemporaryDirectory() as folder:
        rooms = Rooms(Path(folder))
        try:
            log = tell(story)
            before = rooms.over(log)
            answers = [
                [*look(before.purge(one)), *listed(before.purge(one), GraphQuery())] for one in READERS
            ]
            merged = cut(log, len(log.events))
            judge(merged, Step("judge", about, 0), id="merge")
            merged.retract("merge", "false", ("harbour-bar-watch", "open-docket")[about % 2])
            after = rooms.over(merged)
            assert [
                [*look(after.purge(one)), *listed(after.purge(one), GraphQuery())] for one in READERS
            ] == answers
        finally:
            rooms.close()
