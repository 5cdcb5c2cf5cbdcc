"""Takes what one peer tells, message by message; what was done for one is kept before the next. Blocks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from events.clock import Clock
from events.copies import Copies
from events.event import Position
from events.submission import (
    EventRefused,
    NotAdmitted,
    NotYourType,
    SignatureRequired,
    WrongSource,
)
from hub.client.messages import Changed, Event, FeedMessage, Withdrawn
from hub.federation.book import Copy, NotTaken, Peer, PeerBook
from hub.federation.terms import OWN, NotWanted, Offer, changes_of, offer_of, slug_in, vouches_for_itself
from schemas.problem import Problem

Json = Any

ERASED = "erasure.executed"
OF_ALL = frozenset({"not_carried", "decided_there"})
"""Reasons that hold for all events of a publisher, so that they are noted once."""

_RETRACTED = "retracted"
_IN_ERROR = "published_in_error"

_CODES: Mapping[type[Exception], str] = MappingProxyType(
    {
        NotAdmitted: "not_admitted",
        NotYourType: "not_its_type",
        SignatureRequired: "signature_required",
        WrongSource: "wrong_source",
    }
)


@dataclass(frozen=True, slots=True)
class House:
    """What a listener works with.

    Args:
        book: of peers.
        copies: records what was told.
        is_member: tells whether a slug is that of a member here.
        was_member: tells whether it is or ever was.
        holds: tells whether the log has an event of a member, by slug and id.
        is_decision: tells whether a type is one of decisions.
        signs: tells whether a publisher has keys here, so that its signature can be verified.
        clock: the present moment.
    """

    book: PeerBook
    copies: Copies
    is_member: Callable[[str], bool]
    was_member: Callable[[str], bool]
    holds: Callable[[str, str], bool]
    is_decision: Callable[[str], bool]
    signs: Callable[[str], bool]
    clock: Clock


@dataclass(frozen=True, slots=True)
class Owed:
    """An answer that the peer waits for: the copies of something that it erased are gone here.

    Args:
        subject: what was erased.
        id: of the erasure there.
    """

    subject: str
    id: str


class Listener:
    """Takes the messages of one peer.

    Args:
        peer: who tells.
        house: of this hub.
    """

    def __init__(self, peer: Peer, house: House) -> None:
        self._peer = peer
        self._house = house

    def wants_signature(self, message: FeedMessage) -> tuple[str, str] | None:
        """Return source and id of an event whose signature is to be asked for; None if it would not help."""
        if not isinstance(message, Event | Changed):
            return None
        try:
            slug = slug_in(message.event)
        except NotWanted:
            return None
        source, event_id = str(message.event["source"]), str(message.event["id"])
        is_carried = slug in self._peer.homes | self._peer.relays and not self._house.is_member(slug)
        is_new = self._house.book.copy(slug, event_id) is None
        return (source, event_id) if is_carried and is_new and self._house.signs(slug) else None

    def take(self, message: FeedMessage, signature: Mapping[str, Json] | None = None) -> Owed | None:
        """Do what a message asks for; return what is to be answered.

        Args:
            message: of the feed.
            signature: what the peer shows of the signature of its event.

        Raises:
            StoreBusy: too much is waiting.
            StoreUnavailable: the log takes nothing now; the same message again is safe.
        """
        try:
            if isinstance(message, Event | Changed):
                return self._event(message.event, signature)
            if isinstance(message, Withdrawn):
                self._withdraw(message.source, message.id, message.reason)
        except NotWanted as refused:
            self._refuse(_named(message), refused)
        return None

    def _event(self, shown: Mapping[str, Json], signature: Mapping[str, Json] | None) -> Owed | None:
        slug = slug_in(shown)
        if slug in OWN:
            # What another hub or its stewards say is said there; of that, only an erasure is asked of others.
            return self._erase(shown) if shown.get("type") == ERASED else None
        if self._house.is_member(slug) and self._house.holds(slug, str(shown["id"])):
            return None  # what was said here comes back
        copy = self._house.book.copy(slug, str(shown["id"]))
        if copy is not None:
            self._again(slug, shown, copy)
            return None
        offer = offer_of(shown, signature, self._peer, self._house.is_member, self._house.is_decision)
        position = self._recorded(offer)
        self._house.book.keep(slug, str(shown["id"]), Copy(self._peer.name, position))
        return None

    def _recorded(self, offer: Offer) -> Position:
        copies = self._house.copies
        try:
            outcome = copies.record(copies.check(offer.slug, offer.raw, offer.told))
        except EventRefused as refused:
            raise _breach(refused.problems[0]) from refused
        except (NotAdmitted, NotYourType, SignatureRequired, WrongSource) as refused:
            raise NotWanted(_CODES[type(refused)], str(refused)) from refused
        if outcome.status == "conflict":
            raise NotWanted("differs")
        if outcome.position is None:
            raise _breach(outcome.problems[0])
        return outcome.position

    def _again(self, slug: str, shown: Mapping[str, Json], copy: Copy) -> None:
        """Have a copy read as its owner shows it now; what others show of it changes nothing."""
        is_owner = slug in self._peer.homes and not self._house.is_member(slug)
        if copy.state == "withdrawn":
            if is_owner:
                raise NotWanted("was_withdrawn")
            return
        kept = self._house.copies.at(Position(copy.position))
        if not is_owner or kept is None:
            return
        event_id = str(shown["id"])
        if vouches_for_itself(shown, self._peer):
            self._take_back(slug, event_id, copy, _IN_ERROR)
            raise NotWanted("not_independent")
        found = changes_of(kept, self._narrowed(shown), copy.touched)
        if found is not None and not found[0]:
            return
        if found is None or not self._house.copies.correct(kept, shown["data"], found[0], self._peer.name):
            self._take_back(slug, event_id, copy, "unsafe")
            return
        self._house.book.keep(slug, event_id, Copy(copy.peer, copy.position, copy.state, found[1]))

    def _narrowed(self, shown: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return how an event is shown, its audience as it counts here."""
        if "audience" not in shown:
            return shown
        named = {one.strip() for one in str(shown["audience"]).split(",")}
        return {**shown, "audience": ",".join(sorted(named & self._peer.known))}

    def _withdraw(self, source: str, event_id: str, reason: str) -> None:
        slug = slug_in({"source": source, "id": event_id})
        copy = self._house.book.copy(slug, event_id)
        is_owner = slug in self._peer.homes and not self._house.is_member(slug)
        if copy is None:
            if is_owner:
                # Whoever else tells it later is not believed.
                self._house.book.keep(slug, event_id, Copy(self._peer.name, 0, "withdrawn"))
            return
        if not is_owner and copy.peer != self._peer.name:
            raise NotWanted("not_theirs")
        is_whole = reason != "erased" or self._house.copies.destroy(
            Position(copy.position), self._peer.name, is_home=is_owner and not self._house.was_member(slug)
        )
        self._take_back(slug, event_id, copy, _IN_ERROR if reason == _RETRACTED else "unsafe")
        if not is_whole:
            raise NotWanted("erasure_shared")

    def _take_back(self, slug: str, event_id: str, copy: Copy, reason: str) -> None:
        self._house.copies.withdraw(slug, event_id, reason, self._peer.name)
        self._house.book.keep(slug, event_id, Copy(copy.peer, copy.position, "withdrawn", copy.touched))

    def _erase(self, shown: Mapping[str, Json]) -> Owed | None:
        data = shown.get("data")
        if not isinstance(data, Mapping) or data.get("role") != "controller":
            return None
        subject, event_id = data.get("subject_of_erasure"), str(shown["id"])
        if not isinstance(subject, str) or "\0" in subject:
            raise NotWanted("malformed")
        homes = frozenset(one for one in self._peer.homes if not self._house.is_member(one))
        done = self._house.copies.erase(subject, event_id, homes, self._peer.name)
        if not done.is_whole:
            self._refuse(shown, NotWanted("erasure_shared"))
        return Owed(subject, event_id)

    def _refuse(self, event: Mapping[str, Json], refused: NotWanted) -> None:
        # PostgreSQL keeps no text with this character.
        said = (str(event.get("source")), str(event.get("id")), str(refused))
        source, event_id, why = (one.replace("\0", "?") for one in said)
        if refused.code in OF_ALL:
            event_id = "*"
        noted = NotTaken(source[:200], event_id[:128], refused.code, why, self._house.clock())
        self._house.book.refuse(self._peer.name, noted)


def _named(message: FeedMessage) -> Mapping[str, Json]:
    """Return what bears source and id of the event that a message is about."""
    if isinstance(message, Event | Changed):
        return message.event
    return (
        {"source": message.source, "id": message.id}
        if isinstance(message, Withdrawn)
        else {"source": "", "id": ""}
    )


def _breach(problem: Problem) -> NotWanted:
    return NotWanted(problem.code, f"{problem.pointer}: {problem.detail}")
