"""`hub views send` and `hub views take`: a new hub serves from the views of another, or nothing of them is left."""

import io
import json
import os
import pty
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from events.event import Position
from events.submission import Publisher
from hub.commands.root import hub as command
from hub.commands.views_stream import read_head, write
from hub.commands.world import World as CommandWorld
from hub.keys import views_key
from projections import boards, generations
from projections.carried import Carried
from tests.contract.test_commands import Terminal
from tests.contract.test_views_exchanged import stamps, until
from tests.many import beside, make_shared_world
from tests.postgres import fresh_database
from tests.restoring import Pusher, answers, archive, caught_up
from tests.running import World, make_world, recording, serving, threat

Json = Any
Patch = pytest.MonkeyPatch
VIEWS = "views.sqlite"
LAWYER = "lawyer:harbour-bar-watch.0001"
SECRET = b"canary-narrative-0001"


def record(world: World, *numbers: int) -> None:
    with recording(world) as intake:
        given = Publisher("harbour-bar-watch", "tests")
        events = [threat(one, data={"narrative": f"canary-narrative-{one:04}"}) for one in numbers]
        checked = [intake.check(given, one) for one in events]
        assert {one.status for one in intake.record(checked)} == {"stored"}


def mark(file: Path) -> None:
    """Put into each view what would be gone if it were folded anew."""
    with closing(sqlite3.connect(file)) as db, db:
        for (name,) in db.execute("SELECT name FROM tail_positions").fetchall():
            db.execute(f"CREATE TABLE {name}_marked(no)")


def marked(file: Path) -> set[str]:
    query = "SELECT name FROM sqlite_master WHERE name LIKE '%\\_marked' ESCAPE '\\'"
    with closing(sqlite3.connect(file)) as db:
        return {name.removesuffix("_marked") for (name,) in db.execute(query)}


def unmark(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db, db:
        for name in marked(file):
            db.execute(f"DROP TABLE {name}_marked")


def words(world: World, *more: object) -> tuple[list[str], dict[str, str]]:
    """Return how a process of its own is called to act on a hub, and its environment."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    environ |= {"HUB_DATA": str(world.settings.data), "HUB_STORE": world.settings.store}
    environ |= {"HUB_VAULT": world.settings.vault} if world.settings.vault else {}
    clocks = world.settings.reply_clocks
    environ |= {} if clocks is None else {"HUB_REPLY_CLOCKS": str(clocks)}
    return [sys.executable, "-m", "hub", "views", *map(str, more)], environ


def narrow(environ: dict[str, str], size: int) -> Json:
    """Return how a process is called whose disk ends each file at a size, also those of whoever measures it."""
    kept = {name: value for name, value in environ.items() if not name.startswith("COVERAGE")}
    return {"env": kept, "preexec_fn": partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, size))}


@contextmanager
def sending(world: World, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    called, environ = words(world, "send", "--json")
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environ, **more}
    started = subprocess.Popen(called, **more)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def sent(world: World) -> bytes:
    """Return the stream of a hub's views, as a pipe gave it."""
    with sending(world) as sender:
        stream, said = sender.communicate(timeout=60)
    assert sender.returncode == 0, said
    assert json.loads(said).keys() == {"sent", "events"}
    return stream


def not_sent(world: World, status: int, **more: Any) -> str:
    with sending(world, **more) as sender:
        stream, said = sender.communicate(timeout=60)
    assert (sender.returncode, stream or b"") == (status, b""), said
    return said.decode()


def run_take(world: World, stream: bytes, *more: str) -> Result:
    environ = words(world)[1]
    clock, chance, pauses = world.clock, world.chance, list[float]()
    given = CommandWorld(
        clock, chance, pauses.append, {k: v for k, v in environ.items() if k.startswith("HUB_")}
    )
    return CliRunner().invoke(command, ["views", "take", *more], obj=given, input=stream, prog_name="hub")


def taken(world: World, stream: bytes, *more: str) -> Json:
    result = run_take(world, stream, *more, "--json")
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


def not_taken(world: World, stream: bytes) -> str:
    """Return why nothing was taken; nothing of it is left."""
    before, head = files(world), log_head(world)
    result = run_take(world, stream)
    assert result.exit_code == 1, (result.output, result.exception)
    assert result.stdout == ""
    assert files(world) | {f"{VIEWS}.preparing.lock"} == before | {f"{VIEWS}.preparing.lock"}
    assert log_head(world) == head
    return result.stderr


def files(world: World) -> set[str]:
    names = {one.name for one in world.settings.data.iterdir()}
    return {one for one in names if not one.endswith(("-wal", "-shm", "webhooks.lock", "serving.lock"))}


def log_head(world: World) -> int:
    with archive(replace(world, settings=replace(world.settings, reply_clocks=None))) as store:
        return int(store.head())


def acts(world: World) -> list[Json]:
    with archive(world) as store:
        events = store.read(Position(0), 1000)
    return [one.envelope["data"] for one in events if one.stem == "steward.acted.v1"]


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path, bytes]:
    """A hub that has folded, a copy of its folder without views, and the stream of them."""
    folder = tmp_path_factory.mktemp("views-sent")
    first = make_world(folder / "first")
    record(first, *range(1, 40))
    with serving(first) as served:
        caught_up(served)
    mark(first.settings.data / VIEWS)
    shutil.copytree(first.settings.data, folder / "copy", ignore=shutil.ignore_patterns("views*"))
    return first, folder / "copy", sent(first)


@pytest.fixture
def stream(hubs: tuple[World, Path, bytes]) -> bytes:
    return hubs[2]


@pytest.fixture
def first(hubs: tuple[World, Path, bytes], tmp_path: Path) -> World:
    """The hub that has views, in a folder of the test's own."""
    shutil.copytree(hubs[0].settings.data, tmp_path / "first")
    return replace(hubs[0], settings=replace(hubs[0].settings, data=tmp_path / "first"))


@pytest.fixture
def second(hubs: tuple[World, Path, bytes], tmp_path: Path) -> World:
    """The same hub on another machine, without views."""
    shutil.copytree(hubs[1], tmp_path / "second")
    return replace(hubs[0], settings=replace(hubs[0].settings, data=tmp_path / "second"))


# --- it works


def test_a_new_hub_on_the_same_log_serves_from_the_views_of_another(tmp_path: Path) -> None:
    """By pipes, while the first one serves and is written to; then the second goes on by itself."""
    world = make_shared_world(tmp_path / "a", fresh_database(), fresh_database())
    other = beside(world, tmp_path / "b")
    record(world, *range(1, 40))
    with serving(world) as served:
        caught_up(served)
        mark(world.settings.data / VIEWS)
        names = marked(world.settings.data / VIEWS)
        assert len(names) == 10
        with Pusher(served, world.bearer("publisher")).going(100) as pusher:
            pusher.wait(5)
            with sending(world) as sender:
                called, environ = words(other, "take", "--json")
                told = subprocess.run(
                    called, env=environ, stdin=sender.stdout, capture_output=True, timeout=60, check=False
                )
                assert told.returncode == 0, (told.stderr, sender.communicate(timeout=60))
                assert sender.wait(60) == 0
        row = json.loads(told.stdout)
        assert row["views"] == "taken"
        assert row["events"] > 40
        caught_up(served)
        with serving(other) as beside_it:
            at = stamps(other.settings.data / VIEWS)
            assert marked(other.settings.data / VIEWS) == names
            assert min(position for _, position in at.values()) >= row["events"]
            caught_up(beside_it)
            assert answers(beside_it, other) == answers(served, world)
            made = beside_it.post(threat(9_000), other.bearer("publisher"))
            asked = {"at_least": made["cursor"]}
            for one in (served, beside_it):
                path = f"{one.url}/api/v1/events/urn:hub:partner:harbour-bar-watch/t-9000"
                found = httpx.get(path, params=asked, headers=world.bearer("publisher"), timeout=30)
                assert found.status_code == 200
            caught_up(served)
            caught_up(beside_it)
            assert answers(beside_it, other) == answers(served, world)
            assert marked(other.settings.data / VIEWS) == names
    done = [(one["action"], one.get("detail")) for one in acts(world)]
    assert done == [("views_sent", None), ("views_rebuilt", {"taken": True})]
    unmark(other.settings.data / VIEWS)
    environment = {name: value for name, value in environ.items() if name.startswith("HUB_")}
    assert "is whole" in Terminal(environment).ok("verify", "--views")


def test_views_that_were_taken_are_those_that_the_log_makes(
    first: World, second: World, stream: bytes
) -> None:
    assert taken(second, stream) == {"views": "taken", "events": log_head(second) - 1}
    with serving(second) as served:
        caught_up(served)
        assert marked(second.settings.data / VIEWS) == marked(first.settings.data / VIEWS)
        found = answers(served, second)
    with serving(first) as served:
        caught_up(served)
        assert answers(served, first) == found
    unmark(second.settings.data / VIEWS)
    assert "is whole" in Terminal().ok("verify", "--views", "--data", second.settings.data)


def test_a_hub_that_runs_exchanges_its_views_for_those_that_came(second: World, stream: bytes) -> None:
    with serving(second) as served:
        caught_up(served)
        before = answers(served, second)
        assert marked(second.settings.data / VIEWS) == set()
        taken(second, stream)
        place = generations.second(second.settings.data / VIEWS)
        until(lambda: generations.in_use(second.settings.data / VIEWS) == [place])
        assert len(marked(place)) == 10
        caught_up(served)
        assert answers(served, second).keys() == before.keys()


def test_each_process_that_will_serve_gets_a_copy(second: World, stream: bytes) -> None:
    taken(second, stream, "--workers", "3")
    ready = sorted(second.settings.data.glob("*.prepared-*"))
    assert [one.name.partition(".")[0] for one in ready] == ["views-2", "views-3", "views"]
    assert len({one.read_bytes() for one in ready}) == 1
    assert {one.stat().st_mode & 0o077 for one in ready} <= {0, 0o044}
    assert not [*second.settings.data.glob("*.preparing")]


def test_it_says_what_it_did_to_people(second: World, stream: bytes) -> None:
    said = run_take(second, stream).stdout
    assert "The views are here, up to event" in said
    assert "else the next start takes them" in said


# --- it refuses to send


@pytest.mark.parametrize("kind", ["file", "terminal", "nothing"])
def test_views_go_into_a_pipe_and_nothing_else(first: World, tmp_path: Path, kind: str) -> None:
    """What holds personal fields in the plain is not left where no erasure reaches it."""
    if kind == "terminal":
        ours, out = pty.openpty()
    else:
        ours, out = (os.open(one, os.O_RDWR | os.O_CREAT) for one in (os.devnull, tmp_path / "views"))
        out = out if kind == "file" else ours
    try:
        assert "Views go into a pipe" in not_sent(first, 2, stdout=out)
    finally:
        for one in {ours, out}:
            os.close(one)
    assert kind != "file" or (tmp_path / "views").read_bytes() == b""
    assert acts(first)[1:] == []


def test_a_socket_is_as_good_as_a_pipe(first: World, second: World) -> None:
    here, there = socket.socketpair()
    with here, sending(first, stdout=there) as sender:
        there.close()
        with here.makefile("rb") as opened:
            stream = opened.read()
        assert sender.wait(60) == 0
    assert taken(second, stream)["views"] == "taken"


def test_where_there_are_no_views_none_are_sent(first: World, second: World) -> None:
    assert "There are no views of this release here" in not_sent(second, 1)
    with closing(sqlite3.connect(first.settings.data / VIEWS)) as db, db:
        db.execute("UPDATE tail_positions SET stamp = 'of another release' WHERE name = 'graph'")
    assert "There are no views of this release here" in not_sent(first, 1)


def test_views_that_stand_apart_are_not_sent(first: World) -> None:
    with closing(sqlite3.connect(first.settings.data / VIEWS)) as db, db:
        db.execute("UPDATE tail_positions SET position = position - 1 WHERE name = 'graph'")
    assert "stand at different events" in not_sent(first, 1)
    assert not [*first.settings.data.glob("*sending*")]
    assert len(acts(first)) == 1


def test_of_several_files_the_one_that_is_furthest_is_sent(first: World, second: World) -> None:
    behind = first.settings.data / "views-2.sqlite"
    shutil.copyfile(first.settings.data / VIEWS, behind)
    with closing(sqlite3.connect(behind)) as db, db:
        db.execute("UPDATE tail_positions SET position = 1")
    assert taken(second, sent(first))["events"] == log_head(second) - 1


def test_views_of_whom_somebody_was_erased_are_not_sent(first: World, second: World, stream: bytes) -> None:
    views = first.settings.data / VIEWS
    kept = views.read_bytes()
    assert Terminal().one("erase", LAWYER, "--yes", "--data", first.settings.data)["views"] == "deleted"
    views.write_bytes(kept)
    assert "erased since" in not_sent(first, 1)
    # Nor are they taken where the log says it, though they were sent before.
    assert "erased since" in not_taken(first, stream)
    assert taken(second, stream)["views"] == "taken"


def test_whoever_stops_reading_ends_it_and_nothing_is_left(first: World) -> None:
    before = files(first)
    with sending(first) as sender:
        assert sender.stdout is not None
        sender.stdout.read(100)
        sender.stdout.close()
        sender.stdout = None
        _, said = sender.communicate(timeout=60)
    assert sender.returncode == 1
    assert b"Traceback" not in said
    assert files(first) == before


def test_whoever_is_killed_while_sending_leaves_nothing(first: World) -> None:
    before = files(first)
    with sending(first) as sender:
        assert sender.stdout is not None
        # The pipe is full by now, and the copy whole.
        assert sender.stdout.read(1) == b"{"
        assert files(first) == before
        os.kill(sender.pid, signal.SIGKILL)
        sender.wait(30)
    assert files(first) == before


def test_a_full_disk_ends_the_sending_with_a_sentence(first: World) -> None:
    before = files(first)
    said = not_sent(first, 3, **narrow(words(first)[1], 200_000))
    assert "Traceback" not in said
    assert files(first) == before


# --- it refuses to take


def test_a_stream_that_was_cut_anywhere_leaves_nothing(second: World, stream: bytes) -> None:
    line = stream.index(b"\n") + 1
    places = {
        0,
        1,
        line - 1,
        line,
        line + 1,
        len(stream) - 66,
        len(stream) - 65,
        len(stream) - 64,
        len(stream) - 1,
    }
    for end in sorted({*places, *range(line, len(stream), len(stream) // 7)}):
        said = not_taken(second, stream[:end])
        assert "ended before" in said or "Nothing came" in said
    # And the whole is still as good as before.
    assert taken(second, stream)["views"] == "taken"


def test_a_stream_that_somebody_altered_leaves_nothing(second: World, stream: bytes) -> None:
    line = stream.index(b"\n") + 1
    for place in (line, len(stream) // 2, len(stream) - 70, len(stream) - 10):
        other = bytes([stream[place] ^ 1])
        assert "altered" in not_taken(second, stream[:place] + other + stream[place + 1 :])
    assert "altered" in not_taken(second, stream + b"more")
    assert "no stream" in not_taken(second, b"SQLite format 3\x00\n" + stream)


def test_a_stream_of_a_hub_with_other_keys_leaves_nothing(second: World, stream: bytes) -> None:
    """Whoever forges one lacks the key of the log's personal fields."""
    assert "other keys" in not_taken(second, forged(stream, b"x" * 32, lambda said: said))


def test_views_that_are_not_what_is_said_of_them_leave_nothing(second: World, stream: bytes) -> None:
    key = views_key(second.settings.data)

    def earlier(said: Carried) -> Carried:
        with archive(second) as store:
            assert said.position == store.head()
        return replace(said, position=Position(0), trace=EMPTY)

    assert "not what the stream says" in not_taken(second, forged(stream, key, earlier))
    line = stream.index(b"\n") + 1
    broken = stream[:line] + bytes(len(stream) - line - 65) + stream[-65:]
    assert "do not open" in not_taken(second, forged(broken, key, lambda said: said))


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""What is said of a log before its first event."""


def forged(stream: bytes, key: bytes, change: Callable[[Carried], Carried]) -> bytes:
    """Return the same views as whoever has a key may send them."""
    source, out = io.BytesIO(stream), io.BytesIO()
    said = read_head(source).said
    with tempfile.TemporaryFile() as file:
        file.write(source.read()[:-65])
        file.flush()
        write(change(said), file.fileno(), key, out)
    return out.getvalue()


def test_views_of_another_log_leave_nothing(tmp_path: Path, stream: bytes) -> None:
    """Though it has the same keys, and as many events."""
    other = make_world(tmp_path / "other")
    record(other, *range(101, 145))
    assert "of another log" in not_taken(other, stream)


def test_views_beyond_the_end_of_a_log_leave_nothing(first: World, second: World) -> None:
    record(first, 50)
    with serving(first) as served:
        caught_up(served)
    assert "does not have" in not_taken(second, sent(first))


def test_views_that_were_folded_by_other_reply_clocks_leave_nothing(
    second: World, stream: bytes, tmp_path: Path
) -> None:
    own = Path(boards.__file__).parent / "statements" / "clocks.json"
    said = json.loads(own.read_text("utf-8"))
    said["clocks"][1]["days"] = 61
    (tmp_path / "clocks.json").write_text(json.dumps(said))
    other = replace(second, settings=replace(second.settings, reply_clocks=tmp_path / "clocks.json"))
    assert "with other reply clocks" in not_taken(other, stream)


def test_an_erasure_between_sending_and_taking_leaves_nothing(tmp_path: Path) -> None:
    """Before the stream begins, and while it comes: both hubs have one log, and the key is gone from it."""
    world = make_shared_world(tmp_path / "a", fresh_database(), fresh_database())
    other = beside(world, tmp_path / "b")
    record(world, *range(1, 40))
    with serving(world) as served:
        caught_up(served)
        stream = sent(world)
        assert SECRET in stream
        erase = partial(Terminal(words(world)[1], sleep=sleep).one, "erase", "--yes")
        called, environ = words(other, "take")
        draft = generations.preparing(other.settings.data / VIEWS)
        with subprocess.Popen(
            called, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as taking:
            assert taking.stdin is not None
            taking.stdin.write(stream[: len(stream) // 2])
            taking.stdin.flush()
            until(draft.exists)
            assert erase(LAWYER)["views"] == "forgotten"
            _, said = taking.communicate(stream[len(stream) // 2 :], timeout=60)
        assert (taking.returncode, b"erased since" in said) == (1, True), said
        assert not draft.exists()
        assert not [*other.settings.data.glob("*.prepared-*")]
        assert "erased since" in not_taken(other, stream)
        stream = sent(world)
        assert taken(other, stream)["views"] == "taken"
        [ready] = other.settings.data.glob("*.prepared-*")
        # The key that is gone from the log is gone from what was sent since.
        assert SECRET not in ready.read_bytes()
        with serving(other) as beside_it:
            caught_up(beside_it)
            assert answers(beside_it, other) == answers(served, world)


def test_an_erasure_at_the_last_moment_leaves_nothing(
    second: World, stream: bytes, monkeypatch: Patch
) -> None:
    real = generations.hand_out

    def erase_first(*given: Any) -> Path:
        with recording(second) as intake:
            data = {"subject_of_consent": LAWYER, "effect": "erase"}
            raw = {**threat(1), "id": "w", "type": "consent.withdrawn"}
            del raw["tlp"]
            checked = intake.check(Publisher("harbour-bar-watch", "tests"), {**raw, "data": data})
            assert intake.record([checked])[0].status == "stored"
        return real(*given)

    monkeypatch.setattr(generations, "hand_out", erase_first)
    before = files(second)
    result = run_take(second, stream)
    assert (result.exit_code, "erased while the views came" in result.stderr) == (1, True)
    assert files(second) - {f"{VIEWS}.preparing.lock"} == before


def test_whoever_folds_or_takes_here_already_is_not_disturbed(second: World, stream: bytes) -> None:
    with generations.alone_preparing(second.settings.data / VIEWS):
        assert "Somebody else" in not_taken(second, stream)


def test_a_disk_that_has_no_room_is_said_before_anything_comes(
    second: World, stream: bytes, monkeypatch: Patch
) -> None:
    real = shutil.disk_usage(second.settings.data)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: real._replace(free=1_000_000))
    assert "no room" in not_taken(second, stream)


def test_a_disk_that_is_full_halfway_leaves_nothing(second: World, stream: bytes) -> None:
    before = files(second)
    called, environ = words(second, "take")
    limited = narrow(environ, 300_000)
    done = subprocess.run(called, input=stream, capture_output=True, timeout=60, check=False, **limited)
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False), done.stderr
    assert files(second) - {f"{VIEWS}.preparing.lock"} == before


def test_what_a_killed_taking_left_goes_at_the_next_start(second: World, stream: bytes) -> None:
    called, environ = words(second, "take")
    draft = generations.preparing(second.settings.data / VIEWS)
    with subprocess.Popen(called, env=environ, stdin=subprocess.PIPE) as taking:
        assert taking.stdin is not None
        taking.stdin.write(stream[: len(stream) - 100])
        taking.stdin.flush()
        until(draft.exists)
        taking.kill()
        taking.wait(30)
    assert draft.exists()
    with serving(second) as served:
        caught_up(served)
        assert not draft.exists()
        assert marked(second.settings.data / VIEWS) == set()


def test_what_a_killed_taking_left_goes_with_an_erasure(second: World, stream: bytes) -> None:
    draft = generations.preparing(second.settings.data / VIEWS)
    with serving(second) as served:
        caught_up(served)
        draft.write_bytes(stream[:-100])
        erased = Terminal(sleep=sleep).one("erase", LAWYER, "--yes", "--data", second.settings.data)
        assert erased["views"] == "forgotten"
        until(lambda: not draft.exists())


def test_no_link_leads_what_comes_elsewhere(second: World, stream: bytes, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    for number in ("", "-2"):
        draft = generations.preparing(second.settings.data / f"views{number}.sqlite")
        draft.symlink_to(precious)
    taken(second, stream, "--workers", "2")
    assert precious.read_bytes() == b"precious"
    assert not any(one.is_symlink() for one in second.settings.data.iterdir())


def test_nobody_types_views(second: World) -> None:
    ours, theirs = pty.openpty()
    called, environ = words(second, "take")
    try:
        done = subprocess.run(called, env=environ, stdin=theirs, capture_output=True, timeout=60, check=False)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (done.returncode, b"come through a pipe" in done.stderr) == (2, True)


def test_a_folder_that_is_no_hub_takes_nothing(tmp_path: Path, second: World, stream: bytes) -> None:
    other = replace(second, settings=replace(second.settings, data=tmp_path / "empty"))
    result = run_take(other, stream)
    assert (result.exit_code, "run `hub init --data DIR` first" in result.stderr) == (2, True)
    assert not (tmp_path / "empty").exists()
