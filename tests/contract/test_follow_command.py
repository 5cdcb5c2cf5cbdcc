"""`hub follow` as a process: one signal ends it, whatever it is doing at that moment."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

BUSY = json.dumps({"kind": "event", "cursor": "c1", "event": {"data": {"text": "x" * 500}}})


@contextmanager
def following(url: str, *words: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "hub", "follow", "--from", url, *words]
    environ = {name: text for name, text in os.environ.items() if not name.startswith("HUB_")}
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
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
