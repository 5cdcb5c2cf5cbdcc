"""Events of a small world of solidarity, one function each, and the coordinators' questions to it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from events.audience import PUBLIC, Reader
from projections.graph.query import GraphQuery
from projections.graph.questions.alone import Ranking
from projections.graph.questions.answering import Questions
from projections.graph.questions.inquiry import Inquiry, Reached
from tests.folding import Views, recorded, views_in

Json = Any

NOW = date(2026, 11, 20)
GREEN = Reader("lanterns", "anna", "amber")
L1, L2, T1, TR1, H1, ST1, A1, N1, O1, S1, C1 = (
    f"{kind}:a.1" if number == 1 else f"{kind}:a.{number}"
    for kind, number in (
        ("lawyer", 1), ("lawyer", 2), ("threat", 1), ("trial", 1), ("hearing", 1), ("statement", 1), ("action", 1),
        ("need", 1), ("offer", 1), ("support", 1), ("case", 1),
    )
)  # fmt: skip


def events_in(answer: Json) -> Iterator[tuple[str, str]]:
    """Yield source and id of every event that an answer names."""
    if isinstance(answer, dict):
        if set(answer) == {"source", "id", "type"}:
            yield answer["source"], answer["id"]
        for value in answer.values():
            yield from events_in(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from events_in(value)


class Solidarity:
    """A world that is told event by event; positions count up."""

    def __init__(self, views: Views) -> None:
        self.views = views
        self._positions = count(1)
        self.position = 0
        self._rankings: dict[Reader, Ranking] = {}

    def tell(self, event_type: str, data: Json, partner: str = "lanterns", **envelope: str) -> Any:
        """Record an event and fold it."""
        event = self.made(event_type, data, partner, **envelope)
        self.views.put(event)
        return event

    def made(self, event_type: str, data: Json, partner: str = "lanterns", **envelope: str) -> Any:
        """Return the next event; it is not folded."""
        self.position = next(self._positions)
        return recorded(self.position, event_type, data, partner, **envelope)

    def forget(self) -> None:
        """Let go of what is remembered between two questions."""
        self._rankings.clear()

    def drop(self, event: Any) -> None:
        """Forget an event."""
        self.position = next(self._positions)
        self.views.drop(event, self.position)

    def admit(self, slug: str, **data: Any) -> Any:
        """Admit a partner."""
        admitted = {"partner": f"partner:{slug}", "name": {"en": slug}, "roles": ["monitor"], **data}
        return self.tell("partner.admitted", admitted, "stewards")

    def profile(self, lawyer: str = L1, **data: Any) -> Any:
        """Profile a lawyer of QM."""
        envelope = {name: data.pop(name) for name in ("tlp", "correlationid") if name in data}
        return self.tell(
            "lawyer.profiled", {"lawyer": lawyer, "country_of_practice": "QM", **data}, **envelope
        )

    def threaten(self, threat: str = T1, *targets: str, **data: Any) -> Any:
        """Report a threat, against `L1` unless told otherwise."""
        envelope = {name: data.pop(name) for name in ("tlp", "correlationid", "partner") if name in data}
        said = {"threat": threat, "targets": list(targets or (L1,)), "categories": ["liberty.arrest"], **data}
        return self.tell("threat.reported", said, **envelope)

    def state(self, about: Iterable[str], *signers: str, statement: str = ST1, **data: Any) -> Any:
        """Issue a statement of lanterns, signed by others."""
        envelope = {name: data.pop(name) for name in ("tlp", "correlationid") if name in data}
        signed = [{"who": who, "capacity": "co_signatory"} for who in signers]
        said = {
            "statement": statement,
            "kind": "joint_statement",
            "title": {"en": "Free them"},
            "issued": "2026-11-10",
            "authors": ["partner:lanterns"],
            "about": list(about),
            "signatories": signed,
            **data,
        }
        return self.tell("statement.issued", said, **envelope)

    def call(
        self, about: Iterable[str], action: str = A1, lead: str = "partner:lanterns", **data: Any
    ) -> Any:
        """Propose an action."""
        said = {
            "action": action,
            "kind": "joint_letter",
            "lead": lead,
            "purpose": "Help",
            "about": list(about),
            **data,
        }
        return self.tell("action.proposed", said, lead.partition(":")[2])

    def join(
        self, partner: str, role: str, action: str = A1, joined: str = "2026-11-05", **envelope: str
    ) -> Any:
        """Let a partner join."""
        said = {"action": action, "partner": f"partner:{partner}", "role": role, "joined": joined}
        return self.tell("action.joined", said, partner, **envelope)

    def leave(self, partner: str, left: str, action: str = A1) -> Any:
        """Let a partner leave."""
        return self.tell(
            "action.left", {"action": action, "partner": f"partner:{partner}", "left": left}, partner
        )

    def trial(self, trial: str = TR1, *parties: str, **data: Any) -> Any:
        """Schedule a trial, of `L1` unless told otherwise."""
        who = [{"who": one, "role": "defendant"} for one in parties or (L1,)]
        return self.tell(
            "trial.scheduled", {"trial": trial, "parties": who, "country": "QM", **data}, "docket"
        )

    def hearing(self, starts: str, hearing: str = H1, trial: str = TR1, **data: Any) -> Any:
        """Schedule a hearing."""
        return self.tell(
            "hearing.scheduled", {"hearing": hearing, "trial": trial, "starts": starts, **data}, "docket"
        )

    def observe(self, partner: str, hearing: str = H1, on: str = "2026-11-08", **data: Any) -> Any:
        """Let a partner observe a hearing."""
        said = {
            "hearing": hearing,
            "status": "held",
            "started": on,
            "observation": {"mode": "in_room"},
            **data,
        }
        return self.tell("hearing.reported", said, partner)

    def need(self, whom: str = L1, need: str = N1, **data: Any) -> Any:
        """Express a need."""
        said = {"need": need, "for": whom, "kinds": ["legal_defence"], "expressed_by": "self", **data}
        return self.tell("need.expressed", said)

    def offer(self, by: str, offer: str = O1, **data: Any) -> Any:
        """Make an offer."""
        return self.tell(
            "offer.made", {"offer": offer, "by": f"partner:{by}", "kinds": ["legal_defence"], **data}, by
        )

    def match(self, support: str = S1, need: str = N1, offer: str = O1) -> Any:
        """Match a need with an offer."""
        said = {"support": support, "need": need, "offer": offer, "accepted_by_person": True}
        return self.tell("support.matched", said)

    def deliver(self, by: str, result: str = "delivered", support: str = S1, on: str = "2026-11-12") -> Any:
        """Deliver a support."""
        return self.tell("support.delivered", {"support": support, "result": result, "on": on}, by)

    def inquire(self, reader: Reader = PUBLIC, now: date = NOW) -> Inquiry:
        """Return an inquiry of a reader."""
        return self.views.graph_of(reader).inquire(now)

    def ask(self, reader: Reader = GREEN, now: date = NOW) -> Questions:
        """Return what answers a reader; what is remembered of who stands alone stays from call to call."""
        ranking = self._rankings.setdefault(reader, Ranking())
        turned = self.views.dossiers_of(reader).touched
        return Questions(self.inquire(reader, now), ranking, Reached(self.position, turned))

    def alone(self, reader: Reader = GREEN, now: date = NOW, **asked: Any) -> Json:
        """Return a page of who stands alone."""
        return self.ask(reader, now).alone({"country": None, "limit": 50, "offset": 0, **asked})

    def weights(self, ref: str = L1, reader: Reader = GREEN, now: date = NOW) -> dict[str, float]:
        """Return how much each partner supports somebody."""
        found = self.inquire(reader, now).supports([ref])[ref]
        return {one.partner.removeprefix("partner:"): round(one.weight, 3) for one in found}

    def part(self, reader: Reader = GREEN, *, derived: bool = False, now: date = NOW, **query: Any) -> Json:
        """Return a part of the graph."""
        graph = self.views.graph_of(reader).graph
        return self.ask(reader, now).part(GraphQuery(**query), graph, derived=derived)


@contextmanager
def solidarity(path: Path) -> Iterator[Solidarity]:
    """Give an empty world, and close it afterwards."""
    with views_in(path) as views:
        yield Solidarity(views)
