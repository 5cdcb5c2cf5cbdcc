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
from hub.keys import LOG_KEY, VAULT_KEY, open_vault
from tests.contract.test_commands import Terminal
from tests.faults.counting import note
from tests.running import World, calling, make_world, serving, threat

Json = Any

PAGE = 4096
EXPORT = "events.ndjson"

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
            opens = {"notbefore": f"2031-02-{number + 1:02}T00:00:00Z"} if number < 5 else {}
            event = threat(number, data={"narrative": f"What happened to number {number}."}, **opens)
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
    with serving(world) as served:
        asked = ["export", "events", "--format", "ndjson", "--proofs", "--from", served.url]
        reading = Terminal({"HUB_TOKEN": world.tokens["publisher"]})
        reading.ok(*asked, "--to", folder / EXPORT)
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


def tried(kept: Kept, name: str, wanted: int, folder: Path) -> Counter[str]:
    """Flip bits in a copy of one file; count what `hub verify` said and what it meant."""
    copy = shutil.copytree(kept.world.settings.data, folder / "copy")
    before = content(copy / name)
    done = Counter[str]()
    for changed in flips(kept.world.settings.data / name, wanted, Random(name)):
        (copy / name).write_bytes(changed)
        meant = "harmless" if content(copy / name) == before else "meant"
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


def test_what_nobody_touched_verifies(kept: Kept) -> None:
    kept.terminal.ok("verify", "--data", kept.world.settings.data)
    for file in (EXPORT, "log.backup"):
        kept.terminal.ok("verify", kept.folder / file, "--key", kept.key)


_ROWS = "FROM recorded_keys ORDER BY position DESC, key LIMIT 3"
BESIDE = (
    f"SELECT key {_ROWS}",
    f"SELECT digest {_ROWS}",
    "SELECT moment FROM alarms LIMIT 3",
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
)


@pytest.mark.parametrize("query", BESIDE)
def test_a_bit_of_what_the_log_keeps_beside_its_events_is_found(
    kept: Kept, query: str, tmp_path: Path
) -> None:
    """What no signature covers: a key by which a repeated push is known, an alarm, the text of a table."""
    copy = shutil.copytree(kept.world.settings.data, tmp_path / "copy")
    file, random = copy / "log.sqlite", Random(query)
    whole, before = file.read_bytes(), content(file)
    with closing(sqlite3.connect(file)) as db:
        said = [one if isinstance(one, bytes) else one.encode() for (one,) in db.execute(query)]
    assert said
    for one in said:
        place = whole.rindex(one) + random.randrange(len(one))
        changed = bytearray(whole)
        changed[place] ^= 1 << random.randrange(5)
        file.write_bytes(changed)
        assert content(file) != before
        assert kept.terminal.run("verify", "--data", copy, "--key", kept.key).exit_code == 1, one
        for more in ("-wal", "-shm"):
            (copy / f"log.sqlite{more}").unlink(missing_ok=True)


def test_a_backup_whose_bits_flip_does_not_verify(kept: Kept, tmp_path: Path) -> None:
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


def test_an_export_whose_bits_flip_does_not_verify(kept: Kept, tmp_path: Path) -> None:
    random, counts = Random(8), Counter[str]()
    for name in (EXPORT, f"{EXPORT}.proofs"):
        shutil.copy(kept.folder / EXPORT, tmp_path)
        shutil.copy(kept.folder / f"{EXPORT}.proofs", tmp_path)
        file = tmp_path / name
        before = said_in(file)
        for changed in flips(kept.folder / name, 12, random):
            file.write_bytes(changed)
            result = kept.terminal.run("verify", tmp_path / EXPORT, "--key", kept.key)
            meant = "harmless" if said_in(file) == before else "meant"
            counts[f"{meant} {'found' if result.exit_code == 1 else 'not found'}"] += 1
            assert isinstance(result.exception, SystemExit | None), (result.output, result.exception)
    note("bit_flips_export", json.loads(json.dumps(counts)))
    assert counts["meant not found"] == 0, counts


def said_in(file: Path) -> Json:
    """Return what the lines of a file say; what cannot be read is another answer."""
    try:
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    except ValueError as odd:
        return str(odd)


@pytest.mark.parametrize("name", [LOG_KEY, VAULT_KEY])
def test_a_key_file_whose_bit_flips_is_found(kept: Kept, name: str, tmp_path: Path) -> None:
    copy = shutil.copytree(kept.world.settings.data, tmp_path / "copy")
    for changed in flips(kept.world.settings.data / "keys" / name, 3, Random(name)):
        (copy / "keys" / name).write_bytes(changed)
        assert kept.terminal.run("verify", "--data", copy).exit_code == 1
