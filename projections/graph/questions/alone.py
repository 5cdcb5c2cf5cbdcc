"""Who stands alone: lawyers under threat, those first whom the least support reaches; and who could help."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from projections.graph.look import Look
from projections.graph.merging import NOBODY, Merged, parted
from projections.graph.questions.concerned import concerned
from projections.graph.questions.deeds import Deed, Deeds, kind_of, light_of, status_of, ways_on
from projections.graph.questions.inquiry import Inquiry, Reached
from projections.graph.questions.partners import PartnersKept, Profile
from projections.graph.questions.ranked import Helpers, Row, Standing, place_of, resorted
from projections.graph.questions.said import Said, codes_of, values_of
from projections.graph.questions.support import span_of, total_of
from projections.graph.whole.measures import Step, unwatched

Json = Any

HEARING_DAYS = 14
"""A hearing within so many days makes a lawyer one who needs support."""

ENDED = frozenset({"ended"})
OVER = frozenset({"held", "held_in_part", "cancelled"})

URGENCIES: Mapping[str, int] = MappingProxyType({"urgent": 3, "high": 2, "normal": 1, "low": 0})
HEARING_URGENCY = URGENCIES["high"]
"""How urgent a hearing soon is by itself."""

MOST_TOUCHED = 20_000
"""References that are looked at singly after a change; where more were touched, all are looked at anew."""

_CHUNK = 100


class Peril(NamedTuple):
    """What threatens somebody: a threat that has not ended, or a hearing that is near.

    Args:
        ref: of the threat or hearing.
        names: every reference that is read as that one.
        places: of the events that say something about it.
    """

    ref: str
    names: tuple[str, ...]
    places: tuple[int, ...]


class _Plight(NamedTuple):
    """What must be weighed of one lawyer before it is known whether there is a row for him."""

    threats: list[Peril]
    hearings: list[Peril]
    countries: set[str]
    deeds: list[Deed]


def rows(inquiry: Inquiry, refs: Sequence[str], step: Step = unwatched) -> Iterator[Row]:
    """Yield a row for each of some lawyers who is under threat; the lock is held for a few of them at a time.

    What lawyers share is looked at once: what changes meanwhile is touched after the place that the views had reached.

    Args:
        inquiry: whose.
        refs: of lawyers.
        step: told which share is done.

    Raises:
        Abandoned: `step` says so.
    """
    with inquiry.lock:
        deeds = Deeds(inquiry.look())
    said = inquiry.said()
    for start in range(0, len(refs), _CHUNK):
        step(start / len(refs))
        with inquiry.lock:
            look = inquiry.look()
            deeds.lighten()
            plights = {
                ref: _plight(look, deeds, ref) for ref in refs[start : start + _CHUNK] if look.sees(ref)
            }
        said.lighten()
        found = {ref: one for ref, one in plights.items() if one.threats or one.hearings}
        yield from _weigh(inquiry, said, found)


def _plight(look: Look, deeds: Deeds, ref: str) -> _Plight:
    threats: list[Peril] = []
    hearings: dict[str, Peril] = {}
    countries = set(map(str, light_of(look, ref, "country")))
    for source, target, kind, _ in deeds.ties(ref):
        if kind == "TARGETS" and target == ref and not _is(look, source, ENDED):
            threats.append(_peril(look, source))
            countries.update(map(str, light_of(look, source, "country")))
        elif kind == "PARTY_TO" and source == ref:
            hearings.update((one, _peril(look, one)) for one in _hearings(look, deeds, target))
        elif kind == "PRACTISES_IN":
            countries.add(target.removeprefix("place:")[:2])
    found = deeds.of(ref) if threats or hearings else []
    return _Plight(sorted(threats), [hearings[one] for one in sorted(hearings)], countries, found)


def _is(look: Look, ref: str, statuses: frozenset[str]) -> bool:
    """Tell whether every status that is shown is one of some; False where none is."""
    status = status_of(look, ref)
    return bool(status) and status <= statuses


def _hearings(look: Look, deeds: Deeds, trial: str) -> Iterator[str]:
    first = [source for source, target, kind, _ in deeds.ties(trial) if kind == "PART_OF" and target == trial]
    ways = {ref: () for ref in sorted(first) if ref.startswith("hearing:")}
    for ref in ways_on(deeds, dict(ways)):
        if not _is(look, ref, OVER) and not any(
            tie[2] == "FOLLOWS" and tie[1] == ref for tie in deeds.ties(ref)
        ):
            yield ref


def _peril(look: Look, ref: str) -> Peril:
    return Peril(ref, look.merged.all_of(ref), tuple(sorted({one.origin.position for one in look.told(ref)})))


def _weigh(inquiry: Inquiry, said: Said, plights: dict[str, _Plight]) -> Iterator[Row]:
    said.load(
        place for one in plights.values() for peril in (*one.threats, *one.hearings) for place in peril.places
    )
    weights = inquiry.weigh({ref: one.deeds for ref, one in plights.items()}, said)
    with inquiry.lock:
        look = inquiry.look()
        found = []
        for ref, one in plights.items():
            near = tuple(_near(inquiry.now, look, said, one.hearings))
            if one.threats or near:
                partners = tuple(sorted({deed.deed.partner for deed in weights[ref]}))
                codes = {code for peril in one.threats for code in _codes(look, said, peril, "categories")}
                urgency = _urgency(look, said, one.threats, is_near=bool(near))
                found.append(
                    Row(ref, total_of(weights[ref]), urgency, tuple(sorted(one.countries)), tuple(sorted(codes)),
                        tuple(peril.ref for peril in one.threats), near, partners)
                )  # fmt: skip
    yield from found


def _codes(look: Look, said: Said, peril: Peril, name: str) -> list[str]:
    return codes_of(said.node(peril.names, peril.places, name), look.assessments)


def _urgency(look: Look, said: Said, threats: Iterable[Peril], *, is_near: bool) -> int:
    said_to_be = [code for peril in threats for code in _codes(look, said, peril, "urgency")]
    known = [URGENCIES.get(code, 0) for code in said_to_be]
    return max([*known, HEARING_URGENCY if is_near else 0])


def _near(now: date, look: Look, said: Said, hearings: Iterable[Peril]) -> Iterator[tuple[str, str]]:
    """Yield hearings that may be within `HEARING_DAYS`, with their dates."""
    for peril in hearings:
        for when in values_of(said.node(peril.names, peril.places, "starts"), look.assessments):
            first, last = span_of(str(when))
            if last >= now and first <= now + timedelta(days=HEARING_DAYS):
                yield peril.ref, str(when)
                break


class Ranking:
    """Remembers who stands alone, for one class of readers, and looks again only at whom a change may concern.

    It keeps a row a lawyer under threat, no more; of the first of them also what is told, until something changes it.

    Args:
        partners: what is remembered of partners.
    """

    def __init__(self, partners: PartnersKept | None = None) -> None:
        self._lock = threading.Lock()
        self._partners = partners or PartnersKept()
        self._state: object = None
        self._merged = NOBODY
        self._seen = 0
        self._rows: dict[str, Row] = {}
        self._helpers = Helpers()
        self._standing = Standing([], {}, {}, {})

    def partners(self, inquiry: Inquiry, reached: Reached) -> Mapping[str, Profile]:
        """Return all visible partners at least as of a place of the log that every view has reached."""
        return self._partners.renew(inquiry, reached)

    def renew(self, inquiry: Inquiry, reached: Reached, step: Step = unwatched) -> Standing:
        """Return who stands alone at least as of a place of the log that every view has reached.

        Args:
            inquiry: whose, and of which day and moment.
            reached: how far every view is.
            step: told which share is done where all are looked at.

        Raises:
            Abandoned: `step` says so.
        """
        with self._lock:
            state, merged = inquiry.state(), inquiry.merged()
            if state != self._state or reached.position != self._seen:
                touched = self._touched(reached, merged) if state == self._state else None
                partners = self._partners.renew(inquiry, reached)
                if touched is None:
                    self._begin(inquiry, partners, step)
                else:
                    self._look_again(inquiry, partners, touched)
            self._state, self._seen, self._merged = state, reached.position, merged
            return self._standing

    def _touched(self, reached: Reached, merged: Merged) -> set[str] | None:
        touched = reached.touched(self._seen, MOST_TOUCHED)
        return None if touched is None else {*touched, *parted(self._merged, merged)}

    def _begin(self, inquiry: Inquiry, partners: Mapping[str, Profile], step: Step) -> None:
        self._state = None  # whoever is stopped midway leaves nothing that holds
        self._rows = {row.ref: row for row in rows(inquiry, inquiry.of_kind("lawyer"), step)}
        self._helpers = Helpers()
        ranked = sorted(self._rows.values(), key=place_of)
        self._standing = Standing(ranked, partners, self._helpers.renew((), ranked), {})

    def _look_again(self, inquiry: Inquiry, partners: Mapping[str, Profile], touched: Set[str]) -> None:
        with inquiry.lock:
            look = inquiry.look()
            reached = concerned(Deeds(look), {look.merged.of(ref) for ref in touched}) | touched
        lawyers = sorted(ref for ref in reached if kind_of(ref) == "lawyer")
        gone = [row for ref in lawyers if (row := self._rows.pop(ref, None)) is not None]
        come = list(rows(inquiry, lawyers))
        self._rows.update((row.ref, row) for row in come)
        ranked = resorted(self._standing.rows, gone, come)
        helpers = self._helpers.renew(gone, come)
        self._standing = self._standing.renewed(ranked, partners, helpers, reached)
