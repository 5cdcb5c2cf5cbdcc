"""Which offers fit which needs at all, and how well: a score made of parts that are told."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from projections.boards.support.answers import Answers, Seeking
from projections.boards.support.criteria import Finding, Pair
from projections.boards.support.rows import Need, Offer
from projections.boards.support.standing import Board
from projections.boards.support.terms import terms

Json = Any


class Fit(NamedTuple):
    """An offer that fits a need.

    Args:
        need: its reference.
        offer: its reference.
        score: of `ALL_POINTS`.
        units: how much of the offer it takes.
    """

    need: str
    offer: str
    score: int
    units: int


class Fitting:
    """Asks everything about pairs of needs that look for help and offers that stand.

    Args:
        board: of one class of readers.
        last: the same of an earlier board; of pairs of which nothing has changed since, nothing is asked again.
    """

    def __init__(self, board: Board, last: "Fitting | None" = None) -> None:
        self.board = board
        self._terms = terms()
        self.looking = {ref: left for ref, one in board.needs.items() if (left := board.kinds_left(one))}
        self.helping = {ref: self._helpers(board.needs[ref]) for ref in self.looking}
        self.offers = {ref: one for ref, one in board.offers.items() if board.is_open(one)}
        self.left = {ref: board.left(one) for ref, one in self.offers.items()}
        self._by_kind: defaultdict[str, list[Offer]] = defaultdict(list)
        for one in self.offers.values():
            for kind in one.data.get("kinds", ()):
                self._by_kind[kind].append(one)
        last = last if last is not None and last.is_alike(board) else None
        self.answers: Answers = Answers(board.pauses, self._terms) if last is None else last.answers
        self.of_need = {ref: self._need_numbers(ref, last) for ref in self.looking}
        self.of_offer = {ref: self._offer_numbers(ref, last) for ref in self.offers}
        self._near: dict[frozenset[str], list[Offer]] = {}
        self._found = self._scored(last)
        self.fits = [one for ref in self._found for one in self._found[ref].values()]
        self.by_need = {ref: self._in_order(ref, last) for ref in self._found}

    def is_alike(self, board: Board) -> bool:
        """Tell whether of an unchanged need and an unchanged offer another board says the same."""
        return (self.board.day, self.board.pauses) == (board.day, board.pauses)

    def near(self, need: Need) -> list[Offer]:
        """Return the open offers that give any of what a need looks for, by reference."""
        kinds = self.looking.get(need.ref, frozenset())
        if kinds not in self._near:
            found = {one.ref: one for kind in kinds for one in self._by_kind.get(kind, ())}
            self._near[kinds] = [found[ref] for ref in sorted(found)]
        return self._near[kinds]

    def _scored(self, last: "Fitting | None") -> dict[str, dict[str, Fit]]:
        """Return the pairs that fit, by need and offer, both sorted."""
        asked = {ref for ref in self.offers if last is None or not last.has_offer(self, ref)}
        gone = asked if last is None else asked | (last.offers.keys() - self.offers.keys())
        found: dict[str, dict[str, Fit]] = {}
        for ref in self.looking:
            known = None if last is None else last.found_of(self, ref)
            if known is None or gone:
                known = self._fits(ref, asked if known is not None else None, known or {}, gone)
            if known:
                found[ref] = known
        return found

    def _fits(
        self, ref: str, asked: set[str] | None, known: dict[str, Fit], gone: set[str]
    ) -> dict[str, Fit]:
        """Return what fits a need: of what is known all but what is gone, and what is asked; None: ask everything."""
        near = self.near(self.board.needs[ref])
        fresh = [
            one for offer in near if asked is None or offer.ref in asked if (one := self._fit(ref, offer))
        ]
        left = [one for one in known.values() if one.offer not in gone]
        if not fresh and len(left) == len(known):
            return known
        return {one.offer: one for one in sorted([*left, *fresh], key=lambda one: one.offer)}

    def has_offer(self, later: "Fitting", ref: str) -> bool:
        """Tell whether an offer of a later board stood the same here."""
        is_same = self.offers.get(ref) is later.offers[ref]
        return is_same and self.left[ref] == later.left[ref]

    def found_of(self, later: "Fitting", ref: str) -> dict[str, Fit] | None:
        """Return what fitted a need of a later board here; None if it stood otherwise."""
        is_same = self.board.needs.get(ref) is later.board.needs[ref]
        said = self.looking.get(ref), self.helping.get(ref)
        if not is_same or said != (later.looking[ref], later.helping[ref]):
            return None
        return self._found.get(ref, {})

    def _fit(self, ref: str, offer: Offer) -> Fit | None:
        need = self.board.needs[ref]
        numbers = self.of_need[ref], self.of_offer[offer.ref]
        score = self.answers.score(*numbers, lambda: self._pair(need, offer))
        return None if score is None else Fit(ref, offer.ref, score, self.asked(need, offer))

    def findings(self, need: Need, offer: Offer) -> list[Finding]:
        """Return the answers to all questions about a pair."""
        numbers = self.of_need[need.ref], self.of_offer[offer.ref]
        return self.answers.findings(*numbers, lambda: self._pair(need, offer))

    def helpers(self, need: Need) -> list[str]:
        """Return the partners that help with a need already, as far as these readers see."""
        return list(self.helping[need.ref])

    def asked(self, need: Need, offer: Offer) -> int:
        """Return how much of an offer a need takes."""
        is_of_persons = offer.data.get("unit", "persons") in self._terms.said["persons_units"]
        return int(need.data.get("persons_covered", 1)) if is_of_persons else 1

    def points(self, finding: Finding) -> int:
        """Return the points of an answer."""
        return 0 if finding.part is None else round(self._terms.weights[finding.part] * finding.share)

    def most(self, finding: Finding) -> int:
        """Return the points that the part of an answer can have."""
        return 0 if finding.part is None else self._terms.weights[finding.part]

    def _pair(self, need: Need, offer: Offer) -> Pair:
        board = self.board
        asked = self.asked(need, offer)
        more = self.left[offer.ref], asked, self.helping[need.ref], board.pauses, board.day
        return Pair(need, offer, self.looking[need.ref], *more, self._terms)

    def _need_numbers(self, ref: str, last: "Fitting | None") -> Sequence[int]:
        if last is not None and last.found_of(self, ref) is not None:
            return last.of_need[ref]
        return self.answers.of_need(Seeking(self.board.needs[ref], self.looking[ref], self.helping[ref]))

    def _offer_numbers(self, ref: str, last: "Fitting | None") -> Sequence[int]:
        if last is not None and last.has_offer(self, ref):
            return last.of_offer[ref]
        return self.answers.of_offer(self.offers[ref], self.left[ref])

    def _in_order(self, ref: str, last: "Fitting | None") -> Sequence[Fit]:
        """Return what fits a need, the best first."""
        if last is not None and last.found_of(self, ref) is self._found[ref]:
            return last.by_need[ref]
        return sorted(self._found[ref].values(), key=lambda one: (-one.score, one.offer))

    def _helpers(self, need: Need) -> tuple[str, ...]:
        offers = (str(one.data["offer"]) for one in self.board.of_need(need))
        giving = {f"partner:{made.owner}" if (made := self.board.offers.get(ref)) else ref for ref in offers}
        return tuple(sorted(giving | set(need.data.get("already_helped_by", ()))))


def blocks(findings: Sequence[Finding]) -> list[Finding]:
    """Return the answers that stand against a pair."""
    return [one for one in findings if one.verdict == "blocks"]
