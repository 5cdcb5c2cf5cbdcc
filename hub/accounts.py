"""Accounts: tokens, browser sessions and one-time sign-in links, each stored only as a hash."""

import base64
import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from events.audience import TLP, Reader
from hub.networks import Network, is_within, read_networks
from hub.office import FileTables, Office, Tables, tables_in

Role = Literal["publisher", "observer", "coordinator", "steward"]
ROLES: tuple[Role, ...] = ("publisher", "observer", "coordinator", "steward")
"""What an account may be. All but the observer may publish."""

_Table = Literal["sessions", "links"]

FILE = "accounts.sqlite"
TOKEN_PREFIX = "hub_"  # noqa: S105  # a prefix, not a secret
REMEMBERED = 10_000

SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (
  id TEXT PRIMARY KEY, partner TEXT NOT NULL, account TEXT NOT NULL, role TEXT NOT NULL,
  clearance TEXT NOT NULL, read_only INTEGER NOT NULL, created REAL NOT NULL,
  expires REAL, revoked REAL, hash BLOB NOT NULL UNIQUE, networks TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS sessions (
  hash BLOB PRIMARY KEY, token TEXT NOT NULL, created REAL NOT NULL, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS links (
  hash BLOB PRIMARY KEY, token TEXT NOT NULL, created REAL NOT NULL, expires REAL NOT NULL);
"""
_COLUMNS = "t.id, t.partner, t.account, t.role, t.clearance, t.read_only, t.created, t.networks, t.revoked, t.expires"
_BY_TOKEN = f"SELECT {_COLUMNS}, NULL FROM tokens t WHERE t.hash = ?"
_BY_SESSION = f"SELECT {_COLUMNS}, s.expires FROM sessions s JOIN tokens t ON t.id = s.token WHERE s.hash = ?"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is to allow.

    Args:
        partner: slug of the partner it belongs to.
        role: one of `ROLES`.
        account: name of the account within the partner; empty: the role's name.
        clearance: strictest TLP it may read.
        expires: when it stops working; None: never.
        read_only: refuses to publish, whatever the role.
        networks: where it may be used from, e.g. `192.0.2.0/24`; none: from anywhere.
    """

    partner: str
    role: Role
    account: str = ""
    clearance: str = "amber"
    expires: datetime | None = None
    read_only: bool = False
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """One sign-in of a partner, as its token says."""

    id: str
    partner: str
    name: str
    role: Role
    clearance: str
    read_only: bool
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    networks: tuple[Network, ...] = ()

    @property
    def reader(self) -> Reader:
        """Who this account is to the audience rule."""
        return Reader(partner=self.partner, account=self.name, clearance=self.clearance)

    @property
    def may_publish(self) -> bool:
        """Tell whether the account may send events at all."""
        return self.role != "observer" and not self.read_only

    def holds(self, now: datetime) -> bool:
        """Tell whether the token works at `now`."""
        return self.revoked is None and (self.expires is None or now < self.expires)

    def allows(self, address: str) -> bool:
        """Tell whether the token may be used from an address; what is no address is nowhere."""
        return not self.networks or is_within(address, self.networks)


class GrantRefused(Exception):
    """A token cannot be issued like this; the message is one sentence."""


class Accounts:
    """The accounts of one hub, or of all hubs on one PostgreSQL; safe for several threads and processes.

    Reading costs microseconds: rows are remembered until the tables change, so that a revocation by another process
    holds from the next question on, by another hub a tenth of a second later.
    """

    def __init__(self, tables: Tables, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._tables = tables
        self._remembering = threading.Lock()
        self._version = -1
        self._known: dict[tuple[str, bytes], Account] = {}

    def issue(self, grant: Grant, now: datetime) -> tuple[Account, str]:
        """Make a token and return its account and its text, which is shown this once.

        Raises:
            GrantRefused: unknown role, clearance or network.
        """
        if grant.role not in ROLES:
            raise GrantRefused(f"A role is one of {', '.join(ROLES)}.")
        if grant.clearance not in TLP:
            raise GrantRefused(f"A clearance is one of {', '.join(TLP)}.")
        token = TOKEN_PREFIX + _secret(self._random)
        account_id = base64.b32encode(self._random(5)).decode().lower()
        expires = grant.expires.timestamp() if grant.expires else None
        try:
            networks = ",".join(str(one) for one in read_networks(grant.networks))
        except ValueError as error:
            raise GrantRefused(f"It is not clear from where: {error}.") from error
        who = (account_id, grant.partner, grant.account or grant.role, grant.role, grant.clearance)
        made = (*who, int(grant.read_only), now.timestamp())
        with self._tables.writing() as db:
            row = (*made, expires, None, _hash(token), networks)
            db.execute("INSERT INTO tokens VALUES (?,?,?,?,?,?,?,?,?,?,?)", row)
        return _account((*made, networks, None, expires)), token

    def revoke(self, account_id: str, now: datetime) -> bool:
        """Stop a token and every session opened with it; False when there is none of that id."""
        with self._tables.writing() as db:
            asked = "UPDATE tokens SET revoked = coalesce(revoked, ?) WHERE id = ?"
            found = db.execute(asked, (now.timestamp(), account_id)).rowcount
            db.execute("DELETE FROM sessions WHERE token = ?", (account_id,))
            db.execute("DELETE FROM links WHERE token = ?", (account_id,))
        return found > 0

    def listing(self, partner: str | None = None) -> list[Account]:
        """Return every token ever issued (of one partner), oldest first, without their texts."""
        where = "CAST(? AS TEXT) IS NULL OR t.partner = ?"
        asked = f"SELECT {_COLUMNS} FROM tokens t WHERE {where} ORDER BY t.created, t.id"
        with self._tables.reading() as db:
            return [_account(row) for row in db.execute(asked, (partner, partner)).fetchall()]

    def working(self) -> set[str]:
        """Return the ids of tokens that are not revoked; rows that are not as they were written give nobody rights."""
        with self._tables.reading() as db:
            rows = db.execute("SELECT id FROM tokens WHERE revoked IS NULL").fetchall()
        return {str(one) for (one,) in rows if self._is_sound("tokens", "id", one)}

    def known(self, account_id: str) -> Account | None:
        """Return the account of an id, whether its token works or not; None if there never was one."""
        asked = f"SELECT {_COLUMNS} FROM tokens t WHERE t.id = ?"
        with self._tables.reading() as db:
            row = db.execute(asked, (account_id,)).fetchone()
        return None if row is None or not self._is_sound("tokens", "id", account_id) else _account(row)

    def check(self, token: str, now: datetime) -> Account | None:
        """Return whose token this is, if it works at `now`."""
        return self._checked(_BY_TOKEN, token, now)

    def check_session(self, session: str, now: datetime) -> Account | None:
        """Return whose browser session this is, if it and its token work; it expires with the session."""
        return self._checked(_BY_SESSION, session, now)

    def make_link(self, account_id: str, now: datetime, lives: timedelta = timedelta(minutes=30)) -> str:
        """Return the secret of a sign-in link that works once, until `now + lives`."""
        return self._keep("links", account_id, now, lives)

    def use_link(self, link: str, now: datetime, lives: timedelta) -> str | None:
        """Exchange the secret of a link for a new browser session; None if it is spent, late or unknown."""
        if not self._is_sound("links", "hash", _hash(link)):
            return None
        with self._tables.writing() as db:
            asked = "DELETE FROM links WHERE hash = ? RETURNING token, expires"
            rows = db.execute(asked, (_hash(link),)).fetchall()
        if not rows or rows[0][1] <= now.timestamp():
            return None
        return self._keep("sessions", rows[0][0], now, lives)

    def open_session(self, token: str, now: datetime, lives: timedelta) -> str | None:
        """Return the secret of a new browser session for whoever shows a token that works."""
        account = self.check(token, now)
        return None if account is None else self._keep("sessions", account.id, now, lives)

    def close_session(self, session: str) -> None:
        """Forget a browser session."""
        with self._tables.writing() as db:
            db.execute("DELETE FROM sessions WHERE hash = ?", (_hash(session),))

    def version(self) -> int:
        """Return a number that changes whenever an account, session or link did, by whatever process."""
        return self._tables.version()

    def close(self) -> None:
        """Close the file."""
        self._tables.close()

    def _keep(self, table: _Table, account_id: str, now: datetime, lives: timedelta) -> str:
        secret = _secret(self._random)
        row = (_hash(secret), account_id, now.timestamp(), (now + lives).timestamp())
        with self._tables.writing() as db:
            db.execute(f"DELETE FROM {table} WHERE expires <= ?", (now.timestamp(),))
            db.execute(f"INSERT INTO {table} VALUES (?,?,?,?)", row)
        return secret

    def _checked(self, asked: str, secret: str, now: datetime) -> Account | None:
        key = (asked, _hash(secret))
        with self._remembering:
            # In this order: what is read after the version is at least as new.
            self._forget_if_changed()
            known = self._known.get(key)
            if known is None:
                with self._tables.reading() as db:
                    row = db.execute(asked, (key[1],)).fetchone()
                if row is None or not self._may_be_believed(asked, key[1], row[0]):
                    return None
                known = self._known[key] = _account((*row[:9], _sooner(row[9], row[10])))
        return known if known.holds(now) else None

    def _may_be_believed(self, asked: str, secret: bytes, account_id: str) -> bool:
        is_sound = asked == _BY_TOKEN or self._is_sound("sessions", "hash", secret)
        return is_sound and self._is_sound("tokens", "id", account_id)

    def _is_sound(self, table: str, column: str, value: object) -> bool:
        """Look whether a row is as a hub wrote it: one bit of it may be somebody else's rights."""
        is_sound = self._tables.is_sound(table, column, value)
        if not is_sound:
            logging.getLogger("hub").error(
                "a row of %s is damaged and is not believed: run `hub verify`", table
            )
        return is_sound

    def _forget_if_changed(self) -> None:
        version = self._tables.version()
        if version != self._version or len(self._known) > REMEMBERED:
            self._version = version
            self._known.clear()


def open_accounts(data: Path, random: Callable[[int], bytes], office: Office | None = None) -> Accounts:
    """Open the accounts under the hub's folder `data`, making the file if it is missing.

    Args:
        data: the hub's folder; must exist.
        random: gives that many unpredictable bytes, e.g. `secrets.token_bytes`.
        office: what the hubs share, if they do.
    """
    tables = tables_in(data / FILE, SCHEMA, office)
    if isinstance(tables, FileTables):
        _modernise(tables)
    return Accounts(tables, random)


def _modernise(file: FileTables) -> None:
    """Give a file that an earlier version made what has come since."""
    with file.writing() as db:
        if "networks" not in file.columns("tokens"):
            db.execute("ALTER TABLE tokens ADD COLUMN networks TEXT NOT NULL DEFAULT ''")


def _secret(random: Callable[[int], bytes]) -> str:
    return base64.urlsafe_b64encode(random(32)).decode().rstrip("=")


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _account(row: tuple[object, ...]) -> Account:
    account_id, partner, name, role, clearance, read_only, created, networks, revoked, expires = row
    return Account(
        id=str(account_id),
        partner=str(partner),
        name=str(name),
        role=next(one for one in ROLES if one == role),
        clearance=str(clearance),
        read_only=bool(read_only),
        created=datetime.fromtimestamp(float(str(created)), UTC),
        expires=_moment(expires),
        revoked=_moment(revoked),
        networks=read_networks(str(networks).split(",") if networks else ()),
    )


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((moment for moment in (one, other) if moment is not None), default=None)


def _moment(stored: object) -> datetime | None:
    return None if stored is None else datetime.fromtimestamp(float(str(stored)), UTC)
