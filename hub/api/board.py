"""`GET /api/v1/board`: what waits for the caller's partner, what changed of its matters, and who stands alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from starlette.responses import Response

from events.event import Position
from hub.address import Asked, HubRequest
from hub.api.answers import ask, caller_of, json_answer
from hub.refusals import NotSignedIn
from projections.boards.mine.items import API
from projections.graph.whole.question import Pending
from projections.sight import Sight

Json = Any

MOST_COUNTRIES = 12
ALONE_IN_EACH = 3


async def show_board(request: HubRequest, asked: Asked) -> Response:
    """Answer the board of the caller's partner.

    Raises:
        NotSignedIn: nothing waits for the public.
    """
    account = caller_of(request).account
    if account is None:
        raise NotSignedIn
    cursors, now = request.state["cursors"], request.state["clock"]()
    since = (Position(0), 0) if asked["since"] is None else cursors.decode(asked["since"])
    desk, limit = request.state["subscriptions"], asked["limit"]

    def look(sight: Sight) -> Json:
        own = followed(desk.shelf.listing(account.id))
        news, page = sight.news(account.partner, since, own, limit)
        found = sight.mine(account.partner, now)
        whole = page.part == 0 and page.reached >= page.seen
        # Not how far the log goes: that would count what is hidden at its end.
        last = [(one.position, one.part) for one in page.messages[-1:]] or [since]
        cursor = cursors.encode(*last[0])
        changed = {"items": news, "cursor": cursor, "complete": whole}
        return {**found, "changed": changed, "alone": alone_in(sight, found["countries"], now)}

    return json_answer(await ask(request, look))


def followed(subscriptions: Sequence[Any]) -> frozenset[str]:
    """Return the references that some subscriptions are about, as far as they are active."""
    return frozenset(ref for one in subscriptions if one.state == "active" for ref in one.query.about)


def alone_in(sight: Sight, countries: Sequence[str | None], now: datetime) -> list[Json]:
    """Return who stands alone in each of some countries; of none, anywhere."""
    return [_in_country(sight, code, now) for code in (countries[:MOST_COUNTRIES] or [None])]


def _in_country(sight: Sight, code: str | None, now: datetime) -> Json:
    found = sight.alone({"country": code, "limit": ALONE_IN_EACH, "offset": 0}, now.date())
    if isinstance(found, Pending):
        return {"country": code, "job": found.job, "progress": found.progress}
    items = [{**one, "link": f"{API}/lawyers/{one['lawyer']['ref']}"} for one in found["items"]]
    return {"country": code, "items": items, "total": found["total"]}
