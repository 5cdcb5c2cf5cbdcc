"""A receiver of webhooks on a loopback port, which answers as a test says and keeps what came."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = Any
SECONDS = 20


@dataclass(frozen=True)
class Delivered:
    """One call that came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> Json:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return str(self.said["data"]["id"])


@dataclass(frozen=True)
class Answering:
    """How a call is answered; `held` keeps the caller waiting until it is set."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    held: threading.Event | None = None


Answers = Callable[[Delivered], Answering]


class Receiver:
    """What came, in order; `answers` may be changed while it runs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: Answers = lambda _: Answering()
        self._came: list[Delivered] = []
        self._news = threading.Condition()

    def note(self, delivered: Delivered) -> Answering:
        with self._news:
            self._came.append(delivered)
            self._news.notify_all()
        return self.answers(delivered)

    def at(self, path: str = "/") -> list[Delivered]:
        with self._news:
            return [one for one in self._came if one.path == path]

    def wait_for(self, count: int, path: str = "/") -> list[Delivered]:
        """Wait until so many calls have come to a path, and return them."""
        with self._news:
            came = self._news.wait_for(lambda: sum(one.path == path for one in self._came) >= count, SECONDS)
            assert came, [one.said for one in self._came]
        return self.at(path)

    def until(self, types: set[str]) -> list[Delivered]:
        """Wait until calls of just these types have come, and return all of them."""
        with self._news:
            came = self._news.wait_for(lambda: {one.said["type"] for one in self._came} == types, SECONDS)
            assert came, [one.said for one in self._came]
        return self.at("/")

    def ids(self, path: str = "/") -> list[str]:
        return [one.id for one in self.at(path)]


class Server(ThreadingHTTPServer):
    """Takes as many calls at once as a hub may make: with the usual five, the kernel lets the rest wait for seconds."""

    request_queue_size = 128


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Open a receiver."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answering = receiver.note(Delivered(self.path, headers, body))
            if answering.held is not None:
                answering.held.wait(SECONDS)
            try:
                self.send_response(answering.status)
                for name, value in answering.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()
            except OSError:
                self.close_connection = True  # the hub did not wait so long

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = Server(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
