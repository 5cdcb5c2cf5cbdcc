"""The answers to all questions about pairs, each worked out once for all pairs that do not differ in what it reads.

A thousand needs and a thousand offers are a million pairs, but few different countries, languages or days.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from projections.boards.support import criteria
from projections.boards.support.criteria import QUESTIONS, Finding, Pair, Question
from projections.boards.support.rows import Need, Offer
from projections.boards.support.standing import Pause
from projections.boards.support.terms import Terms

Json = Any


class Seeking(NamedTuple):
    """A need, the kinds of help that it still looks for, and who helps already."""

    need: Need
    kinds: frozenset[str]
    helpers: tuple[str, ...]


class Giving(NamedTuple):
    """An offer, how much of it is left, and whether help from it is paused by itself."""

    offer: Offer
    left: int | None
    is_paused: bool


def _excludes(word: str) -> Callable[[Giving], Hashable]:
    return lambda one: word in one.offer.data.get("exclusions", ())


def _eligible(name: str) -> Callable[[Giving], Hashable]:
    return lambda one: tuple(one.offer.data.get("eligible", {}).get(name, ()))


def _is_eligible(name: str) -> Callable[[Giving], Hashable]:
    return lambda one: one.offer.data.get("eligible", {}).get(name) is True


def _offered(name: str) -> Callable[[Giving], Hashable]:
    return lambda one: one.offer.data.get(name)


def _needed(name: str) -> Callable[[Seeking], Hashable]:
    return lambda one: one.need.data.get(name)


def _money(said: Mapping[str, Json] | None) -> Hashable:
    return None if said is None else (said["amount"], said["currency"])


def _gives(one: Giving) -> Hashable:
    return tuple(one.offer.data.get("kinds", ()))


def _status(one: Seeking) -> Hashable:
    return one.need.person.status, one.need.whom.startswith("lawyer:")


def _where(one: Seeking) -> Hashable:
    return one.need.person.country


def _no_contact(one: Seeking) -> Hashable:
    constraints = one.need.data.get("constraints", {})
    return constraints.get("no_contact_in_country") is True, one.need.person.country


_Reads = tuple[Callable[[Seeking], Hashable], Callable[[Giving], Hashable]]

READS: Mapping[Question, _Reads] = MappingProxyType(
    {
        criteria.kinds: (lambda one: one.kinds, _gives),
        criteria.conflict: (lambda one: one.need.person.accused, lambda one: one.offer.bodies),
        criteria.paused: (
            lambda one: (one.need.person.country, one.kinds),
            lambda one: (one.offer.ref if one.is_paused else "", _gives(one)),
        ),
        criteria.country: (_where, _eligible("countries")),
        criteria.roles: (_status, _eligible("roles")),
        criteria.gender: (lambda one: one.need.person.gender, _is_eligible("gender_only")),
        criteria.defender: (lambda one: one.need.person.clients, _is_eligible("hrd_only")),
        criteria.capacity: (_needed("persons_covered"), lambda one: (one.left, one.offer.data.get("unit"))),
        criteria.retrospective: (_needed("needed_by"), _excludes("retrospective")),
        criteria.already_in_exile: (_status, _excludes("already_in_exile")),
        criteria.amount: (
            lambda one: _money(one.need.data.get("amount")),
            lambda one: _money(one.offer.data.get("max_amount")),
        ),
        criteria.language: (
            lambda one: tuple(one.need.data.get("constraints", {}).get("languages", ())),
            lambda one: tuple(one.offer.data.get("languages", ())),
        ),
        criteria.response: (lambda one: one.need.urgency, _offered("response_time_hours")),
        criteria.until: (_needed("needed_by"), _offered("valid_until")),
        criteria.double_funding: (lambda one: one.helpers, _excludes("double_funding")),
        criteria.running_costs: (lambda one: one.kinds, _excludes("running_costs")),
        criteria.other: (lambda _: None, _excludes("other")),
        criteria.contact: (_no_contact, lambda one: one.offer.works),
    }
)
"""Question → what it reads of a need, and of an offer: pairs that are alike in that have the same answer."""

_BITS = 32


class Answers:
    """Knows the answers of one day; any thread may ask, the worst is that two work out the same.

    Args:
        pauses: what is paused.
        terms: what matching goes by.
    """

    def __init__(self, pauses: tuple[Pause, ...], terms: Terms) -> None:
        self._paused = {one.offer for one in pauses if one.scope == "offer"}
        self._terms = terms
        self._numbers: list[dict[Hashable, int]] = [{} for _ in range(2 * len(QUESTIONS))]
        self._known: list[dict[int, tuple[Finding | None, int | None]]] = [{} for _ in QUESTIONS]

    def of_need(self, one: Seeking) -> Sequence[int]:
        """Return what questions read of a need, as numbers."""
        return [
            self._number(2 * no, READS[question][0](one)) << _BITS for no, question in enumerate(QUESTIONS)
        ]

    def of_offer(self, offer: Offer, left: int | None) -> Sequence[int]:
        """Return what questions read of an offer, as numbers."""
        one = Giving(offer, left, offer.ref in self._paused)
        return [self._number(2 * no + 1, READS[question][1](one)) for no, question in enumerate(QUESTIONS)]

    def score(self, need: Sequence[int], offer: Sequence[int], pair: Callable[[], Pair]) -> int | None:
        """Return the score of a pair; None if anything stands against it.

        Args:
            need: its numbers.
            offer: its numbers.
            pair: makes the pair, where nobody has asked about one like it.
        """
        score = 0
        for no, known in enumerate(self._known):
            found = known.get(need[no] | offer[no]) or self._ask(no, need[no] | offer[no], pair())
            if found[1] is None:
                return None
            score += found[1]
        return score

    def findings(self, need: Sequence[int], offer: Sequence[int], pair: Callable[[], Pair]) -> list[Finding]:
        """Return the answers to all questions about a pair."""
        told = (
            known.get(need[no] | offer[no]) or self._ask(no, need[no] | offer[no], pair())
            for no, known in enumerate(self._known)
        )
        return [one for one, _ in told if one is not None]

    def _number(self, no: int, value: Hashable) -> int:
        numbers = self._numbers[no]
        # 48 and 48.0 are equal, and are told differently.
        return numbers.setdefault((type(value), value), len(numbers))

    def _ask(self, no: int, key: int, pair: Pair) -> tuple[Finding | None, int | None]:
        found = QUESTIONS[no](pair)
        points: int | None = 0
        if found is not None and found.verdict == "blocks":
            points = None
        elif found is not None and found.part is not None:
            points = round(self._terms.weights[found.part] * found.share)
        self._known[no][key] = found, points
        return found, points
