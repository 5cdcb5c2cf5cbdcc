"""What fits what and why: every question, by a need and an offer that differ in one thing."""

from typing import Any

import pytest

from projections.boards.support.criteria import QUESTIONS
from projections.boards.support.fitting import Fitting, blocks
from projections.boards.support.matching import _made
from projections.boards.support.persons import Person
from projections.boards.support.rows import Need, Offer, Support
from projections.boards.support.standing import Board, Pause
from projections.boards.support.terms import ALL_POINTS

Json = Any

DAY = "2026-11-04"
N, O = "need:a.1", "offer:b.1"  # noqa: E741
PROOF = {"source": "urn:hub:partner:a", "id": "e-1", "type": "support.delivered", "when": None}


def need(person: Person = Person(), whom: str = "lawyer:a.1", ref: str = N, **data: Any) -> Need:  # noqa: B008
    said = {"kinds": ["medical"], **data}
    supports = tuple(said.pop("supports", ()))
    return Need(
        ref, "a", whom, said.pop("state", "open"), said, ("amber", ""), person, supports, ("a",), None, ()
    )


def offer(ref: str = O, **data: Any) -> Offer:
    said = {"kinds": ["medical"], **data}
    works, supports = frozenset(said.pop("works", ())), tuple(said.pop("supports", ()))
    return Offer(ref, "b", said, frozenset({"partner:b", "body:b.1"}), works, supports, ())


def board(one: Need, other: Offer, *pauses: Pause, supports: tuple[Support, ...] = ()) -> Board:
    return Board(DAY, {one.ref: one}, {other.ref: other}, {each.ref: each for each in supports}, pauses)


def found(one: Need, other: Offer, *pauses: Pause, supports: tuple[Support, ...] = ()) -> dict[str, Any]:
    fitting = Fitting(board(one, other, *pauses, supports=supports))
    return {each.code: each for each in fitting.findings(one, other)}


def money(amount: str, currency: str = "XTS") -> Json:
    return {"amount": amount, "currency": currency}


NO_CONTACT = {"no_contact_in_country": True}
CASES = [
    ("kinds", need(kinds=["medical", "training"]), offer(), "fits"),
    ("kinds", need(), offer(kinds=["training"]), "blocks"),
    ("country", need(), offer(), "fits"),
    ("country", need(), offer(eligible={"countries": ["QM"]}), "unknown"),
    ("country", need(Person("QM")), offer(eligible={"countries": ["QM"]}), "fits"),
    ("country", need(Person("QN")), offer(eligible={"countries": ["QM"]}), "blocks"),
    ("roles", need(), offer(eligible={"roles": ["lawyer"]}), "fits"),
    ("roles", need(Person(status="trainee")), offer(eligible={"roles": ["trainee"]}), "fits"),
    ("roles", need(), offer(eligible={"roles": ["bar"]}), "blocks"),
    ("roles", need(whom="body:a.1"), offer(eligible={"roles": ["bar"]}), "unknown"),
    ("roles", need(Person(status="law_society"), "body:a.1"), offer(eligible={"roles": ["bar"]}), "fits"),
    ("roles", need(Person(status="court"), "body:a.1"), offer(eligible={"roles": ["bar"]}), "blocks"),
    ("gender", need(), offer(eligible={"gender_only": True}), "unknown"),
    ("gender", need(Person(gender="woman")), offer(eligible={"gender_only": True}), "fits"),
    ("gender", need(Person(gender="man")), offer(eligible={"gender_only": True}), "blocks"),
    ("defender", need(), offer(eligible={"hrd_only": True}), "unknown"),
    (
        "defender",
        need(Person(clients=frozenset({"human_rights_defenders"}))),
        offer(eligible={"hrd_only": True}),
        "fits",
    ),
    ("capacity", need(), offer(), "unknown"),
    ("capacity", need(persons_covered=3), offer(capacity=3), "fits"),
    ("capacity", need(persons_covered=3), offer(capacity=2, unit="places"), "blocks"),
    ("capacity", need(persons_covered=3), offer(capacity=1, unit="missions"), "fits"),
    ("amount", need(), offer(), "fits"),
    ("amount", need(), offer(max_amount=money("10")), "unknown"),
    ("amount", need(amount=money("10")), offer(max_amount=money("10.00")), "fits"),
    ("amount", need(amount=money("10")), offer(max_amount=money("5")), "warns"),
    ("amount", need(amount=money("10", "EUR")), offer(max_amount=money("5")), "unknown"),
    ("language", need(), offer(languages=["en"]), "fits"),
    ("language", need(constraints={"languages": ["qaa"]}), offer(), "unknown"),
    ("language", need(constraints={"languages": ["qaa", "en"]}), offer(languages=["en"]), "fits"),
    ("language", need(constraints={"languages": ["qaa"]}), offer(languages=["en"]), "warns"),
    ("response", need(urgency="urgent"), offer(), "unknown"),
    ("response", need(urgency="urgent"), offer(response_time_hours=48), "fits"),
    ("response", need(urgency="urgent"), offer(response_time_hours=96), "warns"),
    ("until", need(needed_by="2026-11-09"), offer(), "fits"),
    ("until", need(needed_by="2026-11-09"), offer(valid_until="2026-11-09"), "fits"),
    ("until", need(needed_by="2026-11-09"), offer(valid_until="2026-11-08"), "warns"),
    ("retrospective", need(needed_by="2026-11-03"), offer(exclusions=["retrospective"]), "blocks"),
    ("retrospective", need(needed_by="2026-11-04"), offer(exclusions=["retrospective"]), None),
    ("already_in_exile", need(), offer(), None),
    ("already_in_exile", need(), offer(exclusions=["already_in_exile"]), "unknown"),
    ("already_in_exile", need(Person(status="in_exile")), offer(exclusions=["already_in_exile"]), "blocks"),
    ("already_in_exile", need(Person(status="practising")), offer(exclusions=["already_in_exile"]), None),
    ("double_funding", need(already_helped_by=["partner:c"]), offer(), "warns"),
    ("double_funding", need(already_helped_by=["partner:c"]), offer(exclusions=["double_funding"]), "warns"),
    ("double_funding", need(), offer(exclusions=["double_funding"]), None),
    ("running_costs", need(), offer(exclusions=["running_costs"]), None),
    ("running_costs", need(kinds=["training"]), offer(kinds=["training"], exclusions=["running_costs"]), "warns"),
    ("other", need(), offer(exclusions=["other"]), "unknown"),
    ("no_contact_in_country", need(Person("QM"), constraints=NO_CONTACT), offer(works=["QM"]), "warns"),
    ("no_contact_in_country", need(Person("QM"), constraints=NO_CONTACT), offer(), None),
    ("conflict", need(Person(accused=frozenset({"body:b.1"}))), offer(), "blocks"),
    ("conflict", need(Person(accused=frozenset({"body:c.1"}))), offer(), None),
]  # fmt: skip


@pytest.mark.parametrize(("code", "one", "other", "verdict"), CASES)
def test_each_question_has_its_answer(code: str, one: Need, other: Offer, verdict: str | None) -> None:
    told = found(one, other)
    assert (told[code].verdict if code in told else None) == verdict
    fits = Fitting(board(one, other)).fits
    assert bool(fits) == (not blocks([*told.values()]))
    if fits:
        fitting = Fitting(board(one, other))
        assert fits[0].score == sum(fitting.points(each) for each in told.values()) <= ALL_POINTS


def test_all_questions_are_asked() -> None:
    assert len({code for code, *_ in CASES}) + 1 == len(QUESTIONS)


@pytest.mark.parametrize(
    ("scope", "ref", "kinds", "country", "stops"),
    [
        ("offer", O, {"training"}, None, True),
        ("offer", "offer:b.2", {"medical"}, "QM", False),
        ("kind_and_country", "offer:b.2", {"medical"}, "QM", True),
        ("kind_and_country", "offer:b.2", {"training"}, "QM", False),
        ("kind_and_country", O, {"medical"}, None, False),
        ("kind_and_country", O, {"medical"}, "QN", False),
    ],
)
def test_harm_stops_what_is_like_it(
    scope: str, ref: str, kinds: set[str], country: str | None, stops: bool
) -> None:
    pause = Pause("support:a.1", scope, ref, frozenset(kinds), country, PROOF)
    assert ("paused" in found(need(Person("QM")), offer(), pause)) is stops


def support(**data: Any) -> Support:
    said = {"support": "support:a.1", "need": N, "offer": O, **data}
    return Support("support:a.1", said, "2026-11-02T00:00:00Z", ("a",), (), freed=False, proofs=(PROOF,))


def test_what_is_reserved_is_not_looked_for_and_who_helps_is_told() -> None:
    one = need(kinds=["medical", "training"], supports=["support:a.1"])
    told = found(one, offer(kinds=["training"]), supports=(support(kinds=["medical"]),))
    assert told["kinds"].says == "Gives 1 of 1 kinds looked for: training."
    assert told["double_funding"].says == "Helped already by partner:b: tell them first."
    whole = board(one, offer(), supports=(support(),))
    assert Fitting(whole).looking == {}


def test_a_match_whose_offer_is_not_known_names_the_offer() -> None:
    one = need(kinds=["medical", "training"], supports=["support:a.1"])
    hidden = support(kinds=["medical"], offer="offer:c.1")
    assert "offer:c.1" in found(one, offer(kinds=["training"]), supports=(hidden,))["double_funding"].says


@pytest.mark.parametrize("closed", [{"state": "withdrawn"}, {"valid_until": "2026-11-03"}])
def test_an_offer_that_is_closed_is_not_asked_about(closed: Json) -> None:
    assert Fitting(board(need(), offer(**closed))).fits == []


def test_what_has_not_changed_is_not_asked_again_and_gives_the_same() -> None:
    needs = {
        f"need:a.{no}": need(ref=f"need:a.{no}", kinds=[kind])
        for no, kind in enumerate(("medical", "training"))
    }
    offers = {f"offer:b.{no}": offer(f"offer:b.{no}", capacity=no) for no in range(1, 4)}
    first = Board(DAY, needs, offers, {}, ())
    made = _made(first)
    changes = [
        first._replace(needs={**needs, "need:a.0": need(ref="need:a.0", persons_covered=2)}),
        first._replace(offers={**offers, "offer:b.1": offer("offer:b.1", kinds=["training"], capacity=1)}),
        first._replace(offers={**offers, "offer:b.2": offer("offer:b.2", state="withdrawn")}),
        first._replace(day="2026-11-05"),
        first._replace(needs={}),
    ]
    for later in [first, *changes]:
        again, anew = _made(later, made), _made(later)
        assert (again.fits, again.assignment) == (anew.fits, anew.assignment)
