"""A disk that loses power: from what was asked of it, the states in which it may be found afterwards.

What was synced is there. Of what was not, each sector of 512 bytes and each cut of a file may have reached the disk
or not, one by one and in any order. Names follow in the order in which they were given, up to any point, unless
their folder was synced. Shared memory files (`-shm`) are never there: SQLite makes them anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

SECTOR = 512


class Piece(NamedTuple):
    """Something that one file may have got or not: bytes of one sector, or a new length."""

    at: int
    said: bytes | None


@dataclass(eq=False)
class Inode:
    """A file, whatever it is called."""

    safe: bytearray = field(default_factory=bytearray)
    waiting: list[Piece] = field(default_factory=list)

    def write(self, at: int, said: bytes) -> None:
        """Take bytes, sector by sector."""
        start = 0
        while start < len(said):
            end = min(len(said), start + SECTOR - (at + start) % SECTOR)
            self.waiting.append(Piece(at + start, said[start:end]))
            start = end

    def sync(self) -> None:
        """Have all that waits on the disk."""
        _apply(self.safe, self.waiting)
        self.waiting.clear()

    def found(self, random: Random, chance: float) -> bytes:
        """Return what may be found: each waiting piece with this chance."""
        content = bytearray(self.safe)
        _apply(content, [one for one in self.waiting if random.random() < chance])
        return bytes(content)


Naming = tuple[str, Inode | None]


class Disk:
    """The files of one folder, as they lie on the disk and as the process sees them."""

    def __init__(self, folder: Path) -> None:
        self._root = str(folder)
        self.named = {str(one): Inode(bytearray(one.read_bytes())) for one in _files(folder)}
        self.safe = dict(self.named)
        self.waiting: list[Naming] = []

    def do(self, row: dict[str, Any]) -> None:
        """Do what one line of a log says."""
        did, path = row["did"], row["path"]
        if path.endswith("-shm"):
            return
        if did == "made":
            self._name(path, Inode())
        elif did == "renamed":
            inode = self.named[path]
            self._name(path, None)
            self._name(row["to"], inode)
        elif did == "gone":
            self._name(path, None)
        elif did == "sync":
            self._sync(path)
        elif path in self.named and did == "wrote":
            self.named[path].write(row["at"], bytes.fromhex(row["said"]))
        elif path in self.named:
            self.named[path].waiting.append(Piece(row["at"], None))

    def found(self, random: Random) -> dict[str, bytes]:
        """Return one of the states in which the disk may be found now: bytes by path below the folder."""
        chance = random.choice((0.0, 1.0, 0.5, random.random()))
        names = dict(self.safe)
        for path, inode in self.waiting[: random.randint(0, len(self.waiting))]:
            _rename(names, path, inode)
        return {
            path.removeprefix(self._root + "/"): inode.found(random, chance) for path, inode in names.items()
        }

    @property
    def unsynced(self) -> int:
        """How many pieces may be there or not."""
        return len(self.waiting) + sum(len(one.waiting) for one in self.named.values())

    def _name(self, path: str, inode: Inode | None) -> None:
        _rename(self.named, path, inode)
        self.waiting.append((path, inode))

    def _sync(self, path: str) -> None:
        if path in self.named:
            self.named[path].sync()
            return
        below = [one for one in self.waiting if str(Path(one[0]).parent) == path]
        for name, inode in below:
            _rename(self.safe, name, inode)
        self.waiting = [one for one in self.waiting if one not in below]


def _apply(content: bytearray, pieces: list[Piece]) -> None:
    for at, said in pieces:
        if said is None:
            del content[at:]
            content.extend(bytes(at - len(content)))
        else:
            content.extend(bytes(max(0, at - len(content))))
            content[at : at + len(said)] = said


def _rename(names: dict[str, Inode], path: str, inode: Inode | None) -> None:
    if inode is None:
        names.pop(path, None)
    else:
        names[path] = inode


def _files(folder: Path) -> Iterator[Path]:
    return (one for one in folder.rglob("*") if one.is_file() and not one.name.endswith("-shm"))
