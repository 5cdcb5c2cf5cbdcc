"""The stream in which views travel to another hub: a line of JSON that says what comes, their file, a proof of both.

    {"format": "solidarity-hub views", "version": 1, "bytes": N, "position": N, "trace": HEX, "stamps": [[NAME, HEX]]}
    N bytes of SQLite
    64 hexadecimal digits: HMAC-SHA256 of all before, under a key that only hubs of the same log have

The proof comes last: a stream that was cut, altered or forged is known for that. What came is not opened before.
"""

import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, BinaryIO

import orjson

from events.event import Position
from hub.commands.refusals import ViewsRefused
from projections.carried import Carried

FORMAT, VERSION = "solidarity-hub views", 1
PIECE = 1 << 20
LONGEST_HEAD = 1 << 16
_CUT = "The stream ended before the views were whole."
_STRANGE = "This is no stream of `hub views send`."

Json = Any


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a stream.

    Args:
        line: as it came.
        said: of the views.
        size: of their file, in bytes.
    """

    line: bytes
    said: Carried
    size: int


def write(said: Carried, file: int, key: bytes, out: BinaryIO) -> int:
    """Write views as a stream; return how many bytes their file has.

    Args:
        said: of the views.
        file: descriptor of their file.
        key: of the proof.
        out: takes the stream.

    Raises:
        OSError: whoever takes it has gone.
    """
    size = os.fstat(file).st_size
    row = {"format": FORMAT, "version": VERSION, "bytes": size}
    row |= {"position": said.position, "trace": said.trace, "stamps": said.stamps}
    line = json.dumps(row).encode() + b"\n"
    proof = hmac.new(key, line, sha256)
    out.write(line)
    for piece in _pieces(file, size):
        proof.update(piece)
        out.write(piece)
    out.write(proof.hexdigest().encode() + b"\n")
    out.flush()
    return size


def _pieces(file: int, size: int) -> Iterator[bytes]:
    for start in range(0, size, PIECE):
        yield os.pread(file, PIECE, start)


def read_head(source: BinaryIO) -> Head:
    """Read the first line of a stream. Nobody has proved it yet.

    Raises:
        ViewsRefused: it is none.
    """
    line = source.readline(LONGEST_HEAD)
    if not line:
        raise ViewsRefused("Nothing came: see what `hub views send` says.")
    try:
        row = orjson.loads(line)
        is_ours = row["format"] == FORMAT
        if is_ours and row["version"] != VERSION:
            raise ViewsRefused("The stream is of a release that writes views in another form.")
        stamps = tuple((str(name), str(stamp)) for name, stamp in row["stamps"])
        said = Carried(Position(int(row["position"])), str(row["trace"]), stamps)
        size = int(row["bytes"])
    except (ValueError, TypeError, LookupError) as odd:
        raise ViewsRefused(_STRANGE if line.endswith(b"\n") else _CUT) from odd
    if not is_ours or size < 1 or said.position < 0:
        raise ViewsRefused(_STRANGE)
    return Head(line, said, size)


def read_into(target: BinaryIO, source: BinaryIO, head: Head, key: bytes) -> None:
    """Read the rest of a stream, and the views in it into a file.

    Raises:
        ViewsRefused: it was cut, altered, or made by somebody who has not the key.
        OSError: the file cannot be written.
    """
    proof = hmac.new(key, head.line, sha256)
    left = head.size
    while left:
        piece = source.read(min(PIECE, left))
        if not piece:
            raise ViewsRefused(_CUT)
        proof.update(piece)
        target.write(piece)
        left -= len(piece)
    due = proof.hexdigest().encode() + b"\n"
    came = source.read(len(due) + 1)
    if not hmac.compare_digest(came, due):
        raise ViewsRefused(
            _CUT
            if len(came) < len(due)
            else "The stream was altered on its way, or comes from a hub with other keys."
        )
