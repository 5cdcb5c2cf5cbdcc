"""What sealing and labelling add to an event: beside the bare cipher, beside all of intake, and all together."""

import gc
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eventsourcing.persistence import Notification

from benchmarks.archive import Archive, archive, now, registry
from benchmarks.fold import pages
from benchmarks.measure import Figure, interleaved, median, timed
from benchmarks.payloads import SLUG, event
from benchmarks.processes import scratch
from events.draft import Draft, Entry
from events.ids import time_ordered
from events.log import Row
from events.mapper import Fact
from events.moments import stamp
from events.salt import Salt
from events.sealing import Sealing
from events.seals import Seals
from events.submission import Checked, Publisher
from events.vault import FILE, Vault
from projections.database import Database
from projections.labels import Labels
from projections.rulings import Rulings
from projections.tail import Tail

EVENTS = 2_000
CHUNK = 500
"""As the hub records a streamed batch."""

FIELDS = (0, 1, 2)
"""Personal fields of an event: none, the narrative, and the source of it as well."""

_STEM = "threat.reported.v1"


def lines(first: int, many: int, fields: int) -> list[bytes]:
    """Return reports of threats with so many personal fields, one JSON line each."""
    made = []
    for number in range(first, first + many):
        one = event(number)
        one["data"].pop("provenance", None)
        if fields < 1:
            del one["data"]["narrative"]
        if fields > 1:
            one["data"]["provenance"] = {"source": f"source:{SLUG}.{number % 500}"}
        made.append(orjson.dumps(one))
    return made


class Bench:
    """The same events sealed, opened, and let alone."""

    def __init__(self, folder: Path, opened: dict[int, Archive]) -> None:
        self._archives = opened
        self._vault = Vault(folder / FILE, os.urandom(32))
        self._sealing = Sealing(self._vault, Seals(registry()), Salt(b"s" * 32), os.urandom)
        self._numbers = count(0, EVENTS)
        self._bare = AESGCM(os.urandom(32))
        self._drafts = {fields: self._made(fields) for fields in FIELDS}
        self._kept = {fields: _read(self._sealing.rows(self._drafts[fields])) for fields in FIELDS}
        self._values = [orjson.dumps(one["narrative"]) for one in map(_data, self._drafts[1])]
        self._boxes = [_encrypted(self._bare, value) for value in self._values]
        self._folder = folder

    def close(self) -> None:
        """Close the vault."""
        self._vault.close()

    def contenders(self) -> dict[str, Callable[[], float]]:
        """Return every contender; each gives CPU microseconds an event."""
        found: dict[str, Callable[[], float]] = {"strangers": lambda: _cpu(self._strangers)}
        for fields in FIELDS:
            found[f"seal {fields}"] = partial(_cpu, partial(self._seal, fields))
            found[f"open {fields}"] = partial(_cpu, partial(self._open, fields))
            found[f"intake {fields}"] = partial(self._intake, fields)
        found["encrypt alone"] = lambda: _cpu(self._encrypt)
        found["decrypt alone"] = lambda: _cpu(self._decrypt)
        found["log"] = lambda: self._fold(labels=False)
        found["labelled"] = lambda: self._fold(labels=True)
        return found

    def _made(self, fields: int, stranger: str = "") -> list[Draft]:
        drafts = []
        for one in map(orjson.loads, lines(next(self._numbers), EVENTS, fields)):
            if stranger:
                one["data"]["targets"][0] = f"lawyer:{SLUG}.{stranger}-{one['id']}"
            envelope = {**one, "recordedtime": stamp(now())}
            checked = Checked(Publisher(SLUG, "bench"), _STEM, envelope, orjson.dumps(one))
            fact = Fact(time_ordered(now(), os.urandom), 1, now(), _STEM, envelope)
            drafts.append(Draft(Entry(checked, envelope, b"k" * 16, b"d" * 32, now()), fact, [b"k" * 16]))
        return [self._ready(draft) for draft in drafts]

    def _ready(self, draft: Draft) -> Draft:
        entry = draft.entry
        fields = self._sealing.fields(_STEM, entry.envelope)
        ready = Entry(entry.checked, entry.envelope, entry.key, entry.digest, entry.moment, fields)
        return Draft(ready, draft.fact, draft.keys)

    def _seal(self, fields: int) -> None:
        for start in range(0, EVENTS, CHUNK):
            self._sealing.rows([self._ready(draft) for draft in self._drafts[fields][start : start + CHUNK]])

    def _strangers(self) -> None:
        for start in range(0, EVENTS, CHUNK):
            self._sealing.rows(self._fresh[start : start + CHUNK])

    def _open(self, fields: int) -> None:
        for start in range(0, EVENTS, CHUNK):
            self._sealing.read(self._kept[fields][start : start + CHUNK])

    def _encrypt(self) -> None:
        for value in self._values:
            _encrypted(self._bare, value)

    def _decrypt(self) -> None:
        for box in self._boxes:
            self._bare.decrypt(box[:12], box[12:], b"place")

    def _intake(self, fields: int) -> float:
        fresh = lines(next(self._numbers), EVENTS, fields)
        return _cpu(lambda: self._archives[fields].push(fresh, CHUNK))

    def _fold(self, *, labels: bool) -> float:
        """Read what was pushed so far; with labels, also settle who may see it, as the tail does first."""
        store = self._archives[1].store
        if not labels:
            return timed(lambda: _pages(self._archives[1])).cpu / store.head() * 1e6
        path = self._folder / f"{next(self._numbers)}.views"
        database = Database(path)
        try:
            interned = Labels(database.writer)
            tail = Tail(store, Rulings(registry(), store, interned), [], interned, database)
            return timed(tail.catch_up).cpu / store.head() * 1e6
        finally:
            database.close()

    def renew(self) -> float:
        """Make events about people whom the vault does not know; a contender that costs nothing."""
        self._fresh = self._made(1, f"x{next(self._numbers)}")
        return 0.0


def run() -> list[Figure]:
    """Measure all of it."""
    with ExitStack() as opened:
        folder = opened.enter_context(scratch())
        urls = {fields: f"sqlite:///{folder / str(fields)}.sqlite" for fields in FIELDS}
        bench = Bench(folder, {fields: opened.enter_context(archive(url)) for fields, url in urls.items()})
        opened.callback(bench.close)
        # As `hub serve` does: the collector leaves alone what was there before.
        gc.freeze()
        opened.callback(gc.unfreeze)
        taken = interleaved({"renew": bench.renew, **bench.contenders()})
    cost = {name: median(values) for name, values in taken.items()}
    seal = {fields: cost[f"seal {fields}"] - cost["seal 0"] for fields in (1, 2)}
    read = {fields: cost[f"open {fields}"] - cost["open 0"] for fields in (1, 2)}
    labels = cost["labelled"] - cost["log"]
    return [
        _figure("seal one field of 600 characters", seal[1], cost["encrypt alone"], {"two fields": seal[2]}),
        _figure("open it again", read[1], cost["decrypt alone"], {"two fields": read[2]}),
        _figure("seal for somebody new (a key is made)", cost["strangers"] - cost["seal 0"], None, {}),
        _intake(cost),
        Figure(
            name="sealing, opening and labelling an event with two fields",
            unit="CPU us/event",
            ours=seal[2] + read[2] + labels,
            goal="<= 300 us",
            met=seal[2] + read[2] + labels <= 300,
            notes={"of which labelling": labels, "an event without any": cost["seal 0"]},
        ),
    ]


def _figure(name: str, ours: float, limit: float | None, notes: dict[str, float | str]) -> Figure:
    limit_name = "" if limit is None else "AES-256-GCM alone"
    return Figure(name, "CPU us/event", ours, "says what it costs", limit, limit_name, notes=notes)


def _intake(cost: dict[str, float]) -> Figure:
    whole = cost["intake 1"]
    return Figure(
        name="intake whole, one field sealed",
        unit="CPU us/event",
        ours=whole,
        goal="<= 300 us",
        limit=cost["intake 0"],
        limit_name="without the field",
        met=whole <= 300,
        notes={
            "two fields": cost["intake 2"],
            "share of sealing": (cost["seal 1"] - cost["seal 0"]) / whole,
        },
    )


def _cpu(work: Callable[[], object]) -> float:
    return timed(work).cpu / EVENTS * 1e6


def _encrypted(cipher: AESGCM, value: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + cipher.encrypt(nonce, value, b"place")


def _data(draft: Draft) -> dict[str, str]:
    data: dict[str, str] = draft.fact.envelope["data"]
    return data


def _read(rows: Sequence[Row]) -> list[Notification]:
    return [
        Notification(
            id=place,
            originator_id=row.stored.originator_id,
            originator_version=1,
            topic=row.stored.topic,
            state=row.stored.state,
        )
        for place, row in enumerate(rows, 1)
    ]


def _pages(opened: Archive) -> None:
    for _ in pages(opened.store):
        pass
