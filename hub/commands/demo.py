"""`hub demo`: a hub to try, with stories loaded and somebody who keeps publishing."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread

import click

from hub import app, server
from hub.client.answers import Turned, Unreachable
from hub.client.door import Door, Patience
from hub.commands.archive import found, is_hub, opened
from hub.commands.world import World, json_option, say, tell
from hub.demo.simulator import Simulator
from hub.demo.stage import Pass, Stage, admit_all, passes, renew_tokens
from hub.demo.stories import stories
from hub.settings import Settings

DATA = ".hub-demo"
SEED = 2026


@click.command(epilog="Example:  hub demo --port 8000")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Where to listen; 0 takes a free one.  [HUB_PORT; 8000]"
)
@click.option(
    "--data", metavar="DIR", help="The demo's folder; made if it is missing.  [HUB_DATA; .hub-demo]"
)
@click.option("--quiet", is_flag=True, help="Print the ways in, and nothing of what happens.")
@click.option("--no-live", is_flag=True, help="Load the stories, and let nobody publish afterwards.")
@click.option(
    "--every",
    type=click.FloatRange(0.01),
    default=4.0,
    show_default=True,
    metavar="SECONDS",
    help="Pause between live events.",
)
@json_option
@click.pass_obj
def demo(
    world: World, port: int | None, data: str | None, quiet: bool, no_live: bool, every: float, as_json: bool
) -> None:
    """Run a hub with eight invented partners and twelve invented stories, until Ctrl-C.

    The stories go through the public API, as their partners would send them. Then a simulated partner publishes every
    few seconds. One token and one sign-in link for each role are printed. Start it again on the same folder and it goes
    on; tokens are new at each start.
    """
    settings = world.settings(port=port, data=data or world.environ.get("HUB_DATA") or DATA)
    whisper = (lambda _: None) if quiet else say
    # The port comes first: a demo that runs on it already goes on with its tokens.
    with closing(server.open_socket(settings)) as bound:
        bound.listen(server.BACKLOG)
        tokens, ways_in = _prepare(world, settings)

        def perform(address: str, ended: Event) -> None:
            at_once = Patience(0, world.pause, whisper)
            doors = {slug: Door(address, token, at_once) for slug, token in tokens.items()}
            stage = Stage(doors, whisper, ended)
            try:
                whisper(f"{stage.tell_all(stories())} new events loaded.")
                _show(address, ways_in, as_json=as_json)
                if not no_live:
                    run = str(int(world.clock().timestamp()))
                    stage.keep_publishing(Simulator(SEED, run, world.clock), every)
            except (Unreachable, Turned) as away:
                if not ended.is_set():
                    say(f"The stories could not be told: {away}")
            finally:
                stage.close()

        with _beside(perform) as ready:
            server.run(app.build(settings, world.clock, random=world.random), settings, ready, bound)


def _prepare(world: World, settings: Settings) -> tuple[dict[str, str], list[Pass]]:
    """Make what the demo needs, and new tokens: for the partners of the stories, and for whoever tries it."""
    if not is_hub(settings):
        found(world, settings)
    with opened(world, str(settings.data), None) as archive:
        admit_all(archive)
        return renew_tokens(archive), passes(archive)


@contextmanager
def _beside(perform: Callable[[str, Event], None]) -> Iterator[Callable[[str], None]]:
    """Give what starts `perform` in a thread once the address is known; the thread ends with the block."""
    ended = Event()
    threads: list[Thread] = []

    def ready(address: str) -> None:
        thread = Thread(target=perform, args=(address, ended), name="demo")
        threads.append(thread)
        thread.start()

    try:
        yield ready
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _show(address: str, ways_in: list[Pass], *, as_json: bool) -> None:
    rows = [one.as_json(address) for one in ways_in]
    lines = [
        f"The hub is at {address}",
        "",
        "Each link signs a browser in, once; each token is for programs.",
        "",
    ]
    for row in rows:
        lines += [f"{row['role']} ({row['partner']})", f"  {row['link']}", f"  {row['token']}"]
    lines += ["", f"hub follow --from {address} --token {rows[0]['token']} --after begin"]
    lines += ["Press Ctrl-C to end; start again and it goes on."]
    tell({"address": address, "accounts": rows}, "\n".join(lines), as_json=as_json)
    sys.stdout.flush()
