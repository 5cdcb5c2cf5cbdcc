import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from hub.client.answers import Turned, Unreachable
from hub.client.follow import Feed, Follower, cursor_of, read_state, write_state

Json = Any
Refuse = Callable[[ServerConnection, Request], Response | None]


def message(cursor: str, kind: str = "event", **more: str) -> str:
    return json.dumps({"kind": kind, "cursor": cursor, **more})


@contextmanager
def hub(*connections: list[str], refuse: Refuse | None = None) -> Iterator[tuple[str, list[Request]]]:
    """A hub whose n-th connection sends the n-th list of messages and breaks; the last list comes again and again."""
    requests: list[Request] = []
    waiting = list(connections)

    def say(socket: ServerConnection) -> None:
        assert socket.request is not None
        requests.append(socket.request)
        try:
            for text in waiting.pop(0) if len(waiting) > 1 else waiting[0]:
                socket.send(text)
        except ConnectionClosed:
            return

    with serve(say, "127.0.0.1", 0, process_request=refuse, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}", requests
        finally:
            server.shutdown()
            thread.join()


def follower(url: str, pauses: list[float] | None = None, **more: Any) -> Follower:
    kept: list[float] = [] if pauses is None else pauses
    return Follower(Feed(url, "secret", **more), "now", kept.append, lambda _: None)


def test_messages_are_handed_on_as_they_come() -> None:
    with hub([message("c1"), message("c2")]) as (url, requests):
        found = list(islice(follower(url, filters=[("type", "threat.*"), ("country", "QM")]).messages(), 2))
    assert found == [message("c1"), message("c2")]
    assert requests[0].path == "/api/v1/feed?after=now&type=threat.%2A&country=QM"
    assert requests[0].headers["Authorization"] == "Bearer secret"


def test_a_broken_connection_goes_on_where_it_broke_off() -> None:
    with hub([message("c1")], [message("c2")]) as (url, requests):
        pauses: list[float] = []
        assert [cursor_of(text) for text in islice(follower(url, pauses).messages(), 2)] == ["c1", "c2"]
    assert [request.path for request in requests] == ["/api/v1/feed?after=now", "/api/v1/feed?after=c1"]
    assert pauses == [0.5]


def test_a_goodbye_of_a_hub_that_restarts_is_followed_by_a_new_connection() -> None:
    goodbye = message("c1", "bye", reason="restart")
    with hub([goodbye], [message("c2")]) as (url, _):
        assert list(islice(follower(url).messages(), 2)) == [goodbye, message("c2")]


def test_a_revoked_token_ends_it() -> None:
    with hub([message("c1", "bye", reason="revoked")]) as (url, _), pytest.raises(Turned, match="revoked"):
        list(follower(url).messages())


@pytest.mark.parametrize(
    ("body", "about"),
    [('{"detail": "No such token."}', "No such token"), ("[]", "answered 401"), ("<", "answered 401")],
)
def test_a_refusal_is_told_in_the_hubs_words(body: str, about: str) -> None:
    def refuse(socket: ServerConnection, _: Request) -> Response:
        return socket.respond(HTTPStatus.UNAUTHORIZED, body)

    with hub([], refuse=refuse) as (url, _), pytest.raises(Turned, match=about):
        list(follower(url).messages())


def test_a_hub_that_was_never_reached_within_the_timeout_is_given_up() -> None:
    def refuse(socket: ServerConnection, _: Request) -> Response:
        return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "later")

    pauses: list[float] = []
    with hub([], refuse=refuse) as (url, _), pytest.raises(Unreachable, match="503"):
        list(follower(url, pauses, timeout=3).messages())
    assert pauses == [0.5, 1.0, 2.0]
    with pytest.raises(Unreachable, match="could not be reached"):
        list(follower(url, timeout=0).messages())


def test_the_cursor_is_remembered_whole(tmp_path: Path) -> None:
    file = tmp_path / "cursor.txt"
    assert read_state(file) is None
    write_state(file, "c1")
    write_state(file, "c2")
    assert read_state(file) == "c2"
    assert [one.name for one in tmp_path.iterdir()] == ["cursor.txt"]
    assert cursor_of('{"kind": "bye"}') is None
