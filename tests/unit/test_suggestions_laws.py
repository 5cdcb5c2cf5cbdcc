"""Laws of suggestions: nothing hidden changes a byte, what was erased is gone, a view read anew answers alike."""

import gc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from projections.suggestions.query import SuggestionQuery
from schemas.registry import Registry
from tests.living import is_a
from tests.logs import PARTNER, Ask, MemoryLog
from tests.namesakes import COORDINATOR, NAMES, OTHER, OWN, THIRD, A, B, Opened, asked, told

Json = Any

ERASED = (("Wrendolik", "Tasparov"), ("Врендолик", "Тасьпаров"))
WORDS = ("Wrendolik", "Tasparov", "wrendolik", "tasparov", "Тасьпаров", "тасьпаров")


def test_after_an_erasure_nothing_of_the_names_is_left(log: MemoryLog, ask: Ask, tmp_path: Path) -> None:
    told(log, 1, " ".join(ERASED[0]))
    told(log, 2, " ".join(ERASED[1]), slug=OTHER)
    told(log, 3, "Quendoline Abrassart")
    assert asked(ask) == [(A, B)]
    assert holding(tmp_path)
    assert {"wrendolik tasparov", "врендолик тасьпаров"} <= kept()
    log.erase(A)
    log.erase(B)
    assert asked(ask) == []
    assert holding(tmp_path) == []
    assert kept() == set()


def holding(folder: Path) -> list[str]:
    whole = b"".join(file.read_bytes() for file in sorted(folder.iterdir()))
    return [word for word in WORDS if word.encode() in whole]


def kept() -> set[str]:
    """Return the texts in memory that hold a word of the names, besides those words as the test has them."""
    gc.collect()
    texts = {each for one in gc.get_objects() for each in gc.get_referents(one) if is_a(each, str)}
    found = {text for text in texts if len(text) < 200 and any(word in text for word in WORDS)}
    return found - set(WORDS) - {word for pair in ERASED for word in pair}


def test_a_view_that_was_read_from_its_table_answers_alike(log: MemoryLog, tmp_path: Path) -> None:
    registry = Registry.load()
    for no in range(1, 8):
        told(log, no, NAMES[no % 3], slug=(OWN, OTHER)[no % 2])
    with Opened(registry, log, tmp_path / "one.db") as room:
        told(log, 2, NAMES[1], NAMES[2], slug=OTHER)
        log.correct("e5", ("/practice_status", "retired"), slug=OTHER)
        log.consent("C1", 4)
        log.retract("e3", slug=OTHER)
        room.catch_up()
        before: Json = room.purge(PARTNER).suggestions(replace(COORDINATOR, limit=20))
    assert before["items"]
    for path in ("one.db", "two.db"):
        with Opened(registry, log, tmp_path / path) as room:
            assert room.purge(PARTNER).suggestions(replace(COORDINATOR, limit=20)) == before


Told = tuple[int, int, str, bool]
tales = st.lists(
    st.tuples(
        st.integers(1, 6), st.integers(0, 2), st.sampled_from([*NAMES, "Tavriel Mostrakova"]), st.booleans()
    ),
    min_size=2,
    max_size=10,
)


@settings(max_examples=6, deadline=None)
@given(tales)
def test_what_is_hidden_changes_no_byte(tale: Sequence[Told]) -> None:
    whole, alone, other = MemoryLog(), MemoryLog(), MemoryLog()
    for no, source, name, is_hidden in tale:
        slug = (OWN, OTHER, THIRD)[source]
        level, tlp = ("C1", "red") if is_hidden and slug != OTHER else ("C2", "amber")
        hidden = tlp == "red"
        told(whole, no, name, slug=slug, level=level, tlp=tlp)
        if hidden:
            told(other, no, "Ossiane Brundtwick", slug=slug, level=level, tlp=tlp)
            alone.add("embargo.released", {"until": "2026-01-01T00:00:00Z"}, "hub", tlp="red")
        else:
            told(other, no, name, slug=slug)
            told(alone, no, name, slug=slug)
    answers = [_answers(log) for log in (whole, alone, other)]
    assert answers[0] == answers[1] == answers[2]


def _answers(log: MemoryLog) -> list[Json]:
    with TemporaryDirectory() as folder, Opened(Registry.load(), log, Path(folder, "views.db")) as room:
        queries = [COORDINATOR, SuggestionQuery(), *(replace(COORDINATOR, about=ref) for ref in (A, B))]
        return [room.purge(PARTNER).suggestions(query) for query in queries]


def test_what_is_plain_counts_alike_whether_or_not_names_are_hidden_beside_it() -> None:
    hidden, absent = MemoryLog(), MemoryLog()
    for log in (hidden, absent):
        told(log, 1, NAMES[0])
        told(log, 2, NAMES[1], slug=OTHER)
    told(hidden, 1, "Ossiane Brundtwick", level="C1")
    absent.add("lawyer.profiled", {"lawyer": A, "country_of_practice": "QM"}, tlp="amber", subject=A)
    one, other = _answers(hidden), _answers(absent)
    assert [event["id"] for event in one[0]["items"][0]["events"]] == ["e3", "e1", "e2"]
    assert one == other
