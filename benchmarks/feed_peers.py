"""What the feed is measured against: `python -m benchmarks.feed_peers` serves the broadcast of `websockets`.

It prints its address; each line of standard input is one message for everybody.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import which
from socket import create_connection, socket

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.feed_crowd import talking

NATS_REQUEST = b'CONNECT {"verbose":false}\r\nSUB feed 1\r\nPING\r\n'


async def _serve() -> None:
    listeners: set[ServerConnection] = set()

    async def listen(listener: ServerConnection) -> None:
        listeners.add(listener)
        await listener.send('{"kind":"live"}')
        with suppress(ConnectionClosed):
            await listener.wait_closed()
        listeners.discard(listener)

    async with serve(listen, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = server.sockets[0].getsockname()[1]
        print(json.dumps({"address": f"http://127.0.0.1:{port}"}), flush=True)
        lines = asyncio.StreamReader(limit=1 << 20)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
        )
        while line := await lines.readline():
            broadcast(listeners, line.decode().rstrip("\n"))
            print("{}", flush=True)


class Nats:
    """A server of NATS, and a publisher."""

    def __init__(self, port: int, pid: int, connection: socket) -> None:
        self.port = port
        self.pid = pid
        self._connection = connection

    def publish(self, payloads: list[bytes]) -> None:
        """Publish messages at once."""
        said = (b"PUB feed %d\r\n%b\r\n" % (len(one), one) for one in payloads)
        self._connection.sendall(b"".join(said))


@contextmanager
def nats(folder: Path) -> Iterator[Nats | None]:
    """Run `nats-server` until the block ends; None where it is not installed."""
    program = Path(sys.executable).with_name("nats-server")
    found = str(program) if program.exists() else which("nats-server")
    if found is None:
        yield None
        return
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [found, "-a", "127.0.0.1", "-p", str(port), "-l", str(folder / "nats.log")]
    with talking(command) as process:
        connection = None
        while connection is None:
            with suppress(ConnectionRefusedError):
                connection = create_connection(("127.0.0.1", port))
        with connection:
            connection.recv(65_536)
            connection.sendall(b'CONNECT {"verbose":false}\r\n')
            yield Nats(port, process.pid, connection)


if __name__ == "__main__":
    asyncio.run(_serve())
