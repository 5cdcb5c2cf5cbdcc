"""An archive without a door: registry, store and intake in this process, with one partner admitted."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache

from benchmarks.payloads import ROLES, SLUG
from events.intake import Intake
from events.store import Store
from events.strict import read_json
from events.submission import Publisher
from schemas.registry import Registry
from tests.vaults import open_beside


@cache
def registry() -> Registry:
    """Return the contracts."""
    return Registry.load()


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Archive:
    """A store with its intake."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.intake = Intake(registry(), store, now)

    def admit(self, slug: str = SLUG) -> None:
        """Admit the stewards and a partner; again is harmless."""
        self.intake.admit_stewards({"en": "Stewards"})
        envelope = {"specversion": "1.0", "id": f"admit-{slug}", "source": "urn:hub:partner:stewards"}
        data = {"partner": f"partner:{slug}", "name": {"en": slug}, "roles": list(ROLES)}
        raw = {**envelope, "type": "partner.admitted", "data": data}
        self.intake.record([self.intake.check(Publisher("stewards", "bench"), raw)])

    def push(self, lines: Sequence[bytes], size: int, slug: str = SLUG) -> None:
        """Parse, check and record lines, `size` in one call."""
        publisher = Publisher(slug, "bench")
        for start in range(0, len(lines), size):
            part = lines[start : start + size]
            outcomes = self.intake.record([self.intake.check(publisher, read_json(line)) for line in part])
            if any(outcome.status != "stored" for outcome in outcomes):
                raise RuntimeError("the archive refused what it is measured with")


@contextmanager
def archive(url: str) -> Iterator[Archive]:
    """Open an archive, and close it."""
    store = open_beside(url, registry())
    try:
        opened = Archive(store)
        opened.admit()
        yield opened
    finally:
        store.close()
