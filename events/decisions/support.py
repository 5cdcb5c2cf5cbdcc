"""Support: a need is reserved once, by both sides, while the person wants it; a delivery ends once.

What is told of needs is never refused; it takes part in what is decided about matches. Everything goes by the
publisher's own moments, so that the order of arrival decides nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from events.decisions.aggregate import Actor, Decision, DecisionRefused, slug_in
from events.decisions.amended import RETRACTED
from events.decisions.support_capacity import ASSESSED, Capacity, is_harm, judged_by
from events.decisions.support_match import Match, Sayings, Word, bare, moment_of
from events.event import Json, name_of, slug_of
from events.submission import STEWARDS
from schemas.problem import Problem

NEED, MATCHED, DELIVERED = "need.expressed", "support.matched", "support.delivered"

FREEING = frozenset({"failed", "stopped_by_person"})
"""Results of a delivery after which what was reserved is free again."""

_FINAL = FREEING | {"delivered"}
_OVER = frozenset({"met", "expired"})


class Reservation(Decision):
    """How one need stands, and which kinds of help are already reserved for it."""

    hears = True

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The need's reference."""
        return str(envelope["data"]["need"])

    def begin(self) -> None:
        """Nothing reserved."""
        self.matches: dict[str, Match] = {}
        self.sayings = Sayings()
        self.freed: set[str] = set()
        self.reserved: Counter[frozenset[str]] = Counter()
        self.told: dict[str, Word] = {}
        self.first = ""
        self.owner = ""
        self.stopped: datetime | None = None

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Two helpers for one kind of help must know of each other; nobody helps who is no longer wanted."""
        if event_type != MATCHED:
            return
        data = envelope["data"]
        if self._is_confirmation(data, actor):
            self._refuse_if_over(envelope, actor)
            return
        if not actor.names(data["support"]):
            raise DecisionRefused("not_yours", "/data/support", "Bears another partner's slug; use your own.")
        self._refuse_if_over(envelope, actor)
        kinds = frozenset(data.get("kinds", ()))
        if data.get("others_informed") is not True and any(_overlap(kinds, one) for one in self.reserved):
            detail = "This part of the need is reserved; inform the others, then say so in others_informed."
            raise DecisionRefused("already_reserved", "/data/need", detail)
        if data["support"] in self.matches:
            raise DecisionRefused("already_used", "/data/support", "This reference is already taken.")

    def claims(self, event_type: str, envelope: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
        """The support's reference: one match has one, and whoever confirms it says it again."""
        support = str(envelope["data"]["support"])
        return () if support in self.matches else ((support, "/data/support"),)

    def touches(
        self, event_type: str, envelope: Mapping[str, Json], actor: Actor
    ) -> Iterator[tuple[type[Decision], str]]:
        """A match draws on its offer; a need that its own partner withdraws frees the offers it was matched to."""
        data = envelope["data"]
        if event_type == MATCHED:
            yield Delivery, str(data["support"])
            if not self._is_stopped(moment_of(envelope)):
                yield Capacity, str(data["offer"])
            return
        support = self.sayings.about(judged_by(envelope)) if "about_event" in data else None
        amended = None if support is None else self.matches.get(support)
        if support is not None and amended is not None:
            yield Delivery, support
            if not self._is_stopped(amended.said):
                yield Capacity, amended.offer
        if self._frees(event_type, envelope, actor):
            yield from ((Capacity, offer) for offer in sorted({one.offer for one in self.matches.values()}))

    def _frees(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> bool:
        """Tell whether the need's own partner withdraws it, or an amendment may make it say so, or not any more."""
        data = envelope["data"]
        if event_type == NEED:
            is_owner = actor.slug == (self.owner or _owner(data["need"], actor.slug))
            return is_owner and data.get("state") == "withdrawn"
        amended = self.told.get(judged_by(envelope)) if "about_event" in data else None
        return amended is not None and amended.publisher == self.owner

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Remember what is reserved, what has become of it, and what is said of the need."""
        data, publisher = envelope["data"], slug_of(envelope["source"])
        if event_type == DELIVERED:
            if data["result"] in FREEING:
                self.freed.add(data["support"])
                self._stand(data["support"], None)
        elif "support" in data:
            match = self.sayings.hear(envelope, is_taken_back=event_type == RETRACTED)
            self._stand(data["support"], None if data["support"] in self.freed else match)
        else:
            self.first = self.first or publisher
            self.owner = _owner(data["need"], self.first)
            word = Word(moment_of(envelope), data.get("state", "open"), bare(envelope))
            if event_type == NEED:
                # What reads otherwise by now keeps its place among words of one moment.
                self.told[name_of(envelope)] = word
            else:
                self.told.pop(name_of(envelope), None)
            self._stop()

    def _stand(self, support: str, match: Match | None) -> None:
        """Let a match stand as it reads now, or not any more."""
        known = self.matches.pop(support, None)
        if known is not None:
            self._reserve(known, -1)
        if match is not None:
            self.matches[support] = match
            self._reserve(match, 1)

    def _stop(self) -> None:
        """Find out when the need was last withdrawn: wanted again later, it does not bring back what was agreed."""
        own = [one for one in self.told.values() if one.publisher == self.owner]
        stopped = max((one.said for one in own if one.state == "withdrawn"), default=None)
        if stopped != self.stopped:
            self.stopped = stopped
            self.reserved.clear()
            for one in self.matches.values():
                self._reserve(one, 1)

    def _reserve(self, match: Match, sign: int) -> None:
        """Count what is reserved by kinds, of which there are few, so that many matches are not looked through."""
        if not self._is_stopped(match.said):
            self.reserved[match.kinds] += sign
            # What nobody reserves any more must not be found.
            self.reserved += Counter()

    def _is_confirmation(self, data: Mapping[str, Json], actor: Actor) -> bool:
        """Tell whether the other side says of a match that it may know of what the first has said."""
        known = self.matches.get(data["support"])
        is_same = known is not None and known.offer == data["offer"] and actor.sees(known.envelope)
        return is_same and known is not None and actor.slug in self._sides(known)

    def _sides(self, match: Match) -> frozenset[str]:
        """Return the partners that may still confirm a match: of the need, of the offer, and who coordinates it."""
        return (match.parties() | ({self.first} - {""})) - match.voices

    def _is_stopped(self, said: datetime) -> bool:
        """Tell whether the need's own partner has withdrawn it at that moment or later."""
        return self.stopped is not None and self.stopped >= said

    def _refuse_if_over(self, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Refuse a match for a need that the actor may know of and that does not stand any more."""
        words = self._words()
        known = [slug for slug, word in words.items() if actor.sees(word.envelope)]
        if not known:
            return
        said = min(moment_of(envelope), actor.moment)
        for slug, word in words.items():
            is_withdrawn = word.state == "withdrawn" and (slug in known or self._binds(slug))
            is_over = is_withdrawn or (word.state in _OVER and self._binds(slug))
            if is_over and word.said <= said:
                raise DecisionRefused(
                    "not_open", "/data/need", "Nobody looks for help for this need any more."
                )

    def _words(self) -> dict[str, Word]:
        """Return the last that each partner said of the need."""
        in_time = sorted(self.told.values(), key=lambda one: one.said)
        return {one.publisher: one for one in in_time}

    def _binds(self, slug: str) -> bool:
        return slug == self.owner


class Delivery(Decision):
    """What became of one support."""

    hears = True

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The support's reference."""
        return str(envelope["data"]["support"])

    def begin(self) -> None:
        """Not ended, and nobody knows of which match."""
        self.ends: dict[str, Mapping[str, Json]] = {}
        self.match: Match | None = None
        self.sayings = Sayings()

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Nothing comes after the end, of which those are told who take part or may know of it.

        Whoever has no part in a match ends it only for himself, so he neither learns of the end nor is in its way.
        """
        if event_type == DELIVERED and any(self._is_end(slug, actor) for slug in self.ends):
            raise DecisionRefused("already_decided", "/data/support", "This support has already ended.")

    def _is_end(self, slug: str, actor: Actor) -> bool:
        """Tell whether a partner has ended the support, as far as that is anything to the actor."""
        if slug == actor.slug:
            return True
        parties = None if self.match is None else self.match.parties() | {STEWARDS}
        if parties is not None and slug not in parties:
            return False
        is_concerned = parties is not None and actor.slug in parties
        return is_concerned or actor.sees(self.ends[slug])

    def touches(
        self, event_type: str, envelope: Mapping[str, Json], actor: Actor
    ) -> Iterator[tuple[type[Decision], str]]:
        """What whoever takes part in a match says of it counts for its need and its offer."""
        match = self.match
        if event_type not in {DELIVERED, ASSESSED} or match is None:
            return
        if event_type == ASSESSED:
            yield Capacity, match.offer
            return
        if actor.is_steward or actor.slug in match.parties():
            yield Reservation, str(match.envelope["data"]["need"])
            yield Capacity, match.offer
            if is_harm(envelope["data"]):
                yield Harm, name_of(envelope)

    def remarks(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> tuple[Problem, ...]:
        """Say so if the stewards, who must look at harm, may not see the event."""
        stewards = Actor(STEWARDS, "", frozenset(), frozenset(), actor.moment)
        if not is_harm(envelope["data"]) or stewards.sees(envelope):
            return ()
        detail = "The stewards must look at it and may not see it: name stewards in the audience."
        return (Problem("/audience", "stewards_not_told", detail),)

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Part of the help leaves it open; everything else ends it."""
        if event_type in {MATCHED, RETRACTED}:
            self.match = self.sayings.hear(envelope, is_taken_back=event_type == RETRACTED)
        elif event_type == DELIVERED and envelope["data"]["result"] in _FINAL:
            self.ends.setdefault(slug_of(envelope["source"]), envelope)


class Harm(Decision):
    """One delivery by which somebody came to harm: leads from what the stewards say of it to the offer that rests."""

    hears = True
    is_decider = False

    def begin(self) -> None:
        """Unknown."""
        self.support = ""

    def touches(
        self, event_type: str, envelope: Mapping[str, Json], actor: Actor
    ) -> Iterator[tuple[type[Decision], str]]:
        """Through the support the offer is found."""
        if event_type == ASSESSED and self.support:
            yield Delivery, self.support

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Remember which support it was."""
        if event_type == DELIVERED:
            self.support = str(envelope["data"]["support"])


def reviews_heard(envelope: Mapping[str, Json]) -> list[tuple[type[Decision], str]]:
    """Return what takes part in an assessment: that of the stewards ends a rest, if it is about harm."""
    return [(Harm, judged_by(envelope))] if slug_of(envelope["source"]) == STEWARDS else []


def needs_heard(envelope: Mapping[str, Json]) -> list[tuple[type[Decision], str]]:
    """Return what takes part in a need that is told of."""
    return [(Reservation, Reservation.key(envelope))]


def matches_heard(envelope: Mapping[str, Json]) -> list[tuple[type[Decision], str]]:
    """Return what takes part in a match, and in what its publisher says of it later."""
    return [(Reservation, Reservation.key(envelope))]


def _owner(need: str, first: str) -> str:
    """Return whose a need is: by its reference, else that of the first partner to tell of it."""
    return slug_in(need) or first


def _overlap(kinds: frozenset[str], taken: frozenset[str]) -> bool:
    # A match that names no kind is for the whole need.
    return not kinds or not taken or bool(kinds & taken)
