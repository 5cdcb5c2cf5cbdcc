"""Whether listeners still may listen: looked at again only when accounts or the log moved, or a time is over."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from events.audience import PUBLIC
from events.event import Position
from events.partners import PartnerRights
from hub.access import Callers, Credential
from hub.accounts import Accounts, Grant, open_accounts
from hub.feeds.frames import Lump, Place
from hub.feeds.lines import PulledLine
from hub.feeds.patience import Patience
from hub.feeds.protocol import Listener, Start
from hub.feeds.rights import Rights
from projections.event_query import EventQuery
from tests.running import NOON, Chance, SetClock

SLUG = "open-docket"


class Stage:
    """Real accounts, a partner whose rights a test changes, and how often they were looked up."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts, self.clock, self.commits, self.looked_up = accounts, SetClock(), 0, 0
        self.partner = PartnerRights(SLUG, frozenset({"observer"}), True, True, frozenset())
        callers = Callers(accounts, self._rights, self.clock)
        self.rights = Rights(callers, lambda: (accounts.version(), self.commits), self.clock)

    def _rights(self, _: str) -> PartnerRights:
        self.looked_up += 1
        return self.partner

    def change(self, partner: PartnerRights) -> None:
        self.partner = partner
        self.commits += 1

    def listener(self, lives: timedelta | None = None) -> tuple[str, Listener]:
        expires = None if lives is None else NOON + lives
        account, token = self.accounts.issue(Grant(SLUG, "observer", expires=expires), NOON)
        one = ear(Credential("token", token))
        assert self.rights.enter(one) == account.reader
        return account.id, one


def ear(credential: Credential | None) -> Listener:
    async def say(_: Lump) -> None: ...

    line = PulledLine("text", say, Patience.of(1))
    return Listener(credential, EventQuery(), Start(Place(Position(0)), "", Position(0)), line)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with closing(open_accounts(tmp_path, Chance("rights"))) as accounts:
        yield Stage(accounts)


def test_nothing_is_looked_up_as_long_as_nothing_moves(stage: Stage) -> None:
    stage.listener()
    assert not stage.rights.lost()
    known = stage.looked_up
    for _ in range(3):
        assert not stage.rights.lost()
    assert stage.looked_up == known
    stage.commits += 1
    assert not stage.rights.lost()
    assert stage.looked_up > known


def test_whose_partner_may_read_no_more_is_lost_once(stage: Stage) -> None:
    _, one = stage.listener()
    assert not stage.rights.lost()
    stage.change(replace(stage.partner, may_read=False))
    assert list(stage.rights.lost()) == [one]
    assert not stage.rights.lost()


def test_whose_token_is_revoked_is_lost_and_others_stay(stage: Stage) -> None:
    (name, one), (_, other) = stage.listener(), stage.listener()
    assert not stage.rights.lost()
    stage.accounts.revoke(name, NOON)
    assert list(stage.rights.lost()) == [one]
    stage.rights.left(other)
    assert not stage.rights.lost()


def test_whose_time_is_over_is_lost_though_nothing_moved(stage: Stage) -> None:
    _, one = stage.listener(timedelta(hours=1))
    assert not stage.rights.lost()
    stage.clock.now = NOON + timedelta(hours=1)
    assert list(stage.rights.lost()) == [one]


def test_the_public_stays(stage: Stage) -> None:
    assert stage.rights.enter(ear(None)) == PUBLIC
    stage.change(replace(stage.partner, may_read=False))
    assert not stage.rights.lost()


def test_who_comes_too_late_is_not_let_in(stage: Stage) -> None:
    name, one = stage.listener()
    stage.accounts.revoke(name, NOON)
    assert stage.rights.enter(one) is None
