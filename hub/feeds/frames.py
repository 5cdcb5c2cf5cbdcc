"""Feed messages as bytes: encoded once, sent to every listener of the same class of readers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from events.event import Json, Position

LARGEST_PIECE = 8_000
"""Bytes that go to a connection at once: with their framing less than half of what may wait for its reader."""

MOST_BYTES_OF_A_CHARACTER = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """One feed message, ready to send.

    Args:
        kind: `event`, `changed`, `withdrawn`, `live`, `beat` or `bye`.
        cursor: where a listener that has this message stands.
        text: the JSON object.
    """

    kind: str
    cursor: str
    text: str

    def server_sent(self) -> Iterator[bytes]:
        """Yield the message as one server-sent event, in pieces."""
        head = f"event: {self.kind}\nid: {self.cursor}\ndata: "
        if len(self.text) <= LARGEST_PIECE:
            yield from pieces(f"{head}{self.text}\n\n")
            return
        # A long text is shared by all listeners of a class; only a piece of it is copied for each.
        yield head.encode()
        yield from pieces(self.text)
        yield b"\n\n"


def pieces(text: str) -> Iterator[bytes]:
    """Yield a text as UTF-8 in pieces of at most `LARGEST_PIECE` bytes, at least one, without copying it whole."""
    longest = LARGEST_PIECE if text.isascii() else LARGEST_PIECE // MOST_BYTES_OF_A_CHARACTER
    if len(text) <= LARGEST_PIECE:
        whole = text.encode()
        if len(whole) <= LARGEST_PIECE:
            yield whole
            return
    for start in range(0, len(text), longest):
        yield text[start : start + longest].encode()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listener stands in the log: everything up to `part` of `position` is behind it."""

    position: Position
    part: int = 0


def frame(kind: str, cursor: str, more: Mapping[str, Json] | None = None) -> Frame:
    """Encode one message; every kind has `kind` and `cursor`."""
    text = orjson.dumps({"kind": kind, "cursor": cursor, **(more or {})}).decode()
    return Frame(kind, cursor, text)
