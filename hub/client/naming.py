"""Ids and defaults of events whose publisher gave none."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from events.submission import is_signed

Json = Any


def content_id(event: Json) -> str:
    """Return an id that depends on the content alone: `row-` and 32 hexadecimal digits."""
    text = json.dumps(event, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "row-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def completed(event: Mapping[str, Json]) -> dict[str, Json]:
    """Return an event with `specversion` and an id, so that it stays the same event however often it is sent."""
    if is_signed(event):
        return dict(event)
    whole = {"specversion": "1.0", **event}
    return whole if "id" in whole else {**whole, "id": content_id(whole)}
