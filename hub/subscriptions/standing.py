"""What a follower may see through a channel, read anew before everything that is told."""

from dataclasses import replace

from events.audience import TLP, Reader
from events.clock import Clock
from hub.access import Callers
from hub.accounts import Accounts
from hub.refusals import NotSignedIn, PartnerSuspended
from hub.subscriptions.subscription import Channel, Ending, Subscription

LEAVES = "amber"
"""The strictest label that ever leaves the hub by webhook or mail."""


class Lost(Exception):
    """The rights behind a subscription are gone; `reason` says which."""

    def __init__(self, reason: Ending) -> None:
        super().__init__(reason)
        self.reason: Ending = reason


class Standing:
    """Says for whom a subscription sees.

    Args:
        accounts: whose tokens.
        callers: who a token is, and what its partner may do now.
        clock: the present moment.
    """

    def __init__(self, accounts: Accounts, callers: Callers, clock: Clock) -> None:
        self._accounts = accounts
        self._callers = callers
        self._clock = clock

    def reader_of(self, subscription: Subscription) -> Reader:
        """Return who the follower is to the audience rule, through this channel, at this moment.

        Raises:
            Lost: the token was revoked or has expired, or the partner is suspended.
        """
        return cleared(self.holder_of(subscription), subscription.channel)

    def holder_of(self, subscription: Subscription) -> Reader:
        """Return who the follower is on the hub's own pages, at this moment.

        Raises:
            Lost: as above.
        """
        try:
            caller = self._callers.holder(subscription.account)
        except PartnerSuspended as error:
            raise Lost("suspended") from error
        except NotSignedIn as error:
            account = self._accounts.known(subscription.account)
            is_revoked = account is None or account.revoked is not None
            raise Lost("revoked" if is_revoked else "expired") from error
        return caller.reader


def cleared(reader: Reader, channel: Channel) -> Reader:
    """Return a reader as a channel may tell him: what is stricter than `amber` is on the hub's own pages alone."""
    if channel == "page" or TLP.index(reader.clearance) <= TLP.index(LEAVES):
        return reader
    return replace(reader, clearance=LEAVES)
