"""What was erased is nowhere in the views: not in their files, and not in what they keep in memory."""

import gc
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC
from events.event import Position
from projections.dossiers import ListQuery
from projections.event_query import EventQuery
from tests.living import is_a
from tests.logs import OWNER, PARTNER, Ask, MemoryLog

Json = Any

LAWYER = "lawyer:harbour-bar-watch.1"
NAME, ALIAS, STORY, OTHER_STORY, ROLL = (
    "Qzhvexillandrough",
    "Brakkelmundowitz",
    "Wrothimballarune",
    "Ypsolderamunkish",
    "vorrenthalgibbon",
)
SEALED = (NAME, STORY, OTHER_STORY, ROLL)
WORDS = (*SEALED, ALIAS)


@pytest.fixture
def told(log: MemoryLog, ask: Ask) -> None:
    """Tell much of one lawyer, and let everybody ask for it."""
    identity = {"names": [{"full": f"Ottoline {NAME}"}]}
    urls = [f"https://{ROLL}.example/roll/7"]
    log.profile(tlp="green", identity=identity, alias_public=ALIAS, public_urls=urls, audience="open-docket")
    log.threat(1)
    log.events[1].data["narrative"] = f"They shouted {STORY} at her."  # type: ignore[index]
    ask(OWNER)
    log.correct("e2", ("/narrative", f"They shouted {OTHER_STORY} at her."), tlp="amber")
    for no in range(2, 200):
        log.threat(no)
    for reader in (OWNER, PARTNER, PUBLIC):
        sight = ask(reader)
        sight.listing("lawyers", ListQuery(sort="label"))
        sight.feed(Position(0), 0, EventQuery(), 1000)
        sight.search(NAME)
    log.retract("e9")


def holding(folder: Path) -> list[tuple[str, str]]:
    """Return which files hold which of the words, in any case."""
    return [
        (file.name, word)
        for file in sorted(folder.iterdir())
        for word in WORDS
        for form in (word, word.lower())
        if form.encode() in file.read_bytes()
    ]


@pytest.mark.usefixtures("told")
def test_no_byte_of_the_files_holds_what_was_erased(log: MemoryLog, ask: Ask, tmp_path: Path) -> None:
    assert {word for _, word in holding(tmp_path)} == set(WORDS)
    log.erase(LAWYER)
    sight = ask(OWNER)
    assert holding(tmp_path) == []
    assert [sight.search(word)["total"] for word in WORDS] == [0] * 5
    assert sight.search("bail")["total"] == 198


@pytest.mark.usefixtures("told")
def test_nothing_that_is_kept_in_memory_holds_what_was_erased(log: MemoryLog, ask: Ask) -> None:
    assert kept() == set(SEALED)
    log.erase(LAWYER)
    ask(OWNER)
    assert kept() == set()


def kept() -> set[str]:
    """Return which of the sealed words stand in a text that some object in memory holds on to."""
    gc.collect()
    found: set[str] = set()
    for one in gc.get_objects():
        inner: Json = ()
        if is_a(one, dict):
            inner = (*one.keys(), *one.values())
        elif is_a(one, list, tuple, set):
            inner = tuple(one)
        texts = [each for each in inner if is_a(each, str) and each not in SEALED]
        found.update(word for text in texts for word in SEALED if word in text)
    return found
