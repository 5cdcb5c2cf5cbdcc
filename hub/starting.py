"""Why a hub could not start: whoever started it is told in a sentence, though the server hides it."""

import sqlite3
from types import TracebackType

from events.submission import StoreUnavailable
from hub.keys import HubNotInitialised
from hub.settings import SettingsRefused

TOLD = (StoreUnavailable, HubNotInitialised, SettingsRefused, sqlite3.DatabaseError, OSError)
"""What an operator can mend; the messages are ours, or say that a disk is full or takes nothing, and hold no values."""


class Starting:
    """Notes the error that ends a start; used around it as a context manager."""

    def __init__(self) -> None:
        self.fault: BaseException | None = None

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, _: type[BaseException] | None, fault: BaseException | None, __: TracebackType | None
    ) -> None:
        """End; an error goes on as it came."""
        self.fault = fault
