"""`hub erase` and `hub erasures`: has the hub forget a person, and shows which partners still have to."""

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from events.acts import StewardAct
from events.audience import Reader
from events.erasure import Plan, pages_of, plan, proof
from events.event import Position
from events.read_only import read_only
from events.seals import Seals
from events.submission import STEWARDS
from hub.commands.archive import Archive, opened
from hub.commands.refusals import NothingNamed
from hub.commands.world import World, local_options, moment_text, say, tell
from hub.presence import alone
from hub.views_files import VIEWS_FILE, throw_away
from projections.erasures import ANSWER, list_erasures
from projections.generations import in_use
from projections.scrubbing import is_unclean

Json = Any

FORGET_SECONDS = 60
LOOK_SECONDS = 0.2

PENDING = "A hub runs here, but has not forgotten yet: look at `hub doctor`, then at `hub rebuild`."


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for.

    Args:
        reference: whom or what to erase.
        with_same: also what was judged the same.
        request: `id` of the withdrawal or order behind it.
    """

    reference: str
    with_same: bool
    request: str | None


@click.command(epilog="Example:  hub erase lawyer:harbour-bar-watch.0042 --dry-run")
@click.argument("reference", metavar="REF")
@click.option("--with-same", is_flag=True, help="Also erase what was judged to be the same person or thing.")
@click.option(
    "--request", metavar="ID", help="The withdrawal or order that asks for it.  [the newest there is]"
)
@click.option("--dry-run", is_flag=True, help="Show what would go; erase nothing.")
@click.option("--yes", is_flag=True, help="Do not ask, even at a terminal.")
@local_options
@click.pass_obj
def erase(
    world: World,
    reference: str,
    with_same: bool,
    request: str | None,
    dry_run: bool,
    yes: bool,
    data: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Destroy for ever what the hub holds about REF: keys, then all that the views remember.

    What several persons share stays and is listed. At a terminal it asks first. Exit status 1 if nothing names REF.
    """
    wish = Wish(reference, with_same, request)
    with opened(world, data, store) as archive:
        plans = _plans(archive, wish)
        if dry_run:
            tell(_row(plans, "dry_run", ()), "\n".join(_told(plans, "Would destroy")), as_json=as_json)
            return
        if not yes and not as_json and sys.stdin.isatty():
            say("\n".join(_told(plans, "About to destroy")))
            click.confirm("This cannot be undone. Go on?", abort=True, err=True)
        row = _carry_out(archive, wish, plans)
    tell(row, "\n".join([*_told(plans, "Destroyed"), *_ask(row)]), as_json=as_json)
    if row["views"] == "pending":
        say(PENDING)
        sys.exit(1)


@click.command(epilog="Example:  hub erasures --overdue")
@click.option("--overdue", is_flag=True, help="Only those that a partner should have answered by now.")
@local_options
@click.pass_obj
def erasures(world: World, overdue: bool, data: str | None, store: str | None, as_json: bool) -> None:
    """List what was erased, newest first, and which partners have not said that their copies are gone."""
    with opened(world, data, store) as archive, TemporaryDirectory(prefix="hub-") as folder:
        eyes = Reader(STEWARDS, clearance="red")
        file = Path(folder) / VIEWS_FILE
        found = list_erasures(archive.registry, archive.store, file, eyes, world.clock(), overdue=overdue)
        for one in found:
            waiting = f"waiting for {', '.join(one['missing'])}" if one["missing"] else "all have answered"
            late = ", overdue" if one["overdue"] else ""
            text = f"{one['executed']}  {one['subject']}  {waiting}, due {one['due']}{late}"
            tell(one, text, as_json=as_json)


def _plans(archive: Archive, wish: Wish) -> list[Plan]:
    """Find what goes, for the reference itself first.

    Raises:
        NothingNamed: no event names it, and it has no key.
    """
    seals, pages = Seals(archive.registry), pages_of(archive.store.read)

    def look(reference: str, also: Sequence[str] = ()) -> Plan:
        return plan(pages, seals, archive.store.keys(), reference, also)

    first = look(wish.reference)
    if not first.events and not first.keys:
        raise NothingNamed
    if not wish.with_same or not first.same:
        return [first]
    both = [wish.reference, *first.same]
    return [look(one, both) for one in both]


def _carry_out(archive: Archive, wish: Wish, plans: Sequence[Plan]) -> Json:
    """Record each erasure, which destroys its keys, then see to the views."""
    wanted = [one for one in plans if not one.is_done]
    if not wanted:
        return _row(plans, "already_erased", (), _see_to_views(archive, archive.store.head()))
    requests = (wish.request, *(one.request for one in plans))
    request = next((one for one in requests if one is not None), None) or archive.world.fresh_id()
    archive.note(StewardAct("erase_requested", subject=wish.reference, detail={"request": request}))
    ids = [event_id for one in wanted for event_id in _record(archive, one, request)]
    row = _row(plans, "erased", ids, _see_to_views(archive, archive.store.head()), request)
    return {**row, "to_acknowledge": _asked(archive, plans[0].partners)}


def _asked(archive: Archive, partners: Sequence[str]) -> list[str]:
    """Return the partners that can and must say that their copies are gone."""
    known = ((slug, archive.store.rights(slug)) for slug in partners)
    return [slug for slug, rights in known if rights is not None and rights.may_read and rights.may_write]


def _record(archive: Archive, one: Plan, request: str) -> Iterator[str]:
    for kids in one.portions:
        said = proof(one.reference, kids, request)
        moment = moment_text(archive.world.clock())
        yield archive.publish("erasure.executed", {**said, "executed_on": moment}).id


def _see_to_views(archive: Archive, position: Position) -> str:
    """Have the views forget: wait until the hub that runs here has, or throw the file away if none does."""
    folder = archive.settings.data
    with alone(folder) as is_alone:
        if is_alone:
            # They are folded anew at the next start, from a log that can no longer be opened there.
            throw_away(folder, only_idle=False)
            return "deleted"
    for _ in range(int(FORGET_SECONDS / LOOK_SECONDS)):
        if all(_have_forgotten(in_use(file), position) for file in throw_away(folder, only_idle=True)):
            return "forgotten"
        archive.world.pause(LOOK_SECONDS)
    return "pending"


def _have_forgotten(files: Sequence[Path], position: int) -> bool:
    return bool(files) and all(_has_forgotten(file, position) for file in files)


def _has_forgotten(file: Path, position: int) -> bool:
    try:
        with closing(read_only(file)) as db:
            (least,) = db.execute("SELECT min(position) FROM tail_positions").fetchone()
            return least is not None and least >= position and not is_unclean(db)
    except sqlite3.OperationalError:
        return False


def _row(
    plans: Sequence[Plan],
    status: str,
    ids: Sequence[str],
    views: str | None = None,
    request: str | None = None,
) -> Json:
    return {
        "reference": plans[0].reference,
        "status": status,
        "request": request or plans[0].request,
        "events": list(ids),
        "erased": [
            {
                "reference": one.reference,
                "events": one.events,
                "keys": len(one.keys),
                "kids_destroyed": list(one.kids),
                "publishers": sorted({key.publisher for key in one.keys}),
            }
            for one in plans
        ],
        "undecided": [
            {"subject": shared.subject, "persons": list(shared.persons), "kids": list(shared.kids)}
            for shared in dict.fromkeys(shared for one in plans for shared in one.shared)
        ],
        "same": [one for one in plans[0].same if one not in {each.reference for each in plans}],
        "to_acknowledge": [],
        "within_days": ANSWER.days,
        "views": views,
    }


def _told(plans: Sequence[Plan], verb: str) -> Iterator[str]:
    for one in plans:
        publishers = sorted({key.publisher for key in one.keys})
        whose = f", in the events of {', '.join(publishers)}" if publishers else ""
        if one.is_done:
            yield f"{one.reference} was erased before, and nothing has come since."
        else:
            yield f"{verb}: {len(one.keys)} keys of {one.reference}{whose}; {one.events} events name it."
        yield from (f"  key {kid}" for kid in one.kids)
    for shared in dict.fromkeys(shared for one in plans for shared in one.shared):
        others = ", ".join(shared.persons) or "nobody by reference"
        yield (
            f"Left, for the stewards to decide: what is sealed for {shared.subject}; it also names {others}."
        )
    left = [one for one in plans[0].same if one not in {each.reference for each in plans}]
    if left:
        yield f"Judged the same, and left: {', '.join(left)} (--with-same erases them as well)."


def _ask(row: Json) -> Iterator[str]:
    if row["status"] == "erased" and row["to_acknowledge"]:
        asked = ", ".join(row["to_acknowledge"])
        yield (
            f"Within {row['within_days']} days these must destroy their own copies and publish erasure.executed "
            f"with the role recipient_ack: {asked}. `hub erasures --overdue` shows who has not."
        )
    if row["views"] == "deleted":
        yield "No hub runs here: the views were thrown away, and the next start folds them anew."
    if row["views"] == "forgotten":
        yield "The hub that runs here has forgotten."
    yield "Backups and files that people exported keep what they held: destroy those too."
