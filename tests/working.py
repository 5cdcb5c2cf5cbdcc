"""What partners do together in stories: actions with signatures, help, court days, figures and replies."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.logged import Logged
from tests.oracle_label import LADDER
from tests.running import SetClock
from tests.wording import SLUGS, example, fitted, words

Json = Any

FIRST = SLUGS[0]
KINDS = ("joint_letter", "trial_observation_mission", "campaign")
ZONE = "+04:00"


class Working:
    """Steps that record several events about one matter, each at a label of its own."""

    told: list[Logged]
    clock: SetClock
    _push: Callable[[str, str, Json, Mapping[str, Json]], bool]

    def _act(self, slug: str, step: Any, random: Random) -> None:
        """Propose an action or take one that is there; join it, change its text, sign again, leave, end it."""
        known = self._newest("action.proposed", "action")
        if not known or random.random() < 0.4:
            action = f"action:{slug}.{random.randint(1, 2)}"
            self._push(slug, "action.proposed", self._proposal(action, slug, random), _label(random))
        else:
            action = random.choice(sorted(known))
        self._join(action, random)
        if random.random() < 0.4:
            self._revise(action, random)
            self._join(action, random)
        if random.random() < 0.3:
            self._end(action, random)

    def _proposal(self, action: str, slug: str, random: Random) -> Json:
        hearing, threat = f"hearing:{FIRST}.{random.randint(1, 2)}", f"threat:{FIRST}.{random.randint(1, 2)}"
        own = {
            "action": action,
            "lead": f"partner:{slug}",
            "kind": random.choice(KINDS),
            "about": [random.choice([hearing, threat, f"lawyer:{FIRST}.1"]), threat],
            "join_by": self._moment(random),
            "seats": random.randint(1, 3),
            "mechanism": f"body:{FIRST}.{random.randint(1, 2)}",
            "place": {"country": "QM"},
        }
        data = example("action.proposed.v1", slug, random) | own
        data.pop("planned")
        return data | {"about": list(dict.fromkeys(data["about"]))}

    def _join(self, action: str, random: Random) -> None:
        proposal = self._newest("action.proposed", "action").get(action)
        if proposal is None:
            return
        role = "observer" if proposal.data["kind"] == KINDS[1] else "signatory"
        for slug in random.sample(SLUGS, 2):
            data = example("action.joined.v1", slug, random) | {
                "action": action,
                "partner": f"partner:{slug}",
                "role": role,
                "valid_until": self._moment(random, least=1, most=40),
                "text_hash": proposal.data.get("text_hash", "0" * 64),
            }
            if random.random() < 0.6:
                del data["embargo_until"]
            self._push(slug, "action.joined", data, _label(random))

    def _revise(self, action: str, random: Random) -> None:
        proposal = self._newest("action.proposed", "action").get(action)
        if proposal is not None:
            data = {**proposal.data, "draft": words(random), "purpose": words(random)}
            self._push(proposal.publisher, "action.proposed", fitted(data), _label(random))

    def _end(self, action: str, random: Random) -> None:
        proposal = self._newest("action.proposed", "action").get(action)
        joined = [
            one for one in self.told if one.type == "action.joined" and one.data.get("action") == action
        ]
        if joined and random.random() < 0.6:
            slug = joined[-1].publisher
            data = {"action": action, "partner": f"partner:{slug}", "role": joined[-1].data["role"]}
            data["left"] = self._moment(random, least=-1, most=0)
            if random.random() < 0.5:
                data["hand_over_to"] = f"partner:{random.choice(SLUGS)}"
            self._push(slug, "action.left", data, _label(random))
        if proposal is None:
            return
        slug = proposal.publisher
        draft = {"text": {"en": proposal.data["draft"]}, "language": "en", "about": proposal.data["about"]}
        issued = {**example("statement.issued.v1", slug, random), **draft, "action": action}
        issued["reply_expected_by"] = self._day(random)
        self._push(slug, "statement.issued", fitted(issued), _label(random))
        if random.random() < 0.5:
            ended = {**example("action.completed.v1", slug, random), "action": action}
            self._push(slug, "action.completed", ended, _label(random))

    def _help(self, slug: str, step: Any, random: Random) -> None:
        """Say a need and an offer, match them, confirm the match, and say what became of it."""
        other = random.choice(SLUGS)
        need, offer = f"need:{slug}.{random.randint(1, 2)}", f"offer:{other}.1"
        state = random.choice(["open"] * 4 + ["withdrawn", "met"])
        asked: dict[str, Json] = {
            "need": need,
            "for": f"lawyer:{FIRST}.{random.randint(1, 2)}",
            "state": state,
        }
        asked |= {"needed_by": self._day(random), "stated_on": self._day(random, least=-9, most=0)}
        self._push(slug, "need.expressed", example("need.expressed.v1", slug, random) | asked, _label(random))
        given: dict[str, Json] = {
            "offer": offer,
            "by": f"partner:{other}",
            "state": "open",
            "valid_until": self._day(random),
        }
        given |= {"capacity": random.randint(1, 5), "kinds": ["urgent_relocation", "psychosocial"]}
        self._push(other, "offer.made", example("offer.made.v1", other, random) | given, _label(random))
        if random.random() < 0.6:
            self._match(slug, other, {"need": need, "offer": offer}, random)

    def _match(self, slug: str, other: str, named: Mapping[str, str], random: Random) -> None:
        support = f"support:{slug}.{random.randint(1, 2)}"
        for who in (slug, other)[: random.randint(1, 2)]:
            data = example("support.matched.v1", who, random) | dict(named) | {"support": support}
            data |= {"starts": self._day(random), "lead": f"partner:{slug}"}
            self._push(who, "support.matched", data, _label(random))
        if random.random() < 0.5:
            data = example("support.delivered.v1", slug, random)
            result = random.choice(["delivered", "partly", "failed"])
            own = {"support": support, "result": result, "safety_incident": random.random() < 0.3}
            self._push(slug, "support.delivered", data | own, _label(random))

    def _court(self, slug: str, step: Any, random: Random) -> None:
        """Say when a hearing will be, that it will be at another time, what was seen, and how it ended."""
        trial, hearing = f"trial:{FIRST}.1", f"hearing:{FIRST}.{random.randint(1, 2)}"
        starts = self._moment(random, least=-6, most=12)
        own: dict[str, Json] = {"hearing": hearing, "trial": trial, "country": "QM", "starts": starts}
        data = {**example("hearing.scheduled.v1", slug, random), **own, "seats": random.randint(1, 3)}
        data["confirm_by"] = self._moment(random)
        del data["ends"]
        self._push(slug, "hearing.scheduled", data, _label(random))
        if random.random() < 0.4:
            data = example("trial.scheduled.v1", slug, random) | {"trial": trial, "country": "QM"}
            self._push(slug, "trial.scheduled", data, _label(random))
        if random.random() < 0.5:
            kind = random.choice(["hearing.reported", "hearing.adjourned"])
            data = example(f"{kind}.v1", slug, random) | {"hearing": hearing}
            if "new_starts" in data:
                data["new_starts"] = self._moment(random)
            self._push(slug, kind, data, _label(random))

    def _figure(self, slug: str, step: Any, random: Random) -> None:
        """Report figures of an indicator, some of them small."""
        indicator = f"indicator:{FIRST}.1"
        if random.random() < 0.6:
            data = example("indicator.defined.v1", slug, random) | {"indicator": indicator}
            self._push(slug, "indicator.defined", data, _label(random))
        values = [random.choice([7, 12, 40, "<5"]) for _ in range(3)]
        dims = [{"gender": one} for one in ("woman", "man", "unknown")]
        seen = [
            {"indicator": indicator, "value": value, "unit": "count", "dims": dim}
            for value, dim in zip(values, dims, strict=True)
        ]
        own = {"dataset": f"dataset:{slug}.1", "reporter": f"partner:{slug}", "country": "QM"}
        data = {**example("legalaid.reported.v1", slug, random), **own, "observations": seen}
        self._push(slug, "legalaid.reported", data, _label(random))

    def _reply(self, slug: str, step: Any, random: Random) -> None:
        """Answer a statement, assess an action, promise something, change a law, call somebody to account."""
        statements = sorted(self._newest("statement.issued", "statement")) or [f"statement:{FIRST}.1"]
        actions = sorted(self._newest("action.proposed", "action")) or [f"action:{FIRST}.1"]
        commitment = f"commitment:{FIRST}.{random.randint(1, 2)}"
        own: Mapping[str, Json] = {
            "response.received": {
                "statement": random.choice(statements),
                "received": self._day(random, -9, 0),
            },
            "impact.assessed": {"about": random.choice(actions)},
            "commitment.made": {"commitment": commitment, "due": self._day(random)},
            "commitment.progressed": {"commitment": commitment, "as_of": self._day(random, -400, 0)},
            "policy.changed": {"policy": f"policy:{FIRST}.1", "consultation_closes": self._day(random)},
            "accountability.recorded": {"threat": f"threat:{FIRST}.{random.randint(1, 2)}"},
        }
        for kind in random.sample(sorted(own), 2):
            data = example(f"{kind}.v1", slug, random) | own[kind]
            self._push(slug, kind, data, _label(random))

    def _newest(self, event_type: str, name: str) -> dict[str, Logged]:
        return {str(one.data[name]): one for one in self.told if one.type == event_type and name in one.data}

    def _at(self, random: Random, least: int, most: int) -> datetime:
        return self.clock() + timedelta(days=random.randint(least, most))

    def _day(self, random: Random, least: int = -3, most: int = 20) -> str:
        return self._at(random, least, most).date().isoformat()

    def _moment(self, random: Random, least: int = -3, most: int = 20) -> str:
        return f"{self._at(random, least, most):%Y-%m-%dT%H:%M:%S}{ZONE}"


def _label(random: Random) -> dict[str, Json]:
    """Return a label, open ones oftener."""
    tlp = random.choice([None, None, "clear", "green", *LADDER])
    named = random.sample(SLUGS, random.choice([0, 0, 1]))
    said: dict[str, Json] = {} if tlp is None else {"tlp": tlp}
    if named and tlp not in {"clear", "green"}:
        said["audience"] = ",".join(f"{one}/ann" if tlp == "red" else one for one in named)
    return said
