"""What the operator does beside a running hub: `hub init`, `hub serve`."""

import sys
from collections.abc import Callable

import click

from hub import app, server
from hub.commands.archive import found, token_row
from hub.commands.checks.reaching import refuse_unreachable
from hub.commands.world import World, json_option, keys_option, local_options, say, tell
from hub.crew import Crew
from hub.keys import cursor_key
from hub.observing.supervisor import notifier
from hub.observing.tracing import open_tracer


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
        f"{settings.data} is a hub now. Keep the token; it is not shown again. Next: hub serve --data {settings.data}, "
        "or start its service."
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
@click.option(
    "--edge", is_flag=True, default=None, help="Serve only what is clear, from the bus.  [HUB_EDGE]"
)
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
    edge: bool | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Run the hub until Ctrl-C; its address is printed once it listens."""
    flags = {"host": host, "port": port, "data": data, "store": store, "bus": bus, "workers": workers}
    settings = world.settings(**flags, edge=edge).for_serving()
    if not settings.edge:
        # Here, where it can be said: a server that fails later shows no path and no message.
        refuse_unreachable(settings)
        cursor_key(settings.data, settings.keys)
    bound = server.open_socket(settings)

    def ready(address: str) -> None:
        tell({"address": address}, address, as_json=as_json)
        sys.stdout.flush()

    def work(on_ready: Callable[[str], None]) -> None:
        # Here, in the process that serves: what it starts would not survive a fork.
        tracer = open_tracer(world.environ)
        built = app.build(settings, world.clock, random=world.random, tracer=tracer)
        server.run(built, settings, on_ready, bound, notifier(world.environ))

    if settings.workers == 1:
        work(ready)
        return
    address = server.address_of(bound)
    crew = Crew(settings.workers, lambda serves: work(lambda _: serves()), lambda: ready(address), say)
    sys.exit(crew.run(settings.drain_seconds + server.LEAVES_WITHIN_SECONDS))
