"""Many small texts become few large pieces, so that a server sends few."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

PIECE = 65_536
"""Characters; pieces are about that large."""


def pieces(texts: Iterable[str]) -> Iterator[bytes]:
    """Join texts into pieces in UTF-8."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= PIECE:
            yield "".join(waiting).encode()
            waiting.clear()
            size = 0
    yield "".join(waiting).encode()


def separated(texts: Iterable[str]) -> Iterator[str]:
    """Put a comma and a line feed between texts."""
    between = ""
    for text in texts:
        yield between + text
        between = ",\n"


def one_text(value: Any) -> str:
    """Return a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
