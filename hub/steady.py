"""Keeps what runs for ever running: when the log is not there for a while, and when it meets what nobody expected."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from events.submission import StoreUnavailable
from hub.state import Closing, HubState

AGAIN_SECONDS = 0.5
FAULT_SECONDS = 2.0
CATCH_UP_SECONDS = 1.0


async def steady(job: Callable[..., Awaitable[object]], *words: Any) -> None:
    """Do a job that never ends; begin it again whenever it ends because the log was not there, or by any fault.

    One event that breaks one job must not end the hub: others still publish, read and follow meanwhile.
    """
    is_done = False
    while not is_done:
        try:
            await job(*words)
            is_done = True
        except* StoreUnavailable:
            logging.getLogger("hub").warning("the log does not answer; what waits for it goes on in a moment")
            await anyio.sleep(AGAIN_SECONDS)
        except* Exception as faults:
            said = "what runs beside the calls ended by a fault; it begins again in a moment"
            logging.getLogger("hub").exception(said, exc_info=faults.exceptions[0])
            await anyio.sleep(FAULT_SECONDS)


def catch_up(hub: HubState) -> None:
    """Wait until the views have all that was in the log when the hub started; blocks."""
    while not hub["room"].wait_for(hub["started_at"], CATCH_UP_SECONDS):
        pass


async def ring_at_close(closing: Closing, hub: HubState) -> None:
    """Wake everybody who waits as soon as the hub is about to stop."""
    await closing.begun.wait()
    hub["pulse"].ring()
