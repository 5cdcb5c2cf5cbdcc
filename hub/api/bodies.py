"""Reading request bodies within their limits."""

from collections.abc import AsyncIterator, Sequence

from events.event import Json
from events.strict import read_json
from hub.address import HubRequest
from hub.refusals import BodyTooLarge, MediaTypeUnknown

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
NDJSON = "application/x-ndjson"
PLAIN = "application/json"
SIGNED = "application/vnd.dsse.envelope.v1+json"
"""The usual name of an envelope of DSSE: registries of containers know it by this one."""

KNOWN = (STRUCTURED, PLAIN, BATCH, NDJSON, SIGNED)

SMALL = 4096
"""Bytes of a body that is no event."""

_NO_UTF_8 = "Send it in UTF-8: behind the media type stands nothing, or charset=utf-8."
_PACKED = "Send the body as it is, not packed: without Content-Encoding."

_WRAPPING = 16 * 1024
"""Room for what stands around the event in an envelope: its signatures."""


def media_type(request: HubRequest, known: Sequence[str] = KNOWN) -> str:
    """Return the media type of the body, in lower case and without parameters.

    Args:
        request: what is asked.
        known: what may be sent there.

    Raises:
        MediaTypeUnknown: none, several, unknown, in another encoding than UTF-8, or packed.
    """
    said = request.headers.getlist("content-type")
    kind, _, parameters = said[0].lower().partition(";") if len(said) == 1 else ("", "", "")
    charset = parameters.replace('"', "").replace(" ", "")
    if kind.strip() not in known:
        raise MediaTypeUnknown(known)
    if charset not in {"", "charset=utf-8"}:
        raise MediaTypeUnknown(known, _NO_UTF_8)
    if request.headers.get("content-encoding", "identity") != "identity":
        raise MediaTypeUnknown(known, _PACKED)
    return kind.strip()


def wrapped(most: int) -> int:
    """Return how large an envelope may be whose event has up to `most` bytes."""
    return -(-most // 3) * 4 + _WRAPPING


async def read_body(request: HubRequest, most: int) -> bytes:
    """Return the whole body.

    Raises:
        BodyTooLarge: it is over `most` bytes; by its declared length if it has one, before it is read.
    """
    body = bytearray()
    async for piece in pieces(request, most):
        body += piece
    return bytes(body)


async def read_small(request: HubRequest) -> Json:
    """Return the JSON of a body that is no event.

    Raises:
        MediaTypeUnknown: it is not said to be plain JSON.
        BodyTooLarge: it is over `SMALL` bytes.
        MalformedJson: it cannot be read.
    """
    media_type(request, (PLAIN,))
    return read_json(await read_body(request, SMALL))


async def pieces(request: HubRequest, most: int) -> AsyncIterator[bytes]:
    """Yield the body as it arrives.

    Raises:
        BodyTooLarge: it is over `most` bytes.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > most:
        raise BodyTooLarge(most, "bytes")
    read = 0
    async for piece in request.stream():
        read += len(piece)
        if read > most:
            raise BodyTooLarge(most, "bytes")
        yield piece


async def lines(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Split a body into lines without their ends; the last line may lack one."""
    rest = bytearray()
    async for piece in parts:
        head, found, tail = piece.rpartition(b"\n")
        if not found:
            rest += piece
            continue
        for line in (bytes(rest) + head).split(b"\n"):
            yield line
        rest = bytearray(tail)
    if rest:
        yield bytes(rest)
