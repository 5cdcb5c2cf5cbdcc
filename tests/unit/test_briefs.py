"""Short forms of nodes that are kept: as if each were made anew, whatever was said in between."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from events.audience import PUBLIC, Label, Reader
from projections.graph.around.briefs import Briefs
from projections.graph.around.endings import Endings, Plain
from projections.graph.look import look_at
from projections.graph.query import ALL, GraphQuery
from projections.labels import Allowed
from tests.folding import Views, recorded, views_in

LAWYER = "lawyer:a.1"
OTHER = "lawyer:a.2"
READERS = (PUBLIC, Reader("open-docket", "x", "amber"))


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    with views_in(tmp_path) as found:
        yield found


def profile(
    position: int, country: str, lawyer: str = LAWYER, partner: str = "open-docket", **more: str
) -> Any:
    data = {"lawyer": lawyer, "country_of_practice": country, "practice_status": "practising"}
    return recorded(position, "lawyer.profiled", data, partner, **more)


def assessment(position: int, about: str, result: str = "disputed") -> Any:
    data = {
        "about_event": about,
        "about_source": "urn:hub:partner:open-docket",
        "resulting_verification": result,
    }
    return recorded(position, "claim.assessed", data, "watch")


def forms(views: Views, sights: dict[Reader, Any]) -> list[Any]:
    """Return what each reader gets, and hold it against what is made anew."""
    found = []
    for reader, sight in sights.items():
        said = sight.short([LAWYER, OTHER])
        with views.graph.lock:
            look = look_at(views.graph, Allowed(views.labels, reader).numbers(), ALL)
            assert said == [look.short(ref) for ref in (LAWYER, OTHER) if look.sees(ref)]
        found.append(said)
    return found


def test_what_is_kept_is_what_would_be_said_anew(views: Views) -> None:
    sights = {reader: views.graph_of(reader) for reader in READERS}
    hidden = Label("amber", "open-docket")
    first, second = profile(1, "QM"), profile(2, "QN", partner="watch")
    doubt, other = assessment(4, "event-1"), profile(5, "QO", OTHER)
    steps: list[Callable[[], None]] = [
        lambda: views.put(first),
        lambda: views.put(second),
        lambda: views.put(profile(3, "QP"), label=hidden),
        lambda: views.put(doubt),
        lambda: views.put(other),
        lambda: views.drop(doubt, 6),
        lambda: views.put(profile(1, "QR"), at=7),
        lambda: views.drop(second, 8),
        lambda: views.drop(other, 9),
    ]
    told = []
    for step in steps:
        step()
        told += [forms(views, sights), forms(views, sights)]
    public = [seen[0] for seen, _ in told[::2]]
    assert told[::2] == told[1::2]
    assert public[0]["country"] == "QM"
    assert "disputed" in public[1]
    assert all(said[1][0] != said[0][0] for said in told[4:6])


def test_an_assessment_of_something_else_leaves_them_as_they_are(views: Views) -> None:
    sights = {PUBLIC: views.graph_of()}
    views.put(profile(1, "QM"))
    before = forms(views, sights)
    views.put(assessment(2, "event-9"))
    assert forms(views, sights) == before
    views.put(assessment(3, "event-1"))
    views.put(profile(4, "QN", partner="watch"))
    assert forms(views, sights) == forms(views, sights) != before


def test_whoever_gets_one_may_change_it(views: Views) -> None:
    views.put(profile(1, "QM"))
    sight = views.graph_of()
    for _ in range(3):
        [said] = sight.graph(GraphQuery(about=(LAWYER,), hops=0))["nodes"]
        assert said["country"] == "QM"
        said["country"] = "QZ"


def test_too_many_are_let_go_and_made_anew(views: Views) -> None:
    views.graph.briefs = Briefs(most=1)
    views.put(profile(1, "QM"), profile(2, "QN", OTHER))
    sights = {reader: views.graph_of(reader) for reader in READERS}
    assert forms(views, sights) == forms(views, sights)


def test_whoever_asks_seldom_finds_nothing_that_was_kept(views: Views) -> None:
    views.graph.briefs = Briefs(turns=2)
    views.put(profile(1, "QM"), profile(2, "QN", OTHER))
    sights = {PUBLIC: views.graph_of()}
    first = forms(views, sights)
    for position in range(3, 9):
        views.put(profile(position, "QP", partner="watch"))
    assert forms(views, sights) == forms(views, sights) != first


def test_one_who_is_gone_and_comes_back_is_as_told_then(views: Views) -> None:
    sights = {PUBLIC: views.graph_of()}
    views.put(first := profile(1, "QM"))
    assert forms(views, sights)[0][0]["country"] == "QM"
    views.drop(first, 2)
    assert forms(views, sights) == [[]]
    views.put(profile(3, "QN"))
    assert forms(views, sights)[0][0]["country"] == "QN"


def test_the_erased_are_let_go(views: Views) -> None:
    views.put(profile(1, "QM"))
    sight = views.graph_of()
    assert sight.short([LAWYER])[0]["country"] == "QM"
    shelf = views.graph.briefs.of(PUBLIC)
    views.graph.forget()
    assert views.graph.briefs.of(PUBLIC) is not shelf
    assert not shelf._kept


def test_of_whom_nobody_spoke_nothing_is_kept(views: Views) -> None:
    with views.graph.lock:
        look = look_at(views.graph, frozenset(), ALL, views.graph.briefs.of(PUBLIC))
        assert look.node(LAWYER) == {"ref": LAWYER, "kind": "lawyer", "label": LAWYER}


def test_what_is_said_of_somebody_unknown_leaves_them_as_they_are(views: Views) -> None:
    views.put(profile(1, "QM"))
    sights = {PUBLIC: views.graph_of()}
    before = forms(views, sights)
    with views.graph.lock:
        views.graph.briefs.note(["lawyer:a.9"])
    assert forms(views, sights) == before


def test_too_many_endings_are_let_go_and_written_anew() -> None:
    endings = Endings(most=0)
    said: list[tuple[str, Plain | None]] = [("ABOUT", ("2026-01-01", None, 1)), ("ABOUT", None)]
    first = endings.of(said)
    assert endings.of(said) == first
    assert first[0].startswith('","kind":"ABOUT","since":"2026-01-01"')


def test_references_that_json_writes_otherwise_are_known(views: Views) -> None:
    journal = views.graph.journal
    assert journal.are_bare
    views.put(profile(1, "QM", 'lawyer:a."x"'))
    views.put(profile(2, "QN", OTHER))
    assert not journal.are_bare
