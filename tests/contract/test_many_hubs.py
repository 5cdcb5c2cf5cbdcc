"""Several hubs on one PostgreSQL log: each has its own views, and together they are one hub."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.many import Load, beside, every_id, listening, make_shared_world, push, until
from tests.postgres import fresh_database
from tests.receiver import receiving
from tests.running import Served, World, make_world, serving, threat
from tests.subscribing import Follower

Json = Any


@dataclass
class Hub:
    """One of the hubs."""

    world: World
    served: Served

    @property
    def url(self) -> str:
        return self.served.url

    def get(self, path: str, who: str = "observer", **asked: Json) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", params=asked, headers=self.world.bearer(who), timeout=30)


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, Hub]]:
    """Give two hubs, as on two machines."""
    world = make_shared_world(tmp_path_factory.mktemp("a"), fresh_database(), fresh_database())
    other = beside(world, tmp_path_factory.mktemp("b"))
    with serving(world) as first, serving(other) as second:
        yield Hub(world, first), Hub(other, second)


@pytest.mark.parametrize("path", ["subscriptions/%00", "addresses/a%00"])
def test_what_postgresql_cannot_even_be_asked_for_is_absent(hubs: tuple[Hub, Hub], path: str) -> None:
    here, _ = hubs
    gone = httpx.delete(f"{here.url}/api/v1/{path}", headers=here.world.bearer("publisher"))
    assert gone.status_code == 404


def test_what_one_hub_takes_the_other_shows_and_tells(hubs: tuple[Hub, Hub]) -> None:
    here, there = hubs
    with listening(lambda: there.url, there.world.bearer("observer"), "now") as listener:
        until(lambda: there.served.server._closing.listeners)
        event = threat(9_001, data={"narrative": "Only whom it is for may read this."})
        made = here.served.post(event, here.world.bearer("publisher"))
        listener.wait_for({"t-9001"})
    path = f"/api/v1/events/{event['source']}/{event['id']}"
    seen = [one.get(path, at_least=made["cursor"]) for one in hubs]
    assert [one.status_code for one in seen] == [200, 200]
    assert seen[0].json()["event"] == seen[1].json()["event"]
    assert seen[1].json()["event"]["data"]["threat"] == "threat:harbour-bar-watch.9001"


def test_an_event_that_is_sent_to_both_at_once_is_recorded_once(hubs: tuple[Hub, Hub]) -> None:
    turns = [hub.url for hub, _ in zip(cycle(hubs), range(8), strict=False)]
    headers = hubs[0].world.bearer("publisher")
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda url: push(url, 9_002, headers), turns))
    assert sorted(statuses) == [200] * 7 + [201]


def test_of_contents_that_differ_under_one_id_one_is_taken(hubs: tuple[Hub, Hub]) -> None:
    def tell(number: int) -> int:
        hub = hubs[number % 2]
        return push(hub.url, 9_003, hub.world.bearer("publisher"), data={"narrative": f"Version {number}."})

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(tell, range(6))) == [201] + [409] * 5


def test_a_token_works_on_each_hub_and_its_revocation_holds_on_each(hubs: tuple[Hub, Hub]) -> None:
    here, there = hubs
    here.world.issue("passing", "open-docket", "observer")
    there.world.tokens["passing"] = here.world.tokens["passing"]
    assert there.get("/api/v1/me", "passing").status_code == 200
    with listening(lambda: there.url, there.world.bearer("passing"), "now") as listener:
        until(lambda: there.served.server._closing.listeners)
        here.world.revoke("passing")
        until(lambda: there.get("/api/v1/me", "passing").status_code == 401, seconds=2)
        assert listener.wait_for_bye() == "revoked"


def test_a_browser_that_signed_in_here_is_signed_in_there(hubs: tuple[Hub, Hub]) -> None:
    here, there = hubs
    with here.world.office() as office:
        link = office.make_link(here.world.accounts["observer"].id, here.world.clock())
    entered = httpx.post(f"{there.url}/sign-in/{link}", headers={"Origin": there.url})
    assert entered.status_code == 303, entered.text
    cookie = entered.headers["set-cookie"].partition(";")[0]
    shown = httpx.get(f"{here.url}/api/v1/me", headers={"Cookie": cookie})
    assert shown.json()["partner"] == "open-docket"
    spent = httpx.post(f"{here.url}/sign-in/{link}", headers={"Origin": here.url})
    assert "set-cookie" not in spent.headers


def test_a_subscription_made_here_is_sent_once_whoever_took_the_event(hubs: tuple[Hub, Hub]) -> None:
    here, there = hubs
    with receiving() as receiver, httpx.Client(base_url=here.url, timeout=30) as door:
        follower = Follower(door, here.world)
        made = follower.follow(receiver.url, country=["QT"])
        for number in range(9_100, 9_110):
            hub = hubs[number % 2]
            event = threat(number, data={"place": {"country": "QT"}})
            hub.served.post(event, hub.world.bearer("publisher"))
        receiver.wait_for(10)
        with httpx.Client(base_url=there.url, timeout=30) as other:
            shown = Follower(other, there.world).until(made, lambda one: one["sent"] is not None)
            assert shown["channel"] == "webhook"
            until(lambda: len(Follower(other, there.world).log(made)) >= 10)
        there.served.post(threat(9_110, data={"place": {"country": "QT"}}), there.world.bearer("publisher"))
        receiver.wait_for(11)
        assert receiver.ids() == [f"t-{number}" for number in range(9_100, 9_111)]
        follower.door.delete(f"/api/v1/subscriptions/{made['id']}", headers=follower.headers)


def test_what_is_done_once_for_all_passes_to_the_next_hub(tmp_path: Path) -> None:
    world = make_shared_world(tmp_path / "a", fresh_database(), fresh_database())
    with receiving() as receiver, ExitStack() as later:
        with serving(world) as first:
            second = later.enter_context(serving(beside(world, tmp_path / "b")))
            first.settle()
            with httpx.Client(base_url=first.url, timeout=30) as door:
                Follower(door, world).follow(receiver.url)
            second.post(threat(1), world.bearer("publisher"))
            receiver.wait_for(1)
            first.stop()
        second.post(threat(2), world.bearer("publisher"))
        receiver.wait_for(2)
        second.post(threat(3), world.bearer("publisher"))
        receiver.wait_for(3)
        assert receiver.ids() == ["t-1", "t-2", "t-3"]


def test_a_hub_that_leaves_says_so_first_and_loses_nobody(tmp_path: Path) -> None:
    world = make_shared_world(tmp_path / "a", fresh_database(), fresh_database(), drain_seconds=1.0)
    other = beside(world, tmp_path / "b")
    with serving(world) as first, serving(other) as second:
        urls = [first.url]
        with listening(lambda: urls[0], world.bearer("observer")) as listener:
            first.post(threat(1), world.bearer("publisher"))
            listener.wait_for({"t-1"})
            first.server.should_exit = True
            refused = until(lambda: (said := httpx.get(f"{first.url}/readyz")).status_code == 503 and said)
            assert refused.json()["status"] == "draining"
            first.post(threat(2), world.bearer("publisher"))
            listener.wait_for({"t-2"})
            urls[0] = second.url
            assert listener.wait_for_bye() == "restart"
            second.post(threat(3), world.bearer("publisher"))
            listener.wait_for({"t-3"})
            assert [one for one in listener.ids if one.startswith("t-")] == ["t-1", "t-2", "t-3"]


@contextmanager
def working(world: World, *words: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `hub serve` with two workers, and return the process and its address."""
    full = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    full |= {"HUB_DATA": str(world.settings.data), "HUB_STORE": world.settings.store, **environ}
    full |= {"HUB_VAULT": world.settings.vault, "HUB_RATE_BURST": "1000000", "HUB_LOOK_SECONDS": "0.1"}
    command = [sys.executable, "-m", "hub", "serve", "--port", "0", "--json", "--workers", "2", *words]
    log = (world.settings.data / "said").open("w")
    with log, subprocess.Popen(command, env=full, stdout=subprocess.PIPE, stderr=log, text=True) as started:
        try:
            assert started.stdout is not None
            yield started, json.loads(started.stdout.readline())["address"]
        finally:
            started.terminate()
            try:
                started.wait(60)
            finally:
                started.kill()


def children(parent: int) -> set[int]:
    """Return the processes that a process has started."""
    found = set()
    for one in Path("/proc").glob("[0-9]*/stat"):
        try:
            said = one.read_text("ascii").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(said[1]) == parent and said[0] != "Z":
            found.add(int(one.parent.name))
    return found


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_workers_share_a_port_and_nobody_is_lost_when_they_go(tmp_path: Path, kind: str) -> None:
    if kind == "sqlite":
        world = make_world(tmp_path / "a")
    else:
        world = make_shared_world(tmp_path / "a", fresh_database(), fresh_database())
    publisher, observer = world.bearer("publisher"), world.bearer("observer")
    with working(world) as (crew, url), listening(lambda: url, observer) as listener:
        before = children(crew.pid)
        assert len(before) == 2
        with Load(lambda: url, publisher, threads=2) as load:
            load.wait_for(5)
            os.kill(min(before), signal.SIGKILL)
            until(lambda: len(children(crew.pid) - {min(before)}) == 2)
            load.wait_for(5)
            renewed = children(crew.pid)
            if kind == "postgresql":
                crew.send_signal(signal.SIGHUP)
                until(lambda: len(now := children(crew.pid)) == 2 and not now & renewed)
                load.wait_for(5)
        listener.wait_for(set(load.acknowledged))
        kept = until(lambda: len(found := every_id(url, observer)) >= len(load.acknowledged) and found)
        assert sorted(kept) == sorted(set(load.acknowledged))
        assert len(listener.ids) == len(set(listener.ids))
    assert crew.returncode == 0


def test_whichever_worker_is_asked_tells_what_all_count(tmp_path: Path) -> None:
    world = make_world(tmp_path / "a")
    publisher, steward = world.bearer("publisher"), world.bearer("steward")

    def counted(name: str, metrics: str) -> dict[str, float]:
        """Return what each worker says of a metric, by the number of the worker."""
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(metrics):
            for one in family.samples:
                if one.name == name:
                    found[one.labels["worker"]] = found.get(one.labels["worker"], 0.0) + one.value
        return found

    with working(world) as (crew, url):
        for number in range(1, 21):
            # A connection each, so that either may get it.
            headers = {**publisher, "content-type": "application/cloudevents+json"}
            assert httpx.post(f"{url}/api/v1/events", headers=headers, json=threat(number)).status_code == 201

        def all_tell() -> bool:
            text = httpx.get(f"{url}/metrics", headers=steward, timeout=30).text
            told = counted("hub_recorded_events_sum", text)
            return (
                set(told) == {"1", "2"}
                and sum(told.values()) == 20
                and len(set(counted("hub_sheets", text))) == 2
            )

        assert until(all_tell)
    assert crew.returncode == 0
    assert not list(world.settings.data.glob("metrics-*"))


def test_workers_that_cannot_start_end_with_a_sentence(tmp_path: Path) -> None:
    world = make_world(tmp_path / "a")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    command = [sys.executable, "-m", "hub", "serve", "--data", str(world.settings.data), "--port", "0"]
    done = subprocess.run(
        [*command, "--workers", "2", "--store", f"postgresql://nobody@/none?host={tmp_path}"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "Error: the database cannot be reached" in done.stderr
