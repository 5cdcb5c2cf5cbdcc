"""An invented world for the graph: events of real types, drawn so that whoever is known becomes better known.

The same number of nodes gives the same events. Some threats are reported twice, some events are corrected or taken
back later, some claims are assessed, some people are judged to be the same.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import orjson

from benchmarks.graph_draw import PUBLISHERS, READER, Draw, ref_of, slug_of
from benchmarks.graph_payloads import Payloads, Said
from events.audience import label_of
from events.event import Position, RecordedEvent
from projections.changes import Change

Json = Any
FIRST = 1_000
"""Position of the first invented event; before it there is room for those that the log really holds."""

BEGIN = date(2029, 5, 4)
DAYS = 730
TIES_A_NODE = 5
_YOUTH = 20
"""A twentieth of the nodes comes before any more is said of one, or all of it would be said of the first."""
_TLP = ("clear",) * 7 + ("green",) * 7 + ("amber",) * 4 + ("amber+strict", "red")
_NEW = (
    *("lawyer.profiled",) * 34,
    *("threat.reported",) * 28,
    *("hearing.scheduled",) * 9,
    *("statement.issued",) * 8,
    *("trial.scheduled",) * 7,
    *("need.expressed",) * 6,
    *("support.matched",) * 3,
    *("action.proposed",) * 3,
    *("body.profiled",) * 2,
)
_MORE = (
    *("action.joined",) * 6,
    *("hearing.reported",) * 4,
    *("threat.reported again",) * 4,
    *("support.delivered",) * 2,
    *("statement.issued",) * 4,
)


class Invention:
    """Invents changes until there are so many nodes, and then more when asked."""

    def __init__(self, nodes: int, seed: int = 1) -> None:
        self.position = FIRST - 1
        self.days: dict[str, int] = {}
        self._target = nodes
        self._random = Random(seed)
        self._draw = Draw(self._random)
        self._ties = 0
        self._kept: list[RecordedEvent] = []
        says = Payloads(self._random, self._draw, self._lately)
        self._makers: dict[str, Callable[[], Said]] = {
            "lawyer.profiled": says.lawyer,
            "threat.reported": says.threat,
            "threat.reported again": says.threat_again,
            "trial.scheduled": says.trial,
            "hearing.scheduled": says.hearing,
            "hearing.reported": says.observation,
            "statement.issued": says.statement,
            "action.proposed": says.action,
            "action.joined": says.joining,
            "need.expressed": says.need,
            "support.matched": says.support,
            "support.delivered": says.delivery,
            "body.profiled": says.body,
        }

    def all(self) -> Iterator[Change]:
        """Yield what makes the world."""
        yield from self._founding()
        while self._draw.nodes < self._target:
            yield self.one()

    def one(self) -> Change:
        """Return what comes next."""
        chance = self._random.random()
        if chance < 0.015 and len(self._kept) > 20:
            return self._amendment()
        if chance < 0.02:
            return self._judgement()
        is_young = self._draw.nodes < self._target // _YOUTH
        made = _NEW if is_young or self._ties > TIES_A_NODE * self._draw.nodes else _MORE
        return self._put(self._random.choice(made))

    def more(self, count: int) -> list[Change]:
        """Return some more first readings, which make new nodes and ties."""
        return [self._put(self._random.choice(_NEW)) for _ in range(count)]

    def place_on(self, day: str) -> int:
        """Return the last place of the log that was reached up to a day."""
        return max(place for known, place in self.days.items() if known <= day)

    def _put(self, name: str) -> Change:
        data, ties = self._makers[name]()
        self._ties += ties
        return self._first(name.partition(" ")[0], data)

    def _first(self, event_type: str, data: dict[str, Json], **more: str) -> Change:
        event = self._recorded(event_type, data, **more)
        if event_type == "threat.reported" and self._random.random() < 0.05:
            self._kept.append(event)
        return Change("put", event, label_of(event.envelope, embargoed=False), event.position)

    def _recorded(self, event_type: str, data: dict[str, Json], **more: str) -> RecordedEvent:
        position = self._next()
        moment = f"{self._today()}T12:{position // 60 % 60:02}:{position % 60:02}Z"
        publisher = self._publisher()
        envelope: dict[str, Json] = {
            "specversion": "1.0",
            "id": f"e-{position}",
            "source": f"urn:hub:partner:{publisher}",
            "type": event_type,
            "time": moment,
            "recordedtime": moment,
            "tlp": self._random.choice(_TLP),
            **more,
        }
        if envelope["tlp"].startswith("amber") and self._random.random() < 0.6:
            envelope["audience"] = ",".join(("p1", READER) if position % 3 else ("p2", "p3"))
        if event_type in {"threat.reported", "trial.scheduled", "need.expressed"}:
            envelope["correlationid"] = self._case()
            self._ties += 1
        provenance = {"reliability": "ABCD"[position % 4], "credibility": "1234"[position // 4 % 4]}
        envelope["data"] = {**data, "provenance": provenance}
        # A log gives every event texts of its own, which is what they cost.
        return RecordedEvent(Position(position), f"{event_type}.v1", orjson.loads(orjson.dumps(envelope)))

    def _next(self) -> int:
        self.position += 1
        self.days[self._today()] = self.position
        return self.position

    def _today(self) -> str:
        share = min(1.0, self._draw.nodes / self._target)
        return (BEGIN + timedelta(days=int(share * (DAYS - 1)))).isoformat()

    def _lately(self) -> str:
        return (
            date.fromisoformat(self._today()) - timedelta(days=int(self._random.random() * 60))
        ).isoformat()

    def _publisher(self) -> str:
        return slug_of(int(PUBLISHERS * self._random.random() ** 2))

    def _case(self) -> str:
        is_new = not self._draw.counts["case"] or self._random.random() < 0.3
        return self._draw.new("case") if is_new else self._draw.old("case")

    def _amendment(self) -> Change:
        """Correct an event or take it back; what it said stays as the past."""
        event = self._kept.pop(0)
        label, at = label_of(event.envelope, embargoed=False), Position(self._next())
        if self._random.random() < 0.2:
            return Change("drop", event, label, at, "retracted", label)
        data = {**event.data, "occurred": self._lately(), "status": "ended"}
        corrected = RecordedEvent(event.position, event.stem, {**event.envelope, "data": data})
        return Change("put", corrected, label, at, "corrected", label)

    def _judgement(self) -> Change:
        """Judge who is who, or what a claim is worth."""
        if self._random.random() < 0.2:
            left, right = self._draw.old("lawyer"), self._draw.old("lawyer")
            verdict = self._random.choice(("same", "same", "different", "unsure"))
            return self._first("identity.judged", {"left": left, "right": right, "judgement": verdict})
        about = self._random.choice(self._kept) if self._kept else None
        named = {"about_event": about.id, "about_source": about.source} if about else {"about_event": "none"}
        result = self._random.choice(("corroborated", "corroborated", "disputed"))
        return self._first("claim.assessed", {**named, "resulting_verification": result})

    def _founding(self) -> Iterator[Change]:
        for number in range(max(PUBLISHERS, self._target // 100)):
            self._draw.new("partner")
            name = {
                "partner": ref_of("partner", number),
                "name": {"en": f"Partner {number}"},
                "roles": ["monitor"],
            }
            countries = {"countries_of_work": [self._draw.place()[0]], "languages": ["en"]}
            yield self._first("partner.admitted", {**name, **countries}, tlp="clear")
        for _ in range(self._target // 100):
            yield self._put("body.profiled")
        for _ in range(self._target // 200):
            offer = {"offer": self._draw.new("offer"), "kinds": ["legal"], "by": self._draw.old("partner")}
            self._ties += 1
            yield self._first("offer.made", offer)
