"""What the card of an event tells of it besides its title: where, when, in which trial."""

from collections.abc import Iterator, Mapping

from events.event import Json, slug_of

TOLD = ("country", "trial", "starts", "new_starts", "join_by", "needed_by", "consultation_closes")
"""Fields that decide whether somebody reads on; `web/src/feed/card.ts` tells the same ones."""


def told(event: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Return name and value of what a card tells of an event, in the order of `TOLD`."""
    data = event["data"]
    place = data.get("place")
    said = {**(place if isinstance(place, Mapping) else {}), **data}
    return [(name, said[name]) for name in TOLD if isinstance(said.get(name), str)]


def named(event: Mapping[str, Json]) -> Iterator[str]:
    """Yield the references that the card of an event names."""
    yield f"partner:{slug_of(event['source'])}"
    if "subject" in event:
        yield event["subject"]
    yield from (value for name, value in told(event) if name == "trial")
