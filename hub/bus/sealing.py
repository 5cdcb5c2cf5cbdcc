"""What travels between hubs is shut: the servers of the bus carry boxes, and see roughly how large they are."""

from collections.abc import Callable
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
LEAST_BYTES = 512
PARTS = 8
"""A box is padded to the next eighth of a power of two: at most an eighth of it is padding, and few sizes exist."""

Random = Callable[[int], bytes]


class ForeignBox(ValueError):
    """Something on the bus was not written by a hub that has the keys of this one."""


class Sealer:
    """Shuts and opens what hubs on one log send each other; they have the same keys.

    Args:
        keys: of the hub: whoever lacks one of them opens nothing.
        random: gives that many unpredictable bytes.
    """

    def __init__(self, keys: tuple[bytes, ...], random: Random) -> None:
        self._cipher = AESGCM(derived("bus", keys))
        self._random = random

    def shut(self, said: bytes, place: bytes) -> bytes:
        """Return bytes as a box that opens at its place only."""
        nonce = self._random(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, _padded(said), place)

    def opened(self, box: bytes, place: bytes) -> bytes:
        """Return what is in a box.

        Raises:
            ForeignBox: these keys did not shut it at this place.
        """
        try:
            return _bare(self._cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], place))
        except (InvalidTag, ValueError) as odd:
            raise ForeignBox from odd


def derived(purpose: str, keys: tuple[bytes, ...]) -> bytes:
    """Return a key for one purpose that nobody finds who lacks one of some keys of 32 bytes."""
    key = blake2b(b"".join(keys), digest_size=32, person=b"hub keys").digest()
    return blake2b(purpose.encode(), digest_size=32, key=key, person=b"hub purpose").digest()


def _padded(said: bytes) -> bytes:
    length = len(said) + 4
    step = max(LEAST_BYTES, (1 << (length - 1).bit_length()) // (2 * PARTS))
    return len(said).to_bytes(4) + said + bytes(-length % step)


def _bare(padded: bytes) -> bytes:
    return padded[4 : 4 + int.from_bytes(padded[:4])]
