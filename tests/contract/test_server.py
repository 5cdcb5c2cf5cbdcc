"""`hub.server.run` as a process: says where it listens, and leaves cleanly at a signal."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from hub.app import build
from hub.keys import HubNotInitialised
from hub.settings import Settings
from tests.running import calling, make_world

PROGRAM = """
import sys
from pathlib import Path
from tests.running import SetClock, Settings, build
from hub.server import run

settings = Settings.read({}, {"data": Path(sys.argv[1]), "port": 0})
run(build(settings, SetClock()), settings, lambda address: print(address, flush=True))
"""


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_a_signal(tmp_path: Path, asked: signal.Signals) -> None:
    make_world(tmp_path)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address = process.stdout.readline().strip()
        assert httpx.get(f"{address}/healthz").json() == {"status": "ok"}
        process.send_signal(asked)
        said = process.stderr.read()
        assert process.wait(20) == 0
    assert said.count("\n") == 1
    assert f"The hub listens on {address}" in said


def test_a_folder_that_is_no_hub_is_refused(tmp_path: Path) -> None:
    from tests.running import SetClock, TestClient

    app = build(Settings.read({}, {"data": tmp_path}), SetClock())
    with pytest.raises(HubNotInitialised, match="hub init"), TestClient(app):
        pass


def test_a_hub_starts_again_on_the_same_folder(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    for _ in range(2):
        with calling(world) as client:
            # Whoever starts has to catch up first; a start that never does ends with the test's time.
            while client.get("/readyz").status_code != 200:
                time.sleep(0.02)
