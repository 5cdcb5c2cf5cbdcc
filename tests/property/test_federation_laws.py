"""Laws of federation: nothing widens, order is nothing, and a hub gets of another what its account there may see."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.audience import TLP, Reader, label_of, visible
from events.copies import Copies
from events.erasure import pages_of, plan
from events.event import Position, RecordedEvent
from events.intake import Intake
from events.partners import KEY_ADDED_STEM
from events.relaying import as_told, told_of
from events.seals import Seals
from events.store import Store, open_store
from events.submission import Checked, EventRefused, Publisher
from hub.client.messages import Changed, Event, FeedMessage, Withdrawn
from hub.federation.book import Peer, PeerBook, open_book
from hub.federation.listener import House, Listener
from hub.keys import make_keys, open_vault
from tests.federated import House as Hub
from tests.federated import houses, join, rows, until
from tests.running import Chance, SetClock, admit, registry, threat
from tests.signing import OURS

Json = Any

HARBOUR, DOCKET, STRANGER = "harbour-bar-watch", "open-docket", "lanterns-for-counsel"
SLUGS = (HARBOUR, DOCKET, STRANGER, "quill-network")
NAMES = st.none() | st.sets(st.sampled_from(SLUGS), min_size=1).map(lambda them: ",".join(sorted(them)))
LABELS = st.fixed_dictionaries({"tlp": st.sampled_from((*TLP, "blue")), "audience": NAMES}).map(
    lambda said: {name: value for name, value in said.items() if value is not None}
)


@given(LABELS, LABELS, st.frozensets(st.sampled_from(SLUGS)), st.sampled_from(SLUGS), st.sampled_from(TLP))
def test_whoever_sees_a_told_event_could_see_it_under_every_label_that_it_bore(
    sent: Json, shown: Json, known: frozenset[str], who: str, clearance: str
) -> None:
    envelope = {"source": f"urn:hub:partner:{HARBOUR}", "id": "1", "data": {}, **sent}
    checked = Checked(Publisher(HARBOUR, "peer"), "threat.reported.v1", envelope, b"")
    try:
        said = as_told(checked, told_of(shown, "north", known)).envelope
    except EventRefused:
        return
    reader = Reader(who, "one", clearance)
    if who == HARBOUR or not visible(reader, label_of(said, embargoed=False)):
        return
    for label in (sent, shown):
        named = frozenset(label["audience"].split(",")) if "audience" in label else None
        assert TLP.index(label["tlp"]) <= TLP.index(said["tlp"]) <= TLP.index(clearance)
        assert said["tlp"] in TLP[:3]
        assert named is None or who in named & known


# --- one hub told by two, in any order


@contextmanager
def told_hub(folder: Path) -> Iterator[tuple[House, Store, Intake, PeerBook]]:
    folder.mkdir()
    clock, chance = SetClock(), Chance("told")
    make_keys(folder, chance)
    contracts = registry()
    store = open_store(f"sqlite:///{folder}/log.sqlite", contracts, open_vault(folder, chance))
    intake = Intake(contracts, store, clock)
    intake.admit_stewards({"en": "The stewards"})
    admit(intake, HARBOUR, ["monitor", "responder"])
    intake.rule_on_signing(KEY_ADDED_STEM, HARBOUR, {"kid": OURS.kid, "public_key": OURS.public})
    book = open_book(folder, chance)
    copies = Copies(intake, contracts, store, clock)
    house = House(
        book=book,
        copies=copies,
        is_member=lambda slug: slug == DOCKET,
        was_member=lambda slug: slug == DOCKET,
        holds=lambda slug, event_id: event_id == "held",
        is_decision=lambda event_type: event_type == "action.proposed",
        signs=lambda slug: slug == HARBOUR,
        clock=clock,
    )
    try:
        yield house, store, intake, book
    finally:
        book.close()
        store.close()


GRADED = {"source_kind": "witness", "independent_sources": 2, "credibility": "1"}
HOME = Peer("home", "http://one", "t", "hub-here", frozenset({HARBOUR}), same=frozenset({DOCKET}))
OTHER = replace(HOME, name="other", url="http://two", homes=frozenset(), relays=frozenset({HARBOUR}))


def shown(event: Json, **more: Json) -> Json:
    return {**event, "recordedtime": "2031-05-04T12:00:00.000000Z", "time": "2031-05-04T11:00:00Z", **more}


def signature_of(event: Json) -> Json:
    envelope = OURS.envelope(event)
    [one] = envelope["signatures"]
    return {"payload": envelope["payload"], "payloadType": envelope["payloadType"], **one}


def read(store: Store) -> list[RecordedEvent]:
    return list(store.read(Position(0), 1000))


def state(store: Store) -> tuple[set[str], set[str]]:
    """Return what is there of the publisher, and what of it is withdrawn."""
    events = read(store)
    there = {one.id for one in events if one.publisher == HARBOUR and one.stem == "threat.reported.v1"}
    gone = {one.data["about_event"] for one in events if one.stem == "record.retracted.v1"}
    return there - gone, there & gone


def test_the_owner_wins_in_any_order(tmp_path: Path) -> None:
    event = shown(threat(1, tlp="green", data={"title": "As it was signed"}))
    event.pop("recordedtime")
    wider = {**event, "recordedtime": "2031-05-04T12:00:00.000000Z"}
    own = {**wider, "data": {name: value for name, value in event["data"].items() if name != "title"}}
    steps: Sequence[tuple[Peer, FeedMessage, Json]] = (
        (OTHER, Event("1", "", wider), signature_of(event)),
        (HOME, Event("2", "", own), None),
        (HOME, Withdrawn("3", "", event["source"], event["id"], "narrowed"), None),
    )
    outcomes = []
    for place, order in enumerate(permutations(steps)):
        with told_hub(tmp_path / str(place)) as (house, store, _, _):
            for peer, message, signature in order:
                Listener(peer, house).take(message, signature)
            outcomes.append(state(store)[0])
    assert outcomes == [set()] * 6


def test_without_a_withdrawal_what_the_home_shows_is_what_stands(tmp_path: Path) -> None:
    event = shown(threat(1, tlp="green", data={"title": "As it was signed"}))
    event.pop("recordedtime")
    narrower = {**event, "tlp": "amber"}
    for place, order in enumerate(permutations((0, 1))):
        with told_hub(tmp_path / str(place)) as (house, store, _, _):
            steps = [
                (OTHER, Event("1", "", event), signature_of(event)),
                (HOME, Event("2", "", narrower), None),
            ]
            for number in order:
                peer, message, signature = steps[number]
                Listener(peer, house).take(message, signature)
            labels = [one.envelope["tlp"] for one in read(store) if one.id == "t-1"]
            raised = [one.data.get("tlp") for one in read(store) if one.stem == "record.corrected.v1"]
        assert (labels + raised)[-1] == "amber"


def refused(house: House, peer: Peer, message: FeedMessage, signature: Json = None) -> str | None:
    """Return why something is not taken; None if nothing is said of it."""
    before = {(one.id, one.code) for one in house.book.refusals(peer.name)}
    Listener(peer, house).take(message, signature)
    new = [one for one in house.book.refusals(peer.name) if (one.id, one.code) not in before]
    return new[0].code if new else None


def test_what_is_not_taken_has_a_reason(tmp_path: Path) -> None:
    event = shown(threat(1))
    signed = {**event}
    signed.pop("recordedtime")
    other = {**signed, "data": {**signed["data"], "title": "Other"}}
    docket = {**event, "source": f"urn:hub:partner:{DOCKET}"}
    with told_hub(tmp_path / "hub") as (house, store, intake, _):
        add = house.book.add
        assert (add(HOME), add(OTHER), add(HOME)) == (True, True, False)
        told = {
            "malformed": (HOME, {**event, "source": "elsewhere"}, None),
            "ours": (HOME, docket, None),
            "not_carried": (HOME, {**event, "source": f"urn:hub:partner:{STRANGER}"}, None),
            "decided_there": (HOME, {**event, "type": "action.proposed"}, None),
            "unsigned": (OTHER, event, None),
            "too_strict": (HOME, {**event, "tlp": "red"}, None),
            "names_nobody_here": (HOME, {**event, "tlp": "amber", "audience": STRANGER}, None),
            "unknown_type": (HOME, {**event, "type": "threat.guessed"}, None),
            "not_what_was_signed": (OTHER, event, signature_of(other)),
            "bad_signature": (OTHER, event, {**signature_of(signed), "sig": signature_of(other)["sig"]}),
        }
        found = {
            code: refused(house, peer, Event("c", "", said), signature)
            for code, (peer, said, signature) in told.items()
        }
        assert found == {code: code for code in told}
        garbage = {**signature_of(signed), "payload": "?"}
        assert refused(house, OTHER, Event("c", "", {**event, "id": "g"}), garbage) == "bad_signature"
        no_event = {**signature_of(signed), "payload": "MQ=="}
        assert refused(house, OTHER, Event("c", "", {**event, "id": "h"}), no_event) == "not_what_was_signed"
        # What a member said here and comes back is not worth a word, nor what other hubs say for themselves.
        assert refused(house, HOME, Event("c", "", {**docket, "id": "held"})) is None
        assert refused(house, HOME, Event("c", "", {**event, "source": "urn:hub:partner:hub"})) is None
        assert state(store) == (set(), set())
        # Another event of the same publisher is here under its id.
        intake.record([intake.check(Publisher(HARBOUR, "x"), threat(7))])
        assert refused(house, HOME, Event("c", "", shown(threat(7, data={"title": "?"})))) == "differs"
        assert refused(house, HOME, Event("c", "", {**event, "data": {"threat": 1}})) == "required"
        intake.record([intake.check(Publisher("stewards", "x"), suspension())])
        assert refused(house, HOME, Event("c", "", {**event, "id": "late"})) == "not_admitted"
        counts = house.book.counts("home")
    assert (counts["kept"], counts["withdrawn"]) == (0, 0)


def test_a_hub_does_not_vouch_for_what_it_tells_itself(tmp_path: Path) -> None:
    """It could have invented both publishers. What it says of others counts, and what others say of it."""
    quill = "quill-network"
    home = replace(HOME, homes=frozenset({HARBOUR, quill}))
    data = {"about_event": "t-1", "about_source": f"urn:hub:partner:{quill}", "verdict": "corroborates"}
    said = shown({**threat(1), "id": "a-1", "type": "claim.assessed", "data": data})
    verified = {"verdict": "disputes", "resulting_verification": "corroborated", "provenance": GRADED}
    with told_hub(tmp_path / "hub") as (house, store, _, book):
        assert refused(house, home, Event("1", "", said)) == "not_independent"
        odd = {**said, "id": "a-2", "data": {**data, **verified}}
        assert refused(house, home, Event("2", "", odd)) == "not_independent"
        # Of a member here, of another hub's publisher, or against it: that is another's word.
        for number, more in enumerate(
            ({"about_source": f"urn:hub:partner:{DOCKET}"}, {"verdict": "disputes"})
        ):
            assert (
                refused(house, home, Event("3", "", {**said, "id": f"b-{number}", "data": {**data, **more}}))
                is None
            )
        assert [one.id for one in read(store) if one.stem == "claim.assessed.v1"] == ["b-0", "b-1"]
        # Nor by turning a doubt round later.
        turned = Changed("4", "", said["source"], "b-1", "corrected", {**said, "id": "b-1"})
        assert refused(house, home, turned) == "not_independent"
        copy = book.copy(HARBOUR, "b-1")
        assert copy is not None
        assert copy.state == "withdrawn"
        assert "b-1" in {one.data["about_event"] for one in read(store) if one.stem == "record.retracted.v1"}


def suspension() -> Json:
    raw = {"specversion": "1.0", "id": "s", "source": "urn:hub:partner:stewards", "type": "partner.suspended"}
    return {**raw, "data": {"partner": f"partner:{HARBOUR}"}}


def test_nothing_that_a_peer_says_later_makes_a_copy_wider(tmp_path: Path) -> None:
    event = shown(threat(1, tlp="amber", audience=DOCKET, data={"title": "One"}))
    gone = {name: value for name, value in event.items() if name != "audience"}
    with told_hub(tmp_path / "hub") as (house, store, _, book):
        listener = Listener(HOME, house)
        listener.take(Event("1", "", event))
        for wider in ({**event, "tlp": "green"}, {**gone, "tlp": "clear"}, event):
            listener.take(Changed("2", "", event["source"], event["id"], "released", wider))
        assert [one.stem for one in read(store) if one.envelope.get("toldby")] == ["threat.reported.v1"]
        # Who did not tell it and is not its home may neither change nor take it back.
        other = Withdrawn("3", "", event["source"], event["id"], "retracted")
        assert refused(house, OTHER, other) == "not_theirs"
        Listener(OTHER, house).take(
            Changed("4", "", event["source"], event["id"], "corrected", {**event, "data": {}})
        )
        assert state(store)[0] == {"t-1"}
        listener.take(Changed("5", "", event["source"], event["id"], "corrected", titled(event, "Two")))
        listener.take(Changed("6", "", event["source"], event["id"], "corrected", titled(event, "One")))
        said = [one.data["changes"] for one in read(store) if one.stem == "record.corrected.v1"]
        assert said == [[{"pointer": "/title", "to": text}] for text in ("Two", "One")]
        # For fewer than before: the copy goes.
        listener.take(
            Changed("7", "", event["source"], event["id"], "narrowed", {**event, "audience": STRANGER})
        )
        assert state(store) == (set(), {"t-1"})
        assert refused(house, HOME, Event("8", "", event)) == "was_withdrawn"
        assert refused(house, OTHER, Event("9", "", event)) is None
        assert book.copy(HARBOUR, "t-1") is not None


def test_what_its_home_erased_of_a_copy_nobody_reads_here_any_more(tmp_path: Path) -> None:
    event = shown(threat(1, data={"narrative": "He was seen at the gate"}))
    said = Withdrawn("2", "", event["source"], event["id"], "erased")
    with told_hub(tmp_path / "hub") as (house, store, _, _):
        listener = Listener(HOME, house)
        listener.take(Event("1", "", event))
        [kept] = [one for one in read(store) if one.id == "t-1"]
        assert (list(kept.sealed), kept.erased) == (["/narrative"], frozenset())
        for _ in range(2):
            listener.take(said)
        [kept] = [one for one in read(store) if one.id == "t-1"]
        assert kept.erased == {"/narrative"}
        assert state(store) == (set(), {"t-1"})
        # Withdrawn before it was told: whoever tells it later is not believed.
        unknown = {**event, "id": "t-2"}
        listener.take(Withdrawn("3", "", event["source"], "t-2", "erased"))
        assert refused(house, HOME, Event("4", "", unknown)) == "was_withdrawn"
        # Nothing of it is here, so that nothing is destroyed.
        assert house.copies.destroy(Position(10_000), "home", is_home=True)
        assert house.copies.at(Position(10_000)) is None
        assert house.copies.correct(kept, kept.data, {"changes": []}, "home") is False


def profile(number: int, **more: Json) -> dict[str, Json]:
    data = {
        "lawyer": f"lawyer:{HARBOUR}.p1",
        "identity": {"names": [{"full": "Sindrel Vauq"}]},
        "protection": {"consent_level": "C2", "scopes": ["letters"]},
    }
    named = {"specversion": "1.0", "id": f"p-{number}", "source": f"urn:hub:partner:{HARBOUR}"}
    return {
        **named,
        "type": "lawyer.profiled",
        "time": "2031-05-04T11:00:00Z",
        "tlp": "green",
        "data": data,
        **more,
    }


def test_who_passed_one_event_on_destroys_nothing_that_another_told_or_that_was_published_here(
    tmp_path: Path,
) -> None:
    """One key seals all that a publisher says of a person, whoever told it."""
    passed, own, here = profile(1), profile(2), profile(3)

    def erased(number: int) -> Withdrawn:
        return Withdrawn("1", "", passed["source"], f"p-{number}", "erased")

    with told_hub(tmp_path / "hub") as (house, store, intake, _):

        def legible() -> set[str]:
            return {one.id for one in read(store) if one.stem == "lawyer.profiled.v1" and not one.erased}

        Listener(OTHER, house).take(Event("1", "", passed), signature_of(passed))
        Listener(HOME, house).take(Event("1", "", own))
        assert refused(house, OTHER, erased(1)) == "erasure_shared"
        assert legible() == {"p-1", "p-2"}
        gone = {one.data["about_event"] for one in read(store) if one.stem == "record.retracted.v1"}
        assert gone == {"p-1"}  # it is hidden, but for the stewards
        intake.record([intake.check(Publisher(HARBOUR, "here"), here)])
        moved = replace(house, was_member=lambda _: True)
        assert refused(moved, HOME, erased(2)) == "erasure_shared"
        assert legible() == {"p-1", "p-2", "p-3"}
        whole = {"role": "controller", "subject_of_erasure": passed["data"]["lawyer"]}
        erasure = {"source": "urn:hub:partner:hub", "id": "e", "type": "erasure.executed", "data": whole}
        assert refused(moved, HOME, Event("2", "", erasure)) == "erasure_shared"
        assert "p-3" in legible()


def test_the_home_destroys_what_others_passed_on_of_its_own(tmp_path: Path) -> None:
    passed, own = profile(1), profile(2)
    with told_hub(tmp_path / "hub") as (house, store, _, _):
        Listener(OTHER, house).take(Event("1", "", passed), signature_of(passed))
        Listener(HOME, house).take(Event("1", "", own))
        assert refused(house, HOME, Withdrawn("1", "", own["source"], "p-2", "erased")) is None
        assert all(one.erased for one in read(store) if one.stem == "lawyer.profiled.v1")


def test_what_is_published_here_while_another_hub_erases_is_not_erased(tmp_path: Path) -> None:
    """Nobody stops publishing while what came from there is looked for."""
    own, here = profile(1), {**profile(2), "source": f"urn:hub:partner:{DOCKET}"}
    with told_hub(tmp_path / "hub") as (house, store, intake, _):
        admit(intake, DOCKET, ["monitor"])
        Listener(HOME, house).take(Event("1", "", own))
        found = plan(pages_of(store.read), Seals(registry()), store.keys(), own["data"]["lawyer"])
        intake.record([intake.check(Publisher(DOCKET, "here"), here)])
        assert intake.carry_out(found, "peer home", "e", toldby="home")
        assert {one.id for one in read(store) if one.stem == "lawyer.profiled.v1" and one.erased} == {"p-1"}


def test_an_erasure_that_asks_for_nothing_is_no_erasure(tmp_path: Path) -> None:
    erasure = {"source": "urn:hub:partner:hub", "id": "e", "type": "erasure.executed"}
    with told_hub(tmp_path / "hub") as (house, store, _, _):
        before = len(read(store))
        for data in (None, {"role": "recipient_ack", "subject_of_erasure": "lawyer:quill-network.1"}):
            assert Listener(HOME, house).take(Event("1", "", {**erasure, "data": data})) is None
        assert len(read(store)) == before
        whole = {"role": "controller", "subject_of_erasure": f"lawyer:{HARBOUR}.0001"}
        owed = Listener(HOME, house).take(Event("1", "", {**erasure, "data": whole}))
        assert owed is not None
        assert (owed.subject, owed.id) == (whole["subject_of_erasure"], "e")


def titled(event: Json, title: str) -> Json:
    return {**event, "data": {**event["data"], "title": title}}


# --- two hubs, and what one's account may see at the other


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Hub]]:
    members = {"north": (HARBOUR, STRANGER), "south": (DOCKET,)}
    with houses(tmp_path_factory.mktemp("pair"), members) as found:
        rows(join(found["south"], found["north"], home=(HARBOUR,), same=(DOCKET,)))
        yield found


@pytest.mark.parametrize("seed", range(3))
def test_a_hub_gets_of_another_what_its_account_there_may_see(pair: dict[str, Hub], seed: int) -> None:
    north, south = pair.values()
    random = Random(seed)
    sent = [_random_threat(random, f"canary-{seed}-{number}-{random.getrandbits(64):x}", number + 100 * seed)
            for number in range(30)]  # fmt: skip
    lines = "\n".join(map(json.dumps, sent)).encode()
    answer = _post_lines(north, lines)
    assert answer["stored"] == len(sent), answer
    last = threat(9000 + seed)
    north.post(last, HARBOUR)
    until(lambda: south.show(HARBOUR, last["id"], DOCKET), "the last of them")
    ids = {one["id"] for one in sent}
    may_see = {event_id for _, event_id in north.ids("hub-south") if event_id in ids}
    not_here = {one for one, _ in south.codes("north")}
    here = {event_id for _, event_id in south.ids(f"{DOCKET}/chief") if event_id in ids}
    assert here == may_see - not_here
    named = {one["id"] for one in sent if "audience" in one and DOCKET not in one["audience"]}
    assert not_here & ids == may_see & named
    held = b"".join(one.read_bytes() for one in south.world.settings.data.rglob("*") if one.is_file())
    assert [one for one in ids - may_see if one.encode() in held] == []


def _random_threat(random: Random, event_id: str, number: int) -> Json:
    label: Json = {"tlp": random.choice(TLP)}
    if label["tlp"] in TLP[2:4] and random.random() < 0.7:
        named = random.sample((DOCKET, STRANGER, "hub-south"), random.randint(1, 3))
        label["audience"] = ",".join(named)
    if random.random() < 0.2:
        label["notbefore"] = "2031-07-01T00:00:00Z"
    return threat(number, id=event_id, **label, data={"title": event_id})


def _post_lines(hub: Hub, lines: bytes) -> Json:
    headers = {**hub.world.bearer(HARBOUR), "content-type": "application/x-ndjson"}
    return httpx.post(f"{hub.served.url}/api/v1/events", content=lines, headers=headers).json()
