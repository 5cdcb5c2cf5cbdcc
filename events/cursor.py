"""Cursors: positions in a form that tells clients nothing about what they may not see."""

import base64
import binascii
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from events.event import Position

LENGTH = 22
"""Characters of every cursor."""

_BLOCK = struct.Struct(">4sQI")
_MARK = b"hub1"
_ZEROS = bytes(16)


class UnknownCursor(Exception):
    """A text is no cursor that this hub has given out."""


class Cursors:
    """Turns positions into cursors and back; the same for all readers, so that frames can be shared."""

    def __init__(self, key: bytes) -> None:
        """Take an AES key of 16, 24 or 32 bytes; all hubs on one log must have the same.

        One block is encrypted at a time under a zero vector: equal positions give equal cursors.
        """
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(_ZEROS))

    def encode(self, position: Position, part: int = 0) -> str:
        """Write a cursor.

        Args:
            position: place in the log; 0 is before the first event.
            part: which of several messages that share the position, from 1; 0 means all of it.
        """
        turn = self._cipher.encryptor()
        block = turn.update(_BLOCK.pack(_MARK, position, part)) + turn.finalize()
        return base64.urlsafe_b64encode(block).rstrip(b"=").decode()

    def decode(self, text: str) -> tuple[Position, int]:
        """Read a cursor.

        Raises:
            UnknownCursor: this hub never wrote it.
        """
        try:
            block = base64.b64decode(text.encode("ascii") + b"==", altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            raise UnknownCursor from None
        if len(text) != LENGTH or len(block) != _BLOCK.size:
            raise UnknownCursor
        turn = self._cipher.decryptor()
        mark, position, part = _BLOCK.unpack(turn.update(block) + turn.finalize())
        # The four spare bits of the last character must be as they were written: one position, one cursor.
        if mark != _MARK or self.encode(position, part) != text:
            raise UnknownCursor
        return Position(position), part
