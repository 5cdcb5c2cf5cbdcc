"""Talks HTTP to a hub: asks again while it does not answer, and says in a sentence what it refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from hub.client.answers import FIRST_PAUSE, LONGEST_PAUSE, Turned, Unreachable

Json = Any

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same request may succeed later."""


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
    told: Callable[[str], None]

    def pauses(self) -> list[float]:
        """Return the pauses to make between attempts: doubling, at most half a minute each."""
        left, pauses = self.seconds, list[float]()
        while left > 0:
            next_pause = min(left, LONGEST_PAUSE, FIRST_PAUSE * 2 ** len(pauses))
            pauses.append(next_pause)
            left -= next_pause
        return pauses


class Door:
    """One hub, as one token sees it."""

    def __init__(self, url: str, token: str, patience: Patience) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        timeout = httpx.Timeout(60.0, connect=10.0)
        self._client = httpx.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False)
        self._patience = patience

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        """Return the JSON of an address.

        Raises:
            Unreachable: no answer in time.
            Turned: any status of 400 or above.
        """
        return self._answered("GET", path, params=dict(params or {})).json()

    def post_lines(self, path: str, body: bytes, *, dry_run: bool) -> Json:
        """Post NDJSON and return the hub's answer; errors as for `get`."""
        headers = {"Content-Type": "application/x-ndjson"}
        params = {"dry_run": "true"} if dry_run else {}
        return self._answered("POST", path, params=params, content=body, headers=headers).json()

    def stream(self, path: str, params: Mapping[str, str], write: Callable[[bytes], object]) -> None:
        """Hand the body of an address to `write` piece by piece; errors as for `get`."""
        try:
            with self._client.stream("GET", path, params=dict(params)) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise Turned(answer.status_code, sentence_of(answer))
                for piece in answer.iter_bytes():
                    write(piece)
        except httpx.TransportError as error:
            raise Unreachable(f"The hub could not be reached ({type(error).__name__}).") from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _answered(self, method: str, path: str, **request: Any) -> httpx.Response:
        pauses = self._patience.pauses()
        while True:
            try:
                answer = self._client.request(method, path, **request)
                reason = f"it answered {answer.status_code}"
            except httpx.TransportError as error:
                answer, reason = None, type(error).__name__
            if answer is not None and answer.status_code not in AGAIN:
                if answer.status_code >= 400:
                    raise Turned(answer.status_code, sentence_of(answer))
                return answer
            if not pauses:
                raise Unreachable(f"The hub could not be reached ({reason}).")
            self._patience.told(f"The hub does not answer ({reason}); trying again in {pauses[0]:g} s.")
            self._patience.pause(pauses.pop(0))


def sentence_of(answer: httpx.Response) -> str:
    """Return what a problem document says, in one sentence."""
    try:
        problem = answer.json()
        detail = problem.get("detail") or problem.get("title")
    except (ValueError, AttributeError):
        detail = None
    return str(detail or f"The hub answered {answer.status_code}.")
