"""Salted digests: the log recognises what it has without keeping it in the plain."""

from collections.abc import Sequence
from hashlib import blake2b

from events.event import SOURCE_PREFIX

SALT_BYTES = 32


class Salt:
    """The secret of one log, drawn when it is made and kept in its database."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of_event(self, source: str, event_id: str) -> bytes:
        """Return the key under which an event is recognised; no source holds a space, so pairs stay apart."""
        return self._key(f"event {source.removeprefix(SOURCE_PREFIX)} {event_id}")

    def of_claim(self, name: str) -> bytes:
        """Return the key of a name that may be taken once."""
        return self._key(f"claim {name}")

    def of_content(self, content: bytes) -> bytes:
        """Return the digest that tells whether the same was sent again."""
        return blake2b(content, digest_size=32, key=self._secret, person=b"content").digest()

    def of_sealed_content(self, content: bytes, secrets: Sequence[bytes]) -> bytes:
        """Return the same digest for content with personal fields: nobody can guess at it without their keys."""
        key = blake2b(b"".join(secrets), digest_size=32, key=self._secret, person=b"sealed").digest()
        return blake2b(content, digest_size=32, key=key, person=b"content").digest()

    def of_record(self, state: bytes) -> str:
        """Return the digest of a recorded envelope, as receipts bear it."""
        return blake2b(state, digest_size=32, key=self._secret, person=b"record").hexdigest()

    def _key(self, text: str) -> bytes:
        return blake2b(text.encode(), digest_size=16, key=self._secret, person=b"key").digest()
