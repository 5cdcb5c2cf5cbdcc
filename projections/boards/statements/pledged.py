"""The way back from a promise to the demands that it answers."""

from typing import Any

from projections.boards.papers import Papers
from projections.boards.statements.demands import demands_of
from projections.boards.statements.matter import REPLIED, matters_of

Json = Any


def demands_behind(papers: Papers, ref: str) -> list[Json]:
    """Return the demands that a commitment answers, by the replies that name it.

    Returns:
        `{"statement", "demand"}` of each, `demand` as the board of the statement has it.
    """
    replies = papers.tellings.about([ref], [REPLIED])[ref]
    statements = sorted({str(one.data["statement"]) for one in replies if "statement" in one.data})
    matters = matters_of(papers.tellings, statements)
    return [
        {"statement": statement, "demand": demand}
        for statement, matter in sorted(matters.items())
        for demand in demands_of(matter)
        if any(one.get("commitment") == ref for one in demand["answers"])
    ]
