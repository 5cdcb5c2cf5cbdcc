"""What tamper evidence adds to an event, and how fast a whole log is audited."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.archive import archive, now, registry
from benchmarks.measure import Figure, interleaved, median, timed
from benchmarks.payloads import SLUG
from benchmarks.processes import scratch
from benchmarks.sealing import lines
from events.commitments import Commitments, Place
from events.draft import Draft, Entry
from events.ids import time_ordered
from events.ledger import sent_digest
from events.mapper import Fact
from events.merkle import leaf_hash, root_of
from events.moments import stamp
from events.notes import Signer
from events.salt import Salt
from events.sealing import Sealing
from events.seals import Seals
from events.submission import Checked, Publisher
from events.vault import FILE, Vault
from verifier.database import Fetch, audit

if TYPE_CHECKING:
    from verifier.findings import Findings

EVENTS = 2_000
AUDITED = 20_000
CHUNK = 500

_STEM = "threat.reported.v1"


class Bench:
    """The same events made ready for the log with their leaves and without."""

    def __init__(self, vault: Vault) -> None:
        self._secret = b"s" * 32
        self._made = Commitments(registry(), self._secret)
        parts = vault, Seals(registry()), Salt(self._secret), os.urandom
        self._plain, self._whole = Sealing(*parts), Sealing(*parts, self._made)
        self._signer = Signer(b"k" * 32)
        numbers = count(0, EVENTS)
        self._drafts = {fields: self._drafted(next(numbers), fields) for fields in (0, 2)}

    def rows(self, fields: int, *, leaves: bool) -> float:
        """Return CPU microseconds an event for making rows."""
        sealing = self._whole if leaves else self._plain
        return _cpu(lambda: [sealing.rows(part) for part in self._parts(fields)])

    def receipts(self) -> float:
        """Return the same for receipts of batches: hash of what was sent, tree, one signature for all."""
        place = Place(time_ordered(now(), os.urandom), 1)

        def sign() -> None:
            for part in self._parts(0):
                said = [
                    leaf_hash(bytes(32) + sent_digest(self._made.nonce(place), one.entry.checked.content))
                    for one in part
                ]
                self._signer.sign(f"{root_of(said).hex()}\n")

        return _cpu(sign)

    def _parts(self, fields: int) -> Iterable[Sequence[Draft]]:
        drafts = self._drafts[fields]
        return (drafts[start : start + CHUNK] for start in range(0, EVENTS, CHUNK))

    def _drafted(self, first: int, fields: int) -> list[Draft]:
        made = []
        for one in map(orjson.loads, lines(first, EVENTS, fields)):
            envelope = {**one, "recordedtime": stamp(now())}
            checked = Checked(Publisher(SLUG, "bench"), _STEM, envelope, orjson.dumps(one))
            personal = self._plain.fields(_STEM, envelope)
            entry = Entry(checked, envelope, b"k" * 16, b"d" * 32, now(), personal)
            fact = Fact(time_ordered(now(), os.urandom), 1, now(), _STEM, envelope)
            made.append(Draft(entry, fact, [b"k" * 16]))
        return made


def run() -> list[Figure]:
    """Return the figures."""
    with scratch() as folder:
        vault = Vault(folder / FILE, os.urandom(32))
        bench = Bench(vault)
        found = interleaved(
            {
                "bare 0": partial(bench.rows, 0, leaves=False),
                "leaf 0": partial(bench.rows, 0, leaves=True),
                "bare 2": partial(bench.rows, 2, leaves=False),
                "leaf 2": partial(bench.rows, 2, leaves=True),
                "receipt": bench.receipts,
                "aes": _aes,
            }
        )
        vault.close()
        middle = {name: median(values) for name, values in found.items()}
        closing_us, rate = _audited(f"sqlite:///{folder / 'log.sqlite'}", str(folder / "log.sqlite"))
    receipt = middle["receipt"]
    figures = []
    for fields in (0, 2):
        leaf = middle[f"leaf {fields}"] - middle[f"bare {fields}"]
        whole = leaf + receipt + closing_us
        parts = {"leaf": leaf, "receipt": receipt, "closing": closing_us, "aes of 600 bytes": middle["aes"]}
        name = f"Merkle, commitments, receipt above sealing, {fields} personal fields"
        figures.append(Figure(name, "µs CPU an event", whole, "≤ 60", met=whole <= 60, notes=parts))
    figures.append(Figure("audit of a whole log", "events/s CPU", rate, "≥ 30,000", met=rate >= 30_000))
    return figures


def _audited(url: str, file: str) -> tuple[float, float]:
    """Return CPU microseconds an event for closing sheets, and how many events a second are audited."""
    with archive(url) as opened:
        opened.push(lines(0, AUDITED, 1), CHUNK)
        ledger = opened.store.ledger(Signer(b"k" * 32))
        took = timed(lambda: ledger.close_due(now(), timedelta(seconds=1)))
    with closing(sqlite3.connect(file)) as db:

        def fetch(query: str) -> Iterable[Sequence[Any]]:
            return db.execute(query)

        rates = [_rate(fetch) for _ in range(5)]
    return took.cpu / AUDITED * 1e6, median(rates)


def _rate(fetch: Fetch) -> float:
    found: list[Findings] = []
    audited = timed(lambda: found.append(audit("log", fetch, "rowid")[0]))
    if found[0].faults or found[0].events < AUDITED:
        raise RuntimeError("the audit found what is not there")
    return found[0].events / audited.cpu


def _aes() -> float:
    cipher, value = AESGCM(b"k" * 32), b"x" * 600
    return _cpu(lambda: [cipher.encrypt(b"n" * 12, value, b"") for _ in range(EVENTS)])


def _cpu(work: Any) -> float:
    return timed(work).cpu / EVENTS * 1e6
