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
from hub.federation.book import Peer, open_book
from hub.key_checks import CHECKED
from hub.keys import LOG_KEY, VAULT_KEY, open_vault
from tests.contract.test_commands import Terminal
from tests.faults.counting import note
from tests.running import World, calling, serving, threat
from tests.subscribing import Follower, make_following_world

Json = Any

PAGE = 4096
EXPORT = "events.ndjson"
RECORDS = ("log.sqlite", "keys/vault.sqlite")
OFFICE = ("accounts.sqlite", "subscriptions.sqlite", "mail.sqlite", "peers.sqlite")
VIEWS = "views.sqlite"

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
    world = make_following_world(folder / "hub")
    with calling(world) as hub:
        for number in range(40):
            opens = {"notbefore": f"2031-02-{number + 1:02}T00:00:00Z"} if number < 5 else {}
            event = threat(number, data={"narrative": f"What happened to number {number}."}, **opens)
            answer = hub.post("/api/v1/events", json=event, headers=world.bearer("publisher"))
            assert answer.status_code == 201
        hub.get("/api/v1/events", headers=world.bearer("steward"))
        follow(hub, world)
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


def follow(hub: Any, world: World) -> None:
    """Have somebody signed in, a calendar read by address, a webhook, a mailbox and a peer."""
    follower = Follower(hub, world)
    follower.follow("http://127.0.0.1:9")
    digest = {"channel": "mail", "address": "clerk@chambers.example", "rate": "daily"}
    assert follower.ask(digest).status_code == 201
    asked = hub.post("/api/v1/addresses", json={"for": "calendar", "note": "telephone"},
                     headers=follower.headers)  # fmt: skip
    assert asked.status_code == 201, asked.text
    with world.office() as accounts:
        for _ in range(3):
            assert accounts.open_session(world.tokens["observer"], world.clock(), timedelta(days=1))
        accounts.make_link(world.accounts["observer"].id, world.clock())
    with closing(open_book(world.settings.data, world.chance)) as book:
        homes = frozenset({"harbour-bar-watch"})
        assert book.add(Peer("north", "https://north.example", "hub_token", "south", homes))
        book.note("north", "away", "It does not answer.", world.clock())


def flips(file: Path, wanted: int, random: Random) -> Iterator[bytes]:
    """Give the file with one bit another: half of them on any page, its header too, half where something is written."""
    whole = file.read_bytes()
    pages = range(0, len(whole), PAGE)
    anywhere = [start + random.randrange(min(PAGE, len(whole) - start)) for start in pages]
    random.shuffle(anywhere)
    anywhere += [random.randrange(len(whole)) for _ in range(wanted)]
    written = random.sample([place for place, byte in enumerate(whole) if byte], wanted // 2)
    for place in [*written, *anywhere][:wanted]:
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
        more = ["--views"] if name == VIEWS else []
        result = kept.terminal.run("verify", "--data", copy, "--key", kept.key, *more)
        done[f"{meant} {'found' if result.exit_code else 'not found'}"] += 1
        assert isinstance(result.exception, SystemExit | None), (result.output, result.exception)
        assert not result.exit_code or re.search(rf"{Path(name).name}|log", result.output, re.IGNORECASE)
        for beside in ("-wal", "-shm"):
            (copy / f"{name}{beside}").unlink(missing_ok=True)
    return done


@pytest.mark.deep
@pytest.mark.parametrize("name", [*RECORDS, *OFFICE, VIEWS])
def test_every_flip_that_changes_what_a_file_says_is_found(kept: Kept, name: str, tmp_path: Path) -> None:
    found = tried(kept, name, 100, tmp_path)
    row = {one.replace(" ", "_"): found[one] for one in sorted(found)}
    note(f"bit_flips_{Path(name).stem}", {"flips": found.total(), **row})
    assert found["meant not found"] == 0, found


@pytest.mark.parametrize("name", [*RECORDS, "accounts.sqlite"])
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
    "SELECT sealed FROM log_leaves WHERE length(sealed) > 0 LIMIT 2",
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
)


@pytest.mark.parametrize("query", BESIDE)
def test_a_bit_of_what_the_log_keeps_beside_its_events_is_found(
    kept: Kept, query: str, tmp_path: Path
) -> None:
    """What no signature covers: keys that know a repeated push, alarms, commitments, the text of tables."""
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


@pytest.mark.parametrize("name", [RECORDS[1], OFFICE[0]])
def test_a_bit_of_the_text_of_a_table_beside_the_log_is_found(kept: Kept, name: str, tmp_path: Path) -> None:
    copy, random = shutil.copytree(kept.world.settings.data, tmp_path / "copy"), Random(name)
    whole = (copy / name).read_bytes()
    with closing(sqlite3.connect(copy / name)) as db:
        texts = [one.encode() for (one,) in db.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")]
    for one in texts:
        changed = bytearray(whole)
        changed[whole.rindex(one) + random.randrange(len(one))] ^= 1
        (copy / name).write_bytes(changed)
        assert kept.terminal.run("verify", "--data", copy, "--key", kept.key).exit_code == 1, one
        for more in ("-wal", "-shm"):
            (copy / f"{name}{more}").unlink(missing_ok=True)


def test_a_backup_whose_bits_flip_does_not_verify(kept: Kept, tmp_path: Path) -> None:
    random, backup, counts = Random(7), tmp_path / "log.backup", Counter[str]()
    before = content(Path(shutil.copy(kept.folder / "log.backup", backup)))
    for changed in flips(kept.folder / "log.backup", 40, random):
        backup.write_bytes(changed)
        if rows_of(content(backup)) == rows_of(before):
            counts["harmless"] += 1
        elif kept.terminal.run("verify", backup, "--key", kept.key).exit_code == 1:
            counts["found"] += 1
        else:
            counts["found restored" if is_found_when_restored(kept, backup, tmp_path) else "not_found"] += 1
    note("bit_flips_backup", json.loads(json.dumps(counts)))
    assert counts["not_found"] == 0


def rows_of(said: Json) -> Json:
    """Return the rows of a database: the text of its tables a restore makes anew."""
    return said if isinstance(said, str) else said[1]


def is_found_when_restored(kept: Kept, backup: Path, folder: Path) -> bool:
    """Tell whether a backup that verifies by itself is found damaged where its keys are: what is beside the events."""
    fresh = folder / f"restored-{len([*folder.iterdir()])}"
    shutil.copytree(kept.world.settings.data / "keys", fresh / "keys")
    result = kept.terminal.run("restore", backup, "--data", fresh)
    return bool(result.exit_code) or kept.terminal.run("verify", "--data", fresh).exit_code == 1


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


@pytest.mark.parametrize("name", [LOG_KEY, VAULT_KEY, *CHECKED])
def test_a_key_file_whose_bit_flips_is_found(kept: Kept, name: str, tmp_path: Path) -> None:
    copy = shutil.copytree(kept.world.settings.data, tmp_path / "copy")
    for changed in flips(kept.world.settings.data / "keys" / name, 3, Random(name)):
        (copy / "keys" / name).write_bytes(changed)
        assert kept.terminal.run("verify", "--data", copy).exit_code == 1
