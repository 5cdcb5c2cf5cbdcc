"""Talks HTTP to a hub: asks again while it does not answer, and says in a sentence what it refused."""

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import httpx

from hub.client.answers import (
    AGAIN,
    BAD_CERTIFICATE,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    NO_HUB,
    Turned,
    Unreachable,
    refusal_of,
)
from hub.client.course import retry_after

Json = Any
Query = Mapping[str, str] | Sequence[tuple[str, str]]

Fits = Callable[[Json], bool]

_BROKEN = (httpx.TransportError, httpx.DecodingError)

_WORDS: Mapping[type[BaseException], str] = MappingProxyType(
    {
        httpx.ConnectError: "no connection: is this machine online, and the hub's address right?",
        httpx.ConnectTimeout: "no connection in time",
        httpx.ReadTimeout: "it takes too long",
        httpx.WriteTimeout: "it takes too long",
        httpx.ReadError: "the connection broke",
        httpx.WriteError: "the connection broke",
        httpx.RemoteProtocolError: "the connection broke",
        httpx.DecodingError: NO_HUB,
    }
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on asking a hub that does not answer.

    Args:
        seconds: all pauses together; 0 asks once.
        pause: waits that many seconds; `time.sleep` outside tests.
        told: is called with a sentence before each pause.
    """

    seconds: float
    pause: Callable[[float], None]
    told: Callable[[str], object]

    def pauses(self) -> list[float]:
        """Return the pauses to make between attempts: doubling, at most half a minute each."""
        left, pauses = self.seconds, list[float]()
        while left > 0:
            next_pause = min(left, LONGEST_PAUSE, FIRST_PAUSE * 2 ** len(pauses))
            pauses.append(next_pause)
            left -= next_pause
        return pauses


class Door:
    """One hub, as one token sees it; several threads may use it."""

    def __init__(self, url: str, token: str, patience: Patience) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        timeout = httpx.Timeout(60.0, connect=10.0)
        self._client = httpx.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False)
        self._partner: list[str] = []
        self.patience = patience

    @property
    def source(self) -> str:
        """The source of the events of this token's partner; the hub is asked once, errors as for `get`."""
        if not self._partner:
            self._partner.append(str(self.get("/api/v1/me", members={"partner"})["partner"]))
        return f"urn:hub:partner:{self._partner[0]}"

    def pausing(self, pause: Callable[[float], None]) -> "Door":
        """Return the same door for a call that waits in another way."""
        return self._with(replace(self.patience, pause=pause))

    def once(self) -> "Door":
        """Return the same door for a call that is not tried again."""
        return self._with(replace(self.patience, seconds=0))

    def _with(self, patience: Patience) -> "Door":
        other = copy(self)
        other.patience = patience
        return other

    def get(self, path: str, params: Query | None = None, *, members: Set[str] = frozenset()) -> Json:
        """Return the JSON of an address; what lacks one of `members` is no answer.

        Raises:
            Unreachable: no answer in time.
            Turned: the hub refuses it, by any status of 400 or above.
        """

        def has_all(said: Json) -> bool:
            return isinstance(said, dict) and members <= said.keys()

        return self._answered("GET", path, has_all if members else _any, params=params or {})

    def post_lines(self, path: str, body: bytes, *, dry_run: bool, fits: Fits | None = None) -> Json:
        """Post NDJSON and return the hub's answer, as `fits` knows it from that of others; errors as for `get`."""
        headers = {"Content-Type": "application/x-ndjson"}
        params = {"dry_run": "true"} if dry_run else {}
        return self._answered("POST", path, fits or _any, params=params, content=body, headers=headers)

    def stream(self, path: str, params: Mapping[str, str], write: Callable[[bytes], object]) -> None:
        """Hand the body of an address to `write` piece by piece; errors as for `get`."""
        try:
            with self._client.stream("GET", path, params=dict(params)) as answer:
                if not answer.is_success or "text/html" in answer.headers.get("content-type", ""):
                    answer.read()
                    raise _refused(answer) or Unreachable(
                        f"The hub could not be reached ({_reason(answer)})."
                    )
                for piece in answer.iter_bytes():
                    write(piece)
        except _BROKEN as error:
            raise Unreachable(f"The hub could not be reached ({reason_of(error)}).") from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _answered(self, method: str, path: str, fits: Fits, **request: Any) -> Json:
        pauses = self.patience.pauses()
        while True:
            try:
                answer = self._client.request(method, path, **request)
                reason = _reason(answer)
            except _BROKEN as error:
                answer, reason = None, reason_of(error)
            if answer is not None and answer.status_code not in AGAIN:
                turned = _refused(answer)
                if turned is not None:
                    raise turned
                with suppress(ValueError):
                    said = answer.json()
                    if answer.is_success and fits(said):
                        return said
            if not pauses:
                raise Unreachable(f"The hub could not be reached ({reason}).")
            asked = retry_after(answer.headers) if answer is not None else 0.0
            pause = max(pauses.pop(0), asked)
            self.patience.told(f"The hub does not answer ({reason}); trying again in {pause:g} s.")
            self.patience.pause(pause)


def _refused(answer: httpx.Response) -> Turned | None:
    return refusal_of(answer.status_code, answer.headers, answer.content)


def _reason(answer: httpx.Response) -> str:
    """Say why an answer is none that was asked for."""
    return f"it answered {answer.status_code}" if answer.status_code in AGAIN else NO_HUB


def _any(_: Json) -> bool:
    return True


def reason_of(error: BaseException) -> str:
    """Say why there was no answer: in words for what the person at the machine can mend, else the kind of error."""
    said = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return BAD_CERTIFICATE
    return _WORDS.get(type(error), type(error).__name__)
