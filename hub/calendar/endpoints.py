"""`/hearings.ics`."""

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
from hub.syndication.items import label_of, one_line, unlinked
from hub.texts import N_
from hub.texts.speech import Speech, speech_of
from projections.event_query import EventQuery
from projections.sight import Sight


async def show_hearings(request: HubRequest, asked: Asked) -> Response:
    """Answer hearings as a calendar."""
    caller = await reader_of(request, asked, "calendar")
    query = EventQuery(countries=asked["country"], about=asked["about"], partners=asked["partner"])
    speech = speech_of(asked["language"], request.state["registry"])
    is_mine, name = asked["mine"], speech.texts.gettext(_name(asked))
    words = Words(outside(request), speech)

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
        speech: in which language.
    """

    def __init__(self, base: str, speech: Speech) -> None:
        self._base = base
        self._speech = speech

    @property
    def language(self) -> str:
        """The code of the language."""
        return self._speech.language.code

    def title(self, kind: str | None, trial: str, *, is_off: bool) -> str:
        """Return what an entry is called.

        Args:
            kind: of hearing; None: not known.
            trial: as its publisher calls it; empty: not known.
            is_off: it is cancelled.
        """
        label = self._speech.label("hearing_kind", kind)
        hearing = self._say(N_("Hearing: %(kind)s"), kind=label) if label else self._say(N_("Hearing"))
        if trial:
            said = self._speech.apart(trial)
            hearing = self._say(N_("%(hearing)s, %(trial)s"), hearing=hearing, trial=said)
        return self._off(hearing) if is_off else hearing

    def gone(self) -> str:
        """Return what an entry is called of which nothing is visible any more."""
        return self._off(self._say(N_("Hearing (withdrawn)")))

    def category(self) -> str:
        """Return under what a program files it."""
        return self._say(N_("Hearing"))

    def text(self, entry: Entry, story: Story) -> str:
        """Return what is to be known of an entry beside its time, in sentences."""
        said = []
        if entry.status == "TENTATIVE":
            said.append(self._say(N_("This date is uncertain: see the dossier.")))
        if entry.status == "CANCELLED" and entry.ref != story.ref:
            said.append(self._say(N_("This hearing is listed under another reference now.")))
        elif entry.status == "CANCELLED":
            said.append(self._say(N_("This date does not hold any more.")))
        # That it was announced before is no other opinion on what became of it.
        statuses = [str(one) for one in story.values("status") if one != "scheduled"]
        if statuses:
            labels = [self._speech.label("hearing_status", one) for one in statuses]
            said.append(self._say(N_("Status: %(status)s."), status=self._speech.listed(labels, "or")))
        return "\n".join(said)

    def _off(self, title: str) -> str:
        return self._say(N_("Cancelled: %(title)s"), title=title)

    def _say(self, text: str, **values: str) -> str:
        return self._speech.texts.gettext(text) % values

    def link(self, ref: str) -> str:
        """Return the page of a hearing: whoever may not see it is shown there how to sign in."""
        return f"{self._base}/hearings/{quote(ref, safe=':.')}"


def written(sights: Sights, found: list[Story], words: Words, name: str) -> bytes:
    """Write the calendar of some hearings."""
    by_ref = {ref: story for story in found for ref in (story.ref, *story.others)}
    label = cache(lambda ref: _name_of(sights.own, ref))

    def told(entry: Entry) -> Told:
        story = by_ref[entry.ref]
        if not entry.is_known:
            return Told(words.gone(), words.category())
        scheduled = [one["data"] for one in story.events if one["type"] == "hearing.scheduled"]
        trial, court = (
            next((label(one[key]) for one in scheduled if key in one), "") for key in ("trial", "court")
        )
        return Told(
            title=words.title(story.value("kind"), trial, is_off=entry.status == "CANCELLED"),
            category=words.category(),
            link=words.link(story.ref),
            place=", ".join(filter(None, (unlinked(one_line(story.value("room") or "")), court))),
            text=words.text(entry, story),
            country=story.value("country") or "",
            is_public=sights.own is sights.public,
        )

    return calendar([(entry, told(entry)) for entry in entries(found)], name, words.language)


def _name_of(sight: Sight, ref: str) -> str:
    """Return how a sight calls a thing; its reference, if that would be a link."""
    return unlinked(label_of(sight, ref)) or ref


def _mine(request: HubRequest, caller: Caller) -> Mine:
    account = caller.account
    if account is None:
        return Mine("", ())
    follows = request.state["subscriptions"].shelf.listing(account.id)
    return Mine(account.partner, [one for one in follows if one.state != "ended"])


def _name(asked: Asked) -> str:
    """Return the name under which programs show the calendar; what was asked is not repeated in it."""
    if asked["mine"]:
        return N_("My hearings")
    is_part = any(asked[name] for name in ("about", "country", "partner"))
    return N_("Hearings, a part") if is_part else N_("Hearings")
