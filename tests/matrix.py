"""The hub that the matrix asks about: all sorts of roles, one thing of every kind at every label of two partners."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from events.intake import Intake
from events.submission import Publisher
from hub.keys import make_keys
from hub.settings import Settings
from tests.canaries import Aviary
from tests.nest import FIRST, LABELS, ROLES, SECOND, STILL, Label, Nest
from tests.running import NOON, Chance, SetClock, World, admit, recording, registry
from tests.wire import ORIGIN, Wire, wired

Json = Any
Table = dict[str, dict[str, str]]

GONE = "quill-network"

SUBJECTS = (
    "threat.reported.v1", "lawyer.profiled.v1", "trial.scheduled.v1", "hearing.scheduled.v1", "statement.issued.v1",
    "action.proposed.v1", "need.expressed.v1", "offer.made.v1", "policy.changed.v1", "commitment.made.v1",
    "indicator.defined.v1", "body.profiled.v1", "support.matched.v1", "legalaid.reported.v1",
)  # fmt: skip
"""Types whose events together name a thing for each list."""


def table(text: str) -> Table:
    """Read a table of words: row → column → cell."""
    head, *rows = [line for line in text.splitlines() if line.strip()]
    columns = head.split()
    width = head.index(columns[0])
    return {row[:width].strip(): dict(zip(columns, row[width:].split(), strict=True)) for row in rows}


@dataclass(frozen=True)
class Case:
    """What was recorded at one label by one partner: one event of each of `SUBJECTS`.

    Args:
        row: of the table that says who sees it.
        slug: its publisher.
        events: places in the aviary.
    """

    row: str
    slug: str
    events: tuple[int, ...]


@dataclass
class Setting:
    """A hub with everything that the matrix asks about.

    Args:
        world: its folder and tokens.
        aviary: every word in it.
        cases: what was recorded.
        wire: into it.
        session: of the publisher.
        seen: case → role → + or -.
        like: roles that see what another role sees.
        known: role → what is hidden from it, once it was asked.
    """

    world: World
    aviary: Aviary
    cases: list[Case]
    wire: Wire
    session: str
    seen: Table
    like: Mapping[str, str]
    known: dict[str, frozenset[str]] = field(default_factory=dict)

    def shown(self, role: str) -> dict[str, str]:
        """Return the headers by which a role shows itself."""
        if role == "public":
            return {}
        return {"cookie": f"hub_session={self.session}"} if role == "session" else self.world.bearer(role)

    def sees(self, role: str, case: Case) -> bool:
        """Tell whether a role may see a case, as the table says; who has no column sees nothing."""
        return self.seen[case.row].get(self.like.get(role, role), "-") == "+"

    def hidden(self, role: str) -> frozenset[str]:
        """Return every word that only events have which a role may not see."""
        if role not in self.known:
            self.known[role] = self._hidden(role)
        return self.known[role]

    def _hidden(self, role: str) -> frozenset[str]:
        seen = {no for case in self.cases if self.sees(role, case) for no in case.events}
        return frozenset(
            song
            for song, perches in self.aviary.perches.items()
            if not any(one.event in seen for one in perches)
        )

    def reference(self, case: Case, kind: str) -> str:
        """Return a thing of a kind that a case names, and no other."""
        envelopes = [self.aviary.events[no].envelope for no in case.events]
        if kind == "case":
            return str(envelopes[0]["correlationid"])
        found = (ref for one in envelopes for ref in _references(one["data"], kind))
        return next(found)


def _references(value: Json, kind: str) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _references(inner, kind)
    elif isinstance(value, str) and re.fullmatch(rf"{kind}:(?:[a-z0-9-]+\.)?zq[a-z]{{8}}", value):
        yield value


@contextmanager
def make_setting(folder: Path, seen: Table, like: Mapping[str, str]) -> Iterator[Setting]:
    """Make the hub and open it."""
    world = _make_world(folder)
    aviary, cases = _record(world)
    with wired(world) as wire:
        yield Setting(world, aviary, cases, wire, _signed_in(wire, world), seen, like)


def _signed_in(wire: Wire, world: World) -> str:
    form = {"origin": ORIGIN, "content-type": "application/x-www-form-urlencoded"}
    answer = wire.ask("POST", "/sign-in", "", form, f"token={world.tokens['publisher']}".encode())
    found = re.search(r"hub_session=([^;]+)", answer.header("set-cookie"))
    assert found is not None
    return found[1]


def _make_world(folder: Path) -> World:
    settings = Settings(data=folder, port=0, rate_burst=1_000_000, **STILL)
    world = World(settings, SetClock(), registry(), Chance("matrix"))
    make_keys(folder, world.chance)
    world.issue("publisher", FIRST, "publisher", account="pat")
    world.issue("observer", SECOND, "observer", account="obs", clearance="green")
    world.issue("coordinator", SECOND, "coordinator", account="ann", clearance="red")
    world.issue("steward", "stewards", "steward", clearance="red")
    world.issue("read-only", FIRST, "publisher", account="pat", read_only=True)
    world.issue("suspended", GONE, "publisher", clearance="red")
    world.issue("revoked", SECOND, "coordinator", account="ann", clearance="red")
    world.issue("expired", SECOND, "coordinator", account="ann", clearance="red", expires=NOON)
    world.revoke("revoked")
    return world


def _record(world: World) -> tuple[Aviary, list[Case]]:
    with recording(world) as intake:
        intake.admit_stewards({"en": "The stewards"})
        for slug in (FIRST, SECOND, GONE):
            admit(intake, slug, ROLES)
        nest = Nest(intake)
        cases = [_case(nest, label, slug) for slug in (FIRST, SECOND) for label in LABELS]
        _suspend(intake)
    return nest.aviary, cases


def _suspend(intake: Intake) -> None:
    raw = {
        "specversion": "1.0",
        "id": "suspend",
        "source": "urn:hub:partner:stewards",
        "type": "partner.suspended",
        "data": {"partner": f"partner:{GONE}", "scope": "both"},
    }
    assert intake.record([intake.check(Publisher("stewards", "tests"), raw)])[0].status == "stored"


def _case(nest: Nest, label: Label, slug: str) -> Case:
    before = len(nest.aviary.events)
    for stem in SUBJECTS:
        nest.release(stem, slug, label)
    partner = "harbour" if slug == FIRST else "docket"
    return Case(f"{partner} {label.name}", slug, tuple(range(before, len(nest.aviary.events))))
