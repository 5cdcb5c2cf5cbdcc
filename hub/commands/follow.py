"""`hub follow`: prints the live feed."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from errno import EPIPE
from pathlib import Path

import click

from hub.client.answers import Turned
from hub.client.asking import pairs
from hub.client.course import NOW, SILENCE_SECONDS, Course, Feed
from hub.client.follow import Ways
from hub.client.follow import follow as following
from hub.client.lines import Output, StateInUse, alone, line_file, standard_output
from hub.client.messages import FeedMessage
from hub.commands.world import World, say, token_option, warn_of_open_line

IDLE_SECONDS = 0.1
MOST_UNSETTLED = 500
OF_TOKENS = frozenset({401, 403})
_GOES_ON = (
    "What has come is kept; the same command goes on behind it, with a token of the same partner that works."
)


@click.command(
    epilog="Example:  hub follow --from https://hub.example --type 'threat.*' --state cursor.txt --to feed.ndjson"
)
@click.option("--from", "url", metavar="URL", help="The hub.  [HUB_URL; http://127.0.0.1:8000]")
@token_option
@click.option(
    "--after", metavar="CURSOR|begin|now", help="Where to start; a cursor in --state comes first.  [now]"
)
@click.option("--type", "types", metavar="P", multiple=True, help="Only these types; threat.* is a pattern.")
@click.option("--country", "countries", metavar="C", multiple=True, help="Only what touches these countries.")
@click.option("--about", "abouts", metavar="REF", multiple=True, help="Only what touches these references.")
@click.option("--partner", "partners", metavar="SLUG", multiple=True, help="Only from these partners.")
@click.option("--urgency", "urgencies", metavar="U", multiple=True, help="Only of these urgencies.")
@click.option(
    "--state", type=click.Path(dir_okay=False), metavar="FILE", help="Remember the cursor here across runs."
)
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Append the messages to this file; with --state each stands there once, whatever happens.",
)
@click.option("--count", type=click.IntRange(1), metavar="N", help="Stop after N messages.")
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="Give up (status 3) if the hub was not reached by then.  [never]",
)
@click.option(
    "--silence",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    default=SILENCE_SECONDS,
    show_default=True,
    help="Take a connection for dead after that long without a word; a hub speaks every 15 s.",
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
    partners: tuple[str, ...],
    urgencies: tuple[str, ...],
    state: str | None,
    target: str | None,
    count: int | None,
    timeout: float | None,
    silence: float,
    as_json: bool,
) -> None:
    """Print the live feed, one JSON message a line, and go on until you press Ctrl-C.

    When the connection breaks, it is opened again where it broke off: nothing is missed, nothing comes twice. With
    --state the same holds across runs. If the messages go to a file (--to, or > and >>), a kill or a loss of power at
    any moment leaves each message there once: the end of the file is compared with the state, and a torn line is cut.
    If they go to a pipe, the last line before a kill may come again; its cursor tells. A token that is revoked or
    expires ends it with status 1; with --state, the same command and another token go on from there.
    """
    settings = world.settings(url=url, token=token)
    warn_of_open_line(settings.url)
    said = {"types": types, "countries": countries, "about": abouts}
    filters = pairs({**said, "partners": partners, "urgencies": urgencies})
    feed = Feed(settings.url, settings.token, filters, timeout, silence)
    with ExitStack() as opened:
        out = _output(opened, state, target)
        try:
            course = Course(feed, out.resume(after or NOW), lambda: int.from_bytes(world.random(4)) / 2**32)
            is_stopped = asyncio.run(_until_stopped(feed, course, out, count))
        except Turned as turned:
            if state is None or turned.status not in OF_TOKENS:
                raise
            raise Turned(turned.status, f"{turned} {_GOES_ON}") from turned
        except OSError as error:
            if error.errno == EPIPE:
                raise  # the reader has gone; click ends quietly
            raise click.ClickException(f"The messages cannot be written: {error.strerror}.") from error
    if is_stopped:
        say("Stopped.")


def _output(opened: ExitStack, state: str | None, target: str | None) -> Output:
    try:
        kept = None if state is None else opened.enter_context(alone(Path(state)))
        if target is None:
            return standard_output(sys.stdout.buffer, kept)
        return opened.enter_context(line_file(Path(target), kept))
    except StateInUse as taken:
        raise click.UsageError(str(taken)) from taken
    except OSError as error:
        raise click.UsageError(f"{error.filename}: {error.strerror}.") from error


async def _until_stopped(feed: Feed, course: Course, out: Output, count: int | None) -> bool:
    """Print until the count is reached, or a signal asks to stop: then return True.

    A signal cancels the task where it waits, and nowhere else: what a signal handler raises can be lost.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    asked: list[int] = []

    def note(number: int) -> None:
        if task is not None and not asked:
            task.cancel()
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, note, number)
    try:
        async with aclosing(following(feed, course, Ways(asyncio.sleep, say))) as messages:
            await _print_all(messages, out, count)
    except asyncio.CancelledError:
        if not asked:
            raise
    return bool(asked)


async def _print_all(messages: AsyncGenerator[FeedMessage, None], out: Output, count: int | None) -> None:
    unsettled = printed = 0
    coming = asyncio.ensure_future(anext(messages))
    try:
        while count is None or printed < count:
            idle = not (await asyncio.wait({coming}, timeout=IDLE_SECONDS))[0]
            if unsettled and (idle or unsettled >= MOST_UNSETTLED):
                out.settle()
                unsettled = 0
            message = await coming
            await out.write(message)
            unsettled, printed = unsettled + 1, printed + 1
            coming = asyncio.ensure_future(anext(messages)) if printed != count else coming
    finally:
        await _given_up(coming)
        out.settle()


async def _given_up(coming: "asyncio.Future[FeedMessage]") -> None:
    """Let go of a message that nobody waits for any more."""
    coming.cancel()
    await asyncio.wait({coming})
