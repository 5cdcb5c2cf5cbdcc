"""`hub erase`, `hub erasures`, `hub verify` and what `hub doctor` says of the vault, called as a person would."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from events.event import Position
from hub.commands.root import hub as command
from hub.commands.world import World as Outside
from hub.presence import alone, serving
from hub.views_files import own_views, views_files
from tests.running import World, admit, calling, make_world, recording, threat

Json = Any

SLUG, OTHER = "harbour-bar-watch", "open-docket"
ANN, BEN = f"lawyer:{SLUG}.0001", f"lawyer:{SLUG}.0002"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A hub in which two lawyers are threatened, one of them twice, once together with the other."""
    world = make_world(tmp_path / "data")
    both = {"targets": [ANN, BEN], "narrative": "both were seen"}
    said = [
        threat(1, data={"narrative": "she was seen"}),
        threat(2, data={"narrative": "he was seen"}),
        threat(3, data=both),
        {**threat(4), "id": "same", "type": "identity.judged", "tlp": "amber", "data": _same()},
    ]
    with calling(world) as door:
        for one in said:
            answer = door.post("/api/v1/events", json=one, headers=world.bearer("publisher"))
            assert answer.status_code == 201, answer.text
    return world


def _same() -> Json:
    return {"left": ANN, "right": f"lawyer:{OTHER}.9", "judgement": "same", "basis": ["counsel_confirmed"]}


def run(world: World, *words: str, pause: Callable[[float], None] = lambda _: None) -> Result:
    outside = Outside(world.clock, world.chance, pause, {})
    return CliRunner().invoke(
        command, [*words, "--data", str(world.settings.data)], obj=outside, prog_name="hub"
    )


def ok(world: World, *words: str) -> str:
    result = run(world, *words)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def one(world: World, *words: str) -> Json:
    return json.loads(ok(world, *words, "--json"))


def head(world: World) -> int:
    with recording(world) as intake:
        return intake._store.head()


def test_it_says_what_it_destroyed_what_it_left_and_who_must_do_what(world: World) -> None:
    text = ok(world, "erase", ANN)
    assert f"Destroyed: 1 keys of {ANN}, in the events of {SLUG}; 3 events name it." in text
    assert f"Judged the same, and left: lawyer:{OTHER}.9 (--with-same erases them as well)." in text
    assert (
        "Within 7 days these must destroy their own copies and publish erasure.executed"
        f" with the role recipient_ack: {SLUG}, {OTHER}." in text
    )
    assert "the views were thrown away" in text
    listed = ok(world, "erasures")
    assert f"{ANN}  waiting for {SLUG}, {OTHER}, due 2031-05-11" in listed
    assert ok(world, "erasures", "--overdue") == ""
    world.clock.move(days=8)
    assert ok(world, "erasures", "--overdue").endswith(", overdue\n")
    assert "was erased before, and nothing has come since" in ok(world, "erase", ANN)


def test_a_dry_run_changes_nothing(world: World) -> None:
    before = head(world)
    row = one(world, "erase", ANN, "--dry-run")
    assert (row["status"], row["erased"][0]["keys"], row["same"]) == ("dry_run", 1, [f"lawyer:{OTHER}.9"])
    assert "Would destroy: 1 keys" in ok(world, "erase", ANN, "--dry-run")
    assert head(world) == before


def test_what_several_persons_share_is_left_for_the_stewards(world: World) -> None:
    row = one(world, "erase", BEN)
    assert [(each["subject"], each["persons"]) for each in row["undecided"]] == [(ANN, [ANN])]
    assert f"Left, for the stewards to decide: what is sealed for {ANN}" in ok(
        world, "erase", BEN, "--dry-run"
    )


def test_with_same_erases_what_was_judged_the_same_under_one_request(world: World) -> None:
    row = one(world, "erase", ANN, "--with-same", "--request", "order-17")
    assert [each["reference"] for each in row["erased"]] == [ANN, f"lawyer:{OTHER}.9"]
    assert (len(row["events"]), row["request"], row["same"]) == (2, "order-17", [])
    with recording(world) as intake:
        events = intake._store.read(Position(0), 500)
    said = [each.data for each in events if each.stem == "erasure.executed.v1"]
    assert {each["request"] for each in said} == {"order-17"}
    acts = [each.data for each in events if each.stem == "steward.acted.v1"]
    assert acts[-1] == {"action": "erase_requested", "account": "command", "subject": ANN,
                        "detail": {"request": "order-17"}}  # fmt: skip


def test_with_same_of_somebody_who_is_nobody_else_erases_one(world: World) -> None:
    assert len(one(world, "erase", BEN, "--with-same")["events"]) == 1


def test_a_suspended_partner_is_not_asked(world: World) -> None:
    ok(world, "partner", "suspend", OTHER)
    assert one(world, "erase", ANN)["to_acknowledge"] == [SLUG]
    assert one(world, "erasures")["missing"] == [SLUG]


def test_nobody_is_asked_where_there_is_no_partner_and_all_have_answered(world: World) -> None:
    for slug in (SLUG, OTHER):
        ok(world, "partner", "suspend", slug)
    assert "must destroy their own copies" not in ok(world, "erase", ANN)
    assert "all have answered" in ok(world, "erasures")


def test_what_no_event_names_is_refused(world: World) -> None:
    result = run(world, "erase", f"lawyer:{SLUG}.none")
    assert result.exit_code == 1
    assert "No event of this hub names that reference; nothing was done." in result.stderr


def test_beside_a_hub_that_does_not_forget_it_says_so(world: World) -> None:
    with serving(world.settings.data), own_views(world.settings.data):
        result = run(world, "erase", ANN, "--json")
    assert (result.exit_code, json.loads(result.stdout)["views"]) == (1, "pending")
    assert "has not forgotten yet" in result.stderr
    (world.settings.data / "views.sqlite").unlink()
    with serving(world.settings.data), own_views(world.settings.data):
        assert run(world, "erase", ANN).exit_code == 1


def test_views_that_nobody_has_open_any_more_are_thrown_away(world: World) -> None:
    data = world.settings.data
    with own_views(data) as first, own_views(data) as second:
        assert (first.name, second.name) == ("views.sqlite", "views-2.sqlite")
        second.touch()
        assert views_files(data) == [first, second]
    with serving(data), own_views(data):
        result = run(world, "erase", ANN, "--json")
    assert json.loads(result.stdout)["views"] == "pending"
    assert views_files(data) == [data / "views.sqlite"]


def test_beside_a_hub_that_forgets_it_waits(world: World) -> None:
    waiting = threading.Event()

    def pause(seconds: float) -> None:
        waiting.wait(seconds)

    with calling(world):
        result = run(world, "erase", ANN, pause=pause)
    assert (result.exit_code, "The hub that runs here has forgotten." in result.stdout) == (0, True)


def test_several_hubs_may_run_on_a_folder_and_a_command_knows(tmp_path: Path) -> None:
    with alone(tmp_path) as is_alone:
        assert is_alone
    with serving(tmp_path), serving(tmp_path), alone(tmp_path) as is_alone:
        assert not is_alone


@pytest.fixture
def terminal(world: World) -> Iterator[tuple[int, int]]:
    """A terminal of which one end is a person's keyboard."""
    keyboard, end = os.openpty()
    yield keyboard, end
    os.close(keyboard)
    os.close(end)


@pytest.mark.parametrize(("said", "status"), [(b"n\n", 1), (b"y\n", 0)])
def test_at_a_terminal_it_asks_first(
    world: World, terminal: tuple[int, int], said: bytes, status: int
) -> None:
    keyboard, end = terminal
    os.write(keyboard, said)
    before = head(world)
    words = [sys.executable, "-m", "hub", "erase", ANN, "--data", str(world.settings.data)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    done = subprocess.run(
        words, stdin=end, capture_output=True, text=True, env=environ, timeout=60, check=False
    )
    assert done.returncode == status, done.stderr
    assert "About to destroy: 1 keys" in done.stderr
    assert "This cannot be undone. Go on?" in done.stderr
    assert (head(world) > before) == (status == 0)


# --- verify and doctor


def test_the_log_verifies_before_and_after_an_erasure(world: World) -> None:
    assert "3 personal fields, 0 of them erased.\nThe log is whole." in ok(world, "verify")
    ok(world, "erase", ANN)
    assert one(world, "verify")["erased"] == 2


def test_verify_tells_what_is_not_whole(world: World) -> None:
    with closing(sqlite3.connect(world.settings.data / "log.sqlite")) as db:
        db.execute("DELETE FROM stored_events WHERE rowid = 5")
        rows = db.execute(
            "SELECT rowid, state FROM stored_events WHERE topic = 'threat.reported.v1'"
        ).fetchall()
        (first, state), (second, other) = rows[0], rows[1]
        envelope, changed = json.loads(state), json.loads(other)
        envelope["sealed"][0]["box"] = changed["sealed"][0]["box"]
        del changed["data"]["categories"]
        db.execute(
            "UPDATE stored_events SET state = ? WHERE rowid = ?", (json.dumps(envelope).encode(), first)
        )
        db.execute(
            "UPDATE stored_events SET state = ? WHERE rowid = ?", (json.dumps(changed).encode(), second)
        )
        db.commit()
    result = run(world, "verify", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["whole"]) == (1, False)
    assert (found["missing"], found["damaged"], found["broken"]) == (1, 1, 1)
    assert "NOT WHOLE: 1 events are missing" in run(world, "verify").stdout


def test_the_doctor_tells_of_the_vault(world: World, tmp_path: Path) -> None:
    rows = {row["check"]: row for row in map(json.loads, run(world, "doctor", "--json").stdout.splitlines())}
    assert rows["vault"]["ok"]
    assert rows["vault"]["detail"] == "2 keys of personal fields open, 0 are destroyed"
    ok(world, "erase", ANN)
    assert "1 keys of personal fields open, 1 are destroyed" in run(world, "doctor").stdout


def test_the_doctor_finds_a_key_that_does_not_open(world: World) -> None:
    with closing(sqlite3.connect(world.settings.data / "keys" / "vault.sqlite")) as db:
        db.execute("UPDATE secrets SET wrapped = zeroblob(60) WHERE no = 1")
        db.commit()
    result = run(world, "doctor")
    assert result.exit_code == 1
    assert "BAD  vault     1 keys of personal fields do not open" in result.stdout


def test_a_partner_admitted_after_an_erasure_does_not_make_it_overdue(world: World) -> None:
    ok(world, "erase", ANN)
    with recording(world) as intake:
        admit(intake, "quill-network", ["monitor"])
    assert one(world, "erasures")["missing"] == [SLUG, OTHER]
