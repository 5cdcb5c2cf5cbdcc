"""What the operator does beside a running hub: `hub init`, `hub rebuild`, `hub serve`."""

import sys

import click

from events.acts import StewardAct
from hub import app, server
from hub.commands.archive import found, opened, token_row
from hub.commands.world import World, json_option, keys_option, local_options, say, tell
from hub.keys import cursor_key
from projections.tail import request_rebuild

VIEWS = ("conflicts", "dossiers", "erasures", "graph", "identities", "search", "timeline")


@click.command(epilog="Example:  hub init --data hub-data")
@local_options
@click.pass_obj
def init(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """Make a hub in an empty folder: keys, log, and the first steward's token, which is printed this once."""
    settings = world.settings(data=data, store=store)
    account, token = found(world, settings)
    row = {
        **token_row(account, token),
        "data": str(settings.data),
        "store": settings.store_url.rpartition("@")[2],
    }
    say(
        f"{settings.data} is a hub now. Keep the token; it is not shown again. Next: hub serve --data {settings.data}"
    )
    tell(row, token, as_json=as_json)


@click.command(epilog="Example:  hub serve --data hub-data --port 8000")
@click.option("--host", metavar="ADDRESS", help="Where to listen.  [HUB_HOST; 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Where to listen; 0 takes a free one.  [HUB_PORT; 8000]"
)
@click.option("--data", metavar="DIR", help="The hub's folder.  [HUB_DATA; hub-data]")
@click.option("--store", metavar="URL", help="The log: sqlite:///path or postgresql://...  [HUB_STORE]")
@keys_option
@click.option("--bus", metavar="URL", help="A bus between hubs (nats://...).  [HUB_BUS]")
@click.option("--workers", type=click.IntRange(1), help="How many processes serve.  [HUB_WORKERS; 1]")
@json_option
@click.pass_obj
def serve(
    world: World,
    host: str | None,
    port: int | None,
    data: str | None,
    store: str | None,
    bus: str | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Run the hub until Ctrl-C; its address is printed once it listens."""
    flags = {"host": host, "port": port, "data": data, "store": store, "bus": bus, "workers": workers}
    settings = world.settings(**flags).for_serving()
    cursor_key(settings.data, settings.keys)

    def ready(address: str) -> None:
        tell({"address": address}, address, as_json=as_json)
        sys.stdout.flush()

    server.run(app.build(settings, world.clock, random=world.random), settings, ready)


@click.command(epilog="Example:  hub rebuild graph --data hub-data")
@click.argument("view", required=False, type=click.Choice(VIEWS))
@local_options
@click.pass_obj
def rebuild(world: World, view: str | None, data: str | None, store: str | None, as_json: bool) -> None:
    """Have VIEW, or every view, folded anew from the log.

    A hub that runs on the folder begins within a second; else the next start does it.
    """
    with opened(world, data, store) as archive:
        for name in VIEWS if view is None else (view,):
            archive.note(StewardAct("views_rebuilt", subject=name))
            request_rebuild(archive.settings.data / app.VIEWS_FILE, name)
            tell({"view": name, "rebuild": "requested"}, f"{name} will be folded anew.", as_json=as_json)
