"""Signs events on their way out, and looks into envelopes on their way through."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from events.signatures import KeyRefused, fingerprint, payload_of, read_private_key, sign
from events.strict import MalformedJson, read_json
from events.submission import EventRefused, is_signed

Json = Any


class Signer:
    """Signs with one key.

    Args:
        key: the private key.
        kid: its name, as the stewards registered it; by default the fingerprint of the public key.
        source: tells the source of events that do not say theirs; asked at most once.
    """

    def __init__(self, key: Ed25519PrivateKey, kid: str | None, source: Callable[[], str]) -> None:
        self._key = key
        self._kid = kid or fingerprint(key.public_key().public_bytes_raw())
        self._ask = source
        self._source = ""

    def sign(self, event: Json) -> Json:
        """Return the envelope of an event; what is signed already stays as it is."""
        if is_signed(event):
            return event
        if "source" not in event:
            self._source = self._source or self._ask()
            event = {**event, "source": self._source}
        payload = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        return sign(payload, self._kid, self._key)


def read_key_file(path: str) -> Ed25519PrivateKey:
    """Return the private key in a file.

    Raises:
        KeyRefused: there is none that can be used.
    """
    try:
        return read_private_key(Path(path).read_bytes())
    except KeyRefused as refused:
        raise KeyRefused(f"{path}: {refused}") from refused


def inner(event: Json) -> Json:
    """Return the event in an envelope, whoever signed it; what is in none, or cannot be read, as it is."""
    if not is_signed(event):
        return event
    try:
        found = read_json(payload_of(event))
    except (EventRefused, MalformedJson):
        return event
    return found if isinstance(found, dict) else event
