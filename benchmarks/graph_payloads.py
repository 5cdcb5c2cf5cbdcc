"""What the invented events say: short payloads of real types, about those that were drawn."""

from collections.abc import Callable
from random import Random
from typing import Any

from benchmarks.graph_draw import Draw

Json = Any
Said = tuple[dict[str, Json], int]
"""A payload, and how many ties it makes that were not there."""

_CATEGORIES = (
    "liberty.arrest",
    "interference.identified_with_client",
    "safety.threat",
    "professional.disbarment",
)


class Payloads:
    """Makes payloads.

    Args:
        random: chance.
        draw: who is spoken of.
        lately: a day not long ago.
    """

    def __init__(self, random: Random, draw: Draw, lately: Callable[[], str]) -> None:
        self._random = random
        self._draw = draw
        self._lately = lately

    def body(self) -> Said:
        pool = self._random.choice(("bar", "bar", "authority", "court"))
        number = self._draw.counts[pool]
        data = {"body": self._draw.new(pool), "name": {"en": f"The {pool} of {number}"}, "kind": pool}
        return {**data, "country": self._draw.place()[0], "as_of": self._lately()}, 1

    def lawyer(self) -> Said:
        country, part = self._draw.place()
        data: dict[str, Json] = {
            "lawyer": self._draw.new("lawyer"),
            "country_of_practice": country,
            "subdivision": part,
        }
        if self._random.random() < 0.2:
            data["represented_by"] = self._draw.old("lawyer")
        name = {"alias_public": f"Heron {self._draw.counts['lawyer']}", "practice_status": "practising"}
        return {**data, **name, "languages": ["en"], "bar": self._draw.old("bar"), "as_of": self._lately()}, 3

    def threat(self) -> Said:
        return self._reported(self._draw.new("threat"))

    def _reported(self, threat: str) -> Said:
        country, part = self._draw.place()
        data: dict[str, Json] = {"threat": threat, "targets": self._draw.some("lawyer", 3)}
        ties = 4 + len(data["targets"])
        if self._random.random() < 0.5:
            by = {"body": self._draw.old("authority"), "degree": "direct", "confidence": 0.7}
            data, ties = {**data, "attributed_to": [by]}, ties + 1
        if self._draw.counts["threat"] > 10 and self._random.random() < 0.3:
            linked = [{"threat": self._draw.old("threat"), "relation": "part_of"}]
            data, ties = {**data, "linked": linked}, ties + 1
        status = self._random.choice(("ongoing", "ongoing", "ended"))
        said = {"title": "Arrested after a bail hearing", "categories": [self._random.choice(_CATEGORIES)]}
        place = {"place": {"country": country, "subdivision": part}, "occurred": self._lately()}
        rest = {"status": status, "urgency": self._random.choice(("urgent", "high", "normal"))}
        return {**data, **said, **place, **rest, "standards": self._draw.standards()}, ties

    def threat_again(self) -> Said:
        """Report a threat that somebody else has reported: claims on ties that are there, and one more target."""
        data, _ = self._reported(self._draw.old("threat"))
        return data, 2 + len(data["targets"])

    def trial(self) -> Said:
        parties = [{"who": who, "role": "defendant"} for who in self._draw.some("lawyer", 4)]
        data = {"trial": self._draw.new("trial"), "title": "Trial after a bail hearing", "parties": parties}
        threats = {"related_threat": [self._draw.old("threat")], "standards": self._draw.standards()}
        where = {
            "court": self._draw.old("court"),
            "country": self._draw.place()[0],
            "announced": self._lately(),
        }
        return {**data, **threats, **where}, 5 + len(parties)

    def hearing(self) -> Said:
        data = {
            "hearing": self._draw.new("hearing"),
            "trial": self._draw.old("trial"),
            "court": self._draw.old("court"),
        }
        return {**data, "starts": self._lately(), "country": self._draw.place()[0]}, 3

    def observation(self) -> Said:
        rights = [{"right": right, "rating": "violated"} for right in self._draw.standards()]
        data = {
            "hearing": self._draw.old("hearing"),
            "status": "held",
            "started": self._lately(),
            "rights": rights,
        }
        return {
            **data,
            "observation": {"mode": "in_room", "observers": 2},
            "country": self._draw.place()[0],
        }, 3

    def statement(self) -> Said:
        signed = [{"who": who, "capacity": "co_signatory"} for who in self._draw.some("partner", 25)]
        about = [*self._draw.some("lawyer", 2), self._draw.old("threat")]
        data = {
            "statement": self._draw.new("statement"),
            "kind": "joint_statement",
            "signatories": signed,
            "about": about,
        }
        said = {
            "title": {"en": "Release counsel"},
            "issued": self._lately(),
            "standards": self._draw.standards(),
        }
        authors = {"authors": [self._draw.old("partner")], "addressees": self._draw.some("authority", 2)}
        return {**data, **said, **authors}, 4 + len(signed) + len(about)

    def action(self) -> Said:
        about = [self._draw.old("threat"), self._draw.old("lawyer")]
        data = {"action": self._draw.new("action"), "lead": self._draw.old("partner"), "about": about}
        return {
            **data,
            "kind": "joint_letter",
            "purpose": {"en": "Write together"},
            "planned": self._lately(),
        }, 5

    def joining(self) -> Said:
        role = self._random.choice(("signatory", "translator"))
        joins = {"action": self._draw.old("action"), "partner": self._draw.old("partner"), "role": role}
        return {**joins, "joined": self._lately()}, 1

    def need(self) -> Said:
        data = {
            "need": self._draw.new("need"),
            "kinds": ["legal"],
            "for": self._draw.old("lawyer"),
            "urgency": "urgent",
        }
        return {**data, "from_threat": [self._draw.old("threat")], "stated_on": self._lately()}, 2

    def support(self) -> Said:
        data = {
            "support": self._draw.new("support"),
            "need": self._draw.old("need"),
            "offer": self._draw.old("offer"),
        }
        return {**data, "kinds": ["legal"], "agreed_on": self._lately()}, 2

    def delivery(self) -> Said:
        return {"support": self._draw.old("support"), "result": "delivered", "on": self._lately()}, 1
