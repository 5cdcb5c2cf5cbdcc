"""Leaves are, to the byte, what they were when logs were written: else no old log would verify."""

from typing import Any
from uuid import UUID

import pytest

from events.commitments import Commitments, Place
from schemas.registry import Registry

Json = Any

ROW = (Place(UUID(int=7), 3), "lawyer.profiled.v1", b'{"state":1}')
DATA = {
    "lawyer": "lawyer:harbour-bar-watch.1",
    "zeta": [1, 2.5, {"b": None, "a": "\x00é"}],
    "identity": {"names": [{"full": "Pellamine Dovrask"}]},
    "provenance": {"source_kind": "bar", "source": "source:harbour-bar-watch.7"},
    "a/b~c": True,
}
EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "urn:hub:partner:harbour-bar-watch",
    "tlp": "green",
    "data": DATA,
}
NAME, SOURCE = b"k" * 32, b"l" * 48
WHOLE = "26a1594f5f78a88318839f066850492ab3375e287bf8988a0876a893be7ed2d5"


@pytest.fixture(scope="module")
def made() -> Commitments:
    return Commitments(Registry.load(), b"s" * 32)


@pytest.mark.parametrize(
    ("sealed", "expected"),
    [
        ({}, "06d3f70cbc45524135f8ae7e7cec8623aadbee768358a970aea1bfe71c7c67ad"),
        ({"/identity": NAME, "/provenance/source": SOURCE}, WHOLE),
        (
            {"/identity": None, "/alias": b"q" * 32},
            "2fea574f9222b1210980e5cb151209e84a104c2f5581ce747ed01bcabc692f15",
        ),
    ],
    ids=["plain", "personal", "erased"],
)
def test_a_leaf_is_what_it_was(made: Commitments, sealed: dict[str, bytes | None], expected: str) -> None:
    assert made.leaf(ROW, EVENT, sealed).hash.hex() == expected


def test_what_is_erased_later_leaves_the_leaf_as_it_was(made: Commitments) -> None:
    kept = made.leaf(ROW, EVENT, {"/identity": NAME, "/provenance/source": SOURCE}).sealed
    left = {**EVENT, "data": {name: one for name, one in DATA.items() if name != "identity"}}
    erased: dict[str, bytes | None] = {"/identity": None, "/provenance/source": SOURCE}
    assert made.leaf(ROW, left, erased, kept).hash.hex() == WHOLE
    # What nobody asked to keep is not looked at.
    assert made.leaf(ROW, left, erased, kept + bytes(32)).hash.hex() == WHOLE
