"""Reads files of events line by line: JSON (one event or an array), NDJSON, CSV."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from events.strict import MalformedJson, read_json
from events.submission import is_signed
from hub.client.naming import content_id
from hub.client.shapes import Shapes
from hub.client.sheets import SheetRefused, read_sheet
from schemas.problem import Problem
from schemas.registry import Registry

Json = Any

RECORDED = "recordedtime"

_NO_TEXT = 'The file is not UTF-8 text. In your spreadsheet program choose "Save as", "CSV UTF-8", and push that file.'
_NO_TEXT_FROM_HERE = f"Nothing from here on was read, what stands above was. {_NO_TEXT}"


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a file, or why it cannot be read.

    Args:
        file: the path as it was given; `-` is standard input.
        line: where it begins, from 1.
        event: the CloudEvent as far as the file says it, or the envelope in which it was signed; None if it cannot
            be read.
        problems: what is wrong with the line itself, before any check of the event.
    """

    file: str
    line: int
    event: Json
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read files of events.

    Args:
        shapes_of: gives the shapes of a type; None if there is no such type.
        event_type: type of lines that are bare payloads or rows without a type.
    """

    shapes_of: Callable[[str], Shapes | None]
    event_type: str | None = None

    def lines(self, file: str) -> Iterator[Line]:
        """Yield the events of `file` in order, each with an id.

        What a hub has exported is read as it is. An event without an id gets one from a digest of its content, so that
        pushing the same file twice is harmless; a row that was changed counts as a new event.
        """
        ending = Path(file).suffix.lower()
        at = 1
        try:
            with _opened(file) as text:
                for line in self._read(file, ending, text):
                    at = line.line + 1
                    yield line
        except UnicodeError:
            told = _NO_TEXT if at == 1 else _NO_TEXT_FROM_HERE
            yield Line(file, at, None, (Problem("", "not_utf8", told),))
        except SheetRefused as refused:
            yield Line(file, 1, None, (Problem("", "bad_header", str(refused)),))

    def _read(self, file: str, ending: str, text: Iterator[str]) -> Iterator[Line]:
        if ending in {".csv", ".tsv"}:
            for at, event, problems in read_sheet(text, self.shapes_of, self.event_type):
                yield Line(file, at, event and self._completed(event), tuple(problems))
            return
        first = next(text, "")
        if ending != ".json" or _is_whole(first):
            yield from self._ndjson(file, first, text)
        else:
            yield from self._json(file, first + "".join(text))

    def _ndjson(self, file: str, first: str, rest: Iterator[str]) -> Iterator[Line]:
        from itertools import chain

        for at, line in enumerate(chain([first.lstrip("\ufeff")], rest), 1):
            if line.strip():
                yield from self._values(file, at, line.strip())

    def _json(self, file: str, text: str) -> Iterator[Line]:
        for at, value in _items(text.lstrip("\ufeff")):
            yield from self._values(file, at, value)

    def _values(self, file: str, at: int, text: str) -> Iterator[Line]:
        try:
            value = read_json(text.encode())
        except MalformedJson as wrong:
            line = at + wrong.line - 1
            yield Line(
                file, line, None, (Problem("", "malformed_json", f"{wrong.detail} Column {wrong.column}."),)
            )
            return
        for event in value if isinstance(value, list) else [value]:
            if isinstance(event, dict):
                yield Line(file, at, self._completed(event))
            else:
                yield Line(file, at, None, (Problem("", "wrong_type", "An event is a JSON object."),))

    def _completed(self, said: dict[str, Json]) -> dict[str, Json]:
        if is_signed(said):
            return said
        is_event = "specversion" in said
        event = said if is_event or self.event_type is None else _wrapped(said, self.event_type)
        if is_event:
            # An export says when the hub has recorded each event; a hub takes that from nobody.
            event = {name: value for name, value in event.items() if name != RECORDED}
        return event if "id" in event else {**event, "id": content_id(event)}


def shapes_finder(registry: Registry) -> Callable[[str], Shapes | None]:
    """Return what finds the shapes of the newest version of a type."""
    documents = registry.documents()

    def shapes_of(event_type: str) -> Shapes | None:
        version = registry.newest(event_type)
        if version is None:
            return None
        schema = registry.contract(f"{event_type}.v{version}").schema
        return Shapes(documents, str(schema["$id"]))

    return shapes_of


def _wrapped(data: Json, event_type: str) -> dict[str, Json]:
    return {"specversion": "1.0", "type": event_type, "data": data}


@contextmanager
def _opened(file: str) -> Iterator[Iterator[str]]:
    """Open a file as its byte order mark says, else as UTF-8; once, since a pipe says everything once."""
    if file == "-":
        yield (raw.decode("utf-8") for raw in sys.stdin.buffer)
        return
    with Path(file).open("rb") as raw:
        encoding = "utf-16" if raw.peek(2)[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
        yield TextIOWrapper(raw, encoding=encoding, newline="")


def _is_whole(line: str) -> bool:
    """Tell whether a line is a JSON object by itself, as in NDJSON."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _items(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each item of a JSON array, or of the one value there is."""
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] != "[":
        yield text.count("\n", 0, start) + 1, text
        return
    decoder, at = json.JSONDecoder(), _skipped(text, start + 1, " \t\r\n")
    while at < len(text) and text[at] != "]":
        line = text.count("\n", 0, at) + 1
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield line, text[at:]
            return
        yield line, text[at:end]
        at = _skipped(text, end, " \t\r\n,")


def _skipped(text: str, at: int, blanks: str) -> int:
    while at < len(text) and text[at] in blanks:
        at += 1
    return at
