"""What the head of a request may be: few headers, short ones. Pure."""

import h11

from hub import refusals

MOST_HEAD_BYTES = 32_768
MOST_HEADERS = 100
LONGEST_LINE = 8_000
"""Bytes of an address, and of a header with its name; `websockets`, which reads handshakes again, takes 8,192."""

URI_TOO_LONG = 414
HEADERS_TOO_LARGE = 431


class StrictConnection(h11.Connection):
    """Reads HTTP as h11 does, and refuses heads that are out of proportion."""

    def next_event(self) -> object:  # type: ignore[override]  # h11 names each kind of event
        """Return what comes next.

        Raises:
            h11.RemoteProtocolError: it is no HTTP, or its head is too large; `error_status_hint` says how to answer.
        """
        event = super().next_event()
        if isinstance(event, h11.Request):
            _check(event)
        return event


def _check(request: h11.Request) -> None:
    if len(request.target) > LONGEST_LINE:
        raise h11.RemoteProtocolError("address too long", error_status_hint=URI_TOO_LONG)
    sizes = [len(name) + len(value) for name, value in request.headers]
    if len(sizes) > MOST_HEADERS or max(sizes, default=0) > LONGEST_LINE or sum(sizes) > MOST_HEAD_BYTES:
        raise h11.RemoteProtocolError("headers too large", error_status_hint=HEADERS_TOO_LARGE)


def refusal_of(error: BaseException | None) -> Exception:
    """Return how to refuse a head or body that h11 did not take."""
    status = getattr(error, "error_status_hint", 0)
    if status == URI_TOO_LONG:
        return refusals.AddressTooLong()
    return refusals.HeadTooLarge() if status == HEADERS_TOO_LARGE else refusals.RequestMalformed()
