"""Outgoing requests: which addresses are called, how, and that nothing makes the hub call another."""

import asyncio
import datetime as dt
import socket
import ssl
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hub.outgoing import Outgoing, Rules, Status, TargetRefused, TargetUnreachable, is_public

PUBLIC = "93.184.215.14"
HOST = "hooks.partner.example"

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Names:
    """A name server of our own: another answer each time, the last one again and again."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[tuple[str, int]] = []
        self._answers = list(answers)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Target(BaseHTTPRequestHandler):
    """Takes what is posted, and answers as the path says."""

    def do_POST(self) -> None:
        server: Any = self.server
        length = int(self.headers["Content-Length"])
        server.got.append((self.path, dict(self.headers), self.rfile.read(length)))
        if self.path == "/silent":
            server.released.wait(20)
            return
        code = int(self.path.strip("/").partition("?")[0] or 200)
        self.send_response(code)
        if code in {301, 302, 307, 308}:
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/200")
        if code in {429, 503}:
            said = parse_qs(self.path.partition("?")[2]).get("after", ["120"])
            self.send_header("Retry-After", said[0])
        self.send_header("Set-Cookie", "who=hooks; Path=/")
        self.end_headers()
        if code == 299:
            self._flood()

    def _flood(self) -> None:
        server: Any = self.server
        try:
            while not server.released.is_set():
                self.wfile.write(b"x" * 65_536)
        except OSError:
            server.flooded.set()

    def log_message(self, *_: object) -> None:
        return


class Listening(ThreadingHTTPServer):
    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Target)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.released, self.flooded = threading.Event(), threading.Event()
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_: object) -> None:
        return


def serving(server: Listening) -> Iterator[Listening]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def target() -> Iterator[Listening]:
    yield from serving(Listening())


def post(rules: Rules, resolve: Resolve | None, url: str, **headers: str) -> Status:
    async def once() -> Status:
        outgoing = Outgoing(rules, resolve)
        try:
            return await outgoing.post(url, b'{"said": 1}', headers)
        finally:
            await outgoing.close()

    return anyio.run(once)


LOCAL = Rules(is_loopback_allowed=True)


@pytest.mark.parametrize(
    "closed",
    [
        "0.0.0.0",  # noqa: S104  # not bound to
        "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.1",
        "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:93.184.215.14", "::ffff:0:7f00:1", "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1", "2001:db8::1",
        "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1",
        "fe80::1", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_of_the_open_internet_are_never_called(closed: str) -> None:
    assert not is_public(ip_address(closed))
    for beside in ([closed], [PUBLIC, closed], [closed, PUBLIC]):
        names = Names(beside)
        with pytest.raises(TargetRefused) as refused:
            post(Rules(), names, f"https://{HOST}/in")
        assert refused.value.code == "not_public"
        assert closed not in str(refused.value)
        assert names.asked == [(HOST, 443)]


@pytest.mark.parametrize(
    "opened", [PUBLIC, "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1", "2a00::1", "2001:200::1"]
)
def test_addresses_of_the_open_internet_may_be_called(opened: str) -> None:
    assert is_public(ip_address(opened))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.partner.example/", "wrong_scheme"),
        ("ftp://hooks.partner.example/", "wrong_scheme"),
        ("file:///etc/passwd", "wrong_scheme"),
        ("//hooks.partner.example/", "wrong_scheme"),
        ("https:///path", "wrong_scheme"),
        ("https://.hooks.partner.example/", "wrong_scheme"),
        ("", "wrong_scheme"),
        ("https://name:s3cret@hooks.partner.example/", "has_userinfo"),
        ("https://hooks.partner.example@evil.example/", "has_userinfo"),
        ("https://@hooks.partner.example/", "has_userinfo"),
        ("https://hooks.partner.example:22/", "wrong_port"),
        ("https://hooks.partner.example:0/", "wrong_port"),
        ("https://hooks.partner.example:5432/", "wrong_port"),
        ("https://hooks.partner.example:port/", "not_a_uri"),
        ("https://hooks.partner.example:99999/", "not_a_uri"),
        ("https://[::1/", "not_a_uri"),
        ("https://hooks.partner.example/a b", "not_a_uri"),
        ("https://hooks.partner.example/\r\nX: y", "not_a_uri"),
        ("https://h\u00f6\u00f6ks.example/", "not_a_uri"),
        ("https://hooks.partner.example/" + "a" * 2048, "not_a_uri"),
    ],
)
def test_an_address_that_is_not_called_is_refused_before_its_name_is_looked_up(url: str, code: str) -> None:
    names = Names([PUBLIC])
    with pytest.raises(TargetRefused) as refused:
        post(Rules(), names, url)
    assert (refused.value.code, names.asked) == (code, [])
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "0"]
)
def test_no_spelling_of_this_machine_is_called(host: str) -> None:
    # By the real resolver: numbers need no name server.
    with pytest.raises((TargetRefused, TargetUnreachable)):
        post(Rules(seconds=2), None, f"https://{host}/")


def test_an_address_with_a_zone_is_refused() -> None:
    with pytest.raises(TargetRefused, match="does not call"):
        post(Rules(), Names(["fe80::1%eth0"]), f"https://{HOST}/")
    with pytest.raises(TargetRefused, match="does not call"):
        post(Rules(), Names(["no address"]), f"https://{HOST}/")


def test_a_name_without_addresses_is_unreachable() -> None:
    with pytest.raises(TargetUnreachable):
        post(Rules(), Names([]), f"https://{HOST}/")


def test_a_body_arrives_whole_with_its_headers_and_the_name_of_the_host(target: Listening) -> None:
    url = f"http://{HOST}:{target.server_port}/201?a=1#fragment"
    more = {"webhook-id": "m1", "Host": "elsewhere.example"}
    assert post(LOCAL, Names(["127.0.0.1"]), url, **more) == Status(201)
    [(path, headers, body)] = target.got
    assert (path, body) == ("/201?a=1", b'{"said": 1}')
    assert headers["Host"] == f"{HOST}:{target.server_port}"
    assert headers["webhook-id"] == "m1"


def test_a_name_is_resolved_once_and_only_the_checked_address_is_called(target: Listening) -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    assert post(LOCAL, names, f"http://{HOST}:{target.server_port}/200") == Status(200)
    assert names.asked == [(HOST, target.server_port)]


def test_even_where_loopback_is_allowed_the_rest_of_the_network_is_not() -> None:
    for address in ("10.0.0.1", "127.0.0.2", "169.254.169.254"):
        with pytest.raises(TargetRefused):
            post(LOCAL, Names([address]), f"https://{HOST}/")
    with pytest.raises(TargetRefused):
        post(LOCAL, Names([PUBLIC]), f"http://{HOST}/")


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(target: Listening, code: int) -> None:
    assert post(LOCAL, Names(["127.0.0.1"]), f"http://{HOST}:{target.server_port}/{code}").code == code
    assert len(target.got) == 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("120", 120),
        ("0", 0),
        ("Fri, 07 Nov 2031 00:00:00 GMT", dt.datetime(2031, 11, 7, tzinfo=dt.UTC)),
        ("Friday, 07-Nov-31 00:00:00 GMT", dt.datetime(2031, 11, 7, tzinfo=dt.UTC)),
        ("-5", None),
        ("1e3", None),
        ("99999999", None),
        ("soon", None),
        ("soon GMT", None),
        ("Fri, 99 Nov 2031 00:00:00 GMT", None),
        ("Fri, 07 Nov 99999 00:00:00 GMT", None),
        ("Fri, 07 Nov 99999999999 00:00:00 GMT", None),
        ("Fri, 07 Nov 2031 99999999999:0:0 GMT", None),
        ("Fri, 07 Nov 2031 00:00:00 +99999999999999", None),
        ("Fri, 07 Nov 2031 00:00:00 " + "9" * 40 + " GMT", None),
    ],
)
def test_how_long_to_wait_is_passed_on_if_it_is_a_number_or_a_date(
    target: Listening, said: str, expected: int | dt.datetime | None
) -> None:
    url = f"http://{HOST}:{target.server_port}/503?{urlencode({'after': said})}"
    assert post(LOCAL, Names(["127.0.0.1"]), url) == Status(503, expected)


def test_no_cookie_of_one_name_goes_to_another_on_the_same_address(target: Listening) -> None:
    async def twice() -> None:
        outgoing = Outgoing(LOCAL, Names(["127.0.0.1"]))
        for host in (HOST, "other.example"):
            await outgoing.post(f"http://{host}:{target.server_port}/200", b"{}", {})
        await outgoing.close()

    anyio.run(twice)
    assert ["Cookie" in headers for _, headers, _ in target.got] == [False, False]


def test_names_that_others_wait_for_keep_nobody_from_looking_up_his_own(target: Listening) -> None:
    ended = threading.Event()

    async def beside() -> Status:
        loop, outgoing = asyncio.get_running_loop(), Outgoing(Rules(seconds=5, is_loopback_allowed=True))
        others = [loop.run_in_executor(None, ended.wait, 20) for _ in range(64)]
        try:
            return await outgoing.post(f"http://127.1:{target.server_port}/200", b"{}", {})
        finally:
            ended.set()
            await asyncio.gather(*others)
            await outgoing.close()

    assert asyncio.run(beside()) == Status(200)


def test_the_proxies_of_the_environment_are_not_used(
    target: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(LOCAL, Names(["127.0.0.1"]), f"http://{HOST}:{target.server_port}/200") == Status(200)


def test_a_target_that_does_not_answer_is_given_up_in_time(target: Listening) -> None:
    rules = Rules(seconds=0.3, is_loopback_allowed=True)
    with pytest.raises(TargetUnreachable):
        post(rules, Names(["127.0.0.1"]), f"http://{HOST}:{target.server_port}/silent")


def test_a_name_server_that_does_not_answer_is_given_up_in_time() -> None:
    async def silent(_: str, __: int) -> Sequence[str]:
        await anyio.sleep_forever()
        return []

    with pytest.raises(TargetUnreachable, match="TimeoutError"):
        post(Rules(seconds=0.1), silent, f"https://{HOST}/")


def test_a_target_that_does_not_stop_answering_is_cut_off(target: Listening) -> None:
    assert post(LOCAL, Names(["127.0.0.1"]), f"http://{HOST}:{target.server_port}/299") == Status(299)
    assert target.flooded.wait(20)


HOSTILE: dict[str, tuple[bytes, bytes]] = {
    "informational answers": (b"", b"HTTP/1.1 100 Go on\r\n\r\n" * 50),
    "chunks of one byte": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 200),
    "cookies": (b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nSet-Cookie2: " + b"a=b," * 24_000, b"\r\n\r\n"),
    "headers": (b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * 19_000, b"\r\n"),
    "a header without end": (b"HTTP/1.1 200 OK\r\na: ", b"b" * 1000),
    "a line without end": (b"HTTP/1.1 200 ", b"b" * 1000),
}
"""What a target sends first, and then again and again."""


@contextmanager
def sending(first: bytes, then: bytes) -> Iterator[int]:
    """Open a port that answers one call by bytes: once, or without end if there are any to repeat."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller, _ = server.accept()
            with caller, suppress(OSError):
                caller.recv(65_536)
                caller.sendall(first)
                while then:
                    caller.sendall(then)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(20)
        assert not thread.is_alive()


MOST_CALLS = 12_000
"""Of Python functions for one delivery; an ordinary one takes some 1,500."""


@contextmanager
def counting() -> Iterator[list[int]]:
    """Count the Python functions that this thread calls: what work costs, on whatever machine."""
    found = [0]

    def count(_frame: object, event: str, _said: object) -> None:
        found[0] += event == "call"

    sys.setprofile(count)
    try:
        yield found
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("form", HOSTILE)
def test_whatever_a_target_answers_without_end_costs_the_hub_next_to_nothing(form: str) -> None:
    rules = Rules(seconds=20, is_loopback_allowed=True)
    with sending(*HOSTILE[form]) as port, counting() as calls, suppress(TargetUnreachable):
        assert post(rules, Names(["127.0.0.1"]), f"http://{HOST}:{port}/") == Status(200)
    assert calls[0] < MOST_CALLS


@pytest.mark.parametrize(
    "said", [b"", b"no TLS at all\r\n\r\n", b"\x16\x03\x03\x00\x02\x02\x00", b"\x15\x03\x03\x00\x02\x02\x28"]
)
def test_whoever_breaks_off_before_the_connection_is_safe_is_unreachable(said: bytes) -> None:
    with sending(said, b"") as port, pytest.raises(TargetUnreachable):
        post(LOCAL, Names(["127.0.0.1"]), f"https://{HOST}:{port}/")


def test_whoever_never_ends_the_handshake_is_given_up_in_time() -> None:
    rules = Rules(seconds=0.3, is_loopback_allowed=True)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TargetUnreachable, match="Timeout"):
        post(rules, Names(["127.0.0.1"]), f"https://{HOST}:{silent.getsockname()[1]}/")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 O",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12",
        b"PRI * HTTP/2.0\r\n\r\n",
        b"HTTP/1.1 101 Yes\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
def test_half_an_answer_is_none(said: bytes) -> None:
    with sending(said, b"") as port, pytest.raises(TargetUnreachable):
        post(LOCAL, Names(["127.0.0.1"]), f"http://{HOST}:{port}/")


def test_an_answer_may_come_after_an_interim_one_and_end_with_the_connection() -> None:
    said = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.0 202 Accepted\r\n\r\nthanks"
    with sending(said, b"") as port:
        assert post(LOCAL, Names(["127.0.0.1"]), f"http://{HOST}:{port}/") == Status(202)


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(TargetUnreachable, match="OSError"):
        post(LOCAL, Names(["127.0.0.1"]), f"http://{HOST}:1/")


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for the host alone, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = dt.datetime.now(dt.UTC)
    day = dt.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - day).not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def secure(certified: tuple[Path, Path]) -> Iterator[tuple[Listening, list[str | None]]]:
    named: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certified)
    context.sni_callback = lambda _, name, __: named.append(name)
    for server in serving(Listening(context)):
        yield server, named


def test_by_https_the_certificate_is_checked_for_the_name(
    secure: tuple[Listening, list[str | None]], certified: tuple[Path, Path]
) -> None:
    server, named = secure
    trusting = Rules(is_loopback_allowed=True, verify=ssl.create_default_context(cafile=certified[0]))
    assert post(trusting, Names(["127.0.0.1"]), f"https://{HOST}:{server.server_port}/202") == Status(202)
    assert named == [HOST]
    assert server.got[0][1]["Host"] == f"{HOST}:{server.server_port}"
    with pytest.raises(TargetUnreachable):
        post(trusting, Names(["127.0.0.1"]), f"https://other.example:{server.server_port}/202")
    with pytest.raises(TargetUnreachable):
        post(LOCAL, Names(["127.0.0.1"]), f"https://{HOST}:{server.server_port}/202")
    assert len(server.got) == 1


def looked_at(url: str, *found: str) -> None:
    async def look() -> None:
        outgoing = Outgoing(Rules(), Names(list(found)))
        try:
            await outgoing.check(url)
        finally:
            await outgoing.close()

    anyio.run(look)


def test_an_address_can_be_looked_at_without_a_call() -> None:
    looked_at(f"https://{HOST}/x", PUBLIC)
    for found in ((PUBLIC, "10.0.0.1"), ("127.0.0.1",)):
        with pytest.raises(TargetRefused, match="does not call"):
            looked_at(f"https://{HOST}/x", *found)
    with pytest.raises(TargetUnreachable):
        looked_at(f"https://{HOST}/x")
    with pytest.raises(TargetRefused, match="must begin with https"):
        looked_at(f"http://{HOST}/x", PUBLIC)


@pytest.mark.parametrize("host", ["no..body.example", f"{'x' * 64}.example"])
def test_a_name_that_cannot_be_one_is_refused_by_the_systems_resolver(host: str) -> None:
    async def look() -> None:
        outgoing = Outgoing(Rules())
        try:
            with pytest.raises(TargetRefused):
                await outgoing.check(f"https://{host}/")
            with pytest.raises(TargetRefused):
                await outgoing.post(f"https://{host}/", b"", {})
        finally:
            await outgoing.close()

    anyio.run(look)
