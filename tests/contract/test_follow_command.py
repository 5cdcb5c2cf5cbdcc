"""`hub follow` as a process: one signal ends it, whatever it is doing; its file and its state agree."""

import array
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

BUSY = json.dumps({"kind": "event", "cursor": "c1", "event": {"data": {"text": "x" * 500}}, "touches": []})


@contextmanager
def following(url: str, *words: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "hub", "follow", "--from", url, *words]
    with subprocess.Popen(
        command, env=environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        try:
            yield started
        finally:
            started.kill()


@contextmanager
def talking() -> Iterator[str]:
    """A hub that never stops sending."""

    def say(connection: ServerConnection) -> None:
        try:
            while True:
                connection.send(BUSY)
        except ConnectionClosed:
            return

    with serve(say, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def saying(messages: list[str], asked: list[str] | None = None) -> Iterator[str]:
    """A hub that says something on each connection, and then nothing."""

    def say(connection: ServerConnection) -> None:
        if asked is not None and connection.request is not None:
            asked.append(connection.request.path)
        try:
            for text in messages:
                connection.send(text)
            connection.recv()
        except ConnectionClosed:
            return

    with serve(say, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def environ() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith("HUB_")}


def until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_full(pipe: IO[str] | None) -> bool:
    """Tell whether a pipe holds so much that no page of it is free."""
    assert pipe is not None
    held = array.array("i", [0])
    fcntl.ioctl(pipe.fileno(), termios.FIONREAD, held)
    return held[0] >= 61_440


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("heard", [1, 50, 400])
def test_one_signal_ends_it_in_the_middle_of_a_stream(
    tmp_path: Path, asked: signal.Signals, heard: int
) -> None:
    state = tmp_path / "cursor.txt"
    with talking() as url, following(url, "--state", str(state)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(heard):
            assert json.loads(process.stdout.readline())["cursor"] == "c1"
        process.send_signal(asked)
        # Not by `communicate`: it would miss what lies in the buffer of `readline`.
        rest, told = process.stdout.read(), process.stderr.read()
        process.wait(20)
    assert (process.returncode, told) == (0, "Stopped.\n")
    assert all(json.loads(line)["cursor"] == "c1" for line in rest.splitlines())
    assert state.read_text() == "c1\n"


def test_one_signal_ends_it_while_it_waits_for_a_hub_that_is_away() -> None:
    with following("http://127.0.0.1:1") as process:
        assert process.stderr is not None
        assert "The hub is away" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=20)[1]
    assert (process.returncode, told.splitlines()[-1]) == (0, "Stopped.")


def test_one_signal_ends_it_while_a_hub_does_not_answer_its_handshake() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        following(f"http://127.0.0.1:{silent.getsockname()[1]}") as process,
    ):
        accepted, _ = silent.accept()
        with accepted:
            assert accepted.recv(4096).startswith(b"GET /api/v1/feed")
            process.send_signal(signal.SIGTERM)
            told = process.communicate(timeout=20)[1]
    assert (process.returncode, told) == (0, "Stopped.\n")


def test_one_signal_ends_it_while_a_connection_is_silent() -> None:
    with saying([BUSY]) as url, following(url) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["cursor"] == "c1"
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=20)[1]
    assert (process.returncode, told) == (0, "Stopped.\n")


def test_one_signal_ends_it_while_its_reader_takes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "cursor.txt"
    with talking() as url, following(url, "--state", str(state)) as process:
        assert process.stdout is not None
        # The pipe is full when the state has not moved for so many lines as it holds, so wait until nothing is written.
        until(lambda: state.exists() and is_full(process.stdout))
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        told = process.stderr.read() if process.stderr else ""
    assert (process.returncode, told) == (0, "Stopped.\n")


def test_a_reader_that_goes_ends_it(tmp_path: Path) -> None:
    with talking() as url, following(url) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        told = process.communicate(timeout=20)[1]
    assert (process.returncode, told) == (1, "")


def test_a_revoked_token_ends_it_with_its_status(tmp_path: Path) -> None:
    goodbye = json.dumps({"kind": "bye", "cursor": "c2", "reason": "revoked"})
    target = tmp_path / "feed"
    with (
        saying([BUSY, goodbye]) as url,
        following(url, "--to", str(target), "--state", str(tmp_path / "state")) as process,
    ):
        told = process.communicate(timeout=20)[1]
    assert process.returncode == 1
    assert told.startswith(
        "Error: The token has expired or was revoked. What has come is kept; the same command"
    )
    assert target.read_text().splitlines() == [BUSY, goodbye]
    assert (tmp_path / "state").read_text() == f"c2\noutput {target.stat().st_size}\n"


def test_a_silent_connection_is_opened_again_where_it_broke_off(tmp_path: Path) -> None:
    with saying([BUSY]) as url, following(url, "--silence", "0.3", "--count", "2") as process:
        out, told = process.communicate(timeout=20)
    assert (process.returncode, out.splitlines()) == (0, [BUSY, BUSY])
    assert "nothing came for 0.3 s" in told


def test_a_second_follower_with_the_same_state_is_turned_away(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    with saying([BUSY]) as url, following(url, "--state", state) as first:
        assert first.stdout is not None
        first.stdout.readline()
        with following(url, "--state", state) as second:
            told = second.communicate(timeout=20)[1]
    assert second.returncode == 2
    assert "Another hub follow keeps its cursor in" in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="THERE IS NO /dev/full: a full disk was not tried")
def test_a_full_disk_ends_it_with_a_sentence(tmp_path: Path) -> None:
    with saying([BUSY]) as url, following(url, "--to", "/dev/full") as process:
        told = process.communicate(timeout=20)[1]
    assert process.returncode == 1
    assert "The messages cannot be written: No space left on device." in told


def test_a_file_that_cannot_be_had_is_wrong_use(tmp_path: Path) -> None:
    with following("http://127.0.0.1:1", "--to", str(tmp_path / "no" / "feed")) as process:
        told = process.communicate(timeout=20)[1]
    assert process.returncode == 2
    assert "No such file or directory" in told


def test_redirected_output_is_compared_with_the_state(tmp_path: Path) -> None:
    target, state = tmp_path / "feed", tmp_path / "state"
    state.write_text("c0\noutput 0\n")
    target.write_text(BUSY + "\n" + BUSY[:100])
    asked: list[str] = []
    with saying([], asked) as url, target.open("ab") as out:
        command = [sys.executable, "-m", "hub", "follow", "--from", url, "--state", str(state)]
        with subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=environ()) as process:
            until(lambda: bool(asked))
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    assert asked == ["/api/v1/feed?after=c1"]
    assert target.read_text() == BUSY + "\n"
