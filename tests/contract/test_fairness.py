"""Whoever asks much waits for himself: nobody else waits for his answers."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from starlette.responses import Response, StreamingResponse

from hub.address import Address, Asked, HubRequest
from hub.api.answers import caller_of, json_answer
from hub.api.graph import streamed
from hub.fairness import AT_ONCE, AT_ONCE_FROM_ONE_PLACE, Turns
from hub.routing import routes_of
from hub.state import READERS
from tests.running import World, make_world, serving

SECONDS = 20
MANY = READERS + 8


class Long:
    """A question that takes as long as a test wants, on a thread for questions as any other."""

    def __init__(self) -> None:
        self.begun, self.ended = threading.Semaphore(0), threading.Event()

    async def answer(self, request: HubRequest, _: Asked) -> Response:
        await anyio.to_thread.run_sync(self._work, limiter=request.state["reading"])
        return json_answer({})

    async def stream(self, request: HubRequest, _: Asked) -> Response:
        return StreamingResponse(streamed(request, self._pieces(), caller_of(request).reader))

    def _work(self) -> None:
        self.begun.release()
        assert self.ended.wait(SECONDS)

    def _pieces(self) -> Iterator[bytes]:
        self._work()
        yield b"{}"


@dataclass
class LongWorld(World):
    """A hub with two addresses more."""

    long: Long = field(default_factory=Long)

    def app(self) -> Any:
        app = super().app()
        more = {"/long": self.long.answer, "/stream": self.long.stream}
        app.router.routes[:0] = routes_of(
            [
                Address("GET", path, path[1:], answer, "A long question", "Graph")
                for path, answer in more.items()
            ]
        )
        return app


@pytest.fixture
def world(tmp_path: Path) -> LongWorld:
    return LongWorld(**vars(make_world(tmp_path)))


@contextmanager
def flooded(world: LongWorld, headers: Mapping[str, str], at_once: int, path: str = "/long") -> Iterator[str]:
    """Ask long questions, more than there are threads, as one caller; each is answered in the end."""
    with serving(world) as served, ThreadPoolExecutor(MANY) as pool:
        served.settle()
        url = f"{served.url}{path}"
        asked = [pool.submit(httpx.get, url, headers=headers, timeout=2 * SECONDS) for _ in range(MANY)]
        try:
            assert all(world.long.begun.acquire(timeout=SECONDS) for _ in range(at_once))
            yield served.url
            assert not world.long.begun.acquire(blocking=False)
        finally:
            world.long.ended.set()
        assert {one.result().status_code for one in asked} == {200}


def answers(url: str, path: str, headers: Mapping[str, str] | None = None) -> bool:
    return httpx.get(url + path, headers=headers, timeout=SECONDS / 2).status_code == 200


@pytest.mark.parametrize("path", ["/long", "/stream"])
def test_a_stranger_who_asks_much_keeps_no_partner_and_no_operator_waiting(
    world: LongWorld, path: str
) -> None:
    with flooded(world, {}, AT_ONCE_FROM_ONE_PLACE, path) as url:
        assert answers(url, "/api/v1/events", world.bearer("observer"))
        assert answers(url, "/readyz")
        assert answers(url, "/healthz")


def test_an_account_that_asks_much_keeps_no_other_waiting(world: LongWorld) -> None:
    with flooded(world, world.bearer("observer"), AT_ONCE) as url:
        assert answers(url, "/api/v1/events", world.bearer("docket"))
        assert answers(url, "/api/v1/events")


def test_whoever_waits_while_his_rights_end_is_told_nothing(world: LongWorld) -> None:
    world.issue("leaving", "open-docket", "observer")
    busy = ("observer", "docket", "publisher", "steward")
    with serving(world) as served, ThreadPoolExecutor(READERS + 1) as pool:
        served.settle()
        long = [name for name in busy for _ in range(READERS // len(busy))]
        asked = [
            pool.submit(httpx.get, f"{served.url}/long", headers=world.bearer(name), timeout=2 * SECONDS)
            for name in long
        ]
        assert all(world.long.begun.acquire(timeout=SECONDS) for _ in long)
        headers = world.bearer("leaving")
        late = pool.submit(httpx.get, f"{served.url}/api/v1/lawyers", headers=headers, timeout=2 * SECONDS)
        reading = served.server.lifespan.state["reading"]
        until(lambda: reading.statistics().tasks_waiting == 1)
        world.revoke("leaving")
        world.long.ended.set()
        assert {one.result().status_code for one in asked} == {200}
        assert late.result().status_code == 401


def until(holds: Callable[[], bool]) -> None:
    gate = threading.Event()
    for _ in range(100 * SECONDS):
        if holds():
            return
        gate.wait(0.01)
    raise AssertionError("it never became so")


def test_strangers_from_many_places_leave_room_for_partners_and_one_for_another() -> None:
    async def places() -> list[str]:
        turns, asked, ended = Turns(), list[str](), anyio.Event()

        async def ask(place: str, account: str | None = None) -> None:
            async with turns.take(place, account):
                asked.append(account or place)
                await ended.wait()

        async with anyio.create_task_group() as tasks:
            for place in ["a"] * AT_ONCE + ["b"] * AT_ONCE + ["c"]:
                tasks.start_soon(ask, place)
            tasks.start_soon(ask, "a", "account")
            await anyio.wait_all_tasks_blocked()
            first = sorted(asked)
            ended.set()
        assert len(asked) == 2 * AT_ONCE + 2
        assert not turns.are_waited_for
        return first

    half = AT_ONCE_FROM_ONE_PLACE
    assert anyio.run(places) == [*["a"] * half, "account", *["b"] * half]


def test_whoever_gives_up_waiting_holds_no_place() -> None:
    async def left() -> bool:
        turns = Turns()
        async with turns.take("", "one"):
            with anyio.move_on_after(0):
                async with turns.take("", "one"):
                    await anyio.sleep_forever()
        return turns.are_waited_for

    assert not anyio.run(left)
