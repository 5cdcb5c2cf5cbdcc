"""Whose question is answered next: whoever asks much waits for himself, and nobody else for him."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import anyio

AT_ONCE = 8
"""Questions of one account, and of all together who have none, that are answered at the same time. More would share the
same processors, so that each takes longer, and hold threads that others need."""

AT_ONCE_FROM_ONE_PLACE = 4
"""Of them, those that come without an account from one address."""

TURN = "hub.turn"
"""Where the scope of a request has what waits for the next turn of its caller."""

_PUBLIC = "public"


@dataclass(slots=True)
class _Line:
    places: anyio.Semaphore
    people: int = 0


class Turns:
    """Lets a question in when it is its turn, in the order in which each caller's came. Lives in the event loop."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    @property
    def are_waited_for(self) -> bool:
        """Tell whether anybody asks, or waits to ask."""
        return bool(self._lines)

    @asynccontextmanager
    async def take(self, place: str, account: str | None) -> AsyncIterator[None]:
        """Wait for a turn and hold it.

        Args:
            place: where the caller comes from.
            account: its id; None for the public.
        """
        async with AsyncExitStack() as held:
            if account is not None:
                await held.enter_async_context(self._in_line(f"account {account}", AT_ONCE))
            else:
                # First among those from there: whoever waits for them must not hold a place of everybody.
                await held.enter_async_context(self._in_line(f"address {place}", AT_ONCE_FROM_ONE_PLACE))
                await held.enter_async_context(self._in_line(_PUBLIC, AT_ONCE))
            yield

    @asynccontextmanager
    async def _in_line(self, name: str, most: int) -> AsyncIterator[None]:
        line = self._lines.get(name)
        if line is None:
            line = self._lines[name] = _Line(anyio.Semaphore(most, fast_acquire=True))
        line.people += 1
        try:
            async with line.places:
                yield
        finally:
            line.people -= 1
            if not line.people:
                del self._lines[name]
