"""The delivery log: what was tried when, and what came of it; whom or what it was about is never written down."""

from collections.abc import Callable, Sequence

from events.audience import Reader
from events.cursor import Cursors
from events.event import Json, Position
from events.moments import stamp
from hub.subscriptions.letters import webhook_id
from hub.subscriptions.rows import Row, moment, number
from hub.subscriptions.shelf import Shelf
from hub.subscriptions.subscription import Delivery, Place, Subscription
from hub.subscriptions.terms import MOST_DELIVERIES, REMEMBERED_FOR
from projections.feed import FeedMessage
from projections.sight import Sight

_MOST_AT_ONE_PLACE = 500


class DeliveryLog:
    """The attempts of every webhook, in the file of the subscriptions."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def note(self, tried: Delivery) -> None:
        """Take down an attempt, and let go of those that are too old or too many."""
        place = tried.place or (None, None)
        row = (tried.subscription, tried.webhook_id, tried.kind, number(tried.at), tried.status, tried.error)
        old = (tried.at - REMEMBERED_FOR).timestamp()
        with self._shelf.writing() as db:
            found = db.execute("SELECT 1 FROM subscriptions WHERE id = ?", (tried.subscription,)).fetchone()
            if found is None:  # removed while it was tried
                return
            names = "subscription, webhook_id, kind, at, status, error, next, position, part"
            db.execute(
                f"INSERT INTO deliveries ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, number(tried.next), *place),
            )
            newest = "SELECT no FROM deliveries WHERE subscription = ?1 ORDER BY no DESC LIMIT -1 OFFSET ?2"
            db.execute(
                f"DELETE FROM deliveries WHERE subscription = ?1 AND (at <= ?3 OR no IN ({newest}))",
                (tried.subscription, MOST_DELIVERIES, old),
            )

    def page(self, subscription: str, limit: int, offset: int) -> tuple[list[Delivery], bool]:
        """Return some attempts, newest first, and whether there are more."""
        asked = "SELECT * FROM deliveries WHERE subscription = ? ORDER BY no DESC LIMIT ? OFFSET ?"
        with self._shelf.reading() as db:
            rows = db.execute(asked, (subscription, limit + 1, offset)).fetchall()
        return [_delivery(row) for row in rows[:limit]], len(rows) > limit


class Told:
    """Says what deliveries were about, as far as their reader may still see it.

    Args:
        purge: gives the sight of a reader.
        cursors: of the hub.
    """

    def __init__(self, purge: Callable[[Reader], Sight], cursors: Cursors) -> None:
        self._purge = purge
        self._cursors = cursors

    def rows(self, subscription: Subscription, reader: Reader, tried: Sequence[Delivery]) -> list[Json]:
        """Return deliveries as they are shown.

        The feed is asked anew what it says at each place: what it does not say any more has no id here.
        """
        sight = self._purge(reader)
        places = dict.fromkeys(one.place for one in tried if one.place is not None)
        known = {
            webhook_id(
                subscription.id, Place(message.position, message.part), message.kind, self._cursors
            ): message
            for place in places
            for message in _at(sight, subscription, place)
        }
        return [self._row(one, known.get(one.webhook_id)) for one in tried]

    def _row(self, tried: Delivery, message: FeedMessage | None) -> Json:
        about: Json = {}
        if message is not None and message.kind != "withdrawn":
            about = {"source": message.source, "id": message.id, "type": message.type}
        return {
            "webhook_id": tried.webhook_id,
            "kind": tried.kind,
            "at": stamp(tried.at),
            "status": tried.status,
            "error": tried.error or None,
            "next": None if tried.next is None else stamp(tried.next),
            "cursor": None if tried.place is None else self._cursors.encode(*tried.place),
            "about": about or None,
        }


def _at(sight: Sight, subscription: Subscription, place: Place) -> Sequence[FeedMessage]:
    """Return what the feed says from a message on, at its position."""
    is_inside = place.part > 1
    before = Place(place.position, place.part - 1) if is_inside else Place(Position(place.position - 1))
    most = 1 if place.part else _MOST_AT_ONE_PLACE
    page = sight.feed(*before, subscription.query, most)
    return [one for one in page.messages if one.position == place.position]


def _delivery(row: Row) -> Delivery:
    at = moment(row["at"])
    assert at is not None  # noqa: S101  # the column is NOT NULL
    return Delivery(
        subscription=row["subscription"],
        webhook_id=row["webhook_id"],
        kind=row["kind"],
        at=at,
        status=row["status"],
        error=row["error"],
        next=moment(row["next"]),
        place=None if row["position"] is None else Place(Position(row["position"]), row["part"]),
    )
