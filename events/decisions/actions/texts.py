"""The text of an action: its fingerprint, and when a proposal brings a new one."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from unicodedata import normalize

Json = Any

JOINABLE = frozenset({"proposed", "open_for_joining"})
"""States of an action in which partners may join."""

OPEN = "open_for_joining"

SIGNING = frozenset({"signatory", "co_sponsor", "endorser"})
"""Roles that bind to the text."""

HEADS = frozenset({"lead", "co_lead"})
"""Roles of those whose text it is."""

_WEB_ADDRESS = re.compile(r"https?://\S+")


def text_hash(text: str) -> str:
    """Return the fingerprint of a text: SHA-256 of its UTF-8 bytes in Unicode's form NFC, in hexadecimal.

    Nothing is trimmed: a space or a line more is another text.
    """
    return sha256(normalize("NFC", text).encode()).hexdigest()


def is_address(draft: str) -> bool:
    """Tell whether a draft is the web address where the text lies, not the text."""
    return _WEB_ADDRESS.fullmatch(draft) is not None


def hash_of_draft(draft: Json) -> str | None:
    """Return the fingerprint of a draft; None where the hub cannot read the text."""
    return text_hash(draft) if isinstance(draft, str) and not is_address(draft) else None


def brings_new_text(data: Mapping[str, Json], before: str | None) -> bool:
    """Tell whether a revision asks for new signatures.

    Args:
        data: of the revision.
        before: fingerprint of the text so far; None if the lead did not say it.
    """
    said = data.get("text_hash")
    if said is not None:
        return bool(said != before)
    # Without a fingerprint nobody can tell whether the text stayed; only who may still sign is asked again.
    return data.get("state", OPEN) in JOINABLE
