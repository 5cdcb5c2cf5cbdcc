"""Authenticated encryption as the archive uses it: AES-256-GCM, a random nonce in front, bound to its place."""

from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from events.ids import RandomBytes

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


def bound(*parts: str) -> bytes:
    """Return texts as one, each with its length in front: what a box is bound to cannot be read in two ways."""
    texts = [part.encode() for part in parts]
    return b"".join([len(text).to_bytes(4) + text for text in texts])


def shut(cipher: AESGCM, value: bytes, place: bytes, random: RandomBytes) -> bytes:
    """Return a value encrypted, to be opened at the same place only."""
    nonce = random(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, value, place)


def opened(cipher: AESGCM, box: bytes, place: bytes) -> bytes | None:
    """Return the value in a box; None if it is damaged, or of another key or place."""
    try:
        return cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], place)
    except (InvalidTag, ValueError):
        return None


class Wrapping:
    """What the key of the keys does: wraps data keys, and keeps names out of the file."""

    def __init__(self, key: bytes, random: RandomBytes) -> None:
        """Take 32 bytes and a source of random ones."""
        self._cipher = AESGCM(key)
        self._tag_key = blake2b(b"tag", digest_size=32, key=key).digest()
        self._random = random

    def tag(self, subject: str) -> bytes:
        """Return a keyed digest under which a person's keys are found."""
        return blake2b(subject.encode(), digest_size=16, key=self._tag_key).digest()

    def shut(self, value: bytes, *place: str) -> bytes:
        """Return a value wrapped."""
        return shut(self._cipher, value, bound(*place), self._random)

    def opened(self, box: bytes, *place: str) -> bytes | None:
        """Return what is wrapped; None if this key or this place is not the right one."""
        return opened(self._cipher, box, bound(*place))
