"""A simulated partner: an endless, seeded row of plausible events. Everything in it is invented."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from events.clock import Clock
from events.event import SOURCE_PREFIX

Json = Any
Draft = tuple[str, str, Json]

SLUG = "open-docket"
COUNTRIES = ("QM", "QN", "QP", "QR", "QS", "QT", "QV")
CATEGORIES = (
    "liberty.arrest",
    "harassment.threat",
    "harassment.online",
    "professional.disciplinary",
    "interference.client_access_denied",
    "movement.travel_ban",
    "property.office_attack",
)
_WORDS = {
    "liberty.arrest": "Lawyer held after leaving a hearing",
    "harassment.threat": "Threats against a lawyer and her office",
    "harassment.online": "Coordinated abuse of a lawyer online",
    "professional.disciplinary": "Disciplinary case over a public statement",
    "interference.client_access_denied": "Lawyer turned away at the prison gate",
    "movement.travel_ban": "Lawyer stopped at the border",
    "property.office_attack": "Law office broken into by night",
}


class Simulator:
    """Makes up events of one partner.

    Args:
        seed: the same seed tells the same story.
        run: part of every id, so that a new start goes on instead of repeating.
        clock: the moment that events bear.
    """

    def __init__(self, seed: int, run: str, clock: Clock) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # a story, not a secret
        self._run = run
        self._clock = clock
        self._threats: list[tuple[str, str]] = []
        self._hearings: list[tuple[str, str, str]] = []

    def events(self) -> Iterator[Json]:
        """Yield events for ever."""
        number = 0
        while True:
            number += 1
            event_type, tlp, data = self._choose()(number)
            yield {
                "specversion": "1.0",
                "id": f"sim-{self._run}-{number}",
                "source": SOURCE_PREFIX + SLUG,
                "type": event_type,
                "time": self._now().isoformat(timespec="seconds").replace("+00:00", "Z"),
                "tlp": tlp,
                "data": data,
            }

    def _choose(self) -> Callable[[int], Draft]:
        ways: list[Callable[[int], Draft]] = [self._threat, self._hearing]
        if self._threats:
            ways += [self._update, self._statement]
        if self._hearings:
            ways.append(self._adjournment)
        return self._chance.choice(ways)

    def _threat(self, number: int) -> Draft:
        category, country = self._chance.choice(CATEGORIES), self._chance.choice(COUNTRIES)
        threat, lawyer = self._ref("threat", number), f"lawyer:{SLUG}.sim-{self._chance.randint(1, 40):02}"
        self._threats = [*self._threats[-20:], (threat, lawyer)]
        data = {
            "threat": threat,
            "targets": [lawyer],
            "categories": [category],
            "title": _WORDS[category],
            "occurred": self._day(-self._chance.randint(0, 3)),
            "place": {"country": country},
            "status": self._chance.choice(("ongoing", "imminent", "escalated")),
            "urgency": self._chance.choice(("urgent", "high", "normal")),
            "provenance": self._provenance(),
        }
        return "threat.reported", self._chance.choice(("clear", "green", "amber")), data

    def _update(self, _: int) -> Draft:
        threat, _lawyer = self._chance.choice(self._threats)
        status = self._chance.choice(("mitigated", "ended", "escalated"))
        data = {
            "threat": threat,
            "as_of": self._day(0),
            "changes": {"status": status},
            "provenance": self._provenance(),
        }
        return "threat.updated", "green", data

    def _hearing(self, number: int) -> Draft:
        hearing, trial = self._ref("hearing", number), f"trial:{SLUG}.sim-{self._chance.randint(1, 12):02}"
        starts = self._day(self._chance.randint(3, 30))
        self._hearings = [*self._hearings[-20:], (hearing, trial, starts)]
        data = {
            "hearing": hearing,
            "trial": trial,
            "kind": self._chance.choice(("detention_review", "trial_session", "verdict")),
            "starts": starts,
            "zone": "Etc/GMT-3",
            "public_access": "open",
            "observers_wanted": self._chance.randint(1, 3),
            "provenance": self._provenance(),
        }
        return "hearing.scheduled", self._chance.choice(("clear", "green")), data

    def _adjournment(self, number: int) -> Draft:
        hearing, trial, starts = self._hearings.pop(self._chance.randrange(len(self._hearings)))
        later, moved = self._ref("hearing", number), self._day(self._chance.randint(31, 60))
        self._hearings.append((later, trial, moved))
        data = {
            "hearing": hearing,
            "status": "rescheduled",
            "announced": self._day(0),
            "new_hearing": later,
            "new_starts": moved,
            "previous_starts": starts,
            "reason": self._chance.choice(("judge_absent", "file_incomplete", "court_capacity")),
            "provenance": self._provenance(),
        }
        return "hearing.adjourned", "green", data

    def _statement(self, number: int) -> Draft:
        threat, lawyer = self._chance.choice(self._threats)
        data = {
            "statement": self._ref("statement", number),
            "kind": "press_release",
            "issued": self._day(0),
            "language": "en",
            "authors": [f"partner:{SLUG}"],
            "title": {"en": "A lawyer must be able to work without fear"},
            "about": [lawyer, threat],
        }
        return "statement.issued", "green", data

    def _provenance(self) -> Json:
        grades = {"reliability": self._chance.choice("BCD"), "credibility": self._chance.choice("234")}
        return {"source_kind": "media_report", **grades, "collected": self._day(0)}

    def _ref(self, kind: str, number: int) -> str:
        return f"{kind}:{SLUG}.sim-{self._run}-{number}"

    def _day(self, days: int) -> str:
        return (self._now() + timedelta(days=days)).date().isoformat()

    def _now(self) -> datetime:
        return self._clock()
