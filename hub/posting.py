"""One POST over a connection of its own: of the answer only so much is read and parsed as its head should need.

What a target answers is the target's choice: thousands of headers, cookies, interim answers or tiny chunks would all
be parsed on the event loop that serves everybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLContext

import anyio
import h11
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream

MOST_EVENTS = 64
"""Interim answers, and pieces of a body, that are parsed; what comes after is not read."""

_PIECE = 4096
_BROKEN = anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream


class AnswerUnreadable(Exception):
    """The connection broke, or what came over it is no answer that is read."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Where a connection goes.

    Args:
        address: where to, checked already.
        port: of it.
        name: for which the certificate must be.
        tls: None: the connection is plain.
    """

    address: str
    port: int
    name: str
    tls: SSLContext | None


async def post(
    wire: Wire, target: str, headers: Mapping[str, str], body: bytes, most_bytes: int
) -> h11.Response:
    """Post a body; let the other side finish its answer, as far as that is reasonable, and return its head.

    Args:
        wire: where to.
        target: path and query.
        headers: all but `Content-Length` and `Connection`.
        body: as it is to arrive.
        most_bytes: that are read of an answer, its head included.

    Raises:
        OSError: no connection, or no valid certificate.
        AnswerUnreadable: no answer that is read.
    """
    said = h11.Connection(h11.CLIENT, max_incomplete_event_size=most_bytes)
    head = {**headers, "Content-Length": str(len(body)), "Connection": "close"}
    try:
        whole = (
            h11.Request(method="POST", target=target, headers=list(head.items())),
            h11.Data(body),
            h11.EndOfMessage(),
        )
        asked = b"".join(said.send(one) or b"" for one in whole)
        stream: ByteStream = await anyio.connect_tcp(wire.address, wire.port)
        async with stream:
            if wire.tls is not None:
                stream = await TLSStream.wrap(
                    stream, hostname=wire.name, ssl_context=wire.tls, standard_compatible=False
                )
            await stream.send(asked)
            return await _answer(stream, said, most_bytes)
    except (h11.ProtocolError, *_BROKEN) as error:
        raise AnswerUnreadable from error


async def _answer(stream: ByteStream, said: h11.Connection, most_bytes: int) -> h11.Response:
    found: h11.Response | None = None
    taken = 0
    for _ in range(MOST_EVENTS):
        while (event := said.next_event()) is h11.NEED_DATA and taken < most_bytes:
            piece = await _received(stream)
            taken += len(piece)
            said.receive_data(piece)
        if isinstance(event, h11.Response):
            found = event
        elif not isinstance(event, h11.InformationalResponse | h11.Data):
            break
    if found is None:
        raise AnswerUnreadable
    return found


async def _received(stream: ByteStream) -> bytes:
    try:
        return await stream.receive(_PIECE)
    except anyio.EndOfStream:
        return b""
