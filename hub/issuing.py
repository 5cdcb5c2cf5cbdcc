"""Issuing and revoking tokens, each recorded as an act of a steward before anybody is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from events.acts import COMMAND, StewardAct
from events.clock import Clock
from events.submission import EventRefused, Outcome
from hub.accounts import Account, Accounts, Grant, Role

CLEARANCES = {"publisher": "amber", "observer": "amber", "coordinator": "amber+strict", "steward": "red"}
"""Strictest label a role reads unless told otherwise; of strict labels it is still only what names the partner."""


class Office:
    """Where tokens are issued and revoked.

    Args:
        accounts: of the hub.
        note: records what a steward did.
        clock: the present moment.
        account: name of the steward's account that acts.
    """

    def __init__(
        self,
        accounts: Accounts,
        note: Callable[[StewardAct], Outcome],
        clock: Clock,
        account: str = COMMAND,
    ) -> None:
        self._accounts = accounts
        self._note = note
        self._clock = clock
        self._account = account

    def issue(self, grant: Grant, lives: timedelta | None = None) -> tuple[Account, str]:
        """Make a token that works for `lives`, or for ever; that it was made is recorded before it is told.

        Raises:
            GrantRefused: unknown role, clearance or network.
            EventRefused: the act cannot be recorded.
        """
        now = self._clock()
        made, token = self._accounts.issue(
            replace(grant, expires=None if lives is None else now + lives), now
        )
        detail = {
            "role": made.role,
            "clearance": made.clearance,
            "read_only": made.read_only,
            "expires": _text(made.expires),
        }
        self._record(StewardAct("token_issued", self._account, made.partner, made.id, detail))
        return made, token

    def revoke(self, account_id: str) -> Outcome | None:
        """Stop a token at once, then record that; None when there is none of that id.

        Raises:
            EventRefused: the act cannot be recorded.
        """
        known = self._accounts.known(account_id)
        if known is None or not self._accounts.revoke(account_id, self._clock()):
            return None
        return self._record(StewardAct("token_revoked", self._account, known.partner, account_id))

    def _record(self, act: StewardAct) -> Outcome:
        outcome = self._note(act)
        if outcome.status != "stored":
            raise EventRefused(outcome.problems)
        return outcome


def _text(moment: datetime | None) -> str | None:
    """Return a moment as the trail has always had it: RFC 3339 in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def grant_of(
    partner: str, role: Role, account: str = "", clearance: str | None = None, *, read_only: bool = False
) -> Grant:
    """Return a grant whose clearance, if None, is the role's usual one."""
    return Grant(partner, role, account, clearance or CLEARANCES[role], read_only=read_only)
