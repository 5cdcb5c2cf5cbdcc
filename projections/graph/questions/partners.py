"""What is said of partners: roles, countries, languages, and whose body they are; read once a state."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from projections.graph.merging import NOBODY, parted
from projections.graph.questions.deeds import status_of
from projections.graph.questions.inquiry import Inquiry, Reached
from projections.graph.questions.said import codes_of
from projections.shown import Origin

Json = Any

_MOST_TOUCHED = 20_000
_LISTS = ("roles", "countries_of_work", "languages")


class Profile(NamedTuple):
    """A partner as it is shown: lists are sorted; `origins` are the events that say so, `bodies` what it is."""

    partner: str
    status: frozenset[str]
    roles: tuple[str, ...]
    countries: tuple[str, ...]
    languages: tuple[str, ...]
    bodies: tuple[str, ...]
    origins: tuple[Origin, ...]

    def events(self) -> list[Json]:
        """Return the events that say so."""
        return [origin.as_json() for origin in self.origins]


def profiles(inquiry: Inquiry, among: Iterable[str] | None = None) -> dict[str, Profile]:
    """Read the visible partners, or some of them, by reference."""
    refs = inquiry.of_kind("partner") if among is None else sorted(set(among))
    with inquiry.lock:
        look = inquiry.look()
        told = {ref: sorted({one.origin for one in look.told(ref)}) for ref in refs if look.sees(ref)}
        bodies = {ref: [tie[1] for tie in look.ties(ref) if tie[2] == "IS_BODY"] for ref in told}
    said = inquiry.said()
    said.load(origin.position for origins in told.values() for origin in origins)
    with inquiry.lock:
        look = inquiry.look()
        found = {}
        for ref, origins in told.items():
            names, places = look.merged.all_of(ref), [origin.position for origin in origins]
            lists = [tuple(codes_of(said.node(names, places, name), look.assessments)) for name in _LISTS]
            roles, countries, languages = lists
            found[ref] = Profile(
                ref, status_of(look, ref), roles, countries, languages,
                tuple(sorted(bodies[ref])), tuple(sorted(origins, key=_by_time)),
            )  # fmt: skip
    return found


class PartnersKept:
    """Remembers what is said of partners, for one class of readers, and reads again only whom a change touched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: object = None
        self._merged = NOBODY
        self._seen = 0
        self._known: dict[str, Profile] = {}

    def renew(self, inquiry: Inquiry, reached: Reached) -> Mapping[str, Profile]:
        """Return all visible partners at least as of a place of the log that every view has reached."""
        with self._lock:
            # What is said of partners does not fade: the day is nothing here.
            state, merged = inquiry.state()[:2], inquiry.merged()
            if state != self._state or reached.position != self._seen:
                touched = reached.touched(self._seen, _MOST_TOUCHED) if state == self._state else None
                if touched is None:
                    self._known = profiles(inquiry)
                else:
                    changed = {*touched, *parted(self._merged, merged)}
                    partners = {ref for ref in changed if ref.startswith("partner:")}
                    left = {ref: one for ref, one in self._known.items() if ref not in partners}
                    self._known = {**left, **profiles(inquiry, partners)} if partners else self._known
            self._state, self._seen, self._merged = state, reached.position, merged
            return self._known


def _by_time(origin: Origin) -> tuple[str, str, str]:
    return origin.time, origin.source, origin.id
