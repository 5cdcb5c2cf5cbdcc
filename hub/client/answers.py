"""How a hub, or its silence, ends what a command or a program does; and how long to wait between attempts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemas.problem import Problem

if TYPE_CHECKING:
    from hub.client.published import Pushed

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 511})
"""Answers after which the same request may succeed later."""


NO_HUB = (
    "what answered is no hub: is its address right, with https? Perhaps this network wants you to sign in first: open "
    "any page in a browser"
)
"""Why something that has a status of success, or sends us elsewhere, is no answer."""

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
