"""Signatures of webhooks, as Standard Webhooks has them: `v1` by a shared secret, `v1a` by a key pair."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.subscriptions.subscription import Scheme
from hub.subscriptions.terms import OLD_SIGN, OLD_SIGNS_FOR

BYTES = 32
SECRET, PUBLIC_KEY = "whsec_", "whpk_"


@dataclass(frozen=True, slots=True)
class Pen:
    """What signs: the same 32 bytes are the shared secret, or the seed of the key pair.

    Args:
        scheme: how it signs.
        seed: secret.
        until: when it stops signing; None: it does not.
    """

    scheme: Scheme
    seed: bytes
    until: datetime | None = None

    @property
    def shown(self) -> str:
        """What the receiver verifies with: for `v1` the secret itself, for `v1a` the public key."""
        if self.scheme == "v1":
            return SECRET + base64.b64encode(self.seed).decode()
        return PUBLIC_KEY + base64.b64encode(_pair(self.seed).public_key().public_bytes_raw()).decode()

    def sign(self, said: bytes) -> str:
        """Return one signature as the header has it."""
        is_shared = self.scheme == "v1"
        signature = hmac.digest(self.seed, said, hashlib.sha256) if is_shared else _pair(self.seed).sign(said)
        return f"{self.scheme},{base64.b64encode(signature).decode()}"


def new_pens(schemes: Iterable[Scheme], random: Callable[[int], bytes]) -> tuple[Pen, ...]:
    """Return a pen for each scheme."""
    return tuple(Pen(one, random(BYTES)) for one in schemes)


def rotated(pens: Sequence[Pen], random: Callable[[int], bytes], now: datetime) -> tuple[Pen, ...]:
    """Return new pens, and beside them the old ones, each of which signs for its own while.

    Whoever asks again because an answer was lost still has a secret that signs.
    """
    current = [one for one in pens if one.until is None]
    old = [replace(one, until=now + OLD_SIGNS_FOR) for one in current]
    older = [one for one in pens if one.until is not None and now < one.until]
    kept = [*old, *older][: OLD_SIGN * len(current)]
    return (*new_pens([one.scheme for one in current], random), *kept)


def headers(pens: Sequence[Pen], webhook_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """Return the headers of one delivery, signed by every pen that signs now, new ones first."""
    seconds = int(now.timestamp())
    said = f"{webhook_id}.{seconds}.".encode() + body
    signing = (one for one in pens if one.until is None or now < one.until)
    return {
        "content-type": "application/json",
        "user-agent": "solidarity-hub",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(one.sign(said) for one in signing),
    }


def write_pens(pens: Sequence[Pen]) -> bytes:
    """Write pens, to be encrypted."""
    rows = [(one.scheme, base64.b64encode(one.seed).decode(), _seconds(one.until)) for one in pens]
    return orjson.dumps(rows) if rows else b""


def read_pens(stored: bytes) -> tuple[Pen, ...]:
    """Read what `write_pens` wrote."""
    rows = orjson.loads(stored) if stored else []
    return tuple(Pen(scheme, base64.b64decode(seed), _moment(until)) for scheme, seed, until in rows)


def _seconds(until: datetime | None) -> float | None:
    return None if until is None else until.timestamp()


def _moment(stored: float | None) -> datetime | None:
    return None if stored is None else datetime.fromtimestamp(0, UTC) + timedelta(seconds=stored)


def _pair(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)
