"""How a hub, or its silence, ends what a command or a program does; and how long to wait between attempts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemas.problem import Problem

if TYPE_CHECKING:
    from hub.client.published import Pushed

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same request may succeed later."""


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
