from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Event

import pytest

from events.submission import EventRefused
from hub.client.door import Door, Patience
from hub.commands.archive import opened
from hub.commands.world import World, moment_text
from hub.demo.cast import members
from hub.demo.simulator import SLUG, Simulator
from hub.demo.stage import Stage
from hub.demo.stories import Story
from hub.issuing import grant_of
from schemas.registry import Registry
from tests.running import Chance, SetClock, make_world, serving


def test_a_simulated_partner_publishes_what_its_roles_allow_and_its_contracts_ask() -> None:
    registry = Registry.load()
    roles = next(set(member.roles) for member in members() if member.slug == SLUG)
    seen = set()
    for event in islice(Simulator(1, "run", SetClock()).events(), 300):
        contract = registry.contract(f"{event['type']}.v1")
        assert contract.check(event["data"]) == []
        assert contract.publishers & (roles | {"any"})
        seen.add(event["type"])
    assert len(seen) == 5


def test_the_same_seed_tells_the_same_story_under_the_ids_of_its_run() -> None:
    one, again, other = (list(islice(Simulator(1, run, SetClock()).events(), 50)) for run in ("a", "a", "b"))
    assert one == again
    assert {event["id"] for event in one}.isdisjoint(event["id"] for event in other)


def stage(url: str, token: str, ended: Event, said: list[str]) -> Stage:
    at_once = Patience(0, lambda _: None, lambda _: None)
    return Stage({SLUG: Door(url, token, at_once)}, said.append, ended)


def test_what_is_refused_of_a_story_is_told(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    events = list(islice(Simulator(1, "run", world.clock).events(), 2))
    events[0]["data"]["colour"] = "red"
    said: list[str] = []
    with serving(world) as served:
        theatre = stage(served.url, world.tokens["docket"], Event(), said)
        assert theatre.tell_all([Story("s99", tuple(events), ())]) == 1
        theatre.close()
    assert said[0].startswith("sim-run-1 was refused: /data/colour: ")
    assert said[1] == "s99: 1 new events, 2 in all"


def test_a_demo_that_ends_tells_no_further_story(tmp_path: Path) -> None:
    ended = Event()
    ended.set()
    theatre = stage("http://127.0.0.1:1", "", ended, [])
    assert theatre.tell_all([Story("s99", (), ())]) == 0
    theatre.keep_publishing(Simulator(1, "run", SetClock()), 0)
    theatre.close()


def test_live_publishing_says_what_is_refused_and_ends_with_the_hub(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    said: list[str] = []
    ended = Event()

    class Ending(list[str]):
        def append(self, sentence: str) -> None:
            super().append(sentence)
            ended.set()

    with serving(world) as served:
        theatre = stage(served.url, "hub_wrong", ended, Ending())
        theatre.keep_publishing(Simulator(1, "run", world.clock), 0.001)
        assert ended.is_set()
        theatre.close()
    away = stage(served.url, "hub_wrong", Event(), said)
    away.keep_publishing(Simulator(1, "run", world.clock), 0.001)
    away.close()
    assert said == []


def test_a_fresh_id_is_a_uuid_of_version_7_in_order_of_time(tmp_path: Path) -> None:
    clock = SetClock()
    world = World(clock, Chance("ids"), lambda _: None, {})
    ids = []
    for _ in range(3):
        ids.append(world.fresh_id())
        clock.move(seconds=1)
    assert ids == sorted(ids)
    assert {one[14] for one in ids} == {"7"}
    assert {one[19] for one in ids} <= set("89ab")
    assert moment_text(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00Z"
    assert moment_text(None) is None


def test_a_grant_has_the_usual_clearance_of_its_role_unless_told(tmp_path: Path) -> None:
    assert grant_of("ab", "steward").clearance == "red"
    assert grant_of("ab", "observer", clearance="green").clearance == "green"


def test_a_decision_that_is_refused_raises_with_its_reason(tmp_path: Path) -> None:
    world = make_world(tmp_path / "hub")
    mine = World(world.clock, world.chance, lambda _: None, {})
    with opened(mine, str(tmp_path / "hub"), None) as archive, pytest.raises(EventRefused) as refused:
        archive.publish("partner.suspended", {"partner": "partner:nobody"})
    assert [problem.code for problem in refused.value.problems] == ["unknown_partner"]
