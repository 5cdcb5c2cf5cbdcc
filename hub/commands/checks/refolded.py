"""Are the views what the log says? Folds the log anew beside them and compares all that they hold."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from events.event import Position, RecordedEvent
from events.store import Store
from hub.backup.scratch import scratch
from hub.commands.archive import Archive
from hub.views_files import views_files
from projections.boards.statements.clocks import load_clocks
from projections.generations import in_use
from projections.shelves import Code, Shelves
from projections.still import places, still

ATTEMPTS = 5
"""How often to compare: the log may be erased in meanwhile."""

_PAUSE_SECONDS = 0.2
_JOURNAL = "dossiers_refs"
"""Says besides in which batch a reference was touched, which is another with each fold, as is what it forgets then."""

_TOUCHED = f"SELECT ref FROM {{0}}.{_JOURNAL} WHERE ref IN (SELECT ref FROM {{0}}.dossiers_facts)"
_INDEX = "search_index"
_TABLES = "SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name"
_SCHEMA = "SELECT type, name, tbl_name, sql FROM {}.sqlite_master"


def views_besides_the_log(archive: Archive) -> list[str]:
    """Return a sentence for each file of views that does not hold what the log says; none if all do.

    Takes as long as `hub rebuild`. Views of another release are told as well: nobody can compare them.
    """
    files = [one for path in views_files(archive.settings.data) for one in in_use(path)]
    return [
        f"{one.name}: {odd}: run `hub rebuild`, nothing is lost."
        for one in files
        if (odd := _odd(archive, one))
    ]


def _odd(archive: Archive, file: Path) -> str:
    """Return what is odd about a file, empty if nothing is."""
    odd = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            archive.world.pause(_PAUSE_SECONDS)
        head = archive.store.head()
        with scratch(archive.settings.data) as folder:
            try:
                seen = folder / "seen.sqlite"
                with still(file, archive.world.pause) as db, closing(sqlite3.connect(seen)) as copy:
                    db.backup(copy)
                odd = _compared(archive, seen, folder / "folded.sqlite")
            except (sqlite3.DatabaseError, UnicodeDecodeError) as broken:
                odd = f"it cannot be read ({broken})"
        if not odd or (attempt and archive.store.head() == head):
            break
    return odd


def _compared(archive: Archive, seen: Path, folded: Path) -> str:
    with closing(sqlite3.connect(seen)) as db:
        at = places(db)
    if len(at) != 1:
        return "its views stand at different events"
    code = Code(
        archive.registry,
        _UpTo(archive.store, Position(*at)),
        None,
        load_clocks(archive.settings.reply_clocks),
    )
    shelves = Shelves(code, folded)
    try:
        shelves.tail.catch_up()
    finally:
        shelves.close()
    with closing(sqlite3.connect(folded)) as db:
        db.text_factory = bytes
        db.execute("ATTACH ? AS seen", (str(seen),))
        return next(_differences(db), "")


def _differences(db: sqlite3.Connection) -> Iterator[str]:
    """Yield where two files differ that should hold the same, the one attached as `seen`."""
    if _differs(db, _SCHEMA.format("main"), _SCHEMA.format("seen")):
        yield "its tables are not those of this release"
        return
    for name in [bytes(row[0]).decode() for row in db.execute(_TABLES).fetchall()]:
        if name.startswith(_INDEX):
            continue
        asked = _TOUCHED if name == _JOURNAL else f"SELECT * FROM {{0}}.{name}"
        if _differs(db, *(asked.format(place) for place in ("main", "seen"))):
            yield f"its table {name} does not hold what the log says"
    if _index_differs(db):
        yield "its index of words does not hold what the log says"


def _index_differs(db: sqlite3.Connection) -> bool:
    """Tell whether two indices of words differ; how they lie in their pieces depends on when they were written."""
    for place in ("main", "seen"):
        db.execute(
            f"CREATE VIRTUAL TABLE temp.words_{place} USING fts5vocab('{place}', '{_INDEX}', 'instance')"
        )
    db.execute(f"INSERT INTO seen.{_INDEX}({_INDEX}) VALUES('integrity-check')")
    pairs = [
        tuple(f"{place}.{_INDEX}_{part}" for place in ("main", "seen")) for part in ("config", "docsize")
    ]
    return any(
        _differs(db, *(f"SELECT * FROM {name}" for name in pair))
        for pair in [("words_main", "words_seen"), *pairs]
    )


def _differs(db: sqlite3.Connection, one: str, other: str) -> bool:
    """Tell whether two questions have different answers; the order of rows does not matter."""
    counts = [db.execute(f"SELECT count(*) FROM ({asked})").fetchone() for asked in (one, other)]
    if counts[0] != counts[1]:
        return True
    both = ((one, other), (other, one))
    return any(db.execute(f"SELECT 1 FROM ({a} EXCEPT {b}) LIMIT 1").fetchone() is not None for a, b in both)


@dataclass(frozen=True, slots=True)
class _UpTo:
    """A log as it was when it ended with a certain event."""

    store: Store
    last: Position

    def read(self, after: Position, limit: int) -> Sequence[RecordedEvent]:
        """Return events behind a position."""
        return [one for one in self.store.read(after, limit) if one.position <= self.last]

    def head(self) -> Position:
        """Return its last position."""
        return self.last

    def wait(self, _after: Position, _timeout: float) -> bool:
        """Say that nothing will come."""
        return False

    def at(self, positions: Sequence[Position]) -> Sequence[RecordedEvent]:
        """Return the events at these places."""
        return self.store.at(positions)

    def digest(self, event: RecordedEvent) -> str:
        """Return the digest that the event's receipt bears."""
        return self.store.digest(event)
