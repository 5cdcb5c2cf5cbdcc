"""What visible claims say about properties that are not kept in memory: read from the table, each event once."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from projections.graph.claims import EdgeClaim, Forms, Reading
from projections.shown import Assessments, Claim, shown

if TYPE_CHECKING:
    from projections.graph.view import Graph

Json = Any


_Stored = tuple[Reading, Forms]
"""What an event says as it was stored, and the numbers of the labels that what stands there means."""

_MOST_READ = 5_000


class Said:
    """The readings of some events, for one question.

    Args:
        view: the graph, in whose tables the readings lie.
        allowed: label numbers that the reader may see.
    """

    def __init__(self, view: "Graph", allowed: frozenset[int]) -> None:
        self._view = view
        self._allowed = allowed
        self._readings: dict[int, _Stored] = {}

    def lighten(self) -> None:
        """Let go of what was read if it is a lot; `load` reads it again."""
        if len(self._readings) > _MOST_READ:
            self._readings.clear()

    def load(self, places: Iterable[int]) -> None:
        """Read what some events say, as far as it is not here yet. Hold no lock."""
        missing = set(places) - self._readings.keys()
        with self._view.database.snapshot() as db:
            stored = self._view.stored(db, missing)
            self._readings.update((one[0].origin.position, one) for one in stored)

    def _told(self, places: Iterable[int]) -> Iterator[_Stored]:
        for place in places:
            reading = self._readings.get(place)
            if reading is not None:
                yield reading

    def node(self, among: Collection[str], places: Iterable[int], name: str) -> list[Claim]:
        """Return the visible claims on a property of a node.

        Args:
            among: every reference that is read as that node.
            places: of the events that name it; loaded before.
            name: of the property.
        """
        return [
            claim
            for reading, forms in self._told(places)
            for ref, _, props in reading.nodes
            if ref in among
            for claim in self._props(reading, forms, props, name)
        ]

    def tie(self, kind: str, claims: Sequence[EdgeClaim], name: str) -> list[Claim]:
        """Return the visible claims on a property of a tie, of a kind of which an event names one."""
        return [
            claim
            for reading, forms in self._told(claim.origin.position for claim in claims)
            for of, _, _, level, _, _, props in reading.ties
            if of == kind and forms[level] in self._allowed
            for claim in self._props(reading, forms, props, name)
        ]

    def _props(self, reading: Reading, forms: Forms, props: Json, name: str) -> Iterator[Claim]:
        for given, value, pointer, level in props:
            if given == name and forms[level] in self._allowed:
                yield Claim(value, reading.origin, pointer)


def values_of(claims: Sequence[Claim], assessments: Assessments) -> list[Json]:
    """Return what is shown of claims: nothing, one value, or the sides of a dispute."""
    if not claims:
        return []
    first = claims[0].value
    # Where all say the same, as most do, nobody has to be asked how he knows.
    if len(claims) == 1 or (isinstance(first, str) and all(claim.value == first for claim in claims)):
        return [first]
    return shown(claims, assessments).values


def codes_of(claims: Sequence[Claim], assessments: Assessments) -> list[str]:
    """Return the codes that are shown, those of a list one by one, sorted."""
    found: set[str] = set()
    for value in values_of(claims, assessments):
        found.update(str(one) for one in (value if isinstance(value, list) else [value]))
    return sorted(found)
