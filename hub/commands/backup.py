"""`hub backup` and `hub backup-key`: log, keys and accounts, encrypted, each in a file of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from events.acts import StewardAct
from hub.backup import saving
from hub.backup.age import Recipient, key_beside, read_recipients, write_identity
from hub.commands.archive import Archive, opened
from hub.commands.refusals import AlreadyThere, NotHere
from hub.commands.world import World, json_option, local_options, say, tell


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be saved where, and for whom.

    Args:
        log: file for the log.
        vault: file for the keys of personal fields.
        accounts: file for accounts and followers.
        recipients: of log and accounts; none: in the plain.
        vault_recipients: of the keys.
    """

    log: Path | None
    vault: Path | None
    accounts: Path | None
    recipients: Sequence[Recipient]
    vault_recipients: Sequence[Recipient]

    @property
    def files(self) -> list[Path]:
        """The files to be made."""
        return [one for one in (self.log, self.vault, self.accounts) if one is not None]

    @property
    def lacks_recipient(self) -> bool:
        """Whether a file would be for nobody."""
        return not self.vault_recipients if self.files == [self.vault] else not self.recipients


@click.command(
    epilog="Example:  hub backup /mnt/a/log.age --vault /mnt/b/keys.age --accounts /mnt/a/accounts.age "
    "--recipient age1... --data hub-data"
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--vault", metavar="FILE", type=click.Path(path_type=Path), help="Also the keys of personal fields."
)
@click.option(
    "--accounts",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Also tokens (hashes), personal addresses, subscriptions and agreements of mailboxes.",
)
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    metavar="age1...",
    help="Who can open it; repeatable.  [HUB_BACKUP_RECIPIENTS]",
)
@click.option(
    "--vault-recipient",
    "vault_recipients",
    multiple=True,
    metavar="age1...",
    help="Who can open the keys, if others.  [HUB_BACKUP_VAULT_RECIPIENTS]",
)
@click.option("--unencrypted", is_flag=True, help="In the plain: only for a disk that is encrypted itself.")
@local_options
@click.pass_obj
def backup(
    world: World,
    file: Path | None,
    vault: Path | None,
    accounts: Path | None,
    recipients: tuple[str, ...],
    vault_recipients: tuple[str, ...],
    unencrypted: bool,
    data: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Save the log in FILE, encrypted by age, also while hubs run; keys and accounts in files of their own.

    Keep the keys apart, and for a shorter time: whoever has log, keys and `vault.key` reads every personal field, and
    an old backup of keys still opens what was erased since. Of the log in PostgreSQL, FILE is as that of SQLite.

    If no recipient is known, a new key in FILE.key opens them: a way to begin, not to stay, since whoever takes both
    has everything.
    """
    said = world.settings(data=data, store=store)
    own = () if unencrypted else recipients or said.backup_recipients
    keys = () if unencrypted else vault_recipients or said.backup_vault_recipients or own
    order = Order(file, vault, accounts, read_recipients(own), read_recipients(keys))
    _check(order)
    key = None if unencrypted or not order.lacks_recipient else key_beside(order.files[0])
    if key is not None:
        order = _with_key(order, key)
    with opened(world, data, store) as archive:
        detail = {"keys": vault is not None, "accounts": accounts is not None, "encrypted": not unencrypted}
        archive.note(StewardAct("backup_made", detail=detail))
        world.give_way()
        row = _save(archive, order)
    say(
        "The keys vault.key, subscriptions.key, cursor.key and log.key are in no backup: keep a copy in a safe."
    )
    row["identity"] = None if key is None else str(key)
    if key is not None:
        say(
            f"WARNING: no recipient was named, so {key} opens it. Move that file away from the backup, at once."
        )
    if unencrypted:
        say("WARNING: it is NOT ENCRYPTED. Whoever finds these files reads all but personal fields.")
    tell(row, _sentence(order, row), as_json=as_json)


def _check(order: Order) -> None:
    if not order.files:
        raise click.UsageError("Say at least one file: FILE for the log, --vault FILE, --accounts FILE.")
    if len(set(order.files)) < len(order.files):
        raise click.UsageError("Each needs a file of its own.")
    for one in order.files:
        if one.exists():
            raise AlreadyThere(f"{one} exists; nothing was changed.")


def _with_key(order: Order, key: Path) -> Order:
    if key.exists() or key in order.files:
        raise AlreadyThere(f"{key} exists; nothing was changed.")
    with _writing(key):
        drawn = read_recipients([write_identity(key)])
    return replace(
        order, recipients=order.recipients or drawn, vault_recipients=order.vault_recipients or drawn
    )


def _save(archive: Archive, order: Order) -> dict[str, object]:
    settings = archive.settings
    row: dict[str, object] = {"log": None, "vault": None, "accounts": None}
    # The log first: every key that it needs is older than it.
    if order.log is not None:
        row["events"] = int(archive.store.head())
        with _writing(order.log):
            saved = saving.save_log_of(settings.store_url, settings.data, order.log, order.recipients)
        row |= {"log": str(saved.file), "log_sha256": saved.digest}
    if order.vault is not None:
        with _writing(order.vault):
            saved = saving.save_keys(settings, order.vault, order.vault_recipients)
        row |= {"vault": str(saved.file), "vault_sha256": saved.digest}
    if order.accounts is not None:
        with _writing(order.accounts):
            saved = saving.save_office(settings, order.accounts, order.recipients)
        row |= {"accounts": str(saved.file), "accounts_sha256": saved.digest}
    return row


def _sentence(order: Order, row: dict[str, object]) -> str:
    return "\n".join(
        f"{row[f'{name}_sha256']}  {row[name]}"
        for name in ("log", "vault", "accounts")
        if getattr(order, name) is not None
    )


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise NotHere(f"{target} cannot be written: {fault.strerror}.") from fault


@click.command(epilog="Example:  hub backup-key /media/stick/backup.key")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def backup_key(world: World, file: Path, as_json: bool) -> None:
    """Make a key for backups: its secret half goes into FILE, its recipient is printed.

    Keep FILE away from the hub's machine, twice, and one copy on paper: without it no backup opens. Any `age` opens
    backups with it: `age -d -i FILE log.age`.
    """
    if file.exists():
        raise AlreadyThere(f"{file} exists; nothing was changed.")
    with _writing(file):
        recipient = write_identity(file)
    say(f"{file} opens what is encrypted for this recipient. It must not stay on the hub's machine.")
    tell({"file": str(file), "recipient": recipient}, recipient, as_json=as_json)
