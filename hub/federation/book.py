"""The book of peers: which hubs this one listens to, how far it came, what each told, what was not taken and why."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from events.wrapping import Wrapping
from hub.keys import make_subscriptions_key, subscriptions_key
from hub.office import Office, Tables, tables_in

FILE = "peers.sqlite"
MOST_REFUSALS = 200
"""Of each peer; the oldest are forgotten. What they say never holds what an event says."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS peers(
  name TEXT PRIMARY KEY, url TEXT NOT NULL, token BLOB NOT NULL, partner TEXT NOT NULL, homes TEXT NOT NULL,
  relays TEXT NOT NULL, same TEXT NOT NULL, place TEXT NOT NULL DEFAULT '', state TEXT NOT NULL,
  said TEXT NOT NULL DEFAULT '', looked REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS copies(
  slug TEXT NOT NULL, id TEXT NOT NULL, peer TEXT NOT NULL, position INTEGER NOT NULL, state TEXT NOT NULL,
  touched TEXT NOT NULL, PRIMARY KEY(slug, id));
CREATE TABLE IF NOT EXISTS refusals(
  peer TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL, code TEXT NOT NULL, why TEXT NOT NULL,
  noted REAL NOT NULL, PRIMARY KEY(peer, source, id, code));
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another hub that this one listens to.

    Args:
        name: what the stewards here call it; a slug.
        url: of it.
        token: of this hub's account there.
        partner: slug that this hub has there.
        homes: slugs of publishers whose home that hub is: its word about them counts.
        relays: slugs of which it may pass on what they signed.
        same: slugs that mean the same organisation here and there, besides these.
        place: cursor of its feed; empty before the first message.
        state: `new`, `behind` (heard, and not yet all), `live`, `away` or `refused`.
        said: a sentence about that; empty if there is nothing to say.
        looked: when that was noted; None: never.
    """

    name: str
    url: str
    token: str = field(repr=False)
    partner: str
    homes: frozenset[str]
    relays: frozenset[str] = frozenset()
    same: frozenset[str] = frozenset()
    place: str = ""
    state: str = "new"
    said: str = ""
    looked: datetime | None = None

    @property
    def known(self) -> frozenset[str]:
        """The slugs that mean the same here and there."""
        return self.homes | self.relays | self.same


@dataclass(frozen=True, slots=True)
class Copy:
    """What the book says of an event that was told.

    Args:
        peer: name of who told it.
        position: its place in the log; 0 if it was withdrawn before it was told.
        state: `kept` or `withdrawn`.
        touched: first steps of what was corrected in it.
    """

    peer: str
    position: int
    state: str = "kept"
    touched: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NotTaken:
    """An event that a peer told and this hub did not take.

    Args:
        source: that the event bears.
        id: that it bears.
        code: why, as a word.
        why: the same as a sentence.
        noted: when.
    """

    source: str
    id: str
    code: str
    why: str
    noted: datetime


class PeerBook:
    """The peers of one hub, or of all hubs on one PostgreSQL; safe for several threads and processes.

    Args:
        tables: of the book.
        wrapping: by which tokens are encrypted.
    """

    def __init__(self, tables: Tables, wrapping: Wrapping) -> None:
        self._tables = tables
        self._wrapping = wrapping

    def add(self, peer: Peer) -> bool:
        """Keep a peer; False if there is one of its name or address."""
        token = self._wrapping.shut(peer.token.encode(), "peer", peer.name)
        slugs = (",".join(sorted(one)) for one in (peer.homes, peer.relays, peer.same))
        row = (peer.name, peer.url, token, peer.partner, *slugs, peer.state)
        with self._tables.writing() as db:
            asked = "SELECT count(*) FROM peers WHERE name = ? OR url = ?"
            if db.execute(asked, (peer.name, peer.url)).fetchone()[0]:
                return False
            names = "name, url, token, partner, homes, relays, same, state"
            db.execute(f"INSERT INTO peers ({names}) VALUES (?,?,?,?,?,?,?,?)", row)
        return True

    def remove(self, name: str) -> bool:
        """Listen to a peer no more and forget its token; False if there is none of this name."""
        with self._tables.writing() as db:
            db.execute("DELETE FROM refusals WHERE peer = ?", (name,))
            return db.execute("DELETE FROM peers WHERE name = ?", (name,)).rowcount > 0

    def listing(self) -> list[Peer]:
        """Return the peers by name."""
        columns = "name, url, token, partner, homes, relays, same, place, state, said, looked"
        with self._tables.reading() as db:
            rows = db.execute(f"SELECT {columns} FROM peers ORDER BY name").fetchall()
        return [self._peer(row) for row in rows]

    def states(self) -> dict[str, int]:
        """Return how many peers are in each state."""
        with self._tables.reading() as db:
            rows = db.execute("SELECT state, count(*) FROM peers GROUP BY state").fetchall()
        return {str(state): int(count) for state, count in rows}

    def note(self, name: str, state: str, said: str, now: datetime) -> None:
        """Note how a peer is."""
        with self._tables.writing() as db:
            asked = "UPDATE peers SET state = ?, said = ?, looked = ? WHERE name = ?"
            db.execute(asked, (state, said, now.timestamp(), name))

    def reached(self, name: str, place: str) -> None:
        """Keep how far a peer was heard."""
        with self._tables.writing() as db:
            db.execute("UPDATE peers SET place = ? WHERE name = ?", (place, name))

    def copy(self, slug: str, event_id: str) -> Copy | None:
        """Return what is known of a told event."""
        asked = "SELECT peer, position, state, touched FROM copies WHERE slug = ? AND id = ?"
        with self._tables.reading() as db:
            row = db.execute(asked, (slug, event_id)).fetchone()
        return None if row is None else Copy(row[0], row[1], row[2], _slugs(row[3]))

    def keep(self, slug: str, event_id: str, copy: Copy) -> None:
        """Keep what is known of a told event."""
        row = (slug, event_id, copy.peer, copy.position, copy.state, ",".join(sorted(copy.touched)))
        with self._tables.writing() as db:
            db.execute("DELETE FROM copies WHERE slug = ? AND id = ?", (slug, event_id))
            db.execute("INSERT INTO copies VALUES (?,?,?,?,?,?)", row)

    def counts(self, name: str) -> dict[str, int]:
        """Return how many events of a peer are kept, were withdrawn, and were not taken."""
        asked = "SELECT state, count(*) FROM copies WHERE peer = ? GROUP BY state"
        refused = "SELECT count(*) FROM refusals WHERE peer = ?"
        with self._tables.reading() as db:
            found = {str(state): int(count) for state, count in db.execute(asked, (name,)).fetchall()}
            found["refused"] = int(db.execute(refused, (name,)).fetchone()[0])
        return {"kept": 0, "withdrawn": 0, **found}

    def refuse(self, name: str, refused: NotTaken) -> None:
        """Note what was not taken; the same again is noted once."""
        named = (name, refused.source, refused.id, refused.code)
        with self._tables.writing() as db:
            db.execute("DELETE FROM refusals WHERE peer = ? AND source = ? AND id = ? AND code = ?", named)
            values = (*named, refused.why, refused.noted.timestamp())
            db.execute("INSERT INTO refusals VALUES (?,?,?,?,?,?)", values)
            kept = "SELECT noted FROM refusals WHERE peer = ? ORDER BY noted DESC LIMIT 1 OFFSET ?"
            oldest = db.execute(kept, (name, MOST_REFUSALS)).fetchone()
            if oldest is not None:
                db.execute("DELETE FROM refusals WHERE peer = ? AND noted <= ?", (name, oldest[0]))

    def refusals(self, name: str) -> list[NotTaken]:
        """Return what was not taken of a peer, newest first."""
        asked = """SELECT source, id, code, why, noted FROM refusals WHERE peer = ?
            ORDER BY noted DESC, source, id, code"""
        with self._tables.reading() as db:
            rows = db.execute(asked, (name,)).fetchall()
        return [NotTaken(row[0], row[1], row[2], row[3], datetime.fromtimestamp(row[4], UTC)) for row in rows]

    def version(self) -> int:
        """Return a number that is another one when somebody else has written."""
        return self._tables.version()

    def close(self) -> None:
        """Close the file."""
        self._tables.close()

    def _peer(self, row: tuple[object, ...]) -> Peer:
        name, url, token, partner, homes, relays, same, place, state, said, looked = row
        opened = self._wrapping.opened(bytes(token), "peer", str(name)) or b""  # type: ignore[call-overload]
        when = float(str(looked))
        return Peer(
            name=str(name),
            url=str(url),
            token=opened.decode(),
            partner=str(partner),
            homes=_slugs(str(homes)),
            relays=_slugs(str(relays)),
            same=_slugs(str(same)),
            place=str(place),
            state=str(state),
            said=str(said),
            looked=datetime.fromtimestamp(when, UTC) if when else None,
        )


def open_book(
    data: Path, random: Callable[[int], bytes], keys: Path | None = None, office: Office | None = None
) -> PeerBook:
    """Open the book of peers; its key is that of subscriptions, so that no further key is to be kept.

    Args:
        data: the hub's folder.
        random: gives that many unpredictable bytes.
        keys: the folder of keys, if it is another than `data`/keys.
        office: what the hubs share, if they do.

    Raises:
        KeyMissing: the key is not there.
    """
    make_subscriptions_key(data, random, keys)
    tables = tables_in(data / FILE, SCHEMA, office)
    return PeerBook(tables, Wrapping(subscriptions_key(data, keys), random))


def _slugs(said: str) -> frozenset[str]:
    return frozenset(_words(said.split(",")))


def _words(said: Iterable[str]) -> Iterable[str]:
    return (one for one in said if one)
