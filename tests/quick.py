"""Hubs that open and answer fast: nothing of what they say is changed, only how long it takes.

A hub that is opened only to be asked needs no threads: what blocks runs where it is called, the views catch up at the
opening and then stand still, and so does time. Templates are made once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import anyio
import anyio.to_thread
import pytest

import hub.app
from hub.pulse import Pulse
from projections.reading_room import ReadingRoom


@contextmanager
def quick_hubs() -> Iterator[None]:
    """Let every hub that is opened meanwhile be quick."""
    templates = cache(hub.app._templates)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub.app, "_templates", templates)
        patch.setattr(ReadingRoom, "start", ReadingRoom.catch_up)
        patch.setattr(Pulse, "run", _still)
        patch.setattr(hub.app, "keep_time", _still)
        patch.setattr(anyio.to_thread, "run_sync", _here)
        yield


async def _here(blocking: Callable[..., Any], *asked: Any, **_: Any) -> Any:
    return blocking(*asked)


async def _still(*_: Any) -> None:
    await anyio.sleep_forever()
