"""Since when an event keeps a partner out: decided by what the event says, not by what else was going on."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from events.audience import Label
from events.event import Position
from projections.changes import Change
from projections.conflicts import Conflicts
from projections.database import Database
from projections.labels import Labels
from tests.folding import recorded

BAR, COURT = "body:quill-network.bar", "body:open-docket.court"
OPEN = Label("amber", "open-docket")
SHUT = Label("amber", "open-docket", excluded=frozenset({"quill-network"}))


@pytest.fixture
def view(tmp_path: Path) -> Iterator[Conflicts]:
    with closing(Database(tmp_path / "views.db")) as database:
        database.writer.executescript(Conflicts.schema)
        yield Conflicts(Labels(database.writer), database)


def attribution(*bodies: str) -> Any:
    data = {"threat": "threat:open-docket.1", "attributed_to": [{"body": body} for body in bodies]}
    return recorded(3, "threat.reported", data, "open-docket")


def put(event: Any, label: Label, at: int = 3) -> Change:
    return Change("put", event, label, Position(at), before=None if at == 3 else OPEN)


def since(view: Conflicts, *changes: Change) -> list[int]:
    """Return what the view says after some changes, for each partner that is kept out."""
    with view.database.transaction() as db:
        view.fold(db, changes)
        return [row[0] for row in _rows(db)]


def _rows(db: sqlite3.Connection) -> list[Any]:
    return db.execute("SELECT since FROM conflicts_exclusions ORDER BY partner").fetchall()


@pytest.mark.parametrize("first", [OPEN, SHUT])
def test_who_else_kept_the_partner_out_before_changes_nothing(view: Conflicts, first: Label) -> None:
    since(view, put(attribution(COURT), first))
    assert since(view, put(attribution(COURT), SHUT, at=17)) == [3]


def test_a_correction_that_names_the_body_counts_from_its_own_place(view: Conflicts) -> None:
    assert since(view, put(attribution(), OPEN)) == []
    assert since(view, put(attribution(BAR), SHUT, at=9)) == [9]
    assert since(view, put(attribution(BAR), SHUT, at=12)) == [9]
    assert since(view, put(attribution(), OPEN, at=15)) == []
    assert since(view, put(attribution(BAR), SHUT, at=18)) == [18]


@pytest.mark.parametrize(("reason", "kept"), [("erased", 0), ("retracted", 1)])
def test_of_what_was_erased_nothing_is_kept(view: Conflicts, reason: Any, kept: int) -> None:
    since(view, put(attribution(BAR), SHUT))
    gone = Change("drop", attribution(BAR), SHUT, Position(8), reason, SHUT)
    assert since(view, gone) == []
    [count] = view.database.writer.execute("SELECT count(*) FROM conflicts_attributions").fetchone()
    assert count == kept
