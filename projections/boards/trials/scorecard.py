"""The fair-trial scorecard: every right as each partner saw it at each hearing, side by side; never an average."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from projections.boards.tellings import Telling
from projections.boards.trials.coverage import is_refusal
from projections.boards.trials.session import Session
from schemas.documents import read_vocabularies

Json = Any

PUBLIC_HEARING, UNDUE_DELAY = "iccpr:14.1.public_hearing", "iccpr:14.3.c.undue_delay"
FAIR_TRIAL = "iccpr:14."

_NOT_OBSERVED = "not_observed"
"""What nobody saw is no rating."""


class Rating(NamedTuple):
    """How one partner saw one right at one hearing; its newest word on it."""

    right: str
    rating: str
    hearing: Session
    report: Telling
    pointer: str
    note: str | None

    def as_json(self) -> Json:
        """Return it as answers tell it."""
        seen = self.report.data.get("observation", {})
        note = {} if self.note is None else {"note": self.note}
        doubts = self.hearing.voices.doubts(self.report, f"{self.pointer}/rating")
        return {
            "rating": self.rating,
            "by": f"partner:{self.report.partner}",
            "hearing": self.hearing.ref,
            "mode": seen.get("mode"),
            **note,
            **({"doubts": doubts} if doubts else {}),
            "event": self.report.proof,
        }


@cache
def rights() -> tuple[str, ...]:
    """Return the code of every right that can be rated, in the order of the vocabulary."""
    return tuple(read_vocabularies()["fair_trial_right"].codes)


def scorecard(found: Iterable[Session], delay: Json) -> list[Json]:
    """Return one row for each right of ICCPR article 14, and for others that were rated.

    Args:
        found: the hearings.
        delay: the delay counter; adjournments are evidence of delay.
    """
    sessions = sorted(found, key=lambda one: one.ref)
    ratings = [rating for one in sessions for rating in ratings_of(one)]
    evidence = {
        PUBLIC_HEARING: [said for one in sessions for said in _closed(one)],
        UNDUE_DELAY: _late(delay),
    }
    by_right: dict[str, list[Rating]] = {}
    for rating in ratings:
        by_right.setdefault(rating.right, []).append(rating)
    wanted = [*rights(), *sorted(by_right.keys() - set(rights()))]
    return [
        _row(right, by_right.get(right, []), evidence.get(right, []))
        for right in wanted
        if right.startswith(FAIR_TRIAL) or right in by_right
    ]


def ratings_of(one: Session) -> list[Rating]:
    """Return how partners saw rights at a hearing: of each partner the newest word on each right."""
    newest: dict[tuple[str, str], Rating] = {}
    for report in one.reports:
        for number, entry in enumerate(report.data.get("rights", ())):
            if "right" in entry and "rating" in entry:
                right, pointer = str(entry["right"]), f"/rights/{number}"
                rating = Rating(right, str(entry["rating"]), one, report, pointer, entry.get("note"))
                newest[report.partner, right] = rating
    return [newest[key] for key in sorted(newest)]


def _row(right: str, ratings: Sequence[Rating], evidence: Sequence[Json]) -> Json:
    told = [one for one in ratings if one.rating != _NOT_OBSERVED]
    values = sorted({one.rating for one in told})
    split = sorted(_split(told))
    state = "not_rated" if not told else "split" if split else "varies" if len(values) > 1 else "one_mind"
    return {
        "right": right,
        "state": state,
        "ratings": values,
        "opinions": [one.as_json() for one in told],
        "split_at": split,
        "not_observed": [one.as_json() for one in ratings if one.rating == _NOT_OBSERVED],
        "evidence": list(evidence),
    }


def _split(told: Iterable[Rating]) -> set[str]:
    """Return the hearings of which partners differ; that two hearings went differently is no disagreement."""
    by_hearing: dict[str, set[str]] = {}
    for one in told:
        by_hearing.setdefault(one.hearing.ref, set()).add(one.rating)
    return {ref for ref, values in by_hearing.items() if len(values) > 1}


def _closed(one: Session) -> list[Json]:
    """Return what a hearing's reports show of whether the public could come in, whatever they rate."""
    found = []
    for report in one.reports:
        seen = report.data.get("observation", {})
        own = {"by": f"partner:{report.partner}", "hearing": one.ref}
        if is_refusal(seen):
            refused = {"mode": seen.get("mode"), "refused": seen.get("refused")}
            found.append({"kind": "refused_entry", **own, **refused, "event": report.proof})
        if report.data.get("public_excluded") is True:
            found.append({"kind": "public_excluded", **own, "event": report.proof})
    return found


def _late(delay: Json) -> list[Json]:
    if not delay["adjournments"]:
        return []
    counted = {name: delay[name] for name in ("adjournments", "days_lost", "reasons")}
    return [{"kind": "adjournments", **counted}]
