"""Whether those who listen still may: looked at before anything is said, and cheap as long as nothing has changed."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from events.audience import PUBLIC, Reader
from events.clock import Clock
from events.submission import StoreUnavailable
from hub.access import Caller, Callers, Credential
from hub.feeds.protocol import Listener
from hub.refusals import NotSignedIn, PartnerSuspended

if TYPE_CHECKING:
    from datetime import datetime

    from events.partners import PartnerRights


class Rights:
    """Remembers by which accounts and partners listeners are here.

    What a token may do changes in three ways: the file of accounts changes, its partner's rights do, or its time is
    over. Only then each credential is looked at again.

    Args:
        callers: tell who shows a credential.
        versions: of the file of accounts, and of the log.
        clock: the present moment.
    """

    def __init__(self, callers: Callers, versions: Callable[[], tuple[int, int]], clock: Clock) -> None:
        self._callers = callers
        self._versions = versions
        self._clock = clock
        self._of: dict[Credential, set[Listener]] = {}
        self._partners: dict[str, tuple[PartnerRights | None, Credential]] = {}
        self._seen = (-1, -1)
        self._expires: datetime | None = None

    def enter(self, listener: Listener) -> Reader | None:
        """Remember somebody who begins to listen; return who that is to the audience rule, None if nobody any more."""
        credential = listener.credential
        if credential is None:
            return PUBLIC
        caller = self._caller(credential)
        if caller is None:
            return None
        self._of.setdefault(credential, set()).add(listener)
        self._note(caller, credential)
        return caller.reader

    def left(self, listener: Listener) -> None:
        """Forget somebody."""
        if listener.credential is None:
            return
        theirs = self._of.get(listener.credential, set())
        theirs.discard(listener)
        if not theirs:
            self._of.pop(listener.credential, None)

    def lost(self) -> Sequence[Listener]:
        """Return those who may not listen any more; they are forgotten."""
        if not self._of:
            return ()
        try:
            return self._lost()
        except StoreUnavailable:
            # Nobody can tell now, and nothing can be recorded either: everything is looked at again when it is back.
            self._seen = (-1, -1)
            return ()

    def _lost(self) -> Sequence[Listener]:
        versions, seen = self._versions(), self._seen
        self._seen = versions
        if not self._is_over() and (
            versions == seen or (versions[0] == seen[0] and not self._have_partners_changed())
        ):
            return ()
        self._expires = None
        self._partners.clear()
        lost: list[Listener] = []
        for credential in list(self._of):
            caller = self._caller(credential)
            if caller is None:
                lost += self._of.pop(credential)
            else:
                self._note(caller, credential)
        return lost

    def _note(self, caller: Caller, credential: Credential) -> None:
        account = caller.account
        if account is None:
            return
        self._partners[account.partner] = (caller.rights, credential)
        if account.expires is not None and (self._expires is None or account.expires < self._expires):
            self._expires = account.expires

    def _is_over(self) -> bool:
        return self._expires is not None and self._clock() >= self._expires

    def _have_partners_changed(self) -> bool:
        for rights, credential in list(self._partners.values()):
            caller = self._caller(credential)
            if caller is None or caller.rights != rights:
                return True
        return False

    def _caller(self, credential: Credential) -> Caller | None:
        """Return who shows a credential; None if it is good for nothing any more.

        A session that ended would go on as the public: the browser must hear that it is signed out.
        """
        try:
            caller = self._callers.of(credential)
        except (NotSignedIn, PartnerSuspended):
            return None
        return None if caller.account is None else caller
