"""`hub.client` in the hands of other programs: its document runs, and what it promises holds."""

import asyncio
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

import hub.client
from hub.client import (
    AsyncHub,
    Bye,
    Event,
    FileState,
    Hub,
    Live,
    Refused,
    State,
    Turned,
    Unreachable,
)
from tests.following import line
from tests.running import Served, World, make_world, serving, threat

Json = Any
ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "client.md"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def served(world: World) -> Iterator[Served]:
    with serving(world) as opened:
        yield opened


@pytest.fixture
def mine(world: World, served: Served, tmp_path: Path) -> Iterator[Hub]:
    with Hub(served.url, world.tokens["publisher"], outbox=tmp_path / "outbox", patience=0) as opened:
        yield opened


def test_the_examples_in_the_document_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    world = make_world(tmp_path / "hub")
    monkeypatch.chdir(tmp_path)
    with serving(world) as served:
        named = {"HUB": served.url, "TOKEN": world.tokens["publisher"]}
        for block in blocks:
            exec(compile(block, str(DOCUMENT), "exec"), named)  # noqa: S102  # our own document
    assert len(blocks) == 9


def until_shown(mine: Hub, event: Json) -> None:
    """Wait until an event that the hub has can be read."""
    mine.get("events", limit=1, at_least=mine.publish(event).cursor)


class TestImporting:
    PROGRAM = "import sys, hub.client; [getattr(hub.client, name) for name in hub.client.__all__]; print(*sys.modules)"

    def test_it_brings_nothing_of_the_server(self) -> None:
        told = subprocess.run(
            [sys.executable, "-c", self.PROGRAM], capture_output=True, text=True, check=True
        )
        loaded = set(told.stdout.split())
        heavy = {
            "starlette",
            "uvicorn",
            "projections",
            "eventsourcing",
            "networkx",
            "networkit",
            "numpy",
        }
        assert heavy & loaded == set()
        assert {one for one in loaded if one.startswith("hub.")} <= {
            one for one in loaded if one.startswith("hub.client")
        }

    def test_a_command_that_only_reads_files_loads_no_http(self) -> None:
        program = "import sys, hub.client.files; print(*sys.modules)"
        told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert {"httpx", "websockets"} & set(told.stdout.split()) == set()

    def test_there_is_no_other_name(self) -> None:
        with pytest.raises(AttributeError, match="no attribute 'Server'"):
            hub.client.Server  # type: ignore[attr-defined]  # noqa: B018  # that is what is tried

    def test_its_types_are_for_others_too(self) -> None:
        for package in ("hub", "events", "schemas"):
            assert (ROOT / package / "py.typed").exists()

    def test_an_address_that_is_none_is_refused(self) -> None:
        for made in (Hub, AsyncHub):
            with pytest.raises(ValueError, match="begins with"):
                made("hub.example")


class TestPublishing:
    def test_what_a_crash_left_behind_goes_with_the_next_push(
        self, world: World, served: Served, mine: Hub, tmp_path: Path
    ) -> None:
        with Hub("http://127.0.0.1:1", "t", outbox=tmp_path / "away", patience=0) as away:
            with pytest.raises(Unreachable):
                away.publish(threat(1))
            with pytest.raises(Unreachable) as ended:
                away.push([threat(2), threat(3)])
            assert (away.waiting(), ended.value.pushed) == (3, hub.client.Pushed(0, 0))
        assert mine.push([threat(1)]).stored == 1
        assert mine.waiting() == 0

    def test_a_lost_line_costs_nothing(self, world: World, served: Served, tmp_path: Path) -> None:
        import random

        with line(random.Random("push")) as wire:
            wire.to = int(served.url.rpartition(":")[2])
            with Hub(wire.url, world.tokens["publisher"], outbox=tmp_path / "outbox", patience=60) as bad:
                pushed = bad.push([threat(number) for number in range(100, 130)], batch=5)
                assert (pushed.stored + pushed.duplicates, pushed.refused) == (30, ())
        with Hub(served.url, world.tokens["publisher"], outbox=tmp_path / "other") as reader:
            until_shown(reader, threat(129))
            found = [one["id"] for one in reader.events(types="threat.reported")]
        assert [found.count(f"t-{number}") for number in range(100, 130)] == [1] * 30

    def test_what_cannot_be_sent_is_refused_by_its_line_and_the_others_go(self, mine: Hub) -> None:
        half = {"summary": {"en": "half \ud800 a sign"}}
        looped: dict[str, Json] = {}
        looped["data"] = looped
        broken: list[Any] = [
            {**threat(61), "data": {**threat(61)["data"], **half}},
            {**threat(62), "id": "\udfff"},
            {**threat(63), "data": {1, 2}},
            looped,
            7,
            {**threat(64), "id": ["a", "list"]},
        ]
        pushed = mine.push([threat(60), *broken, threat(65)])
        assert (pushed.stored, mine.waiting()) == (2, 0)
        told = {one.line: [(each.pointer, each.code) for each in one.problems] for one in pushed.refused}
        assert told == {
            2: [("/data/summary/en", "lone_surrogate")],
            3: [("/id", "lone_surrogate")],
            **{line: [("", "malformed_json")] for line in (4, 5, 6)},
            7: [("/id", "wrong_type")],
        }
        with pytest.raises(Refused, match="surrogate"):
            mine.publish(broken[0])
        assert (mine.push([threat(60), threat(65)]).duplicates, mine.waiting()) == (2, 0)

    def test_refusals_say_which_and_why(self, mine: Hub) -> None:
        pushed = mine.push(
            [threat(10), {"type": "threat.reported", "data": {}}, {"type": "no.such", "data": {}}]
        )
        assert (pushed.stored, [one.line for one in pushed.refused]) == (1, [2, 3])
        assert [one.problems[0].code for one in pushed.refused] == ["required", "unknown_type"]
        with pytest.raises(Refused) as refused:
            mine.publish(threat(10, tlp="clear"))
        assert [(one.pointer, one.code) for one in refused.value.problems] == [("/id", "conflict")]
        assert mine.waiting() == 0

    def test_a_token_that_does_not_work_keeps_events(self, served: Served, tmp_path: Path) -> None:
        with Hub(served.url, "hub_wrong", outbox=tmp_path, patience=0) as other:
            with pytest.raises(Turned) as turned:
                other.publish(threat(11))
            assert (turned.value.status, other.waiting()) == (401, 1)
            with pytest.raises(Turned) as turned:
                other.push([])
            assert turned.value.pushed == hub.client.Pushed(0, 0)

    def test_a_dry_run_keeps_nothing(self, mine: Hub, tmp_path: Path) -> None:
        assert mine.push([threat(12)], dry_run=True).stored == 1
        assert not (tmp_path / "outbox").exists()
        assert mine.push([threat(12)]).stored == 1

    def test_an_event_without_an_id_is_the_same_event_again(self, mine: Hub) -> None:
        event = {
            name: said for name, said in threat(13).items() if name not in {"id", "specversion", "source"}
        }
        first, second = mine.publish(event), mine.publish(event)
        assert (first.status, second.status) == ("stored", "duplicate")
        assert first.id == second.id
        assert first.id.startswith("row-")
        assert first.recorded is not None
        assert first.digest is not None


class TestReading:
    def test_parameters_are_written_as_the_hub_reads_them(self, mine: Hub) -> None:
        asked = {"about": ["threat:harbour-bar-watch.0030"], "at_least": mine.publish(threat(30)).cursor}
        found = mine.get("graph", hops=1, merge=True, as_of=None, **asked)
        assert "threat:harbour-bar-watch.0030" in [one["ref"] for one in found["nodes"]]
        assert mine.get("/healthz") == {"status": "ok"}

    def test_a_filter_that_is_none_is_refused_before_anything_is_asked(self, mine: Hub) -> None:
        with pytest.raises(TypeError, match="no filter colours"):
            next(iter(mine.events(colours="red")))  # type: ignore[call-arg]

    def test_pages_follow_each_other(self, mine: Hub) -> None:
        mine.push([threat(number) for number in range(40, 45)])
        until_shown(mine, threat(44))
        whole = [one["id"] for one in mine.events()]
        assert len(set(whole)) == len(whole) >= 5
        assert [one["id"] for one in mine.events(page=2)] == whole


class Noted:
    """A state that notes what it is told, and by whom."""

    def __init__(self, cursor: str | None = None) -> None:
        self.cursor = cursor
        self.threads: set[int] = set()

    def read(self) -> str | None:
        return self.cursor

    def write(self, cursor: str) -> None:
        self.cursor = cursor
        self.threads.add(threading.get_ident())


class TestFollowing:
    def test_the_cursor_is_kept_when_the_next_message_is_asked_for(self, mine: Hub) -> None:
        mine.push([threat(number) for number in range(50, 53)])
        noted: State = Noted()
        messages = mine.follow("begin", state=noted, types="threat.*")
        first = next(messages)
        assert noted.read() is None
        second = next(messages)
        assert noted.read() == first.cursor
        messages.close()
        assert next(mine.follow("begin", state=noted, types="threat.*")) == second

    def test_a_state_is_called_by_the_thread_that_asks(self, mine: Hub) -> None:
        mine.publish(threat(54))
        noted = Noted()
        for message in mine.follow("begin", state=noted):
            if isinstance(message, Live):
                break
        assert noted.threads == {threading.get_ident()}

    def test_a_file_keeps_it_across_runs(self, mine: Hub, tmp_path: Path) -> None:
        mine.publish(threat(55))
        for message in mine.follow("begin", state=tmp_path / "cursor"):
            if isinstance(message, Live):
                break
        kept = FileState(tmp_path / "cursor").read()
        assert kept is not None
        assert isinstance(next(mine.follow("begin", state=str(tmp_path / "cursor"))), Live)

    def test_a_revoked_token_ends_it(self, world: World, served: Served) -> None:
        world.issue("leaving", "open-docket", "observer")
        with Hub(served.url, world.tokens["leaving"]) as other:
            messages = other.follow()
            assert isinstance(next(messages), Live)
            world.revoke("leaving")
            said = next(messages)
            assert isinstance(said, Bye)
            assert said.reason == "revoked"
            with pytest.raises(Turned, match="revoked"):
                next(messages)

    def test_ctrl_c_ends_a_program_that_waits_for_a_message(self, served: Served) -> None:
        program = (
            "import sys\nfrom hub.client import Hub\n"
            "for message in Hub(sys.argv[1]).follow():\n    print(message.cursor, flush=True)"
        )
        command = [sys.executable, "-c", program, served.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            process.send_signal(signal.SIGINT)
            told = process.communicate(timeout=20)[1]
        assert process.returncode == -signal.SIGINT
        assert told.splitlines()[-1] == "KeyboardInterrupt"
        assert "during handling" not in told.lower()

    def test_a_program_that_ends_without_a_word_does_not_hang(self, served: Served) -> None:
        program = (
            "import sys\nfrom hub.client import Hub\n"
            "messages = Hub(sys.argv[1]).follow()\nprint(type(next(messages)).__name__)"
        )
        command = [sys.executable, "-c", program, served.url]
        told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert (told.stdout, told.stderr) == ("Live\n", "")

    def test_a_hub_that_is_never_there_is_given_up(self) -> None:
        told: list[str] = []
        with Hub("http://127.0.0.1:1", told=told.append) as away, pytest.raises(Unreachable):
            next(away.follow(give_up_after=0.1))
        assert "The hub is away" in told[0]


class TestWithAnEventLoop:
    def test_it_publishes_reads_and_follows(self, world: World, served: Served, tmp_path: Path) -> None:
        async def use() -> tuple[Json, ...]:
            async with AsyncHub(served.url, world.tokens["publisher"], outbox=tmp_path) as mine:
                async with aclosing(mine.follow(types="threat.*")) as messages:
                    assert isinstance(await anext(messages), Live)
                    published = await mine.publish(threat(70))
                    pushed = await mine.push([threat(70), threat(71)])
                    heard = [await anext(messages) for _ in range(2)]
                events = [one["id"] async for one in mine.events(types="threat.*")]
                me = await mine.get("me")
                return published, pushed, heard, events[-2:], me["partner"], await mine.waiting()

        published, pushed, heard, events, partner, waiting = asyncio.run(use())
        assert (published.status, pushed.stored, pushed.duplicates) == ("stored", 1, 1)
        assert [one.event["id"] for one in heard if isinstance(one, Event)] == ["t-70", "t-71"] == events
        assert (partner, waiting) == ("harbour-bar-watch", 0)

    def test_whoever_is_cancelled_does_not_wait_for_the_hub(self, tmp_path: Path) -> None:
        told = asyncio.Event()

        async def use() -> int:
            loop = asyncio.get_running_loop()
            away = AsyncHub(
                "http://127.0.0.1:1",
                "t",
                outbox=tmp_path,
                patience=3600,
                told=lambda _: loop.call_soon_threadsafe(told.set),
            )
            async with away:
                pushing = asyncio.create_task(away.push([threat(1)]))
                await told.wait()
                pushing.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await pushing
                return await away.waiting()

        assert asyncio.run(use()) == 1

    def test_a_state_is_kept_there_too(self, world: World, served: Served, tmp_path: Path) -> None:
        async def use() -> str | None:
            noted = Noted()
            async with AsyncHub(served.url, world.tokens["observer"]) as mine:
                async for message in mine.follow("begin", state=noted):
                    if isinstance(message, Live):
                        break
            return noted.cursor

        with Hub(served.url, world.tokens["publisher"], outbox=tmp_path) as mine:
            mine.publish(threat(72))
        assert asyncio.run(use()) is not None
