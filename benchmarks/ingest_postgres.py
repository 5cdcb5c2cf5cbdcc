"""Ingest with four pushing processes on one PostgreSQL, beside the library's recorder with four writers.

`python -m benchmarks.ingest_postgres URL LIBRARY_URL NUMBER` is one pusher: it says `ready`, then for each line `KIND`
on standard input it pushes what it has prepared and says how long that took.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from benchmarks.archive import Archive, archive
from benchmarks.bare import rows_of
from benchmarks.database import database_server
from benchmarks.measure import Figure, interleaved, median, timed
from benchmarks.payloads import SLUG, threats
from benchmarks.processes import ROOT
from events.strict import read_json
from events.submission import Checked, Publisher

PUSHERS = 4
EVENTS = 1_500
BY = 100


class Pusher:
    """One process of the four."""

    def __init__(self, opened: Archive, recorder: PostgresApplicationRecorder, number: int) -> None:
        self._archive = opened
        self._recorder = recorder
        self._numbers = count(number * 10_000_000, EVENTS)

    def prepare(self, kind: str) -> Any:
        """Make events of one's own, as far as the kind wants them made."""
        lines = threats(next(self._numbers), EVENTS)
        if kind == "library":
            return rows_of(lines)
        if kind == "hub":
            return lines
        publisher = Publisher(SLUG, "bench")
        return [self._archive.intake.check(publisher, read_json(line)) for line in lines]

    def push(self, kind: str, prepared: Any) -> float:
        """Push by the hundred; return seconds of CPU."""
        if kind == "library":
            return timed(lambda: self._insert(prepared)).cpu
        if kind == "hub":
            return timed(lambda: self._archive.push(prepared, BY)).cpu
        return timed(lambda: self._append(prepared)).cpu

    def _insert(self, rows: Sequence[Any]) -> None:
        for start in range(0, EVENTS, BY):
            self._recorder.insert_events(rows[start : start + BY])

    def _append(self, checked: Sequence[Checked]) -> None:
        for start in range(0, EVENTS, BY):
            self._archive.intake.record(checked[start : start + BY])


def library_recorder(url: str) -> tuple[PostgresDatastore, PostgresApplicationRecorder]:
    """Return the library's recorder on a database that is reached by a socket."""
    parts = urlsplit(url)
    datastore = PostgresDatastore(
        dbname=parts.path.lstrip("/"),
        host=parse_qs(parts.query)["host"][0],
        port="5432",
        user=parts.username or "",
        password="",
    )
    recorder = PostgresApplicationRecorder(datastore, events_table_name="stored_events")
    recorder.create_table()
    return datastore, recorder


def main(url: str, library_url: str, number: int) -> None:
    """Be one pusher until standard input ends."""
    datastore, recorder = library_recorder(library_url)
    with archive(url) as opened:
        pusher = Pusher(opened, recorder, number)
        for line in sys.stdin:
            kind = line.strip()
            prepared = pusher.prepare(kind)
            print("ready", flush=True)
            sys.stdin.readline()
            print(json.dumps(pusher.push(kind, prepared)), flush=True)
    datastore.close()


class Crew:
    """The four pushers."""

    def __init__(self, processes: Sequence["subprocess.Popen[str]"]) -> None:
        self._processes = processes
        self.cpu: dict[str, list[float]] = {}

    def rate(self, kind: str) -> float:
        """Let all push at once; events a second until the last is done."""
        self._tell(kind)
        self._heard()
        said: list[str] = []

        def together() -> None:
            self._tell("go")
            said.extend(self._heard())

        wall = timed(together).wall
        used = sum(float(line) for line in said)
        self.cpu.setdefault(kind, []).append(used / (PUSHERS * EVENTS) * 1e6)
        return PUSHERS * EVENTS / wall

    def _tell(self, word: str) -> None:
        for process in self._processes:
            if process.stdin is not None:
                process.stdin.write(f"{word}\n")
                process.stdin.flush()

    def _heard(self) -> list[str]:
        return [process.stdout.readline() for process in self._processes if process.stdout is not None]


@contextmanager
def crew(url: str, library_url: str) -> Iterator[Crew]:
    """Start the four, and end them."""
    with ExitStack() as opened:
        processes = []
        for number in range(PUSHERS):
            command = [sys.executable, "-m", "benchmarks.ingest_postgres", url, library_url, str(number)]
            process = subprocess.Popen(
                command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            processes.append(opened.enter_context(process))
        yield Crew(processes)
        for process in processes:
            if process.stdin is not None:
                process.stdin.close()


def measure() -> list[Figure]:
    """Measure appending alone, and everything from bytes to durable."""
    with database_server() as server:
        url, library_url = server.fresh(), server.fresh()
        datastore, _ = library_recorder(library_url)
        datastore.close()
        with archive(url):
            pass  # made and its partner admitted before four open it at once
        with crew(url, library_url) as pushers:
            kinds = ("hub", "append", "library")
            for kind in kinds:
                pushers.rate(kind)
            contenders = {kind: lambda kind=kind: pushers.rate(kind) for kind in kinds}
            rates = {kind: median(values) for kind, values in interleaved(contenders).items()}
            cpu = {kind: median(values) for kind, values in pushers.cpu.items()}
    return [
        _figure("PostgreSQL, 4 pushing processes, bytes to durable", "hub", rates, cpu),
        _figure("PostgreSQL, 4 pushing processes, append alone", "append", rates, cpu),
    ]


def _figure(name: str, kind: str, rates: Mapping[str, float], cpu: Mapping[str, float]) -> Figure:
    return Figure(
        name=name,
        unit="events/s",
        ours=rates[kind],
        goal=">= 2",
        limit=rates["library"],
        limit_name=f"PostgresApplicationRecorder, {PUSHERS} writers by {BY}",
        met=rates[kind] >= 2 * rates["library"],
        notes={"client CPU us/event": cpu[kind], "library's client CPU us/event": cpu["library"]},
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
