"""`hub backup` and `hub restore`: the log in one file, the keys of its personal fields in another."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click

from events.acts import StewardAct
from events.restoring import NotALog, Settled, copy_log
from events.vault import FILE, Vault
from events.vault_file import make_private
from hub.app import VIEWS_FILE
from hub.commands.archive import opened
from hub.commands.refusals import AlreadyThere, NotHere
from hub.commands.world import World, local_options, say, tell
from hub.keys import keys_folder, make_keys, make_vault_key, vault_key
from hub.settings import Settings

keys_file = click.option(
    "--vault", metavar="KEYSFILE", help="Also the keys of personal fields, in a file of their own."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hub's log and keys are."""

    settings: Settings

    @property
    def log(self) -> Path:
        """The file of the log.

        Raises:
            NotHere: it is in PostgreSQL.
        """
        url = urlsplit(self.settings.store_url)
        if url.scheme != "sqlite":
            raise NotHere("This log is in PostgreSQL: save and restore it with pg_dump and pg_restore.")
        return Path(url.path.removeprefix("/"))

    @property
    def vault(self) -> Path:
        """The file of the keys of personal fields."""
        return keys_folder(self.settings.data, self.settings.keys) / FILE


@click.command(epilog="Example:  hub backup /mnt/a/log.backup --vault /mnt/b/keys.backup --data hub-data")
@click.argument("file", type=click.Path(path_type=Path))
@keys_file
@local_options
@click.pass_obj
def backup(
    world: World, file: Path, vault: str | None, data: str | None, store: str | None, as_json: bool
) -> None:
    """Save the log in FILE, also while a hub runs; with --vault, the keys as well, in a file of their own.

    Keep the two apart, and keys for a shorter time: whoever has both and the key `vault.key` reads every personal
    field, and an old backup of keys still opens what was erased since. The log alone has no personal field.
    """
    with opened(world, data, store) as archive:
        place = Place(archive.settings)
        _refuse_if_there(file, *([] if vault is None else [Path(vault)]))
        archive.note(StewardAct("backup_made", detail={"keys": vault is not None}))
        # The log first: every key that it needs is older than it.
        _copy(place.log, file)
        if vault is not None:
            with _writing(Path(vault)):
                archive.store.backup_keys(Path(vault))
        row = {"log": str(file), "events": int(archive.store.head()), "vault": vault}
    say("The key of the keys, vault.key, is in neither file: keep it in a safe of its own.")
    tell(row, f"{file} holds {row['events']} events.", as_json=as_json)


@click.command(epilog="Example:  hub restore /mnt/a/log.backup --vault /mnt/b/keys.backup --data hub-data")
@click.argument("file", type=click.Path(path_type=Path))
@keys_file
@local_options
@click.pass_obj
def restore(
    world: World, file: Path, vault: str | None, data: str | None, store: str | None, as_json: bool
) -> None:
    """Put a saved log into a folder that has none; with --vault, its keys as well.

    Put `vault.key` into the folder of keys before. What was erased since the keys were saved is erased again. Tokens
    are not part of it: make new ones with `hub token add`.
    """
    place = Place(world.settings(data=data, store=store))
    _put_back(world, place, file, None if vault is None else Path(vault))
    with opened(world, data, store) as archive:
        settled = archive.store.settle_keys()
        archive.note(StewardAct("backup_restored", detail={"keys": vault is not None}))
        head = int(archive.store.head())
    say(_sentence(settled))
    row = {"log": str(place.log), "events": head, "erased_again": settled.destroyed, "gone": settled.missing}
    tell(row, f"{place.log} holds {head} events.", as_json=as_json)


def _put_back(world: World, place: Place, file: Path, vault: Path | None) -> None:
    settings = place.settings
    _refuse_if_there(place.log, *([] if vault is None else [place.vault]))
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if vault is None:
        make_vault_key(settings.data, world.random, settings.keys)
    else:
        _put_back_keys(vault, place.vault, vault_key(settings.data, settings.keys))
    _copy(file, place.log)
    for name in ("", "-wal", "-shm"):
        (settings.data / f"{VIEWS_FILE}{name}").unlink(missing_ok=True)
    make_keys(settings.data, world.random, settings.keys)


def _put_back_keys(saved: Path, vault: Path, key: bytes) -> None:
    if not saved.is_file():
        raise NotHere(f"There is no {saved}.")
    draft = vault.with_name(f"{FILE}.draft")
    draft.unlink(missing_ok=True)
    make_private(draft)
    try:
        draft.write_bytes(saved.read_bytes())
        Vault(draft, key).close()
        draft.rename(vault)
    finally:
        draft.unlink(missing_ok=True)


def _copy(log: Path, target: Path) -> None:
    try:
        with _writing(target):
            copy_log(log, target)
    except NotALog as odd:
        raise NotHere(f"{log}: {odd}") from odd


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise NotHere(f"{target} cannot be written: {fault.strerror}.") from fault


def _refuse_if_there(*files: Path) -> None:
    for file in files:
        if file.exists():
            raise AlreadyThere(f"{file} exists; nothing was changed.")


def _sentence(settled: Settled) -> str:
    again = f"{settled.destroyed} keys that were destroyed after they were saved are destroyed again. "
    gone = f"{settled.missing} personal fields cannot be opened: their keys are not here."
    return (again if settled.destroyed else "") + (
        gone if settled.missing else "Every key is here or was destroyed."
    )
