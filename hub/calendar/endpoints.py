"""`/hearings.ics`."""

from collections.abc import Mapping
from functools import cache
from urllib.parse import quote

from starlette.responses import Response

from hub.access import Caller
from hub.address import Asked, HubRequest
from hub.calendar.entries import Entry
from hub.calendar.finding import Mine, entries, stories
from hub.calendar.story import Story
from hub.calendar.writing import MEDIA, Told, calendar
from hub.personal.reading import Sights, ask_both, fresh, outside, reader_of
from hub.syndication.items import label_of
from projections.event_query import EventQuery

GONE = "Hearing (withdrawn)"


async def show_hearings(request: HubRequest, asked: Asked) -> Response:
    """Answer hearings as a calendar."""
    caller = await reader_of(request, asked, "calendar")
    query = EventQuery(countries=asked["country"], about=asked["about"], partners=asked["partner"])
    kinds = request.state["registry"].vocabularies["hearing_kind"].codes
    is_mine, name = asked["mine"], _name(asked)
    words = Words(outside(request), kinds)

    def write(sights: Sights) -> bytes:
        found = stories(sights.own, query, _mine(request, caller) if is_mine else None)
        if is_mine and caller.account is None:
            found = []
        return written(sights, found, words, name)

    return fresh(request, await ask_both(request, caller.reader, write), MEDIA)


class Words:
    """What turns hearings into words.

    Args:
        base: how the hub is reached from outside.
        kinds: of hearings, code → label.
    """

    def __init__(self, base: str, kinds: Mapping[str, str]) -> None:
        self._base = base
        self._kinds = kinds

    def kind(self, code: str) -> str:
        """Return the label of a kind of hearing."""
        return self._kinds.get(code, code)

    def link(self, ref: str) -> str:
        """Return the page of a hearing: whoever may not see it is shown there how to sign in."""
        return f"{self._base}/hearings/{quote(ref, safe=':.')}"


def written(sights: Sights, found: list[Story], words: Words, name: str) -> bytes:
    """Write the calendar of some hearings."""
    by_ref = {ref: story for story in found for ref in (story.ref, *story.others)}
    label = cache(lambda ref: label_of(sights.own, ref))

    def told(entry: Entry) -> Told:
        story = by_ref[entry.ref]
        if not entry.is_known:
            return Told(GONE)
        scheduled = [one["data"] for one in story.events if one["type"] == "hearing.scheduled"]
        trial, court = (
            next((label(one[key]) for one in scheduled if key in one), "") for key in ("trial", "court")
        )
        kind = story.value("kind")
        title = f"Hearing: {words.kind(kind)}" if kind else "Hearing"
        return Told(
            title=f"{title}, {trial}" if trial else title,
            link=words.link(story.ref),
            place=", ".join(filter(None, (story.value("room"), court))),
            text=_text(entry, story),
            country=story.value("country") or "",
            is_public=sights.own is sights.public,
        )

    return calendar([(entry, told(entry)) for entry in entries(found)], name)


def _text(entry: Entry, story: Story) -> str:
    said = []
    if entry.status == "TENTATIVE":
        said.append("This date is uncertain: see the dossier.")
    if entry.status == "CANCELLED" and entry.ref != story.ref:
        said.append("This hearing is listed under another reference now.")
    elif entry.status == "CANCELLED":
        said.append("This date does not hold any more.")
    # That it was announced before is no other opinion on what became of it.
    statuses = [str(one) for one in story.values("status") if one != "scheduled"]
    if statuses:
        said.append(f"Status: {' or '.join(one.replace('_', ' ') for one in statuses)}.")
    return "\n".join(said)


def _mine(request: HubRequest, caller: Caller) -> Mine:
    account = caller.account
    if account is None:
        return Mine("", ())
    follows = request.state["subscriptions"].shelf.listing(account.id)
    return Mine(account.partner, [one for one in follows if one.state != "ended"])


def _name(asked: Asked) -> str:
    """Return the name under which programs show the calendar; what was asked is not repeated in it."""
    if asked["mine"]:
        return "My hearings"
    return "Hearings, a part" if any(asked[name] for name in ("about", "country", "partner")) else "Hearings"
