"""The board of a threat: the truth of it, and who was called to account."""

from typing import Any

from projections.boards.accountability.board import accountability_of
from projections.boards.papers import Papers
from projections.boards.truth.board import truth_of

Json = Any


def threat_board(papers: Papers, ref: str) -> Json:
    """Return what is claimed of a threat and how well it is believed, and what happened to those responsible."""
    return {"truth": truth_of(papers, ref), "accountability": accountability_of(papers, ref)}
