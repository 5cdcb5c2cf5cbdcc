"""How a hub, or its silence, ends what a command does; and how long to wait between attempts."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


class Unreachable(Exception):
    """The hub did not answer for as long as we were willing to wait."""


class Turned(Exception):
    """The hub answered, and refused the request as a whole; the message is one sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
