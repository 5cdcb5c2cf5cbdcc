"""Checks events without a hub, by the same gate and in the same words."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from events.clock import Clock
from events.event import SOURCE_PREFIX, Json, slug_of
from events.inspection import Inspector
from events.partners import PartnerRights
from events.store import Store, open_store
from events.submission import EventRefused, Publisher
from events.vault import FILE, Vault
from events.wrapping import KEY_BYTES
from hub.client.signing import inner
from schemas.problem import Problem
from schemas.registry import Registry

SOMEBODY = "your-slug"
"""Stands for the partner of events that do not say theirs; a hub fills in that of the token."""


class OfflineIntake(Inspector):
    """Inspector that lets every partner publish every type: who may do what only a hub knows."""

    def __init__(self, registry: Registry, store: Store, clock: Clock) -> None:
        super().__init__(registry, store, clock)
        self._roles = frozenset(registry.vocabularies["partner_role"].codes)

    def rights(self, slug: str) -> PartnerRights | None:
        """Return every right."""
        return PartnerRights(slug, self._roles, may_read=True, may_write=True, references=frozenset())

    def problems(self, event: Json) -> tuple[Problem, ...]:
        """Return everything that a hub would find wrong with an event by itself; with a signature, only its form."""
        event = inner(event)
        said = event.get("source") if isinstance(event, dict) else None
        slug = slug_of(said) if isinstance(said, str) and said.startswith(SOURCE_PREFIX) else SOMEBODY
        named = event if said is not None else {**event, "source": SOURCE_PREFIX + SOMEBODY}
        try:
            self.check(Publisher(slug, "offline"), named)
        except EventRefused as refused:
            return refused.problems
        return ()


@contextmanager
def offline_intake(registry: Registry, clock: Clock) -> Iterator[OfflineIntake]:
    """Open a gate over an empty log that is thrown away afterwards."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        vault = Vault(folder / FILE, bytes(KEY_BYTES))
        store = open_store(f"sqlite:///{folder / 'empty.sqlite'}", registry, vault)
        opened.callback(store.close)
        yield OfflineIntake(registry, store, clock)
