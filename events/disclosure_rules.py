"""What is refused in figures on legal aid, and how to mend it: the rules of disclosure control as problems."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from events.disclosure import LEAST, Cell, Group, cells_of, is_of_children, share_of
from events.disclosure_audit import REVEALS, SUM_DIFFERS, TOO_MANY, audit
from events.event import Json
from schemas.problem import Problem

_FIGURES = ("value", "numerator", "denominator")

SAID: Mapping[str, tuple[str, str]] = {
    REVEALS: (
        "Is hidden, but follows from the other figures, or more of it than that it is small.",
        "Hide a second cell of the same total (send null), or leave the total out.",
    ),
    SUM_DIFFERS: (
        "Is not the sum of its parts, even if hidden cells are given every value that they can have.",
        "Send every group, also as null or under the code unknown; or mend the sum.",
    ),
    TOO_MANY: (
        "So many groups cross that nobody can tell what follows from them.",
        "Send fewer dimensions in one report.",
    ),
}
"""Code of a finding → what is said of the cell, and how to mend it."""


def figure_problems(data: Mapping[str, Json], least: Mapping[str, int]) -> list[Problem]:
    """Return what is wrong with the figures of a `legalaid.reported` that fits its contract.

    First what is wrong with single cells; only where nothing is, what follows from them together.

    Args:
        data: the payload.
        least: the smallest count that may be told, of indicators for which it is not `LEAST`.
    """
    stated = (data.get("suppression") or {}).get("threshold", LEAST)
    observations = data["observations"]
    refs = {one["indicator"] for one in observations}
    smallest = {ref: max(least.get(ref, LEAST), stated) for ref in refs}
    found = list(_alone(observations, smallest))
    if found:
        return found
    cells = cells_of(observations, smallest)
    repeated = list(_repeated(cells))
    return repeated or [problem(code, pointer) for code, pointer in audit(cells)]


def problem(code: str, pointer: str) -> Problem:
    """Return a finding of the audit as partners read it."""
    return Problem(pointer, code, *SAID[code])


def correction_problems(data: Mapping[str, Json]) -> Iterator[Problem]:
    """Yield what is wrong with a correction of figures: it may take one back, and open or change none.

    Only figures on legal aid have fields of these names.
    """
    for index, change in enumerate(data.get("changes", ())):
        path = change["pointer"].split("/")[1:]
        if path[0] not in {"observations", "case_outcomes"}:
            continue
        is_figure = path[0] == "observations" and path[-1] in _FIGURES
        if not is_figure or change["to"] is not None:
            detail = "Changes figures one by one, where nobody can check what they give away together."
            hint = "Hide a figure by null; to change one, publish the dataset again with `supersedes`."
            yield Problem(f"/data/changes/{index}/pointer", "not_allowed", detail, hint)


def _alone(observations: list[Json], smallest: Mapping[str, int]) -> Iterator[Problem]:
    for index, one in enumerate(observations):
        pointer = f"/data/observations/{index}"
        yield from _share(one, pointer)
        yield from _small(one, pointer, smallest[one["indicator"]])
        if one["unit"] == "count":
            yield from _whole(one["value"], pointer)
        if is_of_children(one):
            yield from _child(one, pointer, smallest[one["indicator"]])


def _share(one: Mapping[str, Json], pointer: str) -> Iterator[Problem]:
    part, whole = one.get("numerator"), one.get("denominator")
    if part is not None and whole is not None and part > whole:
        yield Problem(f"{pointer}/numerator", "too_big", "Is greater than the denominator.")
    elif (
        part is not None
        and whole
        and one["unit"] == "percent"
        and not _is_percentage(one["value"], part, whole)
    ):
        detail = "Is not numerator / denominator × 100, however it is rounded."
        yield Problem(f"{pointer}/value", "sum_differs", detail, "Mend the figure that is wrong.")


def _is_percentage(value: Json, part: int, whole: int) -> bool:
    """Tell whether a percentage is that of its numbers, rounded or cut off at its last digit."""
    if value is None:
        return True
    said = Decimal(repr(value))
    exponent = min(int(said.normalize().as_tuple().exponent), 0)
    return abs(said * whole - 100 * part) < Decimal(10) ** exponent * whole


def _small(one: Mapping[str, Json], pointer: str, least: int) -> Iterator[Problem]:
    """Yield clear counts under the smallest by indicator or report; 1 to 4 the contract refuses."""
    names = _FIGURES if one["unit"] == "count" else _FIGURES[1:]
    for name in names:
        value = one.get(name)
        if isinstance(value, int | float) and 0 < value < least:
            detail = f"Is under {least}, the smallest count that may be shown here."
            yield Problem(f"{pointer}/{name}", "not_allowed", detail, "Send null instead.", {"least": least})


def _whole(value: Json, pointer: str) -> Iterator[Problem]:
    if isinstance(value, int | float) and (value < 0 or value != int(value)):
        yield Problem(f"{pointer}/value", "wrong_value", "Is a count, and no whole number from 0.")


def _child(one: Mapping[str, Json], pointer: str, least: int) -> Iterator[Problem]:
    """Yield what could be about one child: a figure over unknown few, and all but a few of which something is true."""
    part, whole = share_of(one), one.get("denominator")
    if one["unit"] != "count" and one["value"] is not None and whole is None:
        detail = "Says nothing of how many children stand behind the figure."
        hint = f"Say how many, at least {least}."
        yield Problem(f"{pointer}/denominator", "required", detail, hint, {"children": least})
    if part is not None and whole is not None and part[1] < whole < part[0] + least:
        detail = "Leaves so few children of whom it is not true that they could be recognised."
        yield Problem(f"{pointer}/numerator", "not_allowed", detail, "Leave value and numerator out (null).")


def _repeated(cells: list[Cell]) -> Iterator[Problem]:
    seen: set[tuple[tuple[str, str, str], Group]] = set()
    for cell in cells:
        if (cell.table, cell.group) in seen:
            where = cell.pointer.rpartition("/")[0]
            detail = "Counts the same group a second time: figures are totals, never one row for each person."
            yield Problem(where, "repeated_item", detail, "Send one total, or tell the groups apart in dims.")
        seen.add((cell.table, cell.group))
