"""Nobody signs twice, under another text or after the end, however many clients of however many hubs try at once."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from events.decisions.actions.texts import text_hash
from tests.archive_fixtures import Archive, ArchiveSuite, sqlite_url
from tests.postgres import fresh_database

Json = Any

LEAD, PARTNERS = "lanterns-for-counsel", ("harbour-bar-watch", "open-docket", "quill-network")
ACTION = f"action:{LEAD}.1"
TEXTS = ("First text.", "Second text.")
CLIENTS = 4


def proposal(text: str, **more: Json) -> Json:
    named = {"action": ACTION, "kind": "joint_letter", "lead": f"partner:{LEAD}", "purpose": "P"}
    return {**named, "about": [f"case:{LEAD}.1"], "draft": text, "text_hash": text_hash(text), **more}


def wishes(random: Random) -> list[tuple[str, str, Json]]:
    """Return what all want: each partner signs each text often and leaves; the lead changes the text, then ends."""
    made: list[tuple[str, str, Json]] = []
    for slug in PARTNERS:
        named = {"action": ACTION, "partner": f"partner:{slug}"}
        joins = [
            {**named, "role": "signatory", "text_hash": text_hash(text)} for text in TEXTS for _ in range(3)
        ]
        made += [(slug, "action.joined", data) for data in joins]
        made += [(slug, "action.left", {**named, "left": "2026-11-03T09:00:00Z"})]
    random.shuffle(made)
    end = (LEAD, "action.completed", {"action": ACTION, "state": "completed"})
    made.insert(len(made) // 3, (LEAD, "action.proposed", proposal(TEXTS[1])))
    made.insert(3 * len(made) // 4, end)
    return made


def push_at_once(archives: Sequence[Archive], made: Sequence[tuple[str, str, Json]]) -> None:
    """Push everything from several clients, each with a hub of its own, in whatever order comes of it."""
    start = threading.Barrier(CLIENTS)

    def push(client: int) -> None:
        archive = archives[client % len(archives)]
        start.wait()
        for number, (slug, event_type, data) in enumerate(made[client::CLIENTS]):
            archive.push(slug, event_type, data, id=f"c{client}-{number}")

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(push, range(CLIENTS)))


def hold_the_law(archive: Archive) -> None:
    """Go through the log: at every place each signature is the only one, of the current text, before the end."""
    text, is_over, signed = "", False, Counter[str]()
    for event in archive.everything():
        data = event.data
        if event.stem.startswith("action.proposed"):
            assert not is_over
            if data["text_hash"] != text:
                text, signed = data["text_hash"], Counter()
        elif event.stem.startswith("action.joined"):
            signed[event.publisher] += 1
            assert (is_over, data["text_hash"], signed[event.publisher]) == (False, text, 1)
        elif event.stem.startswith("action.left"):
            signed[event.publisher] = 0
        elif event.stem.startswith("action.completed"):
            assert not is_over
            is_over = True
    assert is_over


class Signing(ArchiveSuite):
    """The law. A subclass says where the log is."""

    @pytest.mark.parametrize("seed", range(2))
    def test_each_signs_once_and_never_after_the_end(self, opened: Callable[[], Archive], seed: int) -> None:
        archives = [opened(), opened()]
        archives[0].begin({LEAD: ["monitor"], **{slug: ["monitor"] for slug in PARTNERS}})
        archives[0].push(LEAD, "action.proposed", proposal(TEXTS[0]))
        push_at_once(archives, wishes(Random(seed)))
        hold_the_law(archives[1])

    def test_one_signature_in_many_calls_is_stored_once(self, opened: Callable[[], Archive]) -> None:
        archives = [opened(), opened()]
        archives[0].begin({LEAD: ["monitor"], PARTNERS[0]: ["monitor"]})
        archives[0].push(LEAD, "action.proposed", proposal(TEXTS[0]))
        data = {"action": ACTION, "partner": f"partner:{PARTNERS[0]}", "role": "signatory"}
        push_at_once(archives, [(PARTNERS[0], "action.joined", data)] * 16)
        stems = Counter(event.stem for event in archives[1].everything())
        assert stems["action.joined.v1"] == 1


class TestOnSQLite(Signing):
    """The law on SQLite."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return sqlite_url(tmp_path)


class TestOnPostgres(Signing):
    """The law on PostgreSQL."""

    @pytest.fixture
    def url(self) -> str:
        return fresh_database()
