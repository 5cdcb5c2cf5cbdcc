"""Numbers that say how they were counted; for the public without small ones."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from events.disclosure import LEAST, SMALL, hide_small
from projections.boards.tellings import Tellings
from projections.boards.truth.units import possibly_same

Json = Any

MOST_THINGS = 50

HOW: Mapping[str, str] = {
    "status": "Threats by the status that is shown; where claims of the same rank differ, `disputed`.",
    "categories": "Threats by each category that a report names; one threat may have several.",
    "ongoing": "Threats that are imminent, ongoing or escalated.",
    "targets": "Lawyers, bodies and others whom these threats target; who was judged the same counts once.",
    "impunity": "Threats by whether somebody was called to account, counted from the day that is known.",
    "trials": "Trials by whether they are open, decided but not for good, or closed.",
    "hearings": "Hearings still to come, by whether a partner said that somebody will be there.",
}
"""Name of a number → how it is counted."""


class Counted:
    """Makes numbers for one class of readers.

    Args:
        is_public: numbers from 1 to 4 are hidden, and so many others that nobody can compute them.
    """

    def __init__(self, *, is_public: bool) -> None:
        self._is_public = is_public

    def parts(self, name: str, by_code: Mapping[str, Iterable[str]]) -> Json:
        """Return a breakdown of things of which each has one code, with the total.

        Args:
            name: of the number, a key of `HOW`.
            by_code: code → references.
        """
        things = {code: sorted(refs) for code, refs in sorted(by_code.items())}
        counts = {code: len(refs) for code, refs in things.items()}
        total: Json = sum(counts.values())
        shown: Mapping[str, Json] = counts
        if self._is_public:
            shown, total = hide_small(counts, total)
            # Which codes there are would tell of the few what the numbers hide.
            shown = {} if total == SMALL else shown
        named = (
            {} if self._is_public else {"things": {code: refs[:MOST_THINGS] for code, refs in things.items()}}
        )
        return {"count": total, "by": dict(shown), "how": HOW[name], **named}

    def several(self, name: str, codes: Mapping[str, Iterable[str]]) -> Json:
        """Return a breakdown of things that may have several codes: no total is said."""
        by: Counter[str] = Counter(code for own in codes.values() for code in set(own))
        counts = dict(sorted(by.items()))
        shown: Mapping[str, Json] = counts
        if self._is_public:
            shown, total = hide_small(counts, sum(counts.values()))
            shown = {} if total == SMALL else shown
        return {"by": dict(shown), "how": HOW[name]}

    def one(self, name: str, things: Iterable[str]) -> Json:
        """Return a single number."""
        refs = sorted(things)
        if self._is_public:
            return {"count": SMALL if 0 < len(refs) < LEAST else len(refs), "how": HOW[name]}
        return {"count": len(refs), "how": HOW[name], "things": refs[:MOST_THINGS]}

    def persons(self, name: str, tellings: Tellings, things: Iterable[str]) -> Json:
        """Return a single number of whom people judge, with the `range` in which it lies while it is open who is whom.

        The public is told no range: the width of it would be a small number, too.
        """
        refs = set(things)
        told = self.one(name, refs)
        if self._is_public:
            return told
        maybe = possibly_same(tellings, refs)
        return {**told, "range": [len({maybe.get(ref, ref) for ref in refs}), len(refs)]}


def sum_of(parts: Json, codes: Iterable[str], name: str) -> Json:
    """Return the sum of some parts of a breakdown, as far as it follows from what is shown of them."""
    values = [parts["by"][code] for code in codes if code in parts["by"]]
    is_whole = parts["count"] != SMALL and all(isinstance(value, int) for value in values)
    return {"count": sum(values) if is_whole else None, "how": HOW[name]}
