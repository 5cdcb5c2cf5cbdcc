"""The drill: a hub is backed up under load, its machine is lost, and a new one goes on from the backup."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from events.submission import Publisher
from hub.keys import LOG_KEY
from tests.contract.test_commands import Terminal
from tests.faults.counting import count
from tests.many import every_id
from tests.postgres import fresh_database
from tests.restoring import (
    Pusher,
    Saved,
    answers,
    archive,
    caught_up,
    close,
    cosign,
    fresh_folder,
    make_hub,
    moved,
    place,
    save,
    signer_of,
)
from tests.running import Served, World, recording, serving, threat

Json = Any


@dataclass
class Partner:
    """A partner's hub that is a witness."""

    world: World
    served: Served

    @property
    def address(self) -> str:
        return f"{self.served.url}/api/v1/witness"

    @property
    def key(self) -> str:
        return signer_of(self.world).witness_key.text


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Partner]:
    world = make_hub(tmp_path_factory.mktemp("partner") / "partner")
    with serving(world) as served:
        yield Partner(world, served)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


def record(world: World, *numbers: int) -> None:
    with recording(world) as intake:
        given = Publisher("harbour-bar-watch", "tests")
        outcomes = intake.record([intake.check(given, threat(number)) for number in numbers])
        assert {one.status for one in outcomes} == {"stored"}


def watched(terminal: Terminal, partner: Partner, folder: Path, **more: Any) -> World:
    """Make a hub whose log the partner watches, with a checkpoint that it has cosigned."""
    world = make_hub(folder, **more)
    record(world, 1, 2)
    terminal.ok("witness", "watch", signer_of(world).key.text, "--data", partner.world.settings.data)
    terminal.ok("witness", "ask", partner.address, "--key", partner.key, *place(world))
    close(world)
    cosign(world)
    return world


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "postgresql to sqlite"])
def test_a_lost_machine_is_replaced(kind: str, terminal: Terminal, partner: Partner, tmp_path: Path) -> None:
    start, _, end = kind.partition(" to ")
    store = fresh_database() if start == "postgresql" else ""
    world = watched(terminal, partner, tmp_path / kind.replace(" ", "-"), store=store)
    with serving(world) as served:
        pusher = Pusher(served, world.bearer("publisher"))
        with pusher.going(100):
            before = pusher.wait(15)
            early = save(terminal, world, tmp_path / "under-load")
            pusher.wait(len(before) + 5)
        close(world)
        cosign(world)
        saved = save(terminal, world, tmp_path / "saved")
        caught_up(served)
        told = answers(served, world)
    shutil.move(world.settings.data, tmp_path / "lost")

    database = fresh_database() if (end or start) == "postgresql" else ""
    again = moved(world, fresh_folder(saved, tmp_path / "again"), database)
    row = terminal.one("restore", *saved.words(), *place(again))
    assert (row["proven"], row["gone"], row["erased_again"], row["revoked_again"]) == (True, 0, 0, 0)
    with serving(again) as served:
        caught_up(served)
        assert answers(served, again) == told
        check_evidence(terminal, again, pusher, tmp_path)
        kept = every_id(served.url, again.bearer("publisher"))
        count(f"restored_{kind.replace(' ', '_')}", pusher.acknowledged, kept, recorded_in_all=len(kept))
        served.post(threat(9), again.bearer("publisher"))
    close(again)
    cosign(again)
    check_early(terminal, early, before, tmp_path)


def check_evidence(terminal: Terminal, again: World, pusher: Pusher, folder: Path) -> None:
    """Receipts that the lost hub gave are good, and the restored log verifies as a whole."""
    receipt, sent = folder / "receipt.json", folder / "sent.json"
    first = pusher.acknowledged[0]
    receipt.write_text(json.dumps(pusher.receipts[first]))
    sent.write_text(json.dumps(threat(100, data={"narrative": "canary-narrative"})))
    terminal.ok("verify", receipt, "--sent", sent, "--key", signer_of(again).key.text)
    assert "The log is whole." in terminal.ok("verify", *place(again))


def check_early(terminal: Terminal, early: Saved, before: list[str], folder: Path) -> None:
    """The backup that was made under load is whole, and has all that was acknowledged before it began."""
    plain = folder / "early.sqlite"
    words = ["verify", early.log, "--identity", early.identity]
    assert terminal.one(*words)["whole"] is True
    found = fresh_folder(early, folder / "early")
    terminal.ok("restore", early.log, "--identity", early.identity, "--accept-loss", "--data", found)
    with closing(sqlite3.connect(found / "log.sqlite")) as db:
        states = b" ".join(
            bytes(row[0]) for row in db.execute("SELECT CAST(state AS BLOB) FROM stored_events")
        )
    assert not plain.exists()
    assert all(f'"{one}"'.encode() in states for one in before)


def refused(terminal: Terminal, words: list[object], folder: Path) -> str:
    """Try to restore; return why not. Nothing may have been put back."""
    said = terminal.fails(1, "restore", *words, "--data", folder)
    assert not (folder / "log.sqlite").exists()
    assert not (folder / "accounts.sqlite").exists()
    assert not (folder / "keys" / "vault.sqlite").exists()
    assert not (folder / "backup.part").exists()
    return said


def test_a_stale_backup_is_refused_by_whoever_has_seen_more(
    terminal: Terminal, partner: Partner, tmp_path: Path
) -> None:
    world = watched(terminal, partner, tmp_path / "stale")
    saved = save(terminal, world, tmp_path / "saved")
    early = close(world)
    cosign(world)
    record(world, 3)
    late = close(world)
    cosign(world)
    fresh = fresh_folder(saved, tmp_path / "fresh")
    kept = tmp_path / "kept"
    kept.write_text(late)
    by_witness = ["--witness", partner.address + "/"]
    for more in ([], by_witness, ["--checkpoint", kept]):
        said = refused(terminal, [*saved.words(), *more], fresh)
        assert "it ends with closing 1, its last event was recorded 2031-05-04T12:" in said
        assert "2 later closings were witnessed" in said
        assert "--accept-loss" in said
    kept.write_text(early)
    assert "1 later closings" in refused(terminal, [*saved.words(), "--checkpoint", kept], fresh)

    row = terminal.one("restore", *saved.words(), "--accept-loss", "--data", fresh)
    loss = row["accepted_loss"]
    assert (row["proven"], loss["missing_closings"], loss["altered"], loss["forked"]) == (False, 2, 0, False)
    again = moved(world, fresh)
    assert (fresh / "keys" / f"{LOG_KEY}.until-1").read_bytes() == (saved.safe / LOG_KEY).read_bytes()
    with archive(again) as store:
        [act] = [one for one in store.read(0, 1000) if one.data.get("action") == "backup_restored"]
    assert act.data["detail"]["accepted_loss"] == loss
    # It goes on as a log of its own: whoever publishes again is taken, and the witness sees no fork.
    record(again, 3)
    terminal.ok("witness", "watch", signer_of(again).key.text, "--data", partner.world.settings.data)
    close(again)
    cosign(again)
    assert "The log is whole." in terminal.ok("verify", "--data", fresh)


def test_the_newest_backup_is_proven_by_checkpoint_and_by_witness(
    terminal: Terminal, partner: Partner, tmp_path: Path
) -> None:
    world = watched(terminal, partner, tmp_path / "newest")
    with archive(world) as store:
        note = str(store.ledger().newest())
    # Closed once more, but not cosigned: the witness is told of it by the restore.
    close(world)
    saved = save(terminal, world, tmp_path / "saved")
    kept = tmp_path / "kept"
    kept.write_text(note)
    row = terminal.one(
        "restore", *saved.words(), "--checkpoint", kept, "--data", fresh_folder(saved, tmp_path / "a")
    )
    assert row["proven"]
    words = [*saved.words(), "--witness", partner.address, "--witness-key", partner.key]
    result = terminal.run("restore", *words, "--data", fresh_folder(saved, tmp_path / "b"))
    assert result.exit_code == 0
    assert "has seen nothing of this log that is not here" in result.stderr
    # Without keys it opens, and says what does not.
    bare = terminal.run("restore", saved.log, "--identity", saved.identity, "--data", tmp_path / "c")
    assert bare.exit_code == 0, bare.output


def test_who_cannot_be_asked_proves_nothing(terminal: Terminal, partner: Partner, tmp_path: Path) -> None:
    world = watched(terminal, partner, tmp_path / "unheard")
    saved = save(terminal, world, tmp_path / "saved")
    fresh = fresh_folder(saved, tmp_path / "fresh")
    base = saved.words()
    assert "cannot be asked" in refused(terminal, [*base, "--witness", "http://127.0.0.1:9"], fresh)
    assert "does not know this log (status 404)" in refused(
        terminal, [*base, "--witness", partner.served.url], fresh
    )
    other = signer_of(world).witness_key.text
    words = [*base, "--witness", partner.address, "--witness-key", other]
    assert "is not signed with its key" in refused(terminal, words, fresh)
    with closing(sqlite3.connect(world.settings.data / "log.sqlite")) as db, db:
        db.execute("DELETE FROM log_witnesses")
    blank = save(terminal, world, tmp_path / "blank")
    words = [*blank.words(), "--witness", partner.address]
    assert "give it with --witness-key" in refused(terminal, words, fresh)
    assert "asked no more: its key is not here" in terminal.ok("verify", "--data", world.settings.data)
    assert "cannot be read" in refused(terminal, [*base, "--checkpoint", tmp_path / "none"], fresh)
    row = terminal.one("restore", *base, "--witness", "http://127.0.0.1:9", "--accept-loss", "--data", fresh)
    assert row["accepted_loss"] == {
        "closings": 1, "until": row["accepted_loss"]["until"], "missing_closings": 0, "forked": False, "altered": 0,
        "unproven": True,
    }  # fmt: skip
    assert (fresh / "keys" / LOG_KEY).read_bytes() == (saved.safe / LOG_KEY).read_bytes()


@pytest.mark.parametrize("place_of_bit", [30, 200, 70_000, -1])
def test_a_flipped_bit_is_refused(terminal: Terminal, tmp_path: Path, place_of_bit: int) -> None:
    world = make_hub(tmp_path / "hub")
    saved = save(terminal, world, tmp_path / "saved")
    for file in (saved.log, saved.vault, saved.accounts):
        content = bytearray(file.read_bytes())
        content[place_of_bit if place_of_bit < len(content) else -9] ^= 1
        broken = tmp_path / file.name
        broken.write_bytes(content)
        words = [broken if one == file else one for one in saved.words()]
        fresh = fresh_folder(saved, tmp_path / f"fresh-{file.stem}")
        assert "is damaged" in refused(terminal, words, fresh)
    assert "is damaged" in terminal.fails(1, "verify", tmp_path / "log.age", "--identity", saved.identity)
    short = tmp_path / "short.age"
    short.write_bytes(saved.log.read_bytes()[: 65_536 + 200])
    assert "cut off" in refused(terminal, [short, "--identity", saved.identity], tmp_path / "short")


def altered(statement: str) -> Callable[[Path], None]:
    def alter(file: Path) -> None:
        with closing(sqlite3.connect(file)) as db, db:
            db.execute(statement)

    return alter


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE stored_events SET state = CAST(replace(state, 'harbour', 'Harbour') AS BLOB) WHERE rowid = 4",
            "place 4 was changed",
        ),
        ("DELETE FROM stored_events WHERE rowid = 3", "The event at place 3 is missing"),
        ("DELETE FROM log_nodes", "nodes of the tree"),
        ("UPDATE stored_events SET state = 'x'", "is no log of a hub"),
    ],
)
def test_an_altered_backup_is_refused_with_the_place(
    terminal: Terminal, partner: Partner, tmp_path: Path, statement: str, said: str
) -> None:
    world = watched(terminal, partner, tmp_path / f"altered{len(said)}")
    plain = tmp_path / "log.plain"
    result = terminal.run("backup", plain, "--unencrypted", "--data", world.settings.data)
    assert "WARNING: it is NOT ENCRYPTED" in result.stderr
    altered(statement)(plain)
    assert said in refused(terminal, [plain], tmp_path / "fresh")
    if "no log" in said:
        return
    row = terminal.one("restore", plain, "--accept-loss", "--data", tmp_path / "fresh")
    assert row["accepted_loss"]["altered"] >= 1
    assert said in terminal.run("verify", "--data", tmp_path / "fresh").stdout


def test_another_history_is_refused(terminal: Terminal, partner: Partner, tmp_path: Path) -> None:
    world = watched(terminal, partner, tmp_path / "history")
    shutil.copytree(world.settings.data, tmp_path / "twin")
    twin = moved(world, tmp_path / "twin")
    record(world, 3)
    note = close(world)
    cosign(world)
    record(twin, 4)
    close(twin)
    saved = save(terminal, twin, tmp_path / "saved")
    fresh = fresh_folder(saved, tmp_path / "fresh")
    kept = tmp_path / "kept"
    kept.write_text(note)
    assert "ANOTHER HISTORY" in refused(terminal, saved.words(), fresh)
    assert "has forked since" in refused(terminal, [*saved.words(), "--checkpoint", kept], fresh)
    kept.write_text("no checkpoint")
    assert "holds no checkpoints" in refused(terminal, [*saved.words(), "--checkpoint", kept], fresh)


def test_only_the_right_key_opens(terminal: Terminal, tmp_path: Path) -> None:
    world = make_hub(tmp_path / "hub")
    saved = save(terminal, world, tmp_path / "saved")
    fresh = fresh_folder(saved, tmp_path / "fresh")
    strange = tmp_path / "strange.key"
    terminal.ok("backup-key", strange)
    assert "not encrypted for this key" in refused(terminal, [saved.log, "--identity", strange], fresh)
    assert "give the file of its secret key" in refused(terminal, [saved.log], fresh)
    words = [saved.log, "--vault", saved.vault, "--identity", saved.log]
    assert "is no file of secret keys" in refused(terminal, words, fresh)
    both = [*saved.words(), "--identity", strange]
    assert terminal.one("restore", *both, "--data", fresh)["gone"] == 0
