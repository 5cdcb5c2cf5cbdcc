"""A small client for programs: `Hub`, `AsyncHub`, and the messages of the feed; see docs/client.md.

Beside it, what the commands that talk to a hub are made of. Nothing here knows the server.
"""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hub.client.aio import AsyncHub
    from hub.client.answers import Refused, Turned, Unreachable
    from hub.client.blocking import Hub
    from hub.client.messages import (
        Beat,
        Bye,
        Changed,
        Event,
        FeedMessage,
        Live,
        Message,
        Other,
        Withdrawn,
    )
    from hub.client.published import Published, Pushed
    from hub.client.push import Refusal
    from hub.client.state import FileState, State

__all__ = [
    "AsyncHub",
    "Beat",
    "Bye",
    "Changed",
    "Event",
    "FeedMessage",
    "FileState",
    "Hub",
    "Live",
    "Message",
    "Other",
    "Published",
    "Pushed",
    "Refusal",
    "Refused",
    "State",
    "Turned",
    "Unreachable",
    "Withdrawn",
]

_PLACES = MappingProxyType(
    {
        "aio": ("AsyncHub",),
        "answers": ("Refused", "Turned", "Unreachable"),
        "blocking": ("Hub",),
        "messages": (
            "Beat", "Bye", "Changed", "Event", "FeedMessage", "Live", "Message", "Other", "Withdrawn",
        ),
        "published": ("Published", "Pushed"),
        "push": ("Refusal",),
        "state": ("FileState", "State"),
    }
)  # fmt: skip
"""Loaded when asked for: a command that only reads a file need not know HTTP."""


if not TYPE_CHECKING:  # else any name would pass the type checker

    def __getattr__(name: str) -> Any:
        for module, names in _PLACES.items():
            if name in names:
                return getattr(import_module(f"{__name__}.{module}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
