"""What erasing a reference destroys: found in a real log and its vault, and never more than is about it alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from events.erasure import ERASED, MOST_KEYS, Plan, pages_of, plan, proof
from events.seals import Seals
from events.vault import KeyRecord
from tests.archive_fixtures import Archive, contracts, sqlite_url

Json = Any

SLUG = "harbour-bar-watch"
OTHER = "open-docket"
ANN = f"lawyer:{SLUG}.1"
BEN = f"lawyer:{SLUG}.2"
THREAT = f"threat:{SLUG}.1"
NEED = f"need:{SLUG}.1"
SUPPORT = f"support:{SLUG}.1"
SOURCE = f"source:{SLUG}.1"
NOTE = {"provenance": {"reliability": "B", "credibility": "2", "sealed_note": "they were moved"}}
"""Without a source, whoever the event is about seals the note."""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(sqlite_url(tmp_path))
    roles = ["monitor", "responder"]
    made.begin({SLUG: roles, OTHER: roles})
    yield made
    made.store.close()


def found(archive: Archive, reference: str = ANN, *also: str) -> Plan:
    seals, pages = Seals(contracts()), pages_of(archive.store.read)
    return plan(pages, seals, archive.store.keys(), reference, also)


def sealed(one: Plan) -> list[tuple[str, str]]:
    return sorted((key.subject, key.publisher) for key in one.keys)


def threat(archive: Archive, *targets: str, slug: str = SLUG, number: int = 1, **more: Json) -> str:
    data = {
        "threat": f"threat:{slug}.{number}",
        "targets": list(targets),
        "categories": ["liberty.arrest"],
        **more,
    }
    return push(archive, "threat.reported", data, slug)


def push(archive: Archive, event_type: str, data: Json, slug: str = SLUG, **more: Json) -> str:
    outcome = archive.push(slug, event_type, data, **more)
    assert outcome.status == "stored", outcome
    return outcome.id


def correct(archive: Archive, about: str, pointer: str, to: Json, slug: str = SLUG) -> str:
    data = {"about_event": about, "reason": "new_information", "changes": [{"pointer": pointer, "to": to}]}
    return push(archive, "record.corrected", data, slug)


def withdraw(archive: Archive, slug: str = OTHER, effect: str = "erase", **more: Json) -> str:
    return push(archive, "consent.withdrawn", {"subject_of_consent": ANN, "effect": effect, **more}, slug)


def test_the_keys_of_a_person_go_whoever_published(archive: Archive) -> None:
    threat(archive, ANN, narrative="one")
    threat(archive, ANN, narrative="two", slug=OTHER)
    one = found(archive)
    assert sealed(one) == [(ANN, SLUG), (ANN, OTHER)]
    assert (one.events, one.is_done, one.request, one.same, one.shared) == (2, False, None, (), ())
    assert one.partners == (SLUG, OTHER)


def test_what_was_said_anew_of_a_persons_events_goes_even_where_there_was_nothing_before(
    archive: Archive,
) -> None:
    first = threat(archive, ANN, narrative="one")
    bare = threat(archive, ANN, number=2)
    foreign = threat(archive, BEN, number=3, narrative="three")
    correct(archive, first, "/narrative", "one, anew")
    correct(archive, bare, "/narrative", "two, for the first time")
    correct(archive, foreign, "/narrative", "three, anew")
    source = f"urn:hub:partner:{SLUG}"
    assert sealed(found(archive)) == [
        (f"event:{source} {first}", SLUG), (f"event:{source} {bare}", SLUG), (ANN, SLUG)
    ]  # fmt: skip


def test_an_assessment_of_a_persons_event_goes_with_it(archive: Archive) -> None:
    about = threat(archive, ANN)
    said = {"about_event": about, "about_source": f"urn:hub:partner:{SLUG}", "verdict": "corroborates"}
    data = {**said, "sealed_note": "met her"}
    mine = push(archive, "claim.assessed", data, OTHER)
    push(archive, "claim.assessed", {**data, "about_event": "elsewhere"}, OTHER)
    assert sealed(found(archive)) == [(f"event:urn:hub:partner:{OTHER} {mine}", OTHER)]


def test_a_thing_about_nobody_else_goes_and_one_beside_it_and_what_was_said_anew_of_it(
    archive: Archive,
) -> None:
    push(
        archive,
        "need.expressed",
        {"need": NEED, "for": ANN, "kinds": ["psychosocial"], "expressed_by": "self"},
    )
    data = {
        "support": SUPPORT,
        "need": NEED,
        "offer": f"offer:{OTHER}.1",
        "accepted_by_person": True,
        "conditions": "in two parts",
    }
    support = push(archive, "support.matched", {**data, **NOTE}, SLUG)
    correct(archive, support, "/conditions", "others")
    one = found(archive)
    assert {(NEED, SLUG), (SUPPORT, SLUG)} <= set(sealed(one))
    assert (f"event:urn:hub:partner:{SLUG} {support}", SLUG) in sealed(one)
    assert found(archive, BEN).keys == ()


def test_a_thing_that_names_others_stays_and_is_listed(archive: Archive) -> None:
    threat(archive, ANN, BEN, narrative="about both")
    push(
        archive,
        "threat.updated",
        {"threat": THREAT, "targets": [ANN, BEN], "changes": {"urgency": "high"}, **NOTE},
    )
    ann, ben = found(archive), found(archive, BEN)
    assert sealed(ann) == [(ANN, SLUG)]
    assert [(one.subject, one.persons) for one in ann.shared] == [(THREAT, (BEN,))]
    # What is sealed for Ann in an event that names Ben too is for the stewards to decide when Ben goes.
    assert [(one.subject, one.persons) for one in ben.shared] == [(ANN, (ANN,)), (THREAT, (ANN,))]
    both = found(archive, ANN, BEN)
    assert (sealed(both), both.shared) == ([(ANN, SLUG), (THREAT, SLUG)], ())


def test_a_source_has_a_key_of_its_own(archive: Archive) -> None:
    note = {"source": SOURCE, "reliability": "B", "credibility": "2", "sealed_note": "met in person"}
    threat(archive, ANN, narrative="one", provenance=note)
    assert sealed(found(archive, SOURCE)) == [(SOURCE, SLUG)]
    assert [(one.subject, one.persons) for one in found(archive).shared] == [(SOURCE, (SOURCE,))]


def test_stewards_may_erase_a_thing(archive: Archive) -> None:
    threat(archive, ANN, BEN)
    push(
        archive,
        "threat.updated",
        {"threat": THREAT, "targets": [ANN, BEN], "changes": {"urgency": "high"}, **NOTE},
    )
    one = found(archive, THREAT)
    assert (sealed(one), one.shared) == ([(THREAT, SLUG)], ())


def test_the_newest_withdrawal_that_stands_is_the_request(archive: Archive) -> None:
    withdraw(archive)
    second = withdraw(archive)
    withdraw(archive, effect="stop_new_use")
    assert found(archive).request == second
    retract(archive, second, "stewards", about_source=f"urn:hub:partner:{OTHER}")
    assert found(archive).request != second


def retract(archive: Archive, about: str, slug: str, **more: Json) -> None:
    example = contracts().contract("record.retracted.v1").example
    push(archive, "record.retracted", {"about_event": about, "reason": example["reason"], **more}, slug)


def judge(archive: Archive, left: str, right: str, judgement: str = "same") -> str:
    example = contracts().contract("identity.judged.v1").example
    data = {**example, "left": left, "right": right, "judgement": judgement}
    return push(archive, "identity.judged", data)


def test_what_was_judged_the_same_is_named_by_the_last_word_on_each_pair(archive: Archive) -> None:
    refs = [f"lawyer:{SLUG}.{number}" for number in range(1, 7)]
    judge(archive, refs[0], refs[1])
    judge(archive, refs[2], refs[1])
    judge(archive, refs[2], refs[3])
    judge(archive, refs[3], refs[2], "different")
    false = judge(archive, refs[0], refs[4])
    retract(archive, false, SLUG)
    assert found(archive).same == (refs[1], refs[2])
    assert found(archive, refs[5]).same == ()


def test_what_was_erased_is_done_until_something_comes_again(archive: Archive) -> None:
    threat(archive, ANN, narrative="one")
    first = found(archive)
    push(archive, "erasure.executed", proof(ANN, first.kids, "r-1"), "stewards")
    push(archive, "erasure.executed", {**proof(ANN, (), "r-1"), "role": "recipient_ack"}, OTHER)
    again = found(archive)
    assert (again.keys, again.is_done, again.events) == ((), True, 1)
    threat(archive, ANN, number=2)
    assert not found(archive).is_done


def test_an_erasure_that_names_nothing_destroys_the_persons_keys_all_the_same(archive: Archive) -> None:
    threat(archive, ANN, narrative="one")
    push(archive, "erasure.executed", proof(ANN, (), "r-1"), "stewards")
    assert found(archive).is_done


def test_an_event_names_no_more_keys_than_it_may() -> None:
    keys = tuple(KeyRecord(f"k{number}", ANN, SLUG, None) for number in range(MOST_KEYS + 1))
    one = Plan(ANN, keys, (), (), None, 1, is_done=False, partners=())
    assert [len(portion) for portion in one.portions] == [MOST_KEYS, 1]
    assert Plan(ANN, (), (), (), None, 0, is_done=False, partners=()).portions == ((),)
    assert contracts().contract(ERASED).check(proof(ANN, one.portions[0], "r-1")) == []


def test_the_hub_erases_once_however_many_hubs_do_it(archive: Archive) -> None:
    threat(archive, ANN, narrative="one")
    request = "withdrawal-by-telephone"
    said = {"subject_of_consent": ANN, "effect": "erase"}
    push(archive, "consent.withdrawn", said, OTHER, id=request)
    source = f"urn:hub:partner:{OTHER}"
    assert archive.intake.erase(ANN, source, request)
    head = archive.store.head()
    assert not archive.intake.erase(ANN, source, request)
    assert archive.store.head() == head
    event = archive.everything()[-1]
    assert (event.publisher, event.envelope["tlp"], event.data["request"]) == ("hub", "green", request)
    assert request not in event.id
    assert found(archive).is_done
