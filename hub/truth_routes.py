"""Addresses of what became of what was said and done."""

import re

from hub.address import API, Address, Parameter, ok
from hub.api import parameters as p
from hub.api import truth
from projections.boards.impact.works import DIMENSIONS
from projections.boards.truth.review import REASONS

_CODE = re.compile(r"[a-z][a-z_]*(?:\.[a-z_]+)?")
_REASON = p.one_code("reason", "Only what waits for this reason.", REASONS)
_BY = p.some_codes(
    "by", "What a row is of: one of these, or several by comma; `kind` without it.", DIMENSIONS
)
_KIND = p.code("kind", "Only actions of this kind.", _CODE)
_CATEGORY = p.code("category", "Only actions about threats of this category.", _CODE)
_MECHANISM = p.reference("mechanism", "Only actions before this mechanism.")


def truth_addresses() -> tuple[Address, ...]:
    """Return the rows of the table."""
    page = (p.limit(50, p.MAX_LISTED), p.offset)
    by = p.choice("by", "What a line is.", ("body", "mechanism", "kind"), "body")
    works = (*by_dimension(), p.one_country, *page)
    return (
        Address("GET", f"{API}/replies", "showReplies", truth.show_replies,
                "Demands and replies: who was asked, answered how, how soon", "Lists", (by, *page),
                ok("Replies", "A page, those first of whom most was asked.")),
        Address("GET", f"{API}/review", "showReview", truth.show_review,
                "What waits for somebody's judgement", "Lists", (_REASON, p.one_country, *page),
                ok("Review", "A page, by urgency, then the oldest first.")),
        Address("GET", f"{API}/retractions", "showRetractions", truth.show_retractions,
                "How much each partner has retracted", "Stewards", (), ok("Retractions", "By partner.")),
        Address("GET", f"{API}/impunity", "showImpunity", truth.show_impunity,
                "Threats for which nobody was called to account, longest first", "Lists", (p.one_country, *page),
                ok("Impunity", "A page.")),
        Address("GET", f"{API}/what-works", "showWhatWorks", truth.show_what_works,
                "How actions were assessed, by kind and context", "Lists", works,
                ok("WhatWorks", "A page, most cases first.")),
    )  # fmt: skip


def by_dimension() -> tuple[Parameter, ...]:
    """Return what is asked of what works, besides country and page."""
    return _BY, _KIND, _CATEGORY, _MECHANISM
