"""The keys in personal addresses, each stored only as a hash, beside the accounts for which they read."""

import base64
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from hub.accounts import FILE
from hub.office import Office, Tables, tables_in

Purpose = Literal["calendar", "feed"]
PURPOSES: tuple[Purpose, ...] = ("calendar", "feed")
MOST = 20
"""Addresses of one account: more than that are forgotten ones."""

_PREFIX = "hubread_"
_ID_BYTES = 10
SCHEMA = """
CREATE TABLE IF NOT EXISTS addresses (
  id TEXT PRIMARY KEY, account TEXT NOT NULL, purpose TEXT NOT NULL, note TEXT NOT NULL,
  created REAL NOT NULL, hash BLOB NOT NULL UNIQUE);
CREATE INDEX IF NOT EXISTS addresses_account ON addresses(account);
"""
_COLUMNS = "id, account, purpose, note, created"


@dataclass(frozen=True, slots=True)
class PersonalAddress:
    """One personal address, without its key.

    Args:
        id: `adr_...`.
        account: id of the token that made it; its rights count, and it works as long as that does.
        purpose: what it reads.
        note: the account's own words, e.g. which telephone it is for.
        created: when it was made.
    """

    id: str
    account: str
    purpose: Purpose
    note: str
    created: datetime


class PersonalKeys:
    """The personal addresses of one hub; safe for several threads and processes.

    Nothing is remembered between questions: an address that was revoked, by whatever process, works no more at once.
    """

    def __init__(self, tables: Tables, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._tables = tables

    def add(
        self, account: str, purpose: Purpose, note: str, now: datetime
    ) -> tuple[PersonalAddress, str] | None:
        """Make an address and return it with its key, which is shown this once; None if the account has too many.

        Those of tokens that work no more are forgotten on the way.
        """
        made = PersonalAddress(f"adr_{self._random(_ID_BYTES).hex()}", account, purpose, note, now)
        key = _PREFIX + base64.urlsafe_b64encode(self._random(32)).decode().rstrip("=")
        row = (made.id, account, purpose, note, now.timestamp(), _hash(key))
        with self._tables.writing() as db:
            db.execute(
                """DELETE FROM addresses WHERE account IN
                   (SELECT id FROM tokens WHERE revoked IS NOT NULL OR expires <= ?)""",
                (now.timestamp(),),
            )
            asked = "SELECT count(*) FROM addresses WHERE account = ?"
            if db.execute(asked, (account,)).fetchone()[0] >= MOST:
                return None
            db.execute("INSERT INTO addresses VALUES (?,?,?,?,?,?)", row)
        return made, key

    def listing(self, account: str) -> list[PersonalAddress]:
        """Return the addresses of an account, oldest first."""
        asked = f"SELECT {_COLUMNS} FROM addresses WHERE account = ? ORDER BY created, id"
        with self._tables.reading() as db:
            return [_address(row) for row in db.execute(asked, (account,)).fetchall()]

    def remove(self, account: str, address: str) -> bool:
        """Revoke an address of an account; False if it has none of that id."""
        with self._tables.writing() as db:
            asked = "DELETE FROM addresses WHERE id = ? AND account = ?"
            return db.execute(asked, (address, account)).rowcount > 0

    def of(self, key: str) -> PersonalAddress | None:
        """Return the address that a key belongs to; whether its account still may read is not looked at.

        A row of which a bit is another than the hub wrote is not believed.
        """
        asked = f"SELECT {_COLUMNS} FROM addresses WHERE hash = ?"
        with self._tables.reading() as db:
            row = db.execute(asked, (_hash(key),)).fetchone()
        is_believed = row is not None and self._tables.is_sound("addresses", "hash", _hash(key))
        return _address(row) if is_believed else None

    def close(self) -> None:
        """Close the file."""
        self._tables.close()


def open_personal_keys(
    data: Path, random: Callable[[int], bytes], office: Office | None = None
) -> PersonalKeys:
    """Open the personal addresses where the accounts are; those were opened before."""
    return PersonalKeys(tables_in(data / FILE, SCHEMA, office), random)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _address(row: Iterable[Any]) -> PersonalAddress:
    name, account, purpose, note, created = row
    known = next(one for one in PURPOSES if one == purpose)
    return PersonalAddress(name, account, known, note, datetime.fromtimestamp(created, UTC))
