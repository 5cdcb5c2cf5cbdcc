import asyncio
import gc
import json
import socketserver
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from http import HTTPStatus
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve
from websockets.utils import accept_key

from hub.client.answers import Turned, Unreachable
from hub.client.course import SPREAD_SECONDS, Course, Feed, retry_after
from hub.client.follow import Ways, follow
from hub.client.messages import (
    Beat,
    Bye,
    Changed,
    Event,
    FeedMessage,
    Live,
    NoMessage,
    Other,
    Withdrawn,
    message_of,
)

Json = Any
Say = Callable[[ServerConnection], None]
Refuse = Callable[[ServerConnection, Request], Response | None]


def message(cursor: str, kind: str = "beat", **more: Json) -> str:
    return json.dumps({"kind": kind, "cursor": cursor, **more})


@contextmanager
def hub(
    *connections: list[str], refuse: Refuse | None = None, then: Say = lambda _: None
) -> Iterator[tuple[str, list[Request]]]:
    """A hub whose n-th connection sends the n-th list of messages and breaks; the last list comes again and again."""
    requests: list[Request] = []
    waiting = list(connections)

    def say(socket: ServerConnection) -> None:
        assert socket.request is not None
        requests.append(socket.request)
        try:
            for text in waiting.pop(0) if len(waiting) > 1 else waiting[0]:
                socket.send(text)
            then(socket)
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


@contextmanager
def deaf_hub(text: str) -> Iterator[str]:
    """A hub that says one thing, and hears nothing of what follows, a goodbye included."""
    done = threading.Event()

    class Saying(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            lines = iter(self.rfile.readline, b"\r\n")
            key = next(one for one in lines if one.lower().startswith(b"sec-websocket-key:")).split()[1]
            for _ in lines:
                pass
            said = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept_key(key.decode())}"
            frame = bytes([0x81, len(text)]) + text.encode()
            self.wfile.write(f"HTTP/1.1 101 Switching Protocols\r\n{said}\r\n\r\n".encode() + frame)
            done.wait(10)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Saying) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            done.set()
            server.shutdown()
            thread.join()


def heard(
    url: str, most: int, pauses: list[float] | None = None, told: list[str] | None = None, **more: Any
) -> list[FeedMessage]:
    """Follow until there are enough messages; pauses are noted instead of made."""
    noted: list[float] = [] if pauses is None else pauses

    async def note(seconds: float) -> None:
        noted.append(seconds)

    async def take() -> list[FeedMessage]:
        feed = Feed(url, "secret", **more)
        found: list[FeedMessage] = []
        ways = Ways(note, str if told is None else told.append)
        async with aclosing(follow(feed, Course(feed, "now", lambda: 1.0), ways)) as messages:
            async for one in messages:
                found.append(one)
                if len(found) == most:
                    break
        return found

    return asyncio.run(take())


class TestMessages:
    @pytest.mark.parametrize(
        ("said", "read"),
        [
            (
                {"kind": "event", "event": {"id": "1"}, "touches": ["case:a.1"], "flags": ["STALE_FACT"]},
                Event("c", "", {"id": "1"}, ("case:a.1",), ("STALE_FACT",)),
            ),
            ({"kind": "event", "event": {}, "touches": [], "news": 1}, Event("c", "", {})),
            (
                {"kind": "changed", "source": "s", "id": "1", "reason": "corrected", "event": {"id": "1"}},
                Changed("c", "", "s", "1", "corrected", {"id": "1"}),
            ),
            (
                {"kind": "withdrawn", "source": "s", "id": "1", "reason": "erased"},
                Withdrawn("c", "", "s", "1", "erased"),
            ),
            ({"kind": "live", "sent": 3}, Live("c", "", 3)),
            ({"kind": "beat"}, Beat("c", "")),
            ({"kind": "bye", "reason": "slow"}, Bye("c", "", "slow")),
            ({"kind": "song"}, Other("c", "", "song", {"cursor": "c", "kind": "song"})),
        ],
    )
    def test_each_kind_is_read_as_what_it_is(self, said: Json, read: FeedMessage) -> None:
        text = json.dumps({"cursor": "c", **said})
        assert message_of(text) == read
        assert message_of(text).text == text

    @pytest.mark.parametrize(
        "text",
        [
            *("", "<html>", "[]", '"x"', "{}", '{"kind": "beat"}', '{"kind": "live", "cursor": "c"}'),
            '{"kind": "event", "cursor": "c", "event": "x"}',
            '{"kind": "changed", "cursor": "c", "source": "s", "id": 1, "reason": "r", "event": {}}',
            '{"kind": "withdrawn", "cursor": "c", "source": [], "id": "1", "reason": "r"}',
            '{"kind": "event", "cursor": "c", "event": {}, "touches": 1}',
            '{"kind": "beat", "cursor": "%s"}' % ("c" * 1025),
        ],
    )
    def test_what_is_no_message_is_none(self, text: str) -> None:
        with pytest.raises(NoMessage):
            message_of(text)


class TestCourse:
    def course(self, chance: float = 1.0, **more: Any) -> Course:
        return Course(Feed("https://hub.example/", **more), "begin", lambda: chance)

    def test_it_goes_on_where_it_was(self) -> None:
        course = self.course(filters=[("type", "threat.*"), ("country", "QM")])
        assert course.address == "wss://hub.example/api/v1/feed?after=begin&type=threat.%2A&country=QM"
        course.heard(message("c1"))
        assert course.address.partition("?")[2] == "after=c1&type=threat.%2A&country=QM"

    def test_pauses_double_up_to_half_a_minute_and_begin_anew_after_a_message(self) -> None:
        course = self.course()
        found = [course.broken("gone").seconds for _ in range(9)]
        assert found == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
        course.reached()
        assert course.broken("gone").seconds == 30, "a hub that accepts and says nothing is no better"
        course.heard(message("c1"))
        assert course.broken("gone").seconds == 0.5

    def test_chance_keeps_followers_apart(self) -> None:
        assert [self.course(chance).broken("gone").seconds for chance in (0, 0.5, 1)] == [0.25, 0.375, 0.5]

    def test_a_hub_that_restarts_gets_its_followers_back_one_by_one(self) -> None:
        course = self.course(0.25)
        course.heard(message("c1", "bye", reason="restart"))
        assert course.broken("gone").seconds == SPREAD_SECONDS / 4
        assert "it restarts" in course.broken("refused").sentence
        slow = self.course()
        slow.heard(message("c1", "bye", reason="slow"))
        assert "too slow" in slow.broken("gone").sentence

    def test_a_hub_that_asks_for_time_gets_it(self) -> None:
        assert self.course().refused(429, {"retry-after": "7"}, b"").seconds == 7
        assert self.course().refused(503, {"retry-after": "9999"}, b"").seconds == 30
        assert self.course().refused(503, {"retry-after": "soon"}, b"").seconds == 0.5
        assert retry_after({}) == 0

    def test_a_goodbye_is_forgotten_with_the_next_connection(self) -> None:
        course = self.course()
        course.heard(message("c1", "bye", reason="restart"))
        course.broken("gone")
        course.reached()
        assert "gone" in course.broken("gone").sentence

    def test_a_timeout_is_kept_to(self) -> None:
        course = self.course(timeout=1.2)
        assert [course.broken("gone").seconds for _ in range(2)] == [0.5, pytest.approx(0.7)]
        with pytest.raises(Unreachable, match="gone"):
            course.broken("gone")

    def test_a_hub_that_was_reached_once_is_waited_for_without_end(self) -> None:
        course = self.course(timeout=0)
        course.reached()
        assert course.broken("gone").seconds == 0.5


class TestFollowing:
    def test_messages_are_handed_on_as_they_come(self) -> None:
        with hub([message("c1"), message("c2")]) as (url, requests):
            found = heard(url, 2, filters=[("type", "threat.*")])
        assert [one.text for one in found] == [message("c1"), message("c2")]
        assert requests[0].path == "/api/v1/feed?after=now&type=threat.%2A"
        assert requests[0].headers["Authorization"] == "Bearer secret"

    def test_the_public_shows_no_token(self) -> None:
        assert Feed("http://hub.example").headers == {}

    def test_a_broken_connection_goes_on_where_it_broke_off(self) -> None:
        pauses: list[float] = []
        with hub([message("c1")], [message("c2")]) as (url, requests):
            assert [one.cursor for one in heard(url, 2, pauses)] == ["c1", "c2"]
        assert [request.path for request in requests] == [
            "/api/v1/feed?after=now",
            "/api/v1/feed?after=c1",
        ]
        assert pauses == [0.5]

    def test_a_goodbye_is_followed_by_a_new_connection(self) -> None:
        pauses: list[float] = []
        with hub([message("c1", "bye", reason="restart")], [message("c2")]) as (url, _):
            assert [type(one) for one in heard(url, 2, pauses)] == [Bye, Beat]
        assert pauses == [SPREAD_SECONDS]

    def test_a_revoked_token_ends_it(self) -> None:
        with (
            hub([message("c1", "bye", reason="revoked")]) as (url, _),
            pytest.raises(Turned, match="revoked"),
        ):
            heard(url, 2)

    def test_what_is_no_message_breaks_the_connection(self) -> None:
        with hub(["<html>"], [message("c2")]) as (url, _):
            assert [one.cursor for one in heard(url, 1)] == ["c2"]

    def test_a_connection_in_silence_is_dead(self) -> None:
        def keep_still(socket: ServerConnection) -> None:
            with pytest.raises(ConnectionClosed):
                socket.recv()

        with hub([message("c1")], [message("c2")], then=keep_still) as (url, requests):
            assert [one.cursor for one in heard(url, 2, silence=0.2)] == ["c1", "c2"]
        assert len(requests) == 2

    def test_a_long_message_over_a_slow_line_is_no_silence(self) -> None:
        def frame(text: str, *, is_first: bool, is_last: bool) -> bytes:
            first = (0x80 if is_last else 0) | (1 if is_first else 0)
            return bytes([first, len(text)]) + text.encode()

        def begin(socket: ServerConnection) -> None:
            whole = message("c2", "event", event={"text": "x" * 400}, touches=[])
            parts = [whole[at : at + 40] for at in range(0, len(whole), 40)]
            gap = threading.Event()
            for at, part in enumerate(parts):
                socket.socket.sendall(frame(part, is_first=at == 0, is_last=at == len(parts) - 1))
                gap.wait(0.05)  # the slow line itself, not a wait for something to happen

        with hub([], then=begin) as (url, requests):
            assert [one.cursor for one in heard(url, 1, silence=0.3)] == ["c2"]
        assert len(requests) == 1

    def test_a_message_that_comes_drop_by_drop_for_too_long_breaks_the_connection(self) -> None:
        def drip(socket: ServerConnection) -> None:
            gap = threading.Event()
            with suppress(OSError):
                socket.socket.sendall(b"\x01\x00")
                while True:
                    socket.socket.sendall(b"\x00\x01 ")
                    gap.wait(0.05)  # the slow line itself, not a wait for something to happen

        told: list[str] = []
        with hub([], [message("c2")], then=drip) as (url, _):
            assert [one.cursor for one in heard(url, 1, told=told, silence=5, longest=0.3)] == ["c2"]
        assert "no whole message came for 0.3 s" in told[0]

    @pytest.mark.parametrize(
        ("said", "about"), [({"detail": "No such token."}, "No such token"), ({}, "answered 401")]
    )
    def test_a_refusal_is_told_in_the_hubs_words(self, said: Json, about: str) -> None:
        def refuse(socket: ServerConnection, _: Request) -> Response:
            problem = json.dumps({"type": "urn:hub:problem:not-signed-in", **said})
            answer = socket.respond(HTTPStatus.UNAUTHORIZED, problem)
            del answer.headers["Content-Type"]
            answer.headers["Content-Type"] = "application/problem+json"
            return answer

        with hub([], refuse=refuse) as (url, _), pytest.raises(Turned, match=about):
            heard(url, 1)

    def test_a_hub_that_has_no_time_is_asked_again(self) -> None:
        asked: list[Request] = []

        def refuse(socket: ServerConnection, request: Request) -> Response | None:
            asked.append(request)
            return socket.respond(HTTPStatus.TOO_MANY_REQUESTS, "later") if len(asked) < 3 else None

        pauses: list[float] = []
        with hub([message("c1")], refuse=refuse) as (url, _):
            assert [one.cursor for one in heard(url, 1, pauses)] == ["c1"]
        assert pauses == [0.5, 1.0]

    @pytest.mark.parametrize(
        "status",
        [
            *(HTTPStatus.OK, HTTPStatus.FOUND, HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED),
            *(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED),
            HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
        ],
    )
    def test_what_answers_in_the_place_of_a_hub_is_not_listened_to_and_not_followed(
        self, status: HTTPStatus
    ) -> None:
        asked: list[Request] = []
        told: list[str] = []
        with hub([message("elsewhere")]) as (other, there):

            def refuse(socket: ServerConnection, request: Request) -> Response | None:
                asked.append(request)
                answer = socket.respond(status, "<html>Sign in to this network</html>")
                answer.headers["Location"] = f"ws{other.removeprefix('http')}/"
                answer.headers["Content-Type"] = (
                    "text/html"  # a second one: what stands between may say odd things
                )
                return answer if len(asked) < 2 else None

            with hub([message("c1")], refuse=refuse) as (url, _):
                assert [one.cursor for one in heard(url, 1, told=told)] == ["c1"]
        assert there == []
        assert "is away" in told[0]

    def test_a_hub_that_was_never_reached_within_the_timeout_is_given_up(self) -> None:
        def refuse(socket: ServerConnection, _: Request) -> Response:
            return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "later")

        pauses: list[float] = []
        with hub([], refuse=refuse) as (url, _), pytest.raises(Unreachable, match="503"):
            heard(url, 1, pauses, timeout=3)
        assert pauses == [0.5, 1.0, 1.5]
        with pytest.raises(Unreachable, match="could not be reached"):
            heard(url, 1, timeout=0)

    def test_whoever_does_not_wait_for_the_goodbye_leaves_no_connection_open(self) -> None:
        async def break_off(url: str) -> None:
            feed = Feed(url, "secret")
            messages = follow(feed, Course(feed, "now", lambda: 1.0), Ways(asyncio.sleep, str))
            assert (await anext(messages)).cursor == "c1"
            closing = asyncio.create_task(messages.aclose())
            await asyncio.sleep(0)
            closing.cancel()
            await asyncio.wait([closing])
            assert closing.cancelled()

        with deaf_hub(message("c1")) as url, warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            asyncio.run(break_off(url))
            gc.collect()
        assert [str(one.message) for one in said] == []
