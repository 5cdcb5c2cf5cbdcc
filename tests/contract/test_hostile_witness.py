"""A witness that speaks without end, in drops or in packed answers holds nobody up and fills no memory."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from gzip import compress
from itertools import repeat

import httpx
import pytest

from hub.cosigning import MOST_ANSWER, Answer, submit

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@contextmanager
def saying(pieces: Iterator[bytes], pause: float = 0.0) -> Iterator[str]:
    """Answer one call with these pieces, until nobody listens any more; give the address."""
    done = threading.Event()

    def answer() -> None:
        near, _ = door.accept()
        with near, suppress(OSError):
            near.recv(65536)
            for one in pieces:
                near.sendall(one)
                if done.wait(pause):
                    return

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            done.set()
            thread.join()


def drops() -> Iterator[bytes]:
    yield HEAD + b"X-Slow: "
    yield from repeat(b"a")


def test_a_witness_that_answers_in_drops_is_given_up_in_time() -> None:
    with saying(drops(), 0.05) as url, pytest.raises(httpx.HTTPError):
        submit(url, "", seconds=0.5)


def flood() -> Iterator[bytes]:
    yield HEAD + b"\r\n"
    yield from repeat(b"a" * 65536)


def test_an_answer_without_end_is_none() -> None:
    with saying(flood()) as url:
        assert submit(url, "", seconds=20) == Answer(200, "")


def test_a_packed_answer_is_not_unpacked() -> None:
    packed = compress(compress(b"a" * 100 * MOST_ANSWER))
    head = HEAD + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with saying(iter([head + packed])) as url:
        answer = submit(url, "", seconds=20)
    assert (answer.status_code, "aaaa" in answer.text) == (200, False)
