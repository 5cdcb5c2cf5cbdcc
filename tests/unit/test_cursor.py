"""Cursors: opaque, stable, and only the hub's own are taken."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.cursor import LENGTH, Cursors, UnknownCursor
from events.event import Position

KEY = bytes(range(32))


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1))
def test_a_cursor_comes_back_as_it_went(position: int, part: int) -> None:
    cursors = Cursors(KEY)
    text = cursors.encode(Position(position), part)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", text)
    assert (cursors.decode(text), len(text)) == ((position, part), LENGTH)
    assert Cursors(KEY).encode(Position(position), part) == text


def test_neighbours_look_nothing_alike() -> None:
    texts = [Cursors(KEY).encode(Position(position)) for position in range(100)]
    assert len({text[:4] for text in texts}) > 90


@given(st.text(max_size=30) | st.text(alphabet="ABCDEFabcdef0123-_", min_size=22, max_size=22))
def test_a_text_that_the_hub_never_wrote_is_refused(text: str) -> None:
    with pytest.raises(UnknownCursor):
        Cursors(KEY).decode(text)


def test_another_hubs_cursor_and_a_second_spelling_are_refused() -> None:
    text = Cursors(KEY).encode(Position(7))
    last = "AQgw"["AQgw".index(text[-1])] if text[-1] in "AQgw" else "A"
    other = chr(ord(last) + 1)
    for foreign in (
        Cursors(bytes(16)).encode(Position(7)),
        text[:-1] + other,
        text + "==",
        text + "\n",
        " " + text[1:],
    ):
        with pytest.raises(UnknownCursor):
            Cursors(KEY).decode(foreign)
