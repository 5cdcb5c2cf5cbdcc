"""`hub restore`: puts a backup into a new folder, after it was proven to be all that others have seen of the log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from events.acts import StewardAct
from events.moving import NotEmpty, holds_log, load_into_postgres
from events.notes import Signer
from events.restoring import Settled, begin_anew, begin_epoch, revoked_tokens
from events.vault import FILE as VAULT_FILE
from events.vault import Vault, WrongVaultKey
from events.vault_file import VaultUnavailable
from events.vault_moving import VaultTaken, check_keys, refuse_if_taken
from events.vault_moving import load_into_postgres as load_keys
from hub.backup import office, saving, unfinished
from hub.backup.age import Identity, identities_for
from hub.backup.files import settle_folder
from hub.backup.opening import open_into, opened_whole
from hub.backup.proving import Asking, Proof, prove
from hub.backup.refusals import BackupRefused
from hub.backup.scratch import scratch
from hub.commands.archive import assembled
from hub.commands.checks.reaching import refuse_unfinished
from hub.commands.kept import kept_checkpoint
from hub.commands.refusals import AlreadyThere, NotHere
from hub.commands.world import World, identity_option, local_options, say, tell
from hub.keys import LOG_KEY, keys_folder, make_keys, make_vault_key, vault_key
from hub.settings import Settings
from hub.views_files import VIEWS_FILE
from projections import generations


@dataclass(frozen=True, slots=True)
class Backup:
    """The files of a backup.

    Args:
        log: of the log.
        vault: of the keys of personal fields.
        accounts: of accounts and followers.
        identities: secret keys that may open them.
    """

    log: Path
    vault: Path | None
    accounts: Path | None
    identities: list[Identity]


@click.command(
    epilog="Example:  hub restore log.age --vault keys.age --accounts accounts.age --identity /media/stick/backup.key "
    "--witness https://partner.example/api/v1/witness --data new"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--vault", metavar="FILE", type=click.Path(path_type=Path), help="The keys of personal fields.")
@click.option("--accounts", metavar="FILE", type=click.Path(path_type=Path), help="Accounts and followers.")
@identity_option("Secret key that opens them; repeatable.  [FILE.key, if it is there]")
@click.option(
    "--checkpoint", metavar="FILE", type=click.Path(path_type=Path), help="A checkpoint that somebody kept."
)
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="URL",
    help="A witness to ask; without it and --checkpoint, those that the log names.",
)
@click.option("--witness-key", metavar="VKEY", help="Its key, if the log does not name it.")
@click.option("--accept-loss", is_flag=True, help="Put it back although it is not proven; that is recorded.")
@local_options
@click.pass_obj
def restore(
    world: World,
    file: Path,
    vault: Path | None,
    accounts: Path | None,
    identities: tuple[Path, ...],
    checkpoint: Path | None,
    witnesses: tuple[str, ...],
    witness_key: str | None,
    accept_loss: bool,
    data: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Put a saved log into a folder that has none, or into an empty database; its keys and accounts as well.

    Put the safe's copy of `vault.key` and the others into the folder of keys before. Every row is checked, and
    witnesses are asked whether they have seen more of this log. What was erased or revoked since the backup is erased
    and revoked again, as the log says.
    """
    settings = world.settings(data=data, store=store)
    files = [one for one in (file, vault, accounts) if one is not None]
    saved = Backup(file, vault, accounts, identities_for(identities, files))
    note = None if checkpoint is None else kept_checkpoint(checkpoint)
    asking = Asking(note, witnesses, witness_key, _log_key(settings))
    proof, tokens = _put_back(world, (settings, saved), asking, accept_loss=accept_loss)
    again = 0
    if accounts is not None:
        again = office.revoke_again(settings, tokens, world.clock().timestamp())
    with assembled(world, settings) as archive:
        settled = archive.store.settle_keys()
        detail = {"keys": vault is not None, "accounts": accounts is not None}
        loss = {} if proof.is_proven else {"accepted_loss": proof.as_json()}
        archive.note(StewardAct("backup_restored", detail={**detail, **loss}))
        head = int(archive.store.head())
    unfinished.end(settings.data)
    for sentence in (*proof.remarks, *_sentences(settled, again, proof, settings)):
        say(sentence)
    row = {"log": _place(settings), "events": head, "proven": proof.is_proven, "closings": proof.size}
    row |= {"erased_again": settled.destroyed, "gone": settled.missing, "revoked_again": again, **loss}
    tell(row, f"{_place(settings)} holds {head} events.", as_json=as_json)


def _put_back(
    world: World, where: tuple[Settings, Backup], asking: Asking, *, accept_loss: bool
) -> tuple[Proof, set[str]]:
    settings, saved = where
    refuse_unfinished(settings)
    _refuse_if_there(settings, saved)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys_folder(settings.data, settings.keys).mkdir(mode=0o700, parents=True, exist_ok=True)
    with _disk(settings.data), scratch(_beside(settings)) as folder, _keys(settings, saved) as put_keys:
        draft, people = folder / "log.sqlite", folder / "office"
        open_into(saved.log, draft, saved.identities)
        _open_office(saved, people)
        proof = prove(draft, asking)
        if not proof.is_proven and not accept_loss:
            raise proof.refusal()
        tokens = revoked_tokens(draft)
        begin_epoch(draft)
        # From here on nothing is doubtful but the disk.
        unfinished.begin(settings.data)
        if proof.is_other:
            begin_anew(draft)
            _set_key_aside(settings, proof)
        if put_keys is None:
            make_vault_key(settings.data, world.random, settings.keys)
        else:
            put_keys()
        office.put_back(settings, people)
        _put_back_log(settings, draft)
    generations.remove(settings.data / VIEWS_FILE)
    make_keys(settings.data, world.random, settings.keys)
    return proof, tokens


def _open_office(saved: Backup, folder: Path) -> None:
    folder.mkdir()
    if saved.accounts is not None:
        packed = folder.with_suffix(".tar")
        open_into(saved.accounts, packed, saved.identities)
        with packed.open("rb") as archive:
            saving.unpack_office(archive, folder)


@contextmanager
def _keys(settings: Settings, saved: Backup) -> Iterator[Callable[[], object] | None]:
    """Open saved keys, which `vault.key` must open; give what puts them to where the hub keeps them."""
    if saved.vault is None:
        yield None
        return
    key = vault_key(settings.data, settings.keys)
    if settings.vault:
        content = opened_whole(saved.vault, saved.identities)
        try:
            refuse_if_taken(settings.vault, key)
            _check_keys(saved.vault, content, key)
            yield lambda: load_keys(content, settings.vault, key)
        except VaultTaken as taken:
            raise AlreadyThere(str(taken)) from taken
        return
    draft = _vault_file(settings).with_name(f"{VAULT_FILE}.draft")
    generations.remove(draft)
    try:
        open_into(saved.vault, draft, saved.identities)
        _check_keys(saved.vault, draft.read_bytes(), key)
        Vault(draft, key).close()
        yield lambda: draft.rename(_vault_file(settings))
        settle_folder(draft.parent)
    finally:
        generations.remove(draft)


def _check_keys(file: Path, content: bytes, key: bytes) -> None:
    """Refuse what are no keys: a log by mistake would open as a store of none, and no personal field ever after."""
    try:
        check_keys(content, key)
    except WrongVaultKey:
        raise
    except VaultUnavailable as odd:
        raise BackupRefused(
            f"{file} is no backup of keys, or is damaged. Nothing was put back: give --vault the file of the keys."
        ) from odd


def _vault_file(settings: Settings) -> Path:
    return keys_folder(settings.data, settings.keys) / VAULT_FILE


def _put_back_log(settings: Settings, draft: Path) -> None:
    target = settings.log_file
    if target is None:
        try:
            load_into_postgres(draft, settings.store_url)
        except NotEmpty as taken:
            raise AlreadyThere(str(taken)) from taken
        return
    draft.rename(target)
    settle_folder(target.parent)


def _set_key_aside(settings: Settings, proof: Proof) -> None:
    """Let the log have a new key: under the old one it would contradict what others have seen."""
    key = keys_folder(settings.data, settings.keys) / LOG_KEY
    with suppress(FileNotFoundError):
        key.rename(key.with_name(f"{LOG_KEY}.until-{proof.size}"))


def _refuse_if_there(settings: Settings, saved: Backup) -> None:
    log = settings.log_file
    files = [] if log is None else [log]
    if log is None and holds_log(settings.store_url):
        raise AlreadyThere(str(NotEmpty()))
    if saved.accounts is not None and settings.data.is_dir() and office.is_taken(settings):
        raise AlreadyThere("There are accounts already; nothing was changed. Restore into a new folder.")
    files += [] if saved.vault is None or settings.vault else [_vault_file(settings)]
    for file in files:
        if file.exists():
            raise AlreadyThere(f"{file} exists; nothing was changed. Restore into a new folder.")


def _beside(settings: Settings) -> Path:
    """Return the folder to which the log goes: a draft elsewhere could not become it by a rename."""
    log = settings.log_file
    return settings.data if log is None else log.parent


def _place(settings: Settings) -> str:
    return str(settings.log_file or "The database")


def _log_key(settings: Settings) -> str | None:
    file = keys_folder(settings.data, settings.keys) / LOG_KEY
    return Signer(file.read_bytes()).key.text if file.is_file() else None


def _sentences(settled: Settled, again: int, proof: Proof, settings: Settings) -> Iterator[str]:
    if settled.destroyed:
        yield f"{settled.destroyed} keys that were destroyed after they were saved are destroyed again."
    if settled.missing:
        yield f"{settled.missing} personal fields cannot be opened: their keys are not here."
    else:
        yield "Every key is here or was destroyed."
    if again:
        yield f"{again} tokens that were revoked after they were saved are revoked again."
    if proof.is_other:
        yield (
            f"The log begins its evidence anew, under a new key; the old one is {LOG_KEY}.until-{proof.size}. Give the "
            "new key (`hub witness key`) to your witnesses and to whoever verifies."
        )
    if not proof.is_proven:
        since = proof.until or "the beginning"
        yield f"LOSS ACCEPTED AND RECORDED. Have partners push again what they have published since {since}."
        yield (
            f"Whoever was erased, and any token that was revoked, since {since} IS THERE AGAIN: erase and revoke once "
            "more what you know of, before this hub serves."
        )


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise NotHere(
            f"{folder} cannot be written: {fault.strerror}. Nothing is lost: take another folder."
        ) from fault
