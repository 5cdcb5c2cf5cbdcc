"""What runs beside the calls begins again after any fault, and ends only when it is done or told to."""

import logging

import anyio
import pytest

from events.submission import StoreUnavailable
from hub import steady

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(steady, "FAULT_SECONDS", 0.0)


async def test_after_any_fault_a_job_begins_again(caplog: pytest.LogCaptureFixture) -> None:
    faults: list[Exception] = [ValueError("a name"), StoreUnavailable(), KeyError("another name")]

    async def job(word: str) -> None:
        assert word == "given"
        if faults:
            raise faults.pop(0)

    with caplog.at_level(logging.WARNING, "hub"):
        await steady.steady(job, "given")
    assert faults == []
    assert [one.levelname for one in caplog.records] == ["ERROR", "WARNING", "ERROR"]
    assert "name" not in " ".join(one.getMessage() for one in caplog.records)


async def test_a_fault_among_the_tasks_of_a_job_is_one(caplog: pytest.LogCaptureFixture) -> None:
    turns = iter([True, False])

    async def fail() -> None:
        raise ValueError

    async def job() -> None:
        if next(turns):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(fail)

    await steady.steady(job)
    assert next(turns, None) is None


async def test_whoever_is_told_to_end_ends() -> None:
    with anyio.move_on_after(0.01) as scope:
        await steady.steady(anyio.sleep_forever)
    assert scope.cancelled_caught
