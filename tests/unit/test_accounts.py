import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from events.audience import Reader
from hub import accounts
from hub.accounts import Account, Accounts, Grant, GrantRefused, open_accounts
from hub.keys import HubNotInitialised, cursor_key, make_keys
from tests.running import NOON, Chance

HOUR = timedelta(hours=1)


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Accounts]:
    opened = open_accounts(tmp_path, Chance("accounts"))
    yield opened
    opened.close()


def issue(known: Accounts, **more: Any) -> tuple[Account, str]:
    return known.issue(Grant(**{"partner": "open-docket", "role": "observer", **more}), NOON)


def test_a_token_works_and_says_whose_it_is(known: Accounts) -> None:
    account, token = issue(known, account="anna", clearance="green")
    assert token.startswith("hub_")
    assert len(token) == 4 + 43
    assert known.check(token, NOON) == account
    assert account.reader == Reader("open-docket", "anna", "green")
    assert known.check(token + "x", NOON) is None


def test_a_token_reads_amber_unless_it_says_otherwise(known: Accounts) -> None:
    account, _ = issue(known, role="steward")
    assert (account.clearance, account.name) == ("amber", "steward")


def test_only_the_hash_of_a_token_is_kept(known: Accounts, tmp_path: Path) -> None:
    _, token = issue(known)
    assert all(token.encode() not in file.read_bytes() for file in tmp_path.iterdir())
    assert stat.S_IMODE((tmp_path / accounts.FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("role", "read_only", "may"),
    [("publisher", False, True), ("coordinator", False, True), ("steward", False, True),
     ("observer", False, False), ("publisher", True, False)],
)  # fmt: skip
def test_an_observer_and_a_read_only_token_may_not_publish(
    known: Accounts, role: accounts.Role, read_only: bool, may: bool
) -> None:
    account, _ = issue(known, role=role, read_only=read_only)
    assert account.may_publish is may


@pytest.mark.parametrize("wrong", [{"role": "king"}, {"clearance": "purple"}])
def test_an_unknown_role_or_clearance_is_refused(known: Accounts, wrong: dict[str, str]) -> None:
    with pytest.raises(GrantRefused):
        issue(known, **wrong)


def test_a_token_stops_when_it_expires(known: Accounts) -> None:
    _, token = issue(known, expires=NOON + HOUR)
    assert known.check(token, NOON) is not None
    assert known.check(token, NOON + HOUR) is None


def test_a_revoked_token_stops_at_once_in_every_process(known: Accounts, tmp_path: Path) -> None:
    account, token = issue(known)
    before = known.version()
    assert known.check(token, NOON) is not None
    other = open_accounts(tmp_path, Chance("other"))
    assert other.revoke(account.id, NOON)
    other.close()
    assert known.check(token, NOON) is None
    assert known.version() != before
    assert not known.revoke("nobody", NOON)


def test_revoking_again_keeps_the_first_moment(known: Accounts) -> None:
    account, _ = issue(known)
    known.revoke(account.id, NOON)
    known.revoke(account.id, NOON + HOUR)
    assert [one.revoked for one in known.listing()] == [NOON]


def test_the_listing_shows_every_token_or_those_of_a_partner(known: Accounts) -> None:
    first, _ = issue(known)
    second, _ = issue(known, partner="harbour-bar-watch")
    assert {one.id for one in known.listing()} == {first.id, second.id}
    assert known.listing("open-docket") == [first]


def test_a_session_lives_as_long_as_itself_and_its_token(known: Accounts) -> None:
    account, token = issue(known, expires=NOON + 3 * HOUR)
    session = known.open_session(token, NOON, HOUR)
    assert session is not None
    found = known.check_session(session, NOON)
    assert found is not None
    assert (found.id, found.expires) == (account.id, NOON + HOUR)
    assert known.check_session(session, NOON + HOUR) is None
    known.revoke(account.id, NOON)
    assert known.check_session(session, NOON) is None


def test_a_session_of_a_token_that_never_ends_ends_by_itself(known: Accounts) -> None:
    _, token = issue(known)
    session = known.open_session(token, NOON, HOUR) or ""
    found = known.check_session(session, NOON)
    assert found is not None
    assert found.expires == NOON + HOUR


def test_no_session_for_a_token_that_does_not_work(known: Accounts) -> None:
    assert known.open_session("hub_nothing", NOON, HOUR) is None


def test_a_closed_session_is_forgotten(known: Accounts) -> None:
    _, token = issue(known)
    session = known.open_session(token, NOON, HOUR) or ""
    known.close_session(session)
    assert known.check_session(session, NOON) is None


def test_a_link_signs_in_once_and_in_time(known: Accounts) -> None:
    account, _ = issue(known)
    link, late = known.make_link(account.id, NOON), known.make_link(account.id, NOON, HOUR)
    session = known.use_link(link, NOON, HOUR)
    assert session is not None
    found = known.check_session(session, NOON)
    assert found is not None
    assert found.id == account.id
    assert known.use_link(link, NOON, HOUR) is None
    assert known.use_link(late, NOON + HOUR, HOUR) is None


def test_the_link_of_a_revoked_token_is_spent(known: Accounts) -> None:
    account, _ = issue(known)
    link = known.make_link(account.id, NOON)
    known.revoke(account.id, NOON)
    assert known.use_link(link, NOON, HOUR) is None


def test_remembered_rows_are_bounded(known: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "REMEMBERED", 1)
    tokens = [issue(known)[1] for _ in range(4)]
    assert all(known.check(token, NOON) for token in tokens)
    assert len(known._known) <= 2


def test_a_token_may_be_bound_to_networks(known: Accounts) -> None:
    account, token = issue(known, networks=("192.0.2.0/24", "2001:db8::/32", "198.51.100.7"))
    assert known.check(token, NOON) == account
    assert known.listing() == [account]
    within = ("192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1", "198.51.100.7")
    without = ("192.0.3.9", "2001:db9::1", "198.51.100.8", "", "testclient", "::ffff:192.0.3.9")
    assert all(account.allows(address) for address in within)
    assert not any(account.allows(address) for address in without)


def test_a_token_without_networks_works_anywhere(known: Accounts) -> None:
    account, _ = issue(known)
    assert account.allows("192.0.2.1")
    assert account.allows("")


@pytest.mark.parametrize("network", ["192.0.2.1/24", "everywhere", "192.0.2.0/33", ""])
def test_what_is_no_network_is_refused(known: Accounts, network: str) -> None:
    with pytest.raises(GrantRefused, match=r"192\.0\.2\.0/24"):
        issue(known, networks=(network,))
    assert known.listing() == []


def test_a_file_of_an_earlier_version_gets_networks(tmp_path: Path) -> None:
    earlier = open_accounts(tmp_path, Chance("accounts"))
    account, token = issue(earlier)
    earlier.close()
    with closing(sqlite3.connect(tmp_path / accounts.FILE)) as db, db:
        db.execute("ALTER TABLE tokens DROP COLUMN networks")
    for _ in range(2):
        known = open_accounts(tmp_path, Chance("later"))
        assert known.check(token, NOON) == account
        known.close()


@pytest.mark.parametrize(
    "change",
    [
        "tokens SET role = 'steward'", "tokens SET clearance = 'red'", "tokens SET read_only = 0",
        "tokens SET partner = 'stewards'", "tokens SET expires = NULL", "tokens SET networks = ''",
        "tokens SET revoked = NULL, created = created + 1e-6",
    ],
)  # fmt: skip
def test_a_row_that_the_hub_did_not_write_so_gives_nobody_rights(
    known: Accounts, tmp_path: Path, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    more = {"read_only": True, "expires": NOON + HOUR, "networks": ("192.0.2.0/24",)}
    account, token = issue(known, **more)
    other, another = issue(known)
    session, link = known.open_session(token, NOON, HOUR), known.make_link(account.id, NOON)
    assert session is not None
    with closing(sqlite3.connect(tmp_path / accounts.FILE)) as db, db:
        db.execute(f"UPDATE {change} WHERE id = ?", (account.id,))
    assert known.check(token, NOON) is None
    assert known.check_session(session, NOON) is None
    assert known.known(account.id) is None
    opened = known.use_link(link, NOON, HOUR)
    assert opened is not None
    assert known.check_session(opened, NOON) is None
    assert "hub verify" in caplog.text
    # All others go on.
    assert (known.check(another, NOON), known.known(other.id)) == (other, other)


def test_a_session_or_link_that_was_bent_to_another_token_opens_nothing(
    known: Accounts, tmp_path: Path
) -> None:
    account, token = issue(known)
    steward, _ = issue(known, role="steward")
    session, link = known.open_session(token, NOON, HOUR), known.make_link(account.id, NOON)
    assert session is not None
    with closing(sqlite3.connect(tmp_path / accounts.FILE)) as db, db:
        db.execute("UPDATE sessions SET token = ?", (steward.id,))
        db.execute("UPDATE links SET token = ?", (steward.id,))
    assert known.check_session(session, NOON) is None
    assert known.use_link(link, NOON, HOUR) is None


def test_a_link_is_spent_once_though_two_press_the_button_together(tmp_path: Path, known: Accounts) -> None:
    account, _ = issue(known)
    other = open_accounts(tmp_path, Chance("another process"))
    for _ in range(20):
        link = known.make_link(account.id, NOON)
        ready = Barrier(4)

        def press(which: Accounts, link: str = link, ready: Barrier = ready) -> str | None:
            ready.wait()
            return which.use_link(link, NOON, HOUR)

        with ThreadPoolExecutor(4) as pool:
            sessions = list(pool.map(press, [known, known, other, other]))
        assert sum(session is not None for session in sessions) == 1
    other.close()


def test_keys_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    with pytest.raises(HubNotInitialised):
        cursor_key(tmp_path)
    make_keys(tmp_path / "hub", Chance("keys"))
    key = cursor_key(tmp_path / "hub")
    make_keys(tmp_path / "hub", Chance("other"))
    assert cursor_key(tmp_path / "hub") == key
    assert len(key) == 32
    assert stat.S_IMODE((tmp_path / "hub" / "keys" / "cursor.key").stat().st_mode) == 0o600
