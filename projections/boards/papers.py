"""The papers that boards are made from: what one class of readers may see, at one moment of the hub's clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projections.boards.kept import Keeping, Rows
from projections.boards.statements.clocks import ReplyClocks
from projections.boards.tellings import Tellings
from projections.dossier_sight import DossierSight
from projections.graph.query import NOW, Then

Json = Any


@dataclass(frozen=True, slots=True)
class Papers:
    """What a board is a pure function of.

    Args:
        reader: slug of the readers' partner; None for the public.
        now: of the hub's clock, the same for all readers.
        tellings: finds visible events.
        dossiers: shown values with the claims behind them, as of now.
        keeping: rows over all things of a kind, as of now.
        clocks: how long who has for a reply, the same for all readers.
        then: the moment that is looked at; boards of a past moment count what was known and had happened then.
    """

    reader: str | None
    now: datetime
    tellings: Tellings
    dossiers: DossierSight
    keeping: Keeping
    clocks: ReplyClocks
    then: Then = NOW

    def rows(self, rows: Rows) -> Mapping[str, Any]:
        """Return kept rows by reference, sorted."""
        return self.keeping.rows(rows, self.tellings)
