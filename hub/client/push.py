"""Sends what lies in the outbox, batch by batch, and tells what became of each event."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from events.submission import is_signed
from hub.client.answers import TOO_LARGE, Turned, Unreachable
from hub.client.door import Door
from hub.client.outbox import Outbox, Waiting
from hub.client.signing import inner
from schemas.problem import Problem

Json = Any

EVENTS = "/api/v1/events"
LARGEST_BODY = 16 * 1024 * 1024
TAKEN = frozenset({"stored", "duplicate"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that the hub, or the reading of the file, refused."""

    file: str
    line: int
    id: str | None
    problems: tuple[Problem, ...]

    def as_json(self) -> Json:
        """Return the form that `--json` prints."""
        errors = [problem.as_json() for problem in self.problems]
        return {"file": self.file, "line": self.line, "id": self.id, "errors": errors}

    def sentences(self) -> Iterator[str]:
        """Yield one line of text a problem: where, which field, what, and what would do."""
        for problem in self.problems:
            hint = f" ({problem.hint})" if problem.hint else ""
            pointer = f"{problem.pointer}: " if problem.pointer else ""
            yield f"{self.file}:{self.line}: {pointer}{problem.detail}{hint}"


@dataclass(slots=True)
class Tally:
    """What became of the events of one push so far."""

    stored: int = 0
    duplicates: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    cursor: str | None = None
    """Of the last event that the hub has."""


class Push:
    """Empties an outbox into a hub.

    Args:
        door: the hub.
        outbox: what is to be sent.
        batch: most events in one request.
        dry_run: ask the hub what it would say, store nothing.
    """

    def __init__(self, door: Door, outbox: Outbox, batch: int, *, dry_run: bool) -> None:
        self._door = door
        self._outbox = outbox
        self._batch = batch
        self._dry_run = dry_run
        self._refused: list[int] = []
        self._named: str | None = None

    @property
    def refused(self) -> int:
        """How many refused events are still in the outbox, so that a kill before they are told loses no refusal."""
        return len(self._refused)

    def settle_refused(self) -> None:
        """Forget the refused events: somebody was told."""
        self._outbox.settle(self._refused)
        self._refused.clear()

    def _source(self) -> str:
        """Return the source of this token's partner; the outbox learns it once."""
        if self._named is None:
            self._named = self._door.source
            self._outbox.claim(self._named)
        return self._named

    def send_all(self, tally: Tally, advanced: Callable[[int], None]) -> None:
        """Send until nothing waits; `advanced` is told after each batch how many got their answer.

        Raises:
            Unreachable: no answer in time; what has none stays in the outbox.
            Turned: the hub refuses the token or the request as a whole; the same.
        """
        if self._outbox.foreign():
            self._source()
        after = 0
        while batch := _fitting(self._outbox.waiting(after, self._batch), self._source):
            self._send(batch, tally)
            after = batch[-1][0].no
            advanced(len(batch))

    def until_read(self, tally: Tally) -> None:
        """Wait until what the hub has taken is in its answers, so that whoever asks next finds it; not for ever."""
        if tally.cursor is not None:
            with suppress(Unreachable, Turned):
                self._door.once().get("/api/v1/me", {"at_least": tally.cursor})

    def send_one(self, waiting: Waiting) -> Json:
        """Send one event and return what the hub says of it: `status`, `errors`, `cursor`, `receipt`.

        Errors are those of `send_all`. It is settled whatever that is.
        """
        ((_, text),) = _fitting([waiting], self._source)
        try:
            (result,) = self._post(text, [waiting.event])["results"]
        except Turned as turned:
            if turned.status != TOO_LARGE:
                raise
            result = _too_large(str(turned))
        self._outbox.settle([waiting.no])
        return result

    def _send(self, batch: Sequence[tuple[Waiting, bytes]], tally: Tally) -> None:
        """Send a batch, in halves if it is too large for the hub."""
        try:
            body = b"".join(text for _, text in batch)
            answer = self._post(body, [waiting.event for waiting, _ in batch])
        except Turned as turned:
            if turned.status != TOO_LARGE:
                raise
            if len(batch) == 1:
                self._settle(batch[0][0], _too_large(str(turned)), tally)
                return
            self._send(batch[: len(batch) // 2], tally)
            self._send(batch[len(batch) // 2 :], tally)
            return
        results = {result["line"]: result for result in answer["results"]}
        taken = [
            waiting.no
            for at, (waiting, _) in enumerate(batch, 1)
            if self._settle(waiting, results[at], tally)
        ]
        self._outbox.settle(taken)

    def _post(self, body: bytes, events: Sequence[Json]) -> Json:
        """Post events; what is no answer to these events, each named by its id, is taken for none."""
        named = [inner(event).get("id") for event in events]

        def fits(answer: Json) -> bool:
            is_rehearsed = isinstance(answer, dict) and answer.get("dry_run", False)
            return (self._dry_run or not is_rehearsed) and _answers(answer, named)

        return self._door.post_lines(EVENTS, body, dry_run=self._dry_run, fits=fits)

    def _settle(self, waiting: Waiting, result: Mapping[str, Json], tally: Tally) -> bool:
        """Count what became of one event; False if it was refused, and waits until that is told."""
        status = result["status"]
        if status == "stored":
            tally.stored += 1
        elif status == "duplicate":
            tally.duplicates += 1
        else:
            named = inner(waiting.event).get("id")
            told = named if isinstance(named, str) else None
            tally.refusals.append(Refusal(waiting.file, waiting.line, told, problems_of(result)))
            self._refused.append(waiting.no)
            return False
        tally.cursor = result.get("cursor", tally.cursor)
        return True


def _fitting(waiting: Sequence[Waiting], source: Callable[[], str]) -> list[tuple[Waiting, bytes]]:
    """Encode events, each with a source unless it is signed, as long as they fit into one body; at least one."""
    fitting, size = list[tuple[Waiting, bytes]](), 0
    for one in waiting:
        event = one.event if _is_whole(one.event) else {**one.event, "source": source()}
        text = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        size += len(text)
        if fitting and size > LARGEST_BODY:
            break
        fitting.append((one, text))
    return fitting


def _answers(answer: Json, named: Sequence[Json]) -> bool:
    """Tell whether an answer says of each of these ids what became of it."""
    try:
        results = {result["line"]: result for result in answer["results"]}
        said = [results[at] for at in range(1, len(named) + 1)]
        return len(answer["results"]) == len(named) and all(
            one["id"] == name if one["status"] in TAKEN else one.get("id") in (name, None)
            for one, name in zip(said, named, strict=True)
        )
    except (KeyError, TypeError):
        return False


def _is_whole(event: Json) -> bool:
    return "source" in event or is_signed(event)


def problems_of(result: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Return why the hub refused an event; never empty."""
    said = tuple(_problem(error) for error in result.get("errors", ()))
    return said or (_silent(result["status"]),)


def _problem(error: Mapping[str, str]) -> Problem:
    return Problem(error.get("pointer", ""), error["code"], error["detail"], error.get("hint"))


def _too_large(detail: str) -> Json:
    return {"status": "refused", "errors": [{"pointer": "", "code": "too_large", "detail": detail}]}


def _silent(status: str) -> Problem:
    if status == "conflict":
        return Problem("/id", "conflict", "The hub has another event of yours under this id.")
    return Problem("", status, "The hub refused this event.")
