"""What waits for a partner of joint actions: to sign, or to sign again: the text is another, or the time is over."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from events.moments import read_moment, stamp
from events.submission import STEWARDS
from projections.boards.actions.board import LAPSED, RESIGN_NEEDED, statuses_of
from projections.boards.actions.tracker import OPEN_ACTIONS
from projections.boards.kept import Rows
from projections.boards.mine.items import Item
from projections.boards.papers import Papers
from projections.boards.tellings import Telling, Tellings

Json = Any

PROPOSED = "action.proposed"
_AGAIN = (RESIGN_NEEDED, LAPSED)


class Row(NamedTuple):
    """For whom one action is meant.

    Args:
        leads: slugs of the lead and of whoever proposed it.
        invited: slugs that the audience of the proposal names.
        countries: where it is to be, and of those about whom it is.
    """

    leads: frozenset[str]
    invited: frozenset[str]
    countries: frozenset[str]


def items(papers: Papers, slug: str, countries: frozenset[str]) -> Iterator[Item]:
    """Yield what a partner may sign, or must sign again.

    Args:
        papers: of its readers.
        slug: of the partner.
        countries: where it works; none: anywhere.
    """
    sheets, rows = papers.rows(OPEN_ACTIONS), papers.rows(ROWS)
    for ref, sheet in sheets.items():
        by = read_moment(str(sheet.data.get("join_by", "")))
        due = None if by is None else stamp(by)
        if any(partner == slug for partner, _ in sheet.entries):
            statuses = statuses_of(slug, sheet, papers.tellings, papers.now)
            for status in (one for one in _AGAIN if one in statuses):
                yield Item("resign", status, ref, due, sheet.proposal.proof)
        elif (by is None or by >= papers.now) and (why := _reason(rows[ref], slug, countries)) is not None:
            yield Item("sign", why, ref, due, sheet.proposal.proof)


def _reason(row: Row, slug: str, countries: frozenset[str]) -> str | None:
    if slug in row.leads:
        return None
    if slug in row.invited:
        return "invited"
    if slug == STEWARDS:
        return None
    if not row.countries or not countries:
        return "open_to_all"
    return "in_my_countries" if row.countries & countries else None


def make(tellings: Tellings, refs: Sequence[str]) -> dict[str, Row]:
    """Return the rows of some actions that somebody proposed."""
    told = tellings.about(refs, (PROPOSED,))
    own = {
        ref: [one for one in found if one.data.get("action") in tellings.merged.all_of(ref)]
        for ref, found in told.items()
    }
    made = {ref: _row(found) for ref, found in own.items() if found}
    homes = _homes(tellings, {one for row in made.values() for one in row.countries})
    return {
        ref: row._replace(countries=frozenset(code for one in row.countries for code in homes[one]))
        for ref, row in made.items()
    }


def _row(proposals: Sequence[Telling]) -> Row:
    """Return the row of an action, for `countries` what it is about."""
    last = proposals[-1]
    place = last.data.get("place")
    country = [f"place:{place['country']}"] if isinstance(place, Mapping) and "country" in place else []
    audience = str(last.event.get("audience", ""))
    return Row(
        frozenset({proposals[0].partner, str(last.data.get("lead", "")).removeprefix("partner:")}),
        frozenset(name.strip().partition("/")[0] for name in audience.split(",") if name.strip()),
        frozenset([*country, *map(str, last.data.get("about", ()))]),
    )


def _homes(tellings: Tellings, about: set[str]) -> dict[str, frozenset[str]]:
    """Return the countries of what actions are about: places themselves, and what events say of the others."""
    places = {one for one in about if one.startswith("place:")}
    told = tellings.about(sorted(about - places))
    found = {ref: frozenset(_said(told[tellings.merged.of(ref)])) for ref in about - places}
    return {**found, **{one: frozenset({one.removeprefix("place:")[:2]}) for one in places}}


def _said(told: Sequence[Telling]) -> Iterator[str]:
    for one in told:
        place = one.data.get("place")
        known = (
            one.data.get("country_of_practice"),
            one.data.get("country"),
            place.get("country") if isinstance(place, Mapping) else None,
        )
        yield from (code for code in known if isinstance(code, str))


def _owners(tellings: Tellings, touched: Collection[str]) -> set[str]:
    """Return the actions about what was touched: its country may be known now."""
    told = tellings.about([one for one in touched if not one.startswith("action:")], (PROPOSED,))
    return {str(one.data["action"]) for found in told.values() for one in found if "action" in one.data}


ROWS = Rows("mine.actions", "action", make, _owners)
"""For whom each action is meant."""
