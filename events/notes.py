"""Signed notes, checkpoints and cosignatures as C2SP has them, written and read with Ed25519.

https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-cosignature.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PLAIN, COSIGNED = 1, 4
"""Kinds of signatures: of the text itself, and of a witness with the time."""

MAX_NOTE = 16_384
_DASH = "\N{EM DASH} "
_VKEY = re.compile(r"([^\s+]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{44})")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_KEY_BYTES, _SIGNATURE_BYTES, _ID_BYTES, _TIME_BYTES = 32, 64, 4, 8


class NoteRefused(Exception):
    """This is no note, or no key, as it should be; the message is one sentence."""


class Head(NamedTuple):
    """What a checkpoint says: whose log, how many leaves, and the root over them."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name under which it signs and the kind of its signatures."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that stand before each signature."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:_ID_BYTES]

    @property
    def text(self) -> str:
        """The key as one word (a `vkey`)."""
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"

    def has_signed(self, text: str, line: str) -> bool:
        """Tell whether a line of a note is a valid signature of its text by this key."""
        found = _signature(line)
        if found is None or found[0] != self.name or found[1][:_ID_BYTES] != self.id:
            return False
        signed, signature = text.encode(), found[1][_ID_BYTES:]
        if self.kind == COSIGNED:
            moment, signature = int.from_bytes(signature[:_TIME_BYTES]), signature[_TIME_BYTES:]
            signed = _cosigned(moment, text)
        if len(signature) != _SIGNATURE_BYTES:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, signed)
        except InvalidSignature:
            return False
        return True


class Signer:
    """The hub's own key: signs its checkpoints and receipts, and, as a witness, the checkpoints of others."""

    def __init__(self, secret: bytes) -> None:
        """Take 32 random bytes: log and witness have keys of their own, made from them."""
        self._log = _private(secret, b"log")
        self._witness = _private(secret, b"witness")
        public = self._log.public_key().public_bytes_raw()
        name = f"solidarity-hub.example/log/{sha256(public).hexdigest()[:16]}"
        self.key = VerifierKey(name, PLAIN, public)
        witness = self._witness.public_key().public_bytes_raw()
        name = f"solidarity-hub.example/witness/{sha256(witness).hexdigest()[:16]}"
        self.witness_key = VerifierKey(name, COSIGNED, witness)

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.key.name

    def sign(self, text: str) -> str:
        """Return a text as a signed note."""
        return f"{text}\n{_line(self.key, self._log.sign(text.encode()))}"

    def cosign(self, text: str, moment: int) -> str:
        """Return the line by which a witness says that it has seen a checkpoint at a moment (seconds since 1970)."""
        signature = moment.to_bytes(_TIME_BYTES) + self._witness.sign(_cosigned(moment, text))
        return _line(self.witness_key, signature)


def read_vkey(said: str) -> VerifierKey:
    """Return the key in a `vkey`.

    Raises:
        NoteRefused: it is none of Ed25519.
    """
    found = _VKEY.fullmatch(said.strip())
    raw = _bytes_of(found[3]) if found else None
    if found is None or raw is None or len(raw) != _KEY_BYTES + 1 or raw[0] not in (PLAIN, COSIGNED):
        raise NoteRefused("This is no key of a log or a witness: it looks like NAME+ID+KEY.")
    key = VerifierKey(found[1], raw[0], raw[1:])
    if key.id.hex() != found[2]:
        raise NoteRefused("The id in this key does not fit the key: was it copied whole?")
    return key


def checkpoint_text(head: Head) -> str:
    """Return the text of a checkpoint."""
    return f"{head.origin}\n{head.size}\n{b64encode(head.root).decode()}\n"


def read_note(note: str) -> tuple[str, list[str]]:
    """Return the text of a note and its lines of signatures.

    Raises:
        NoteRefused: it is none.
    """
    text, blank, signatures = note.rpartition("\n\n")
    lines = list(_lines(signatures))
    if not blank or not lines or len(note) > MAX_NOTE or not note.endswith("\n"):
        raise NoteRefused("This is no signed note.")
    return f"{text}\n", lines


def read_head(text: str) -> Head:
    """Return what the text of a checkpoint says.

    Raises:
        NoteRefused: it is none.
    """
    origin, size, root, *_ = [*text.split("\n"), "", "", ""]
    read = _bytes_of(root)
    if not origin or not _SIZE.fullmatch(size) or read is None or len(read) != _KEY_BYTES:
        raise NoteRefused("This is no checkpoint.")
    return Head(origin, int(size), read)


def _lines(signatures: str) -> Iterator[str]:
    for line in signatures.split("\n")[:-1]:
        if _signature(f"{line}\n") is None:
            raise NoteRefused("A line below the text is no signature.")
        yield f"{line}\n"


def _signature(line: str) -> tuple[str, bytes] | None:
    name, _, said = line.removeprefix(_DASH).rstrip("\n").partition(" ")
    raw = _bytes_of(said)
    return (
        None if raw is None or not name or not line.startswith(_DASH) or len(raw) < _ID_BYTES else (name, raw)
    )


def _line(key: VerifierKey, signature: bytes) -> str:
    return f"{_DASH}{key.name} {b64encode(key.id + signature).decode()}\n"


def _cosigned(moment: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {moment}\n{text}".encode()


def _private(secret: bytes, use: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(b"solidarity hub " + use + b"\n" + secret).digest())


def _bytes_of(said: str) -> bytes | None:
    try:
        raw = b64decode(said, validate=True)
    except ValueError:
        return None
    return raw if b64encode(raw).decode() == said else None
