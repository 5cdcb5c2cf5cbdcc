"""The keys of a hub's folder, opened by a test's own few lines: what a box holds, and a box for something else."""

import json
import os
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Json = Any


class _Key(NamedTuple):
    cipher: AESGCM
    subject: str


class Keyring:
    """Every key that still exists."""

    def __init__(self, folder: Path) -> None:
        self._keys: dict[str, _Key] = {}
        if not (folder / "vault.sqlite").exists():
            return
        wrapping = AESGCM((folder / "vault.key").read_bytes())
        db = sqlite3.connect(folder / "vault.sqlite")
        try:
            asked = "SELECT kid, publisher, subject, wrapped FROM data_keys JOIN secrets USING (no)"
            rows = db.execute(f"{asked} WHERE destroyed IS NULL").fetchall()
        finally:
            db.close()
        for kid, publisher, subject, wrapped in rows:
            named = _opened(wrapping, subject, "subject", kid, publisher).decode()
            self._keys[kid] = _Key(AESGCM(_opened(wrapping, wrapped, "key", kid, named, publisher)), named)

    def __contains__(self, box: Mapping[str, str]) -> bool:
        """Tell whether a box can be opened."""
        return box["key"] in self._keys

    def open(self, box: Mapping[str, str], envelope: Mapping[str, Json]) -> tuple[Json] | None:
        """Return what is in a box, alone in a tuple; None if its key is gone."""
        key = self._keys.get(box["key"])
        if key is None:
            return None
        place = str(envelope["source"]), str(envelope["id"]), box["at"], key.subject
        return (json.loads(_opened(key.cipher, b64decode(box["box"]), *place)),)

    def seal(self, box: Mapping[str, str], envelope: Mapping[str, Json], value: Json) -> dict[str, str]:
        """Return a box of the same key and place for another value."""
        key = self._keys[box["key"]]
        place = str(envelope["source"]), str(envelope["id"]), box["at"], key.subject
        nonce = os.urandom(12)
        shut = key.cipher.encrypt(nonce, json.dumps(value).encode(), _bound(*place))
        return {**box, "box": b64encode(nonce + shut).decode()}


def _opened(cipher: AESGCM, box: bytes, *place: str) -> bytes:
    try:
        return cipher.decrypt(box[:12], box[12:], _bound(*place))
    except InvalidTag as damaged:
        raise AssertionError(f"a box does not open at its place, {place}") from damaged


def _bound(*parts: str) -> bytes:
    return b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
