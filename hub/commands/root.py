"""The command `hub`: the list of its commands, and the exit status of what goes wrong."""

import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import click

from hub.commands.world import World, say

REFUSED, WRONG_USE, UNREACHABLE = 1, 2, 3
_WHOSE = "Commands run as the user of the hub, who must own its folders; `hub doctor` looks at them and at the disk."
_LOOK = "`hub doctor` looks at the hub's databases and their disks."

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "demo": "demo",
        "serve": "operator",
        "init": "operator",
        "partner": "partners",
        "token": "tokens",
        "validate": "validate",
        "push": "push",
        "follow": "follow",
        "verify-event": "verify_event",
        "types": "catalogue",
        "schema": "catalogue",
        "example": "catalogue",
        "identity": "identity",
        "export": "export",
        "rebuild": "rebuild",
        "prepare": "rebuild",
        "views": "views",
        "backup": "backup",
        "backup-key": "backup",
        "restore": "restore",
        "erase": "erase",
        "erasures": "erase",
        "verify": "verify",
        "witness": "witness",
        "peer": "peer",
        "doctor": "doctor",
    }
)
"""Each command, in the order of `hub --help`, and its module, which is loaded when the command is called."""

OF_PARTNERS = frozenset({"push", "follow", "export", "validate", "verify-event"})
"""Commands for machines that have no hub."""


class HubGroup(click.Group):
    """Ends what goes wrong with a sentence and the promised exit status instead of a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"hub.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # who reads has gone: click ends quietly
        except tuple(statuses()) as error:
            for sentence in _sentences(error, "" if ctx.invoked_subcommand in OF_PARTNERS else f" {_WHOSE}"):
                say(f"Error: {sentence}")
            sys.exit(next(status for kind, status in statuses().items() if isinstance(error, kind)))


def statuses() -> dict[type[Exception], int]:
    """Return the exit status of each error that a command may end with."""
    # Imported here: by now they are loaded if the command knows them, and else they cost seconds.
    import sqlite3

    from events.notes import NoteRefused
    from events.signatures import KeyRefused
    from events.submission import EventRefused, StoreBusy, StoreUnavailable
    from hub.accounts import GrantRefused
    from hub.backup.refusals import BackupRefused
    from hub.client.answers import Turned, Unreachable
    from hub.client.outbox import OutboxRefused
    from hub.commands.refusals import (
        AlreadyThere,
        NoSuchPartner,
        NoSuchToken,
        NotHere,
        NothingNamed,
        ViewsRefused,
    )
    from hub.keys import HubNotInitialised
    from hub.settings import SettingsRefused

    return {
        EventRefused: REFUSED,
        AlreadyThere: REFUSED,
        NoSuchPartner: REFUSED,
        NoSuchToken: REFUSED,
        NothingNamed: REFUSED,
        NotHere: REFUSED,
        BackupRefused: REFUSED,
        ViewsRefused: REFUSED,
        Turned: REFUSED,
        OutboxRefused: REFUSED,
        GrantRefused: WRONG_USE,
        KeyRefused: WRONG_USE,
        NoteRefused: WRONG_USE,
        HubNotInitialised: WRONG_USE,
        SettingsRefused: WRONG_USE,
        Unreachable: UNREACHABLE,
        StoreBusy: UNREACHABLE,
        StoreUnavailable: UNREACHABLE,
        sqlite3.Error: UNREACHABLE,
        OSError: REFUSED,
    }


def _sentences(error: Exception, whose: str) -> list[str]:
    from events.submission import StoreUnavailable
    from hub.client.outbox import OutboxRefused

    if isinstance(error, OutboxRefused):  # a partner's: nothing of the hub's machine is at fault
        return [str(error)]
    problems = getattr(error, "problems", ())
    if problems:
        return [f"{one.pointer}: {one.detail}{f' ({one.hint})' if one.hint else ''}" for one in problems]
    if isinstance(error, OSError) and error.strerror:
        return [f"{error.filename or 'A file or connection'}: {error.strerror}.{whose}"]
    if "sqlite3" in type(error).__module__ or "sqlite3" in type(error.__cause__).__module__:
        return [f"A database of the hub does not open, or takes nothing: {str(error).rstrip('.')}.{whose}"]
    if isinstance(error, StoreUnavailable):
        return [f"{str(error).rstrip('.')}. {_LOOK}"]
    return [str(error) or str(type(error).__doc__)]


@click.command(
    "hub",
    cls=HubGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example:  hub demo",
)
@click.version_option(package_name="solidarity-hub")
@click.pass_obj
def hub(world: World) -> None:
    """Stand by lawyers under threat, together: publish events, follow them live, run a hub.

    Settings may be flags or variables of the same name (HUB_DATA, HUB_STORE, HUB_URL, HUB_TOKEN, ...). Exit status: 0
    done, 1 something was refused, 2 wrong use, 3 the hub could not be reached.
    """
    world.settings()
