"""Boards with fields that another part fills."""

from collections.abc import Callable, Mapping
from typing import Any

from projections.boards.papers import Papers

Json = Any
Board = Callable[[Papers, str], Json]


def joined(boards: Mapping[str, Board], fields: Mapping[str, Mapping[str, Board]]) -> dict[str, Board]:
    """Return boards by kind of thing, with further fields; a kind without board of its own has those alone.

    Args:
        boards: kind → its board.
        fields: kind → name of a field → what fills it.
    """
    return {kind: _one(boards.get(kind), fields.get(kind, {})) for kind in sorted({*boards, *fields})}


def _one(board: Board | None, fields: Mapping[str, Board]) -> Board:
    def whole(papers: Papers, ref: str) -> Json:
        own = {} if board is None else board(papers, ref)
        return {**own, **{name: fill(papers, ref) for name, fill in fields.items()}}

    return whole
