"""The addresses of needs and offers, beside their lists."""

from hub.address import API, Address, ok
from hub.api import matches
from hub.api import parameters as p


def support_addresses() -> tuple[Address, ...]:
    """Return the rows of the table."""
    page = (p.limit(20, p.MAX_LISTED), p.offset)
    asked = (
        p.reference("need", "Only this need."), p.reference("offer", "Only needs that this offer fits."), *page,
    )  # fmt: skip
    return (
        Address("GET", f"{API}/matches", "showMatches", matches.show_matches,
                "Which offer for which need: explained proposals", "Lists", asked,
                ok("Matches", "A page, the most urgent first.")),
        Address("GET", f"{API}/support/totals", "showSupportTotals", matches.show_totals,
                "How many were helped and what it cost, never of a few", "Lists", (),
                ok("SupportTotals", "The cells that may be shown.")),
        Address("GET", f"{API}/support/reviews", "listSupportReviews", matches.list_reviews,
                "Help after which somebody came to harm, for the stewards to judge", "Stewards", page,
                ok("SupportReviews", "A page.")),
    )  # fmt: skip
