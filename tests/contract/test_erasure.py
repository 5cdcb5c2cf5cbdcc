"""Erasure, end to end: a real hub, a real command, and afterwards no file and no answer that holds the values."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from events.cursor import Cursors
from events.event import Position
from hub.keys import cursor_key
from hub.routes import addresses
from hub.views_files import VIEWS_FILE
from tests.asking import Pools, questions
from tests.depth import in_depth
from tests.logged import read_log
from tests.running import TestClient, World, admit, calling, example, make_world, recording

Json = Any

SLUG, OTHER = "harbour-bar-watch", "open-docket"
ANN = f"lawyer:{SLUG}.7"
NAME, NARRATIVE, CORRECTED, ADDED, DETAILS, NOTE = (
    "Quetzalora", "Brimblewick", "Corvantide", "Dravenholm", "Elverquist", "Fennimarsh",
)  # fmt: skip
TOKENS = (NAME, NARRATIVE, CORRECTED, ADDED, DETAILS, NOTE)
HIDDEN_AT_ONCE = TOKENS[:-1]
"""A note whose source is not named is sealed for the thing that it is about: it goes with the erasure."""

WITHIN = 60.0


def event(event_id: str, event_type: str, data: Json, slug: str = SLUG, **more: Json) -> Json:
    own = {"id": event_id, "source": f"urn:hub:partner:{slug}", "type": event_type, "data": data}
    return {"specversion": "1.0", **own, **more}


def profile() -> Json:
    data = example("lawyer.profiled.v1")
    identity = {**data["identity"], "names": [{"full": NAME, "script": "Latn", "kind": "primary"}]}
    told = {"consent_level": "C2", "scopes": ["emergency_support"]}
    data = {**data, "lawyer": ANN, "identity": identity, "protection": {**data.get("protection", {}), **told}}
    return event("p-1", "lawyer.profiled", data, tlp="amber", audience=OTHER)


def threat(number: int, **more: Json) -> Json:
    data = {"threat": f"threat:{SLUG}.{number}", "targets": [ANN], "categories": ["liberty.arrest"], **more}
    return event(f"t-{number}", "threat.reported", data)


def correction(event_id: str, about: str, text: str) -> Json:
    changes = [{"pointer": "/narrative", "to": f"{text} was seen"}]
    return event(event_id, "record.corrected", {"about_event": about, "reason": "typing", "changes": changes})


def story() -> list[Json]:
    """Everything that a partner may say of a lawyer: each value a word of its own."""
    note = {"reliability": "B", "credibility": "2", "sealed_note": f"{NOTE} told it"}
    need = {"need": f"need:{SLUG}.1", "for": ANN, "kinds": ["psychosocial"], "expressed_by": "self"}
    return [
        profile(),
        threat(1, narrative=f"{NARRATIVE} was seen"),
        correction("c-1", "t-1", CORRECTED),
        threat(2),
        correction("c-2", "t-2", ADDED),
        event("n-1", "need.expressed", {**need, "details": f"{DETAILS} is needed", "provenance": note}),
    ]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = make_world(tmp_path / "data")
    world.issue("own", SLUG, "publisher", clearance="red")
    return world


def until(is_so: Callable[[], bool], within: float = WITHIN) -> None:
    """Wait for what another thread or process brings about."""
    waiting, end = threading.Event(), time.monotonic() + within
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        waiting.wait(0.05)


def files_with(folder: Path, tokens: Sequence[str] = TOKENS) -> list[tuple[str, str]]:
    """Return which file of a folder holds which value, as it stands or as search folds it."""
    return [
        (file.name, token)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for token in tokens
        if token.lower().encode() in file.read_bytes().lower()
    ]


# --- a real hub and a real command


@dataclass
class Running:
    """A hub as a process of its own."""

    url: str
    world: World

    def get(self, path: str, who: str | None, **params: Json) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", params=params, headers=self._bearer(who), timeout=30)

    def post(self, one: Json, who: str = "own") -> httpx.Response:
        return httpx.post(f"{self.url}/api/v1/events", json=one, headers=self._bearer(who), timeout=30)

    def found(self, word: str, who: str, **more: str) -> int:
        total: int = self.get("/api/v1/search", who, q=word, **more).json()["total"]
        return total

    def _bearer(self, who: str | None) -> Mapping[str, str]:
        return {} if who is None else self.world.bearer(who)


@contextmanager
def served(world: World) -> Iterator[Running]:
    words = ["serve", "--port", "0", "--data", str(world.settings.data), "--json"]
    hub = subprocess.Popen(
        _command(words), env=_environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert hub.stdout is not None
        yield Running(json.loads(hub.stdout.readline())["address"], world)
    finally:
        hub.terminate()
        hub.communicate(timeout=30)


def run(world: World, *words: str) -> list[Json]:
    """Run a command to its good end and return what it printed."""
    done = subprocess.run(
        _command([*words, "--data", str(world.settings.data), "--json"]),
        env=_environ(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def _command(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "hub", *words]


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}


class Follower:
    """Follows the feed in a thread, as a browser would."""

    def __init__(self, hub: Running, who: str) -> None:
        self._heard: queue.SimpleQueue[Json] = queue.SimpleQueue()
        self.messages: list[Json] = []
        headers = {**hub.world.bearer(who), "Accept": "text/event-stream"}
        self._client = httpx.Client(timeout=httpx.Timeout(30, read=None))
        args = (f"{hub.url}/api/v1/feed?after=begin", headers)
        self._thread = threading.Thread(target=self._listen, args=args, daemon=True)
        self._thread.start()

    def _listen(self, url: str, headers: Mapping[str, str]) -> None:
        try:
            with self._client.stream("GET", url, headers=headers) as answer:
                for line in answer.iter_lines():
                    if line.startswith("data:"):
                        self._heard.put(json.loads(line[5:]))
        except httpx.HTTPError:
            return

    def until(self, kind: str, event_id: str | None = None) -> None:
        """Listen until a message of this kind has come."""
        end = time.monotonic() + WITHIN
        while not any(one["kind"] == kind and event_id in (None, one.get("id")) for one in self.messages):
            self.messages.append(self._heard.get(timeout=max(0.1, end - time.monotonic())))

    def told(self, event_id: str) -> list[tuple[str, str | None]]:
        """Return what was said of an event after it was first sent."""
        while not self._heard.empty():
            self.messages.append(self._heard.get())
        return [(one["kind"], one["reason"]) for one in self.messages if one.get("id") == event_id]

    def close(self) -> None:
        """Hang up and wait for the thread."""
        self._thread.join(WITHIN)
        self._client.close()


ROLES = ("own", "publisher", "observer", "docket", "steward", None)


def answers(hub: Running, *always: str) -> dict[tuple[Json, ...], bytes]:
    """Ask every address for everything, as everybody in turn; in a deep run everybody asks everything.

    Args:
        hub: that is asked.
        always: who ask everything.
    """
    log = read_log(hub.world.settings.data)
    cursors = Cursors(cursor_key(hub.world.settings.data))
    ties = [(f"threat:{SLUG}.1", ANN, "TARGETS")]
    asked = [
        one
        for one in questions(addresses(), Pools(log, len(log), cursors, ties), Random(7))
        # A form offers a new reference, made of the clock; a sheet of the log is closed each minute.
        if one.route not in {"/metrics", "/readyz"}
        and not one.route.startswith(("/publish/", "/correct/", "/api/v1/log/"))
    ]
    # Answers hold the address by which the hub was called; another hub has another port.
    with httpx.Client(base_url=hub.url, timeout=30, headers={"host": "hub.test"}) as client:
        return {
            (one.path, one.query, who): client.get(
                one.path, params=list(one.query), headers={} if who is None else hub.world.bearer(who)
            ).content
            for place, one in enumerate(asked)
            for who in in_depth({*always, ROLES[place % len(ROLES)]}, {*ROLES})
        }


def test_after_hub_erase_no_file_and_no_answer_holds_anything(world: World) -> None:
    with served(world) as hub:
        for one in story():
            answer = hub.post(one)
            assert answer.status_code == 201, answer.text
        last = answer.json()["cursor"]
        assert [hub.found(word, "own", at_least=last) > 0 for word in TOKENS] == [
            True,
            False,
            True,
            True,
            True,
            True,
        ]
        assert hub.found(NAME, "observer") == 1
        own, observer = Follower(hub, "own"), Follower(hub, "observer")
        own.until("live")
        observer.until("live")
        assert {name for name, _ in files_with(world.settings.data)} & {VIEWS_FILE, f"{VIEWS_FILE}-wal"}
        [erased] = run(world, "erase", ANN)
        assert (erased["status"], erased["views"]) == ("erased", "forgotten")
        until(lambda: not files_with(world.settings.data))
        after = answers(hub, "own")
        assert not [
            (key, word) for key, body in after.items() for word in TOKENS if word.lower() in str(body).lower()
        ]
        own.until("changed", "n-1")
        observer.until("withdrawn", "p-1")
        assert own.told("p-1") == observer.told("p-1") == [("withdrawn", "erased")]
        assert own.told("t-1")[-2:] == [("withdrawn", "erased"), ("changed", "erased")]
        assert own.told("t-2")[-2:] == [("withdrawn", "erased"), ("changed", "erased")]
        assert own.told("n-1") == [("withdrawn", "erased"), ("changed", "erased")]
        # The observer saw neither narrative nor note, so there is nothing to tell.
        assert observer.told("t-1") == observer.told("n-1") == []
        _send_again(hub)
        _acknowledge(hub)
        settled = answers(hub)
    own.close()
    observer.close()
    _still_whole(world, settled)


def _send_again(hub: Running) -> None:
    """What was erased is recognised, and not stored again."""
    before = len(read_log(hub.world.settings.data))
    for one in story():
        answer = hub.post(one)
        assert (answer.status_code, answer.json()["status"]) == (200, "duplicate"), answer.text
    assert len(read_log(hub.world.settings.data)) == before
    assert files_with(hub.world.settings.data) == []


def _acknowledge(hub: Running) -> None:
    def missing(cursor: str | None = None) -> list[str]:
        at_least = {} if cursor is None else {"at_least": cursor}
        found: list[str] = hub.get("/api/v1/erasures", "docket", **at_least).json()["items"][0]["missing"]
        return found

    assert missing() == [SLUG, OTHER]
    said = {"subject_of_erasure": ANN, "scope": ["recipient_ack"], "role": "recipient_ack"}
    answer = hub.post(event("ack", "erasure.executed", said, OTHER), "docket")
    assert missing(answer.json()["cursor"]) == [SLUG]


def _still_whole(world: World, settled: Mapping[tuple[Json, ...], bytes]) -> None:
    """The log verifies, and the views that are folded from it anew say the same."""
    [found] = run(world, "verify")
    assert found["whole"]
    assert found["erased"] == found["sealed"] > len(TOKENS) - 1
    [listed] = run(world, "erasures")
    assert (listed["subject"], listed["missing"]) == (ANN, [SLUG])
    for file in world.settings.data.glob(f"{VIEWS_FILE}*"):
        file.unlink()
    with served(world) as hub:
        until(lambda: hub.get("/readyz", None).status_code == 200)
        again = answers(hub)
        differing = [key for key in settled if again[key] != settled[key]]
        assert differing == []
    assert files_with(world.settings.data) == []


def test_without_a_hub_the_command_throws_the_views_away(world: World) -> None:
    with calling(world) as door:
        push(door, world, *story())
    assert files_with(world.settings.data)
    [shown] = run(world, "erase", ANN, "--dry-run")
    assert (shown["status"], shown["views"]) == ("dry_run", None)
    assert files_with(world.settings.data)
    [erased] = run(world, "erase", ANN)
    assert (erased["status"], erased["views"]) == ("erased", "deleted")
    assert erased["erased"][0]["kids_destroyed"] == shown["erased"][0]["kids_destroyed"]
    assert files_with(world.settings.data) == []
    [again] = run(world, "erase", ANN)
    assert (again["status"], again["events"]) == ("already_erased", [])


# --- by the person's own word


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world) as client:
        yield client


def push(door: TestClient, world: World, *events: Json, who: str = "own") -> str:
    """Publish events and return the cursor of the last."""
    for one in events:
        answer = door.post("/api/v1/events", json=one, headers=world.bearer(who))
        assert answer.status_code == 201, answer.text
    cursor: str = answer.json()["cursor"]
    return cursor


def withdrawal(slug: str, **more: Json) -> Json:
    return event("w-1", "consent.withdrawn", {"subject_of_consent": ANN, "effect": "erase", **more}, slug)


def seen(door: TestClient, world: World, cursor: str) -> list[str]:
    """Return the words that their own publisher still reads, of all that she published."""
    asked = {"at_least": cursor, "limit": "1000"}
    text = door.get("/api/v1/events", params=asked, headers=world.bearer("own")).text
    return [word for word in (NAME, CORRECTED, DETAILS) if word in text]


def living(world: World, reference: str = ANN) -> int:
    """Return how many keys of a person still open."""
    with recording(world) as intake:
        records = intake._store.keys()
    return len([one for one in records if one.subject == reference and one.destroyed is None])


def test_a_withdrawal_by_the_publisher_destroys_its_own_keys_at_once(door: TestClient, world: World) -> None:
    assert seen(door, world, push(door, world, *story())) == [NAME, CORRECTED, DETAILS]
    cursor = push(door, world, withdrawal(SLUG))
    assert seen(door, world, cursor) == []
    assert living(world) == 0
    until(lambda: files_with(world.settings.data, HIDDEN_AT_ONCE) == [])


def test_a_withdrawal_by_another_partner_hides_at_once_and_destroys_when_due(
    door: TestClient, world: World
) -> None:
    push(door, world, *story())
    cursor = push(door, world, withdrawal(OTHER), who="docket")
    assert seen(door, world, cursor) == []
    until(lambda: files_with(world.settings.data, HIDDEN_AT_ONCE) == [])
    assert living(world) == 1
    world.clock.move(days=29)
    assert not erasures(door, world)
    world.clock.move(days=2)
    until(lambda: bool(erasures(door, world)))
    [item] = erasures(door, world)
    assert (item["subject"], item["source"], item["request"]) == (ANN, "urn:hub:partner:hub", "w-1")
    assert (living(world), living(world, f"event:urn:hub:partner:{SLUG} t-1")) == (0, 0)
    assert len(erasures(door, world)) == 1
    until(lambda: files_with(world.settings.data) == [])


def test_an_urgent_withdrawal_is_due_after_a_day(door: TestClient, world: World) -> None:
    push(door, world, *story())
    push(door, world, withdrawal(OTHER, urgent=True), who="docket")
    world.clock.move(hours=25)
    until(lambda: bool(erasures(door, world)))
    assert living(world) == 0


def test_stewards_may_retract_a_false_withdrawal_before_the_clock_has_run(
    door: TestClient, world: World
) -> None:
    push(door, world, *story())
    push(door, world, withdrawal(OTHER), who="docket")
    said = {"about_event": "w-1", "about_source": f"urn:hub:partner:{OTHER}", "reason": "false"}
    retraction = event("r-1", "record.retracted", said, "stewards")
    assert seen(door, world, push(door, world, retraction, who="steward")) == [NAME, CORRECTED, DETAILS]
    world.clock.move(days=31)
    cursor = push(door, world, threat(3))
    assert seen(door, world, cursor) == [NAME, CORRECTED, DETAILS]
    assert (erasures(door, world), living(world)) == ([], 1)


def erasures(door: TestClient, world: World, who: str = "steward", **asked: str) -> list[Json]:
    found: list[Json] = door.get("/api/v1/erasures", params=asked, headers=world.bearer(who)).json()["items"]
    return found


def test_what_is_overdue_is_judged_by_the_hubs_clock(door: TestClient, world: World) -> None:
    said = {"subject_of_erasure": ANN, "scope": ["subject_key"], "role": "controller"}
    cursor = push(door, world, event("e-1", "erasure.executed", said, "stewards"), who="steward")
    [item] = erasures(door, world, "observer", at_least=cursor)
    assert (item["missing"], item["overdue"]) == ([SLUG, OTHER], False)
    assert erasures(door, world, "observer", overdue="true") == []
    world.clock.move(days=8)
    assert [one["overdue"] for one in erasures(door, world, "observer", overdue="true")] == [True]
    assert door.get("/api/v1/erasures").json() == {"items": [], "total": 0, "next": None}
    headers = world.bearer("observer")
    assert door.get("/api/v1/erasures", params={"overdue": "perhaps"}, headers=headers).status_code == 400


def test_two_hubs_on_one_log_erase_once(world: World) -> None:
    with calling(world) as door:
        push(door, world, *story())
        push(door, world, withdrawal(OTHER), who="docket")
    with recording(world) as one, recording(world) as other:
        source = f"urn:hub:partner:{OTHER}"
        assert one.erase(ANN, source, "w-1")
        head = one._store.head()
        assert not other.erase(ANN, source, "w-1")
        assert other._store.head() == head
        [event_] = one._store.read(Position(head - 1), 1)
        assert event_.stem == "erasure.executed.v1"


def test_a_partner_admitted_later_need_not_answer(door: TestClient, world: World) -> None:
    said = {"subject_of_erasure": ANN, "scope": ["subject_key"], "role": "controller"}
    push(door, world, event("e-1", "erasure.executed", said, "stewards"), who="steward")
    with recording(world) as intake:
        admit(intake, "quill-network", ["monitor"])
    until(lambda: door.get("/api/v1/partners", headers=world.bearer("steward")).json()["total"] == 4)
    assert erasures(door, world)[0]["missing"] == [SLUG, OTHER]
