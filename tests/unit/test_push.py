"""A hub that answers as told, on loopback, so that lost networks and odd answers can be tried."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import SSLCertVerificationError
from typing import Any

import httpx
import pytest

from hub.client.answers import Turned, Unreachable
from hub.client.door import Door, Patience, reason_of
from hub.client.follow import reason_of as reason_of_feed
from hub.client.outbox import Outbox
from hub.client.push import Push, Refusal, Tally
from schemas.problem import Problem

Json = Any
Answer = tuple[int, Json]


class Told:
    """What the hub is to answer to each POST, in order; the last answer stays."""

    def __init__(
        self, *answers: Answer | Callable[[list[Json]], Answer], retry_after: str | None = None
    ) -> None:
        self.answers = list(answers)
        self.retry_after = retry_after
        self.bodies: list[list[Json]] = []
        self.paths: list[str] = []
        self.asked: list[str] = []
        self.shows: Answer = (200, {"partner": "open-docket"})
        self.media: str = ""

    def answer(self, body: list[Json]) -> Answer:
        self.bodies.append(body)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(body) if callable(answer) else answer

    def written(self, status: int, body: Json) -> tuple[bytes, str]:
        """Return the bytes and the media type of an answer; what is refused is a problem, unless told otherwise."""
        if isinstance(body, bytes):
            return body, self.media or "text/html"
        is_problem = status >= 400 and isinstance(body, dict)
        said = {"type": "urn:hub:problem:told", **body} if is_problem else body
        return json.dumps(said).encode(), self.media or f"application/{'problem+' if is_problem else ''}json"


def all_stored(body: list[Json]) -> Answer:
    results = [{"line": at, "id": event["id"], "status": "stored"} for at, event in enumerate(body, 1)]
    return 200, {"stored": len(body), "duplicates": 0, "rejected": 0, "results": results}


@contextmanager
def hub(told: Told, packed: str = "") -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            self._write(*told.shows)

        def do_POST(self) -> None:
            told.paths.append(self.path)
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            status, body = told.answer([json.loads(line) for line in raw.splitlines()])
            if status == 0:
                self.close_connection = True
                return
            self._write(status, body)

        def _write(self, status: int, body: Json) -> None:
            raw, media = told.written(status, body)
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(raw)))
            if packed:
                self.send_header("Content-Encoding", packed)
            if told.retry_after:
                self.send_header("Retry-After", told.retry_after)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def push(
    told: Told, events: list[Json], *, patience: float = 0, batch: int = 500, dry_run: bool = False
) -> tuple[Tally, int, list[float]]:
    pauses: list[float] = []
    with hub(told) as url, closing(Outbox(None, url, "run")) as outbox:
        outbox.add(("a.csv", at, event) for at, event in enumerate(events, 2))
        tally = Tally()
        with closing(Door(url, "t", Patience(patience, pauses.append, lambda _: None))) as door:
            sending = Push(door, outbox, batch, dry_run=dry_run)
            try:
                sending.send_all(tally, lambda _: None)
            except (Unreachable, Turned):
                assert len(outbox) > 0
                raise
            assert (len(outbox), sending.refused) == (len(tally.refusals),) * 2
            sending.settle_refused()
        return tally, len(outbox), pauses


def events(count: int) -> list[Json]:
    return [{"id": str(at)} for at in range(count)]


def test_events_go_out_in_batches_with_the_source_of_the_token() -> None:
    told = Told(all_stored)
    tally, waiting, _ = push(told, events(5), batch=2)
    assert (tally.stored, waiting) == (5, 0)
    assert [[event["id"] for event in body] for body in told.bodies] == [["0", "1"], ["2", "3"], ["4"]]
    assert {event["source"] for body in told.bodies for event in body} == {"urn:hub:partner:open-docket"}


def test_a_source_that_is_there_stays() -> None:
    told = Told(all_stored)
    push(told, [{"id": "1", "source": "urn:hub:partner:other"}])
    assert told.bodies[0][0]["source"] == "urn:hub:partner:other"


def test_a_lost_connection_is_tried_again_with_the_same_ids() -> None:
    told = Told((0, None), (503, {}), all_stored)
    tally, waiting, pauses = push(told, events(3), patience=10)
    assert (tally.stored, waiting, pauses) == (3, 0, [0.5, 1.0])
    assert told.bodies[0] == told.bodies[1] == told.bodies[2]


def test_after_all_patience_events_stay_in_the_outbox() -> None:
    with pytest.raises(Unreachable, match="it answered 503"):
        push(Told((503, {})), events(3), patience=2)


def test_a_hub_that_asks_for_time_gets_it() -> None:
    told = Told((429, {}), all_stored, retry_after="3")
    _, waiting, pauses = push(told, events(1), patience=10)
    assert (waiting, pauses) == (0, [3.0])


def test_refusals_wait_until_somebody_is_told() -> None:
    told = Told(lambda body: (207, {"results": [{"line": 1, "status": "refused"}]}))
    with hub(told) as url, closing(Outbox(None, url, "run")) as outbox:
        outbox.add([("", 1, {"id": "1"})])
        with closing(Door(url, "t", Patience(0, lambda _: None, lambda _: None))) as door:
            for _ in range(2):  # a run that was killed before it told, and the next one
                sending, tally = Push(door, outbox, 9, dry_run=False), Tally()
                sending.send_all(tally, lambda _: None)
                assert (len(tally.refusals), len(outbox)) == (1, 1)
            sending.settle_refused()
        assert (len(outbox), sending.refused) == (0, 0)


def test_one_event_goes_alone_and_is_settled() -> None:
    told = Told((413, {"detail": "Too large."}), (503, {}), all_stored)
    with hub(told) as url, closing(Outbox(None, url, "run")) as outbox:
        outbox.add([("", 1, {"id": "other"})])
        with closing(Door(url, "t", Patience(0, lambda _: None, lambda _: None))) as door:
            sending = Push(door, outbox, 9, dry_run=False)
            assert sending.send_one(outbox.keep({"id": "1"}))["errors"][0]["code"] == "too_large"
            with pytest.raises(Unreachable):
                sending.send_one(outbox.keep({"id": "2"}))
            assert sending.send_one(outbox.keep({"id": "2"}))["status"] == "stored"
        assert [one.event["id"] for one in outbox.waiting(0, 9)] == ["other"]
    assert [[one["id"] for one in body] for body in told.bodies] == [["1"], ["2"], ["2"]]


def test_pauses_double_and_end() -> None:
    patience = Patience(100, lambda _: None, lambda _: None)
    assert patience.pauses() == [0.5, 1, 2, 4, 8, 16, 30, 30, 8.5]


def test_a_refused_token_ends_the_push_with_the_hubs_sentence() -> None:
    with pytest.raises(Turned, match="No such token"):
        push(Told((401, {"detail": "No such token."})), events(1))


def test_a_refusal_without_a_sentence_is_told_by_its_status() -> None:
    with pytest.raises(Turned, match="answered 418"):
        push(Told((418, {})), events(1))


@pytest.mark.parametrize("status", [401, 403, 404, 407, 451])
@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"<html>Your company blocks this</html>", "text/html; charset=utf-8"),
        (b"", "text/plain"),
        (b"<html>", "application/problem+json"),
        ([], "application/problem+json"),
        ({"type": "about:blank", "title": "Blocked"}, "application/problem+json"),
        ({"type": "urn:hub:problem:told"}, "application/json"),
    ],
)
def test_what_is_refused_by_no_hub_is_tried_again_and_loses_nothing(
    status: int, body: Json, media: str
) -> None:
    told = Told((status, body), all_stored)
    told.media = media
    with hub(told) as url, closing(Outbox(None, url, "run")) as outbox:
        outbox.add([("", 1, {"id": "1", "source": "s"})])
        with closing(Door(url, "t", Patience(0, lambda _: None, lambda _: None))) as door:
            with pytest.raises(Unreachable, match=r"what answered is no hub.*sign in"):
                Push(door, outbox, 9, dry_run=False).send_all(Tally(), lambda _: None)
            assert len(outbox) == 1
            told.media = ""
            tally = Tally()
            Push(door, outbox, 9, dry_run=False).send_all(tally, lambda _: None)
        assert (tally.stored, len(outbox)) == (1, 0)


def test_a_body_too_large_for_what_stands_between_goes_in_halves() -> None:
    def small_only(body: list[Json]) -> Answer:
        return (413, b"<html>nginx</html>") if len(body) > 1 or body[0]["id"] == "2" else all_stored(body)

    tally, waiting, _ = push(Told(small_only), events(4))
    assert (tally.stored, waiting) == (3, 0)
    [refusal] = tally.refusals
    assert (refusal.id, refusal.problems[0].code) == ("2", "too_large")
    assert "between here and the hub" in refusal.problems[0].detail


def answering(change: Callable[[Json], Json], status: int = 200) -> Callable[[list[Json]], Answer]:
    """Answer as a hub that has stored everything, changed on the way."""
    return lambda body: (status, change(all_stored(body)[1]))


def without(said: Json, member: str) -> Json:
    return {name: value for name, value in said.items() if name != member}


def each(said: Json, change: Callable[[Json], Json]) -> Json:
    return {**said, "results": [change(one) for one in said["results"]]}


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"<html>Sign in to this network</html>",
        lambda _: b"",
        lambda _: [],
        lambda _: {},
        lambda said: json.dumps(said).encode()[:-9],
        lambda said: without(said, "results"),
        lambda said: {**said, "results": said["results"][:-1]},
        lambda said: {**said, "results": said["results"] * 2},
        lambda said: each(said, lambda one: {**one, "id": "another"}),
        lambda said: each(said, lambda one: {**one, "status": "refused", "id": "another"}),
        lambda said: each(said, lambda one: without(one, "id")),
        lambda said: each(said, lambda one: without(one, "status")),
        lambda said: each(said, lambda one: one["id"]),
        lambda said: {**said, "dry_run": True},
    ],
)
@pytest.mark.parametrize("status", [200, 207, 302])
def test_what_is_no_answer_to_these_events_settles_none_of_them(
    change: Callable[[Json], Json], status: int
) -> None:
    told = Told(answering(change, status), all_stored)
    tally, waiting, pauses = push(told, events(3), patience=9)
    assert (tally.stored, tally.refusals, waiting, pauses) == (3, [], 0, [0.5])
    with pytest.raises(Unreachable, match=r"what answered is no hub.*sign in"):
        push(Told(answering(change, status)), events(3))


def test_who_somebody_is_is_asked_again_when_something_else_answers() -> None:
    told = Told(all_stored)
    told.shows = (200, {})
    with pytest.raises(Unreachable, match="no hub"):
        push(told, events(1))
    assert told.bodies == []


def test_an_answer_that_cannot_be_unpacked_is_none() -> None:
    with (
        hub(Told(all_stored), packed="gzip") as url,
        closing(Door(url, "", Patience(0, lambda _: None, lambda _: None))) as door,
        pytest.raises(Unreachable, match="no hub"),
    ):
        door.get("/api/v1/me")


def test_a_certificate_that_does_not_hold_is_told_in_words() -> None:
    error = SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate is not yet valid")
    assert "clock of this machine" in reason_of(httpx.ConnectError(str(error)))
    assert "clock of this machine" in reason_of_feed(error)
    assert "online" in reason_of(httpx.ConnectError("refused"))
    assert reason_of(ConnectionError()) == "ConnectionError"


def test_what_waits_under_another_token_is_not_sent_as_this_partners(tmp_path: Path) -> None:
    told = Told(all_stored)
    with hub(told) as url:
        for name, partner, event in (
            ("harbour", "", "1"),
            ("docket", "open-docket", "2"),
            ("new", "open-docket", "3"),
        ):
            with closing(Outbox(tmp_path, url, name, name)) as outbox:
                outbox.add([("a", 1, {"id": event})])
                if partner:
                    with closing(Door(url, name, Patience(0, lambda _: None, lambda _: None))) as door:
                        Push(door, outbox, 9, dry_run=False).send_all(Tally(), lambda _: None)
                assert outbox.foreign() == bool(partner)
    assert [[one["id"] for one in body] for body in told.bodies] == [["2"], ["3"]]


@pytest.mark.parametrize("id_", [7, ["x"], {"a": 1}, None])
def test_an_id_of_another_kind_holds_nobody_up(id_: Json) -> None:
    """A hub names no id that is no text: such an event is refused by its line, and waits for nothing."""

    def hubs(body: list[Json]) -> Answer:
        said = all_stored(body)[1]
        said["results"][1] = {"line": 2, "id": id_ if id_ == 7 else None, "status": "refused"}
        return 207, said

    tally, waiting, _ = push(Told(hubs), [{"id": "1"}, {"id": id_}, {"id": "3"}])
    assert (tally.stored, waiting) == (2, 0)
    assert [(one.line, one.id) for one in tally.refusals] == [(3, None)]


def test_what_became_of_each_line_is_told() -> None:
    def mixed(body: list[Json]) -> Answer:
        errors = [{"pointer": "/data/threat", "code": "required", "detail": "Is missing.", "hint": "Say it."}]
        statuses = ["stored", "duplicate", "conflict", "refused", "odd"]
        results = [
            {"line": at, "id": event["id"], "status": status}
            for at, (event, status) in enumerate(zip(body, statuses, strict=True), 1)
        ]
        results[3]["errors"] = errors
        return 207, {"results": results}

    tally, waiting, _ = push(Told(mixed), events(5))
    assert (tally.stored, tally.duplicates, waiting) == (1, 1, 0)
    assert [(one.line, one.id, [p.code for p in one.problems]) for one in tally.refusals] == [
        (4, "2", ["conflict"]), (5, "3", ["required"]), (6, "4", ["odd"]),
    ]  # fmt: skip
    assert list(tally.refusals[1].sentences()) == ["a.csv:5: /data/threat: Is missing. (Say it.)"]


def test_a_batch_that_is_too_large_goes_in_halves_and_a_single_event_is_refused() -> None:
    def small_only(body: list[Json]) -> Answer:
        return (413, {"detail": "Too large."}) if len(body) > 1 or body[0]["id"] == "2" else all_stored(body)

    tally, waiting, _ = push(Told(small_only), events(4))
    assert (tally.stored, waiting) == (3, 0)
    assert [(one.id, one.problems) for one in tally.refusals] == [
        ("2", (Problem("", "too_large", "Too large."),))
    ]


def test_a_body_is_cut_before_it_grows_too_large() -> None:
    told = Told(all_stored)
    push(told, [{"id": str(at), "data": "x" * 6_000_000} for at in range(4)])
    assert [len(body) for body in told.bodies] == [2, 2]


@pytest.mark.parametrize("shows", [(200, {}), (503, {}), (404, {})], ids=["there", "late", "unknown"])
def test_a_push_ends_when_what_it_pushed_can_be_read_and_does_not_insist(shows: Answer) -> None:
    statuses = ["stored", "stored", "duplicate", "refused"]
    results = [
        {"line": at, "id": str(at - 1), "status": status, "cursor": f"c{at}"}
        for at, status in enumerate(statuses, 1)
    ]
    told, tally, pauses = Told((207, {"results": results})), Tally(), list[float]()
    with hub(told) as url, closing(Outbox(None, url, "run")) as outbox:
        outbox.add(("a.csv", at, {"id": str(at), "source": "s"}) for at in range(4))
        with closing(Door(url, "t", Patience(10, pauses.append, lambda _: None))) as door:
            sending = Push(door, outbox, 9, dry_run=False)
            sending.until_read(tally)
            sending.send_all(tally, lambda _: None)
            told.shows = shows
            sending.until_read(tally)
    assert (told.asked, pauses) == (["/api/v1/me?at_least=c3"], [])


def test_a_dry_run_asks_for_one() -> None:
    told = Told(all_stored)
    push(told, events(1), dry_run=True)
    assert told.paths == ["/api/v1/events?dry_run=true"]


def test_a_refusal_without_a_pointer_reads_well() -> None:
    refusal = Refusal("a.csv", 3, None, (Problem("", "unreadable", "This row is no CSV."),))
    assert list(refusal.sentences()) == ["a.csv:3: This row is no CSV."]
    assert refusal.as_json() == {
        "file": "a.csv", "line": 3, "id": None,
        "errors": [{"pointer": "", "code": "unreadable", "detail": "This row is no CSV."}],
    }  # fmt: skip


def test_streams_are_handed_on_and_refusals_told() -> None:
    pieces: list[bytes] = []
    with (
        hub(Told((200, {}))) as url,
        closing(Door(url, "", Patience(0, lambda _: None, lambda _: None))) as door,
    ):
        door.stream("/anything", {"format": "gexf"}, pieces.append)
    assert json.loads(b"".join(pieces)) == {"partner": "open-docket"}
    with (
        closing(Door(url, "", Patience(0, lambda _: None, lambda _: None))) as door,
        pytest.raises(Unreachable),
    ):
        door.stream("/anything", {}, pieces.append)


def test_a_stream_that_leads_elsewhere_is_none() -> None:
    told, pieces = Told(all_stored), list[bytes]()
    told.shows = (302, {})
    with (
        hub(told) as url,
        closing(Door(url, "", Patience(0, lambda _: None, lambda _: None))) as door,
        pytest.raises(Unreachable, match="no hub"),
    ):
        door.stream("/anything", {}, pieces.append)
    assert pieces == []
