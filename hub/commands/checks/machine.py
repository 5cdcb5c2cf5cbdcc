"""The machine: its clock, its disk, and whether what it calls durable is."""

import ctypes
import os
import shutil
import statistics
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from events.event import Position
from events.moments import read_moment
from hub.commands.archive import Archive
from hub.commands.checks.finding import Finding, Level, fine, judged
from hub.observing.gauges import fsync_times
from hub.settings import Settings

ROOM_BYTES = 1_000_000_000
ENOUGH_DAYS = 90
FEW_INODES = 0.05
PROBES = 16
TOO_QUICK_SECONDS = 0.000_02
"""No disk writes through in that time; what does is memory, or a controller that lies."""

TOO_SLOW_SECONDS = 0.05
_SLACK = timedelta(seconds=2)
_QUIET = timedelta(days=30)
_UNSYNCHRONIZED = 5
_KINDS = {
    "tmpfs": "is memory: all is lost when the machine stops",
    "ramfs": "is memory: all is lost when the machine stops",
    "overlay": "belongs to a container: all is lost with it; mount a volume",
    "nfs": "is a network: SQLite's locks and fsync do not hold there",
    "nfs4": "is a network: SQLite's locks and fsync do not hold there",
    "cifs": "is a network: SQLite's locks and fsync do not hold there",
    "9p": "is shared by a virtual machine: its fsync may not reach a disk",
}


def clock(archive: Archive, now: datetime) -> Finding:
    """Look whether the clock runs with the log, and with the world."""
    head = archive.store.head()
    last = archive.store.read(Position(max(0, head - 1)), 1)
    recorded = read_moment(str(last[0].envelope.get("recordedtime", ""))) if last else None
    if recorded is not None and recorded > now + _SLACK:
        said = f"the newest event was recorded {_span(recorded - now)} after now: the clock jumped back"
        return Finding("clock", "bad", said, "Set the clock (`timedatectl`), then start the hub.")
    faults, advice = [], []
    if not _is_synchronized():
        faults.append("nothing keeps this clock right (NTP)")
        advice.append("`timedatectl set-ntp true`, or any other NTP")
    if recorded is not None and now - recorded > _QUIET:
        faults.append(
            f"nothing was recorded for {(now - recorded).days} days: if that is not so, it is ahead"
        )
        advice.append("compare it with another one before the hub starts")
    released = version("tzdata")
    if int(released.split(".")[0]) < now.year - 1:
        faults.append(f"the time zones are of {released}")
        advice.append("upgrade the hub, which brings new ones")
    well = f"right, time zones of {released}"
    return judged("clock", faults, well, "; ".join(advice) + ".", "warn")


def _is_synchronized() -> bool:
    """Ask the kernel whether anything keeps its clock right; true where it does not say."""
    try:
        found: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return True
    return found != _UNSYNCHRONIZED


def _span(span: timedelta) -> str:
    return str(timedelta(seconds=int(span.total_seconds())))


def disk(archive: Archive, now: datetime) -> Finding:
    """Look how long the disk lasts, and what it is."""
    folder = archive.settings.data
    days = _days_left(archive, shutil.disk_usage(folder).free, now)
    return room(folder, days)


def room(folder: Path, days: int | None = None) -> Finding:
    """Look how much room a disk has, and what it is; `days` say how long that lasts, if anybody knows."""
    free, stat = shutil.disk_usage(folder).free, os.statvfs(folder)
    faults: list[tuple[Level, str]] = []
    if free < ROOM_BYTES:
        faults.append(("bad", f"only {free // 1_000_000} MB are free"))
    if stat.f_files and stat.f_favail < FEW_INODES * stat.f_files:
        faults.append(("bad", "the disk can hold hardly any more files"))
    if days is not None and days < ENOUGH_DAYS:
        faults.append(("warn", f"full in about {days} days, growing as until now"))
    kind = kind_of(folder)
    if kind in _KINDS:
        faults.append(("warn", f"{kind} {_KINDS[kind]}"))
    if not faults:
        return fine("disk", f"{free // 1_000_000} MB are free")
    level: Level = "bad" if any(one[0] == "bad" for one in faults) else "warn"
    said = "; ".join(one[1] for one in faults) + f" ({free // 1_000_000} MB are free)"
    return Finding("disk", level, said, "Give the hub's folder more room, on a local disk.")


def _days_left(archive: Archive, free: int, now: datetime) -> int | None:
    first = archive.store.read(Position(0), 1)
    began = read_moment(str(first[0].envelope.get("recordedtime", ""))) if first else None
    if began is None or now - began < timedelta(days=1):
        return None
    used = sum(one.stat().st_size for one in archive.settings.data.glob("*.sqlite*"))
    return int(free / max(1.0, used / ((now - began) / timedelta(days=1))))


def kind_of(folder: Path) -> str:
    """Return the kind of the filesystem of a folder; empty where the system does not say."""
    place = folder.resolve()
    try:
        lines = Path("/proc/self/mountinfo").read_text("utf-8").splitlines()
    except OSError:
        return ""
    found = ("", "")
    for line in lines:
        head, _, tail = line.partition(" - ")
        mounted = Path(head.split()[4].replace("\\040", " "))
        if place.is_relative_to(mounted) and len(str(mounted)) >= len(found[0]):
            found = (str(mounted), tail.split()[0])
    return found[1]


def durability(settings: Settings) -> Finding:
    """Write and wait until it is durable, some times, and measure."""
    middle = statistics.median(fsync_times(settings.data, PROBES))
    said = f"fsync takes {middle * 1000:.3f} ms"
    if middle < TOO_QUICK_SECONDS:
        advice = "Nothing writes to a disk so fast. Find out what lies: memory, a cache without battery, a container."
        return Finding(
            "fsync", "warn", f"{said}: it is a lie, a power cut loses what was acknowledged", advice
        )
    if middle > TOO_SLOW_SECONDS:
        return Finding(
            "fsync", "warn", f"{said}: each push waits so long", "Use an SSD; see what else writes."
        )
    return fine("fsync", said)
