"""A WebSocket client of bare bytes, which sends what no proper client would, and reads strictly what comes back."""

import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""What RFC 6455 (1.3) computes from that key."""

MASK = b"\x9a\x3c\x51\xe7"
SECONDS = 5

HEADERS: Mapping[str, str] = {
    "Host": "hub.test",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, is_masked: bool = True
) -> bytes:
    """Return one frame of a client, right or wrong."""
    size = len(payload)
    mark = 0x80 if is_masked else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if size < 126:
        head += bytes([mark | size])
    elif size < 65_536:
        head += bytes([mark | 126]) + struct.pack("!H", size)
    else:
        head += bytes([mark | 127]) + struct.pack("!Q", size)
    return head + (MASK + masked(payload) if is_masked else payload)


def masked(payload: bytes) -> bytes:
    """Apply the mask."""
    key = int.from_bytes((MASK * (len(payload) // 4 + 1))[: len(payload)])
    return (int.from_bytes(payload) ^ key).to_bytes(len(payload))


def close(code: int | None = 1000, reason: bytes = b"") -> bytes:
    """Return a frame that closes."""
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason)


def fragments(opcode: int, parts: Iterable[bytes]) -> bytes:
    """Return a message in several frames."""
    given = list(parts)
    return b"".join(
        frame(opcode if at == 0 else CONTINUATION, part, fin=at == len(given) - 1)
        for at, part in enumerate(given)
    )


def pieces(payload: bytes, size: int) -> list[bytes]:
    """Cut a payload."""
    return [payload[at : at + size] for at in range(0, len(payload), size)]


@dataclass
class Heard:
    """What a server said until it closed the connection.

    Args:
        pongs: payloads of its pongs.
        texts: its messages.
        code: of its close frame; None if that says none, -1 if there was no close frame.
        faults: what it did wrong itself.
    """

    pongs: list[bytes] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    code: int | None = -1
    faults: list[str] = field(default_factory=list)


class Wire:
    """One connection, from the handshake on."""

    def __init__(self, host: str, port: int, path: str, **headers: str) -> None:
        self._socket = socket.create_connection((host, port), SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self._socket.makefile("rb")
        lines = [
            f"GET {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in {**HEADERS, **headers}.items()),
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.status = int(self._stream.readline().split()[1])
        self.headers = {}
        while line := self._stream.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, raw: bytes, *, by: int = 0) -> None:
        """Send bytes, in pieces of a size if one is given."""
        for piece in pieces(raw, by) if by else [raw]:
            self._socket.sendall(piece)

    def hear(self) -> Heard:
        """Read everything until the server closes the connection."""
        heard, message = Heard(), b""
        try:
            while head := self._stream.read(2):
                message = self._take(heard, message, head)
        except ConnectionResetError:
            # It has closed while we were still sending. That is its right, once it has said why.
            if heard.code == -1:
                heard.faults.append("it reset the connection")
        except TimeoutError:
            heard.faults.append("it did not close the connection")
        return heard

    def _take(self, heard: Heard, message: bytes, head: bytes) -> bytes:
        opcode, payload = head[0] & 15, self._payload(head[1] & 127)
        if heard.code != -1:
            heard.faults.append("it spoke after its goodbye")
        if head[0] & 0x70 or head[1] & 0x80 or opcode not in {CONTINUATION, TEXT, CLOSE, PONG, PING}:
            heard.faults.append("it sent a frame that is none")
        if opcode == PONG:
            heard.pongs.append(payload)
        elif opcode == CLOSE:
            heard.code = struct.unpack("!H", payload[:2])[0] if payload else None
            payload[2:].decode()
        elif opcode in {TEXT, CONTINUATION}:
            message += payload
            if head[0] & 0x80:
                heard.texts.append(message.decode())
                return b""
        return message

    def _payload(self, size: int) -> bytes:
        if size == 126:
            size = struct.unpack("!H", self._stream.read(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self._stream.read(8))[0]
        return self._stream.read(size)
