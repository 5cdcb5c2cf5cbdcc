"""What changed of what a partner spoke of or follows, out of what its readers are told behind a place."""

from collections.abc import Collection, Sequence
from typing import Any

from events.event import SOURCE_PREFIX
from projections.boards.mine.items import link_of
from projections.boards.mine.reviewing import Own
from projections.feed import FeedMessage

Json = Any

MATTERS = frozenset({
    "lawyer", "case", "threat", "trial", "hearing", "statement", "action", "need", "offer", "support", "policy",
    "commitment", "indicator", "dataset",
})  # fmt: skip
"""Kinds of things that one has a part in by having spoken of them; places, standards and bodies are everybody's."""


def changed(messages: Sequence[FeedMessage], own: Own, slug: str, followed: Collection[str]) -> list[Json]:
    """Return those messages that concern a partner: about what is its own or followed, by others, in order.

    Args:
        messages: of the feed, as its readers are told them.
        own: finds what its events name.
        slug: of the partner.
        followed: references that the account follows.
    """
    refs = {ref for one in messages for ref in one.touches if ref.partition(":")[0] in MATTERS}
    mine = own.named_by(slug, refs) | frozenset(followed)
    source = f"{SOURCE_PREFIX}{slug}"
    return [
        _told(one, sorted(mine.intersection(one.touches)))
        for one in messages
        if one.source != source and not mine.isdisjoint(one.touches)
    ]


def _told(one: FeedMessage, refs: Sequence[str]) -> Json:
    proof = {"source": one.source, "id": one.id, "type": one.type}
    return {
        "what": one.kind,
        "reason": one.reason,
        "refs": refs,
        "link": link_of(refs[0], proof),
        "proof": proof,
    }
