"""`/feed.atom` and `/feed.json`."""

import hashlib
from collections.abc import Callable
from urllib.parse import urlencode

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.parameters import AT_LEAST
from hub.api.queries import event_filters
from hub.feeds.frames import Place
from hub.personal.reading import ask_both, fresh, outside, reader_of
from hub.subscriptions.subscription import ENGLISH
from hub.syndication import atom, json_feed
from hub.syndication.head import Head
from hub.syndication.items import ItemPage, Wording, page_of_items
from hub.texts import N_
from hub.texts.speech import Speech, speech_of

PLACED = frozenset({"key", "language", "before", "limit"})
"""Parameters that do not say which events are meant."""

NAME = N_("Solidarity Hub")
PART = N_("Solidarity Hub, a part")

Writer = Callable[[ItemPage, Head], bytes]


async def show_atom(request: HubRequest, asked: Asked) -> Response:
    """Answer events as Atom, newest first."""
    return await _feed(request, asked, atom.atom, atom.MEDIA)


async def show_json_feed(request: HubRequest, asked: Asked) -> Response:
    """Answer events as JSON Feed, newest first."""
    return await _feed(request, asked, json_feed.json_feed, json_feed.MEDIA)


async def _feed(request: HubRequest, asked: Asked, write: Writer, media: str) -> Response:
    caller = await reader_of(request, asked, "feed")
    hub = request.state
    cursors = hub["cursors"]
    before = None if asked["before"] is None else Place(*cursors.decode(asked["before"]))
    query, limit = event_filters(asked), asked["limit"]
    speech = speech_of(asked["language"], hub["registry"])
    wording = Wording(speech, outside(request))
    page = await ask_both(
        request, caller.reader, lambda sights: page_of_items(sights, query, before, limit, wording)
    )
    following = None if page.next is None else cursors.encode(page.next.position, page.next.part)
    return fresh(request, write(page, _head(request, following, speech)), media)


def _head(request: HubRequest, following: str | None, speech: Speech) -> Head:
    base, path, code = outside(request), request.url.path, speech.language.code
    said = [pair for pair in request.query_params.multi_items() if pair[0] != AT_LEAST]
    kept = [pair for pair in said if pair[0] != "before"]
    filters = sorted(pair for pair in said if pair[0] not in PLACED)
    # English, which is what nobody asked for, has the name and the address that it always had.
    other = [] if code == ENGLISH else [("language", code)]
    named = hashlib.sha256(urlencode([*filters, *other]).encode()).hexdigest()[:16]
    own = f"{base}{path}?{urlencode(other)}" if other else base + path
    # What was asked is not repeated where nothing may be there: neither a key nor a reference in what people keep.
    return Head(
        title=speech.texts.gettext(PART if filters else NAME),
        urn=f"urn:hub:feed:{named}",
        home=f"{base}/live",
        own=own if {name for name, _ in said} <= {"language"} else None,
        next=None if following is None else f"{base}{path}?{urlencode([*kept, ('before', following)])}",
        author=speech.texts.gettext(NAME),
        language=code,
    )
