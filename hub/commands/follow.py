"""`hub follow`: prints the live feed."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from hub.client.follow import Feed, Follower, cursor_of, read_state, write_state
from hub.commands.world import World, say, token_option


@click.command(
    epilog="Example:  hub follow --from https://hub.example --type 'threat.*' --country QM --state cursor.txt"
)
@click.option("--from", "url", metavar="URL", help="The hub.  [HUB_URL; http://127.0.0.1:8000]")
@token_option
@click.option(
    "--after", metavar="CURSOR|begin|now", help="Where to start; a cursor in --state comes first.  [now]"
)
@click.option("--type", "types", metavar="P", multiple=True, help="Only these types; threat.* is a pattern.")
@click.option("--country", "countries", metavar="C", multiple=True, help="Only what touches these countries.")
@click.option("--about", "abouts", metavar="REF", multiple=True, help="Only what touches these references.")
@click.option(
    "--state", type=click.Path(dir_okay=False), metavar="FILE", help="Remember the cursor here across runs."
)
@click.option("--count", type=click.IntRange(1), metavar="N", help="Stop after N messages.")
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Give up (status 3) if the hub was not reached by then.  [never]",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Does nothing: messages are JSON, one a line, in any case."
)
@click.pass_obj
def follow(
    world: World,
    url: str | None,
    token: str | None,
    after: str | None,
    types: tuple[str, ...],
    countries: tuple[str, ...],
    abouts: tuple[str, ...],
    state: str | None,
    count: int | None,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Print the live feed, one JSON message a line, and go on until you press Ctrl-C.

    When the connection breaks, it is opened again where it broke off: nothing is missed. With --state each message is
    remembered after it was printed, so after a kill the last one may come twice, and none is lost.
    """
    settings = world.settings(url=url, token=token)
    wanted = (("type", types), ("country", countries), ("about", abouts))
    filters = [(name, value) for name, values in wanted for value in values]
    file = None if state is None else Path(state)
    start = (file and read_state(file)) or after or "now"
    follower = Follower(Feed(settings.url, settings.token, filters, timeout), start, world.pause, say)
    with _stopping(follower.stop) as asked:
        try:
            _print_all(follower, file, count)
        except KeyboardInterrupt:
            asked.append(signal.SIGINT)
    if asked:
        say("Stopped.")


@contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[list[int]]:
    """Call `stop` at Ctrl-C and when the system asks to end; what was asked is kept in the list."""
    asked: list[int] = []

    def note(number: int, _: object) -> None:
        asked.append(number)
        stop()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_all(follower: Follower, file: Path | None, count: int | None) -> None:
    for number, text in enumerate(follower.messages(), 1):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        cursor = cursor_of(text)
        if file is not None and cursor is not None:
            write_state(file, cursor)
        if number == count:
            return
