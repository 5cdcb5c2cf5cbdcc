"""Commands that work for long beside a hub let it go first; those that an operator waits for do not."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from hub.__main__ import GIVING_WAY
from hub.commands.root import hub as command
from hub.commands.world import World as CommandWorld
from tests.contract.test_views_sent import hubs, record, sending
from tests.running import Chance, SetClock, World, make_world

__all__ = ["hubs"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("giving-way"))
    record(made, 1, 2)
    return made


@pytest.mark.parametrize(
    ("words", "times"),
    [
        (("prepare",), 1),
        (("rebuild",), 1),
        (("backup", "log.age", "--unencrypted"), 1),
        (("verify",), 1),
        (("partner", "list"), 0),
        (("doctor",), 0),
    ],
)
def test_who_gives_way(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], times: int
) -> None:
    monkeypatch.chdir(tmp_path)
    gave_way: list[None] = []
    given = CommandWorld(SetClock(), Chance("way"), lambda _: None, {}, lambda: gave_way.append(None))
    called = [*words, "--data", str(world.settings.data)]
    result = CliRunner().invoke(command, called, obj=given, prog_name="hub")
    assert result.exit_code == 0, (result.output, result.exception)
    assert len(gave_way) == times


def test_the_process_that_sends_views_stands_behind_the_hub(hubs: tuple[World, Path, bytes]) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    with sending(hubs[0]) as sender:
        assert sender.stdout is not None
        # It has begun, and a pipe takes no more than a part of it.
        assert sender.stdout.read(1)
        assert os.getpriority(os.PRIO_PROCESS, sender.pid) == min(19, own + GIVING_WAY)
