"""The board of the signed-in partner: what waits for it, each with the way to do it, what changed, who stands alone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from events.cursor import UnknownCursor
from events.event import Position, slug_of
from hub.accounts import Account
from hub.address import Asked, HubRequest
from hub.api.answers import ask, caller_of
from hub.api.board import alone_in, followed
from hub.pages import cookies
from hub.pages.acts import read_form
from hub.pages.addressing import dossier_address
from hub.pages.names import names_in
from hub.pages.rendering import render
from hub.pages.trials import zones_of
from hub.texts import N_
from projections.sight import Sight

Json = Any
SEEN_COOKIE = "hub_seen"
MOST_NEWS = 12
MOST_PRESSING = 3
MOST_OF_GROUP = 8
_WINDOW = 256
_PAGE = 1000
_ENOUGH = 200

Place = tuple[Position, int]

GROUPS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "seats": (N_("Your seats at hearings"), N_("Look at the hearing")),
        "sign": (N_("To sign or join"), N_("Read and sign")),
        "resign": (N_("To sign again"), N_("Read and sign again")),
        "confirm": (N_("Matches to confirm"), N_("Look and decide")),
        "acknowledge": (N_("Erasures to answer"), N_("Say that your copies are gone")),
        "replies": (N_("Replies that are due"), N_("Look at the statement")),
        "review": (N_("To look at again"), N_("Look again")),
        "unmatched": (N_("Your needs without help"), N_("See what fits")),
        "harm": (N_("Somebody came to harm"), N_("Read the report")),
        "erasures": (N_("Erasures that are overdue"), N_("See who is missing")),
        "conflicts": (N_("Conflicts of interest to judge"), N_("Judge it")),
        "quarantined": (N_("Events that nobody believes"), N_("Read the event")),
        "members": (N_("Lawyers of a suspended bar"), N_("See who they are")),
    }
)
"""Group of what waits → its heading, and what its button says; in the order in which they stand."""

WHY: Mapping[str, str] = MappingProxyType(
    {
        "invited": N_("You are invited."),
        "in_my_countries": N_("It is about a country in which you work."),
        "open_to_all": N_("It is open to everybody."),
        "RESIGN_NEEDED": N_("The text has changed since you signed."),
        "LAPSED": N_("The time for which you signed is over."),
        "match": N_("A match of a need and an offer waits for your word."),
        "erasure": N_("Personal data was erased: say that your own copies are gone."),
        "erasure_overdue": N_("The answer to an erasure is overdue."),
        "seat_held": N_("You hold a seat."),
        "seat_offered": N_("A seat is handed over to you."),
        "no_reply_yet": N_("Nobody has replied yet."),
        "review": N_("The day on which you wanted to look at it again."),
        "consent_review": N_("The consent is to be talked over again."),
        "consent_expired": N_("The consent has run out."),
        "indicator_review": N_("The definition is to be looked at again."),
        "disputed": N_("Another partner doubts what you reported."),
        "STALE_FACT": N_("It rests on facts that changed."),
        "SIGNED_STALE_FACT": N_("You signed it, and it rests on facts that changed."),
        "bar_suspended": N_("The bar is suspended as a partner: think of what its members have to fear."),
        "no_match": N_("No offer is matched with it."),
        "safety_incident": N_("A delivery of help put somebody in danger."),
        "harmed": N_("A delivery of help did harm."),
        "to_judge": N_("A partner is kept out of a case in which it is named; nobody has judged that yet."),
        "not_believed": N_("Everybody who checked it says that it is not so."),
    }
)
"""Why something waits → what a person reads."""

NEWS: Mapping[str, str] = MappingProxyType(
    {"event": N_("New"), "changed": N_("Reads differently now"), "withdrawn": N_("May no longer be used")}
)
"""Kind of a message of the feed → what a person reads."""

_ANCHORS: Mapping[str, str] = MappingProxyType(
    {"sign": "#sign", "resign": "#sign", "seats": "#seats", "unmatched": "#fits", "replies": "#stands"}
)
_DESKS: Mapping[str, str] = MappingProxyType(
    {"confirm": "/support#waits", "erasures": "/steward#erasures", "conflicts": "/steward#conflicts"}
)


async def show_board(request: HubRequest, _: Asked) -> Response:
    """Answer the board of whoever is signed in; to the public, that it is for partners."""
    account, now = caller_of(request).account, request.state["clock"]()
    if account is None:
        return render(request, "board.html", {"here": "board"})
    since, own = seen(request), _followed(request, account)

    def question(sight: Sight) -> Json:
        mine = sight.mine(account.partner, now)
        news, place = _news(sight, account.partner, since, own)
        told = list(news[-MOST_NEWS:][::-1])
        alone = alone_in(sight, mine["countries"], now)
        groups = [_group(name, mine) for name in GROUPS if mine["groups"].get(name)]
        zones = zones_of(sight, [one["ref"] for one in mine["groups"]["seats"]])
        by = [f"partner:{slug_of(one['proof']['source'])}" for one in told]
        names = names_in(sight.papers(now), groups, told, alone, [mine["partner"], *by])
        found = {"mine": mine, "groups": groups, "zones": zones, "alone": alone, "names": names}
        return {**found, "news": told, "more_news": len(news) - len(told), "place": place}

    found = await ask(request, question)
    cursor = request.state["cursors"].encode(*found.pop("place"))
    more = {
        "here": "board",
        "why": WHY,
        "kinds": NEWS,
        "cursor": cursor,
        "is_first": since is None,
        "now": now,
    }
    return render(request, "board.html", {**found, **more})


async def note_seen(request: HubRequest, _: Asked) -> Response:
    """Keep on this device up to where somebody has read what changed."""
    cursor = (await read_form(request, "seen")).values.get("cursor", "")
    answer = RedirectResponse("/board", 303)
    try:
        request.state["cursors"].decode(cursor)
    except UnknownCursor:
        return answer
    cookies.keep(request, answer, SEEN_COOKIE, cursor)
    return answer


def seen(request: HubRequest) -> Place | None:
    """Return up to where this device has read; None: nothing is known of that."""
    try:
        return request.state["cursors"].decode(request.cookies.get(SEEN_COOKIE, ""))
    except UnknownCursor:
        return None


def most_pressing(sight: Sight, slug: str, now: datetime) -> Json:
    """Return what presses a partner most: what is due first, then what waits without a day."""
    mine = sight.mine(slug, now)
    found = [one for name in GROUPS for one in _items(name, mine)]
    first = sorted(found, key=lambda one: (one["due"] is None, one["due"] or ""))[:MOST_PRESSING]
    zones = zones_of(sight, [one["ref"] for one in first if one["group"] == "seats"])
    names = names_in(sight.papers(now), first)
    return {"pressing": first, "waiting": sum(mine["counts"].values()), "zones": zones, "names": names}


def _followed(request: HubRequest, account: Account) -> frozenset[str]:
    return followed(request.state["subscriptions"].shelf.listing(account.id))


def _group(name: str, mine: Json) -> Json:
    items = list(_items(name, mine))
    title, act = GROUPS[name]
    told = {"name": name, "title": title, "act": act, "count": mine["counts"][name]}
    return {**told, "first": items[:MOST_OF_GROUP], "others": items[MOST_OF_GROUP:]}


def _items(name: str, mine: Json) -> Iterator[Json]:
    for one in mine["groups"].get(name, ()):
        yield {**one, "group": name, "act": GROUPS[name][1], "to": _to(name, one)}


def _to(group: str, item: Json) -> str:
    """Return where one does what waits."""
    ref, proof = item["ref"], item["proof"]
    if group in _DESKS:
        return _DESKS[group]
    if group == "acknowledge":
        return f"/publish/erasure.executed?about={quote(ref, safe=':')}"
    if item["why"].startswith("consent"):
        return f"/publish/consent.recorded?about={quote(ref, safe=':')}"
    if ref.startswith("threat:"):
        return f"/review/{quote(ref, safe=':')}"
    if group in {"harm", "quarantined"}:
        return f"/events/{quote(proof['source'], safe=':')}/{quote(proof['id'])}"
    return f"{dossier_address(ref)}{_ANCHORS.get(group, '')}"


def _news(sight: Sight, slug: str, since: Place | None, own: frozenset[str]) -> tuple[Sequence[Json], Place]:
    """Return what changed of a partner's matters, oldest first, and where the last of it stands.

    Whoever never said up to where he has read gets the newest; how far back that goes depends on nothing hidden.
    """
    if since is not None:
        return _behind(sight, slug, since, own)
    window = _WINDOW
    while True:
        start = Position(max(0, sight.position - window))
        news, place = _behind(sight, slug, (start, 0), own)
        if len(news) >= MOST_NEWS or start == 0:
            return news[-MOST_NEWS:], place
        window *= 4


def _behind(sight: Sight, slug: str, place: Place, own: frozenset[str]) -> tuple[list[Json], Place]:
    found: list[Json] = []
    last = place
    while True:
        news, page = sight.news(slug, place, own, _PAGE)
        found += news
        last = (page.messages[-1].position, page.messages[-1].part) if page.messages else last
        # Enough for anybody to read; the rest is told when this was read.
        if (page.part == 0 and page.reached >= page.seen) or len(found) > _ENOUGH:
            return found, last
        place = (page.reached, page.part)
