"""Takes out what a token may see, page by page, as files."""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from hub.client.answers import Turned
from hub.client.door import Door
from hub.client.shapes import Shapes
from schemas.cells import harmless

Json = Any
Write = Callable[[bytes], object]
ShapesOf = Callable[[str], Shapes | None]
Path = tuple[str | int, ...]

PAGE = "1000"
PAGED = frozenset({"events", "next"})


def pages(door: Door, until: str | None) -> Iterator[list[Json]]:
    """Yield the events that the token may see, in append order, a page at a time."""
    params = {"limit": PAGE} | ({"until": until} if until else {})
    while True:
        page = door.get("/api/v1/events", params, members=PAGED)
        yield page["events"]
        if page["next"] is None:
            return
        params["after"] = page["next"]


def write_ndjson(door: Door, until: str | None, write: Write) -> None:
    """Write one event a line."""
    for page in pages(door, until):
        for event in page:
            write(_line(event))


def write_proven(door: Door, until: str | None, write: Write, write_proof: Write) -> None:
    """Write one event a line, and beside them what proves each: the key of the log, checkpoints, proofs, their number.

    Raises:
        Turned: an event was withdrawn between the two answers about it, so that it has no proof; try again.
    """
    params = {"limit": PAGE} | ({"until": until} if until else {})
    write_proof(_line({"log": door.get("/api/v1/log/key", members={"key"})["key"]}))
    count = 0
    while True:
        page = door.get("/api/v1/events", params, members=PAGED)
        said = door.get("/api/v1/log/proofs", params, members={"checkpoint", "proofs"})
        write_proof(_line({"checkpoint": said["checkpoint"]}))
        proofs = {(one["source"], one["id"]): one for one in said["proofs"]}
        for event in page["events"]:
            proof = proofs.get((event["source"], event["id"]))
            if proof is None:
                raise Turned(409, "An event was withdrawn meanwhile. Export again.")
            write(_line(event))
            write_proof(_line({"proof": proof}))
            count += 1
        if page["next"] is None:
            write_proof(_line({"end": count}))
            return
        params["after"] = page["next"]


def write_json(door: Door, until: str | None, write: Write) -> None:
    """Write one JSON array."""
    before = b"["
    for page in pages(door, until):
        for event in page:
            write(before + b"\n" + _line(event).rstrip())
            before = b","
    write(b"[]\n" if before == b"[" else b"\n]\n")


def write_csv(door: Door, until: str | None, write: Write, shapes_of: ShapesOf) -> None:
    """Write a sheet that `hub push` can read: one row an event, one column a field by its dotted path."""
    columns: dict[str, None] = {}
    with tempfile.TemporaryFile() as kept:
        for page in pages(door, until):
            for event in page:
                row = dict(cells(event, shapes_of(str(event["type"]))))
                columns.update(dict.fromkeys(row))
                kept.write(_line(row))
        kept.seek(0)
        _write_rows(kept, list(columns), write)


def _write_rows(kept: IO[bytes], columns: list[str], write: Write) -> None:
    write(sheet_row(columns))
    for line in kept:
        row = json.loads(line)
        write(sheet_row([row.get(column, "") for column in columns]))


def _line(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def sheet_row(row: list[str]) -> bytes:
    """Write one row of CSV."""
    text = io.StringIO()
    # Python 3.11 quotes no character but those of its own line end: \r has to be one of them.
    csv.writer(text, lineterminator="\r\n").writerow([harmless(cell) for cell in row])
    return text.getvalue().removesuffix("\r\n").encode() + b"\n"


def cells(event: Json, shapes: Shapes | None) -> Iterator[tuple[str, str]]:
    """Yield column and cell of each field; a list of texts is one cell where its type is known to be a list."""
    for name, value in event.items():
        if name == "data":
            yield from _payload_cells(value, (), shapes)
        else:
            yield name, _cell(value)


def _payload_cells(value: Json, path: Path, shapes: Shapes | None) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _payload_cells(item, (*path, key), shapes)
    elif isinstance(value, list):
        is_list = shapes is not None and "array" in shapes.types(path)
        if is_list and all(isinstance(item, str) and item.strip() and ";" not in item for item in value):
            yield _column(path), ";".join(value)
            return
        for at, item in enumerate(value):
            yield from _payload_cells(item, (*path, at), shapes)
    else:
        yield _column(path), _cell(value)


def _column(path: Path) -> str:
    return "data" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _cell(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
