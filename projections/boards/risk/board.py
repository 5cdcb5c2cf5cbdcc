"""The risk of a lawyer: a sum of points, each with what it comes from. Internal, and never a reason to refuse help."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

import orjson

from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings
from projections.boards.truth.claims import REPORTS, Said, claims_in, counting, said_of
from projections.shown import shown, told

Json = Any

_SITUATION: Mapping[str, str] = {
    "threat.reported": "/victim_status",
    "threat.updated": "/changes/victim_status",
}
_STATUS: Mapping[str, str] = {"threat.reported": "/status", "threat.updated": "/changes/status"}
_URGENCY: Mapping[str, str] = {"threat.reported": "/urgency", "threat.updated": "/changes/urgency"}
_ENDED = "ended"
_NOT_SAID = "normal"
"""What says nothing of its urgency weighs as what is normal does."""

_KEPT = ("event", "value", "as_of", "verification")


def lawyer_board(papers: Papers, ref: str) -> Json:
    """Return the risk of a lawyer to partners; the public has no board of a lawyer."""
    return {} if papers.reader is None else {"risk": risk_of(papers.tellings, ref)}


def risk_of(tellings: Tellings, ref: str) -> Json:
    """Return how much is at stake for somebody.

    The worst situation that any threat left him in counts once, and each threat that has not ended by its urgency. Of
    a disputed value the worst counts. What was refuted, or is unsupported, counts for nothing.

    Returns:
        `{"score", "most", "inputs"}`: the score is the sum of the points of the inputs, at most `most`; each input
        says of what it is (`threat`), what (`kind`, `value`), how many points, and from which claims (`because`).
    """
    ref = tellings.merged.of(ref)
    weights = read_weights()
    found = [one for threat, reports in _threats(tellings, ref) for one in _inputs(threat, reports, weights)]
    situations = sorted((one for one in found if one["kind"] == "situation"), key=_worst)
    threats = sorted((one for one in found if one["kind"] == "threat"), key=_worst)
    inputs = [*situations[:1], *threats]
    most = int(weights["most"])
    return {"score": min(most, sum(one["points"] for one in inputs)), "most": most, "inputs": inputs}


def read_weights() -> Json:
    """Return the points of each situation and urgency, as data says."""
    return orjson.loads(resources.files(__package__).joinpath("weights.json").read_bytes())


def _threats(tellings: Tellings, ref: str) -> Iterator[tuple[str, tuple[list[Telling], Said]]]:
    """Yield the threats against somebody, with the reports of each that count for him."""
    against = {
        str(one.data["threat"])
        for one in tellings.about([ref], REPORTS)[ref]
        if "threat" in one.data and ref in _targets(tellings, one)
    }
    for threat, reports in sorted(tellings.about(sorted(against), REPORTS).items()):
        said = said_of(tellings, reports)
        kept = [one for one in reports if "targets" not in one.data or ref in _targets(tellings, one)]
        yield threat, (counting(kept, said), said)


def _targets(tellings: Tellings, report: Telling) -> set[str]:
    return {tellings.merged.of(str(one)) for one in report.data.get("targets", ())}


def _inputs(threat: str, told_of: tuple[Sequence[Telling], Said], weights: Json) -> Iterator[Json]:
    reports, said = told_of
    situations = _values(reports, _SITUATION, said)
    yield from _input("situation", threat, situations, weights["situation"])
    statuses = _values(reports, _STATUS, said)
    if reports and (not statuses or any(one["value"] != _ENDED for one in statuses)):
        urgencies = _values(reports, _URGENCY, said) or [{"value": _NOT_SAID, "event": reports[0].proof}]
        yield from _input("threat", threat, urgencies, weights["threat"])


def _values(reports: Iterable[Telling], pointers: Mapping[str, str], said: Said) -> list[Json]:
    """Return the shown values of one question, each with its best claim: several if they are disputed."""
    claims = claims_in(reports, pointers)
    if not claims:
        return []
    ranked = told(claims, said.lookup)["claims"]
    return [
        next(one for one in ranked if one["value"] == value) for value in shown(claims, said.lookup).values
    ]


def _input(kind: str, threat: str, values: Sequence[Json], points: Mapping[str, int]) -> Iterator[Json]:
    worst = max(values, key=lambda one: (points.get(one["value"], 0), one["value"]), default=None)
    if worst is not None and (weight := points.get(worst["value"], 0)):
        disputed = {"disputed": True} if len(values) > 1 else {}
        because = [{name: one[name] for name in _KEPT if name in one} for one in values]
        yield {
            "kind": kind,
            "threat": threat,
            "value": worst["value"],
            "points": weight,
            **disputed,
            "because": because,
        }


def _worst(one: Json) -> tuple[int, str]:
    return -one["points"], one["threat"]
