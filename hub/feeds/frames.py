"""Feed messages as bytes: encoded once, sent to every listener of the same class of readers."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from events.event import Json, Position


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

    @property
    def sse(self) -> bytes:
        """The message as one server-sent event."""
        return f"event: {self.kind}\nid: {self.cursor}\ndata: {self.text}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listener stands in the log: everything up to `part` of `position` is behind it."""

    position: Position
    part: int = 0


def frame(kind: str, cursor: str, more: Mapping[str, Json] | None = None) -> Frame:
    """Encode one message; every kind has `kind` and `cursor`."""
    text = orjson.dumps({"kind": kind, "cursor": cursor, **(more or {})}).decode()
    return Frame(kind, cursor, text)
