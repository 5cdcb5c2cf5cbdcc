"""`hub witness`: who cosigns this hub's checkpoints, and whose this hub cosigns."""

import sys

import click

from events.acts import StewardAct
from events.notes import Signer, read_vkey
from hub.commands.archive import Archive, opened
from hub.commands.refusals import NotHere
from hub.commands.world import World, local_options, tell
from hub.cosigning import gather
from hub.keys import make_log_key


@click.group(
    epilog="Example:  hub witness ask https://partner.example/api/v1/witness --key VKEY --data hub-data"
)
def witness() -> None:
    """Have another partner's hub cosign this log's checkpoints, so that nobody can write its history anew; be one."""


@witness.command(epilog="Example:  hub witness key --data hub-data")
@local_options
@click.pass_obj
def key(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """Print this hub's keys: that of its log, for those who verify and witness it; that of it as a witness."""
    with opened(world, data, store) as archive:
        own = _signer(archive)
        row = {"log": own.key.text, "witness": own.witness_key.text}
    tell(row, f"log:     {row['log']}\nwitness: {row['witness']}", as_json=as_json)


@witness.command(
    epilog="Example:  hub witness ask https://partner.example/api/v1/witness --key VKEY --data hub-data"
)
@click.argument("address")
@click.option("--key", "said", required=True, metavar="VKEY", help="Of the witness: its `hub witness key`.")
@local_options
@click.pass_obj
def ask(world: World, address: str, said: str, data: str | None, store: str | None, as_json: bool) -> None:
    """Have the witness at ADDRESS cosign every checkpoint of this log from now on.

    ADDRESS is where the witness takes checkpoints, without /add-checkpoint: of a hub, its address and /api/v1/witness.
    """
    if not address.startswith(("http://", "https://")):
        raise click.UsageError("ADDRESS begins with http:// or https://.")
    with opened(world, data, store) as archive:
        one = read_vkey(said)
        is_new = archive.store.witness().ask(one, address.rstrip("/"))
        archive.note(StewardAct("witness_asked", subject=one.name))
    tell({"witness": one.name, "new": is_new}, f"{one.name} is asked from now on.", as_json=as_json)


@witness.command(epilog="Example:  hub witness watch VKEY --data hub-data")
@click.argument("said", metavar="VKEY")
@local_options
@click.pass_obj
def watch(world: World, said: str, data: str | None, store: str | None, as_json: bool) -> None:
    """Cosign the checkpoints of the log with the key VKEY, as long as each continues the one before."""
    with opened(world, data, store) as archive:
        one = read_vkey(said)
        is_new = archive.store.witness().watch(one)
        archive.note(StewardAct("log_watched", subject=one.name))
    tell({"log": one.name, "new": is_new}, f"{one.name} is watched from now on.", as_json=as_json)


@witness.command(epilog="Example:  hub witness drop solidarity-hub.example/witness/... --data hub-data")
@click.argument("name")
@local_options
@click.pass_obj
def drop(world: World, name: str, data: str | None, store: str | None, as_json: bool) -> None:
    """Ask the witness of this NAME no more. What it has cosigned stays."""
    with opened(world, data, store) as archive:
        if not archive.store.witness().drop(name):
            raise NotHere(f"No witness of this name is asked: {name}")
        archive.note(StewardAct("witness_dropped", subject=name))
    tell({"witness": name}, f"{name} is asked no more.", as_json=as_json)


@witness.command("list", epilog="Example:  hub witness list --data hub-data")
@local_options
@click.pass_obj
def list_(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """List the witnesses that are asked, and the logs that are watched with the last checkpoint cosigned of each."""
    with opened(world, data, store) as archive:
        known = archive.store.witness()
        for one, address in known.asked():
            tell(
                {"witness": one.name, "key": one.text, "address": address},
                f"asks    {one.name} at {address}",
                as_json=as_json,
            )
        for log in known.watched():
            tell(log, f"watches {log['origin']}, {log['size']} leaves\n{log['checkpoint']}", as_json=as_json)


@witness.command("send", epilog="Example:  hub witness send --data hub-data")
@local_options
@click.pass_obj
def send(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """Ask the witnesses now, as a hub that runs does by itself. Exit status 1 if one does not cosign."""
    with opened(world, data, store) as archive:
        asked = gather(archive.store.ledger(_signer(archive)), archive.store.witness())
    for one in asked:
        row = {"witness": one.name, "cosigned": one.is_cosigned, "said": one.said}
        tell(row, f"{one.name}: {one.said}", as_json=as_json)
    sys.exit(int(not all(one.is_cosigned for one in asked)))


def _signer(archive: Archive) -> Signer:
    settings = archive.settings
    return Signer(make_log_key(settings.data, archive.world.random, settings.keys))
