"""What the calendar says of a policy: until when one can comment, and from when it applies."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from projections.boards.tellings import Telling
from projections.boards.trials.saying import Voices, sayings
from schemas.edtf import NotEdtf, bounds

Json = Any

ENDED = frozenset({"struck_down", "repealed"})
"""Stages after which a law does not apply."""


def day_of(text: Json) -> date | None:
    """Return a day as written; None if it is none."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def days_left(closes: Json, now: datetime) -> int | None:
    """Return how many days are left, the last one being 0; negative when it is over; None if no day is known.

    A day ends when it ends in UTC: the hub does not know the zone of a parliament.
    """
    day = day_of(closes)
    return None if day is None else (day - now.date()).days


def consultation(closes: Json, now: datetime) -> Json:
    """Return until when one can comment; None where nobody says that one could."""
    if closes is None:
        return None
    values = closes.get("values") or [closes["value"]]
    left = [days for value in values if (days := days_left(value, now)) is not None]
    most = max(left, default=None)
    return {"closes": closes, "open": most is not None and most >= 0, "days_left": most}


def in_force(own: Sequence[Telling], voices: Voices, now: datetime) -> Json:
    """Return from when a policy applies, and whether it does now, as far as anybody said."""
    begins = voices.told(sayings(own, "in_force_from"))
    stage = (voices.told(sayings(own, "stage")) or {}).get("value")
    if stage in ENDED:
        return {"from": begins, "state": "ended"}
    if begins is None or "value" not in begins:
        return {"from": begins, "state": "in_force" if stage == "in_force" else "unknown"}
    try:
        first, last = bounds(str(begins["value"]))
    except NotEdtf:
        return {"from": begins, "state": "unknown"}
    today = now.date()
    if first is not None and today < first:
        return {"from": begins, "state": "not_yet"}
    is_sure = last is None or last <= today or "/" in str(begins["value"])
    return {"from": begins, "state": "in_force" if is_sure else "unknown"}
