"""Following a thing brings what belongs to it: by the ties that a reader may see, from when they were recorded."""

from typing import Any

import pytest

from events.audience import PUBLIC, Reader
from events.event import Position
from projections.event_query import EventQuery
from tests.logs import OWNER, PARTNER, Ask, MemoryLog

Json = Any
LAWYER = "lawyer:harbour-bar-watch.1"
TRIAL = "trial:harbour-bar-watch.1"
HEARING = "hearing:harbour-bar-watch.1"
CASE = "case:harbour-bar-watch.1"
PROFILE = {
    "lawyer": LAWYER,
    "country_of_practice": "QM",
    "identity": {"names": [{"full": "Pellamine Dovrask"}]},
}


class Court:
    """Tells of a trial of a lawyer in small steps."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def trial(self, who: str = LAWYER, **envelope: Json) -> None:
        parties = [{"role": "defendant", "who": who}]
        data = {"trial": TRIAL, "country": "QM", "title": "A trial", "parties": parties}
        self._log.add("trial.scheduled", data, subject=TRIAL, **envelope)

    def hearing(self, **envelope: Json) -> None:
        data = {"hearing": HEARING, "trial": TRIAL, "starts": "2026-12-01", "country": "QM"}
        self._log.add("hearing.scheduled", data, subject=HEARING, **envelope)

    def report(self, **envelope: Json) -> None:
        data = {"hearing": HEARING, "outcome": "held", "next_hearing": "hearing:harbour-bar-watch.2"}
        self._log.add("hearing.reported", data, subject=HEARING, **envelope)


@pytest.fixture
def court(log: MemoryLog) -> Court:
    return Court(log)


def found(ask: Ask, reader: Reader, *about: str) -> list[str]:
    """Return what a follower is told, which is what a query finds, if nothing was amended."""
    sight, query = ask(reader), EventQuery(about=about)
    told = [one.id for one in sight.feed(Position(0), 0, query, 100).messages if one.kind == "event"]
    assert told == [one["id"] for one in sight.events(query).events]
    return told


def test_the_hearings_of_the_trials_of_a_lawyer_are_his(log: MemoryLog, ask: Ask, court: Court) -> None:
    court.trial()
    court.hearing()
    court.report()
    log.threat(2)
    assert found(ask, PARTNER, LAWYER) == ["e1", "e2", "e3"]
    assert found(ask, PARTNER, TRIAL) == ["e1", "e2", "e3"]
    assert found(ask, PARTNER, HEARING) == ["e2", "e3"]
    assert found(ask, PARTNER, HEARING, "lawyer:harbour-bar-watch.2") == ["e2", "e3", "e4"]


def test_what_belongs_together_later_did_not_belong_together_before(
    log: MemoryLog, ask: Ask, court: Court
) -> None:
    court.hearing()
    court.trial()
    court.report()
    assert found(ask, PARTNER, LAWYER) == ["e2", "e3"]
    for cut in range(4):
        rest = ask(PARTNER).feed(Position(cut), 0, EventQuery(about=(LAWYER,)), 100).messages
        assert [one.id for one in rest] == [one for one in ("e2", "e3") if int(one[1:]) > cut]


def test_each_link_of_a_chain_must_be_visible(log: MemoryLog, ask: Ask, court: Court) -> None:
    court.trial(tlp="amber+strict")
    court.hearing(tlp="clear")
    court.report(tlp="clear")
    assert found(ask, PUBLIC, TRIAL) == ["e2", "e3"]
    assert found(ask, PUBLIC, LAWYER) == found(ask, PARTNER, LAWYER) == []
    assert found(ask, OWNER, LAWYER) == ["e1", "e2", "e3"]


def test_what_is_not_said_any_more_ties_nothing_but_what_was_told_is_taken_back(
    log: MemoryLog, ask: Ask, court: Court
) -> None:
    court.trial()
    court.hearing()
    court.report()
    log.retract("e1")
    assert found(ask, PARTNER, LAWYER) == []
    log.retract("e3")
    told = ask(PARTNER).feed(Position(3), 0, EventQuery(about=(LAWYER,)), 100).messages
    assert [(one.kind, one.id) for one in told] == [("withdrawn", "e1"), ("withdrawn", "e3")]


def test_what_was_unsafe_to_say_ties_nothing_at_all(log: MemoryLog, ask: Ask, court: Court) -> None:
    court.trial()
    court.hearing()
    log.retract("e1", "unsafe")
    log.retract("e2")
    told = ask(PARTNER).feed(Position(3), 0, EventQuery(about=(LAWYER,)), 100).messages
    assert told == []


def test_a_correction_moves_a_trial_to_another_lawyer(log: MemoryLog, ask: Ask, court: Court) -> None:
    other = "lawyer:harbour-bar-watch.7"
    court.trial()
    court.hearing()
    log.correct("e1", ("/parties/0/who", other))
    court.report()
    assert found(ask, PARTNER, LAWYER) == []
    # It was not his before that was said.
    assert found(ask, PARTNER, other) == ["e1", "e4"]


def test_what_is_said_in_the_case_of_a_lawyer_is_his(log: MemoryLog, ask: Ask) -> None:
    log.threat(1, correlationid=CASE)
    action = {"action": "action:open-docket.1", "kind": "joint_letter", "lead": "partner:open-docket"}
    log.add("action.proposed", {**action, "about": [CASE]}, "open-docket", subject=action["action"])
    log.add("action.joined", {"action": action["action"], "partner": "partner:open-docket"}, "open-docket")
    assert found(ask, PARTNER, LAWYER) == ["e1", "e2", "e3"]
    assert found(ask, PARTNER, CASE) == ["e1", "e2", "e3"]
    assert found(ask, PARTNER, "threat:harbour-bar-watch.1") == ["e1"]


def test_a_profile_in_a_case_makes_it_the_case_of_the_lawyer(log: MemoryLog, ask: Ask) -> None:
    log.add("lawyer.profiled", PROFILE, subject=LAWYER, correlationid=CASE)
    log.threat(2, correlationid=CASE)
    assert found(ask, PARTNER, LAWYER) == ["e1", "e2"]


def test_nothing_belongs_to_a_place_or_to_a_partner(log: MemoryLog, ask: Ask, court: Court) -> None:
    court.trial()
    court.hearing()
    court.report()
    assert found(ask, PARTNER, "place:QM") == ["e1", "e2"]
    assert found(ask, PARTNER, "partner:harbour-bar-watch") == []


def test_an_erased_event_ties_nothing(log: MemoryLog, ask: Ask) -> None:
    log.add("lawyer.profiled", PROFILE, subject=LAWYER, correlationid=CASE)
    log.threat(5, correlationid=CASE)
    assert found(ask, PARTNER, LAWYER) == ["e1", "e2"]
    log.erase(LAWYER)
    assert ask(PARTNER).events(EventQuery(about=(LAWYER,))).events == []
