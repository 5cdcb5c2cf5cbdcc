"""Gates: what must hold before a person is named, going by consents and agreements that the publisher may know of.

Nobody learns from a refusal what is hidden from him: only consents that he recorded himself, withdrawals that he may
see or that void his own consent, actions that he may see, and what his event says of itself count.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Protocol, TypeVar

from events.decisions.actions.agreements import lawyers_in
from events.decisions.actions.joint import JointAction
from events.decisions.actions.rules import Use, use_rules
from events.decisions.aggregate import Actor, Decision, DecisionRefused, slug_in
from events.decisions.amended import Amended
from events.decisions.consents import Consent, Given
from events.event import Json
from schemas.edtf import bounds
from schemas.problem import Problem

TDecision = TypeVar("TDecision", bound=Decision)


class Lookup(Protocol):
    """Finds what was decided, within the transaction that is being written."""

    def __call__(self, kind: type[TDecision], key: str) -> TDecision:
        """Return an aggregate; blank when nothing was decided."""


Gate = Callable[[Mapping[str, Json], Actor, Lookup], tuple[Problem, ...]]
"""Refuses an event, or returns what its publisher should know of it."""


def gate_action(envelope: Mapping[str, Json], actor: Actor, lookup: Lookup) -> tuple[Problem, ...]:
    """Refuse to call others about a person whose consent was taken back; whoever leads may still close it."""
    data = envelope["data"]
    if _as_it_stands(data["action"], lookup).proposal is not None:
        return ()
    for place, ref in _named(data, "about"):
        consent = lookup(Consent, ref)
        own = _own(consent, actor, lookup)
        if own and all(consent.scopes(one) is None for one in own):
            raise _refused("consent_withdrawn", place)
    return ()


def gate_statement(envelope: Mapping[str, Json], actor: Actor, lookup: Lookup) -> tuple[Problem, ...]:
    """Refuse a text that names a lawyer without consent or agreement, or a signatory before its time.

    Where nobody says what the person allows, nothing is allowed in public. Under a stricter label the reference may
    stand for somebody whom the text does not name: then its publisher is told what it must not do.
    """
    data = envelope["data"]
    remarks: list[Problem] = []
    action = _as_it_stands(data["action"], lookup) if "action" in data else None
    if action is not None and action.is_known_to(actor):
        _refuse_without_agreement(envelope, action)
        _refuse_before_time(data, action, actor)
        remarks += _not_signed(data, action, actor)
    use = use_rules().of_statement(data["kind"], str(envelope["tlp"]))
    if use is None:
        return tuple(remarks)
    for place, ref in _named(data, "about", "award/laureates"):
        code = _missing(lookup(Consent, ref), envelope, (actor, lookup), use)
        if code == "consent_unknown" and envelope["tlp"] != "clear":
            remarks.append(Problem(place, code, _UNKNOWN, _ASK))
        elif code is not None:
            raise _refused(code, place)
    return tuple(remarks)


def gate_retracted(envelope: Mapping[str, Json], _actor: Actor, lookup: Lookup) -> tuple[Problem, ...]:
    """Refuse nothing by itself: what was retracted does not stand when an action is decided on next."""
    _as_it_stands(envelope["data"]["action"], lookup)
    return ()


def _as_it_stands(reference: str, lookup: Lookup) -> JointAction:
    """Return an action without what was retracted of it, as whoever decides on it next finds it."""
    action = lookup(JointAction, reference)
    action.forget(lambda name: lookup(Amended, name).is_retracted)
    return action


def _refuse_without_agreement(envelope: Mapping[str, Json], action: JointAction) -> None:
    for place, ref in _named(envelope["data"], "about"):
        if not action.speaks_for(ref, envelope):
            detail = "The action has no agreement with this lawyer that covers this text."
            raise DecisionRefused("agreement_required", place, detail)


def _refuse_before_time(data: Mapping[str, Json], action: JointAction, actor: Actor) -> None:
    for place, one in enumerate(data.get("signatories", ())):
        slug = slug_in(one["who"])
        if one["who"].startswith("partner:") and slug is not None and action.is_hidden(slug, actor):
            pointer = f"/data/signatories/{place}/who"
            raise DecisionRefused("embargoed", pointer, "Must not be named yet: it joined with an embargo.")


def _not_signed(data: Mapping[str, Json], action: JointAction, actor: Actor) -> Iterator[Problem]:
    """Yield which partners a text names under itself whose signatures the publisher sees none of."""
    for place, one in enumerate(data.get("signatories", ())):
        slug = slug_in(one["who"])
        if one["who"] in data.get("authors", ()) or not one["who"].startswith("partner:") or slug is None:
            continue
        if not actor.owns(one["who"]) and not action.is_signed_by(slug, actor):
            yield Problem(f"/data/signatories/{place}/who", "not_signed", _UNSIGNED, _ASK_TO_SIGN)


def _own(consent: Consent, actor: Actor, lookup: Lookup) -> list[Given]:
    """Return the consents that a partner recorded, as it has corrected them, without those that it retracted."""
    read = (one.as_amended(lookup(Amended, one.name)) for one in consent.own(actor.slug))
    return [one for one in read if one is not None]


def _missing(
    consent: Consent, envelope: Mapping[str, Json], asked: tuple[Actor, Lookup], use: Use
) -> str | None:
    """Return why a lawyer may not be named; None if nothing that the publisher may know is against it."""
    data, (actor, lookup) = envelope["data"], asked
    own = _own(consent, actor, lookup)
    if own:
        return _missing_of(consent, own, max(actor.moment, _issued(data)), use)
    claimed = data.get("protection", {})
    rests_on = frozenset(claimed.get("consent", ()))
    for one in consent.withdrawals(actor):
        named, gone = one.get("consent_id"), frozenset(one.get("scopes_withdrawn", ()))
        is_all = one.get("effect") != "stop_new_use" or not gone
        if (named is None or named in rests_on) and (is_all or use.scopes <= gone):
            return "consent_withdrawn"
    said = claimed.get("consent_level")
    if said is None:
        return "consent_unknown"
    return None if use.is_covered(said, claimed.get("scopes", ())) else "consent_too_narrow"


def _missing_of(consent: Consent, own: list[Given], moment: datetime, use: Use) -> str | None:
    left = [(one, consent.scopes(one)) for one in own]
    standing = [(one, scopes) for one, scopes in left if scopes is not None]
    if not standing:
        return "consent_withdrawn"
    holding = [(one, scopes) for one, scopes in standing if one.holds(moment)]
    if not holding:
        return "consent_expired"
    if any(use.is_covered(str(one.data["level"]), scopes) for one, scopes in holding):
        return None
    return "consent_too_narrow"


def _issued(data: Mapping[str, Json]) -> datetime:
    """Return the beginning of the first day on which a text may have gone out."""
    day = bounds(data["issued"])[0] if "issued" in data else None
    return datetime.min.replace(tzinfo=UTC) if day is None else datetime.combine(day, time.min, UTC)


def _named(data: Mapping[str, Json], *fields: str) -> Iterator[tuple[str, str]]:
    """Yield where lawyers are named, and which."""
    for field in fields:
        value = data
        for step in field.split("/"):
            value = value.get(step, {})
        for place, ref in enumerate(value):
            if lawyers_in((ref,)):
                yield f"/data/{field}/{place}", ref


_UNKNOWN = "You neither recorded a consent of this person nor say of one: the text must not tell who it is."
_ASK = "Record the consent (consent.recorded), or say in protection what the person allows: consent_level and scopes."

_UNSIGNED = "This partner has not signed the text of this action as it stands, as far as you may see."
_ASK_TO_SIGN = "Ask it to sign (action.joined), or leave it out."

_WHY = {
    "consent_unknown": f"Nobody is named in public of whom you know no consent. {_ASK}",
    "consent_withdrawn": "The person has taken the consent back.",
    "consent_expired": "Your consent of this person does not hold at that time. Ask again, and record it.",
    "consent_too_narrow": "Your consent of this person does not cover being named in such a text.",
}


def _refused(code: str, pointer: str) -> DecisionRefused:
    return DecisionRefused(code, pointer, _WHY[code])
