"""The connection to the bus: the two streams, and how they are read and written."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import anyio
import nats.errors
import nats.js.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import StorageType, StreamConfig, StreamInfo

Stream = Literal["HUB_LOG", "HUB_PUBLIC"]
LOG: Stream = "HUB_LOG"
PUBLIC: Stream = "HUB_PUBLIC"
SUBJECTS = {LOG: "hub.log", PUBLIC: "hub.public.>"}
"""One subject for the log: a subject for each type or partner would tell who says what, and to whom."""

ASKED = {"HUB": "$JS.API", "EDGE": "hub.ask"}
"""Under which subjects the servers are asked: edges are in an account of their own, which is let ask for little."""

MOST_BYTES = {LOG: 4 * 2**30, PUBLIC: -1}
"""Of a stream. What the hubs no longer find there they read in the log; the public edges have nothing else."""

REPLICAS = 3
ASK_SECONDS = 2.0
PAGE = 256
PAGE_BYTES = 4_000_000
WAIT_SECONDS = 0.25
"""Pause before the bus is tried again."""

AGAIN_SECONDS = 0.05
"""After which a task that took no notice of its cancellation is cancelled again."""

_ALONE = 10074
_OUT_OF_TURN = {10070, 10071, 10158}
"""Another message is the last, or the same one is on its way from somebody else."""

FAULTS = (nats.errors.Error, nats.js.errors.Error, OSError, asyncio.TimeoutError)
"""What a bus does that cannot be had now."""


class OutOfTurn(Exception):
    """Somebody else has written to the stream since it was looked at."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a stream.

    Args:
        sequence: its number in the stream; 0 as long as the stream has not taken it.
        subject: under which it was published.
        box: what it holds.
    """

    sequence: int
    subject: str
    box: bytes


class Letter(NamedTuple):
    """What is to be published.

    Args:
        subject: of the message.
        box: what it holds.
        name: the same each time that this is written: a stream takes it once.
    """

    subject: str
    box: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a stream goes.

    Args:
        made: when it was made: another stream of this name begins anew.
        last: number of its last message; 0 of an empty stream.
    """

    made: str
    last: int


class Bell:
    """Tells whoever waits that the connection is there again."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake who waits."""
        self._rung.set()

    async def wait(self) -> None:
        """Wait for the next ring; one that came meanwhile counts."""
        await self._rung.wait()
        self._rung.clear()


class Link:
    """One connection; it comes back by itself as long as it is not closed."""

    def __init__(self, client: Client, asked: str = ASKED["HUB"]) -> None:
        self._client = client
        self._asked = asked
        self._jet = client.jetstream(prefix=asked, timeout=ASK_SECONDS)

    @property
    def is_up(self) -> bool:
        """Whether a server answers now."""
        return bool(self._client.is_connected)

    @property
    def most_bytes(self) -> int:
        """The largest box that the servers take."""
        return int(self._client.max_payload)

    async def make(self, stream: Stream) -> Extent:
        """Return how far a stream goes, making it if there is none."""
        try:
            return await self.extent(stream)
        except nats.js.errors.NotFoundError:
            return _extent(await self._made(stream))

    async def _made(self, stream: Stream) -> StreamInfo:
        wanted = StreamConfig(
            name=stream,
            subjects=[SUBJECTS[stream]],
            storage=StorageType.FILE,
            num_replicas=REPLICAS,
            max_bytes=MOST_BYTES[stream],
            allow_direct=True,
        )
        try:
            return await self._jet.add_stream(wanted)
        except nats.js.errors.APIError as refused:
            if refused.err_code != _ALONE:
                raise
            return await self._jet.add_stream(wanted.evolve(num_replicas=1))

    async def extent(self, stream: Stream) -> Extent:
        """Return how far a stream goes."""
        return _extent(await self._jet.stream_info(stream))

    async def delete(self, stream: Stream) -> None:
        """Delete a stream; whoever writes it makes it anew."""
        with suppress(nats.js.errors.NotFoundError):
            await self._jet.delete_stream(stream)

    async def last(self, stream: Stream, extent: Extent) -> Said | None:
        """Return the last message of a stream; None if it is empty."""
        if not extent.last:
            return None
        try:
            found = await self._jet.get_msg(stream, extent.last)
        except nats.js.errors.NotFoundError:
            return None
        return Said(extent.last, found.subject or "", found.data or b"")

    async def newest(self, stream: Stream, subject: str) -> bytes | None:
        """Return what was said last under a subject; None if nothing was."""
        try:
            return (await self._jet.get_msg(stream, subject=subject)).data
        except nats.js.errors.NotFoundError:
            return None

    async def publish(
        self, letter: Letter, after: int, *, behind: str = "", seconds: float = ASK_SECONDS
    ) -> int:
        """Write a message behind the one with the number `after`, and return its own number, when servers have it.

        Args:
            letter: the message.
            after: number of the last message of the stream.
            behind: its name, where it is not yet known to have arrived: another may come to its number.
            seconds: to wait for the servers.

        Raises:
            OutOfTurn: that is not the last any more.
        """
        headers = {"Nats-Msg-Id": letter.name, "Nats-Expected-Last-Sequence": str(after)}
        if behind:
            headers["Nats-Expected-Last-Msg-Id"] = behind
        try:
            # The library's own time begins when all is sent: a server that stands still is waited for without end.
            async with asyncio.timeout(seconds):
                taken = await self._jet.publish(letter.subject, letter.box, timeout=seconds, headers=headers)
        except nats.js.errors.APIError as refused:
            if refused.err_code in _OUT_OF_TURN:
                raise OutOfTurn from refused
            raise
        if taken.seq != after + 1:
            raise OutOfTurn
        return int(taken.seq)

    async def publish_all(self, letters: Sequence[Letter], after: int) -> int:
        """Write messages behind the one with the number `after`, all on their way at once; return the last's number.

        Raises:
            OutOfTurn: that is not the last any more; some may have been written.
        """
        names = ["", *(letter.name for letter in letters)]
        ways = [
            asyncio.create_task(self.publish(letter, after + place, behind=names[place]))
            for place, letter in enumerate(letters)
        ]
        ends = await asyncio.gather(*ways, return_exceptions=True)
        for one in ends:
            if isinstance(one, BaseException):
                raise one
        return after + len(letters)

    async def forget_before(self, stream: Stream, subject: str, sequence: int) -> None:
        """Destroy what a subject said before a message; the servers overwrite it."""
        at = 1
        while True:
            try:
                found = await self._jet.get_msg(stream, at, subject=subject, next=True)
            except nats.js.errors.NotFoundError:
                return
            if found.seq is None or found.seq >= sequence:
                return
            await self._jet.delete_msg(stream, found.seq)
            at = found.seq + 1

    async def after(self, stream: Stream, sequence: int) -> list[Said]:
        """Return the messages that follow a number, some at a time, from whatever server has them."""
        inbox = self._client.new_inbox()
        asked = {
            "seq": sequence + 1,
            "next_by_subj": SUBJECTS[stream],
            "batch": PAGE,
            "max_bytes": PAGE_BYTES,
        }
        answers = await self._client.subscribe(inbox)
        try:
            await self._client.publish(f"{self._asked}.DIRECT.GET.{stream}", orjson.dumps(asked), reply=inbox)
            found: list[Said] = []
            while len(found) < PAGE and (one := _read(await answers.next_msg(ASK_SECONDS))) is not None:
                found.append(one)
            return found
        finally:
            with suppress(*FAULTS):
                await answers.unsubscribe()

    async def listen(self, stream: Stream, hear: Callable[[Said], Awaitable[None]]) -> None:
        """Have what is published from now on told as it comes, perhaps before the servers have stored it."""

        async def told(message: Msg) -> None:
            await hear(Said(0, message.subject, message.data))

        await self._client.subscribe(SUBJECTS[stream], cb=told)
        await self._client.flush()


class TidyClient(Client):
    """The library forgets a connection open whose handshake was broken off; this one closes it.

    Nor does it let whoever stands between it and the servers choose: it would leave out TLS if the first line of a
    server, which nothing protects, did not ask for it, and would go wherever that line leads.
    """

    async def _connect_to_server(self, s: Any) -> None:
        self._hang_up()
        await super()._connect_to_server(s)

    async def _attempt_reconnect(self) -> None:
        self._hang_up()
        await super()._attempt_reconnect()

    async def put_down(self) -> None:
        """Close the connection as it is, and end what would make it anew."""
        if self._reconnection_task is not None:
            await _ended(self._reconnection_task)
        self._hang_up()
        await asyncio.sleep(0)

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        await super()._process_info({**info, "connect_urls": []}, initial_connection)

    def _connect_command(self) -> bytes:
        server: Any = self._current_server
        transport: Any = self._transport
        writer = transport._io_writer  # noqa: SLF001 - no public way
        # The password comes next.
        if server.uri.scheme == "tls" and writer.get_extra_info("ssl_object") is None:
            raise nats.errors.SecureConnRequiredError
        return super()._connect_command()

    def _hang_up(self) -> None:
        transport: Any = self._transport
        if transport:
            # Not `close`: that waits for a server that may never read what is still to be sent.
            transport._io_writer.transport.abort()  # noqa: SLF001 - no public way


@asynccontextmanager
async def linked(
    url: str, name: Literal["HUB", "EDGE"], on_back: Callable[[], None] | None = None
) -> AsyncIterator[Link]:
    """Connect to one of the servers of an address, and wait until one answers.

    Args:
        url: `nats://user:password@host:port`, several of them by comma.
        name: who listens: `HUB` or `EDGE`; its answers come where other users may not listen.
        on_back: called whenever the connection is there again.
    """

    async def quiet(error: Exception) -> None:
        # The text of an error may name an address.
        logging.getLogger("hub").info("bus: %s", type(error).__name__)

    async def back() -> None:
        if on_back is not None:
            on_back()

    options: dict[str, Any] = {"max_reconnect_attempts": -1, "reconnect_time_wait": WAIT_SECONDS}
    client = TidyClient()
    first = urlsplit(url.split(",", 1)[0])
    # A name without a password is a token, and no subject may tell it.
    user = first.username if first.password else None
    connecting = asyncio.ensure_future(
        client.connect(
            url.split(","),
            inbox_prefix=".".join(filter(None, (f"_{name}", user))).encode(),
            error_cb=quiet,
            reconnected_cb=back,
            connect_timeout=2,
            ping_interval=5,
            max_outstanding_pings=2,
            **options,
        )
    )
    try:
        await asyncio.shield(connecting)
        yield Link(client, ASKED[name])
    finally:
        # Whoever is cancelled, also while it connects, must leave no open connection behind.
        with anyio.CancelScope(shield=True):
            await _ended(connecting)
            with anyio.move_on_after(ASK_SECONDS), suppress(*FAULTS):
                await client.close()
            await client.put_down()


async def _ended(task: asyncio.Future[None]) -> None:
    """Cancel a task until it has ended: `asyncio.wait_for` swallows a cancellation that comes with its answer."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_SECONDS)
    await asyncio.gather(task, return_exceptions=True)


def _extent(info: StreamInfo) -> Extent:
    return Extent(str(info.created), int(info.state.last_seq))


def _read(message: Msg) -> Said | None:
    headers = message.headers or {}
    number = headers.get("Nats-Sequence")
    if number is None:
        return None
    return Said(int(number), headers["Nats-Subject"], message.data)
