"""The hub's folder: who may read it, whether its files are sound, how far the views are."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from events.acts import ACTED_STEM
from events.notes import Signer
from events.read_only import read_only
from hub.accounts import FILE as ACCOUNTS_FILE
from hub.commands.archive import Archive
from hub.commands.checks.databases import databases, look_at_keys
from hub.commands.checks.finding import Finding, fine, judged
from hub.commands.checks.reaching import refuse_unreachable
from hub.commands.checks.recorded import moments_of
from hub.commands.refusals import NotHere
from hub.commands.world import World
from hub.key_checks import changed_keys
from hub.keys import LOG_KEY, keys_folder
from hub.office_checks import Watcher
from hub.settings import Settings
from hub.views_files import views_files
from projections.generations import in_use

OTHERS = 0o077
BACKUP_WITHIN = timedelta(days=8)


def reach(settings: Settings) -> Finding:
    """Look whether the user of this command may use what the hub needs; if not, nothing else can be seen."""
    try:
        refuse_unreachable(settings)
    except NotHere as closed:
        said, _, advice = str(closed).partition(". ")
        return Finding("reach", "bad", said, advice)
    return fine("reach", "all can be read and written")


def secrecy(settings: Settings) -> Finding:
    """Look whether others on this machine may read keys or accounts."""
    keys = keys_folder(settings.data, settings.keys)
    kept = [one for one in (settings.data / ACCOUNTS_FILE, keys, *keys.iterdir()) if one.exists()]
    open_ones = [one.name for one in kept if one.stat().st_mode & OTHERS]
    faults = ["others on this machine may read: " + ", ".join(open_ones)] if open_ones else []
    return judged(
        "secrecy", faults, "for the owner alone", "chmod go= each of them, and ask who could read it."
    )


def vault(archive: Archive, world: World) -> Finding:
    """Look whether every key of personal fields opens."""
    found = look_at_keys(archive.settings, world)
    if found.damaged:
        said = f"{found.damaged} keys of personal fields do not open: restore a backup of them"
        return Finding("vault", "bad", said, "See `hub restore`; what they sealed cannot be read until then.")
    return fine("vault", f"{found.living} keys of personal fields open, {found.destroyed} are destroyed")


def custody(archive: Archive, world: World) -> Finding:
    """Look whether keys are apart from the log, sign it, and are backed up."""
    settings = archive.settings
    keys = keys_folder(settings.data, settings.keys)
    faults = []
    if settings.data.stat().st_dev == keys.stat().st_dev:
        faults.append("warning: keys are on the same disk as the log: who takes it reads all")
    if (keys / LOG_KEY).exists():
        own = Signer((keys / LOG_KEY).read_bytes()).key.text
        signed = archive.store.ledger().key()
        if signed is not None and signed != own:
            faults.append(f"{LOG_KEY} is not the key that this log is signed with")
    else:
        faults.append(f"{LOG_KEY} is missing: nothing is signed")
    newest = max(moments_of(settings, ACTED_STEM, ("action", "backup_made")), default=None)
    faults += _stale(newest, world.clock())
    advice = "Keep keys on another disk (HUB_KEYS); run `hub backup` by its timer; see docs/backup.md."
    return judged("custody", faults, f"keys are apart; last backup {newest}", advice, "warn")


def _stale(newest: datetime | None, now: datetime) -> list[str]:
    if newest is None:
        return ["no backup was ever made"]
    return [f"the last backup is of {newest:%Y-%m-%d}"] if now - newest > BACKUP_WITHIN else []


def files(settings: Settings) -> Finding:
    """Look whether every database file is sound."""
    broken, shut = [], []
    for one in databases(settings):
        try:
            if not _is_sound(one):
                broken.append(one.name)
        except sqlite3.OperationalError as why:
            shut.append(f"{one.name} does not open now ({why})")
    if shut:
        # Of a full disk SQLite says the same as of a broken one: nothing is to be restored for that.
        advice = "Make room and see that the disk takes writes, then look again; only if it stays so: `hub restore`."
        return Finding("files", "bad", "; ".join(shut), advice)
    faults = ["broken: " + ", ".join(broken)] if broken else []
    faults += changed_keys(settings.data, settings.keys)
    advice = "A broken views.sqlite may be deleted; anything else comes back by `hub restore`."
    return judged("files", faults, "every database is sound", advice)


def _is_sound(file: Path) -> bool:
    try:
        with closing(read_only(file)) as db:
            return db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",) and not Watcher(db).damages()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return False


def views(settings: Settings, head: int) -> Finding:
    """Look how far the views of each process that serves, or served last, are behind the log."""
    places = views_files(settings.data)
    if not places:
        return fine("views", "none yet; the next start folds them")
    behind = []
    for place in places:
        try:
            # While one file takes the other's place there are two: the one that is further is served.
            rows = max(
                (_positions(one) for one in in_use(place)), key=lambda said: min(said.values(), default=0)
            )
        except sqlite3.DatabaseError:
            said = f"cannot be read; delete {place.name}* while the hub is stopped, and start again"
            return Finding("views", "bad", said, "They are folded anew from the log; nothing is lost.")
        named = "" if len(places) == 1 else f"{place.name}: "
        behind += [f"{named}{name} is {head - at} events behind" for name, at in rows.items() if at < head]
    return fine("views", "; ".join(behind) + "; a running hub catches up" if behind else "up to date")


def _positions(file: Path) -> dict[str, int]:
    with closing(read_only(file)) as db:
        return dict(db.execute("SELECT name, position FROM tail_positions ORDER BY name").fetchall())
