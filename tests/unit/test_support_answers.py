"""Answers that are worked out once for all pairs alike: the same as asked of each pair by itself."""

from random import Random
from typing import Any

import pytest

from projections.boards.support.answers import READS
from projections.boards.support.criteria import QUESTIONS, Finding
from projections.boards.support.fitting import Fit, Fitting
from projections.boards.support.matching import _made
from projections.boards.support.persons import Person
from projections.boards.support.rows import Need, Offer
from projections.boards.support.standing import Board, Pause
from tests.unit.test_support_criteria import CASES, DAY, PROOF

Json = Any
PAUSES = (
    Pause("support:a.1", "offer", "offer:b.3", frozenset({"medical"}), "QM", PROOF),
    Pause("support:a.2", "kind_and_country", "offer:b.4", frozenset({"training"}), "QN", PROOF),
)


def world(seed: int = 1) -> tuple[dict[str, Need], dict[str, Offer]]:
    """Return needs and offers that differ in everything that is asked."""
    random = Random(seed)
    cases = [case for case in CASES if isinstance(case[1], Need)]
    needs, offers = {}, {}
    for no in range(40):
        _, one, other, _ = random.choice(cases)
        _, second, more, _ = random.choice(cases)
        person = random.choice((one.person, second.person, Person("QM"), Person("QN", "in_exile", "man")))
        needs[f"need:a.{no}"] = one._replace(
            ref=f"need:a.{no}", person=person, data={**second.data, **one.data, "constraints": _constraints(random)}
        )  # fmt: skip
        data = {**more.data, **other.data}
        offers[f"offer:b.{no}"] = other._replace(ref=f"offer:b.{no}", data=data, works=more.works)
    return needs, offers


def _constraints(random: Random) -> Json:
    return random.choice(({}, {"languages": ["qaa"]}, {"no_contact_in_country": True}))


def naive(fitting: Fitting, need: Need, offer: Offer) -> tuple[int | None, list[Finding]]:
    """Ask everything of one pair."""
    pair = fitting._pair(need, offer)
    found = [answer for question in QUESTIONS if (answer := question(pair)) is not None]
    if any(one.verdict == "blocks" for one in found):
        return None, found
    return sum(fitting.points(one) for one in found), found


def test_every_question_says_what_it_reads() -> None:
    assert set(READS) == set(QUESTIONS)


@pytest.mark.parametrize("seed", range(3))
def test_pairs_alike_have_the_answers_that_each_has_by_itself(seed: int) -> None:
    needs, offers = world(seed)
    fitting = Fitting(Board(DAY, needs, offers, {}, PAUSES))
    scores: dict[tuple[str, str], int | None] = {(one.need, one.offer): one.score for one in fitting.fits}
    assert scores
    for ref in fitting.looking:
        for offer in fitting.near(needs[ref]):
            score, found = naive(fitting, needs[ref], offer)
            assert scores.get((ref, offer.ref)) == score
            assert fitting.findings(needs[ref], offer) == found


@pytest.mark.parametrize("seed", range(3))
def test_what_changed_alone_is_asked_again_and_the_rest_stays(seed: int) -> None:
    needs, offers = world(seed)
    before = _made(Board(DAY, needs, offers, {}, PAUSES))
    closed, changed = sorted({one.offer for one in before.fitting.fits})[:2]
    newer = {
        **offers,
        closed: offers[closed]._replace(data={**offers[closed].data, "state": "withdrawn"}),
        changed: offers[changed]._replace(data={**offers[changed].data, "response_time_hours": 1.5}),
        "offer:b.99": offers[changed]._replace(ref="offer:b.99"),
    }
    one = next(iter(before.fitting.looking))
    told = {**needs, one: needs[one]._replace(data={**needs[one].data, "kinds": ["medical", "training"]})}
    board = Board(DAY, told, newer, {}, PAUSES)
    after, fresh = _made(board, before), _made(board)
    assert after.fitting.fits == fresh.fitting.fits != before.fitting.fits
    assert after.fits == fresh.fits
    assert after.assignment == fresh.assignment
    assert closed not in {fit.offer for fit in after.fitting.fits}


def test_nothing_is_asked_of_pairs_that_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    needs, offers = world()
    before = _made(Board(DAY, needs, offers, {}, PAUSES))
    asked: list[tuple[str, str]] = []
    fit = Fitting._fit

    def counted(self: Fitting, ref: str, offer: Offer) -> Fit | None:
        asked.append((ref, offer.ref))
        return fit(self, ref, offer)

    monkeypatch.setattr(Fitting, "_fit", counted)
    one = next(iter(before.fitting.looking))
    told = {**needs, one: needs[one]._replace(data=dict(needs[one].data))}
    _made(Board(DAY, told, offers, {}, PAUSES), before)
    assert {ref for ref, _ in asked} == {one}
