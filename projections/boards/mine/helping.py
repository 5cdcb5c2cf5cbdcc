"""What waits for a partner of needs and offers: a match to confirm, a need of its own without help."""

from collections.abc import Iterator
from typing import Any

from projections.boards.mine.items import Item
from projections.boards.papers import Papers
from projections.boards.support.board import review_list
from projections.boards.support.rows import Support
from projections.boards.support.standing import Board, sides, standing

Json = Any

_OPEN = frozenset({"open", "changed", "partly_met"})


def items(papers: Papers, slug: str) -> Iterator[Item]:
    """Yield matches that wait for a partner to confirm them, and its own open needs without any."""
    board = standing(papers)
    for support in board.supports.values():
        if support.voices and _waits_for(papers, board, support, slug) and board.holds(support):
            by = (("matched_by", [f"partner:{one}" for one in support.voices]),)
            yield Item("confirm", "match", support.ref, support.data.get("starts"), support.proofs[0], by)
    for need in board.needs.values():
        if (
            need.owner == slug
            and need.state in _OPEN
            and not any(_stands(board, one) for one in need.supports)
        ):
            last, urgency = need.proofs[-1], (("urgency", need.urgency),)
            yield Item("unmatched", "no_match", need.ref, need.data.get("needed_by"), last, urgency)


def _stands(board: Board, ref: str) -> bool:
    support = board.supports.get(ref)
    return support is not None and bool(support.voices) and board.holds(support)


def _waits_for(papers: Papers, board: Board, support: Support, slug: str) -> bool:
    """Tell whether a partner speaks for a side of a match that has not confirmed it."""
    of = papers.tellings.merged.of
    need, offer = (
        board.needs.get(of(str(support.data["need"]))),
        board.offers.get(of(str(support.data["offer"]))),
    )
    # Most matches are between others, who can be told by their names without being looked up as sides.
    names = str(support.data["need"]), str(support.data["offer"])
    owners = [one.owner for one in (need, offer) if one is not None]
    if slug not in owners and not any(slug in name for name in names):
        return False
    return any(slug in side and side.isdisjoint(support.voices) for side in sides(need, offer, support.data))


def harm(papers: Papers) -> Iterator[Item]:
    """Yield deliveries of help after which somebody came to harm, and which no steward has judged."""
    for one in review_list(papers):
        why = "safety_incident" if one["safety_incident"] else "harmed"
        yield Item("harm", why, one["support"], None, one["proof"], (("reported_by", one["reported_by"]),))
