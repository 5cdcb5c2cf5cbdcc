"""What an offer asks of a need and a need of an offer: each question with its answer, its points and its reason."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from projections.boards.support.rows import Need, Offer
from projections.boards.support.standing import Pause
from projections.boards.support.terms import Terms, listed

Json = Any
Verdict = Literal["fits", "unknown", "warns", "blocks"]


class Finding(NamedTuple):
    """The answer to one question.

    Args:
        code: e.g. `kinds`, `already_in_exile`.
        verdict: `fits`; `unknown`: ask; `warns`: possible, but somebody must know; `blocks`: not possible.
        share: of the points of its part, 0 to 1.
        says: why, in words with the numbers.
        part: of the score to which it belongs; None: to none.
    """

    code: str
    verdict: Verdict
    share: float
    says: str
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


def _part(code: str, verdict: Verdict, share: float, says: str) -> Finding:
    return Finding(code, verdict, share, says, code)


def kinds(pair: Pair) -> Finding:
    """Whether the offer helps in a way that is still looked for."""
    both = pair.kinds & frozenset(pair.offer.data.get("kinds", ()))
    if not both:
        return _part("kinds", "blocks", 0, f"Looked for: {listed(pair.kinds)}; the offer gives none of it.")
    share = len(both) / len(pair.kinds)
    return _part(
        "kinds", "fits", share, f"Gives {len(both)} of {len(pair.kinds)} kinds looked for: {listed(both)}."
    )


def country(pair: Pair) -> Finding:
    """Whether the person is where the offer reaches."""
    allowed = pair.offer.data.get("eligible", {}).get("countries", ())
    where = pair.need.person.country
    if not allowed:
        return _part("country", "fits", 1, "The offer is for any country.")
    if where is None:
        return _part(
            "country", "unknown", pair.terms.unknown, f"The offer is for {listed(allowed)} only; ask where."
        )
    if where in allowed:
        return _part("country", "fits", 1, f"The offer is for {where}.")
    return _part("country", "blocks", 0, f"The offer is for {listed(allowed)} only, not for {where}.")


def roles(pair: Pair) -> Finding:
    """Whether the offer is for people, or bodies, like this one."""
    allowed = set(pair.offer.data.get("eligible", {}).get("roles", ()))
    if not allowed:
        return _part("roles", "fits", 1, "The offer is for anyone.")
    status = pair.need.person.status
    is_lawyer = pair.need.whom.startswith("lawyer:")
    known = pair.terms.roles.get(status or "", pair.terms.roles["lawyer"] if is_lawyer else frozenset())
    if known & allowed:
        return _part("roles", "fits", 1, f"The offer is for: {listed(known & allowed)}.")
    if not known and status is None:
        return _part("roles", "unknown", pair.terms.unknown, f"The offer is for {listed(allowed)} only; ask.")
    return _part("roles", "blocks", 0, f"The offer is for {listed(allowed)} only.")


def gender(pair: Pair) -> Finding:
    """Whether an offer for women and gender minorities serves this person."""
    if pair.offer.data.get("eligible", {}).get("gender_only") is not True:
        return _part("gender", "fits", 1, "The offer is for any gender.")
    known = pair.need.person.gender
    if known is None or known == "other":
        return _part("gender", "unknown", pair.terms.unknown, "For women and gender minorities only; ask.")
    if known in pair.terms.words("genders_served"):
        return _part("gender", "fits", 1, "For women and gender minorities; that fits.")
    return _part("gender", "blocks", 0, "For women and gender minorities only.")


def defender(pair: Pair) -> Finding:
    """Whether an offer for defenders of human rights serves this person."""
    if pair.offer.data.get("eligible", {}).get("hrd_only") is not True:
        return _part("defender", "fits", 1, "Not only for defenders of human rights.")
    if pair.need.person.clients & pair.terms.words("defenders"):
        return _part("defender", "fits", 1, "For defenders of human rights; acts for some.")
    return _part("defender", "unknown", pair.terms.unknown, "For defenders of human rights only; ask.")


def capacity(pair: Pair) -> Finding:
    """Whether enough of the offer is left, as far as these readers see."""
    unit = pair.offer.data.get("unit", "persons")
    if pair.left is None:
        return _part(
            "capacity", "unknown", pair.terms.unknown, "The offer does not say how far it reaches; ask."
        )
    says = f"{pair.left} {unit} left, {pair.asked} needed."
    if pair.left < pair.asked:
        return _part("capacity", "blocks", 0, says)
    return _part("capacity", "fits", 1, says)


def amount(pair: Pair) -> Finding:
    """Whether the money that the offer gives at most is what is needed."""
    most, asked = pair.offer.data.get("max_amount"), pair.need.data.get("amount")
    if most is None:
        return _part("amount", "fits", 1, "The offer names no most.")
    told = f"{most['amount']} {most['currency']} at most"
    if asked is None:
        return _part("amount", "unknown", pair.terms.unknown, f"{told}; you do not see how much is needed.")
    needed = f"{asked['amount']} {asked['currency']} needed"
    if asked["currency"] != most["currency"]:
        return _part("amount", "unknown", pair.terms.unknown, f"{told}, {needed}: compare the currencies.")
    share = min(1.0, float(most["amount"]) / max(float(asked["amount"]), 0.01))
    verdict: Verdict = "fits" if share == 1 else "warns"
    return _part("amount", verdict, share, f"{told}, {needed}: {int(share * 100)} % of it.")


def language(pair: Pair) -> Finding:
    """Whether they share a language."""
    wanted = set(pair.need.data.get("constraints", {}).get("languages", ()))
    spoken = set(pair.offer.data.get("languages", ()))
    if not wanted:
        return _part("language", "fits", 1, "No language is asked for.")
    if not spoken:
        return _part(
            "language", "unknown", pair.terms.unknown, f"Asked for: {listed(wanted)}; ask the partner."
        )
    if wanted & spoken:
        return _part("language", "fits", 1, f"In common: {listed(wanted & spoken)}.")
    return _part("language", "warns", 0, f"Asked for: {listed(wanted)}; offered: {listed(spoken)}.")


def response(pair: Pair) -> Finding:
    """Whether the partner answers as soon as the need is urgent."""
    within = pair.terms.answer.get(pair.need.urgency, pair.terms.answer["normal"])
    hours = pair.offer.data.get("response_time_hours")
    if hours is None:
        return _part(
            "response", "unknown", pair.terms.unknown, f"{pair.need.urgency}: answer due in {within} h; ask."
        )
    says = f"{pair.need.urgency}: answer due in {within} h, promised in {hours} h."
    return _part("response", "fits" if hours <= within else "warns", min(1.0, within / hours), says)


def until(pair: Pair) -> Finding:
    """Whether the offer stands as long as help is needed."""
    last, by = pair.offer.data.get("valid_until"), pair.need.data.get("needed_by")
    if last is None or by is None:
        return _part("until", "fits", 1, "No day stands against it.")
    says = f"Needed by {by}, offered until {last}."
    return _part("until", "fits" if by <= last else "warns", float(by <= last), says)


def retrospective(pair: Pair) -> Finding | None:
    """Whether the offer pays for what is past."""
    by = pair.need.data.get("needed_by")
    if not _excludes(pair, "retrospective") or by is None or by >= pair.day:
        return None
    return Finding(
        "retrospective", "blocks", 0, f"Needed by {by}, which is past; the offer pays for nothing past."
    )


def already_in_exile(pair: Pair) -> Finding | None:
    """Whether the offer is for people who are still in their country."""
    if not _excludes(pair, "already_in_exile"):
        return None
    if pair.need.person.status == "in_exile":
        return Finding("already_in_exile", "blocks", 0, "Is in exile; the offer is for people who are not.")
    if pair.need.person.status is None:
        return Finding("already_in_exile", "unknown", 0, "The offer is not for people in exile; ask.")
    return None


def double_funding(pair: Pair) -> Finding | None:
    """Whether others help already: never silently."""
    if not pair.helpers:
        return None
    others = listed(pair.helpers)
    more = " The offer is not for what another pays." if _excludes(pair, "double_funding") else ""
    return Finding("double_funding", "warns", 0, f"Helped already by {others}: tell them first.{more}")


def running_costs(pair: Pair) -> Finding | None:
    """Whether help is looked for that this offer may not pay."""
    costs = pair.kinds & pair.terms.words("running_costs")
    if not _excludes(pair, "running_costs") or not costs:
        return None
    return Finding(
        "running_costs", "warns", 0, f"Pays no running costs; is that what {listed(costs)} would be?"
    )


def other(pair: Pair) -> Finding | None:
    """Whether the offer excludes what no word says."""
    if not _excludes(pair, "other"):
        return None
    return Finding("other", "unknown", 0, "The partner excludes something more; ask.")


def contact(pair: Pair) -> Finding | None:
    """Whether the partner works where nobody may be contacted."""
    is_forbidden = pair.need.data.get("constraints", {}).get("no_contact_in_country") is True
    if not is_forbidden or pair.need.person.country not in pair.offer.works:
        return None
    says = f"No contact in {pair.need.person.country}, and the partner works there."
    return Finding("no_contact_in_country", "warns", 0, says)


def conflict(pair: Pair) -> Finding | None:
    """Whether the partner itself is said to be behind a threat to this person."""
    if not pair.offer.bodies & pair.need.person.accused:
        return None
    return Finding("conflict", "blocks", 0, "The partner is said to be behind a threat to this person.")


def paused(pair: Pair) -> Finding | None:
    """Whether somebody came to harm by help like this, and no steward has looked at it."""
    both = pair.kinds & frozenset(pair.offer.data.get("kinds", ()))
    found = [one for one in pair.pauses if one.stops(pair.need, pair.offer, both)]
    if not found:
        return None
    return Finding(
        "paused", "blocks", 0, f"Somebody came to harm ({found[0].support}); the stewards look at it first."
    )


def _excludes(pair: Pair, word: str) -> bool:
    return word in pair.offer.data.get("exclusions", ())


QUESTIONS: tuple[Question, ...] = (
    kinds, conflict, paused, country, roles, gender, defender, capacity, retrospective, already_in_exile,
    amount, language, response, until, double_funding, running_costs, other, contact,
)  # fmt: skip
"""Every question, those first whose answer is most often no."""
