"""Hubs that open and answer fast: nothing of what they say is changed, only how long it takes.

A hub that is opened only to be asked needs no threads: what blocks runs where it is called, the views catch up at the
opening and then stand still, and so does time. What is the same for every hub, such as contracts, rules, templates and
the documents about the interface, is made once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import anyio
import anyio.to_thread
import pytest

import hub.app
import projections.reading_room
from hub.pulse import Pulse
from projections.reading_room import ReadingRoom
from projections.rules import load_rules
from schemas.registry import Registry
from tests.running import registry


@contextmanager
def quick_hubs() -> Iterator[None]:
    """Let every hub that is opened meanwhile be quick."""
    templates, documents = cache(hub.app._templates), hub.app._documents
    rules = load_rules(registry())
    written: dict[tuple[str, int], dict[str, bytes]] = {}

    def documents_once(parts: Any, contracts: Registry) -> dict[str, bytes]:
        key = parts.settings.host, parts.settings.port
        if key not in written:
            written[key] = documents(parts, contracts)
        return written[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Registry, "load", staticmethod(lambda _extra=None: registry()))
        patch.setattr(hub.app, "_templates", templates)
        patch.setattr(hub.app, "_documents", documents_once)
        patch.setattr(projections.reading_room, "load_rules", lambda *_: rules)
        patch.setattr(ReadingRoom, "start", ReadingRoom.catch_up)
        patch.setattr(Pulse, "run", _still)
        patch.setattr(hub.app, "keep_time", _still)
        patch.setattr(anyio.to_thread, "run_sync", _here)
        yield


async def _here(blocking: Callable[..., Any], *asked: Any, **_: Any) -> Any:
    return blocking(*asked)


async def _still(*_: Any) -> None:
    await anyio.sleep_forever()
