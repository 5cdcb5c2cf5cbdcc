"""Hubs that listen to each other, each on a loopback port, and what their people do; peers are added by the command."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner, Result

from hub.commands.root import hub as command
from hub.commands.world import World as Outside
from hub.keys import make_keys
from hub.settings import Settings
from tests.running import Chance, Served, SetClock, World, admit, recording, registry, serving

Json = Any
PATIENCE = 20.0


@dataclass
class House:
    """One hub: its world, where it answers, and what is asked of it."""

    name: str
    world: World
    served: Served
    members: tuple[str, ...] = field(default=())

    def post(self, event: Mapping[str, Json], who: str) -> Json:
        return self.served.post(event, self.world.bearer(who))

    def ask(self, path: str, who: str = "steward", **params: Json) -> httpx.Response:
        """Ask when the hub's views have all that is in its log."""
        self.served.settle()
        return httpx.get(f"{self.served.url}/api/v1{path}", headers=self.world.bearer(who), params=params)

    def show(self, slug: str, event_id: str, who: str) -> Json:
        answer = self.ask(f"/events/urn:hub:partner:{slug}/{event_id}", who)
        return answer.json() if answer.status_code == 200 else None

    def ids(self, who: str) -> set[tuple[str, str]]:
        found = self.ask("/events", who, limit=1000).json()["events"]
        return {(one["source"].rpartition(":")[2], one["id"]) for one in found}

    def run(self, *words: str) -> Result:
        outside = Outside(self.world.clock, self.world.chance, time.sleep, {})
        return CliRunner().invoke(
            command, [*words, "--data", str(self.world.settings.data), "--json"], obj=outside
        )

    def status(self) -> dict[str, Json]:
        return {one["peer"]: one for one in self.ask("/peers").json()["items"]}

    def codes(self, peer: str) -> set[tuple[str, str]]:
        return {(one["id"], one["code"]) for one in self.status()[peer]["refusals"]}


def until(true: Callable[[], Any], what: str = "what was waited for") -> Any:
    """Wait until something is true, and return it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not come to that: {what}")


def make_house(folder: Path, members: tuple[str, ...], clock: SetClock) -> World:
    """Make a hub in a folder, with a publisher, an observer and a chief cleared for red for each member."""
    quick = {"beat_seconds": 60.0, "look_seconds": 0.02, "timekeeper_seconds": 0.05, "rate_burst": 1_000_000}
    more: dict[str, Any] = {**quick, "port": 0, "webhooks_loopback_for_tests_only": True}
    world = World(replace(Settings(), data=folder, **more), clock, registry(), Chance(folder.name))
    make_keys(folder, world.chance)
    with recording(world) as intake:
        intake.admit_stewards({"en": "The stewards"})
        for slug in members:
            admit(intake, slug, ["monitor", "responder", "observer"])
    for slug in members:
        world.issue(slug, slug, "publisher")
        world.issue(f"{slug}/chief", slug, "publisher", account="chief", clearance="red")
    world.issue("steward", "stewards", "steward", clearance="red")
    return world


@contextmanager
def houses(folder: Path, members: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, House]]:
    """Serve a hub for each name, with these members."""
    clock = SetClock()
    with ExitStack() as opened:
        found = {}
        for name, slugs in members.items():
            (folder / name).mkdir()
            world = make_house(folder / name, slugs, clock)
            found[name] = House(name, world, opened.enter_context(serving(world)), slugs)
        yield found


def join(here: House, there: House, *, clearance: str = "amber", **named: tuple[str, ...]) -> Result:
    """Have one hub listen to another, as its stewards agree: a partner there, its token, `hub peer add` here."""
    slug = f"hub-{here.name}"
    with recording(there.world) as intake:
        if intake.rights(slug) is None:
            admit(intake, slug, ["monitor"])
    there.world.issue(slug, slug, "publisher", clearance=clearance)
    there.served.settle()
    words = [word for kind, slugs in named.items() for one in slugs for word in (f"--{kind}", one)]
    token = there.world.tokens[slug]
    return here.run("peer", "add", there.served.url, "--name", there.name, "--token", token, *words)


def rows(result: Result) -> list[Json]:
    assert result.exit_code == 0, (result.output, result.exception)
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
