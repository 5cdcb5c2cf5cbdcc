"""From what a validator found to what a person can mend: every problem once, in order."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from schemas.breach import Breach
from schemas.problem import Problem
from schemas.speaker import FORM_CODES, Speaker

if TYPE_CHECKING:
    from referencing import Registry as Library

Json = Any

MOST_PROBLEMS = 1000
"""Per payload; a payload of 256 KiB can hold more, and nobody mends the thousandth first."""

_LENGTHS = frozenset({"too_long", "too_short"})


def explain(breaches: Iterable[Breach], library: "Library[Json]") -> list[Problem]:
    """Return every problem once, sorted by pointer, then code; at least one if there is a breach.

    Args:
        breaches: what a validator found; reading stops at `MOST_PROBLEMS` problems.
        library: where the schemas' references lead.
    """
    speaker = Speaker(library)
    found: dict[tuple[str, str], Problem] = {}
    vague: list[Problem] = []
    for breach in breaches:
        problems = speaker.tell(breach)
        for problem in problems:
            found.setdefault((problem.pointer, problem.code), problem)
        if not problems:
            vague.append(speaker.tell_vaguely(breach))
        if len(found) >= MOST_PROBLEMS:
            break
    kept = _without_doubles(list(found.values())) or vague[:1]
    return sorted(kept, key=lambda problem: (problem.pointer, problem.code))[:MOST_PROBLEMS]


def _without_doubles(problems: list[Problem]) -> list[Problem]:
    """Drop what another problem at the same pointer already says.

    A wrong type beats all; a text of another form altogether needs no word about its length.
    """
    at: dict[str, set[str]] = {}
    for problem in problems:
        at.setdefault(problem.pointer, set()).add(problem.code)
    return [problem for problem in problems if not _is_said(problem.code, at[problem.pointer])]


def _is_said(code: str, beside: set[str]) -> bool:
    if "wrong_type" in beside:
        return code != "wrong_type"
    return code in _LENGTHS and not beside.isdisjoint(FORM_CODES)
