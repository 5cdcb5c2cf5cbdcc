"""Turns of events that an older release recorded: written once, when a log is opened.

A release before this one kept consents as reports, and let nothing hear of needs, offers, matches and amendments. Here
each such event is led once more through whom it concerns, in the order of the log and refusing nothing, and only the
keys under which these find it are written; neither an event nor its leaf changes.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

import orjson
from eventsourcing.persistence import Notification

from events.decisions.aggregate import Actor
from events.desk import Desk
from events.event import slug_of, type_of
from events.log import LogRecorder, Unit
from events.mapper import Fact
from events.means import Means
from events.moments import read_moment
from events.recorded_keys import digest_in, recorded_key

_PAGE = 500
_WHOLE = b"w" * 32
_PART = b"p" * 32
_ADD = "INSERT INTO recorded_keys VALUES (?, ?, ?)"


def complete_turns(means: Means, recorder: LogRecorder) -> int:
    """Let decisions hear of what was recorded before they could; return how many events that were.

    Once for each log: what was done is remembered in it by place, so that whoever is cut off goes on from there.

    Args:
        means: of the store.
        recorder: of the log.
    """
    mark = means.salt.of_claim("turns of what was recorded before there were any")
    with recorder.looking() as run:
        done = run("SELECT digest FROM recorded_keys WHERE key = ?", (mark,))
    if done and digest_in(done[0][0]) == _WHOLE:
        return 0
    count, is_whole = 0, False
    while not is_whole:
        with recorder.unit() as unit:
            # Behind the lock of all writers: another process may be at it too.
            known = unit.known([mark]).get(mark)
            after = 0 if known is None else known.position
            is_done = known is not None and known.digest == _WHOLE
            page = [] if is_done else recorder.select_notifications(after, _PAGE, inclusive_of_start=False)
            is_whole = len(page) < _PAGE
            add = partial(_add, unit, recorder.salt)
            count += _lead(means, unit, page, add)
            unit.run("DELETE FROM recorded_keys WHERE key = ?", (mark,))
            add(mark, _WHOLE if is_whole else _PART, page[-1].id if page else after)
    return count


def _add(unit: Unit, secret: bytes, key: bytes, digest: bytes, position: int) -> None:
    unit.run(_ADD, recorded_key(secret, key, digest, position))


def _lead(
    means: Means, unit: Unit, page: Sequence[Notification], add: Callable[[bytes, bytes, int], None]
) -> int:
    desk, found = Desk(means, unit), 0
    for row in page:
        kind = type_of(row.topic)
        decider = means.deciders.get(kind)
        if kind not in means.hearers and not (decider and (decider.hears or decider.was_report)):
            continue
        fact = cast("Fact", means.log.mapper.to_domain_event(row))
        if _is_believed(desk, row):
            keys = desk.hear_again(fact, row.id, _publisher(desk, fact))
            found += bool(keys)
            for key in keys:
                add(key, _PART, row.id)
    return found


def _publisher(desk: Desk, fact: Fact) -> Actor:
    """Return who published an event, with the rights of now: those of then decided already."""
    slug = slug_of(fact.envelope["source"])
    rights = desk.rights(slug)
    known = (frozenset(), frozenset()) if rights is None else (rights.roles, rights.references)
    return Actor(slug, "", *known, fact.timestamp)


def _is_believed(desk: Desk, row: Notification) -> bool:
    envelope = orjson.loads(row.state)
    signature, rights = envelope.get("signature"), desk.rights(slug_of(envelope["source"]))
    moments = (read_moment(str(envelope.get(name, ""))) for name in ("time", "recordedtime"))
    return signature is None or rights is None or not rights.distrusts(signature, *moments)
