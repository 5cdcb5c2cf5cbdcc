"""Rules of the server that hold for every address: methods, headers, pages, text, metrics and logs."""

import json
import logging
import re
import resource
import socket
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from hub.address import Address
from hub.app import build
from hub.observing.logs import log_kind_alone
from hub.routes import addresses
from hub.security import HTTPS_ALONE, SECURITY_HEADERS
from hub.server import allow_files
from tests.running import Served, TestClient, World, calling, make_world, serving, threat

Json = Any
SECRET = "s3cret-Wert"
PLAIN = [one for one in addresses() if "{" not in one.path and one.follower is None]
GETS = [one for one in PLAIN if one.method == "GET" and not any(p.required for p in one.parameters)]
ELSEWHERE = re.compile(
    r"""(?:https?:)?//[\w.-]|url\(|@import|integrity=|<iframe|<object|<embed|<base""", re.IGNORECASE
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"), origins=("https://friend.example",))


@pytest.fixture(scope="module")
def hub(world: World) -> Iterator[Served]:
    with serving(world) as served:
        cursor = served.post(threat(1, tlp="clear"), world.bearer("publisher"))["cursor"]
        httpx.get(f"{served.url}/healthz?at_least={cursor}")
        yield served


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with calling(make_world(tmp_path_factory.mktemp("other"))) as opened:
        yield opened


def methods_of(path: str) -> set[str]:
    told = {one.method for one in addresses() if one.path == path}
    return told | ({"HEAD"} if "GET" in told else set())


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "PATCH", "DELETE", "BREW", "PROPFIND"])
def test_other_methods_are_refused_at_every_address_and_told_what_is_allowed(
    client: TestClient, method: str
) -> None:
    for path in {one.path for one in PLAIN} | {"/api/v1/feed"}:
        answer = client.request(method, path, headers={"X-Echo": SECRET})
        assert (answer.status_code, answer.json()["type"]) == (405, "urn:hub:problem:method-not-allowed"), (
            path
        )
        assert set(answer.headers["allow"].split(", ")) == methods_of(path)
        assert SECRET not in answer.text


@pytest.mark.parametrize("line", ["get /healthz", "TRACE /healthz", "CONNECT hub.test:443", "TRACE *"])
def test_methods_on_the_line_are_taken_as_they_stand(hub: Served, line: str) -> None:
    host, _, port = hub.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as talker:
        talker.sendall(
            f"{line} HTTP/1.1\r\nHost: hub.test\r\nX: {SECRET}\r\nConnection: close\r\n\r\n".encode()
        )
        said = bytearray()
        while piece := talker.recv(65_536):
            said += piece
    assert bytes(said).split()[1] in {b"400", b"404", b"405"}
    assert SECRET.encode() not in said


@pytest.mark.parametrize("one", GETS, ids=lambda one: one.name)
def test_head_says_the_same_headers_as_get_and_no_body(hub: Served, world: World, one: Address) -> None:
    with httpx.Client(base_url=hub.url, headers=world.bearer("steward")) as client:
        asked, told = client.get(one.path), client.head(one.path)
    assert told.status_code == asked.status_code
    assert told.content == b""
    assert lasting(told.headers) == lasting(asked.headers)
    if one.path != "/metrics":  # every answer is counted there
        assert told.headers.get("content-length") == asked.headers.get("content-length")


def lasting(headers: httpx.Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in {"date", "content-length"}}


def test_head_of_an_export_says_the_same_headers(hub: Served) -> None:
    for form in ("json", "csv", "gexf", "graphml", "zip", "node-link", "ftm"):
        path = f"{hub.url}/api/v1/graph/export?format={form}"
        assert lasting(httpx.head(path).headers) == lasting(httpx.get(path).headers)


@pytest.mark.parametrize("one", GETS, ids=lambda one: one.name)
def test_every_answer_carries_the_security_headers_once(client: TestClient, one: Address) -> None:
    headers = client.get(one.path, follow_redirects=False).headers
    for name, value in SECURITY_HEADERS.items():
        [said] = headers.get_list(name)
        # An address that may hold a key is told to nobody.
        is_keyed = any(parameter.name == "key" for parameter in one.parameters)
        assert said == ("no-referrer" if is_keyed and name == "Referrer-Policy" else value)
    assert len(headers.get_list("cache-control")) == 1
    assert "strict-transport-security" not in headers


def test_the_policy_lets_a_page_load_from_this_hub_alone() -> None:
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    parts = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert parts["default-src"] == "'none'"
    assert parts["frame-ancestors"] == "'none'"
    assert parts["base-uri"] == "'none'"
    assert set(parts.values()) <= {"'none'", "'self'"}
    assert SECURITY_HEADERS["Cross-Origin-Opener-Policy"] == "same-origin"
    assert SECURITY_HEADERS["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("public_url", ["https://hub.example", "http://hub.example", ""])
def test_a_hub_behind_https_says_that_it_is_reached_no_other_way(tmp_path: Path, public_url: str) -> None:
    with calling(make_world(tmp_path, public_url=public_url)) as client:
        for path in ("/", "/healthz", "/nothing"):
            said = client.get(path).headers.get("strict-transport-security")
            is_https = public_url.startswith("https")
            assert said == (HTTPS_ALONE["Strict-Transport-Security"] if is_https else None)


def test_no_file_of_a_page_names_another_place() -> None:
    for folder in ("static", "templates"):
        for one in files("hub.pages").joinpath(folder).iterdir():
            text = one.read_bytes().decode("utf-8", "replace").replace("http://www.w3.org/2000/svg", "")
            assert not ELSEWHERE.search(text), one.name


ASKED_BY_SCRIPTS = frozenset({"dayInWords", "manifest", "serviceWorker"})


@pytest.mark.parametrize(
    "one",
    [one for one in GETS if one.tag == "Pages" and one.name not in ASKED_BY_SCRIPTS],
    ids=lambda one: one.name,
)
def test_no_page_as_it_is_served_names_another_place(hub: Served, world: World, one: Address) -> None:
    for headers in ({}, world.bearer("steward")):
        page = httpx.get(hub.url + one.path, headers={**headers, "Accept": "text/html"})
        assert page.headers["content-type"].startswith("text/html")
        loaded = re.findall(
            r'<(?:script|link|img|source|form|use)\b[^>]*?(?:src|href|action)="([^"]*)"', page.text
        )
        assert loaded
        assert all(target.startswith("/") and not target.startswith("//") for target in loaded)
        assert not re.search(r"<script(?! src=)|<style|\son\w+=|\sstyle=|javascript:", page.text)


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        (None, True),
        ("https://friend.example", True),
        ("https://friend.example.evil.example", False),
        ("http://friend.example", False),
        ("https://FRIEND.example", False),
        ("https://friend.example:444", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
        ("file://", False),
    ],
)
def test_a_browser_may_open_the_feed_from_listed_pages_alone(
    hub: Served, origin: str | None, is_allowed: bool
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    if is_allowed:
        with connect(hub.feed, additional_headers=headers, proxy=None) as listener:
            assert json.loads(listener.recv(timeout=20))["kind"] == "live"
        return
    with pytest.raises(InvalidStatus) as refused:
        connect(hub.feed, additional_headers=headers, proxy=None)
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body or b"")["type"] == "urn:hub:problem:origin-refused"


BAD_TEXTS = {
    "an override": ("a\u202eb", "bidi_override"),
    "an isolate": ("a\u2066b", "bidi_override"),
    "a bell": ("a\x07b", "control_character"),
    "a C1 control": ("a\x85b", "control_character"),
    "a form that is not composed": ("Cafe\u0301", "not_nfc"),
}


@pytest.mark.parametrize(("text", "code"), BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
def test_text_that_deceives_is_refused_by_place_and_never_repeated(
    hub: Served, world: World, text: str, code: str
) -> None:
    event = threat(70, data={"title": text})
    answer = httpx.post(f"{hub.url}/api/v1/events", json=event, headers=world.bearer("publisher"))
    assert answer.status_code == 422
    assert ("/data/title", code) in {(one["pointer"], one["code"]) for one in answer.json()["errors"]}
    assert text not in answer.text


def test_joiners_are_text_and_half_a_pair_is_none(hub: Served, world: World) -> None:
    headers = world.bearer("publisher")
    joined = threat(
        71, data={"title": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0915\u094d\u200d\u0937"}
    )
    assert httpx.post(f"{hub.url}/api/v1/events", json=joined, headers=headers).status_code == 201
    half = json.dumps(threat(72, data={"title": "HALF"})).replace("HALF", "\\ud83d")
    headers = {**headers, "Content-Type": "application/json"}
    answer = httpx.post(f"{hub.url}/api/v1/events", content=half, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:hub:problem:malformed-json")


@pytest.mark.parametrize(("levels", "status"), [(33, 422), (150, 422), (5000, 400)])
def test_json_may_not_be_nested_deeply(hub: Served, world: World, levels: int, status: int) -> None:
    deep = json.dumps(threat(73, data={"title": "DEEP"})).replace('"DEEP"', "[" * levels + "]" * levels)
    headers = {**world.bearer("publisher"), "Content-Type": "application/json"}
    answer = httpx.post(f"{hub.url}/api/v1/events", content=deep, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("media", "most"),
    [
        ("application/json", 262_144),
        ("application/cloudevents-batch+json", 33_554_432),
        ("application/x-ndjson", 33_554_432),
    ],
)
@pytest.mark.parametrize("is_declared", [True, False])
def test_a_body_may_not_be_larger_than_its_kind_allows(
    hub: Served, world: World, media: str, most: int, is_declared: bool
) -> None:
    def parts() -> Iterator[bytes]:
        for start in range(0, most + 1, 65_536):
            yield b" " * min(65_536, most + 1 - start)

    headers = {**world.bearer("publisher"), "Content-Type": media}
    body = b" " * (most + 1) if is_declared else parts()
    answer = httpx.post(f"{hub.url}/api/v1/events", content=body, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:hub:problem:too-large")


def test_metrics_know_nothing_of_what_was_asked(hub: Served, world: World) -> None:
    with httpx.Client(base_url=hub.url) as client:
        client.get(f"/{SECRET}")
        client.get(f"/api/v1/lawyers/lawyer:{SECRET}.1")
        client.get(f"/api/v1/events?type={SECRET}&{SECRET}=1")
        client.get("/api/v1/me", headers={"Authorization": f"Bearer {SECRET}", "User-Agent": SECRET})
        client.get(f"/sign-in/{SECRET}")
        client.request(SECRET.upper(), "/healthz", headers={"Host": f"{SECRET}.example"})
        client.post("/api/v1/events", json=threat(90, id=SECRET), headers=world.bearer("publisher"))
        text = client.get("/metrics", headers=world.bearer("steward")).text
    assert SECRET.lower() not in text.lower()
    names = {one.name for one in addresses()} | {"none"}
    labels = re.findall(r'(\w+)="([^"]*)"', text)
    assert {value for name, value in labels if name == "address"} <= names
    assert {name for name, _ in labels} <= {
        "address", "status", "view", "le", "code", "generation", "channel", "state",
    }  # fmt: skip
    assert all(re.fullmatch(r"[\w.+-]+", value) for _, value in labels)


def test_logs_know_nothing_of_what_was_sent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    world = make_world(tmp_path)
    caplog.set_level(logging.INFO)
    with serving(world) as hub:
        with httpx.Client(base_url=hub.url, headers=world.bearer("publisher")) as client:
            client.get(f"/sign-in/{SECRET}")
            client.get(f"/api/v1/events?type={SECRET}")
            client.post("/api/v1/events", content=f'{{"{SECRET}": }}')
            client.post("/api/v1/events", json=threat(1, id=SECRET, data={"title": SECRET}))
        host, _, port = hub.url.removeprefix("http://").partition(":")
        for said in (f"{SECRET}\r\n\r\n", f"GET /?{SECRET} HTTP/1.1\r\nHost: x\r\nUpgrade: {SECRET}\r\n"
                     "Connection: Upgrade, close\r\n\r\n"):  # fmt: skip
            with socket.create_connection((host, int(port)), timeout=20) as talker:
                talker.sendall(said.encode())
                while talker.recv(65_536):
                    pass
        with connect(f"{hub.feed}?about=lawyer:harbour-bar-watch.{SECRET}", proxy=None) as listener:
            listener.send(SECRET)
        with pytest.raises(InvalidStatus):
            connect(f"{hub.feed}?{SECRET}=1", proxy=None)
    ours = [
        one for one in caplog.records if not one.name.startswith(("httpx", "httpcore", "websockets.client"))
    ]
    told = "\n".join(f"{one.name} {one.getMessage()} {one.exc_text or ''}" for one in ours)
    assert SECRET not in told
    assert not [token for token in world.tokens.values() if token in told]
    assert [one for one in ours if one.levelno >= logging.WARNING] == []


def test_what_nobody_caught_in_the_event_loop_is_logged_by_its_kind(caplog: pytest.LogCaptureFixture) -> None:
    import asyncio

    async def forgotten() -> None:
        asyncio.get_running_loop().set_exception_handler(log_kind_alone)

        async def fails() -> None:
            raise ValueError(SECRET)

        task = asyncio.create_task(fails())
        await asyncio.wait([task])
        del task
        asyncio.get_running_loop().call_exception_handler({"message": SECRET})
        asyncio.get_running_loop().call_soon(int, SECRET)
        await asyncio.sleep(0)

    asyncio.run(forgotten())
    said = [one.getMessage() for one in caplog.records]
    assert said == [
        "unexpected ValueError in the event loop",
        "unexpected event in the event loop",
        "unexpected ValueError in the event loop",
    ]


def test_a_hub_may_open_as_many_files_as_it_takes_connections() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[0] - 100, before[1]))
        for wanted, given in ((10, before[0] - 100), (before[0] - 50, before[0] - 50), (10**9, before[1])):
            allow_files(wanted)
            assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] in {given, 10**9}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_settings_of_the_application_are_where_the_server_looks_for_them(world: World) -> None:
    assert build(world.settings, world.clock, random=world.chance).state.settings is world.settings
