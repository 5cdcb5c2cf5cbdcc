"""The door of another hub: what answers too much, or no JSON, is not read; what does not answer is told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import compress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anyio
import pytest

from hub.federation.door import MOST_BYTES, PeerDoor
from hub.outgoing import Outgoing, Rules, TargetRefused

Json = Any
OUTGOING = Outgoing(Rules(is_loopback_allowed=True))


@contextmanager
def answering(body: bytes, status: int = 200, **headers: str) -> Iterator[str]:
    """Serve one answer at a loopback port; give its address."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in {"Location": "https://elsewhere.example/", **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def ask(url: str, outgoing: Outgoing = OUTGOING) -> tuple[int, Json]:
    return anyio.run(PeerDoor(url, "token", outgoing).get, "/api/v1/me")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"clearance": "amber"}', {"clearance": "amber"}),
        (b"[" + b"1," * MOST_BYTES + b"1]", None),
        (b"<html>", None),
        (b"", None),
    ],
    ids=["json", "too long", "no json", "nothing"],
)
def test_what_is_too_long_or_no_json_is_not_read(body: bytes, found: Json) -> None:
    with answering(body) as url:
        assert ask(url) == (200, found)


def test_what_is_packed_is_not_unpacked_however_small_it_is() -> None:
    whole = b'{"clearance": "amber"}'
    with answering(compress(compress(whole)), Content_Encoding="gzip, gzip") as url:
        assert ask(url) == (200, None)
    with answering(whole, Content_Encoding="gzip") as url:
        assert ask(url) == (200, {"clearance": "amber"})


def test_a_hub_that_sends_on_elsewhere_is_not_followed() -> None:
    with answering(b"{}", 302) as url:
        assert ask(url)[0] == 302


def test_a_hub_that_does_not_answer_or_must_not_be_asked_is_told() -> None:
    with answering(b"{}") as url:
        pass
    with pytest.raises(OSError, match="ConnectError"):
        ask(url)
    with pytest.raises(TargetRefused):
        ask(url, Outgoing(Rules()))
