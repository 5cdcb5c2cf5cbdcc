"""Answers of servers that somebody else runs: never unpacked, and never longer than they need to be."""

from collections.abc import Mapping
from types import MappingProxyType

import httpx

PLAIN: Mapping[str, str] = MappingProxyType({"Accept-Encoding": "identity"})
"""Asks for an answer that is not packed. A few bytes, packed twice, fill all memory when they are unpacked."""


async def read_plain(answer: httpx.Response, most_bytes: int) -> bytes | None:
    """Return the body of an answer as it came, whatever its head says of how it is packed; None if it is longer."""
    taken = b""
    async for piece in answer.aiter_raw():
        taken += piece
        if len(taken) > most_bytes:
            return None
    return taken
