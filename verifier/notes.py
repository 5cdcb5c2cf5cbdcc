"""Signed notes, checkpoints and cosignatures of C2SP, read and verified with Ed25519."""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_LINE = re.compile(r"\N{EM DASH} ([^\s+]+) ([A-Za-z0-9+/]+=*)")
_PLAIN, _COSIGNED = 1, 4


class Unreadable(Exception):
    """Something is not in the form that it should have; the message is one sentence."""


class Key(NamedTuple):
    """A public key as a `vkey`: name, kind of signature, 32 bytes."""

    name: str
    kind: int
    public: bytes

    def id(self) -> bytes:
        """Return the four bytes before each of its signatures."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:4]


class Head(NamedTuple):
    """What a checkpoint says."""

    origin: str
    size: int
    root: bytes


def read_key(said: str) -> Key:
    """Return the key in a `vkey`.

    Raises:
        Unreadable: it is none.
    """
    name, _, rest = said.strip().partition("+")
    named, _, encoded = rest.partition("+")
    raw = unbase64(encoded)
    if len(raw) != 33 or raw[0] not in (_PLAIN, _COSIGNED):
        raise Unreadable("This is no key of a log or a witness; such a key looks like NAME+ID+KEY.")
    key = Key(name, raw[0], raw[1:])
    if key.id().hex() != named:
        raise Unreadable("The id in this key does not fit the key.")
    return key


def read_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text of a note, and its signatures: name, and id with signature.

    Raises:
        Unreadable: it is none.
    """
    text, blank, below = note.rpartition("\n\n")
    found = [_LINE.fullmatch(line) for line in below.split("\n")[:-1]]
    if not blank or not note.endswith("\n") or not found:
        raise Unreadable("This is no signed note.")
    if any(one is None for one in found):
        raise Unreadable("A line below the text of a note is no signature.")
    return f"{text}\n", [(one[1], unbase64(one[2])) for one in found if one is not None]


def is_signed(text: str, signatures: Sequence[tuple[str, bytes]], key: Key) -> bool:
    """Tell whether a key has signed a text."""
    return any(
        name == key.name and said[:4] == key.id() and _holds(text, said[4:], key) for name, said in signatures
    )


def read_head(text: str) -> Head:
    """Return what the text of a checkpoint says.

    Raises:
        Unreadable: it is none.
    """
    lines = text.split("\n")
    if len(lines) < 4 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]) or len(unbase64(lines[2])) != 32:
        raise Unreadable("This is no checkpoint.")
    return Head(lines[0], int(lines[1]), unbase64(lines[2]))


def unbase64(said: object) -> bytes:
    """Return what base64 says.

    Raises:
        Unreadable: it is none, or written in another way than the usual one.
    """
    try:
        raw = b64decode(said, validate=True) if isinstance(said, str) else b""
    except ValueError:
        raw = b""
    if not isinstance(said, str) or b64encode(raw).decode() != said:
        raise Unreadable("Something that should be base64 is not.")
    return raw


def _holds(text: str, signature: bytes, key: Key) -> bool:
    signed = text.encode()
    if key.kind == _COSIGNED:
        moment, signature = int.from_bytes(signature[:8]), signature[8:]
        signed = f"cosignature/v1\ntime {moment}\n{text}".encode()
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, signed)
    except InvalidSignature:
        return False
    return True
