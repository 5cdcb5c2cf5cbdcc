"""The answer about matches: for each need that looks for help a proposal, what else fits, what stands against the rest.

Everything is a proposal to people. Nothing is reserved before a partner sends `support.matched`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

from projections.boards.papers import Papers
from projections.boards.support.assigning import Assignment, assign
from projections.boards.support.criteria import Finding
from projections.boards.support.fitting import Fit, Fitting, blocks
from projections.boards.support.rows import Need, Offer
from projections.boards.support.standing import Board, standing
from projections.boards.support.terms import ALL_POINTS, listed, terms
from projections.paging import further

Json = Any

SAYS = (
    "Proposals to people: nothing is reserved until a partner sends the event, and the person has accepted."
)

_TAKEN = " Every offer that fits is proposed for another need that is more urgent, or that it fits better."


class Asked(NamedTuple):
    """Which part of the answer is asked for.

    Args:
        need: only this one.
        offer: only needs that this one fits.
        limit: needs on the page.
        offset: needs to skip.
    """

    need: str | None = None
    offer: str | None = None
    limit: int = 50
    offset: int = 0


class Matching(NamedTuple):
    """What follows of one state of all needs and offers, for one class of readers; `told` are answers given of it."""

    board: Board
    fitting: Fitting
    fits: Mapping[str, Sequence[Fit]]
    assignment: Assignment
    told: dict[str, Json]


def matching(papers: Papers) -> Matching:
    """Return which offers fit which needs, and which is proposed; kept until anything of it changes."""
    board = standing(papers)
    made: Matching = papers.keeping.remembered("support.matching", board, lambda last: _made(board, last))
    return made


def _made(board: Board, last: Matching | None = None) -> Matching:
    fitting = Fitting(board, None if last is None else last.fitting)
    found = fitting.fits
    room = {ref: board.left(one) for ref, one in board.offers.items()}
    assignment = assign(found, room, lambda ref: terms().tier(board.needs[ref].urgency))
    return Matching(board, fitting, fitting.by_need, assignment, {})


def matches(papers: Papers, asked: Asked) -> Json:
    """Return a page of needs that look for help, the most urgent first, each with what fits.

    Returns:
        `{"says", "automatic": false, "optimal", "total", "proposed", "items", "next"}`.
    """
    made = matching(papers)
    named = papers.tellings.merged.of
    needs = [
        made.board.needs[ref]
        for ref in made.fitting.looking
        if (asked.need is None or ref == named(asked.need))
        and (asked.offer is None or any(one.offer == named(asked.offer) for one in made.fits.get(ref, ())))
    ]
    ordered = sorted(needs, key=_urgent)
    page = ordered[asked.offset : asked.offset + asked.limit]
    return {
        "says": SAYS,
        "automatic": False,
        "optimal": made.assignment.is_optimal,
        "total": len(ordered),
        "proposed": sum(one.ref in made.assignment.offers for one in ordered),
        "items": [_item(made, need, papers.reader) for need in page],
        "next": further(asked.offset, len(page), len(ordered)),
    }


def _urgent(need: Need) -> tuple[int, str, str]:
    return -terms().tier(need.urgency), str(need.data.get("needed_by", "9999")), need.ref


def _item(made: Matching, need: Need, reader: str | None) -> Json:
    if need.ref not in made.told:
        made.told[need.ref] = _made_item(made, need, reader)
    return made.told[need.ref]


def _made_item(made: Matching, need: Need, reader: str | None) -> Json:
    fits = made.fits.get(need.ref, ())
    chosen = made.assignment.offers.get(need.ref)
    told = [_fit(made, need, one, reader) for one in fits if one.offer == chosen]
    others = [one for one in fits if one.offer != chosen][: terms().said["alternatives"]]
    fitting = {one.offer for one in fits}
    stopped = [
        (offer, blocks(made.fitting.findings(need, offer)))
        for offer in made.fitting.near(need)
        if offer.ref not in fitting
    ]
    shown = stopped[: terms().said["blocked_shown"]]
    return {
        "need": need.ref,
        "for": need.whom,
        "state": need.state,
        "urgency": need.urgency,
        "needed_by": need.data.get("needed_by"),
        "country": need.person.country,
        "looks_for": sorted(made.fitting.looking[need.ref]),
        "helped_by": made.fitting.helpers(need),
        "proofs": list(need.proofs),
        "proposal": told[0] if told else None,
        "alternatives": [_fit(made, need, one, reader) for one in others],
        "fitting": len(fits),
        "blocked": [
            {"offer": offer.ref, "by": f"partner:{offer.owner}", "blocks": [_finding(made, one) for one in found]}
            for offer, found in shown
        ],
        "blocked_total": len(stopped),
        "missing": None if chosen else _missing(made, need, [one for _, found in stopped for one in found]),
    }  # fmt: skip


def _missing(made: Matching, need: Need, against: Sequence[Finding]) -> Json:
    """Return what kind of offer would help, where no offer is proposed."""
    kinds = made.fitting.looking[need.ref]
    where = need.person.country
    persons, spoken = need.data.get("persons_covered"), need.data.get("constraints", {}).get("languages", [])
    counts = Counter(one.code for one in against)
    is_taken = need.ref in made.fits
    for_whom = f" for {persons} persons" if persons else ""
    somewhere = f" for somebody in {where}" if where else ""
    return {
        "kinds": sorted(kinds),
        "country": where,
        "persons": persons,
        "languages": list(spoken),
        "stands_against": dict(sorted(counts.items())),
        "taken": is_taken,
        "says": f"Missing: an offer of {listed(kinds)}{somewhere}{for_whom}.{_TAKEN if is_taken else ''}",
    }  # fmt: skip


def _fit(made: Matching, need: Need, fit: Fit, reader: str | None) -> Json:
    offer = made.board.offers[fit.offer]
    findings = made.fitting.findings(need, offer)
    codes = {one.code: one for one in findings}
    told = {
        "offer": offer.ref,
        "by": f"partner:{offer.owner}",
        "score": fit.score,
        "of": ALL_POINTS,
        "kinds": sorted(made.fitting.looking[need.ref] & set(offer.data.get("kinds", ()))),
        "double_funding": "double_funding" in codes,
        "reasons": [_finding(made, one) for one in findings],
        "proofs": [*need.proofs, *offer.proofs],
    }
    return told if reader is None else {**told, "draft": _draft(made, need, offer, reader)}


def _finding(made: Matching, one: Finding) -> Json:
    told = {"code": one.code, "verdict": one.verdict, "says": one.says}
    if one.part is None:
        return told
    return {**told, "points": made.fitting.points(one), "of": made.fitting.most(one)}


def _draft(made: Matching, need: Need, offer: Offer, reader: str) -> Json:
    """Return the event that would reserve the offer; the person must be asked before it can be sent."""
    name = blake2b(f"{need.ref} {offer.ref}".encode(), digest_size=8).hexdigest()
    tlp, audience = need.label
    helpers = made.fitting.helpers(need)
    told = {
        "support": f"support:{reader}.m-{name}",
        "need": need.ref,
        "offer": offer.ref,
        "kinds": sorted(made.fitting.looking[need.ref] & set(offer.data.get("kinds", ()))),
        "quantity": made.fitting.asked(need, offer),
        # The hub refuses it as it stands: a partner must ask the person, and say so.
        "accepted_by_person": False,
        "lead": f"partner:{reader}",
        **({"others_informed": False} if helpers else {}),
    }
    named = _joined(audience, offer.owner, reader) if audience or tlp == "amber+strict" else ""
    label = {"tlp": tlp, **({"audience": named} if named else {})}
    event = {"specversion": "1.0", "id": f"match-{name}", "source": f"urn:hub:partner:{reader}"}
    return {**event, "type": "support.matched", **(label if tlp else {}), "data": told}


def _joined(audience: str, owner: str, reader: str) -> str:
    """Return the audience of a need with whoever offers; one of accounts as it is."""
    named = {one.strip() for one in audience.split(",") if one.strip()}
    if any("/" in one for one in named):
        return audience
    return ",".join(sorted({*named, owner} - {reader}))
