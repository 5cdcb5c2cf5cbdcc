"""Single bits of every file of a hub are flipped: `hub verify` names the file, or the flip changed nothing at all."""

import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from events.notes import Signer
from events.store import open_store
from hub.keys import LOG_KEY, open_vault
from tests.contract.test_commands import Terminal
from tests.faults.counting import note
from tests.running import World, calling, make_world, threat

Json = Any

PAGE = 4096
BESIDE = frozenset({b"recorded_keys", b"alarms"})
"""Tables of the log that say again what its events say, and that no signature covers; see docs/reliability.md."""

pytestmark = pytest.mark.timeout(900)


@dataclass
class Kept:
    """A folder that nobody has open, with a backup and an export beside it."""

    world: World
    folder: Path
    terminal: Terminal
    key: str


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("flips")
    world = make_world(folder / "hub")
    with calling(world) as hub:
        for number in range(40):
            event = threat(number, data={"narrative": f"What happened to number {number}."})
            answer = hub.post("/api/v1/events", json=event, headers=world.bearer("publisher"))
            assert answer.status_code == 201
        hub.get("/api/v1/events", headers=world.bearer("steward"))
    data = world.settings.data
    secret = (data / "keys" / LOG_KEY).read_bytes()
    vault = open_vault(data, world.chance)
    store = open_store(world.settings.store_url, world.registry, vault)
    world.clock.move(hours=1)
    assert store.ledger(Signer(secret)).close_due(world.clock(), timedelta(minutes=1))
    store.close()
    for file in [*data.glob("*.sqlite"), data / "keys" / "vault.sqlite"]:
        with closing(sqlite3.connect(file)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    terminal = Terminal({"HUB_DATA": str(data), "XDG_DATA_HOME": str(folder / "share")})
    terminal.ok("backup", folder / "log.backup", "--unencrypted", "--data", data)
    return Kept(world, folder, terminal, Signer(secret).key.text)


def flips(file: Path, wanted: int, random: Random) -> Iterator[bytes]:
    """Give the file with one bit another: every page of a database is hit, and its header."""
    whole = file.read_bytes()
    pages = range(0, len(whole), PAGE)
    places = [start + random.randrange(min(PAGE, len(whole) - start)) for start in pages]
    random.shuffle(places)
    places += [random.randrange(len(whole)) for _ in range(max(0, wanted - len(places)))]
    for place in places[:wanted]:
        changed = bytearray(whole)
        changed[place] ^= 1 << random.randrange(8)
        yield bytes(changed)


def content(file: Path) -> Json:
    """Return all that a database answers; what cannot be read is another answer."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as db:
            db.text_factory = bytes
            names = db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
            tables = [
                one[0] for one in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
            ]
            rows = {
                one: sorted(db.execute(f'SELECT * FROM "{one.decode()}"').fetchall(), key=repr)
                for one in tables
            }
            return names, rows
    except (sqlite3.DatabaseError, UnicodeDecodeError) as odd:
        return str(odd)


def meaning(before: Json, after: Json) -> str:
    """Tell what a flip changed: nothing, what was recorded, or only an index that the log keeps beside it."""
    if after == before:
        return "harmless"
    if isinstance(after, str):
        return "meant"
    differ = {
        name for name in before[1].keys() | after[1].keys() if before[1].get(name) != after[1].get(name)
    }
    return "index" if differ <= BESIDE else "meant"


def tried(kept: Kept, name: str, wanted: int, folder: Path) -> Counter[str]:
    """Flip bits in a copy of one file; count what `hub verify` said and what it meant."""
    copy = shutil.copytree(kept.world.settings.data, folder / "copy")
    before = content(copy / name)
    done = Counter[str]()
    for changed in flips(kept.world.settings.data / name, wanted, Random(name)):
        (copy / name).write_bytes(changed)
        meant = meaning(before, content(copy / name))
        result = kept.terminal.run("verify", "--data", copy, "--key", kept.key)
        done[f"{meant} {'found' if result.exit_code else 'not found'}"] += 1
        assert isinstance(result.exception, SystemExit | None), (result.output, result.exception)
        assert not result.exit_code or re.search(rf"{Path(name).name}|log", result.output, re.IGNORECASE)
        for more in ("-wal", "-shm"):
            (copy / f"{name}{more}").unlink(missing_ok=True)
    return done


def check(kept: Kept, wanted: int, folder: Path) -> dict[str, Counter[str]]:
    found = {
        name: tried(kept, name, wanted, folder / name.replace("/", "-"))
        for name in ("log.sqlite", "keys/vault.sqlite", "accounts.sqlite", "views.sqlite")
    }
    for name, done in found.items():
        stem = Path(name).stem
        row = {one.replace(" ", "_"): done[one] for one in sorted(done)}
        note(f"bit_flips_{stem}", {"flips": done.total(), **row})
    return found


@pytest.mark.deep
def test_every_flip_that_changes_the_log_is_found(kept: Kept, tmp_path: Path) -> None:
    found = check(kept, 100, tmp_path)
    missed = {name: done["meant not found"] for name, done in found.items()}
    assert (missed["log.sqlite"], missed["keys/vault.sqlite"]) == (0, 0), found


@pytest.mark.parametrize("name", ["log.sqlite", "keys/vault.sqlite"])
def test_flips_are_found_by_name(kept: Kept, name: str, tmp_path: Path) -> None:
    found = tried(kept, name, 8, tmp_path)
    assert found["meant not found"] == 0, found


def test_a_backup_and_an_export_whose_bits_flip_do_not_verify(kept: Kept, tmp_path: Path) -> None:
    random, backup, counts = Random(7), tmp_path / "log.backup", Counter[str]()
    before = content(Path(shutil.copy(kept.folder / "log.backup", backup)))
    for changed in flips(kept.folder / "log.backup", 40, random):
        backup.write_bytes(changed)
        if content(backup) != before:
            result = kept.terminal.run("verify", backup, "--key", kept.key)
            counts["found" if result.exit_code == 1 else "not_found"] += 1
        else:
            counts["harmless"] += 1
    note("bit_flips_backup", json.loads(json.dumps(counts)))
    assert counts["not_found"] == 0
