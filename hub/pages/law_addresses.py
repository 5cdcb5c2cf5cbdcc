"""The addresses of laws, data, countries, review, the stewards' desk, the board and what is followed, as pages."""

import re

from hub.address import Address, Endpoint, Parameter
from hub.api import law_parameters as own
from hub.api import parameters as p
from hub.api.wishes import filters
from hub.pages import board, countries, data, following, glass, policy, review, steward
from hub.truth_routes import by_dimension
from projections.boards.truth.review import REASONS

_CODE = re.compile(r"[a-z][a-z_]{0,39}")


def law_pages() -> tuple[Address, ...]:
    """Return the rows of the table."""
    page = (p.limit(50, p.MAX_LISTED), p.offset)
    gap = p.one_code("gap", "Only laws with this gap between text and practice.", policy.GAPS)
    stage, direction = (
        p.code(name, f"Only laws with this {name}.", _CODE) for name in ("stage", "direction")
    )
    kind = p.choice("kind", "What is compared: persons or incidents.", ("lawyer", "threat"), "lawyer")
    reason = p.one_code("reason", "Only what waits for this reason.", REASONS)
    few = (p.limit(20, p.MAX_LISTED), p.offset)
    overdue = p.flag("overdue", "Only those whose day has passed.")
    return (
        _page("/policy", "pagePolicy", policy.show_policy, (p.one_country, stage, direction, gap, own.norm, *page)),
        _page("/data", "pageData", data.show_data, (own.indicator, p.one_country, own.period)),
        _page("/data/promises", "pagePromises", data.show_promises,
              (own.light, own.badge, overdue, p.one_country, *few)),
        _page("/data/impunity", "pageImpunity", data.show_impunity,
              (p.one_country, *few)),
        _page("/data/works", "pageWorks", data.show_works, (*by_dimension(), p.one_country, *page)),
        _page("/countries", "pageCountries", countries.show_countries, ()),
        _page("/countries/{code}", "pageCountry", countries.show_country, ()),
        _page("/review", "pageReview", review.show_review, (kind, reason, p.one_country, *few)),
        _page("/review/{ref}", "pageReports", review.show_reports, ()),
        _form("/review", "judgeSame", review.judge, "Judges whether two records are the same"),
        *_desk(),
        *_following(),
        _form("/review/{ref}/assess", "assessReport", review.assess, "Says whether a report holds"),
    )  # fmt: skip


def _desk() -> tuple[Address, ...]:
    return (
        _page("/board", "pageBoard", board.show_board, ()),
        _form("/board/seen", "seenBoard", board.note_seen, "Keeps up to where somebody has read"),
        _page("/steward", "pageSteward", steward.show_steward, ()),
        _form("/steward/partners", "admitPartner", steward.admit, "Admits a partner"),
        _form("/steward/suspend", "suspendPartner", steward.suspend, "Suspends a partner"),
        _form("/steward/tokens", "issueToken", steward.issue, "Makes a token"),
        _form("/steward/tokens/{token}/revoke", "revokeToken", steward.revoke, "Stops a token"),
        _form(
            "/steward/conflicts", "judgeConflictForm", steward.judge_conflict, "Judges a conflict of interest"
        ),
        _form("/steward/glass", "askGlassForm", glass.ask, "Asks to read what is hidden"),
        _form(
            "/steward/glass/{request}/agree", "agreeGlass", glass.agree, "Agrees that two stewards read it"
        ),
        _form("/steward/glass/{request}/read", "readGlass", glass.read, "Records a reading, and shows it"),
    )


def _following() -> tuple[Address, ...]:
    of, one = "/following", "/following/{subscription}"
    done = p.one_code("done", "What a form did, to be said.", tuple(following.DONE))
    return (
        _page(of, "pageFollowing", following.show_following, (*filters(), done)),
        _form(f"{of}/mail", "followByMail", following.follow_by_mail, "Follows by mail"),
        _form(f"{of}/addresses", "makeAddressForm", following.make_address, "Makes a personal address"),
        _form(
            f"{of}/addresses/{{address}}/revoke",
            "revokeAddressForm",
            following.revoke_address,
            "Revokes a personal address",
        ),
        _form(f"{one}/end", "endFollow", following.end, "Follows no more"),
        _form(f"{one}/confirm", "confirmFollow", following.confirm, "Says that a follow is still wanted"),
        _form(f"{one}/resume", "resumeFollow", following.resume, "Goes on after a pause"),
        _form(f"{one}/test", "tryFollow", following.try_out, "Sends a test"),
    )


def _page(path: str, name: str, endpoint: Endpoint, asked: tuple[Parameter, ...]) -> Address:
    return Address("GET", path, name, endpoint, "A page", "Pages", asked, is_public=False)


def _form(path: str, name: str, endpoint: Endpoint, summary: str) -> Address:
    return Address("POST", path, name, endpoint, summary, "Pages", is_public=False)
