"""What an event is once the hub has recorded it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NewType

Json = Any
Position = NewType("Position", int)
"""Place of an event in the one global order, from 1; never leaves the hub."""

SOURCE_PREFIX = "urn:hub:partner:"
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
"""What a partner is called in its sources and references."""

MAX_ID = 128
"""Characters of the id of an event."""


def slug_of(source: str) -> str:
    """Return the partner's slug in a CloudEvents `source`, e.g. `open-docket`."""
    return source.removeprefix(SOURCE_PREFIX)


def name_of(envelope: Mapping[str, Json]) -> str:
    """Return source and id of an event as one text."""
    return f"{envelope['source']} {envelope['id']}"


def stem_of(event_type: str, version: int) -> str:
    """Return the name of the three files of a type, e.g. `threat.reported.v1`."""
    return f"{event_type}.v{version}"


def type_of(stem: str) -> str:
    """Return the type in the name of its three files, e.g. `threat.reported`."""
    return stem.rpartition(".v")[0]


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as the log has it; never changed afterwards.

    Args:
        position: its place in the log.
        stem: type and version, e.g. `threat.reported.v1`.
        envelope: the CloudEvent as plain JSON, `data` included, with `recordedtime` (RFC 3339, UTC) added by
            the hub.
        sealed: its personal fields as JSON Pointer into data → whose key seals it.
        erased: those among them that nobody can open any more; `data` lacks them.
        signature: what its publisher signed (`payload`, base64 of the exact bytes; `payloadType`; `keyid`; `sig`);
            of what can no longer be opened, `keyid` alone; None if it was not signed.
        kids: JSON Pointer of each personal field → name of the very key that seals it.
    """

    position: Position
    stem: str
    envelope: Mapping[str, Json]
    sealed: Mapping[str, str] = field(default_factory=dict)
    erased: frozenset[str] = frozenset()
    signature: Mapping[str, str] | None = None
    kids: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The CloudEvents source, `urn:hub:partner:SLUG`."""
        return str(self.envelope["source"])

    @property
    def id(self) -> str:
        """The publisher's identifier, unique per source."""
        return str(self.envelope["id"])

    @property
    def publisher(self) -> str:
        """Slug of the partner that published it."""
        return slug_of(self.source)

    @property
    def data(self) -> Mapping[str, Json]:
        """The payload."""
        payload: Mapping[str, Json] = self.envelope["data"]
        return payload
