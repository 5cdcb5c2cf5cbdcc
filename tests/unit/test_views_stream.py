"""The stream in which views travel: whole or refused, wherever it was cut or altered, and read in pieces."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from events.event import Position
from hub.commands.refusals import ViewsRefused
from hub.commands.views_stream import LONGEST_HEAD, PIECE, read_head, read_into, write
from projections.carried import Carried

KEY = b"k" * 32
SAID = Carried(Position(7), "ab" * 32, (("graph", "cd" * 32), ("timeline", "ef" * 32)))
SIZE = 1_000


class Source(io.BytesIO):
    """Remembers the largest piece that was asked of it."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size >= 0
        self.largest = max(self.largest, size)
        return super().read(size)

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size == LONGEST_HEAD
        return super().readline(size)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[int], bytes]:
    def made(size: int) -> bytes:
        file = tmp_path / "views"
        file.write_bytes(os.urandom(size))
        out = io.BytesIO()
        with file.open("rb") as opened:
            assert write(SAID, opened.fileno(), KEY, out) == size
        return out.getvalue()

    return made


def read(stream: bytes, key: bytes = KEY) -> tuple[Carried, bytes]:
    source, target = Source(stream), io.BytesIO()
    head = read_head(source)
    read_into(target, source, head, key)
    assert source.largest <= PIECE
    return head.said, target.getvalue()


def refusal(stream: bytes, key: bytes = KEY) -> str:
    with pytest.raises(ViewsRefused) as refused:
        read(stream, key)
    return str(refused.value)


@pytest.mark.parametrize("size", [1, SIZE, PIECE, 2 * PIECE + 3])
def test_what_was_written_is_read_piece_by_piece(written: Callable[[int], bytes], size: int) -> None:
    stream = written(size)
    said, views = read(stream)
    assert said == SAID
    assert views == stream[-size - 65 : -65]


def test_a_stream_that_is_cut_at_any_byte_is_refused(written: Callable[[int], bytes]) -> None:
    stream = written(SIZE)
    assert "Nothing came" in refusal(b"")
    for end in range(1, len(stream)):
        assert "ended before" in refusal(stream[:end]), end


def test_a_stream_in_which_any_byte_is_another_is_refused(written: Callable[[int], bytes]) -> None:
    stream = written(SIZE)
    for place, old in enumerate(stream):
        refusal(stream[:place] + bytes([old ^ 1]) + stream[place + 1 :])
    assert "altered" in refusal(stream + b"\n")
    assert "altered" in refusal(stream[:-1] + b"\r\n")


def test_a_stream_of_whoever_has_other_keys_is_refused(written: Callable[[int], bytes]) -> None:
    assert "other keys" in refusal(written(SIZE), b"x" * 32)


def heads() -> Iterator[bytes]:
    """Lines that no hub writes."""
    good = {
        "format": "solidarity-hub views",
        "version": 1,
        "bytes": 9,
        "position": 1,
        "trace": "",
        "stamps": [],
    }
    odds: tuple[dict[str, Any], ...] = (
        {"format": "tar"},
        {"bytes": 0},
        {"bytes": -1},
        {"bytes": None},
        {"bytes": "many"},
        {"position": -1},
        {"position": []},
        {"stamps": 7},
        {"stamps": ["graph"]},
        {"stamps": [["a", "b", "c"]]},
        {"stamps": None},
    )
    for odd in odds:
        yield orjson.dumps({**good, **odd})
    yield from (orjson.dumps({k: v for k, v in good.items() if k != name}) for name in good)
    yield from (
        b"7",
        b"[]",
        b'"views"',
        b"null",
        b"SQLite format 3\x00",
        b"[" * 9_000,
        b"\xff\xfe",
        b"9" * 9_000,
    )


@pytest.mark.parametrize("line", [*heads()])
def test_what_is_no_stream_of_views_is_refused(line: bytes) -> None:
    assert "no stream" in refusal(line + b"\nabc")


def test_a_line_without_an_end_is_not_read_to_its_end() -> None:
    source = Source(b" " * (4 * LONGEST_HEAD))
    with pytest.raises(ViewsRefused):
        read_head(source)
    assert source.tell() == LONGEST_HEAD


def test_a_stream_in_another_form_is_said_to_be_one(written: Callable[[int], bytes]) -> None:
    assert "another form" in refusal(written(9).replace(b'"version": 1', b'"version": 2', 1))


def test_a_stream_that_says_it_is_longer_than_it_is_fills_nothing() -> None:
    line = {
        "format": "solidarity-hub views",
        "version": 1,
        "bytes": 1 << 60,
        "position": 1,
        "trace": "",
        "stamps": [],
    }
    assert "ended before" in refusal(orjson.dumps(line) + b"\n" + b"x" * 100)
