"""The boards of one need, one offer, one support."""

from collections.abc import Sequence
from typing import Any

from projections.boards.papers import Papers
from projections.boards.support.matching import matching
from projections.boards.support.rows import Given, Support
from projections.boards.support.standing import Board, reviews, sides, standing

Json = Any


def need_board(papers: Papers, ref: str) -> Json:
    """Return how a need stands: what is reserved by whom, what was delivered, how many offers fit.

    Returns:
        `{"state", "looks_for", "reserved", "delivered", "proposals", "withdrawn", "proofs"}`; everything as far as
        these readers see. Of the past there are no proposals.
    """
    board = standing(papers)
    need = board.needs.get(papers.tellings.merged.of(ref))
    if need is None:
        return {}
    supports = [board.supports[one] for one in need.supports if one in board.supports]
    told = {
        "state": need.state,
        "urgency": need.urgency,
        "looks_for": sorted(board.kinds_left(need)),
        "withdrawn": need.stopped if need.state == "withdrawn" else None,
        "reserved": [_told(papers, board, one) for one in supports],
        "delivered": [_given(one, given) for one in supports for given in one.given],
        "proofs": list(need.proofs),
    }
    return told if papers.then else {**told, "proposals": len(matching(papers).fits.get(need.ref, ()))}


def offer_board(papers: Papers, ref: str) -> Json:
    """Return how an offer stands: what is given away and what is left of it, and its matches."""
    board = standing(papers)
    offer = board.offers.get(papers.tellings.merged.of(ref))
    if offer is None:
        return {}
    supports = [board.supports[one] for one in offer.supports if one in board.supports]
    return {
        "by": f"partner:{offer.owner}",
        "open": board.is_open(offer),
        "state": offer.data.get("state", "open"),
        "valid_until": offer.data.get("valid_until"),
        "capacity": offer.data.get("capacity"),
        "unit": offer.data.get("unit", "persons"),
        "given": board.given(offer),
        "left": board.left(offer),
        "paused": sorted(
            {one.support for one in board.pauses if one.scope == "offer" and one.offer == offer.ref}
        ),
        "matches": [_told(papers, board, one) for one in supports],
        "proofs": list(offer.proofs),
    }


def support_board(papers: Papers, ref: str) -> Json:
    """Return how a support stands: who confirmed it, what was delivered, what the person says, what harm was done."""
    board = standing(papers)
    support = board.supports.get(papers.tellings.merged.of(ref))
    if support is None:
        return {}
    judged = {
        (one.given.proof["source"], one.given.proof["id"]): one for one in reviews(papers.tellings, [support])
    }
    return {
        **(
            _told(papers, board, support)
            if support.voices
            else {"support": support.ref, "state": "not_matched"}
        ),
        "delivered": [_given(support, one) for one in support.given],
        "feedback": next(
            (one.data["person_feedback"] for one in reversed(support.given) if "person_feedback" in one.data),
            None,
        ),
        "incidents": [
            {"by": f"partner:{one.given.partner}", "proof": one.given.proof, "judged": list(one.judged)}
            for one in judged.values()
        ],
        "review_open": any(not one.judged for one in judged.values()),
        "proofs": list(support.proofs),
    }


def review_list(papers: Papers) -> list[Json]:
    """Return the deliveries after which somebody came to harm and which no steward has judged, by support.

    Returns:
        `[{"support", "need", "offer", "reported_by", "safety_incident", "feedback", "pauses", "proof"}]`.
    """
    board = standing(papers)
    return [
        {
            "support": one.support,
            "need": board.supports[one.support].data.get("need"),
            "offer": board.supports[one.support].data.get("offer"),
            "reported_by": f"partner:{one.given.partner}",
            "safety_incident": one.given.data.get("safety_incident") is True,
            "feedback": one.given.data.get("person_feedback"),
            "pauses": [
                {"scope": pause.scope, "kinds": sorted(pause.kinds), "country": pause.country}
                for pause in board.pauses
                if pause.proof == one.given.proof
            ],
            "proof": one.given.proof,
        }
        for one in reviews(papers.tellings, board.supports.values())
        if not one.judged
    ]


def _told(papers: Papers, board: Board, support: Support) -> Json:
    """Return a match: whose it is, who confirmed it, whether it holds."""
    need = board.needs.get(papers.tellings.merged.of(str(support.data["need"])))
    offer = board.offers.get(papers.tellings.merged.of(str(support.data["offer"])))
    of_need, of_offer = sides(need, offer, support.data)
    voices = set(support.voices)
    is_confirmed = bool(voices & of_need) and bool(voices & of_offer)
    waits = [] if is_confirmed else [side for side in (of_need, of_offer) if not voices & side]
    return {
        "support": support.ref,
        "need": support.data["need"],
        "offer": support.data["offer"],
        "kinds": sorted(support.kinds),
        "quantity": int(support.data.get("quantity", 1)),
        "state": "confirmed" if is_confirmed else "proposed",
        "confirmed_by": [f"partner:{slug}" for slug in support.voices],
        "waits_for": sorted(f"partner:{slug}" for side in waits for slug in side),
        "holds": board.holds(support),
        "ended": _ended(board, support, is_stopped=need is not None and need.stopped is not None),
        "match": support.proofs[0],
    }


def _ended(board: Board, support: Support, *, is_stopped: bool) -> str | None:
    if support.freed:
        return next(str(one.data["result"]) for one in reversed(support.given) if "result" in one.data)
    if is_stopped and not board.holds(support):
        return "need_withdrawn"
    return "delivered" if _is_delivered(support.given) else None


def _is_delivered(given: Sequence[Given]) -> bool:
    return any(one.data.get("result") == "delivered" for one in given)


def _given(support: Support, one: Given) -> Json:
    data = one.data
    named = ("result", "on", "quantity", "unit", "cost", "person_feedback", "need_after")
    return {
        "support": support.ref,
        "by": f"partner:{one.partner}",
        **{name: data[name] for name in named if name in data},
        "safety_incident": data.get("safety_incident") is True,
        "proof": one.proof,
    }
