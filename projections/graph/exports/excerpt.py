"""What an export reads."""

from collections.abc import Iterator
from typing import Any, Protocol

Json = Any

NODE_FIELDS = ("kind", "label", "country", "status")
EDGE_FIELDS = ("kind", "since", "until", "claims", "status")


class Excerpt(Protocol):
    """Nodes and edges in the short form of `/graph`, each to be read once."""

    def nodes(self) -> Iterator[Json]:
        """Yield every node."""

    def dated_nodes(self) -> Iterator[Json]:
        """Yield every node; one that happens, or begins, has `since`: the earliest day (EDTF) that its ties know."""

    def edges(self) -> Iterator[Json]:
        """Yield every edge between those nodes."""
