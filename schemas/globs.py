"""Globs by which types of events are asked for."""

import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from functools import lru_cache

LONGEST_GLOB = 200
"""No name of a type is as long. What is kept of a glob takes a hundred times its length, and strangers choose it."""


def is_of(name: str, globs: Iterable[str]) -> bool:
    """Tell whether the name of a type fits any of some globs: `*`, `?` and `[...]` as in file names."""
    return any(len(glob) <= LONGEST_GLOB and _matching(glob)(name) is not None for glob in globs)


@lru_cache(256)
def _matching(glob: str) -> Callable[[str], re.Match[str] | None]:
    # Not `fnmatchcase`, which would keep 32,768.
    return re.compile(translate(glob)).match
