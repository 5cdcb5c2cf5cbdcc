"""Many submissions in one call: each checked by itself, recorded by the chunk, reported by line."""

from collections.abc import Sequence
from dataclasses import dataclass

from events.cursor import Cursors
from events.event import Json, Position
from events.intake import Intake
from events.ledger import Ledger
from events.strict import MalformedJson, read_json
from events.submission import Checked, EventRefused, Outcome, Publisher, is_signed
from hub.api.bodies import wrapped
from hub.api.receipts import NotYours, problem_of, receipt_of, signed_receipt
from schemas.problem import Problem

Line = tuple[int, bytes | Json]
"""Number of the line, from 1, and its bytes, or what it holds if it is parsed already."""


@dataclass(frozen=True, slots=True)
class BatchMode:
    """What the caller asked for, and the largest single event in bytes."""

    atomic: bool
    dry_run: bool
    most_bytes: int


class Batch:
    """Takes lines in chunks and remembers what became of each; its calls block."""

    def __init__(
        self, intake: Intake, cursors: Cursors, ledger: Ledger, publisher: Publisher, mode: BatchMode
    ) -> None:
        self._intake = intake
        self._cursors = cursors
        self._ledger = ledger
        self._publisher = publisher
        self._mode = mode
        self._held: list[tuple[int, Checked]] = []
        self._results: dict[int, Json] = {}
        self._counts = {"stored": 0, "duplicates": 0, "rejected": 0}
        self._reached: Position | None = None
        self._taken: dict[int, Outcome] = {}

    def take(self, chunk: Sequence[Line]) -> None:
        """Check a chunk of lines and record what passed; an atomic batch is only held until `finish`."""
        passed = [(number, checked) for number, line in chunk if (checked := self._check(number, line))]
        if self._mode.atomic:
            self._held.extend(passed)
        else:
            self._record(passed)

    def finish(self) -> None:
        """Record what an atomic batch holds, if every line passed."""
        if not self._mode.atomic:
            return
        if self._counts["rejected"]:
            for number, checked in self._held:
                self._reject(number, checked.id, [_NOT_ALONE])
        else:
            self._record(self._held)
        self._held = []

    def report(self) -> dict[str, Json]:
        """Say what became of every line, in order."""
        results = [self._results[number] for number in sorted(self._results)]
        cursor = None if self._reached is None else self._cursors.encode(self._reached)
        note = signed_receipt([self._taken[number] for number in sorted(self._taken)], self._ledger)
        signed = {} if note is None else {"receipt": {"note": note}}
        said = {**self._counts, "results": results, "cursor": cursor, **signed}
        return {**said, "dry_run": True} if self._mode.dry_run else said

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing was rejected so far."""
        return self._counts["rejected"] == 0

    def _check(self, number: int, line: bytes | Json) -> Checked | None:
        raw: Json = None
        try:
            raw = self._parsed(line)
            return self._intake.check(self._publisher, raw)
        except EventRefused as refused:
            problems = list(refused.problems)
        except MalformedJson as malformed:
            problems = [Problem("", "malformed_json", f"{malformed.detail} Column {malformed.column}.")]
        except _LineTooLarge:
            limit = self._mode.most_bytes
            problems = [Problem("", "too_large", f"The event is over the limit of {limit} bytes.")]
        except NotYours as refused:
            problems = [problem_of(refused)]
        named = raw.get("id") if isinstance(raw, dict) else None
        self._reject(number, named if isinstance(named, str) and len(named) <= 128 else None, problems)
        return None

    def _parsed(self, line: bytes | Json) -> Json:
        if not isinstance(line, bytes):
            return line
        if len(line) > wrapped(self._mode.most_bytes):
            raise _LineTooLarge
        parsed = read_json(line)
        if len(line) > self._mode.most_bytes and not is_signed(parsed):
            raise _LineTooLarge
        return parsed

    def _record(self, passed: Sequence[tuple[int, Checked]]) -> None:
        if not passed:
            return
        checked = [one for _, one in passed]
        outcomes = self._intake.record(checked, atomic=self._mode.atomic, dry_run=self._mode.dry_run)
        for (number, _), outcome in zip(passed, outcomes, strict=True):
            self._report(number, outcome)

    def _report(self, number: int, outcome: Outcome) -> None:
        if outcome.status not in {"stored", "duplicate"}:
            self._reject(number, outcome.id, outcome.problems, outcome.status)
            return
        self._counts["stored" if outcome.status == "stored" else "duplicates"] += 1
        if outcome.position is not None:
            self._reached = max(self._reached or outcome.position, outcome.position)
            self._taken[number] = outcome
        said = receipt_of(outcome, self._cursors)
        self._results[number] = {"line": number, **said, "errors": []}

    def _reject(
        self, number: int, named: str | None, problems: Sequence[Problem], status: str = "refused"
    ) -> None:
        self._counts["rejected"] += 1
        errors = [one.as_json() for one in problems]
        self._results[number] = {"line": number, "id": named, "status": status, "errors": errors}


class _LineTooLarge(Exception):
    """One line is over the limit of a single event."""


_NOT_ALONE = Problem("", "not_alone", "Nothing was recorded, since other lines were refused.")
