"""`hub rebuild` and `hub prepare`: fold views anew beside those that are served, which answer until these are whole."""

import click

from events.acts import StewardAct
from hub.commands.archive import Archive, opened
from hub.commands.refusals import NotHere
from hub.commands.world import World, local_options, tell
from hub.views_files import VIEWS_FILE, views_files
from projections.boards.statements.clocks import load_clocks
from projections.preparing import Prepared, PreparingFailed
from projections.preparing import prepare as fold
from projections.shelves import Code

VIEWS = ("conflicts", "dossiers", "erasures", "graph", "identities", "search", "timeline")


@click.command(epilog="Example:  hub rebuild graph --data hub-data")
@click.argument("view", required=False, type=click.Choice(VIEWS))
@local_options
@click.pass_obj
def rebuild(world: World, view: str | None, data: str | None, store: str | None, as_json: bool) -> None:
    """Fold the views anew from the log; VIEW says which one is the reason, all are folded together.

    Readers are answered from the old views, whole, until the new ones are. A hub that runs on the folder exchanges
    them then; else the next start does.
    """
    with opened(world, data, store) as archive:
        for name in VIEWS if view is None else (view,):
            archive.note(StewardAct("views_rebuilt", subject=name))
        made = _prepare(archive)
    row = {"view": view or "all", "rebuild": "ready", "events": int(made.position)}
    after = "A hub that runs here exchanges them now" if made.is_current else "The next start takes them"
    tell(row, f"The views are folded anew, up to event {made.position}. {after}.", as_json=as_json)


@click.command(epilog="Example:  new/bin/hub prepare --data hub-data")
@local_options
@click.pass_obj
def prepare(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """Fold the views by this release, while an older one goes on serving from its own; then stop that, start this.

    The start takes what was prepared and folds what came since: seconds, whatever the size of the log.
    """
    with opened(world, data, store) as archive:
        made = _prepare(archive)
    row = {"prepared": str(made.file), "events": int(made.position), "same_code": made.is_current}
    said = f"The views of this release are ready, up to event {made.position}."
    more = (
        "They are those of the hub that runs as well: nothing needs to be prepared."
        if made.is_current
        else ""
    )
    tell(row, f"{said} {more or 'Stop the old hub and start the new one.'}", as_json=as_json)


def code_of(archive: Archive) -> Code:
    """Return what folds views from the log of a hub, as its hub does."""
    return Code(archive.registry, archive.store, None, load_clocks(archive.settings.reply_clocks))


def _prepare(archive: Archive) -> Prepared:
    archive.world.give_way()
    data = archive.settings.data
    first, files = data / VIEWS_FILE, views_files(data)
    try:
        return fold(code_of(archive), first, [one for one in files if one != first])
    except PreparingFailed as failed:
        raise NotHere(str(failed)) from failed
