"""Where what a class of readers may see has happened: how many events name each country."""

from collections.abc import Sequence

import orjson

from projections.event_query import EventQuery
from projections.event_rows import EventRows
from projections.labels import Allowed
from projections.positions import position_in
from projections.timeline import TimelineView

_SEEN = "IN (SELECT value FROM json_each(:allowed))"


def counts_by_country(
    view: TimelineView, allowed: Allowed, query: EventQuery, codes: Sequence[str]
) -> dict[str, int]:
    """Return how many visible active events that fit name each country; those with none are left out.

    An event that names two countries counts for both. A country that stands in a field which these readers may
    not see does not count.

    Args:
        view: of events.
        allowed: labels that the readers may see.
        query: its filters count; its `after` and `limit` do not. Give it a `since`: the cost grows with the span.
        codes: countries that there are.
    """
    with view.database.snapshot() as db:
        sql = EventRows(view, allowed).sql(db, query)
        # Whoever's event is the first of the span makes no difference: before it nothing lies in the span.
        begin = "SELECT COALESCE(min(position), 0) FROM timeline_events WHERE recorded >= :since"
        checked = " ".join((sql.shown(), *sql.having(0)))
        found = f"""SELECT substr(k.key, 3), count(*) FROM json_each(:codes) c
            CROSS JOIN timeline_keys k ON k.key = 'c:' || c.value
            CROSS JOIN timeline_events e ON e.position = k.position
            WHERE k.position >= ({begin}) AND k.position <= :reached AND k.label {_SEEN} {checked}
            GROUP BY k.key"""
        named = {
            **sql.parameters(),
            "codes": orjson.dumps(list(codes)).decode(),
            "reached": position_in(db, view.name),
        }
        return dict(db.execute(found, named).fetchall())
