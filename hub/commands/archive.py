"""The hub's own folder, opened by a command beside whatever hub runs on it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from events.acts import StewardAct
from events.event import SOURCE_PREFIX
from events.intake import Intake, Publisher
from events.store import Store, open_store
from events.submission import STEWARDS, EventRefused, Outcome
from hub.accounts import FILE as ACCOUNTS_FILE
from hub.accounts import Account, Accounts, Grant, open_accounts
from hub.commands.checks.reaching import refuse_unreachable
from hub.commands.refusals import AlreadyThere
from hub.commands.world import World, moment_text
from hub.issuing import Office, grant_of
from hub.keys import (
    FOLDER,
    VAULT_KEY,
    HubNotInitialised,
    KeyMissing,
    cursor_key,
    keys_folder,
    make_keys,
    make_vault_key,
    open_vault,
)
from hub.office_opening import fence_file, open_office
from hub.settings import Settings
from schemas.registry import Registry

Json = Any

LOG_FILE = "log.sqlite"


@dataclass(frozen=True, slots=True)
class Archive:
    """The open parts of a hub that commands need."""

    settings: Settings
    registry: Registry
    store: Store
    intake: Intake
    accounts: Accounts
    world: World

    def publish(self, event_type: str, data: Json, event_id: str | None = None) -> Outcome:
        """Record an event of the stewards; what is refused raises.

        Raises:
            EventRefused: with every reason.
        """
        publisher = Publisher(STEWARDS, "command")
        raw = {
            "specversion": "1.0",
            "id": event_id or self.world.fresh_id(),
            "source": SOURCE_PREFIX + STEWARDS,
            "type": event_type,
            "data": data,
        }
        [outcome] = self.intake.record([self.intake.check(publisher, raw)])
        if outcome.status not in {"stored", "duplicate"}:
            raise EventRefused(outcome.problems)
        return outcome

    def issue(self, grant: Grant, lives: timedelta | None = None) -> tuple[Account, str]:
        """Make a token that works for `lives`, or for ever; that it was made is recorded before it is told."""
        return self._office().issue(grant, lives)

    def revoke(self, account_id: str) -> bool:
        """Stop a token at once, then record that; False when there is none of that id, or it has stopped."""
        return self._office().revoke(account_id) is not None

    def _office(self) -> Office:
        return Office(self.accounts, self.intake.note_steward_act, self.world.clock)

    def link(self, account_id: str, lives: timedelta) -> str | None:
        """Make the secret of a sign-in link, and record that; None when no working token has that id."""
        now = self.world.clock()
        known = {one.id: one for one in self.accounts.listing()}.get(account_id)
        if known is None or not known.holds(now):
            return None
        secret = self.accounts.make_link(account_id, now, lives)
        self.note(StewardAct("link_issued", partner=known.partner, subject=account_id))
        return secret

    def note(self, act: StewardAct) -> None:
        """Record what was done from the command line.

        Raises:
            EventRefused: with every reason.
        """
        outcome = self.intake.note_steward_act(act)
        if outcome.status != "stored":
            raise EventRefused(outcome.problems)


@contextmanager
def opened(world: World, data: str | None, store: str | None) -> Iterator[Archive]:
    """Open the hub's folder for a command.

    Raises:
        NotHere: this user may not use it, or its log is elsewhere.
        HubNotInitialised: `hub init` did not make it.
        StoreUnavailable: the log's database cannot be reached.
    """
    settings = world.settings(data=data, store=store)
    refuse_unreachable(settings)
    cursor_key(settings.data, settings.keys)
    with assembled(world, settings) as archive:
        yield archive


def found(world: World, settings: Settings) -> tuple[Account, str]:
    """Make a hub in an empty folder; return the account and token of its first steward.

    What a killed attempt left is completed; a hub that is whole, or anything foreign, is left alone.

    Raises:
        AlreadyThere: the folder is a hub, or holds something else.
        KeyMissing: the log is that of a hub, whose keys are not here.
        StoreUnavailable: the log's database cannot be reached.
    """
    _refuse_if_taken(settings)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = keys_folder(settings.data, settings.keys) / VAULT_KEY
    is_new = not key.exists()
    make_vault_key(settings.data, world.random, settings.keys)
    with assembled(world, settings) as archive:
        if is_new and archive.store.head() > 0:
            key.unlink()
            raise KeyMissing(VAULT_KEY)
        archive.intake.admit_stewards({"en": "Stewards"})
        account, token = archive.issue(grant_of(STEWARDS, "steward"))
    make_keys(settings.data, world.random, settings.keys)
    return account, token


def token_row(account: Account, token: str | None = None) -> Json:
    """Return the public form of an account, with its token if it was just made."""
    row = {
        "partner": account.partner,
        "id": account.id,
        "account": account.name,
        "role": account.role,
        "clearance": account.clearance,
        "read_only": account.read_only,
        "created": moment_text(account.created),
        "networks": [str(one) for one in account.networks],
        "expires": moment_text(account.expires),
        "revoked": moment_text(account.revoked),
    }
    return row if token is None else {"partner": row.pop("partner"), "token": token, **row}


def is_hub(settings: Settings) -> bool:
    """Tell whether `hub init` has made this folder."""
    try:
        cursor_key(settings.data, settings.keys)
    except HubNotInitialised:
        return False
    return True


def _refuse_if_taken(settings: Settings) -> None:
    folder = settings.data
    if is_hub(settings):
        raise AlreadyThere(
            f"{folder} is a hub already; nothing was changed. "
            "`hub token add stewards --role steward` makes a new token."
        )
    keys = keys_folder(settings.data, settings.keys)
    if (folder / LOG_FILE).exists() and not (keys / VAULT_KEY).exists():
        # `hub init` makes this key before the log: here was one, and a new one would open nothing.
        raise KeyMissing(VAULT_KEY)
    ours = (FOLDER, LOG_FILE, ACCOUNTS_FILE)
    if folder.is_dir() and any(not one.name.startswith(ours) for one in folder.iterdir()):
        raise AlreadyThere(f"{folder} holds something else; nothing was changed. Choose an empty folder.")


@contextmanager
def assembled(world: World, settings: Settings) -> Iterator[Archive]:
    """Open the parts of a hub that need not be whole yet, for what makes it so."""
    with ExitStack() as parts:
        registry = Registry.load()
        vault = open_vault(settings.data, world.random, settings.keys, settings.vault)
        store = open_store(settings.store_url, registry, vault, fence=fence_file(settings))
        parts.callback(store.close)
        office = open_office(settings)
        if office is not None:
            parts.callback(office.close)
        accounts = open_accounts(settings.data, world.random, office)
        parts.callback(accounts.close)
        yield Archive(settings, registry, store, Intake(registry, store, world.clock), accounts, world)
