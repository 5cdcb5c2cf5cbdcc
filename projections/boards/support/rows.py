"""What is kept of each need, offer and support for one class of readers: their words, put together."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from events.decisions.aggregate import slug_in
from events.moments import read_moment
from projections.boards.kept import Rows
from projections.boards.support.persons import THREATS, Person, persons_of
from projections.boards.tellings import Telling, Tellings, in_time

Json = Any

NEED, OFFER, MATCHED, DELIVERED = "need.expressed", "offer.made", "support.matched", "support.delivered"
OPEN = frozenset({"open", "changed", "partly_met"})
"""States of a need for which help is looked for."""

FREEING = frozenset({"failed", "stopped_by_person"})
"""Results of a delivery after which what was reserved is free again."""


class Need(NamedTuple):
    """A need.

    Args:
        ref: its reference.
        owner: slug of the partner whose need it is.
        whom: reference of who needs it.
        state: in one word; `withdrawn` once anybody that these readers hear says so.
        data: the last that its owner said of it.
        label: `tlp` and `audience` of that event.
        person: of whom little may be known.
        supports: references of the matches.
        partners: slugs of those that told of it.
        stopped: when it was last withdrawn: what was agreed until then reserves nothing, also if it is open again.
        proofs: the events that say so.
    """

    ref: str
    owner: str
    whom: str
    state: str
    data: Json
    label: tuple[str, str]
    person: Person
    supports: tuple[str, ...]
    partners: tuple[str, ...]
    stopped: str | None
    proofs: tuple[Json, ...]

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of help."""
        return frozenset(self.data.get("kinds", ()))

    @property
    def urgency(self) -> str:
        """How soon; `normal` if nobody says."""
        return str(self.data.get("urgency", "normal"))


class Offer(NamedTuple):
    """An offer: the last that its owner said of it, and what is known of that partner.

    Args:
        ref: its reference.
        owner: slug of the partner that offers.
        data: the payload.
        bodies: references that mean that partner.
        works: countries in which it works.
        supports: references of the matches that draw on it.
        proofs: the events that say so.
    """

    ref: str
    owner: str
    data: Json
    bodies: frozenset[str]
    works: frozenset[str]
    supports: tuple[str, ...]
    proofs: tuple[Json, ...]


class Given(NamedTuple):
    """What somebody says became of a support."""

    partner: str
    said: str
    data: Json
    proof: Json

    @property
    def is_harm(self) -> bool:
        """Whether somebody came to harm, or nearly."""
        return self.data.get("safety_incident") is True or self.data.get("person_feedback") == "harmed"


class Support(NamedTuple):
    """A match and what became of it.

    Args:
        ref: its reference.
        data: of the first event that said so; of a delivery if these readers see no match.
        said: when.
        voices: slugs of the partners that said so, in order; none: these readers see no match.
        given: deliveries, in order.
        freed: whether what it reserved is free again by what a party said.
        proofs: the events that say so.
    """

    ref: str
    data: Json
    said: str
    voices: tuple[str, ...]
    given: tuple[Given, ...]
    freed: bool
    proofs: tuple[Json, ...]

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of help; none: all of the need."""
        return frozenset(self.data.get("kinds", ()))


def needs_of(tellings: Tellings, refs: Sequence[str]) -> dict[str, Need]:
    """Return the rows of some needs."""
    told = tellings.about(refs, (NEED, MATCHED))
    own = {ref: _naming(tellings, ref, "need", every) for ref, every in told.items()}
    supports = {str(one.data["support"]) for every in own.values() for one in every if "support" in one.data}
    given = tellings.about(sorted(supports), (DELIVERED,))
    last = {ref: last for ref, every in own.items() if (last := _last(ref, every, NEED)) is not None}
    persons = persons_of(tellings, {str(one.data["for"]) for _, one in last.values() if "for" in one.data})
    return {ref: _need(tellings, ref, own[ref], given, persons) for ref in last}


def _need(
    tellings: Tellings,
    ref: str,
    own: Sequence[Telling],
    given: Mapping[str, Sequence[Telling]],
    persons: Mapping[str, Person],
) -> Need:
    found = _last(ref, own, NEED)
    assert found is not None  # noqa: S101 - only rows with one are made
    owner, last = found
    said = [one for one in own if one.type == NEED]
    supports = tuple(sorted({str(one.data["support"]) for one in own if "support" in one.data}))
    words = [*said, *(one for support in supports for one in given.get(tellings.merged.of(support), ()))]
    state, stopped = _state(owner, in_time(words)), _stopped(owner, in_time(said))
    whom = str(last.data.get("for", ""))
    label = str(last.event.get("tlp", "")), str(last.event.get("audience", ""))
    return Need(
        ref, owner, whom, state, last.data, label, persons.get(tellings.merged.of(whom), Person()), supports,
        tuple(sorted({one.partner for one in said})), stopped, tuple(one.proof for one in said),
    )  # fmt: skip


def _state(owner: str, words: Sequence[Telling]) -> str:
    """Return how a need stands by what is said of it."""
    latest = {one.partner: one for one in words if one.type == NEED}
    if any(one.data.get("state") == "withdrawn" for one in latest.values()):
        return "withdrawn"
    said = [_word(one) for one in words if one.type == DELIVERED or one.partner == owner]
    return next((word for word in reversed(said) if word is not None), "open")


def _stopped(owner: str, said: Sequence[Telling]) -> str | None:
    """Return when a need was last withdrawn, by its owner ever, by another as the last that it said."""
    latest = {one.partner: one for one in said}
    stops = [
        str(one.event.get("time", ""))
        for one in said
        if one.data.get("state") == "withdrawn" and (one.partner == owner or latest[one.partner] is one)
    ]
    return max(stops, key=moment, default=None)


def moment(said: str) -> datetime:
    """Return the moment in a text that is one; before all others if it is none."""
    return read_moment(said) or datetime.min.replace(tzinfo=UTC)


def _word(one: Telling) -> str | None:
    word = one.data.get("need_after") if one.type == DELIVERED else one.data.get("state", "open")
    return None if word is None else str(word)


def offers_of(tellings: Tellings, refs: Sequence[str]) -> dict[str, Offer]:
    """Return the rows of some offers."""
    told = tellings.about(refs, (OFFER, MATCHED))
    own = {ref: _naming(tellings, ref, "offer", every) for ref, every in told.items()}
    found = {ref: last for ref, every in own.items() if (last := _last(ref, every, OFFER)) is not None}
    partners = {f"partner:{owner}" for owner, _ in found.values()}
    admitted = tellings.about(sorted(partners), ("partner.admitted",)) if partners else {}
    return {
        ref: _offer(ref, found[ref], own[ref], admitted.get(tellings.merged.of(f"partner:{found[ref][0]}"), ()))
        for ref in found
    }  # fmt: skip


def _offer(
    ref: str, found: tuple[str, Telling], own: Sequence[Telling], admitted: Sequence[Telling]
) -> Offer:
    owner, last = found
    name = f"partner:{owner}"
    said = [one.data for one in admitted if one.data.get("partner") == name]
    bodies = {str(each[field]) for each in said for field in ("body", "previous") if field in each}
    works = frozenset(map(str, said[-1].get("countries_of_work", ()))) if said else frozenset()
    supports = tuple(sorted({str(one.data["support"]) for one in own if "support" in one.data}))
    proofs = tuple(one.proof for one in own if one.type == OFFER)
    return Offer(ref, owner, last.data, frozenset({name, *bodies}), works, supports, proofs)


def supports_of(tellings: Tellings, refs: Sequence[str]) -> dict[str, Support]:
    """Return the rows of some supports."""
    told = tellings.about(refs, (MATCHED, DELIVERED))
    found = {ref: _support(ref, _naming(tellings, ref, "support", every)) for ref, every in told.items()}
    return {ref: one for ref, one in found.items() if one is not None}


def _support(ref: str, told: Sequence[Telling]) -> Support | None:
    matched = [one for one in told if one.type == MATCHED and {"need", "offer"} <= set(one.data)]
    if not matched and not any(one.type == DELIVERED for one in told):
        return None
    first = matched[0] if matched else told[0]
    voices = tuple(dict.fromkeys(one.partner for one in matched))
    given = tuple(
        Given(one.partner, str(one.event.get("time", "")), one.data, one.proof)
        for one in told
        if one.type == DELIVERED
    )
    parties = {
        *voices,
        "stewards",
        *(slug_in(str(first.data.get(name, ""))) for name in ("need", "offer", "lead")),
    }
    freed = any(one.partner in parties and one.data.get("result") in FREEING for one in given)
    proofs = tuple(one.proof for one in told)
    return Support(ref, first.data, str(first.event.get("time", "")), voices, given, freed, proofs)


def _naming(tellings: Tellings, ref: str, field: str, told: Iterable[Telling]) -> list[Telling]:
    """Return those that are about a thing itself, by their own moments."""
    names = set(tellings.merged.all_of(ref))
    return in_time(one for one in told if one.data.get(field) in names)


def _last(ref: str, told: Sequence[Telling], event_type: str) -> tuple[str, Telling] | None:
    """Return whose a thing is, and the last that this partner said of it; else the last that anybody said."""
    said = [one for one in told if one.type == event_type]
    if not said:
        return None
    owner = slug_in(ref) or said[0].partner
    own = [one for one in said if one.partner == owner]
    return owner, (own or said)[-1]


def _named(tellings: Tellings, touched: Collection[str], kinds: tuple[str, ...], field: str) -> set[str]:
    """Return what events about touched things of some kinds name in a field."""
    refs = [one for one in touched if one.startswith(kinds)]
    told = tellings.about(refs, (NEED, OFFER, MATCHED)) if refs else {}
    return {str(one.data[field]) for every in told.values() for one in every if field in one.data}


def _with_need(tellings: Tellings, touched: Collection[str]) -> set[str]:
    threats = tellings.about([one for one in touched if one.startswith("threat:")], THREATS)
    targets = {str(ref) for every in threats.values() for one in every for ref in one.data.get("targets", ())}
    return _named(tellings, {*touched, *targets}, ("support:", "lawyer:", "body:"), "need")


def _with_offer(tellings: Tellings, touched: Collection[str]) -> set[str]:
    return _named(tellings, touched, ("support:", "partner:"), "offer")


NEEDS = Rows("support.needs", "need", needs_of, _with_need)
OFFERS = Rows("support.offers", "offer", offers_of, _with_offer)
SUPPORTS = Rows("support.supports", "support", supports_of)
