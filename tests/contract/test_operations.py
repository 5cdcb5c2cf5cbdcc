"""What operators see: metrics, traces, log lines and readiness, in which nothing of anybody's may stand."""

import asyncio
import io
import json
import logging
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from hub import metrics
from hub.app import build
from hub.observing import logs, supervisor, tracing
from hub.observing.gauges import fsync_times
from hub.routes import addresses
from hub.settings import Settings, SettingsRefused
from tests import running
from tests.canaries import songs
from tests.running import Served, World, make_world, serving, threat

Json = Any

PLANTED = (
    "zqbcdfghjk",
    "zqlmnpqrst",
    "zqvwxzbcdf",
    "zqghjklmnp",
    "zqqrstvwxz",
    "zqbbccddff",
    "zqgghhjjkk",
    "zqllmmnnpp",
)
PATH, QUERY, HEADER, BODY, EVENT, HOST, BROKEN, ACCOUNT = PLANTED


class Observed(World):
    """A hub whose spans and log lines are kept."""

    tracer: tracing.Tracer

    def app(self) -> Any:
        return build(self.settings, self.clock, random=self.chance, tracer=self.tracer)


@dataclass
class Watched:
    """A hub that serves, with everything an operator sees of it."""

    world: World
    served: Served
    spans: InMemorySpanExporter
    lines: io.StringIO
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.served.url, timeout=30)

    def metrics(self) -> str:
        return self.client.get("/metrics", headers=self.world.bearer("steward")).text

    def said(self) -> list[Json]:
        return [json.loads(one) for one in self.lines.getvalue().splitlines()]

    def all_seen(self) -> str:
        told = "\n".join(one.to_json() for one in self.spans.get_finished_spans())
        return f"{told}\n{self.lines.getvalue()}\n{self.metrics()}"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    made = make_world(tmp_path_factory.mktemp("watched"))
    world = Observed(made.settings, made.clock, made.registry, made.chance, made.tokens, made.accounts)
    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    world.tracer = tracing.Spans(provider)
    with kept_lines("json", logging.DEBUG) as lines, serving(world) as served:
        watched = Watched(world, served, spans, lines)
        with watched.client:
            until(lambda: watched.client.get("/readyz").status_code == 200)
            yield watched


@contextmanager
def kept_lines(form: str, level: int = logging.INFO) -> Iterator[io.StringIO]:
    """Keep what is logged as the hub would write it."""
    lines, root, own = io.StringIO(), logging.getLogger(), logging.getLogger("hub")
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logs.formatter(form))
    handler.addFilter(logs.is_news)
    # What the client of these tests says for itself is not the hub's.
    handler.addFilter(lambda one: not one.name.startswith(("httpx", "httpcore", "websockets.client")))
    before = root.level, own.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    own.setLevel(level)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        own.setLevel(before[1])


def until(holds: Callable[[], object]) -> None:
    """Ask until it is so; each question takes its time."""
    late = threading.Event()
    timer = threading.Timer(60, late.set)
    timer.start()
    try:
        while not holds():
            assert not late.is_set(), "it never came to that"
    finally:
        timer.cancel()


# --- nothing of anybody's


def plant(hub: Watched) -> None:
    """Ask and push, well and badly, with a canary in every place that a caller fills."""
    world, client = hub.world, hub.client
    publisher = world.bearer("publisher")
    client.get(f"/api/v1/lawyers/lawyer:harbour-bar-watch.{PATH}")
    client.get(f"/{PATH}/{PATH}")
    client.post(f"/sign-in/{PATH}", headers={"Origin": f"https://{HOST}.example"})
    client.get(f"/api/v1/events?type={QUERY}&{QUERY}={QUERY}")
    client.get(f"/api/v1/events?at_least={QUERY}")
    client.get(
        "/api/v1/me", headers={"Authorization": f"Bearer {HEADER}", "User-Agent": HEADER, "Cookie": HEADER}
    )
    parent = f"00-{'ab' * 16}-{'cd' * 8}-01"
    client.get(
        "/healthz", headers={"traceparent": parent, "tracestate": f"{HEADER}=1", "baggage": f"{HEADER}=1"}
    )
    client.get("/healthz", headers={"X-Forwarded-For": f"{HEADER}, 192.0.2.77", "Host": f"{HOST}.example"})
    client.request("ZQMETHODS", "/healthz")
    client.post("/api/v1/events", content=f'{{"{BODY}": ', headers=publisher)
    client.post("/api/v1/events", json={"id": EVENT, BODY: BODY}, headers=publisher)
    client.post(
        "/api/v1/events", json=threat(900, id=EVENT, data={"title": BODY, BODY: BODY}), headers=publisher
    )
    good = threat(901, id=EVENT)
    assert client.post("/api/v1/events", json=good, headers=publisher).status_code in {200, 201}
    assert client.post("/api/v1/events", json={**good, "tlp": "red"}, headers=publisher).status_code in {
        409,
        422,
    }
    with connect(f"{hub.served.feed}?about=lawyer:harbour-bar-watch.{QUERY}", proxy=None) as listener:
        listener.send(BODY)
    host, port = hub.served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as talker:
        talker.sendall(f"{BODY} {BODY}\r\n\r\n".encode())
        while talker.recv(65_536):
            pass


def test_nothing_of_anybodys_is_in_spans_metrics_or_lines(hub: Watched) -> None:
    plant(hub)
    assert break_it(hub).status_code == 500
    seen = hub.all_seen()
    assert not songs(seen.encode()) & set(PLANTED)
    tokens = [token for token in hub.world.tokens.values() if token in seen]
    assert tokens == []
    for word in (
        "harbour-bar-watch",
        "open-docket",
        "127.0.0.1",
        "192.0.2.77",
        "ab" * 16,
        "ZQMETHODS",
        "t-901",
        "/api/v1",
    ):
        assert word not in seen, word


def break_it(hub: Watched) -> httpx.Response:
    """Ask something with canaries that ends in a mistake nobody foresaw."""
    file = hub.world.settings.data / "subscriptions.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute(f"ALTER TABLE subscriptions RENAME TO {BROKEN}")
        try:
            headers = {**hub.world.bearer("observer"), "X-Why": BROKEN}
            # By a connection of its own: the server closes it after such an answer.
            return httpx.get(f"{hub.served.url}/api/v1/subscriptions", headers=headers)
        finally:
            db.execute(f"ALTER TABLE {BROKEN} RENAME TO subscriptions")


def test_a_mistake_is_found_by_its_instance(hub: Watched) -> None:
    answer = break_it(hub)
    instance = answer.json()["instance"]
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:hub:problem:unexpected")
    assert re.fullmatch(r"urn:hub:problem:instance:[0-9a-f]{16}", instance)
    [line] = [one for one in hub.said() if one.get("instance") == instance]
    assert (line["level"], line["error"], line["event"]) == (
        "error",
        "OperationalError",
        "unexpected OperationalError",
    )
    assert any("hub/subscriptions/shelf.py:" in place for place in line["at"])
    assert break_it(hub).json()["instance"] != instance
    errors = [one for one in hub.said() if "error" in one]
    assert all("instance" in one for one in errors), errors  # told once, not again by the server below


# --- metrics


def values(text: str, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples of a name, by the values of their labels."""
    return {
        tuple(one.labels.values()): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name == name
    }


def test_metrics_say_how_the_hub_fares(hub: Watched) -> None:
    publisher = hub.world.bearer("publisher")
    before = hub.metrics()
    made = [threat(number) for number in range(700, 703)]
    answers = [hub.client.post("/api/v1/events", json=one, headers=publisher) for one in made]
    hub.client.get("/api/v1/events", params={"at_least": answers[-1].json()["cursor"]})
    hub.client.post("/api/v1/events", json={**threat(704), "tlp": "pink"}, headers=publisher)
    text = hub.metrics()

    def grown(name: str, *labels: str) -> float:
        return values(text, name).get(labels, 0) - values(before, name).get(labels, 0)

    assert grown("hub_answers_total", "postEvents", "201") == 3
    assert grown("hub_answer_seconds_count", "postEvents") == 4
    assert grown("hub_refusals_total", "unknown_tlp") == 1
    assert grown("hub_commit_seconds_count") == 3
    assert grown("hub_fold_seconds_count") >= 1
    views = {name for (name,) in values(text, "hub_view_lag")}
    assert {name for (name,) in values(text, "hub_view_lag_seconds")} == views >= {"graph", "timeline"}
    for name in ("hub_log_reachable", "hub_vault_reachable"):
        assert values(text, name) == {(): 1}
    assert values(text, "hub_sheets")[()] >= 1
    assert values(text, "hub_disk_free_bytes")[()] > 0
    assert values(text, "hub_fsync_seconds")[()] > 0
    assert values(text, "hub_timekeeper_due") == {(): 0}
    assert values(text, "process_open_fds")[()] > 0


def test_labels_come_from_our_own_lists(hub: Watched) -> None:
    plant(hub)
    names = {one.name for one in addresses()} | {"none"}
    known = {"address", "status", "view", "le", "code", "generation", "channel", "state"}
    for family in text_string_to_metric_families(hub.metrics()):
        for sample in family.samples:
            assert set(sample.labels) <= known
            assert sample.labels.get("address", "none") in names
            assert all(re.fullmatch(r"[\w.+-]+", value) for value in sample.labels.values())


def test_codes_of_refusals_are_bounded() -> None:
    counted = metrics.Metrics()
    counted.refused(f"code_{number}" for number in range(metrics.MOST_CODES + 5))
    counted.refused(["code_0"])
    found = values(counted.text().decode(), "hub_refusals_total")
    assert (len(found), found["other",], found["code_0",]) == (metrics.MOST_CODES + 1, 5, 2)


def test_webhooks_and_feeds_are_counted(hub: Watched) -> None:
    headers = hub.world.bearer("observer")
    said = {"channel": "web", "query": {"type": ["threat.*"]}, "name": "Threats"}
    made = hub.client.post("/api/v1/subscriptions", json=said, headers=headers)
    with connect(hub.served.feed, proxy=None) as listener:
        listener.recv(timeout=20)
        text = hub.metrics()
    assert values(text, "hub_listeners")[()] >= 1
    assert () in values(text, "hub_feed_backlog")
    if made.status_code == 201:
        assert sum(values(text, "hub_subscriptions").values()) >= 1


def test_metrics_are_for_stewards_alone(hub: Watched) -> None:
    nothing = hub.client.get("/nothing")
    for who in ("observer", "publisher"):
        answer = hub.client.get("/metrics", headers=hub.world.bearer(who))
        assert (answer.status_code, answer.content) == (404, nothing.content)
    assert hub.client.get("/metrics").status_code == 404


# --- traces


def names_of(spans: Sequence[ReadableSpan]) -> set[str]:
    return {one.name for one in spans}


def test_spans_have_our_names_and_numbers(hub: Watched) -> None:
    with connect(hub.served.feed, proxy=None, additional_headers=hub.world.bearer("publisher")) as listener:
        posted = hub.client.post("/api/v1/events", json=threat(710), headers=hub.world.bearer("publisher"))
        while json.loads(listener.recv(timeout=20)).get("kind") != "event":
            pass
    assert posted.status_code == 201
    until(lambda: {"fold", "commit", "check", "answer"} <= names_of(hub.spans.get_finished_spans()))
    spans = hub.spans.get_finished_spans()
    assert names_of(spans) <= {"answer", "check", "commit", "fold", "feed.page", "feed.edge"}
    for one in spans:
        assert one.events == ()
        assert one.status.description is None
        assert set(one.attributes or {}) <= {
            "hub.address", "http.response.status_code", "hub.events", "hub.groups", "hub.failed",
        }  # fmt: skip
    commits = [one for one in spans if one.name == "commit" and one.parent is not None]
    answers = {one.context.span_id for one in spans if one.name == "answer"}
    assert commits
    assert {one.parent.span_id for one in commits if one.parent} <= answers


class Collector(ThreadingHTTPServer):
    """Takes spans as a collector does."""

    def __init__(self) -> None:
        self.taken: list[ExportTraceServiceRequest] = []
        super().__init__(("127.0.0.1", 0), Taking)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") is None:
            self.server.taken.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        pass


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            collector.shutdown()
            thread.join()


def test_traces_are_off_unless_asked_for() -> None:
    for environ in (
        {},
        {tracing.VARIABLES[0]: ""},
        {tracing.VARIABLES[0]: "http://h", "OTEL_SDK_DISABLED": "true"},
    ):
        tracer = tracing.open_tracer(environ)
        assert not tracer.is_on
        with tracer.span("x", {"hub.events": 1}) as tell:
            tell({"hub.events": 2})
        tracer.past("y", 1, 2)
        tracer.close()


def test_traces_without_their_packages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsRefused, match=r"solidarity-hub\[traces\]"):
        tracing.open_tracer({tracing.VARIABLES[0]: "http://127.0.0.1:9"})


# --- a process: lines, drain, supervisor


@contextmanager
def process(folder: Path, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve as `hub serve` does; give the process and its address."""
    clean = {"PATH": "/usr/bin:/bin", "HUB_DATA": str(folder), "HUB_PORT": "0", **environ}
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    with subprocess.Popen(
        [sys.executable, "-m", "hub", "serve"],
        env={**coverage, **clean},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            assert started.stdout is not None
            yield started, started.stdout.readline().strip()
        finally:
            started.kill()


def test_a_hub_leaves_gracefully_and_tells_whoever_watches(tmp_path: Path) -> None:
    world = make_world(tmp_path / "data")
    inbox = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified, collecting() as collector:
        notified.bind(str(inbox))
        notified.settimeout(60)
        told = {
            "HUB_DRAIN_SECONDS": "2",
            "HUB_LOG_LEVEL": "debug",
            "NOTIFY_SOCKET": str(inbox),
            tracing.VARIABLES[0]: collector.url,
            "OTEL_SERVICE_NAME": "one-hub",
        }
        with process(tmp_path / "data", **told) as (started, url):
            heard = {notified.recv(100) for _ in range(2)}
            assert b"READY=1" in heard
            with httpx.Client(base_url=url, timeout=30) as client:
                until(lambda: client.get("/readyz").status_code == 200)
                steps = leave(started, client, world)
            status = started.wait(60)
            lines = started.stderr.read().splitlines() if started.stderr else []
        notified.settimeout(0.1)
        while b"STOPPING=1" not in heard:
            heard.add(notified.recv(100))
    assert status == 0
    assert steps == ["draining", "201", "bye restart"]
    spoken = [json.loads(one) for one in lines]
    assert {one["event"].partition(" ")[0] for one in spoken} == {"The", "answered"}
    assert {one["address"] for one in spoken if one["event"] == "answered"} >= {"showReadiness", "postEvents"}
    [resource] = {
        tuple((one.key, one.value.string_value) for one in spans.resource.attributes)
        for request in collector.taken
        for spans in request.resource_spans
    }
    assert ("service.name", "one-hub") in resource
    assert {name for name, _ in resource} <= {
        "service.name", "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version", "service.instance.id",
    }  # fmt: skip


def leave(started: subprocess.Popen[str], client: httpx.Client, world: World) -> list[str]:
    """Ask a hub to stop while somebody listens and somebody pushes; return what they see, in order."""
    steps = []
    feed = f"{str(client.base_url).replace('http', 'ws', 1)}/api/v1/feed"
    # The hub's clock is the real one, and the tokens were made in its future; they work all the same.
    with connect(feed, proxy=None) as listener:
        listener.recv(timeout=30)
        started.send_signal(signal.SIGTERM)
        until(lambda: client.get("/readyz").status_code == 503)
        steps.append(client.get("/readyz").json()["status"])
        posted = client.post("/api/v1/events", json=threat(1), headers=world.bearer("publisher"))
        steps.append(str(posted.status_code))
        while (said := json.loads(listener.recv(timeout=30)))["kind"] != "bye":
            pass
        assert said["cursor"]
        steps.append(f"bye {said['reason']}")
    return steps


# --- readiness


def test_readiness_tells_exact_lags_to_stewards_alone(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with running.calling(world) as client:
        until(lambda: client.get("/readyz").status_code == 200)
        stall(world)
        with running.recording(world) as intake:
            for number in range(3):
                running.admit(intake, f"newcomer-{number}", ["monitor"])
        until(lambda: lags(client.get("/readyz", headers=world.bearer("steward")).json())["search"] >= 3)
        shown = client.get("/readyz")
        assert (shown.status_code, shown.json()["status"]) == (503, "not-ready")
        assert shown.json()["views"]["search"]["state"] == "stalled"
        # It says itself that 0 may be 999: whoever waits for a push asks with ?at_least=.
        assert (shown.json()["counted_in"], set(lags(shown.json()).values())) == (1000, {0})
        assert client.get("/readyz", headers=world.bearer("steward")).json()["counted_in"] == 1
        for who in ({"Authorization": "Bearer no"}, {"Authorization": "Basic no"}, world.bearer("observer")):
            assert client.get("/readyz", headers=who).json() == shown.json()
        text = client.get("/metrics", headers=world.bearer("steward")).text
        assert values(text, "hub_view_stalled")["search",] == 1
        assert values(text, "hub_view_lag")["search",] >= 3
        world.clock.move(seconds=90)
        text = client.get("/metrics", headers=world.bearer("steward")).text
        assert values(text, "hub_view_lag_seconds")["search",] == 90
        assert values(text, "hub_view_lag_seconds")["graph",] == 0


def stall(world: World) -> None:
    """Break the tables of one view, as a fault of the disk would."""
    with closing(
        sqlite3.connect(world.settings.data / "views.sqlite", isolation_level=None, timeout=30)
    ) as db:
        tables = db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'search%'"
        ).fetchall()
        db.execute(f"DROP TABLE {min(tables, key=lambda one: len(one[0]))[0]}")


def lags(said: Json) -> dict[str, int]:
    return {name: one["lag"] for name, one in said["views"].items()}


def test_a_hub_whose_log_is_away_is_not_ready(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with running.calling(world) as client:
        ask = partial(running.TestClient.request, client, "GET", "/readyz")
        until(lambda: ask().status_code == 200)
        with closing(sqlite3.connect(tmp_path / "log.sqlite", isolation_level=None, timeout=30)) as db:
            db.execute("ALTER TABLE stored_events RENAME TO away")
            try:
                said = ask()
                text = client.app_state["metrics"].text().decode()
            finally:
                db.execute("ALTER TABLE away RENAME TO stored_events")
        assert (said.status_code, said.json()) == (
            503,
            {"status": "log-unavailable", "counted_in": 1000, "views": {}},
        )
        assert values(text, "hub_log_reachable") == {(): 0}
        assert values(text, "hub_vault_reachable") == {(): 1}
        assert values(text, "hub_view_lag") == {}
        until(lambda: ask().status_code == 200)


# --- lines


def test_lines_are_json_or_text_without_values() -> None:
    for form in ("json", "text"):
        with kept_lines(form) as lines:
            try:
                int(PATH)
            except ValueError as error:
                logs.tell_unexpected(error, "urn:x")
                logging.getLogger("uvicorn.error").exception("again %s", BODY)  # told already
            try:
                int(QUERY)
            except ValueError:
                logging.getLogger("elsewhere").exception("it broke with %s", BODY)
            logging.getLogger("elsewhere").warning(f"from {HOST}")
        first, second, third = lines.getvalue().splitlines()
        assert not songs(lines.getvalue().encode()) & set(PLANTED)
        assert all("test_operations.py:" in one for one in (first, second, third))
        assert all("ValueError" in one for one in (first, second))
        assert "urn:x" in first


def test_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    root, own = logging.getLogger(), logging.getLogger("hub")
    before = root.handlers[:], root.level, own.level
    try:
        logs.log_lines("text", "warning")
        own.info("Not this")
        own.warning("Listening")
    finally:
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        own.setLevel(before[2])
    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()
    assert "event=Listening" in line
    assert "level=warning" in line


def test_what_the_event_loop_cannot_place_is_told_by_its_kind() -> None:
    with kept_lines("json") as lines, asyncio.Runner() as runner:
        logs.log_kind_alone(runner.get_loop(), {"message": BODY, "exception": ValueError(BODY)})
        logs.log_kind_alone(runner.get_loop(), {"message": BODY})
    first, second = map(json.loads, lines.getvalue().splitlines())
    assert (first["event"], first["error"]) == ("unexpected ValueError in the event loop", "ValueError")
    assert second["event"] == "unexpected event in the event loop"
    assert BODY not in lines.getvalue()


@pytest.mark.parametrize(("name", "said"), [("HUB_LOG", "xml"), ("HUB_LOG_LEVEL", "loud")])
def test_settings_of_lines_are_checked(name: str, said: str) -> None:
    with pytest.raises(SettingsRefused, match="it must be one of"):
        Settings.read({name: said})


# --- small parts


def test_nobody_is_told_where_there_is_no_supervisor(tmp_path: Path) -> None:
    assert supervisor.notifier({}) is supervisor.silent
    assert supervisor.notifier({"NOTIFY_SOCKET": "vsock:1:2"}) is supervisor.silent
    supervisor.silent("READY=1")
    supervisor.notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")})("READY=1")


def test_the_probe_leaves_nothing(tmp_path: Path) -> None:
    assert len(fsync_times(tmp_path, 3)) == 3
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="No such file"):
        fsync_times(tmp_path / "none", 1)


def test_a_span_of_a_failure_says_only_that_it_failed() -> None:
    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracer = tracing.Spans(provider)
    with pytest.raises(ValueError, match=BODY), tracer.span("check"):
        raise ValueError(BODY)
    [one] = spans.get_finished_spans()
    assert dict(one.attributes or {}) == {"hub.failed": 1}
    assert BODY not in one.to_json()
    tracer.close()
    assert partial(tracer.span, "x")
