"""What a partner must look at again: what it said long ago, what others doubt, what rests on facts that changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from projections.boards.mine.items import Item
from projections.boards.papers import Papers
from projections.boards.statements.board import signatories_of
from projections.boards.statements.matter import matters_of
from projections.boards.tellings import Name, Telling, in_time

Json = Any

SOON = timedelta(days=7)
"""So long before a date to look at something again, it is on the board."""

REVIEWS = ("review", "consent_review", "consent_expired", "indicator_review")
"""Kinds of clocks by which something must be looked at again."""

_DOUBTS = frozenset({"disputes", "refutes"})


class Own(Protocol):
    """What a sight finds of a partner's own events; see `projections/own_sight.py`."""

    def dues(self, slug: str, kinds: Sequence[str], until: datetime) -> list[Json]:
        """Return the moments of some kinds that its events speak of."""

    def assessed(self, slug: str) -> Mapping[Name, Json]:
        """Return its events that others assess."""

    def stale(self, slug: str) -> list[Json]:
        """Return its events that rest on facts that changed."""

    def quarantined(self) -> list[Json]:
        """Return events that nobody believes."""

    def named_by(self, slug: str, refs: Iterable[str]) -> frozenset[str]:
        """Return which references its events name."""


class _Task(NamedTuple):
    kind: str
    ref: str
    type: str


def items(papers: Papers, own: Own, slug: str) -> Iterator[Item]:
    """Yield what a partner must look at again."""
    yield from _dated(own.dues(slug, REVIEWS, papers.now + SOON))
    yield from _doubted(papers, own.assessed(slug))
    for one in own.stale(slug):
        yield Item("review", "STALE_FACT", str(one["ref"]), None, one["proof"])
    yield from _signed(papers, slug)
    yield from _of_suspended_bars(papers, slug)


def _dated(dues: Iterable[Json]) -> Iterator[Item]:
    """Yield dates to look at something again; whoever said of it anew when, is asked by the last of them."""
    last: dict[_Task, Json] = {_Task(one["kind"], one["ref"], one["type"]): one for one in dues}
    for task, one in last.items():
        yield Item("review", task.kind, task.ref, one["due"], _proof(one))


def _doubted(papers: Papers, assessed: Mapping[Name, Json]) -> Iterator[Item]:
    """Yield own events of which the last word of some other partner is a doubt."""
    for name, told in papers.tellings.on(assessed).items():
        words: dict[str, Telling] = {}
        for one in in_time(one for one in told if one.type == "claim.assessed"):
            words[one.partner] = one
        doubts = [one for one in words.values() if one.data.get("verdict") in _DOUBTS]
        if doubts:
            by = sorted(f"partner:{one.partner}" for one in doubts)
            about = assessed[name]
            more = (("about", about["proof"]), ("by", by))
            yield Item("review", "disputed", str(about["ref"]), None, in_time(doubts)[-1].proof, more)


def _signed(papers: Papers, slug: str) -> Iterator[Item]:
    """Yield statements of others that a partner signed, has not withdrawn from, and that rest on facts that changed."""
    tellings, partner = papers.tellings, f"partner:{slug}"
    refs = sorted(ref for ref in tellings.stale() if ref.startswith("statement:"))
    for ref, matter in matters_of(tellings, refs).items():
        issued = matter.statement
        if issued is not None and issued.partner != slug:
            own = [one for one in signatories_of(tellings, matter) if one.get("who") == partner]
            if own and all("withdrew" not in one for one in own):
                yield Item(
                    "review",
                    "SIGNED_STALE_FACT",
                    ref,
                    None,
                    issued.proof,
                    (("by", f"partner:{issued.partner}"),),
                )


def _of_suspended_bars(papers: Papers, slug: str) -> Iterator[Item]:
    """Yield lawyers whom a partner profiled as members of a bar that is suspended as a partner: who they are to fear.

    It is a task for people: nothing about the lawyers changes by itself.
    """
    bodies = suspended_bodies(papers)
    told = papers.tellings.about(sorted(bodies), ("lawyer.profiled",))
    seen: dict[str, Item] = {}
    for body, found in told.items():
        for one in in_time(found):
            lawyer = one.data.get("lawyer")
            if one.partner == slug and lawyer is not None:
                more = (("bar", body),)
                seen[lawyer] = Item("review", "bar_suspended", str(lawyer), None, bodies[body].proof, more)
    yield from seen.values()


def suspended_bodies(papers: Papers) -> Mapping[str, Telling]:
    """Return the bodies of the partners that are suspended, with the events that say so."""
    bodies: dict[str, str] = {}
    suspended: dict[str, Telling] = {}
    for one in papers.tellings.of_types(("partner.admitted", "partner.suspended")):
        partner = str(one.data.get("partner", ""))
        if one.type == "partner.suspended":
            suspended[partner] = one
        else:
            suspended.pop(partner, None)
            if isinstance(one.data.get("body"), str):
                bodies[partner] = one.data["body"]
    found = {partner: one for partner, one in suspended.items() if partner in bodies}
    return {papers.tellings.merged.of(bodies[partner]): one for partner, one in found.items()}


def _proof(due: Json) -> Json:
    return {**due["about_event"], "type": due["type"], "when": None}
