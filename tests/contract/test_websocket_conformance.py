"""The WebSocket of the feed against what the fuzzing client of the Autobahn testsuite sends, case by case.

The testsuite itself needs Python 2, and a server that echoes; the feed ignores what listeners say. So its cases are
sent by a client of bare bytes, and judged by what can be seen: pongs, the code of the closing frame, the end of the
connection. Numbers are those of Autobahn's cases. Its compression (12, 13) is not offered: RSV1 is a reserved bit (3).
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from hub.server import LARGEST_FRAME_IN
from tests.frames import (
    ACCEPT,
    BINARY,
    CLOSE,
    CONTINUATION,
    MASK,
    PING,
    PONG,
    TEXT,
    Wire,
    close,
    fragments,
    frame,
    pieces,
)
from tests.running import Served, World, make_world, serving

Json = Any
PROTOCOL_ERROR, NOT_UTF8, TOO_LARGE = 1002, 1007, 1009
FEED = "/api/v1/feed"


@dataclass(frozen=True)
class Case:
    """What is sent, and what must come.

    Args:
        name: number and what it tries.
        sent: bytes; a proper goodbye follows.
        code: of the server's closing frame.
        pongs: that must come, in order.
        by: sent in pieces of so many bytes; 0: at once.
    """

    name: str
    sent: bytes
    code: int | None = 1000
    pongs: tuple[bytes, ...] = ()
    by: int = 0


def framing() -> Iterator[Case]:
    """Yield 1: messages of all lengths."""
    for at, size in enumerate((0, 125, 126, 127, 128, 65_535, 65_536), 1):
        yield Case(f"1.1.{at} text of {size}", frame(TEXT, b"*" * size))
        yield Case(f"1.2.{at} binary of {size}", frame(BINARY, b"\xfe" * size))
    yield Case("1.1.8 text in pieces of 997", frame(TEXT, b"*" * 65_536), by=997)
    yield Case("1.2.8 binary in pieces of 997", frame(BINARY, b"\xfe" * 65_536), by=997)


def pings() -> Iterator[Case]:
    """Yield 2: pings and pongs."""
    yield Case("2.1 ping", frame(PING), pongs=(b"",))
    yield Case("2.2 ping with text", frame(PING, b"Hello, world!"), pongs=(b"Hello, world!",))
    odd = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
    yield Case("2.3 ping with bytes", frame(PING, odd), pongs=(odd,))
    yield Case("2.4 ping of 125", frame(PING, b"\xfe" * 125), pongs=(b"\xfe" * 125,))
    yield Case("2.5 ping of 126", frame(PING, b"\xfe" * 126), PROTOCOL_ERROR)
    yield Case("2.6 ping of 125 by bytes", frame(PING, b"\xfe" * 125), pongs=(b"\xfe" * 125,), by=1)
    yield Case("2.7 pong that nobody asked for", frame(PONG))
    yield Case("2.8 the same with text", frame(PONG, b"unsolicited"))
    yield Case("2.9 the same before a ping", frame(PONG, b"no") + frame(PING, b"yes"), pongs=(b"yes",))
    ten = [f"payload-{number}".encode() for number in range(10)]
    yield Case("2.10 ten pings", b"".join(frame(PING, one) for one in ten), pongs=tuple(ten))
    yield Case("2.11 ten pings by bytes", b"".join(frame(PING, one) for one in ten), pongs=tuple(ten), by=1)


def reserved_bits() -> Iterator[Case]:
    """Yield 3: bits without a meaning."""
    good, asked = frame(TEXT, b"good"), frame(PING)
    for rsv in range(1, 8):
        bad = frame(TEXT, b"bad", rsv=rsv)
        yield Case(f"3.{rsv} text with RSV {rsv}", bad, PROTOCOL_ERROR)
        yield Case(f"3.{rsv} after a good one", good + bad + asked, PROTOCOL_ERROR)
        yield Case(f"3.{rsv} after a good one by bytes", good + bad + asked, PROTOCOL_ERROR, by=1)
    yield Case("3.5 binary with RSV 5", frame(BINARY, b"bad", rsv=5), PROTOCOL_ERROR)
    yield Case("3.6 ping with RSV 6", frame(PING, b"bad", rsv=6), PROTOCOL_ERROR)
    yield Case("3.7 close with RSV 7", frame(CLOSE, struct.pack("!H", 1000), rsv=7), PROTOCOL_ERROR)


def opcodes() -> Iterator[Case]:
    """Yield 4: opcodes without a meaning."""
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        bad = frame(opcode)
        yield Case(f"4 opcode {opcode}", bad, PROTOCOL_ERROR)
        yield Case(f"4 opcode {opcode} with text", frame(opcode, b"bad"), PROTOCOL_ERROR)
        more = frame(TEXT, b"good") + bad + frame(PING)
        yield Case(f"4 opcode {opcode} after a good one", more, PROTOCOL_ERROR)
        yield Case(f"4 opcode {opcode} after a good one by bytes", more, PROTOCOL_ERROR, by=1)


def fragmentation() -> Iterator[Case]:
    """Yield 5: messages in several frames."""
    two = fragments(TEXT, [b"one", b"two"])
    mixed = frame(TEXT, b"one", fin=False) + frame(PING, b"between") + frame(CONTINUATION, b"two")
    unfinished = frame(CONTINUATION, b"alone", fin=False)
    wrong = {
        "5.1 ping in fragments": frame(PING, b"f", fin=False) + frame(CONTINUATION),
        "5.2 pong in fragments": frame(PONG, b"f", fin=False) + frame(CONTINUATION),
        "5.9 continuation of nothing": frame(CONTINUATION, b"alone") + frame(TEXT, b"t"),
        "5.12 unfinished continuation of nothing": unfinished + frame(TEXT, b"t"),
        "5.15 continuation after the end": two + unfinished + frame(TEXT, b"t"),
        "5.16 binary begins within text": frame(TEXT, b"a", fin=False) + frame(BINARY, b"b"),
        "5.18 two beginnings": frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"),
    }
    five = frame(TEXT, b"1", fin=False) + frame(CONTINUATION, b"2", fin=False) + frame(PING, b"a")
    five += frame(CONTINUATION, b"3", fin=False) + frame(CONTINUATION, b"4", fin=False) + frame(PING, b"b")
    five += frame(CONTINUATION, b"5")
    for by, how in {0: "", 3: " by threes", 1: " by bytes"}.items():
        for name, sent in wrong.items():
            yield Case(name + how, sent, PROTOCOL_ERROR, by=by)
        yield Case(f"5.3 text in two{how}", two, by=by)
        yield Case(f"5.6 a ping between{how}", mixed, pongs=(b"between",), by=by)
        yield Case(f"5.19 five and two pings{how}", five, pongs=(b"a", b"b"), by=by)


GOOD = (
    "κόσμε", "\u0000", "\u0080", "\u0800", "\U00010000", "\u007f", "\u07ff", "\uffff", "\U0010ffff", "\ud7ff", "\ue000",
    "\ufffd", "\ufffe", "Hello-µ@ßöäüàá-UTF-8!!", "\U0001fffe", "律師",
)  # fmt: skip
BAD = (
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", b"\xf8\x88\x80\x80\x80", b"\xf4\x90\x80\x80",
    b"\xfc\x84\x80\x80\x80\x80", b"\xf7\xbf\xbf\xbf", b"\xfb\xbf\xbf\xbf\xbf", b"\x80", b"\xbf", b"\x80\xbf",
    b"\x80\xbf\x80", bytes(range(0x80, 0xC0)), b"\xc0 \xc1 ", b"\xe0 ", b"\xf0 ", b"\xf8 ", b"\xfc ", b"\xc0",
    b"\xe0\x80", b"\xf0\x80\x80", b"\xdf", b"\xef\xbf", b"\xf7\xbf\xbf", b"\xfe", b"\xff", b"\xfe\xfe\xff\xff",
    b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xc0\x80",
    b"\xed\xa0\x80", b"\xed\xad\xbf", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80",
)  # fmt: skip


def utf8() -> Iterator[Case]:
    """Yield 6: text that is text, and text that is not."""
    yield Case("6.1.1 empty text", frame(TEXT))
    yield Case("6.1.2 three empty frames", fragments(TEXT, [b"", b"", b""]))
    yield Case("6.1.3 a middle", fragments(TEXT, [b"", b"middle", b""]))
    for at, text in enumerate(GOOD):
        raw = text.encode()
        yield Case(f"6.2 good {at}", frame(TEXT, raw))
        yield Case(f"6.2 good {at} in frames of one byte", fragments(TEXT, pieces(raw, 1)))
        yield Case(f"6.2 good {at} by bytes", frame(TEXT, raw), by=1)
    for at, raw in enumerate(BAD):
        yield Case(f"6.3 bad {at}", frame(TEXT, raw), NOT_UTF8)
        yield Case(f"6.3 bad {at} in frames of one byte", fragments(TEXT, pieces(raw, 1)), NOT_UTF8)
        yield Case(f"6.3 bad {at} as binary", frame(BINARY, raw))


def closing() -> Iterator[Case]:
    """Yield 7: goodbyes."""
    yield Case("7.1.1 a message before", frame(TEXT, b"bye"))
    yield Case("7.1.2 twice", close())
    yield Case("7.1.3 ping after", close() + frame(PING, b"late"))
    yield Case("7.1.4 text after", close() + frame(TEXT, b"late"))
    # Autobahn takes 1000 here; the `websockets` package calls a goodbye within a message what it is.
    within = frame(TEXT, b"a", fin=False) + close() + frame(CONTINUATION, b"b")
    yield Case("7.1.5 within a message", within, PROTOCOL_ERROR)
    yield Case("7.1.6 much before and after", frame(TEXT, b"*" * 60_000) + close() + frame(PING, b"late"))
    yield Case("7.3.1 without a code", close(None), None)
    yield Case("7.3.2 half a code", frame(CLOSE, b"\x03"), PROTOCOL_ERROR)
    yield Case("7.3.4 with a reason", close(1000, b"Good-bye"))
    yield Case("7.3.5 with a reason of 123", close(1000, b"*" * 123))
    yield Case("7.3.6 with a reason of 124", close(1000, b"*" * 124), PROTOCOL_ERROR)
    yield Case("7.5.1 with a reason that is no text", close(1000, b"\xce\xba\xed\xa0\x80"), NOT_UTF8)
    for code in (
        1000,
        1001,
        1002,
        1003,
        1007,
        1008,
        1009,
        1010,
        1011,
        1012,
        1013,
        1014,
        3000,
        3999,
        4000,
        4999,
    ):
        yield Case(f"7.7 code {code}", close(code), code)
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535):
        yield Case(f"7.9 code {code}", close(code), PROTOCOL_ERROR)
        yield Case(f"7.9 code {code} with a reason", close(code, b"reason"), PROTOCOL_ERROR)


def limits() -> Iterator[Case]:
    """Yield 9 and 10: large messages, up to what the hub takes and beyond."""
    most = b"*" * LARGEST_FRAME_IN
    for size in (64, 256, 1024, 4096, 16_384):
        yield Case(f"9.3 {len(most)} in frames of {size}", fragments(TEXT, pieces(most, size)))
        yield Case(f"9.4 the same as binary, in frames of {size}", fragments(BINARY, pieces(most, size)))
        yield Case(f"9.5 {len(most)} sent by {size}", frame(TEXT, most), by=size)
    yield Case("10.1.1 in frames of 1300", fragments(TEXT, pieces(most, 1300)), by=2048)
    yield Case("9 one too many", frame(TEXT, most + b"*"), TOO_LARGE)
    yield Case("9 one too many in frames", fragments(TEXT, pieces(most + b"*", 4096)), TOO_LARGE)
    head = bytes([0x82, 0xFF]) + struct.pack("!Q", 1 << 40) + MASK
    yield Case("9 a terabyte announced", head, TOO_LARGE)


def masks() -> Iterator[Case]:
    """Yield what RFC 6455 asks for and Autobahn does not try."""
    yield Case("unmasked text", frame(TEXT, b"bare", is_masked=False), PROTOCOL_ERROR)
    yield Case("unmasked ping", frame(PING, b"bare", is_masked=False), PROTOCOL_ERROR)
    yield Case("unmasked close", frame(CLOSE, struct.pack("!H", 1000), is_masked=False), PROTOCOL_ERROR)
    negative = bytes([0x82, 0xFF]) + struct.pack("!Q", 1 << 63) + MASK
    yield Case("a negative length", negative, TOO_LARGE)


CASES = [
    case
    for group in (framing, pings, reserved_bits, opcodes, fragmentation, utf8, closing, limits, masks)
    for case in group()
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def hub(world: World) -> Iterator[Served]:
    with serving(world) as served:
        yield served


def wire(hub: Served, path: str = FEED, **headers: str) -> Wire:
    host, _, port = hub.url.removeprefix("http://").partition(":")
    return Wire(host, int(port), path, **headers)


def verdict(hub: Served, case: Case) -> list[str]:
    """Send a case; return what was not as it must be."""
    with wire(hub) as opened:
        assert opened.status == 101
        try:
            opened.send(case.sent, by=case.by)
            if case.code == 1000:
                opened.send(close())
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has closed already; what it said before is still to be read
        heard = opened.hear()
    found = list(heard.faults)
    if heard.code != case.code:
        found.append(f"it closed with {heard.code} instead of {case.code}")
    if tuple(heard.pongs) != case.pongs:
        found.append(f"pongs {heard.pongs!r}")
    if case.code == 1000 and [json.loads(text)["kind"] for text in heard.texts][:1] not in ([], ["live"]):
        found.append(f"texts {heard.texts!r}")
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_case(hub: Served, case: Case) -> None:
    assert verdict(hub, case) == []


def test_the_feed_goes_on_after_what_is_only_odd(hub: Served) -> None:
    odd = frame(TEXT, b"hello") + fragments(BINARY, [b"\xff", b"\xfe"]) + frame(PONG, b"nobody asked")
    with wire(hub) as opened:
        opened.send(odd + frame(PING, b"still there?") + close())
        heard = opened.hear()
    assert (heard.pongs, heard.code, heard.faults) == ([b"still there?"], 1000, [])


class TestHandshake:
    def test_it_is_accepted_with_the_right_word_and_nothing_else(self, hub: Served) -> None:
        offer = {
            "Sec-WebSocket-Extensions": "permessage-deflate",
            "Sec-WebSocket-Protocol": "graphql-ws, mqtt",
        }
        with wire(hub, **offer) as opened:
            assert opened.status == 101
            assert opened.headers["sec-websocket-accept"] == ACCEPT
            assert opened.headers["upgrade"].lower() == "websocket"
            assert opened.headers["connection"].lower() == "upgrade"
            assert {"sec-websocket-extensions", "sec-websocket-protocol"} & opened.headers.keys() == set()

    @pytest.mark.parametrize("case", ["WebSocket", "WEBSOCKET"])
    def test_words_may_be_written_large(self, hub: Served, case: str) -> None:
        with wire(hub, Upgrade=case, Connection="keep-alive, UPGRADE") as opened:
            assert opened.status == 101

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Sec-WebSocket-Key": "short"}, 400),
            ({"Sec-WebSocket-Key": ""}, 400),
            ({"Sec-WebSocket-Key": "not base64 at all, really!"}, 400),
            ({"Sec-WebSocket-Version": "12"}, 426),
        ],
    )
    def test_what_is_no_handshake_is_refused(self, hub: Served, headers: dict[str, str], status: int) -> None:
        with wire(hub, **headers) as opened:
            assert opened.status == status
            assert status != 426 or opened.headers["sec-websocket-version"] == "13"

    def test_another_address_has_no_websocket(self, hub: Served) -> None:
        with wire(hub, "/api/v1/events") as opened:
            assert opened.status in {403, 404}
