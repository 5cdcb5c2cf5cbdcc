"""Identifiers of streams that sort by time, so that the log's index grows at its end."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

RandomBytes = Callable[[int], bytes]
"""Returns so many random bytes."""


def time_ordered(moment: datetime, random: RandomBytes) -> UUID:
    """Return a UUID of version 7: milliseconds since 1970, then 74 random bits."""
    milliseconds = int(moment.timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    noise = int.from_bytes(random(10))
    high = milliseconds << 80 | 0x7 << 76 | (noise >> 68 & 0xFFF) << 64
    return UUID(int=high | 0b10 << 62 | noise & (1 << 62) - 1)
