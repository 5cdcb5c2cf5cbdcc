"""What an offer asks of a need and a need of an offer: each question with its answer, its points and its reason."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from projections.boards.support.reasons import Reason, reason
from projections.boards.support.rows import Need, Offer
from projections.boards.support.standing import Pause
from projections.boards.support.terms import Terms

Json = Any
Verdict = Literal["fits", "unknown", "warns", "blocks"]


class Finding(NamedTuple):
    """The answer to one question.

    Args:
        code: e.g. `kinds`, `already_in_exile`.
        verdict: `fits`; `unknown`: ask; `warns`: possible, but somebody must know; `blocks`: not possible.
        share: of the points of its part, 0 to 1.
        says: why, in words with the numbers, for any language.
        part: of the score to which it belongs; None: to none.
    """

    code: str
    verdict: Verdict
    share: float
    says: Reason
    part: str | None = None


class Pair(NamedTuple):
    """A need and an offer, and what is asked about them together."""

    need: Need
    offer: Offer
    kinds: frozenset[str]
    left: int | None
    asked: int
    helpers: tuple[str, ...]
    pauses: tuple[Pause, ...]
    day: str
    terms: Terms


Question = Callable[[Pair], Finding | None]


def _part(code: str, verdict: Verdict, share: float, says: Reason) -> Finding:
    return Finding(code, verdict, share, says, code)


def kinds(pair: Pair) -> Finding:
    """Whether the offer helps in a way that is still looked for."""
    both = pair.kinds & frozenset(pair.offer.data.get("kinds", ()))
    if not both:
        return _part("kinds", "blocks", 0, reason("kinds_none", kinds=pair.kinds))
    share = len(both) / len(pair.kinds)
    return _part("kinds", "fits", share, reason("kinds", given=len(both), wanted=len(pair.kinds), kinds=both))


def country(pair: Pair) -> Finding:
    """Whether the person is where the offer reaches."""
    allowed = pair.offer.data.get("eligible", {}).get("countries", ())
    where = pair.need.person.country
    if not allowed:
        return _part("country", "fits", 1, reason("country_any"))
    if where is None:
        says = reason("country_unknown", countries=allowed)
        return _part("country", "unknown", pair.terms.unknown, says)
    if where in allowed:
        return _part("country", "fits", 1, reason("country", country=where))
    return _part("country", "blocks", 0, reason("country_other", countries=allowed, country=where))


def roles(pair: Pair) -> Finding:
    """Whether the offer is for people, or bodies, like this one."""
    allowed = set(pair.offer.data.get("eligible", {}).get("roles", ()))
    if not allowed:
        return _part("roles", "fits", 1, reason("roles_any"))
    status = pair.need.person.status
    is_lawyer = pair.need.whom.startswith("lawyer:")
    known = pair.terms.roles.get(status or "", pair.terms.roles["lawyer"] if is_lawyer else frozenset())
    if known & allowed:
        return _part("roles", "fits", 1, reason("roles", roles=known & allowed))
    if not known and status is None:
        return _part("roles", "unknown", pair.terms.unknown, reason("roles_unknown", roles=allowed))
    return _part("roles", "blocks", 0, reason("roles_other", roles=allowed))


def gender(pair: Pair) -> Finding:
    """Whether an offer for women and gender minorities serves this person."""
    if pair.offer.data.get("eligible", {}).get("gender_only") is not True:
        return _part("gender", "fits", 1, reason("gender_any"))
    known = pair.need.person.gender
    if known is None or known == "other":
        return _part("gender", "unknown", pair.terms.unknown, reason("gender_unknown"))
    if known in pair.terms.words("genders_served"):
        return _part("gender", "fits", 1, reason("gender"))
    return _part("gender", "blocks", 0, reason("gender_other"))


def defender(pair: Pair) -> Finding:
    """Whether an offer for defenders of human rights serves this person."""
    if pair.offer.data.get("eligible", {}).get("hrd_only") is not True:
        return _part("defender", "fits", 1, reason("defender_any"))
    if pair.need.person.clients & pair.terms.words("defenders"):
        return _part("defender", "fits", 1, reason("defender"))
    return _part("defender", "unknown", pair.terms.unknown, reason("defender_unknown"))


def capacity(pair: Pair) -> Finding:
    """Whether enough of the offer is left, as far as these readers see."""
    unit = pair.offer.data.get("unit", "persons")
    if pair.left is None:
        return _part("capacity", "unknown", pair.terms.unknown, reason("capacity_unknown"))
    says = reason("capacity", left=pair.left, unit=unit, asked=pair.asked)
    if pair.left < pair.asked:
        return _part("capacity", "blocks", 0, says)
    return _part("capacity", "fits", 1, says)


def amount(pair: Pair) -> Finding:
    """Whether the money that the offer gives at most is what is needed."""
    most, asked = pair.offer.data.get("max_amount"), pair.need.data.get("amount")
    if most is None:
        return _part("amount", "fits", 1, reason("amount_any"))
    told = {"most": most["amount"], "currency": most["currency"]}
    if asked is None:
        return _part("amount", "unknown", pair.terms.unknown, reason("amount_unknown", **told))
    told["needed"] = asked["amount"]
    if asked["currency"] != most["currency"]:
        says = reason("amount_currencies", **told, other=asked["currency"])
        return _part("amount", "unknown", pair.terms.unknown, says)
    share = min(1.0, float(most["amount"]) / max(float(asked["amount"]), 0.01))
    verdict: Verdict = "fits" if share == 1 else "warns"
    return _part("amount", verdict, share, reason("amount", **told, share=int(share * 100)))


def language(pair: Pair) -> Finding:
    """Whether they share a language."""
    wanted = set(pair.need.data.get("constraints", {}).get("languages", ()))
    spoken = set(pair.offer.data.get("languages", ()))
    if not wanted:
        return _part("language", "fits", 1, reason("language_any"))
    if not spoken:
        says = reason("language_unknown", languages=wanted)
        return _part("language", "unknown", pair.terms.unknown, says)
    if wanted & spoken:
        return _part("language", "fits", 1, reason("language", languages=wanted & spoken))
    return _part("language", "warns", 0, reason("language_other", languages=wanted, offered=spoken))


def response(pair: Pair) -> Finding:
    """Whether the partner answers as soon as the need is urgent."""
    within = pair.terms.answer.get(pair.need.urgency, pair.terms.answer["normal"])
    hours = pair.offer.data.get("response_time_hours")
    if hours is None:
        says = reason("response_unknown", urgency=pair.need.urgency, within=within)
        return _part("response", "unknown", pair.terms.unknown, says)
    says = reason("response", urgency=pair.need.urgency, within=within, hours=hours)
    return _part("response", "fits" if hours <= within else "warns", min(1.0, within / hours), says)


def until(pair: Pair) -> Finding:
    """Whether the offer stands as long as help is needed."""
    last, by = pair.offer.data.get("valid_until"), pair.need.data.get("needed_by")
    if last is None or by is None:
        return _part("until", "fits", 1, reason("until_any"))
    says = reason("until", needed_by=by, last=last)
    return _part("until", "fits" if by <= last else "warns", float(by <= last), says)


def retrospective(pair: Pair) -> Finding | None:
    """Whether the offer pays for what is past."""
    by = pair.need.data.get("needed_by")
    if not _excludes(pair, "retrospective") or by is None or by >= pair.day:
        return None
    return Finding("retrospective", "blocks", 0, reason("retrospective", needed_by=by))


def already_in_exile(pair: Pair) -> Finding | None:
    """Whether the offer is for people who are still in their country."""
    if not _excludes(pair, "already_in_exile"):
        return None
    if pair.need.person.status == "in_exile":
        return Finding("already_in_exile", "blocks", 0, reason("in_exile"))
    if pair.need.person.status is None:
        return Finding("already_in_exile", "unknown", 0, reason("in_exile_unknown"))
    return None


def double_funding(pair: Pair) -> Finding | None:
    """Whether others help already: never silently."""
    if not pair.helpers:
        return None
    form = "helped_excluded" if _excludes(pair, "double_funding") else "helped"
    return Finding("double_funding", "warns", 0, reason(form, partners=pair.helpers))


def running_costs(pair: Pair) -> Finding | None:
    """Whether help is looked for that this offer may not pay."""
    costs = pair.kinds & pair.terms.words("running_costs")
    if not _excludes(pair, "running_costs") or not costs:
        return None
    return Finding("running_costs", "warns", 0, reason("running_costs", kinds=costs))


def other(pair: Pair) -> Finding | None:
    """Whether the offer excludes what no word says."""
    if not _excludes(pair, "other"):
        return None
    return Finding("other", "unknown", 0, reason("other"))


def contact(pair: Pair) -> Finding | None:
    """Whether the partner works where nobody may be contacted."""
    is_forbidden = pair.need.data.get("constraints", {}).get("no_contact_in_country") is True
    if not is_forbidden or pair.need.person.country not in pair.offer.works:
        return None
    says = reason("contact", country=pair.need.person.country)
    return Finding("no_contact_in_country", "warns", 0, says)


def conflict(pair: Pair) -> Finding | None:
    """Whether the partner itself is said to be behind a threat to this person."""
    if not pair.offer.bodies & pair.need.person.accused:
        return None
    return Finding("conflict", "blocks", 0, reason("conflict"))


def paused(pair: Pair) -> Finding | None:
    """Whether somebody came to harm by help like this, and no steward has looked at it."""
    both = pair.kinds & frozenset(pair.offer.data.get("kinds", ()))
    found = [one for one in pair.pauses if one.stops(pair.need, pair.offer, both)]
    if not found:
        return None
    return Finding("paused", "blocks", 0, reason("paused", support=found[0].support))


def _excludes(pair: Pair, word: str) -> bool:
    return word in pair.offer.data.get("exclusions", ())


QUESTIONS: tuple[Question, ...] = (
    kinds, conflict, paused, country, roles, gender, defender, capacity, retrospective, already_in_exile,
    amount, language, response, until, double_funding, running_costs, other, contact,
)  # fmt: skip
"""Every question, those first whose answer is most often no."""
