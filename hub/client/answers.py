"""How a hub, or its silence, ends what a command or a program does; and how long to wait between attempts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import orjson

from schemas.problem import Problem

if TYPE_CHECKING:
    from hub.client.published import Pushed

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 511})
"""Answers after which the same request may succeed later."""

FIRST_REFUSAL, TOO_LARGE = 400, 413
LONGEST_SENTENCE = 500
"""In characters, of what a hub says: whatever it is, it goes to a screen or into a book."""

_PROBLEM_MEDIA = "application/problem+json"
_PROBLEM_TYPES = "urn:hub:problem:"

NO_HUB = (
    "what answered is no hub: is its address right, with https? Perhaps this network wants you to sign in first: open "
    "any page in a browser"
)
"""Why something is no answer that has a status of success, sends us elsewhere, or refuses in words of its own."""

_TOO_LARGE_ON_THE_WAY = (
    "Something between here and the hub, perhaps a proxy in front of it, takes no body of this size."
)

BAD_CERTIFICATE = (
    "the certificate it showed is not valid here; nothing was sent. Is the clock of this machine right? If so, someone "
    "may stand between you and the hub: tell those who run it, and try another network"
)


class Unreachable(Exception):
    """The hub did not answer for as long as we were willing to wait.

    Attributes:
        pushed: what became of the events of a push before; None outside a push.
    """

    pushed: "Pushed | None" = None


class Turned(Exception):
    """The hub answered, and refused the request as a whole; the message is one sentence.

    Attributes:
        status: of the answer.
        pushed: what became of the events of a push before; None outside a push.
    """

    pushed: "Pushed | None" = None

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Refused(Exception):
    """The hub refused one event; `problems` lists every reason, none of which sending it again would mend."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{one.pointer}: {one.detail}" for one in problems))
        self.problems = tuple(problems)


def refusal_of(status: int, headers: Mapping[str, str], body: bytes | None) -> Turned | None:
    """Return what a hub refuses by an answer; None if it refuses nothing, or what answered is no hub.

    A hub refuses by problem documents of its own types. Proxies and networks that want a sign-in have pages for the
    same statuses, and what they refuse is not refused. That a body is too large holds, whoever says it: a smaller one
    may pass.

    Args:
        status: of the answer.
        headers: of the answer, by names in lower case.
        body: of the answer.
    """
    if status < FIRST_REFUSAL:
        return None
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    problem = _object(body) if media == _PROBLEM_MEDIA else {}
    if str(problem.get("type", "")).startswith(_PROBLEM_TYPES):
        detail = str(problem.get("detail") or problem.get("title") or "")
        said = "".join(one for one in detail[:LONGEST_SENTENCE] if one.isprintable())
        return Turned(status, said or f"The hub answered {status}.")
    return Turned(status, _TOO_LARGE_ON_THE_WAY) if status == TOO_LARGE else None


def _object(body: bytes | None) -> Mapping[str, object]:
    try:
        said = orjson.loads(body or b"")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
