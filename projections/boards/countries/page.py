"""The page of a country: the safety of lawyers beside access to justice, each number with how it was counted."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from projections.boards.accountability.board import ROWS as IMPUNITY
from projections.boards.countries.access import access_to_justice
from projections.boards.countries.counts import Counted, sum_of
from projections.boards.countries.safety import ONGOING, THREATS, TRIALS, Threat
from projections.boards.indicators.figures import DATASETS
from projections.boards.law.consultations import POLICIES
from projections.boards.papers import Papers
from projections.boards.promises.listing import COMMITMENTS
from projections.boards.trials.coverage import rows_of

Json = Any

NOTE = (
    "Counted is what reached this hub and what you may see; what nobody reported is missing."
    " A number is no measure of how dangerous a country is."
)


def country_page(papers: Papers, code: str) -> Json | None:
    """Return what is known of a country; None if these readers know nothing of it.

    Args:
        papers: of the readers; for the public numbers of persons and cases under 5 are hidden.
        code: of the country.
    """
    kinds = (THREATS, TRIALS, POLICIES, COMMITMENTS, DATASETS)
    is_known = any(row.country == code for rows in kinds for row in papers.rows(rows).values())
    if not is_known and not any(row.country == code for row in rows_of(papers).values()):
        return None
    return {
        "country": code,
        "safety": _safety(papers, code),
        "access": access_to_justice(papers, code),
        "note": NOTE,
    }


def _safety(papers: Papers, code: str) -> Json:
    counted = Counted(is_public=papers.reader is None)
    threats = {ref: row for ref, row in papers.rows(THREATS).items() if row.country == code}
    status = counted.parts("status", _by(threats, lambda row: row.status))
    impunity = counted.parts("impunity", _impunity(papers, threats))
    if None in (status["count"], impunity["count"]):
        # What hides the parts of one breakdown must not be told by the other.
        status, impunity = {**status, "count": None}, {**impunity, "count": None}
    trials = {ref: row for ref, row in papers.rows(TRIALS).items() if row.country == code}
    return {
        "threats": {
            "count": status["count"],
            "by_status": status,
            "by_category": counted.several(
                "categories", {ref: row.categories for ref, row in threats.items()}
            ),
            "ongoing": sum_of(status, ONGOING, "ongoing"),
            "targets": counted.persons(
                "targets", papers.tellings, {target for row in threats.values() for target in row.targets}
            ),
        },
        "impunity": impunity,
        "trials": counted.parts("trials", _by(trials, lambda row: row.state)),
        "hearings": counted.parts("hearings", _hearings(papers, code)),
        "addresses": {
            "threats": f"/api/v1/threats?country={code}",
            "trials": f"/api/v1/trials?country={code}",
            "hearings": f"/api/v1/hearings?country={code}",
        },
    }


def _by(rows: Mapping[str, Any], code_of: Callable[[Any], str]) -> Mapping[str, Iterable[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for ref, row in rows.items():
        found[code_of(row)].append(ref)
    return found


def _impunity(papers: Papers, threats: Mapping[str, Threat]) -> Mapping[str, Iterable[str]]:
    rows = papers.rows(IMPUNITY)

    def state(ref: str) -> str:
        row = rows.get(ref)
        if row is None or (row.impunity.since is None and row.impunity.stopped is None):
            return "unknown"
        return "nobody_called_to_account" if row.impunity.stopped is None else "called_to_account"

    found: defaultdict[str, list[str]] = defaultdict(list)
    for ref in threats:
        found[state(ref)].append(ref)
    return found


def _hearings(papers: Papers, code: str) -> Mapping[str, Iterable[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for ref, row in rows_of(papers).items():
        if row.country == code and row.is_to_come(papers.now):
            found["uncovered" if row.is_uncovered(papers.now) else "covered"].append(ref)
    return found
