"""Feed messages as bytes: encoded and framed once, sent to every listener of the same class of readers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import orjson

from events.event import Json, Position

LARGEST_PIECE = 8_000
"""Bytes that go to a connection at once: with their framing less than half of what may wait for its reader."""

LARGEST_LUMP = 16_000
"""Bytes of small messages that are written at once to a connection in which nothing waits."""

MOST_BYTES_OF_A_CHARACTER = 4

Framing = Literal["websocket", "chunked", "stream", "text"]
"""What stands around a message: frames of a WebSocket; server-sent events in chunks of HTTP/1.1, or bare; nothing."""

_TEXT, _CONTINUATION, _LAST = 0x1, 0x0, 0x80
_SHORT, _LONG = 126, 65_536


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listener stands in the log: everything up to `part` of `position` is behind it."""

    position: Position
    part: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """One feed message, ready to send.

    Args:
        kind: `event`, `changed`, `withdrawn`, `live`, `beat` or `bye`.
        cursor: where a listener that has this message stands.
        text: the JSON object.
        place: what the cursor stands for, if the message is about a place in the log.
    """

    kind: str
    cursor: str
    text: str
    place: Place | None = None

    def server_sent(self) -> Iterator[bytes]:
        """Yield the message as one server-sent event, in pieces."""
        head = f"event: {self.kind}\nid: {self.cursor}\ndata: "
        if len(self.text) <= LARGEST_PIECE:
            yield from pieces(f"{head}{self.text}\n\n")
            return
        yield head.encode()
        yield from pieces(self.text)
        yield b"\n\n"

    def framed(self, framing: Framing) -> list[bytes]:
        """Return what is written to a connection for this message, in pieces between which others may speak."""
        if framing == "websocket":
            return list(_websocket(list(pieces(self.text))))
        if framing == "text":
            return [self.text.encode()]
        said = list(self.server_sent())
        return [b"%x\r\n%b\r\n" % (len(one), one) for one in said] if framing == "chunked" else said


def _websocket(said: Sequence[bytes]) -> Iterator[bytes]:
    """Yield pieces of a text as the frames of one WebSocket message."""
    for number, piece in enumerate(said):
        first = (_CONTINUATION if number else _TEXT) | (_LAST if number == len(said) - 1 else 0)
        if len(piece) < _SHORT:
            yield bytes((first, len(piece))) + piece
        else:
            yield bytes((first, _SHORT)) + len(piece).to_bytes(2, "big") + piece


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
class Lump:
    """What is written to a connection at once: small messages together, or a piece of a large one.

    Args:
        data: the bytes.
        last: the last message that ends in it; None within a large one.
        count: how many messages end in it.
    """

    data: bytes
    last: Frame | None
    count: int


def lumps_of(frames: Iterable[Frame], framing: Framing) -> tuple[Lump, ...]:
    """Return what is written for some messages; where no server of ours writes them, each by itself."""
    found: list[Lump] = []
    gathered: list[bytes] = []
    size, last = 0, None
    most = LARGEST_LUMP if framing in ("websocket", "chunked") else 0
    for one in frames:
        said = one.framed(framing)
        if gathered and (len(said) > 1 or size + len(said[0]) > most):
            found.append(Lump(b"".join(gathered), last, len(gathered)))
            gathered, size = [], 0
        if len(said) > 1:
            found += [Lump(piece, None, 0) for piece in said[:-1]]
            found.append(Lump(said[-1], one, 1))
        else:
            gathered.append(said[0])
            size += len(said[0])
            last = one
    if gathered:
        found.append(Lump(b"".join(gathered), last, len(gathered)))
    return tuple(found)


def frame(
    kind: str, cursor: str, more: Mapping[str, Json] | None = None, place: Place | None = None
) -> Frame:
    """Encode one message; every kind has `kind` and `cursor`."""
    text = orjson.dumps({"kind": kind, "cursor": cursor, **(more or {})}).decode()
    return Frame(kind, cursor, text, place)
