"""Spreadsheets: the ties as CSV, or nodes and ties as two CSV files in a ZIP."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain

from projections.graph.exports.excerpt import NODE_FIELDS, Excerpt, Json
from projections.graph.exports.pieces import one_text, pieces
from schemas.cells import harmless

_EDGES = ("from", "kind", "to", "since", "until", "claims")
_NODES = ("ref", *NODE_FIELDS)
_SPECIAL = re.compile('[,"\r\n]')


def as_csv(excerpt: Excerpt) -> Iterator[bytes]:
    """Stream the edges as CSV; a cell that a spreadsheet would compute is quoted by an apostrophe."""
    return _sheet(_EDGES, excerpt.edges())


def as_zip(excerpt: Excerpt) -> Iterator[bytes]:
    """Stream a ZIP of `nodes.csv` and `edges.csv`, packed while it is read; the same graph gives the same bytes."""
    out = _Out()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, fields, rows in (
            ("nodes.csv", _NODES, excerpt.nodes()),
            ("edges.csv", (*_EDGES, "status"), excerpt.edges()),
        ):
            # Nothing is known of the size beforehand, and nothing of the time may show.
            with packed.open(_named(name), "w", force_zip64=True) as file:
                for piece in _sheet(fields, rows):
                    file.write(piece)
                    yield out.taken()
    yield out.taken()


def _named(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


class _Out(io.RawIOBase):
    """Holds what was packed until it is taken; it can only be written on, as a connection."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[bytes] = []

    def write(self, piece: Json) -> int:
        self._waiting.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        """Return what waits, and forget it."""
        taken = b"".join(self._waiting)
        self._waiting.clear()
        return taken


def _sheet(columns: Iterable[str], rows: Iterable[Json]) -> Iterator[bytes]:
    names = tuple(columns)
    lines = (",".join([_cell(row.get(name)) for name in names]) + "\r\n" for row in rows)
    return pieces(chain((",".join(names) + "\r\n",), lines))


def _cell(value: Json) -> str:
    text = "" if value is None else harmless(one_text(value))
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if _SPECIAL.search(text) else text
