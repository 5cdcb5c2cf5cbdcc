"""What a feed reader is told of each event: what everybody may see, in plain words; of all else that it is there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from urllib.parse import quote

from events.event import SOURCE_PREFIX, Json
from events.moments import read_moment, stamp
from hub.address import API
from hub.feeds.frames import Place
from hub.personal.reading import Sights
from hub.syndication.newest import end_of, moment_of, newest_messages
from hub.texts import N_
from hub.texts.speech import Speech
from projections.event_query import EventQuery
from projections.feed import FeedMessage
from projections.graph.query import GraphQuery
from projections.sight import Sight

Kind = Literal["open", "closed", "withdrawn"]
KINDS: tuple[Kind, ...] = ("open", "closed", "withdrawn")

WORDS = ("title", "name", "summary", "text", "public_note", "note")
"""Fields of a payload that say something in sentences."""

NOT_PUBLIC = N_("This is not public. Open the link while signed in to read it.")
GONE = N_("This may no longer be used.")

_LINK = re.compile(r"://|@|\bwww\.|[^\W_]\.[^\W\d_]{2}", re.IGNORECASE)
"""What programs for mails and calendars make a link of, though it stands there as a plain text."""

_A_BIT = timedelta(seconds=1)
_FRESH = "1970-01-01T00:00:00.000000Z"


@dataclass(frozen=True, slots=True)
class Item:
    """One event in a feed.

    Args:
        kind: `open`: everybody may see it; `closed`: only that it is there is said; `withdrawn`: may no longer be used.
        urn: stays the same whatever becomes of the event.
        source: of the event.
        id: of the event.
        type: of the event.
        title: a few words.
        link: its page, for people.
        api: where programs read it.
        text: sentences.
        published: when it was recorded.
        updated: when it came to read as it does.
        countries: codes; of what is open.
        event: as everybody may see it; of what is open.
        label: what it is about, as its publisher says; of what is open.
    """

    kind: Kind
    urn: str
    source: str
    id: str
    type: str
    title: str
    link: str
    api: str
    text: str
    published: str
    updated: str
    countries: Sequence[str] = ()
    event: Json = None
    label: str = ""

    @property
    def publisher(self) -> str:
        """The slug of whoever published it."""
        return self.source.removeprefix(SOURCE_PREFIX)


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Items, newest first, and the place before which the next page begins; None: there is none."""

    items: Sequence[Item]
    next: Place | None

    @property
    def updated(self) -> str:
        """When something changed last."""
        return max((one.updated for one in self.items), default=_FRESH)


@dataclass(frozen=True, slots=True)
class Wording:
    """What turns events into words.

    Args:
        speech: in which language.
        base: how the hub is reached from outside.
    """

    speech: Speech
    base: str

    def address(self, source: str, event_id: str) -> str:
        """Return the page of an event: whoever may not see it is shown there how to sign in."""
        return self.base + _path(source, event_id)

    def api(self, source: str, event_id: str) -> str:
        """Return where programs read an event."""
        return f"{self.base}{API}{_path(source, event_id)}"

    def say(self, text: str, **values: str) -> str:
        """Return one of our own texts, with values in its places."""
        return self.speech.texts.gettext(text) % values


def _path(source: str, event_id: str) -> str:
    return f"/events/{quote(source, safe=':')}/{quote(event_id, safe='')}"


def page_of_items(
    sights: Sights, query: EventQuery, before: Place | None, limit: int, wording: Wording
) -> ItemPage:
    """Return a page of items; each event once, where it was last told of."""
    messages = newest_messages(sights.own, query, before or end_of(sights.own), limit + 1)
    shown = messages[:limit]
    latest: dict[tuple[str, str], FeedMessage] = {}
    for one in shown:
        latest.setdefault((one.source, one.id), one)
    further = Place(shown[-1].position, shown[-1].part) if len(messages) > limit else None
    return ItemPage([item_of(sights, one, wording) for one in latest.values()], further)


def item_of(sights: Sights, message: FeedMessage, wording: Wording) -> Item:
    """Return what is told of the event of a message.

    A person's own address may end up with a stranger: what not everybody may see is only counted here.
    """
    is_told = message.kind != "withdrawn" and not _is_own_and_was_held_back(sights.own, message)
    known = sights.public.event(message.source, message.id) if is_told else None
    title, published = wording.speech.title(message.type), message.recorded

    def made(kind: Kind, title: str, text: str, label: str = "") -> Item:
        urn = f"{message.source}:event:{quote(message.id, safe='')}"
        link, api = wording.address(message.source, message.id), wording.api(message.source, message.id)
        updated = moment_of(sights.own, message)
        moment = read_moment(published)
        if message.kind != "event" and updated == published and moment is not None:
            # Nothing that is seen tells when; that it reads differently now is told all the same.
            updated = stamp(moment + _A_BIT)
        is_open = kind == "open" and known is not None
        return Item(
            kind, urn, message.source, message.id, message.type, title, link, api, text, published, updated,
            message.countries if is_open else (), known["event"] if is_open and known is not None else None,
            label,
        )  # fmt: skip

    if message.kind == "withdrawn":
        return made("withdrawn", wording.say(N_("Withdrawn: %(title)s"), title=title), wording.say(GONE))
    if known is None or known["status"] != "active":
        return made("closed", wording.say(N_("%(title)s (not public)"), title=title), wording.say(NOT_PUBLIC))
    event = known["event"]
    label = label_of(sights.public, event.get("subject"))
    text = "\n".join(sentences(event, message.countries, message.flags, wording))
    if label:
        title = wording.say(N_("%(title)s: %(label)s"), title=title, label=wording.speech.apart(label))
    return made("open", title, text, label)


def _is_own_and_was_held_back(sight: Sight, message: FeedMessage) -> bool:
    """Tell whether the readers publish an event that was under an embargo: that it has ended is told elsewhere.

    They see it all the time; the hub's word that others do now is not among what they see.
    """
    own = f"{SOURCE_PREFIX}{sight.allowed.reader.partner}"
    return message.source == own and "notbefore" in (message.event or {})


def label_of(sight: Sight, ref: str | None) -> str:
    """Return in one line how a sight calls a thing: its label, or its reference; nothing where there is no thing."""
    if not ref:
        return ""
    nodes = sight.graph(GraphQuery(about=(ref,), hops=0))["nodes"]
    return one_line(str(nodes[0]["label"])) if nodes else ref


def one_line(text: str) -> str:
    """Return a text without line breaks and tabs: what others said adds no line that looks like one of ours."""
    return " ".join(text.split())


def unlinked(text: str) -> str:
    """Return a text, or nothing if it holds what programs make a link of: who trusts the hub trusts its links."""
    return "" if _LINK.search(text) else text


def sentences(event: Json, countries: Sequence[str], flags: Sequence[str], wording: Wording) -> list[str]:
    """Return what an event says in its own words, where, and who says it."""
    speech = wording.speech
    said = [text for name in WORDS if (text := in_words(event["data"].get(name), speech.language.code))]
    if countries:
        names = speech.listed([speech.apart(speech.country(code)) for code in countries])
        said.append(wording.say(N_("Country: %(countries)s."), countries=names))
    publisher = str(event["source"]).removeprefix(SOURCE_PREFIX)
    said.append(wording.say(N_("Published by %(partner)s."), partner=speech.apart(publisher)))
    if flags:
        said.append(wording.say(N_("It rests on facts that changed since.")))
    return said


def in_words(value: Json, language: str = "en") -> str:
    """Return a text, or of a text in several languages the one that is wanted, else the English one, else the first."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        texts = {code: text for code, text in value.items() if isinstance(text, str)}
        return next((texts[code] for code in (language, "en", *texts) if code in texts), "")
    return ""
