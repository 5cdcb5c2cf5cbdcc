"""From the story of a hearing to the entries of a calendar: what stands, what may be, what is no more. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from events.event import Json
from hub.calendar.dates import When, candidates, key_of
from hub.calendar.story import Story

Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]

OFF = frozenset({"cancelled", "postponed_no_date"})
"""Statuses under which a hearing has no date."""

_ADJOURNED = "hearing.adjourned"
_IN_PART = "held_in_part"
_REPORTED = "hearing.reported"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the calendar.

    Args:
        uid: of the hearing and the day; never changes.
        ref: of the hearing.
        when: at which time.
        status: as iCalendar says it.
        sequence: how often what the reader sees of the hearing changed.
        moment: of the last change, RFC 3339.
        is_known: something is visible of the hearing; else nothing is said but that this is no more.
        follows: the `uid` of the entry whose place it takes.
    """

    uid: str
    ref: str
    when: When
    status: Status
    sequence: int
    moment: str
    is_known: bool = True
    follows: str | None = None


def entries_of(story: Story, follows: str | None = None) -> list[Entry]:
    """Return the entries of a hearing, the earliest first: those that stand, and the former ones as cancelled.

    Args:
        story: of the hearing.
        follows: the hearing whose place this one takes, if another.
    """
    zone, ends = story.value("zone"), story.value("ends")
    live = _by_key(one for text in _live(story) for one in candidates(text, zone, ends))
    named = (text for texts in story.naming.values() for text in texts)
    former = _by_key(one for text in (*story.former, *named) for one in candidates(text, zone))
    known = {**former, **live}
    held = _held(story)
    status: Status = "CONFIRMED" if _is_sure(story, live) else "TENTATIVE"
    off = _put_off(story)
    follows = follows or next((uid_of(story.ref, key) for key in reversed(off) if key in known), None)
    made = []
    for key, when in sorted(known.items()):
        if key in held:
            made.append(_entry(story, key, when, "CONFIRMED"))
        elif key in live:
            made.append(_entry(story, key, when, status, follows))
        else:
            made.append(_entry(story, key, when, "CANCELLED"))
    return [*made, *_merged(story)]


def uid_of(ref: str, key: str) -> str:
    """Return the identity of an entry, for ever."""
    return f"{quote(ref, safe=':.')}/{quote(key, safe='')}@hearings.solidarity-hub"


def moved(stories: Iterable[Story]) -> Mapping[str, str]:
    """Return for hearings that take the place of another which entry that was, by reference."""
    found: dict[str, str] = {}
    for story in stories:
        for event in _own(story):
            new = event["data"].get("new_hearing")
            keys = sorted({key for text in dates_before(story, event) if (key := key_of(text))})
            if new is not None and keys:
                found[new] = uid_of(story.ref, keys[-1])
    return found


def dates_before(story: Story, event: Json) -> Sequence[str]:
    """Return the dates that an adjournment put off: the one it names, else all that are shown."""
    named = event["data"].get("previous_starts")
    return [named] if named is not None else [str(one) for one in story.values("starts")]


def _live(story: Story) -> list[str]:
    """Return the dates that stand now."""
    if story.node is None or _is_off(story):
        return []
    shown = [str(one) for one in story.values("starts")]
    new = [str(one["data"]["new_starts"]) for one in _moves(story) if "new_starts" in one["data"]]
    put_off = _put_off(story)
    # What another partner still says of a date that was put off is no other opinion, only older.
    standing = [text for text in dict.fromkeys([*shown, *new[-1:]]) if _keys([text]).isdisjoint(put_off)]
    return standing or new[-1:] or shown


def _moves(story: Story) -> list[Json]:
    """Return the adjournments by which the hearing itself was moved, as recorded."""
    return [one for one in _own(story) if one["type"] == _ADJOURNED and "new_hearing" not in one["data"]]


def _own(story: Story) -> list[Json]:
    """Return the events about the hearing itself, without those that only name it as what comes next."""
    return [one for one in story.events if one["data"].get("hearing") in (story.ref, *story.others)]


def _put_off(story: Story) -> list[str]:
    """Return the keys of the dates from which it was moved, as recorded."""
    return [key for one in _moves(story) for key in _left_by(story, one)]


def _left_by(story: Story, move: Json) -> list[str]:
    """Return the keys of the dates that a move leaves: the one it names, else what its publisher had said before.

    What others say is another opinion, unless it is named.
    """
    named, new = move["data"].get("previous_starts"), move["data"].get("new_starts")
    if named is not None:
        return sorted(_keys([named])) if key_of(named) else []
    if new is None:
        return []
    own = [one for one in _own(story) if one["source"] == move["source"]]
    earlier = (one["data"] for one in own[: own.index(move)])
    said = [data[name] for data in earlier for name in ("starts", "new_starts") if name in data]
    left = sorted(_keys(said) - _keys([new]))
    # Of several nobody knows on which of them it began.
    return left if move["data"].get("status") != _IN_PART or len(left) == 1 else []


def _keys(texts: Iterable[str]) -> set[str]:
    return {one.key for text in texts for one in candidates(text)}


def _by_key(found: Iterable[When]) -> dict[str, When]:
    """Return times by key; of one day, the one whose hour is known."""
    best: dict[str, When] = {}
    for one in found:
        if one.key not in best or (
            isinstance(one.start, datetime) and not isinstance(best[one.key].start, datetime)
        ):
            best[one.key] = one
    return best


def _is_off(story: Story) -> bool:
    statuses = story.values("status")
    if statuses and all(one in OFF for one in statuses):
        return True
    is_moved = any(
        one["data"].get("new_hearing") and one["data"].get("status") == "rescheduled" for one in _own(story)
    )
    return is_moved and all(one == "rescheduled" for one in statuses)


def _held(story: Story) -> frozenset[str]:
    """Return the keys of the days on which something took place: such an entry is not taken back."""
    found: set[str] = set()
    for event in _own(story):
        data = event["data"]
        if event["type"] == _REPORTED and "started" in data:
            found.add(str(data["started"])[:10])
        elif data.get("status") == _IN_PART:
            found.update(_left_by(story, event))
    return frozenset(found)


def _is_sure(story: Story, live: Mapping[str, When]) -> bool:
    return len(live) == 1 and all(one.is_certain for one in live.values()) and not _is_off(story)


def _entry(story: Story, key: str, when: When, status: Status, follows: str | None = None) -> Entry:
    uid = uid_of(story.ref, key)
    return Entry(
        uid, story.ref, when, status, story.changes - 1, story.moment, story.node is not None, follows
    )


def _merged(story: Story) -> Iterator[Entry]:
    """Yield as cancelled what was told of the hearing under references that are read as another now."""
    zone = story.value("zone")
    for ref in story.others:
        dates = {one.key: one for text in story.naming.get(ref, ()) for one in candidates(text, zone)}
        for key, when in sorted(dates.items()):
            same = uid_of(story.ref, key)
            yield Entry(
                uid_of(ref, key), ref, when, "CANCELLED", story.changes - 1, story.moment, follows=same
            )
