"""A docket: says things of trials and hearings in few words, and reads the boards; all invented."""

from datetime import UTC, datetime, timedelta
from typing import Any

from events.audience import Reader
from projections.boards.trials.coverage import Row, rows_of
from projections.boards.trials.overview import Asked, overview
from projections.graph.query import GraphQuery
from projections.sight import Sight
from tests.logs import Ask, MemoryLog

Json = Any

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
D, N, L = "open-docket", "northlight-law-society", "lanterns-for-counsel"
MEMBER = Reader(L, "ann", "amber+strict")
TRIAL, TWO = "trial:open-docket.1", "trial:open-docket.2"
A, B, C = (f"hearing:open-docket.{name}" for name in "abc")
MISSION = "action:open-docket.m1"
FORTNIGHT = timedelta(days=14)


class Docket:
    """Says things of trials, and reads the boards."""

    def __init__(self, log: MemoryLog, ask: Ask) -> None:
        self._log = log
        self._ask = ask

    def say(self, event_type: str, slug: str = D, /, **data: Json) -> str:
        tlp = data.pop("tlp", "green")
        return self._log.add(event_type, data, slug, tlp=tlp).id

    def trial(self, slug: str = D, **more: Json) -> str:
        parties = [{"who": "lawyer:open-docket.1", "role": "defendant"}, {"who": "lawyer:open-docket.2"}]
        return self.say("trial.scheduled", slug, **{"trial": TRIAL, "parties": parties, **more})

    def hearing(self, ref: str = A, starts: str = "2026-03-10", slug: str = D, **more: Json) -> str:
        return self.say("hearing.scheduled", slug, hearing=ref, starts=starts, **{"trial": TRIAL, **more})

    def adjourn(self, ref: str = A, status: str = "rescheduled", slug: str = D, **more: Json) -> str:
        return self.say("hearing.adjourned", slug, hearing=ref, status=status, **more)

    def report(self, slug: str = D, ref: str = A, **more: Json) -> str:
        rights = [{"right": right, "rating": rating} for right, rating in more.pop("rights", {}).items()]
        said = {"status": "held", **({"rights": rights} if rights else {}), **more}
        return self.say("hearing.reported", slug, hearing=ref, **said)

    def conclude(self, slug: str = D, **more: Json) -> str:
        outcome = [{"who": "lawyer:open-docket.1", "outcome": more.pop("end", "acquitted")}]
        return self.say("trial.concluded", slug, **{"trial": TRIAL, "outcome": outcome, **more})

    def mission(self, about: str = A, **more: Json) -> str:
        return self.say(
            "action.proposed", **{"action": MISSION, "about": [about], "lead": f"partner:{D}", **more}
        )

    def join(self, slug: str, **more: Json) -> str:
        said = {"action": MISSION, "partner": f"partner:{slug}", "role": "observer", **more}
        return self.say("action.joined", slug, **said)

    def leave(self, slug: str, by: str = "", **more: Json) -> str:
        return self.say("action.left", by or slug, action=MISSION, partner=f"partner:{slug}", **more)

    def assess(self, about: str, of: str, slug: str = L, **more: Json) -> str:
        source = f"urn:hub:partner:{of}"
        said = {"about_event": about, "about_source": source, "verdict": "disputes", **more}
        return self.say("claim.assessed", slug, **said)

    def same(self, left: str, right: str) -> None:
        said = {"judgement": "same", "basis": ["court_file"], "confidence": 1, "preferred": left}
        self.say("identity.judged", left=left, right=right, **said)

    def sight(self, reader: Reader = MEMBER) -> Sight:
        return self._ask(reader)

    def board(self, ref: str = TRIAL, reader: Reader = MEMBER, **then: str) -> Json:
        name = f"{ref.partition(':')[0]}s"
        dossier = self.sight(reader).dossier(name, ref, GraphQuery(**then), NOW)  # type: ignore[arg-type]
        return None if dossier is None else dossier["board"]

    def rows(self, reader: Reader = MEMBER, **then: str) -> dict[str, Row]:
        return dict(rows_of(self.sight(reader).papers(NOW, GraphQuery(**then))))  # type: ignore[arg-type]

    def coverage(self, **asked: Json) -> Json:
        return overview(self.sight().papers(NOW), Asked(**{"within": FORTNIGHT, **asked}))
