"""Rows of `recorded_keys`: each has a check, so that a bit of it that is another is found even after an erasure.

What was erased cannot be digested again, nor can turns of decisions be told from events alone: the check binds both to
the row as it was written. It guards against damage; whoever writes into the database may read its salt there.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

DIGEST_BYTES = 32

CHECK_BYTES = 9
"""Not 8 or 16: with these a single bit of SQLite's length of the field would make of it one without a check."""

RecordedKey = tuple[bytes, bytes, int]
"""Key, digest with its check, position."""


def recorded_key(secret: bytes, key: bytes, digest: bytes, position: int) -> RecordedKey:
    """Return a row with its check."""
    return key, digest + _check(secret, key, digest, position), position


def recorded_keys(
    secret: bytes, events: Iterable[Mapping[bytes, bytes]], positions: Sequence[int]
) -> list[RecordedKey]:
    """Return the rows of events, by the digests under the keys of each, and by its position."""
    return [
        recorded_key(secret, key, digest, position)
        for taken, position in zip(events, positions, strict=True)
        for key, digest in taken.items()
    ]


def digest_in(kept: bytes) -> bytes:
    """Return the digest in a field; an older release wrote it alone."""
    return bytes(kept[:DIGEST_BYTES])


def is_sound(secret: bytes, key: bytes, kept: bytes, position: int) -> bool:
    """Tell whether a row is as it was written; of one of an older release nobody can tell."""
    digest, check = kept[:DIGEST_BYTES], kept[DIGEST_BYTES:]
    return len(kept) == DIGEST_BYTES or check == _check(secret, key, digest, position)


def _check(secret: bytes, key: bytes, digest: bytes, position: int) -> bytes:
    # Of a damaged row it may be negative.
    said = key + digest + position.to_bytes(8, signed=True)
    return blake2b(said, digest_size=CHECK_BYTES, key=secret, person=b"row").digest()
