"""The board of an action and its letter: what events of any kind and order make of them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from events.audience import PUBLIC, Reader
from events.decisions.actions.texts import text_hash
from hub.letters.content import paragraphs
from hub.letters.speaking import direction, words_for
from projections.boards.actions.board import action_board
from projections.boards.actions.letter import as_statement, letter_of
from projections.boards.actions.names import chosen, names_of
from projections.boards.actions.tracker import tracker
from projections.boards.actions.verifying import verification
from projections.boards.papers import Papers
from projections.sight import Sight
from tests.logs import PARTNER, Ask, MemoryLog

Json = Any

NOW = datetime(2026, 11, 6, tzinfo=UTC)
OWN = "harbour-bar-watch"
ACTION, LAWYER = f"action:{OWN}.1", f"lawyer:{OWN}.1"
INSIDE = Reader(OWN, "ann", "red")


def papers(sight: Sight) -> Papers:
    return sight.papers(NOW)


def propose(log: MemoryLog, number: int = 1, **more: Json) -> None:
    named = {"kind": "joint_letter", "lead": f"partner:{OWN}", "purpose": "P", "about": [f"case:{OWN}.1"]}
    log.add("action.proposed", {"action": f"action:{OWN}.{number}", **named, **more}, tlp="green")


def join(log: MemoryLog, slug: str, role: str = "signatory", **more: Json) -> None:
    data = {"action": ACTION, "partner": f"partner:{slug}", "role": role, "joined": "2026-11-05T09:00:00Z"}
    log.add("action.joined", {**data, **more}, slug, tlp="green")


def statuses(sight: Sight) -> dict[tuple[str, str], str]:
    shown = action_board(papers(sight), ACTION)["signatories"]
    return {(one["partner"].removeprefix("partner:"), one["role"]): one["status"] for one in shown}


def test_each_stands_as_it_said(log: MemoryLog, ask: Ask) -> None:
    propose(log, quorum=2, roles_wanted=[{"role": "observer"}, {"role": "signatory", "count": 3}])
    join(log, "one-a", valid_until="2026-11-05T12:00:00Z")
    join(log, "two-b", "observer", embargo_until="2026-12-01T00:00:00Z", conditions="C")
    join(log, "three-c", "endorser")
    join(log, "four-d")
    join(log, "four-d", "translator")
    left = {
        "action": ACTION,
        "partner": "partner:four-d",
        "left": "2026-11-05T10:00:00Z",
        "role": "signatory",
    }
    log.add("action.left", left, "four-d", tlp="green")
    assert statuses(ask(PARTNER)) == {
        ("one-a", "signatory"): "LAPSED",
        ("two-b", "observer"): "JOINED",
        ("three-c", "endorser"): "ENDORSES",
        ("four-d", "signatory"): "WITHDREW",
        ("four-d", "translator"): "JOINED",
    }
    shown = action_board(papers(ask(PARTNER)), ACTION)
    assert (shown["quorum"]["have"], shown["quorum"]["is_met"]) == (2, True)
    assert [one["missing"] for one in shown["roles"]] == [0, 3]
    [embargoed] = [one for one in shown["signatories"] if one["embargoed"]]
    assert embargoed["conditions"] == "C"
    assert action_board(papers(ask(PUBLIC)), ACTION)["state"] is None


def test_a_statement_that_only_speaks_of_an_action_did_not_come_of_it(log: MemoryLog, ask: Ask) -> None:
    propose(log)
    named = {"statement": f"statement:{OWN}.1", "kind": "press_release", "title": {"en": "T"}}
    log.add("statement.issued", {**named, "about": [ACTION]}, tlp="clear")
    assert action_board(papers(ask(PARTNER)), ACTION)["statements"] == []


@pytest.mark.parametrize(
    ("withdrawal", "kind", "blocked"),
    [
        ({"effect": "erase"}, "joint_letter", True),
        ({"effect": "stop_new_use"}, "joint_letter", True),
        ({"effect": "stop_new_use", "scopes_withdrawn": ["award"]}, "joint_letter", False),
        ({"effect": "stop_new_use", "scopes_withdrawn": ["letters", "award"]}, "joint_letter", True),
        ({"effect": "stop_new_use", "scopes_withdrawn": ["award"]}, "training", True),
    ],
)
def test_what_was_taken_back_blocks_what_rests_on_it(
    log: MemoryLog, ask: Ask, withdrawal: Json, kind: str, *, blocked: bool
) -> None:
    propose(log, about=[LAWYER], agreed_with_person="yes", kind=kind)
    log.add("consent.withdrawn", {"subject_of_consent": LAWYER, **withdrawal}, tlp="amber+strict")
    assert bool(action_board(papers(ask(INSIDE)), ACTION)["blocked"]) is blocked
    assert action_board(papers(ask(PARTNER)), ACTION)["blocked"] == []
    [item] = tracker(papers(ask(INSIDE)), 10, 0)["items"]
    assert bool(item["blocked"]) is blocked


def test_a_new_consent_lifts_the_block_and_the_end_leaves_none(log: MemoryLog, ask: Ask) -> None:
    propose(log, about=[LAWYER], agreed_with_person="yes")
    log.withdraw("stop_new_use")
    log.consent("C5")
    assert action_board(papers(ask(INSIDE)), ACTION)["blocked"] == []
    log.withdraw("stop_new_use")
    assert action_board(papers(ask(INSIDE)), ACTION)["blocked"] != []
    log.add("action.completed", {"action": ACTION, "state": "cancelled"}, tlp="green")
    shown = action_board(papers(ask(INSIDE)), ACTION)
    assert (shown["blocked"], shown["state"]) == ([], "cancelled")


def test_the_tracker_has_the_soonest_first_and_those_that_are_past_last(log: MemoryLog, ask: Ask) -> None:
    dates = {1: {}, 2: {"join_by": "2026-11-09T00:00:00Z"}, 3: {"join_by": "2026-11-01T00:00:00Z"}}
    for number, date in dates.items():
        propose(log, number, **date)
    page = tracker(papers(ask(PARTNER)), 2, 0)
    assert [(one["ref"][-1], one["is_past_join_by"]) for one in page["items"]] == [("2", False), ("1", False)]
    assert [one["ref"][-1] for one in tracker(papers(ask(PARTNER)), 2, page["next"])["items"]] == ["3"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "not_said"),
        ({"agreed_with_person": "not_possible"}, "not_possible"),
        ({"about": [f"hearing:{OWN}.1"]}, "not_said"),
        ({"about": [f"body:{OWN}.1"]}, None),
        ({"about": [f"body:{OWN}.1"], "agreed_with_person": "not_applicable"}, "not_applicable"),
    ],
)
def test_that_nothing_is_said_of_the_persons_agreement_is_shown_where_there_is_a_person(
    log: MemoryLog, ask: Ask, said: Json, told: str | None
) -> None:
    propose(log, **said)
    shown = action_board(papers(ask(PARTNER)), ACTION)
    assert (shown["agreement"], shown["agreed_with_person"]) == (told, said.get("agreed_with_person"))
    [item] = tracker(papers(ask(PARTNER)), 10, 0)["items"]
    assert item["agreement"] == told


def test_whoever_signed_a_text_that_was_retracted_signs_again(log: MemoryLog, ask: Ask) -> None:
    propose(log, text_hash=text_hash("x"))
    join(log, "one-a", text_hash=text_hash("x"))
    propose(log, text_hash=text_hash("y"))
    other = log.events[-1].envelope["id"]
    join(log, "two-b", text_hash=text_hash("y"))
    log.add("record.retracted", {"about_event": other, "reason": "published_in_error"}, tlp="green")
    stand = statuses(ask(PARTNER))
    assert stand == {("one-a", "signatory"): "SIGNED", ("two-b", "signatory"): "RESIGN_NEEDED"}


def test_a_letter_whose_text_lies_elsewhere_says_where(log: MemoryLog, ask: Ask) -> None:
    address, hashed = "https://harbour.example/draft", text_hash("x")
    propose(log, draft=address, text_hash=hashed, languages=["en", "qaa"], translations={"qaa": "Velun"},
            mechanism=f"body:{OWN}.m")  # fmt: skip
    join(log, "one-a", on_behalf_of=[f"body:{OWN}.b"])
    log.add("body.profiled", {"body": f"body:{OWN}.b", "kind": "bar", "name": {"en": "The bar"}}, tlp="clear")
    found = letter_of(papers(ask(INSIDE)), ACTION)
    assert found is not None
    assert (found.address, found.text, found.fingerprint) == (address, None, hashed)
    assert found.to == (f"body:{OWN}.m",)
    assert found.signatories[0].on_behalf_of == ("The bar",)
    translated = letter_of(papers(ask(INSIDE)), ACTION, "qaa-x-own")
    assert translated is not None
    assert (translated.text, translated.address, translated.language) == ("Velun", None, "qaa")
    assert letter_of(papers(ask(PARTNER)), ACTION) is None
    assert as_statement(papers(ask(INSIDE)), ACTION) is None


def test_what_went_out_is_the_signed_text_not_the_newest(log: MemoryLog, ask: Ask) -> None:
    propose(log, draft="Signed", text_hash=text_hash("Signed"))
    named = {"kind": "letter_public", "title": {"en": "T"}, "about": [ACTION], "action": ACTION}
    for number, text in enumerate(("Signed", "Corrigendum")):
        said = {"text": {"en": text}, "sha256": text_hash(text), "issued": "2026-11-05"}
        log.add("statement.issued", {"statement": f"statement:{OWN}.{number}", **named, **said}, tlp="clear")
    log.add("statement.issued", {"statement": f"statement:{OWN}.7", **named}, tlp="clear")
    found = letter_of(papers(ask(PARTNER)), ACTION)
    assert found is not None
    assert found.text == "Signed"
    seen = letter_of(papers(ask(PUBLIC)), ACTION)
    assert seen is not None
    assert (seen.text, seen.is_public) == ("Corrigendum", True)
    verified = verification(papers(ask(PUBLIC)), text_hash("Signed"))
    assert [one["statement"] for one in verified["statements"]] == [f"statement:{OWN}.0"]  # type: ignore[index]
    assert verification(papers(ask(PUBLIC)), "0" * 64) is None


def test_names_are_those_of_the_organisation_itself(log: MemoryLog, ask: Ask) -> None:
    log.add("body.profiled", {"body": f"body:{OWN}.b", "kind": "bar", "country": "QM"}, tlp="clear")
    other = {"body": f"body:{OWN}.c", "kind": "bar", "name": {"en": "Other"}, "parent": f"body:{OWN}.b"}
    log.add("body.profiled", other, tlp="clear")
    assert names_of([f"body:{OWN}.b"], papers(ask(PUBLIC)).tellings) == {}


def test_a_language_serves_its_relatives() -> None:
    texts = {"pt": "p", "fr-CA": "f", "ru": "r"}
    assert [chosen(texts, one) for one in ("pt-BR", "fr", "FR-ca", "de")] == ["pt", "fr-CA", "fr-CA", "fr-CA"]
    assert chosen({}, "pt") is None
    assert (words_for("ar-x")["language"], words_for("qaa")["language"]) == ("ar", "en")
    assert [direction(one) for one in ("1. أ", "a أ", "…", "א")] == ["rtl", "ltr", "ltr", "rtl"]
    assert paragraphs("\n\n a \nb\n\n\nc\n") == [["a", "b"], ["c"]]
