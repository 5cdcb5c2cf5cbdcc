"""How events lie in the database: the envelope as plain JSON, its stem as topic.

The library's own mapper stores Python paths as topics and gives meaning to objects with the keys `_type_` and
`_data_`, so that a partner could make a row unreadable for ever. This one gives meaning to nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import orjson
from eventsourcing.domain import AggregateEvent
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from events.event import Json, type_of

KEPT_BESIDE = ("sealed", "signature")
"""What a row has beside the attributes of its event."""


@dataclass(frozen=True)
class Fact(AggregateEvent):
    """An event of the log in the form that `eventsourcing` carries.

    Args:
        stem: type and version.
        envelope: the CloudEvent with `recordedtime`.
    """

    stem: str
    envelope: Mapping[str, Json]

    def apply(self, aggregate: Any) -> None:
        """Fold this event into the aggregate that decided it."""
        aggregate.fold(type_of(self.stem), self.envelope)


class PlainMapper(Mapper[UUID]):
    """Writes facts as rows and reads them back."""

    def __init__(self) -> None:
        super().__init__(transcoder=JSONTranscoder())

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Return the row: sorted keys, so that equal events have equal bytes."""
        fact = cast("Fact", domain_event)
        return stored(fact, fact.envelope)

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Return the fact in a row; no decision rests on personal fields, so that it lacks them."""
        envelope = orjson.loads(stored_event.state)
        for name in KEPT_BESIDE:
            envelope.pop(name, None)
        return Fact(
            originator_id=cast("UUID", stored_event.originator_id),
            originator_version=stored_event.originator_version,
            timestamp=datetime.fromisoformat(envelope["recordedtime"]),
            stem=stored_event.topic,
            envelope=envelope,
        )


def stored(fact: Fact, envelope: Mapping[str, Json]) -> StoredEvent:
    """Return the row of a fact with an envelope in the form in which it is kept."""
    return StoredEvent(fact.originator_id, fact.originator_version, fact.stem, write_envelope(envelope))


def write_envelope(envelope: Mapping[str, Json]) -> bytes:
    """Return the canonical bytes of an envelope: no spaces, keys sorted."""
    return orjson.dumps(envelope, option=orjson.OPT_SORT_KEYS)
