"""A hub for tests: made in a folder of its own, called in process or over a real loopback port."""

import atexit
import hashlib
import json
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from httpx._transports import default as transports

from events.intake import Intake
from events.store import open_store
from events.submission import Publisher
from hub.accounts import Account, Accounts, Grant, Role, open_accounts
from hub.app import build
from hub.keys import make_keys, open_vault
from hub.office_opening import open_office
from hub.server import HubServer, address_of, open_socket, server_for
from hub.settings import Settings
from schemas.registry import Registry

with warnings.catch_warnings():
    # Starlette prefers httpx2, which nobody else here needs.
    warnings.filterwarnings("ignore", message="Using `httpx`")
    from starlette.testclient import TestClient

# `httpx.get` and its like read the list of trusted certificates at each call: 60 ms, for what is always the same.
vars(transports)["create_ssl_context"] = cache(httpx.create_ssl_context)

__all__ = ["TestClient", "open_accounts"]  # what others may take from here besides what is made here

Json = Any
NOON = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
FIXTURES = Path(__file__).parent / "fixtures"


def registry() -> Registry:
    """Return the contracts; a process has them once."""
    return Registry.load()


class Chance:
    """Unpredictable enough for tests, and the same every time."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = 0

    def __call__(self, count: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(f"{self._seed} {self._drawn}".encode()).digest(count)


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class World:
    """A hub's folder with stewards, two partners and their tokens, and what is needed to act on it."""

    settings: Settings
    clock: SetClock
    registry: Registry
    chance: Chance = field(default_factory=lambda: Chance("world"))
    tokens: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)

    def issue(self, name: str, partner: str, role: Role, **more: Any) -> str:
        with self.office() as office:
            self.accounts[name], self.tokens[name] = office.issue(Grant(partner, role, **more), self.clock())
        return self.tokens[name]

    def revoke(self, name: str) -> None:
        with self.office() as office:
            assert office.revoke(self.accounts[name].id, self.clock())

    @contextmanager
    def office(self) -> Iterator[Accounts]:
        """Open the accounts as a command does: in the folder, or in what the hubs of a PostgreSQL log share."""
        with ExitStack() as opened:
            shared = open_office(self.settings)
            if shared is not None:
                opened.callback(shared.close)
            yield opened.enter_context(closing(open_accounts(self.settings.data, self.chance, shared)))

    def bearer(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    def app(self) -> Any:
        return build(self.settings, self.clock, random=self.chance)


@contextmanager
def recording(world: World) -> Iterator[Intake]:
    """Give the archive under a hub, for tests that record without it."""
    settings = world.settings
    vault = open_vault(settings.data, world.chance, vault=settings.vault)
    store = open_store(settings.store_url, world.registry, vault)
    try:
        yield Intake(world.registry, store, world.clock)
    finally:
        store.close()


def admit(intake: Intake, slug: str, roles: list[str], body: str | None = None) -> None:
    """Admit a partner, as a steward; `body` is what threats may name it by."""
    data = {**example("partner.admitted.v1"), "partner": f"partner:{slug}", "roles": roles}
    data.update({"body": body or f"body:{slug}.self"})
    data.pop("previous", None)
    raw = {"specversion": "1.0", "id": f"admit-{slug}", "source": "urn:hub:partner:stewards"}
    checked = intake.check(Publisher("stewards", "tests"), {**raw, "type": "partner.admitted", "data": data})
    assert intake.record([checked])[0].status == "stored"


def example(stem: str) -> dict[str, Json]:
    """Return the complete payload of a type."""
    found: dict[str, Json] = json.loads((FIXTURES / f"{stem}.json").read_text("utf-8"))["example"]
    return found


def make_world(folder: Path, **more: Any) -> World:
    """Make a hub in a folder, with two partners: `harbour-bar-watch` and `open-docket`."""
    if "store" in more:  # what is kept elsewhere is made there
        return _made(_settings(folder, **more))
    first = _first_world()
    shutil.copytree(first.settings.data, folder, dirs_exist_ok=True)
    # What comes out is what would have been made: whatever is drawn by chance is the same every time.
    return replace(
        first,
        settings=_settings(folder, **more),
        clock=SetClock(),
        chance=copy(first.chance),
        tokens=dict(first.tokens),
        accounts=dict(first.accounts),
    )


@cache
def _first_world() -> World:
    """Make the hub that the others are copies of; it is as old as the process."""
    folder = tempfile.TemporaryDirectory(prefix="hub-tests-")
    atexit.register(folder.cleanup)
    return _made(_settings(Path(folder.name)))


def _settings(folder: Path, **more: Any) -> Settings:
    quick = {"beat_seconds": 60.0, "look_seconds": 0.02, "timekeeper_seconds": 0.05, "port": 0}
    quick["rate_burst"] = 1_000_000  # the clock stands still, so that nothing would come back
    return replace(Settings(), data=folder, **{**quick, **more})


def _made(settings: Settings) -> World:
    world = World(settings, SetClock(), registry())
    make_keys(settings.data, world.chance)
    with recording(world) as intake:
        intake.admit_stewards({"en": "The stewards"})
        admit(intake, "harbour-bar-watch", ["monitor", "responder"])
        admit(intake, "open-docket", ["monitor", "observer"])
    world.issue("publisher", "harbour-bar-watch", "publisher")
    world.issue("observer", "open-docket", "observer")
    world.issue("docket", "open-docket", "publisher")
    world.issue("steward", "stewards", "steward", clearance="red")
    return world


def threat(number: int, **more: Json) -> dict[str, Json]:
    """Return a small threat; `more` overrides attributes, its `data` adds to the payload."""
    own = f"harbour-bar-watch.{number:04d}"
    data = {"threat": f"threat:{own}", "targets": [f"lawyer:{own}"], "categories": categories()}
    envelope = {
        "specversion": "1.0",
        "id": f"t-{number}",
        "source": "urn:hub:partner:harbour-bar-watch",
        "type": "threat.reported",
        "tlp": "green",
    }
    return {**envelope, **more, "data": {**data, **more.get("data", {})}}


def categories() -> list[str]:
    """Return codes of the example."""
    found: list[str] = example("threat.reported.v1")["categories"]
    return found


class Patient(TestClient):
    """Reads only when the views have all that the log has, so that no test depends on how quick they are.

    That a reader may ask for this himself, by `at_least`, is tested with clients that do not wait.
    """

    def request(self, method: str, *args: Any, **more: Any) -> httpx.Response:
        if method in {"GET", "HEAD"}:
            self.settle()
        answer: httpx.Response = super().request(method, *args, **more)
        return answer

    def settle(self) -> None:
        """Wait until the views have all that the log has now, or one of them stalls."""
        room = self.app_state["room"]
        while not room.stalls() and not room.wait_for(self.app_state["end_of_log"](), 0.5):
            pass


@contextmanager
def calling(world: World, **more: Any) -> Iterator[TestClient]:
    """Call a hub in this process that has caught up."""
    with Patient(world.app(), base_url="http://hub.test", **more) as client:
        client.settle()
        yield client


@dataclass
class Served:
    """A hub on a loopback port."""

    url: str
    stop: Callable[[], None]
    server: HubServer

    @property
    def feed(self) -> str:
        return f"ws{self.url.removeprefix('http')}/api/v1/feed"

    def settle(self) -> None:
        """Wait until the views have all that the log has now."""
        state = self.server.lifespan.state
        assert state["room"].wait_for(state["end_of_log"](), 30)

    def post(self, event: Mapping[str, Json], headers: Mapping[str, str]) -> Json:
        answer = httpx.post(f"{self.url}/api/v1/events", json=event, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()


@contextmanager
def serving(world: World) -> Iterator[Served]:
    """Serve a hub from a thread, under uvicorn, on any free port."""
    bound = open_socket(world.settings)
    ready = threading.Event()
    server = server_for(world.app(), ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})

    def stop() -> None:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()

    thread.start()
    try:
        assert ready.wait(30)
        yield Served(address_of(bound) if bound.fileno() >= 0 else "", stop, server)
    finally:
        stop()
