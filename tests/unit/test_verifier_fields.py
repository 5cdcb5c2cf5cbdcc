"""How the verifier writes JSON is how the hub writes it, to the byte; and what a proof vouches for."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verifier.fields import check, part_of, written
from verifier.notes import Unreadable

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53) + 1, 2**53 - 1)
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_the_verifier_writes_what_the_hub_writes(value: Any) -> None:
    assert written(value).encode() == orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


@pytest.mark.parametrize(
    "text", ["1e-5", "1.5e-05", "-2.25e-5", "1e-6", "1e16", "1.5e300", "123456789012345.6", "-0.0", "1e22"]
)
def test_numbers_at_the_edge_of_an_exponent_are_written_alike(text: str) -> None:
    value = json.loads(text)
    assert written(value).encode() == orjson.dumps(value)


EVENT = {
    "id": "e", "tlp": "green",
    "data": {"a/b": 1, "p": {"q": 2, "r": 3}, "changes": [{"pointer": "/x", "to": 4}, {"pointer": "/y"}], "z": {}},
}  # fmt: skip


def test_parts_are_found_by_their_names() -> None:
    assert part_of(EVENT, "", ["/data", "/tlp"]) == {"id": "e"}
    assert part_of(EVENT, "/tlp", ()) == "green"
    assert part_of(EVENT, "/data/a~1b", ()) == 1
    assert part_of(EVENT, "/data/p", ["/data/p/q"]) == {"r": 3}
    assert part_of(EVENT, "/data/p/q", ()) == {"/data/p/q": 2}
    assert part_of(EVENT, "/data/changes/*/to", ()) == {"/data/changes/0/to": 4}
    assert part_of(EVENT, "/data/changes", ["/data/changes/*/to"]) == [{"pointer": "/x"}, {"pointer": "/y"}]
    assert part_of(EVENT, "/data/p", ["/data/p/none", "/data/p/q/x"]) == {"q": 2, "r": 3}


def test_what_is_not_there_is_said_to_be_missing() -> None:
    salt = "A" * 43 + "="
    shown = [{"at": "/data/none", "salt": salt}, {"at": "/data/changes/*/no", "salt": salt}]
    found = check(EVENT, {"shown": shown, "hidden": [], "row": salt, "leaf": salt})
    assert [fault.split()[1] for fault in found.faults] == ["/data/none,", "/data/changes/*/no,"]
    assert "/data/z" in found.unproven


@pytest.mark.parametrize("proof", [{}, {"shown": [{}]}, {"shown": [], "hidden": ["?"]}, {"shown": 1}])
def test_what_is_no_proof_is_refused(proof: Any) -> None:
    with pytest.raises(Unreadable):
        check(EVENT, proof)
