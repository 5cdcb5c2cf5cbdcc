"""Requests that the hub makes to addresses that others gave it, so that they cannot make it call its own network.

The name is resolved once, every address found is checked, and the connection goes to a checked address: a second
answer of the name server comes too late. The certificate is still checked against the name.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from ssl import SSLContext
from urllib.parse import SplitResult, urlsplit

import anyio
import httpx

from hub import posting
from hub.posting import AnswerUnreadable, Wire

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host name and a port to every address of it."""

ADDRESS_LENGTH = 2048
PORTS = frozenset({443, 8443})
CALLED, LOOKED_AT = 192, 32
"""Names that are looked up at once: for calls, and for `check`. A lookup cannot be broken off: one whose name server
does not answer keeps its thread long after its call was given up, and must not take the thread of another."""

_DATE_LENGTH = 40
_GLOBAL_V6 = ip_network("2000::/3")
_CLOSED_V6 = tuple(
    map(
        ip_network,
        (
            "2001::/23",  # Teredo, ORCHID, benchmarks and other special uses
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: any IPv4 address in disguise
            "3fff::/20",  # documentation
        ),
    )
)
_CLOSED_V4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",
            "100.64.0.0/10",  # behind a carrier's NAT
            "127.0.0.0/8",
            "169.254.0.0/16",  # link-local, and the metadata of cloud machines
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)


class TargetRefused(Exception):
    """The hub does not call this address; `code` says why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class TargetUnreachable(Exception):
    """There was no answer that could be read in time."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What may be called.

    Args:
        seconds: for one call, name server and answer included.
        answer_bytes: most that is read of an answer, its head included; none of it is kept.
        ports: of https.
        is_loopback_allowed: lets tests call this machine, by http too; never set where strangers name addresses.
        verify: whose certificates are believed; None: those of the public authorities.
    """

    seconds: float = 10.0
    answer_bytes: int = 16_384
    ports: frozenset[int] = PORTS
    is_loopback_allowed: bool = False
    verify: SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What a target answered.

    Args:
        code: HTTP status; a redirect is an answer like others and is not followed.
        retry_after: the header of that name: a number of seconds, or a moment.
    """

    code: int
    retry_after: int | datetime | None = None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address belongs to the open internet: neither to this machine or network, nor in disguise."""
    if isinstance(address, IPv4Address):
        return not any(address in one for one in _CLOSED_V4)
    # Loopback, link-local, unique local, multicast, NAT64 and addresses that wrap IPv4 lie outside 2000::/3.
    return address in _GLOBAL_V6 and not any(address in one for one in _CLOSED_V6)


class SystemNames:
    """Asks the system's resolver on threads of its own.

    Args:
        most: lookups at once.
    """

    def __init__(self, most: int) -> None:
        self._threads = ThreadPoolExecutor(most, "names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return every address of a name."""
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return list(dict.fromkeys(str(one[4][0]) for one in found))

    def close(self) -> None:
        """Ask no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Outgoing:
    """Makes the calls; holds no connection open between them.

    Args:
        rules: what may be called.
        resolve: finds addresses; the system's resolver if None.
    """

    def __init__(self, rules: Rules, resolve: Resolve | None = None) -> None:
        self._rules = rules
        self._names = SystemNames(CALLED), SystemNames(LOOKED_AT)
        self._resolve, self._look_up = (resolve or one for one in self._names)

    @cached_property
    def _trusted(self) -> SSLContext:
        # Read for the first call: reading all certificates takes longer than the rest of a hub's start.
        trusted = self._rules.verify or httpx.create_ssl_context(trust_env=False)
        trusted.set_alpn_protocols(["http/1.1"])
        return trusted

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Status:
        """Post a body.

        Args:
            url: https://HOST[:PORT]/PATH.
            body: as it is to arrive.
            headers: besides `Host` and `Content-Length`.

        Raises:
            TargetRefused: the address is none that the hub calls.
            TargetUnreachable: no connection, no valid certificate, or no answer in time.
        """
        parts = self._checked(url)
        try:
            with anyio.fail_after(self._rules.seconds):
                address = await self._address(parts, self._resolve)
                return await self._posted(parts, address, body, headers)
        except (AnswerUnreadable, OSError) as error:
            # TimeoutError is an OSError.
            raise TargetUnreachable(f"No answer ({type(error).__name__}).") from error

    async def check(self, url: str) -> IPv4Address | IPv6Address:
        """Look whether an address would be called, without calling it; return where a connection may go.

        Raises:
            TargetRefused: the address is none that the hub calls.
            TargetUnreachable: its name is not known now.
        """
        parts = self._checked(url)
        try:
            with anyio.fail_after(self._rules.seconds):
                return await self._address(parts, self._look_up)
        except OSError as error:
            raise TargetUnreachable(f"No answer ({type(error).__name__}).") from error

    async def close(self) -> None:
        """Look up no more names."""
        for one in self._names:
            one.close()

    def _checked(self, url: str) -> SplitResult:
        """Take an address apart; nothing of it is shown in a refusal."""
        try:
            parts = urlsplit(url)
            port = _port(parts)
        except ValueError as error:
            raise TargetRefused("not_a_uri", "This is no address.") from error
        if len(url) > ADDRESS_LENGTH or not url.isascii() or not url.isprintable() or " " in url:
            raise TargetRefused(
                "not_a_uri", "Write the address in ASCII, without spaces, in 2048 characters."
            )
        schemes = {"https", "http"} if self._rules.is_loopback_allowed else {"https"}
        if parts.scheme not in schemes or not parts.hostname or parts.hostname.startswith("."):
            raise TargetRefused("wrong_scheme", "The address must begin with https:// and a host.")
        if "@" in parts.netloc:
            raise TargetRefused("has_userinfo", "Leave name and password out of the address.")
        if port not in self._rules.ports and not self._rules.is_loopback_allowed:
            ports = ", ".join(map(str, sorted(self._rules.ports)))
            raise TargetRefused("wrong_port", f"These ports are called: {ports}.")
        return parts

    async def _address(self, parts: SplitResult, resolve: Resolve) -> IPv4Address | IPv6Address:
        """Resolve the host, once, and return the first of its addresses if all of them may be called."""
        try:
            found = await resolve(str(parts.hostname), _port(parts))
            addresses = [ip_address(one) for one in found]
        except ValueError as error:
            # An IPv6 address with a zone, or a name that cannot be one, for instance.
            raise TargetRefused(
                "not_public", "The host has an address that the hub does not call."
            ) from error
        if not addresses:
            raise OSError
        if not all(self._may_call(one, parts.scheme) for one in addresses):
            raise TargetRefused("not_public", "The host has an address that the hub does not call.")
        return addresses[0]

    def _may_call(self, address: IPv4Address | IPv6Address, scheme: str) -> bool:
        if self._rules.is_loopback_allowed and str(address) in {"127.0.0.1", "::1"}:
            return True
        return scheme == "https" and is_public(address)

    async def _posted(
        self,
        parts: SplitResult,
        address: IPv4Address | IPv6Address,
        body: bytes,
        headers: Mapping[str, str],
    ) -> Status:
        path = parts._replace(scheme="", netloc="", fragment="").geturl()
        own = {name: value for name, value in headers.items() if name.lower() != "host"}
        tls = self._trusted if parts.scheme == "https" else None
        answer = await posting.post(
            Wire(str(address), _port(parts), str(parts.hostname), tls),
            f"/{path.removeprefix('/')}",
            {"Host": parts.netloc, **own},
            body,
            self._rules.answer_bytes,
        )
        patience = (value for name, value in answer.headers if name == b"retry-after")
        return Status(answer.status_code, _patience(next(patience, b"").decode("latin-1")))


def _port(parts: SplitResult) -> int:
    return parts.port if parts.port is not None else 80 if parts.scheme == "http" else 443


def _patience(said: str) -> int | datetime | None:
    """Read `Retry-After`, a number of seconds or a date as HTTP writes it; what is neither asks for nothing."""
    if said.isdecimal() and len(said) < 8:
        return int(said)
    if len(said) > _DATE_LENGTH or not said.endswith(" GMT"):
        return None
    try:
        return parsedate_to_datetime(said).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        # A year or an hour may have so many digits that it is no number of this machine.
        return None
