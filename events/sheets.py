"""Sheets: what is recorded between two closings, as one leaf of the tree that everybody may see.

A sheet always looks the same from outside, full or empty: each event in it has a path of `HEIGHT` steps, its place on
it is by chance, and so is what stands beside it. Nobody can tell from paths how many events there are, or in which
order they came.
"""

from collections.abc import Sequence
from hashlib import sha256, shake_128
from typing import NamedTuple

from events.merkle import HASH_BYTES, node_hash

HEIGHT = 24
"""Steps from an event to the root of its sheet; a sheet can hold 2 to the power of this."""


class SheetPath(NamedTuple):
    """How a leaf hangs in its sheet: place among `2 ** HEIGHT`, and what stands beside its way up, from below."""

    place: int
    steps: Sequence[bytes]


class SheetTree:
    """The tree of one sheet."""

    def __init__(self, leaves: Sequence[bytes], secret: bytes) -> None:
        """Arrange leaves by their hashes, which chance decides; fill up by the secret of this sheet."""
        placed = sorted(leaves)
        self._place = dict(zip(placed, range(len(placed)), strict=True))
        depth = (max(len(leaves), 1) - 1).bit_length()
        filling = _stream(secret, b"fill", (1 << depth) - len(leaves))
        level = [*placed, *filling]
        self._levels = [level]
        while len(level) > 1:
            level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=True)]
            self._levels.append(level)
        self._beside = _stream(secret, b"beside", HEIGHT - depth)
        self._sides = shake_128(b"sides" + secret).digest(HEIGHT)
        self.root = level[0]
        for step, beside in enumerate(self._beside):
            self.root = node_hash(beside, self.root) if self._is_right(step) else node_hash(self.root, beside)

    def path(self, leaf: bytes) -> SheetPath | None:
        """Return the way of a leaf to the root; None if it is not in this sheet."""
        if leaf not in self._place:
            return None
        place = at = self._place[leaf]
        steps = []
        for level in self._levels[:-1]:
            steps.append(level[at ^ 1])
            at >>= 1
        depth = len(steps)
        for step in range(len(self._beside)):
            place |= self._is_right(step) << (depth + step)
        return SheetPath(place, [*steps, *self._beside])

    def _is_right(self, step: int) -> int:
        return self._sides[step] & 1


def head_commitment(salt: bytes, size: int, root: bytes) -> bytes:
    """Return what a sheet says of the tree over all events, in their order, without telling its size."""
    return sha256(b"\x03" + salt + size.to_bytes(8) + root).digest()


def _stream(secret: bytes, use: bytes, many: int) -> list[bytes]:
    drawn = shake_128(use + secret).digest(many * HASH_BYTES)
    return [drawn[start : start + HASH_BYTES] for start in range(0, len(drawn), HASH_BYTES)]
