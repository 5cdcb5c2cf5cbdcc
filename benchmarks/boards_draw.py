"""What stories of the invented log are made of: partners, places, days, and events with whole payloads."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.running import NOON, example

Json = Any
Said = tuple[datetime, int, str, dict[str, Json]]
"""When it is said, in which order among those of the same moment, by whom, and what."""

PARTNERS = 40
ROLES = ("monitor", "observer", "bar", "responder", "legal_aid_provider", "policy", "verifier")
COUNTRIES = ("QM", "QN", "QO", "QP", "QQ", "QR", "QS", "QT")
HEARINGS, JOINS = 20, 15
UNIT = 25_700
"""Events for which the counts below stand."""

_STORIES = {
    "person": 1_400,
    "threat": 3_700,
    "trial": 150,
    "action": 280,
    "statement": 700,
    "need": 1_350,
    "offer": 650,
    "policy": 350,
    "commitment": 300,
    "dataset": 420,
    "consent": 220,
    "twin": 40,
}
_TLP = ("clear",) * 6 + ("green",) * 8 + ("amber",) * 5 + ("amber+strict",)
_VAGUE = ("protection", "supersedes", "facts_from", "previous")


def slug_of(number: int) -> str:
    """Return the name of a partner."""
    return f"bar-{number}"


class Teller:
    """Says events.

    Args:
        events: about how many there are to be.
        seed: of chance.
    """

    def __init__(self, events: int, seed: int = 1) -> None:
        self._random = Random(seed)
        self._counts = {name: max(2, round(count * events / UNIT)) for name, count in _STORIES.items()}
        self._made = 0
        self._said: list[Said] = []

    def _partner(self, number: int) -> str:
        return slug_of(number % PARTNERS)

    def _some(self, kind: str, name: str) -> str:
        """Return something of a kind of story; whoever came first is spoken of most."""
        number = int(self._counts[name] * self._random.random() ** 2)
        return f"{kind}:{self._partner(number)}.{number}"

    def _where(self, number: int) -> str:
        return COUNTRIES[number % len(COUNTRIES)]

    def _day(self, most: int = 700) -> datetime:
        return NOON - timedelta(days=self._random.random() * most)

    def _say(
        self, at: datetime, by: str, event_type: str, data: dict[str, Json], *, tlp: str | None = None
    ) -> str:
        self._made += 1
        base = {
            name: value
            for name, value in example(f"{event_type}.v1").items()
            if name not in _VAGUE and data.get(name, value) is not None
        }
        whole = {name: value for name, value in {**base, **data}.items() if value is not None}
        event: dict[str, Json] = {
            "specversion": "1.0",
            "id": f"b-{self._made}",
            "source": f"urn:hub:partner:{by}",
            "type": event_type,
            "time": f"{min(at, NOON):%Y-%m-%dT%H:%M:%SZ}",
            "data": whole,
        }
        if event_type not in {"record.retracted", "record.corrected"}:
            event["tlp"] = tlp or self._random.choice(_TLP)
        self._said.append((min(at, NOON), self._made, by, event))
        return str(event["id"])

    def _some_body(self) -> str:
        return f"body:bar-0.{int((self._counts['threat'] // 20 + 2) * self._random.random() ** 2)}"
