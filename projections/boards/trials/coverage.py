"""Coverage: which hearings nobody will watch. One row for each hearing, kept for a class of readers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from projections.boards.kept import Rows
from projections.boards.papers import Papers
from projections.boards.tellings import Tellings
from projections.boards.trials.dates import Candidate
from projections.boards.trials.seats import PROPOSED, Holding, Mission, Offer, missions
from projections.boards.trials.session import HEARING_TYPES, Session, onward, sessions, trials_of

Json = Any


class Row(NamedTuple):
    """What coverage needs of one hearing.

    Args:
        ref: of the hearing.
        trial: to which it belongs, if anybody says so.
        country: of the hearing, else of its trial.
        state: how it stands, in one word.
        is_ahead: it stands and was not held.
        starts: its dates as said.
        times: every time at which it may be.
        is_uncertain: nobody knows its one day.
        wanted: how many observers are asked for.
        room: how many observers there is room for, if anybody says so.
        held: seats that partners hold.
        offers: seats on their way to a partner who has not said yes.
        refused: partners whose observers were turned away.
        watched: partners that observed it.
    """

    ref: str
    trial: str | None
    country: str | None
    state: str
    is_ahead: bool
    starts: tuple[str, ...]
    times: tuple[Candidate, ...]
    is_uncertain: bool
    wanted: int | None
    room: int | None
    held: tuple[Holding, ...]
    offers: tuple[Offer, ...]
    refused: tuple[str, ...]
    watched: tuple[str, ...]

    def holding(self, now: datetime) -> list[Holding]:
        """Return the seats that are held at a moment."""
        return [one for one in self.held if one.holds(now)]

    def is_to_come(self, now: datetime) -> bool:
        """Tell whether it stands, and may still take place."""
        is_past = bool(self.times) and all(one.ends is not None and one.ends < now for one in self.times)
        return self.is_ahead and not is_past

    def is_uncovered(self, now: datetime) -> bool:
        """Tell whether it is still to come, and nobody has said that he will be there."""
        return self.is_to_come(now) and not self.holding(now)

    def is_within(self, now: datetime, within: timedelta) -> bool:
        """Tell whether it may be held between now and then; of an uncertain date any candidate counts."""
        return self.is_ahead and any(one.lies_in(now, now + within) for one in self.times)


def rows_of(papers: Papers) -> Mapping[str, Row]:
    """Return the row of every visible hearing by reference, sorted; of a past moment if the papers are of one."""
    if not papers.then:
        return papers.rows(ROWS)
    tellings = papers.tellings
    named = {
        tellings.merged.of(one.data[name])
        for one in tellings.of_types(HEARING_TYPES)
        for name in ("hearing", "new_hearing", "next_hearing")
        if name in one.data
    }
    return make(tellings, sorted(named))


def make(tellings: Tellings, refs: Sequence[str]) -> dict[str, Row]:
    """Return the rows of some hearings."""
    found = sessions(tellings, refs)
    trials = trials_of(tellings, found)
    near = missions(tellings, {*found, *trials.values()})
    serving = _by_subject(near)
    countries = _countries(tellings, set(trials.values()))
    return {
        ref: row_of(one, trials.get(ref), _serving(serving, one, trials.get(ref)), countries)
        for ref, one in found.items()
        if one.told
    }


def row_of(one: Session, trial: str | None, serving: Sequence[Mission], countries: Mapping[str, str]) -> Row:
    """Return the row of one hearing."""
    seen = [(report.partner, report.data.get("observation", {})) for report in one.reports]
    return Row(
        ref=one.ref,
        trial=trial,
        country=one.first("country") or countries.get(trial or ""),
        state=one.state,
        is_ahead=one.is_ahead,
        starts=tuple(one.standing),
        times=tuple(one.times),
        is_uncertain=one.is_uncertain,
        wanted=one.first("observers_wanted"),
        room=_room(one, serving),
        held=tuple(holding for mission in serving for holding in mission.held),
        offers=tuple(offer for mission in serving for offer in mission.offers),
        refused=tuple(sorted({by for by, how in seen if is_refusal(how)})),
        watched=tuple(sorted({by for by, how in seen if how.get("mode") in WATCHED})),
    )


def _room(one: Session, serving: Sequence[Mission]) -> int | None:
    """Return for how many there is room: as the court says, else as those who lead the missions say."""
    said = one.first("seats")
    if said is not None:
        return int(said)
    rooms = [mission.seats for mission in serving]
    return sum(seats or 0 for seats in rooms) if rooms and None not in rooms else None


def is_refusal(observation: Mapping[str, Json]) -> bool:
    """Tell whether observers were turned away."""
    return observation.get("mode") == "refused_entry" or int(observation.get("refused", 0)) > 0


WATCHED = frozenset({"in_room", "remote_video", "via_local_counsel"})
"""Ways of observing a hearing itself."""


def owners(tellings: Tellings, touched: Collection[str]) -> set[str]:
    """Return the hearings whose row changes if some things do: of trials, of actions, and those that follow."""
    actions = [ref for ref in touched if ref.startswith("action:")]
    about = {
        ref
        for told in tellings.about(actions, (PROPOSED,)).values()
        for one in told
        for ref in one.data.get("about", ())
    }
    named = {*touched, *about}
    return hearings_of(tellings, (ref for ref in named if ref.startswith("trial:"))) | onward(
        tellings, (ref for ref in named if ref.startswith("hearing:"))
    )


def hearings_of(tellings: Tellings, trials: Iterable[str]) -> set[str]:
    """Return the hearings of some trials, and those that follow them."""
    told = tellings.about(trials, ("hearing.scheduled",))
    found = {one.data["hearing"] for every in told.values() for one in every if "hearing" in one.data}
    return onward(tellings, found) if found else set()


def _by_subject(found: Iterable[Mission]) -> dict[str, list[Mission]]:
    by_subject: dict[str, list[Mission]] = {}
    for one in found:
        for ref in sorted(one.about):
            by_subject.setdefault(ref, []).append(one)
    return by_subject


def _serving(by_subject: Mapping[str, list[Mission]], one: Session, trial: str | None) -> list[Mission]:
    """Return the missions that are for a hearing, each once, by reference."""
    near = {mission.ref: mission for ref in (one.ref, trial or "") for mission in by_subject.get(ref, ())}
    return [near[ref] for ref in sorted(near) if near[ref].serves(one.ref, trial, one.times)]


def _countries(tellings: Tellings, trials: Collection[str]) -> dict[str, str]:
    """Return the country of each trial: what is said of it by when it was so, the latest last."""
    told = tellings.about(trials, ("trial.scheduled",)) if trials else {}
    return {
        ref: str(one.data["country"])
        for ref, every in told.items()
        for one in sorted(every, key=lambda one: (str(one.event.get("time", "")), *one.name))
        if "country" in one.data
    }


ROWS = Rows("coverage", "hearing", make, owners)
"""A row for each hearing."""
