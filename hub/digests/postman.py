"""Sends mails, one by one: questions first, then notices, then digests."""

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread

from events.clock import Clock
from events.submission import StoreUnavailable
from hub.digests.desk import MailDesk
from hub.digests.letters import Letter, Templates, mail_of
from hub.digests.sending import MailNotSent, Send
from hub.subscriptions.turn import Duty

T = TypeVar("T")


class Postman:
    """Sends what the desk has; a mail that was sent is taken down before the next one is written.

    A crash in between sends that one mail again, under the same `Message-ID`.

    Args:
        desk: composes.
        send: hands a mail to the server.
        sender: the address in `From`.
        templates: of mails, in each language.
        turn: whether this hub sends, or another on the same log does.
        clock: the present moment.
    """

    def __init__(
        self,
        desk: MailDesk,
        send: Send,
        sender: str,
        templates: Templates,
        turn: Duty,
        clock: Clock,
    ) -> None:
        self.desk = desk
        self._send = send
        self._sender = sender
        self._templates = templates
        self._turn = turn
        self._clock = clock
        self._threads = anyio.CapacityLimiter(1)

    async def run(self, every_seconds: float) -> None:
        """Send until cancelled; look as often as given for what has come due."""
        while True:
            if await self._blocking(self._turn.is_mine):
                try:
                    await self.round()
                except (sqlite3.Error, StoreUnavailable) as fault:
                    _say("mails wait", type(fault).__name__)
            await anyio.sleep(every_seconds)

    async def round(self) -> None:
        """Send what there is now."""
        desk = self.desk
        async for to, letter in self._each(desk.questions):
            at = self._clock()
            failure = await self._sent(letter)
            if failure is None:
                await self._blocking(desk.asked, to, at)
            else:
                await self._blocking(partial(desk.not_asked, is_final=failure.is_final), to, at)
        async for mail, notices, letter in self._each(desk.notices):
            if await self._sent(letter) is None:
                await self._blocking(desk.noted, mail, notices)
        async for digest in self._each(desk.digests):
            at = self._clock()
            failure = None if digest.letter is None else await self._sent(digest.letter)
            if failure is None:
                await self._blocking(desk.told, digest, at)
            else:
                await self._blocking(desk.not_told, digest, failure.is_final)

    async def send_now(self, letter: Letter) -> str:
        """Send a letter at once; return why it was not taken, or nothing."""
        failure = await self._sent(letter)
        return "" if failure is None else failure.reason

    async def _sent(self, letter: Letter) -> MailNotSent | None:
        try:
            await self._send(mail_of(letter, self._sender, self._templates, self._clock()))
        except ValueError:
            # An address that was let in once and can be no header: the mails of all others go on.
            _say("a mail was not taken", "malformed")
            return MailNotSent("malformed", is_final=True)
        except MailNotSent as failure:
            _say("a mail was not taken", failure.reason)
            return failure
        return None

    async def _each(self, found: Callable[[], Iterator[T]]) -> AsyncIterator[T]:
        one_by_one = await self._blocking(found)
        while (one := await self._blocking(next, one_by_one, None)) is not None:
            yield one

    async def _blocking(self, act: Callable[..., T], *args: object) -> T:
        return await anyio.to_thread.run_sync(act, *args, limiter=self._threads)


def _say(what: str, why: str) -> None:
    logging.getLogger("hub").warning("%s: %s", what, why)
