"""Words as they come by the public stream: whoever may write there, or have servers answer there, may be no hub."""

from collections.abc import Mapping
from typing import Any

import orjson

Word = Mapping[str, Any]


def word_in(box: bytes) -> Word:
    """Return the word in a message; an empty one if it holds none."""
    try:
        word = orjson.loads(box)
    except orjson.JSONDecodeError:
        return {}
    return word if isinstance(word, dict) else {}
