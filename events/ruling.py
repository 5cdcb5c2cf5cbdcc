"""What the desk says about one entry."""

from dataclasses import dataclass, replace

from events.submission import Status
from schemas.problem import Problem

_NOT_ALONE = Problem("", "not_alone", "Not stored, because another event of the batch was refused.")

_OTHER_ID = (
    "Is it the same report, put right? Then correct that event (record.corrected). If another: a fresh id."
)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the desk says about one entry.

    Args:
        status: what becomes of it.
        draft: index among the drafts to be written, of the entry or of the earlier one that it repeats.
        position: of the recorded event that it repeats.
        problems: why it is refused.
        warnings: what the publisher should know.
    """

    status: Status
    draft: int | None = None
    position: int | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def conflict() -> Ruling:
    """Return that another event bears the same id."""
    problem = Problem("/id", "conflict", "Another event of yours bears this id.", _OTHER_ID)
    return Ruling("conflict", problems=(problem,))


def is_new(ruling: Ruling, before: int) -> bool:
    """Tell whether an event is, or repeats, one that is drafted after so many drafts."""
    return ruling.draft is not None and ruling.draft >= before


def fallen(ruling: Ruling, before: int) -> Ruling:
    """Return what becomes of an event if another one of its batch was refused."""
    if not is_new(ruling, before):
        return ruling
    return replace(ruling, status="refused", draft=None, problems=(_NOT_ALONE,), warnings=())
