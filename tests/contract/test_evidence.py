"""Tamper evidence from outside: receipts, proofs and checkpoints over HTTP, witnesses, and what `hub verify` says."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.notes import Signer, read_head, read_note
from hub.cosigning import gather
from hub.keys import LOG_KEY, keys_folder
from hub.sheets import ask_now, close_now
from tests.contract.test_commands import Terminal
from tests.ledgering import tamper
from tests.restoring import archive as opened
from tests.restoring import close, signer_of
from tests.running import Served, World, make_world, serving, threat
from verifier.__main__ import main
from verifier.hubs import Unreachable, getting, verify_hub
from verifier.notes import Unreadable, read_key
from verifier.receipts import verify_receipt

Json = Any
API = "/api/v1"


@dataclass
class Pair:
    """A hub, and that of a partner, which watches its log."""

    world: World
    served: Served
    other: World
    witness: Served

    @property
    def key(self) -> str:
        return signer_of(self.world).key.text

    @property
    def witness_key(self) -> str:
        return signer_of(self.other).witness_key.text

    def get(self, path: str, name: str | None = "publisher", **query: str | int) -> httpx.Response:
        headers = {} if name is None else self.world.bearer(name)
        return httpx.get(f"{self.served.url}{API}{path}", params=query, headers=headers)

    def post(self, event: Json) -> Json:
        """Publish an event, and wait until it can be read."""
        receipt = self.served.post(event, self.world.bearer("publisher"))
        assert self.get("/events", limit=1, at_least=receipt["cursor"]).status_code == 200
        return receipt

    def submit(self, body: str) -> httpx.Response:
        return httpx.post(f"{self.witness.url}{API}/witness/add-checkpoint", content=body.encode())


def settle(pair: Pair) -> str:
    """Close a sheet and have it cosigned, as the hub does by itself every minute."""
    close(pair.world)
    with opened(pair.world) as store:
        ledger = store.ledger(signer_of(pair.world))
        [asked] = gather(ledger, store.witness())
        assert asked.is_cosigned
        return str(ledger.checkpoint())


def make_hub(folder: Path) -> World:
    """Make a hub with a key of its own: else the chance of tests draws the same for each."""
    world = make_world(folder)
    keys_folder(folder).joinpath(LOG_KEY).write_bytes(folder.name.ljust(32).encode())
    return world


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    # The clocks stand still, so that sheets are closed where a test closes them.
    world, other = make_hub(folder / "one"), make_hub(folder / "other")
    with serving(world) as served, serving(other) as witness:
        made = Pair(world, served, other, witness)
        terminal = Terminal()
        terminal.ok("witness", "watch", made.key, "--data", other.settings.data)
        asked = ["witness", "ask", f"{witness.url}{API}/witness/", "--key", made.witness_key]
        terminal.ok(*asked, "--data", world.settings.data)
        yield made


@pytest.fixture
def terminal(pair: Pair) -> Terminal:
    return Terminal({"HUB_TOKEN": pair.world.tokens["publisher"]})


def test_a_receipt_proves_what_the_hub_took(pair: Pair, tmp_path: Path, terminal: Terminal) -> None:
    event = threat(1, data={"narrative": "Taken by four officers."})
    answer = pair.post(event)
    assert verify_receipt(answer, [event], read_key(pair.key)).faults == []
    again = pair.post(event)
    assert (again["status"], again["receipt"]) == ("duplicate", answer["receipt"])
    files = [tmp_path / name for name in ("receipt.json", "sent.json")]
    for file, said in zip(files, (answer, event), strict=True):
        file.write_text(json.dumps(said))
    asked = ["verify", files[0], "--sent", files[1]]
    assert "Nothing was changed." in terminal.ok(*asked, "--key", pair.key)
    assert "Name the key of the log" in terminal.run(*asked).stdout
    files[1].write_text(json.dumps({**event, "tlp": "clear"}))
    changed = terminal.run(*asked, "--key", pair.key)
    assert changed.exit_code == 1
    assert "what was sent, or the receipt, was changed" in changed.stdout
    strange = terminal.run(*asked, "--key", Signer(b"x" * 32).key.text)
    assert "not signed with this key" in strange.stdout


def test_one_receipt_covers_a_batch(pair: Pair, tmp_path: Path, terminal: Terminal) -> None:
    events = [threat(number) for number in range(10, 14)]
    lines = [json.dumps(one) for one in events]
    lines.insert(2, "no event")
    headers = {**pair.world.bearer("publisher"), "Content-Type": "application/x-ndjson"}
    answer = httpx.post(f"{pair.served.url}{API}/events", content="\n".join(lines), headers=headers).json()
    assert (answer["stored"], answer["rejected"]) == (4, 1)
    key = read_key(pair.key)
    assert verify_receipt(answer, events, key).faults == []
    assert verify_receipt(answer, events[1:], key).faults[0] == "What was sent as t-10 is not here."
    assert verify_receipt({**answer, "results": answer["results"][1:]}, events, key).faults
    assert verify_receipt({**answer, "receipt": {}}, events, key).faults == ["The receipt lacks something."]
    assert verify_receipt({**answer, "receipt": {"note": "x"}}, events, key).faults
    batch, sent = tmp_path / "answer.json", tmp_path / "sent.ndjson"
    batch.write_text(json.dumps(answer))
    sent.write_text("\n".join(json.dumps(one) for one in events))
    assert terminal.one("verify", batch, "--sent", sent, "--key", pair.key)["events"] == 4
    nothing = httpx.post(f"{pair.served.url}{API}/events?dry_run=true", content=json.dumps(threat(99)),
                         headers={**headers, "Content-Type": "application/json"}).json()  # fmt: skip
    assert "receipt" not in nothing


def test_an_event_is_proven_from_the_next_checkpoint_on(pair: Pair) -> None:
    event = threat(20)
    pair.post(event)
    named = {"source": event["source"], "id": event["id"]}
    assert pair.get("/log/proof", **named).json()["inclusion"] is None
    note = settle(pair)
    proof = pair.get("/log/proof", **named).json()
    assert proof["inclusion"]["index"] == read_head(read_note(note)[0]).size - 1
    assert proof["checkpoint"] == pair.get("/log/checkpoint").text == note
    assert pair.get("/log/proof", "observer", **named).status_code == 200
    # It is green.
    hidden, nowhere = pair.get("/log/proof", None, **named), pair.get("/log/proof", **{**named, "id": "none"})
    assert (hidden.status_code, hidden.json()) == (nowhere.status_code, nowhere.json())
    assert hidden.status_code == 404
    assert pair.get("/log/proof", source="urn:x", id="t-20").status_code == 400
    assert pair.get("/log/proof", **{**named, "id": "x" * 129}).status_code == 400


def test_the_public_may_ask_for_checkpoints_and_keys(pair: Pair) -> None:
    size = read_head(read_note(settle(pair))[0]).size
    shown = pair.get("/log/checkpoint", None)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    keys = pair.get("/log/key", None).json()
    assert keys == {"key": pair.key, "witness": signer_of(pair.world).witness_key.text}
    assert pair.get("/log/consistency", None, **{"from": 1, "to": size}).json()["from"] == 1
    wrong = pair.get("/log/consistency", None, **{"from": size, "to": size + 1}).json()
    assert (wrong["status"], wrong["type"]) == (400, "urn:hub:problem:unknown-size")


def test_witnesses_cosign_and_it_shows(pair: Pair, terminal: Terminal) -> None:
    close(pair.world)
    data = pair.world.settings.data
    [sent] = terminal.many("witness", "send", "--data", data)
    assert (sent["cosigned"], sent["said"]) == (True, "It has cosigned this checkpoint.")
    assert "already" in terminal.ok("witness", "send", "--data", data)
    text, lines = read_note(pair.get("/log/checkpoint").text)
    assert [signer_of(pair.other).witness_key.has_signed(text, line) for line in lines] == [False, True]
    [watched] = terminal.many("witness", "list", "--data", pair.other.settings.data)
    assert (watched["size"], watched["key"]) == (read_head(text).size, pair.key)
    [asked] = terminal.many("witness", "list", "--data", data)
    assert asked["address"] == f"{pair.witness.url}{API}/witness"
    found = terminal.ok("verify", pair.served.url, "--key", pair.key, "--witness", pair.witness_key)
    assert "1 cosignatures checked" in found
    strange = terminal.run("verify", pair.served.url, "--witness", Signer(b"w" * 32).witness_key.text)
    assert strange.exit_code == 1
    assert "No witness that you named has cosigned" in strange.stdout


def test_a_witness_refuses_a_fork(pair: Pair, tmp_path: Path) -> None:
    fork = replace(pair.world, settings=replace(pair.world.settings, data=tmp_path / "fork"))
    close(pair.world)
    shutil.copytree(pair.world.settings.data, fork.settings.data)
    pair.post(threat(30))
    close(pair.world)
    with opened(pair.world) as store:
        [asked] = gather(store.ledger(signer_of(pair.world)), store.witness())
        assert asked.is_cosigned
    # The same hub, with the same key, tells somebody else another story from then on.
    close(fork)
    with opened(fork) as store:
        [asked] = gather(store.ledger(signer_of(fork)), store.witness())
        assert "THE LOG HAS FORKED" in asked.said
    close(fork)
    with opened(fork) as store:
        [asked] = gather(store.ledger(signer_of(fork)), store.witness())
        assert "THE LOG HAS FORKED" in asked.said
        assert not asked.is_cosigned
        ask_now(store.ledger(signer_of(fork)), store.witness())


def test_the_protocol_of_witnesses_is_kept(pair: Pair) -> None:
    note = settle(pair)
    size = read_head(read_note(note)[0]).size
    head, key = read_note(note)[0], signer_of(pair.world)
    grown = key.sign(head.replace(f"\n{size}\n", f"\n{size + 3}\n"))
    strange, unknown = Signer(b"z" * 32), Signer(b"u" * 32)
    bodies = {
        f"old {size}\n\n{note}": 200,
        f"old {size - 1}\n\n{note}": 409,
        f"old {size}\n{'A' * 43}=\n\n{grown}": 422,
        f"old {size + 9}\n\n{note}": 400,
        f"old 0\n\n{unknown.sign(head.replace(key.origin, unknown.origin))}": 404,
        f"old {size}\n\n{strange.sign(head)}": 403,
        f"old 01\n\n{note}": 400,
        f"older {size}\n\n{note}": 400,
        f"old {size}\nAAAA\n\n{note}": 400,
        f"old {size}\n?\n\n{note}": 400,
        "old 0\n" + f"{'A' * 43}=\n" * 64 + f"\n{note}": 400,
        f"old {size}\n\nno note": 400,
    }
    answers = {body: pair.submit(body) for body in bodies}
    assert {body: answer.status_code for body, answer in answers.items()} == bodies
    [conflict] = [one for one in answers.values() if one.status_code == 409]
    assert (conflict.text, conflict.headers["content-type"]) == (f"{size}\n", "text/x.tlog.size")
    address = f"{pair.witness.url}{API}/witness/add-checkpoint"
    assert httpx.post(address, content=b"\xff").status_code == 400
    assert httpx.post(address, content=b"x" * 40_000).status_code == 413


def test_what_a_witness_says_is_told(pair: Pair, terminal: Terminal, tmp_path: Path) -> None:
    lonely = make_hub(tmp_path / "lonely")
    close_now_of(lonely)
    data = lonely.settings.data
    assert terminal.ok("witness", "send", "--data", data) == ""
    strange = Signer(b"k" * 32).witness_key
    for address, key in ((pair.witness.url + API + "/witness", strange), ("http://127.0.0.1:9", strange)):
        terminal.ok("witness", "ask", address, "--key", key.text, "--data", data)
        assert terminal.run("witness", "send", "--data", data).exit_code == 1
    unwatched = terminal.run("witness", "send", "--data", data).stdout
    assert "could not be asked" in unwatched
    terminal.ok("witness", "ask", pair.witness.url + API + "/witness", "--key", strange.text, "--data", data)
    assert "does not watch this log" in terminal.run("witness", "send", "--data", data).stdout
    watch = ["witness", "watch", signer_of(lonely).key.text, "--data", pair.other.settings.data]
    terminal.ok(*watch)
    assert not terminal.one(*watch)["new"]
    assert "not by the key that is known" in terminal.run("witness", "send", "--data", data).stdout
    terminal.ok("witness", "ask", pair.served.url + "/healthz?", "--key", strange.text, "--data", data)
    assert "refuses (status" in terminal.run("witness", "send", "--data", data).stdout
    terminal.ok("witness", "drop", strange.name, "--data", data)
    assert "No witness of this name" in terminal.fails(1, "witness", "drop", strange.name, "--data", data)
    terminal.fails(2, "witness", "ask", "ftp://x", "--key", strange.text, "--data", data)
    terminal.fails(2, "witness", "ask", "http://x", "--key", pair.key, "--data", data)
    terminal.fails(2, "witness", "watch", strange.text, "--data", data)
    terminal.fails(2, "witness", "watch", "nothing", "--data", data)
    named = terminal.one("witness", "key", "--data", data)
    assert named["log"] == signer_of(lonely).key.text


def close_now_of(world: World) -> None:
    with opened(world) as store:
        assert close_now(store.ledger(signer_of(world)), world.clock, 60)
        assert not close_now(store.ledger(signer_of(world)), world.clock, 60)
        world.clock.move(seconds=61)
        assert not close_now(store.ledger(Signer(b"o" * 32)), world.clock, 60)
        ledger = store.ledger(signer_of(world))
    assert not close_now(ledger, world.clock, 60)
    with opened(world) as store:
        witness = store.witness()
    ask_now(ledger, witness)


def export(terminal: Terminal, pair: Pair, to: Path) -> Path:
    words = ["export", "events", "--format", "ndjson", "--proofs", "--from", pair.served.url, "--to", to]
    terminal.ok(*words)
    return to


def test_an_export_verifies_and_every_change_of_it_is_told(
    pair: Pair, terminal: Terminal, tmp_path: Path
) -> None:
    for number in (40, 41, 42):
        pair.post(threat(number, data={"narrative": "Taken by four officers.", "title": "Arrest"}))
    pair.post({"specversion": "1.0", "id": "put-right", "source": "urn:hub:partner:harbour-bar-watch",
               "type": "record.corrected", "tlp": "green", "data": {
                   "about_event": "t-40", "reason": "wrong_date",
                   "changes": [{"pointer": "/title", "to": "Arrests"}]}})  # fmt: skip
    settle(pair)
    file = export(terminal, pair, tmp_path / "events.ndjson")
    asked = ["verify", file, "--key", pair.key]
    assert "Nothing was changed." in terminal.ok(*asked)
    assert "You trust it about the key" in terminal.ok("verify", file)
    lines = file.read_text().splitlines(keepends=True)
    place = next(at for at, line in enumerate(lines) if '"t-41"' in line)
    event = json.loads(lines[place])
    del event["data"]["title"]
    untitled = json.dumps(event) + "\n"
    swapped = [*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]]
    changes = {
        "".join(lines).replace('"Arrest"', '"Arrests!"'): "is not what was recorded",
        "".join(lines[:place] + lines[place + 1 :]): "events were removed, added, or put into another order",
        "".join(swapped): "events were removed, added, or put into another order",
        "".join([*lines, lines[place]]): "1 events have no proof",
        "".join(lines[:-1]): "is missing",
        "".join(
            [*lines[:place], untitled, *lines[place + 1 :]]
        ): "lacks /data/title, which its proof vouches for",
        "".join(lines).replace('"title":"Arrest"', '"title":"Arrest","new":1'): "says something at /data/new",
        "".join(lines) + "no json\n": "cannot be read",
    }
    for text, said in changes.items():
        file.write_text(text)
        result = terminal.run(*asked)
        assert (result.exit_code, said in result.stdout) == (1, True), (said, result.stdout)
    file.write_text("".join(lines))
    wrong = terminal.run("verify", file, "--key", Signer(b"x" * 32).key.text)
    assert "It names another key of the log than yours." in wrong.stdout
    assert terminal.fails(1, "verify", tmp_path / "none").startswith("Error: ")


def test_proofs_that_were_changed_are_told(pair: Pair, terminal: Terminal, tmp_path: Path) -> None:
    pair.post(threat(50))
    settle(pair)
    file = export(terminal, pair, tmp_path / "events.ndjson")
    proofs = file.with_name("events.ndjson.proofs")
    lines = [json.loads(line) for line in proofs.read_text().splitlines()]
    own = next(at for at, line in enumerate(lines) if line.get("proof", {}).get("id") == "t-50")

    def other(**more: Json) -> list[Json]:
        return [*lines[:own], {"proof": {**lines[own]["proof"], **more}}, *lines[own + 1 :]]

    place = lines[own]["proof"]["inclusion"]
    sheet = place["sheet"]
    without = [line for line in lines if "checkpoint" not in line]
    forged = {"checkpoint": Signer(b"f" * 32).sign(read_note(lines[1]["checkpoint"])[0])}
    renamed = {"checkpoint": signer_of(pair.world).sign("another.example/log\n1\n" + "A" * 43 + "=\n")}
    changes: list[tuple[list[Json], str]] = [
        (other(hidden=lines[own]["proof"]["hidden"][1:]), "is not what was recorded"),
        (other(inclusion={**place, "index": 0}), "is not in the log of this checkpoint"),
        (other(inclusion={**place, "sheet": {**sheet, "place": "0000001"}}), "is not in the log"),
        (other(inclusion={**place, "sheet": {**sheet, "place": "f" * 7}}), "its place in its sheet is none"),
        (other(inclusion={**place, "sheet": {}}), "its proof lacks something"),
        (other(inclusion={**place, "path": ["?"]}), "should be base64"),
        (other(inclusion=None), "1 events are so new"),
        (lines[:-1], "The file of proofs ends too early."),
        (without, "there is no checkpoint to which its proof could lead"),
        ([lines[0], forged, *lines[2:]], "is not signed with the key of this log"),
        ([lines[0], renamed, *lines[2:]], "is of another log"),
        ([lines[0], {"checkpoint": "x"}, *lines[2:]], "A checkpoint cannot be read"),
        ([*lines[:-1], {"end": 1}], "There should be 1 events"),
    ]
    for said, sentence in changes:
        proofs.write_text("".join(json.dumps(line) + "\n" for line in said))
        result = terminal.run("verify", file, "--key", pair.key)
        assert sentence in result.stdout, (sentence, result.stdout[-600:])
        assert result.exit_code == int("so new" not in sentence)
    proofs.unlink()
    assert "There is no events.ndjson.proofs" in terminal.fails(1, "verify", file)


def test_a_hub_is_verified_and_remembered(pair: Pair, terminal: Terminal, tmp_path: Path) -> None:
    settle(pair)
    state = tmp_path / "kept"
    asked = ["verify", pair.served.url, "--key", pair.key, "--state", state]
    assert "Nothing was changed." in terminal.ok(*asked)
    kept = state.read_text()
    pair.post(threat(60))
    settle(pair)
    assert "It continues the checkpoint of" in terminal.ok(*asked)
    # Somebody was shown another history before.
    key = signer_of(pair.world)
    text = read_note(kept)[0]
    size = read_head(text).size
    forks = {
        key.sign(f"{key.origin}\n{size}\n{'A' * 43}=\n"): "IT HAS FORKED",
        key.sign(f"{key.origin}\n{size + 99}\n{'A' * 43}=\n"): "it was cut",
        Signer(b"x" * 32).sign(text): "not signed with this log's key",
        key.sign(f"other.example\n{size}\n{'A' * 43}=\n"): "is of another log",
    }
    for note, said in forks.items():
        state.write_text(note)
        result = terminal.run(*asked)
        assert (result.exit_code, said in result.stdout) == (1, True), result.stdout
    assert state.read_text() == note
    assert "other.example" in note


def test_a_hub_that_lies_or_is_silent_is_told(pair: Pair, terminal: Terminal) -> None:
    get = getting(pair.served.url, pair.world.tokens["publisher"])

    def lying(path: str) -> str:
        said = json.loads(get(path))
        if path.startswith("/log/proofs"):
            said["proofs"] = said["proofs"][1:]
        if path.startswith("/events"):
            said["events"][1]["data"]["name"] = {"en": "Somebody else"}
        return json.dumps(said)

    settle(pair)
    found, note = verify_hub(lying, "hub", read_key(pair.key))
    assert note is None
    assert "without a proof" in found.faults[0]
    assert "is not what was recorded" in found.faults[1]
    assert "reached" in terminal.fails(3, "verify", "http://127.0.0.1:9")
    with pytest.raises(Unreachable):
        getting("http://127.0.0.1:9", "")("/log/key")
    with pytest.raises(Unreadable, match="refused"):
        getting(pair.served.url, "no token")("/events")
    with pytest.raises(Unreadable):
        getting("ftp://x", "")
    assert "no key" in terminal.fails(1, "verify", pair.served.url, "--key", "x")


def test_the_hubs_own_log_and_its_backup_verify_and_changes_are_told(
    pair: Pair, terminal: Terminal, tmp_path: Path
) -> None:
    for number in (80, 81):
        pair.post(threat(number))
        note = settle(pair)
    data, backup = pair.world.settings.data, tmp_path / "log.backup"
    assert "The log is whole." in terminal.ok("verify", "--data", data)
    terminal.ok("backup", backup, "--unencrypted", "--data", data)
    kept = tmp_path / "kept"
    kept.write_text(note)
    asked = ["verify", backup, "--key", pair.key, "--checkpoint", kept]
    assert "It continues the checkpoint" in terminal.ok(*asked)
    assert terminal.one(*asked)["whole"] is True
    tamper(backup, "UPDATE stored_events SET state = CAST(replace(state, 'liberty', 'Liberty') AS BLOB)")
    result = terminal.run(*asked)
    assert result.exit_code == 1
    assert "was changed." in result.stdout
    assert "more." in result.stdout or result.stdout.count("was changed") < 21
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    tamper(copy / "log.sqlite", "DELETE FROM log_sheets WHERE number = 1")
    assert "Sheet 1 of the log is missing." in terminal.run("verify", "--data", copy).stdout
    for name in ("log.sqlite-wal", "log.sqlite-shm"):
        (copy / name).unlink(missing_ok=True)
    (copy / "log.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    assert "is no log of a hub" in terminal.fails(1, "verify", copy / "log.sqlite")
    assert "There is no" in terminal.fails(1, "verify", "--data", tmp_path / "nowhere")
    strange = tmp_path / "list.json"
    strange.write_text("[]")
    assert "is no receipt" in terminal.fails(1, "verify", strange, "--sent", strange)
    strange.write_text("{")
    assert "is no JSON" in terminal.fails(1, "verify", strange, "--sent", strange)


def test_the_verifier_runs_without_the_hub(
    pair: Pair,
    terminal: Terminal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settle(pair)
    file = export(terminal, pair, tmp_path / "events.ndjson")
    monkeypatch.setenv("HUB_TOKEN", pair.world.tokens["publisher"])
    expected = {
        (str(file), "--key", pair.key): 0,
        (pair.served.url, "--key", pair.key): 0,
        (str(file), "--key", Signer(b"x" * 32).key.text): 1,
        (str(tmp_path / "none"),): 1,
        ("http://127.0.0.1:9",): 3,
        (str(file), "--witness", "nonsense"): 1,
    }
    for words, status in expected.items():
        monkeypatch.setattr("sys.argv", ["verifier", *words])
        assert main() == status, words
    assert "Nothing was changed." in capsys.readouterr().out
