"""Boards of trials do not depend on the order of arrival, nor on what their readers may not see."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.audience import PUBLIC, Reader
from projections.boards.trials.coverage import rows_of
from projections.boards.trials.overview import Asked, hearing_told, overview
from projections.reading_room import ReadingRoom
from tests.folding import registry
from tests.logs import MemoryLog

Json = Any
Told = tuple[str, str, str, Json]
"""Type, publisher, label, payload."""

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARTNERS = ("open-docket", "northlight", "tallow")
READERS = (PUBLIC, Reader("northlight", "ann", "amber"))
TRIALS, HEARINGS = [f"trial:a.{no}" for no in (1, 2)], [f"hearing:a.{no}" for no in (1, 2, 3)]
DATES = ("2026-03-04", "2026-03-05", "[2026-03-04,2026-04-03]", "2026-03-09T09:00:00+04:00", "2026-04~")
RIGHTS = ("iccpr:14.1.public_hearing", "iccpr:14.2.presumption")


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def payloads() -> st.SearchStrategy[tuple[str, Json]]:
    trial, hearing = st.sampled_from(TRIALS), st.sampled_from(HEARINGS)
    parties = st.lists(one_of("lawyer:a.1", "lawyer:a.2"), min_size=1, max_size=2, unique=True)
    return st.one_of(
        _said("trial.scheduled", trial=trial, parties=parties.map(lambda who: [{"who": one} for one in who]),
              stage=one_of("first_instance", "appeal"), announced=one_of("2026-01-02", "2026-02-02")),
        _said("trial.concluded", trial=trial, grade=one_of("B", "D"),
              grade_by=one_of(*PARTNERS).map("partner:{}".format),
              outcome=one_of("acquitted", "struck_out").map(lambda end: [{"who": "lawyer:a.1", "outcome": end}]),
              decided=one_of("2026-01-20", "2026-02-20"), appeal_deadline=one_of("2026-03-20", "2026-04-20")),
        _said("hearing.scheduled", hearing=hearing, trial=trial, starts=st.sampled_from(DATES)),
        _said("hearing.adjourned", hearing=hearing, status=one_of("rescheduled", "postponed_no_date", "held_in_part"),
              new_starts=st.sampled_from(DATES), reason=one_of("judge_absent", "security")),
        _said("hearing.adjourned", hearing=hearing, status=st.just("rescheduled"), new_hearing=hearing,
              new_starts=st.sampled_from(DATES), previous_starts=st.sampled_from(DATES[:2])),
        _said("hearing.reported", hearing=hearing, status=one_of("held", "held_in_part"),
              observation=one_of("in_room", "refused_entry", "not_observed").map(lambda mode: {"mode": mode}),
              rights=st.lists(st.tuples(st.sampled_from(RIGHTS), one_of("violated", "partly")), max_size=2)
              .map(lambda rated: [{"right": right, "rating": rating} for right, rating in rated])),
        _said("claim.assessed", about_event=st.integers(0, 9).map("r{}".format), verdict=one_of("disputes", "verifies"),
              about_source=one_of(*PARTNERS).map("urn:hub:partner:{}".format),
              alternative=one_of("A", "C").map(lambda grade: {"/grade": grade})),
    )  # fmt: skip


def _said(event_type: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, Json]]:
    return st.fixed_dictionaries(fields).map(lambda data: (event_type, data))


def told() -> st.SearchStrategy[list[Told]]:
    labels = one_of("clear", "clear", "amber")
    one = st.tuples(payloads(), st.sampled_from(PARTNERS), labels)
    return st.lists(
        one.map(lambda drawn: (drawn[0][0], drawn[1], drawn[2], drawn[0][1])), min_size=3, max_size=10
    )


def answers(every: Sequence[tuple[int, Told]], reader: Reader) -> Json:
    log = MemoryLog()
    for number, (event_type, partner, tlp, data) in every:
        time = f"2026-02-{10 + number % 3}T00:00:00Z"
        log.add(event_type, data, partner, tlp=tlp, id=f"r{number}", time=time)
    with TemporaryDirectory() as folder:
        room = ReadingRoom(registry(), log, Path(folder) / "views.db")
        room.catch_up()
        try:
            assert room.stalls() == {}
            return _asked(room, reader)
        finally:
            room.stop()


def _asked(room: ReadingRoom, reader: Reader) -> Json:
    sight = room.purge(reader)
    papers = sight.papers(NOW)
    found: list[Json] = [overview(papers, Asked(timedelta(days=60)))]
    found += [hearing_told(row, NOW) for row in rows_of(papers).values()]
    for name, refs in (("trials", TRIALS), ("hearings", HEARINGS)):
        dossiers = [sight.dossier(name, ref, now=NOW) for ref in refs]
        found += [None if one is None else one["board"] for one in dossiers]
    return found


@settings(max_examples=25, deadline=None)
@given(st.data(), told())
def test_in_any_order_of_arrival_the_boards_are_the_same(data: st.DataObject, drawn: list[Told]) -> None:
    every = list(enumerate(drawn))
    assert answers(every, READERS[1]) == answers(data.draw(st.permutations(every)), READERS[1])


@settings(max_examples=25, deadline=None)
@given(told())
def test_what_is_hidden_changes_nothing(drawn: list[Told]) -> None:
    every = list(enumerate(drawn))
    assert answers(every, PUBLIC) == answers([one for one in every if one[1][2] == "clear"], PUBLIC)
