"""Keeps what runs for ever running when the log is not there for a while, as while PostgreSQL fails over."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from events.submission import StoreUnavailable
from hub.state import Closing, HubState

AGAIN_SECONDS = 0.5
CATCH_UP_SECONDS = 1.0


async def steady(job: Callable[..., Awaitable[object]], *words: Any) -> None:
    """Do a job that never ends; begin it again whenever it ends because the log was not there."""
    is_done = False
    while not is_done:
        try:
            await job(*words)
            is_done = True
        except* StoreUnavailable:
            logging.getLogger("hub").warning("the log does not answer; what waits for it goes on in a moment")
            await anyio.sleep(AGAIN_SECONDS)


def catch_up(hub: HubState) -> None:
    """Wait until the views have all that was in the log when the hub started; blocks."""
    while not hub["room"].wait_for(hub["started_at"], CATCH_UP_SECONDS):
        pass


async def ring_at_close(closing: Closing, hub: HubState) -> None:
    """Wake everybody who waits as soon as the hub is about to stop."""
    await closing.begun.wait()
    hub["pulse"].ring()
