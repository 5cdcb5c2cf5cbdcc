"""An archive to test with: contracts read once, a clock that tests turn, and short ways to push."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from events.event import SOURCE_PREFIX, Json, Position, RecordedEvent
from events.intake import Intake
from events.submission import Checked, Outcome, Publisher
from schemas.registry import Registry
from tests.vaults import open_beside


@functools.cache
def contracts() -> Registry:
    """Return the registry; it never changes, so all tests share it."""
    return Registry.load()


class TurnedClock:
    """Stands still until a test turns it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        """Go on by a `timedelta`."""
        self.now += timedelta(**by)


class Archive:
    """A store with its intake."""

    def __init__(self, url: str, clock: TurnedClock | None = None) -> None:
        self.clock = clock or TurnedClock()
        self.store = open_beside(url, contracts())
        self.intake = Intake(contracts(), self.store, self.clock)
        self._count = 0

    def begin(self, partners: Mapping[str, Sequence[str]] | None = None) -> "Archive":
        """Admit the stewards and these partners."""
        assert self.intake.admit_stewards({"en": "Stewards"}).status == "stored"
        for slug, roles in (partners or {"harbour-bar-watch": ["monitor"]}).items():
            self.admit(slug, *roles)
        return self

    def admit(self, slug: str, *roles: str, **more: Json) -> Outcome:
        """Have the stewards admit a partner."""
        data = {"partner": f"partner:{slug}", "name": {"en": slug}, "roles": list(roles), **more}
        return self.push("stewards", "partner.admitted", data)

    def check(self, slug: str, event_type: str, data: Json, **attributes: Json) -> Checked:
        """Check one event; its id counts up unless given."""
        self._count += 1
        raw = submission(slug, event_type, data, **{"id": f"e{self._count}", **attributes})
        return self.intake.check(Publisher(slug, "ann"), raw)

    def push(self, slug: str, event_type: str, data: Json, **attributes: Json) -> Outcome:
        """Check and record one event."""
        return self.intake.record([self.check(slug, event_type, data, **attributes)])[0]

    def threat(self, number: int | str, slug: str = "harbour-bar-watch", **attributes: Json) -> Checked:
        """Check a small report."""
        data = {
            "threat": f"threat:{slug}.{number}",
            "targets": [f"lawyer:{slug}.1"],
            "categories": ["liberty.arrest"],
        }
        return self.check(slug, "threat.reported", data, **{"id": f"t{number}", **attributes})

    def codes(self, slug: str, event_type: str, data: Json, **attributes: Json) -> list[tuple[str, str]]:
        """Push one event and return (pointer, code) of why it was refused; nothing if it was stored."""
        outcome = self.push(slug, event_type, data, **attributes)
        assert (outcome.status == "stored") == (not outcome.problems)
        return [(problem.pointer, problem.code) for problem in outcome.problems]

    def everything(self, page: int = 500) -> list[RecordedEvent]:
        """Read the whole log."""
        found: list[RecordedEvent] = []
        while batch := self.store.read(found[-1].position if found else Position(0), page):
            found += batch
        return found


def submission(slug: str, event_type: str, data: Json, **attributes: Any) -> dict[str, Any]:
    """Return a CloudEvent as a partner sends it."""
    required = {"specversion": "1.0", "id": "e1", "source": SOURCE_PREFIX + slug, "type": event_type}
    return {**required, "data": data, **attributes}


def sqlite_url(folder: Path) -> str:
    """Return the address of a log in a folder."""
    return f"sqlite:///{folder / 'log.db'}"


class ArchiveSuite:
    """Promises about a log. A subclass says by a fixture `url` where the log is."""

    @pytest.fixture
    def opened(self, url: str) -> Iterator[Callable[[], Archive]]:
        """Give what opens the log once more; all are closed at the end."""
        archives: list[Archive] = []

        def open_again() -> Archive:
            archives.append(Archive(url))
            return archives[-1]

        yield open_again
        for archive in archives:
            archive.store.close()
