"""The links in mails: whoever has one received a mail about that subscription, and may confirm or end it."""

import hmac
from hashlib import sha256

_USE = b"mail link "
_DIGITS = 40
"""Hexadecimal: 160 bits."""


class Links:
    """Makes and reads links; nothing is stored of them.

    Args:
        key: the hub's key of subscriptions.
        base: how the hub is reached from outside.
    """

    def __init__(self, key: bytes, base: str) -> None:
        self._key = hmac.digest(key, _USE, sha256)
        self.base = base

    def secret(self, subscription: str) -> str:
        """Return what a link about a subscription ends with."""
        return f"{subscription}.{self._proof(subscription)}"

    def link(self, subscription: str) -> str:
        """Return a link about a subscription."""
        return f"{self.base}/mail/{self.secret(subscription)}"

    def subscription(self, secret: str) -> str | None:
        """Return which subscription the end of a link is about; None if this hub did not make it."""
        name, _, proof = secret.partition(".")
        known = hmac.compare_digest(self._proof(name).encode(), proof.encode("utf-8", "surrogateescape"))
        return name if known else None

    def _proof(self, subscription: str) -> str:
        said = subscription.encode("utf-8", "surrogateescape")
        return hmac.digest(self._key, said, sha256).hex()[:_DIGITS]
