"""What a command may use of the world outside, and how it speaks: results to stdout, all else to stderr."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import click

from events.clock import Clock
from hub.settings import Settings, SettingsRefused

Json = Any
Command = Callable[..., Any]

_LOOPBACK = re.compile(r"127(\.\d{1,3}){3}")


def _stay() -> None:
    """Go on as before: what works in a process of others leaves their place alone."""


@dataclass(frozen=True, slots=True)
class World:
    """Clock, chance and environment, so that no command reaches for them by itself.

    Args:
        clock: the present moment.
        random: gives that many unpredictable bytes.
        pause: waits that many seconds.
        environ: the process environment.
        give_way: lets whoever serves on this machine go first, from now on; called by what works for long.
    """

    clock: Clock
    random: Callable[[int], bytes]
    pause: Callable[[float], None]
    environ: Mapping[str, str]
    give_way: Callable[[], object] = _stay

    def settings(self, **flags: object) -> Settings:
        """Return the settings by variables and flags; what does not fit ends the command with status 2."""
        try:
            return Settings.read(self.environ, flags)
        except SettingsRefused as refused:
            raise click.UsageError(str(refused)) from refused

    def fresh_id(self) -> str:
        """Return a new UUID of version 7: random, and in order of time."""
        milliseconds = int(self.clock().astimezone(UTC).timestamp() * 1000)
        bits = int.from_bytes(self.random(10), "big")
        number = (milliseconds & (1 << 48) - 1) << 80 | bits
        return str(UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62))


def say(sentence: str) -> None:
    """Tell the person at the terminal something that is not the result."""
    click.echo(sentence, err=True)


def warn_of_open_line(url: str) -> None:
    """Tell the person at the terminal if others may read what goes between here and a hub, the token included."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_private = host in {"localhost", "::1"} or host.endswith(".onion") or bool(_LOOPBACK.fullmatch(host))
    if parts.scheme == "http" and not is_private:
        say(
            f"Warning: the line to {host} is not encrypted. Others on the way can read all, and your token: use https."
        )


def tell(row: Json, text: str, *, as_json: bool) -> None:
    """Print one result: as a JSON object in one line, or as text for people."""
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else text)


def moment_text(moment: datetime | None) -> str | None:
    """Return a moment as RFC 3339 in UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def local_options(command: Command) -> Command:
    """Give a command the options by which it finds the hub's folder on this machine."""
    store = click.option(
        "--store", metavar="URL", help="The log: sqlite:///path or postgresql://...  [HUB_STORE]"
    )
    data = click.option("--data", metavar="DIR", help="The hub's folder.  [HUB_DATA; hub-data]")
    return data(store(keys_option(json_option(command))))


def keys_option(command: Command) -> Command:
    """Give a command the option `--keys`; it reaches the settings by itself."""
    meaning = "The folder of keys, if it is not in the hub's.  [HUB_KEYS; DATA/keys]"
    return click.option("--keys", metavar="DIR", help=meaning, expose_value=False, callback=_keep_keys)(
        command
    )


def _keep_keys(ctx: click.Context, _option: click.Parameter, said: str | None) -> None:
    if said is not None:
        world: World = ctx.obj
        ctx.obj = replace(world, environ={**world.environ, "HUB_KEYS": said})


def json_option(command: Command) -> Command:
    """Give a command the option `--json`."""
    meaning = "Print JSON: one object, or one a line for lists."
    return click.option("--json", "as_json", is_flag=True, help=meaning)(command)


def identity_option(meaning: str) -> Callable[[Command], Command]:
    """Return what gives a command the option `--identity`: files of secret keys that open a backup."""
    return click.option(
        "--identity",
        "identities",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path),
        help=meaning,
    )


def token_option(command: Command) -> Command:
    """Give a command the option `--token`."""
    return click.option("--token", metavar="T", help="Whose eyes.  [HUB_TOKEN]")(command)
