"""The boards there are: by kind of thing, what is answered as `board` of its dossier."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from projections.boards.papers import Papers

Json = Any
Board = Callable[[Papers, str], Json]

BOARDS: Mapping[str, Board] = MappingProxyType({})
"""Kind of thing → its board, of a reference to go by."""
