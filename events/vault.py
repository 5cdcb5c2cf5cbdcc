"""The vault: data keys by person and partner, in a database of their own, each wrapped under one key of the hub.

A destroyed key is overwritten where it lies. A tombstone stays: the key's name, when it went, and, wrapped, whose it
was, so that a replay of the log can still tell which fields are gone.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from events.ids import RandomBytes
from events.moments import stamp
from events.vault_file import VaultFile, VaultUnavailable, faults
from events.vault_postgres import VaultDatabase
from events.wrapping import KEY_BYTES, Wrapping

__all__ = ["FILE", "Key", "KeyRecord", "Pair", "Vault", "VaultUnavailable", "WrongVaultKey"]

FILE = "vault.sqlite"
MAX_CACHED = 10_000
"""Unwrapped keys that a process remembers; each takes 2.6 KB."""

Pair = tuple[str, str]
"""Whose key it is, and in which partner's events: a reference and a slug."""

_KID_BYTES = 12
PROOF = "solidarity hub vault"
"""What the proof in a vault is said for: it opens under the key that wraps its keys, and under no other."""


class WrongVaultKey(VaultUnavailable):
    """The key of the keys is not the one that this key store was made with."""

    def __init__(self) -> None:
        super().__init__("vault.key does not open vault.sqlite: they are of different hubs.")


@dataclass(frozen=True, slots=True)
class Key:
    """A living data key.

    Args:
        kid: its public name.
        subject: whose fields it seals.
        publisher: slug of the partner in whose events it does.
        secret: the key itself.
        cipher: AES-256-GCM under it.
    """

    kid: str
    subject: str
    publisher: str
    secret: bytes = field(repr=False)
    cipher: AESGCM = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What may be told of a key.

    Args:
        kid: its public name.
        subject: whose fields it seals; empty if that cannot be read any more.
        publisher: slug of the partner in whose events it does.
        destroyed: when it was (RFC 3339); None if it was not.
    """

    kid: str
    subject: str
    publisher: str
    destroyed: str | None


class Vault:
    """The key store, open. Safe to share between threads; several processes may have it open."""

    def __init__(self, path: Path | str, key: bytes, random: RandomBytes = os.urandom) -> None:
        """Open the database, making it if it is new.

        Args:
            path: of the file; or, as text, the address of a PostgreSQL database.
            key: 32 bytes under which data keys are wrapped; not kept in it.
            random: source of random bytes.

        Raises:
            VaultUnavailable: the file cannot be opened.
            WrongVaultKey: it was made with another key.
        """
        self._wrapping = Wrapping(key, random)
        self._random = random
        self._lock = Lock()
        self._by_kid: dict[str, Key] = {}
        self._by_pair: dict[Pair, Key] = {}
        self._seen = (-1, -1)
        new = self._wrapping.shut(b"", PROOF)
        self._file = VaultDatabase(path, new) if isinstance(path, str) else VaultFile(path, new)
        try:
            with faults():
                if self._wrapping.opened(self._file.proof(), PROOF) is None:
                    raise WrongVaultKey
                self._look()
        except VaultUnavailable:
            self._file.close()
            raise

    def keys_for(self, pairs: Iterable[Pair]) -> dict[Pair, Key]:
        """Return the living key of each pair; what is missing is made, durably, in one transaction."""
        wanted = list(dict.fromkeys(pairs))
        with self._lock, faults():
            self._look()
            found = {pair: self._by_pair[pair] for pair in wanted if pair in self._by_pair}
            if len(found) < len(wanted):
                found |= self._living([pair for pair in wanted if pair not in found])
            if len(found) < len(wanted):
                found |= self._make([pair for pair in wanted if pair not in found])
        return found

    def open_all(self, kids: Iterable[str]) -> dict[str, Key | KeyRecord]:
        """Return keys by name: of those that cannot be opened any more the record, unknown ones not at all."""
        wanted = list(dict.fromkeys(kids))
        with self._lock, faults():
            self._look()
            found: dict[str, Key | KeyRecord] = {
                kid: self._by_kid[kid] for kid in wanted if kid in self._by_kid
            }
            missing = [kid for kid in wanted if kid not in found]
            found.update((key.kid, key) for key in self._read("kid", missing))
        return found

    def open(self, kid: str) -> bytes | None:
        """Return a key; None if it was destroyed, or never was."""
        key = self.open_all([kid]).get(kid)
        return key.secret if isinstance(key, Key) else None

    def destroy(self, kids: Iterable[str], moment: datetime) -> tuple[str, ...]:
        """Overwrite keys; they are gone from the disk when this returns. Return those that lived until now."""
        asked = list(dict.fromkeys(kids))
        with self._lock, faults():
            with self._file.transaction():
                living = [row[0] for row in self._file.keys("kid", asked, "AND destroyed IS NULL")]
                if living:
                    self._file.overwrite(living, stamp(moment))
            self._forget()
            # Also when none lived any more: an earlier call may have failed right here.
            self._file.truncate()
        return tuple(living)

    def destroy_of(self, subject: str, moment: datetime, publisher: str | None = None) -> tuple[str, ...]:
        """Overwrite a person's keys, or those in the events of one partner; return their names."""
        own = [one.kid for one in self.listing(subject) if publisher in (None, one.publisher)]
        return self.destroy(own, moment)

    def listing(self, subject: str | None = None) -> list[KeyRecord]:
        """Return every key that ever was, or those of one person, in the order of their making."""
        with self._lock, faults():
            if subject is None:
                return [self._record(row) for row in self._file.every_key()]
            return [self._record(row) for row in self._file.keys("tag", [self._wrapping.tag(subject)])]

    def version(self) -> int:
        """Return a number that differs when keys were destroyed since, by this process or another."""
        with self._lock, faults():
            self._look()
            return self._seen[1]

    def backup(self, path: Path) -> None:
        """Copy the vault as it is now into a new file: keys destroyed before are not in it.

        Raises:
            FileExistsError: there is such a file already.
        """
        with self._lock, faults():
            self._file.copy_to(path)

    def close(self) -> None:
        """Forget every key and close the file; again is harmless."""
        with self._lock:
            self._forget()
            self._file.close()

    def _look(self) -> None:
        """Forget what is remembered if somebody has destroyed keys; keys that were made change nothing."""
        commits = self._file.commits()
        if commits != self._seen[0]:
            destructions = self._file.destructions()
            if destructions != self._seen[1]:
                self._forget()
            self._seen = (commits, destructions)

    def _forget(self) -> None:
        self._by_kid.clear()
        self._by_pair.clear()
        self._seen = (-1, -1)

    def _living(self, pairs: Sequence[Pair]) -> dict[Pair, Key]:
        tags = list(dict.fromkeys(self._wrapping.tag(subject) for subject, _ in pairs))
        asked = frozenset(pairs)
        found: dict[Pair, Key] = {}
        for key in self._read("tag", tags, "AND destroyed IS NULL"):
            pair = (key.subject, key.publisher)
            if isinstance(key, Key):
                found[pair] = key
            elif pair in asked:
                raise VaultUnavailable("A key in the key store is damaged.")
        return {pair: key for pair, key in found.items() if pair in asked}

    def _make(self, pairs: Sequence[Pair]) -> dict[Pair, Key]:
        with self._file.transaction():
            # Another process may have made some a moment ago.
            found = self._living(pairs)
            fresh = {pair: self._draw(*pair) for pair in pairs if pair not in found}
            for key in fresh.values():
                self._file.add(
                    key.kid,
                    self._wrapping.tag(key.subject),
                    key.publisher,
                    self._wrapping.shut(key.subject.encode(), "subject", key.kid, key.publisher),
                    self._wrapping.shut(key.secret, "key", key.kid, key.subject, key.publisher),
                )
        for key in fresh.values():
            self._remember(key)
        return found | fresh

    def _draw(self, subject: str, publisher: str) -> Key:
        secret = self._random(KEY_BYTES)
        return Key(f"k{self._random(_KID_BYTES).hex()}", subject, publisher, secret, AESGCM(secret))

    def _read(self, column: str, values: Sequence[str | bytes], more: str = "") -> list[Key | KeyRecord]:
        return [self._key(*row) for row in self._file.keys(column, values, more)]

    def _key(
        self, kid: str, subject: bytes, publisher: str, destroyed: str | None, wrapped: bytes
    ) -> Key | KeyRecord:
        named = self._subject(kid, subject, publisher)
        secret = None
        if destroyed is None:
            secret = self._wrapping.opened(wrapped, "key", kid, named, publisher)
        if secret is None:
            return KeyRecord(kid, named, publisher, destroyed)
        key = Key(kid, named, publisher, secret, AESGCM(secret))
        self._remember(key)
        return key

    def _subject(self, kid: str, subject: bytes, publisher: str) -> str:
        return (self._wrapping.opened(subject, "subject", kid, publisher) or b"").decode()

    def _record(self, row: Any) -> KeyRecord:
        kid, subject, publisher, destroyed, _ = row
        return KeyRecord(kid, self._subject(kid, subject, publisher), publisher, destroyed)

    def _remember(self, key: Key) -> None:
        if len(self._by_kid) >= MAX_CACHED:
            oldest = self._by_kid.pop(next(iter(self._by_kid)))
            self._by_pair.pop((oldest.subject, oldest.publisher), None)
        self._by_kid[key.kid] = self._by_pair[key.subject, key.publisher] = key
