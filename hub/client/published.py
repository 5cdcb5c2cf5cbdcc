"""What became of what a program published."""

from dataclasses import dataclass

from hub.client.push import Refusal


@dataclass(frozen=True, slots=True)
class Published:
    """One event that the hub has.

    Args:
        status: `stored`, or `duplicate` if the hub had it already.
        source: of the event.
        id: of the event.
        cursor: hand it on as `at_least` to read your own write.
        recorded: when the hub recorded it.
        digest: salted digest of what was recorded.
        warnings: sentences about what the hub took and found odd.
    """

    status: str
    source: str
    id: str
    cursor: str | None = None
    recorded: str | None = None
    digest: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of the events of one push.

    Args:
        stored: how many were new to the hub.
        duplicates: how many it had already.
        refused: those that it refused, each with every reason; `line` counts the events of their push from 1.
    """

    stored: int
    duplicates: int
    refused: tuple[Refusal, ...] = ()
