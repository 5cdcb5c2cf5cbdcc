"""Reads a spreadsheet as events: one row an event, one column a field, named by its dotted path.

`data.place.country` is a field of the payload, `data.targets[0]` an item of a list, `data.targets` a whole list with
`;` between its items; `id`, `type`, `tlp`, `audience`, `time` and the other names of the envelope stand by themselves.
With a type given from outside, `data.` may be left out in every column. A column without a name is empty. A line
`sep=;` before the header, which spreadsheet programs write and hide, says what stands between cells.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from hub.client.shapes import Shapes
from schemas.cells import as_said
from schemas.problem import Problem

Json = Any
Path = tuple[str | int, ...]

ENVELOPE = frozenset(
    "specversion id source type subject time tlp audience notbefore correlationid causationid expirytime "
    "dataschema datacontenttype sequence dataclassification dataregulation datacategory recordedtime".split()
)
_SEPARATOR = re.compile(r"""["']?sep=([,;\t|])["']?""", re.IGNORECASE)
_SHOWN = 120
"""Most characters of a sheet that a sentence repeats."""

_STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,4})\]")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


_ENDS_HERE = (
    "Nothing from here on was read: mend it, and push the sheet again; what the hub has is known to it."
)

_UNNAMED = Problem("", "too_many_cells", "This row has a cell under no column: the header names none there.")


class SheetRefused(Exception):
    """The header of a sheet cannot be understood; the message is one sentence."""


def read_sheet(
    lines: Iterator[str], shapes_of: Callable[[str], Shapes | None], event_type: str | None
) -> Iterator[tuple[int, Json, list[Problem]]]:
    """Yield for each row the line it begins on, its event, and what is wrong with the row itself.

    Args:
        lines: the sheet, header first; commas, semicolons or tabs between cells.
        shapes_of: gives the shapes of a type; None if there is no such type.
        event_type: type of every row that has no `type` of its own.

    Raises:
        SheetRefused: no header, a column named twice, or names that are no fields, as in a title.
    """
    first, above = next(lines, "").lstrip("\ufeff"), 0
    said = _SEPARATOR.fullmatch(first.strip("\r\n"))
    if said is not None:
        first, above = next(lines, ""), 1
    delimiter = max(",;\t", key=first.count) if said is None else said[1]
    rows = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    shapes = None if event_type is None else shapes_of(event_type)
    paths = _paths(_header(rows), above + 1, shapes, is_typed=event_type is not None)
    at = above + rows.line_num + 1
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield at, None, [Problem("", "unreadable", f"This row is no CSV: {error}. {_ENDS_HERE}")]
            return
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield at, *_event(row, paths, shapes_of, event_type)
        at = above + rows.line_num + 1


def _header(rows: Iterator[list[str]]) -> list[str]:
    try:
        return [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        raise SheetRefused(f"The first row, which names the columns, is no CSV: {error}.") from error


def _paths(header: Sequence[str], line: int, shapes: Shapes | None, *, is_typed: bool) -> list[Path]:
    """Return the path of each column; none for one without a name."""
    is_bare = is_typed and not any(name.startswith("data.") for name in header)
    try:
        paths = [_path(name, is_bare=is_bare) if name else () for name in header]
    except SheetRefused as refused:
        raise SheetRefused(f"{refused} {_as_read(header, line, shapes)}") from refused
    if not any(paths):
        raise SheetRefused("The sheet, or its first line, is empty: that line names the columns.")
    if is_bare and shapes is not None and not any(_is_known(path, shapes) for path in paths if path):
        raise SheetRefused(f"No column is a field of this type. {_as_read(header, line, shapes)}")
    for at, path in enumerate(paths):
        if path and path in paths[:at]:
            raise SheetRefused(f"Column {at + 1} has the same name as an earlier one.")
    return paths


def _is_known(path: Path, shapes: Shapes) -> bool:
    return path[0] in ENVELOPE or bool(shapes.types(path[1:2]))


def _as_read(header: Sequence[str], line: int, shapes: Shapes | None) -> str:
    """Say what was taken for the header, and what one looks like."""
    example = ",".join(["id", "type", "data.threat", "data.targets"] if shapes is None else shapes.required())
    said = _shown(", ".join(filter(None, header)))
    return (
        f'Line {line} was read as the names of the columns: "{said}". If it is a title, take it out: '
        f"the first line has to name the columns, as in {example}"
    )


def _shown(text: str) -> str:
    """Return a piece of a sheet that can be shown: no control characters, and not too long."""
    said = "".join(one for one in text if one.isprintable())
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}..."


def _path(name: str, *, is_bare: bool) -> Path:
    if name in ENVELOPE:
        return (name,)
    steps: Path = tuple(int(index) if index else word for word, index in _STEP.findall(name))
    is_path = _STEP.sub("", name).strip(".") == "" and bool(steps) and isinstance(steps[0], str)
    if is_path and is_bare:
        return ("data", *steps)
    if not is_path or steps[0] != "data" or len(steps) == 1:
        raise SheetRefused(
            f'Column "{_shown(name)}" is no field: write data.place.country or data.targets[0], '
            "or a name of the envelope such as id, type, tlp."
        )
    return steps


def _event(
    row: Sequence[str],
    paths: Sequence[Path],
    shapes_of: Callable[[str], Shapes | None],
    event_type: str | None,
) -> tuple[Json, list[Problem]]:
    beyond: list[Path] = [()] * (len(row) - len(paths))
    named = zip(chain(paths, beyond), row, strict=False)
    filled = [(path, as_said(cell.strip())) for path, cell in named if cell.strip()]
    cells = {path: cell for path, cell in filled if path}
    event: dict[str, Json] = {"specversion": "1.0"}
    event.update({str(path[0]): cell for path, cell in cells.items() if len(path) == 1})
    if event_type is not None:
        event.setdefault("type", event_type)
    shapes = shapes_of(str(event.get("type", "")))
    data: dict[str, Json] = {}
    inside = [(path, _value(cell, path[1:], shapes)) for path, cell in cells.items() if len(path) > 1]
    told = [_twice(path) for path, value in inside if not _put(data, path[1:], value)]
    event["data"] = _closed(data)
    return event, told if len(cells) == len(filled) else [*told, _UNNAMED]


def _twice(path: Path) -> Problem:
    pointer = "".join(f"/{step}" for step in path)
    said = "This row says the field in one column as a whole, and in another in part: keep one."
    return Problem(pointer, "said_twice", said)


def _value(cell: str, path: Path, shapes: Shapes | None) -> Json:
    """Read a cell as the schema says; what does not fit stays text, so that the check can name it."""
    kinds = shapes.types(path) if shapes else frozenset[str]()
    if "array" in kinds and shapes is not None:
        return [_value(item.strip(), (*path, 0), shapes) for item in cell.split(";") if item.strip()]
    if "boolean" in kinds and cell.lower() in _TRUTH:
        return _TRUTH[cell.lower()]
    if kinds & {"number", "integer"}:
        return _number(cell)
    if "null" in kinds and cell.lower() == "null":
        return None
    return cell


def _number(cell: str) -> Json:
    if re.fullmatch(r"-?(0|[1-9]\d{0,17})", cell):
        return int(cell)
    if re.fullmatch(r"-?(0|[1-9]\d{0,17})\.\d{1,17}", cell):
        return float(cell)
    return None if cell.lower() == "null" else cell


def _put(data: dict[str, Json], path: Path, value: Json) -> bool:
    """Set `value` at `path`, unless it or a whole around it is; lists are dicts until `_closed` closes them."""
    here: Json = data
    for step in path[:-1]:
        here = here.setdefault(step, {})
        if not isinstance(here, dict):
            return False
    is_free = path[-1] not in here
    here.setdefault(path[-1], value)
    return is_free


def _closed(value: Json) -> Json:
    if not isinstance(value, Mapping):
        return value
    if value and all(isinstance(key, int) for key in value):
        return [_closed(value[key]) for key in sorted(value)]
    return {str(key): _closed(item) for key, item in value.items()}
