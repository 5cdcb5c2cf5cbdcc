"""However many speak at once: nobody signs one text twice, and nobody acts about a person without an agreement."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from events.decisions.actions.texts import text_hash
from events.event import RecordedEvent
from events.submission import Checked
from tests.archive_fixtures import Archive, sqlite_url
from tests.postgres import fresh_database

Json = Any

L, H, M = "lanterns-for-counsel", "harbour-bar-watch", "meridian-fund"
ACTION, LAWYER = f"action:{L}.1", f"lawyer:{L}.1"
POINTS = ("identity_of_documenter", "purpose", "access", "storage", "risks", "withdrawal")
TEXTS = ("To the Minister.", "To the Ministers.")
ACTS = 90


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return sqlite_url(tmp_path) if request.param == "sqlite" else fresh_database()


class Chance:
    """What partners send by chance about one action and one lawyer."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def act(self, number: int) -> tuple[str, str, Json]:
        """Return who says what."""
        kinds = (self._propose, self._join, self._join, self._join, self._leave, self._allow, self._take_back)
        return self._random.choice((*kinds, self._speak, self._speak))(number)

    def _propose(self, _: int) -> tuple[str, str, Json]:
        agreed = self._random.choice(("yes", "yes", "not_possible"))
        named = {"action": ACTION, "kind": "joint_letter", "lead": f"partner:{L}", "purpose": "P"}
        about, text = self._random.choice(([LAWYER], [LAWYER], [f"case:{L}.1"])), self._random.choice(TEXTS)
        return (
            L,
            "action.proposed",
            {
                **named,
                "about": about,
                "text_hash": text_hash(text),
                "draft": text,
                "agreed_with_person": agreed,
                "risk_note": "N",
            },  # fmt: skip,
        )

    def _join(self, _: int) -> tuple[str, str, Json]:
        who, text = self._random.choice((L, H, M)), self._random.choice(TEXTS)
        named = {"action": ACTION, "partner": f"partner:{who}", "role": "signatory"}
        return who, "action.joined", {**named, "text_hash": text_hash(text)}

    def _leave(self, _: int) -> tuple[str, str, Json]:
        who = self._random.choice((L, H, M))
        return (
            who,
            "action.left",
            {"action": ACTION, "partner": f"partner:{who}", "left": "2026-11-03T00:00:00Z"},
        )

    def _allow(self, number: int) -> tuple[str, str, Json]:
        given = {"consent_id": f"0190aaaa-0000-7000-8000-{number:012d}", "subject_of_consent": LAWYER}
        use = {"level": "C5", "scopes": ["joint_statement"], "explained": dict.fromkeys(POINTS, True)}
        return L, "consent.recorded", {**given, **use}

    def _take_back(self, _: int) -> tuple[str, str, Json]:
        return H, "consent.withdrawn", {"subject_of_consent": LAWYER, "effect": "restrict_to_pseudonym"}

    def _speak(self, number: int) -> tuple[str, str, Json]:
        named = {"statement": f"statement:{L}.{number}", "kind": "joint_statement", "title": {"en": "T"}}
        return L, "statement.issued", {**named, "about": [LAWYER], "action": ACTION}


class Model:
    """What may be said next, by a plain reading of what was."""

    def __init__(self) -> None:
        self.text = ""
        self.speaks = False
        self.allowed: bool | None = None
        self.signed: dict[str, str] = {}

    def take(self, kind: str, who: str, data: Mapping[str, Json]) -> None:
        """Check one recorded event and remember it."""
        if kind == "action.proposed":
            agreed = data.get("agreed_with_person") == "yes"
            assert agreed or LAWYER not in data["about"], "called about a person without agreement"
            # The lead has no consent yet, or one that stands, when it first calls.
            assert self.text or LAWYER not in data["about"] or self.allowed is not False
            self.text, self.speaks = data["text_hash"], LAWYER in data["about"]
        elif kind == "action.joined":
            assert data["text_hash"] == self.text, "signed a text that was another by then"
            assert self.signed.get(who) != self.text, "signed twice"
            self.signed[who] = self.text
        elif kind == "action.left":
            assert self.signed.pop(who, None) is not None, "left without having joined"
        elif kind == "consent.recorded":
            self.allowed = True
        elif kind == "consent.withdrawn":
            self.allowed = False if self.allowed is not None else None
        elif kind == "statement.issued":
            assert self.speaks or not self.text, "spoke without agreement of the person"
            assert self.allowed is not False, "spoke although the consent was taken back"


def drafts(archives: list[Archive], seed: int) -> Iterator[tuple[int, Checked]]:
    chance = Chance(seed)
    for number in range(ACTS):
        who, kind, data = chance.act(number)
        yield number % 2, archives[number % 2].check(who, kind, data, id=f"a{number}", tlp="green")


def play(url: str, seed: int) -> list[RecordedEvent]:
    """Have all speak at once through two hubs; return the log."""
    archives = [Archive(url).begin({slug: ["monitor"] for slug in (L, H, M)}), Archive(url)]
    try:
        with ThreadPoolExecutor(6) as pool:
            told = list(drafts(archives, seed))
            outcomes = list(pool.map(lambda one: archives[one[0]].intake.record([one[1]])[0], told))
        log = archives[0].everything()
        assert sum(one.status == "stored" for one in outcomes) == sum(one.id.startswith("a") for one in log)
        assert {one.status for one in outcomes} == {"stored", "refused"}
        return log
    finally:
        for archive in archives:
            archive.store.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_signs_twice_or_speaks_without_agreement(url: str, seed: int) -> None:
    model = Model()
    for one in play(url, seed):
        if one.id.startswith("a"):
            model.take(one.stem.rpartition(".v")[0], one.publisher, one.data)
