"""The addresses of hearings and of who watches them."""

import re
from datetime import timedelta

from hub.address import API, Address, Parameter, ValueRefused, ok
from hub.api import coverage
from hub.api import parameters as p

_AHEAD = re.compile(r"[0-9]{1,4}[dh]")
_A_YEAR = timedelta(days=366)


def trial_addresses() -> tuple[Address, ...]:
    """Return the rows of the table."""
    then, page = (p.as_of, p.known_on), (p.limit(50, p.MAX_LISTED), p.offset)
    uncovered = p.flag("uncovered", "Only hearings still to come at which nobody you see will observe.")
    board = (within("14d"), p.one_country, p.reference("about", "Only of this trial."), *then, *page)
    listed = ok("Listing", "A page.")
    covered = ok("Coverage", "The board.")
    return (
        Address("GET", f"{API}/hearings", "listHearings", coverage.list_hearings, "The hearings", "Lists",
                (*p.LIST_FILTERS, uncovered, within(), *then, *page), listed),
        Address("GET", f"{API}/coverage", "showCoverage", coverage.show_coverage,
                "Hearings that are near, and who watches them", "Lists", board, covered),
    )  # fmt: skip


def within(default: str | None = None) -> Parameter:
    """Return the parameter that says how far ahead."""
    meaning = "What may take place within so many days (14d) or hours (48h) from now; a year at most."
    schema = {"type": "string", "pattern": f"^(?:{_AHEAD.pattern})$"}
    said = {} if default is None else {"default": default}
    return Parameter("within", meaning, {**schema, **said}, _ahead, default=default and _ahead(default))


def _ahead(said: str) -> timedelta:
    if not _AHEAD.fullmatch(said):
        raise ValueRefused("wrong_form", "This value does not have the expected form.", "e.g. 14d or 48h")
    count = int(said[:-1])
    ahead = timedelta(days=count) if said.endswith("d") else timedelta(hours=count)
    if not timedelta() < ahead <= _A_YEAR:
        code = "too_small" if not ahead else "too_big"
        raise ValueRefused(code, "This number is out of range.", "1h to 366d")
    return ahead
