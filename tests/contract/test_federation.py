"""Hubs that listen to each other: what travels, what does not and why, and how it is taken back."""

import json
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

import httpx
import pytest

from events.partners import KEY_ADDED_STEM
from tests.federated import House, houses, join, rows, until
from tests.running import admit, recording, threat
from tests.signing import OURS, ForeignSigner

Json = Any

HARBOUR, DOCKET, QUILL, STRANGER = "harbour-bar-watch", "open-docket", "quill-network", "lanterns-for-counsel"
NUMBERS = count(1)


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    """Three hubs in a ring: each listens to the one before, and may pass on what the first of all signed."""
    members = {"north": (HARBOUR, STRANGER), "south": (DOCKET,), "east": (QUILL,)}
    with houses(tmp_path_factory.mktemp("ring"), members) as found:
        north, south, east = found.values()
        with recording(north.world) as intake:
            intake.rule_on_signing(KEY_ADDED_STEM, HARBOUR, {"kid": OURS.kid, "public_key": OURS.public})
        rows(join(south, north, home=(HARBOUR,), same=(DOCKET,)))
        admitted(east, HARBOUR)
        rows(join(east, south, home=(DOCKET,), relay=(HARBOUR,)))
        admitted(north, DOCKET)
        rows(join(north, east, home=(QUILL,), relay=(DOCKET,)))
        for one in (south, east):
            with recording(one.world) as intake:
                intake.rule_on_signing(KEY_ADDED_STEM, HARBOUR, {"kid": OURS.kid, "public_key": OURS.public})
        yield found


def admitted(house: House, slug: str) -> None:
    """Admit a publisher that is no member, as stewards do before somebody may pass on what it signed."""
    with recording(house.world) as intake:
        admit(intake, slug, ["monitor", "responder", "observer"])


def fresh(slug: str = HARBOUR, **more: Json) -> dict[str, Json]:
    number = next(NUMBERS)
    own = f"{slug}.{number:04d}"
    data = {"threat": f"threat:{own}", "targets": [f"lawyer:{own}"], **more.pop("data", {})}
    return threat(number, source=f"urn:hub:partner:{slug}", **more, data=data)


def told(house: House, slug: str, event_id: str, who: str) -> Json:
    return until(lambda: house.show(slug, event_id, who), f"{event_id} at {house.name}")


def test_a_report_travels_as_its_publishers_own(hubs: dict[str, House]) -> None:
    north, south = hubs["north"], hubs["south"]
    event = fresh(tlp="amber", data={"title": "A car waited at the gate"})
    north.post(event, HARBOUR)
    shown = told(south, HARBOUR, event["id"], DOCKET)["event"]
    there = north.show(HARBOUR, event["id"], "hub-south")["event"]
    assert shown["toldby"] == "north"
    assert {**shown, "toldby": 0, "recordedtime": 0} == {**there, "toldby": 0, "recordedtime": 0}
    # Whoever may see less there than the label asks, sees nothing here.
    assert httpx.get(f"{south.served.url}/api/v1/events/{event['source']}/{event['id']}").status_code == 404


def test_what_is_stricter_than_amber_or_for_others_does_not_travel(hubs: dict[str, House]) -> None:
    north, south = hubs["north"], hubs["south"]
    canaries = [f"canary-{number}-{'x' * 12}" for number in range(5)]
    labels: list[Json] = [
        {"tlp": "amber+strict", "audience": "hub-south"},
        {"tlp": "red", "audience": "hub-south/publisher"},
        {"tlp": "amber", "audience": STRANGER},
        {"tlp": "green", "notbefore": "2031-06-01T00:00:00Z"},
        {"tlp": "amber", "audience": "hub-south"},
    ]
    hidden = [fresh(**label, id=one) for label, one in zip(labels, canaries, strict=True)]
    for event in hidden:
        north.post(event, HARBOUR)
    both = fresh(tlp="amber", audience=f"{DOCKET},{STRANGER},hub-south")
    north.post(both, HARBOUR)
    # It comes after the others: they have been heard, or are not told.
    shown = told(south, HARBOUR, both["id"], DOCKET)["event"]
    assert (shown["tlp"], shown["audience"]) == ("amber", DOCKET)
    assert {one for one, _ in south.codes("north")} & set(canaries) == {canaries[4]}
    assert (canaries[4], "names_nobody_here") in south.codes("north")
    files = [one.read_bytes() for one in south.world.settings.data.rglob("*") if one.is_file()]
    for canary in canaries[:4]:
        assert not any(canary.encode() in held for held in files)


def reads(house: House, event_id: str, title: str) -> bool:
    return bool(house.show(HARBOUR, event_id, DOCKET)["event"]["data"]["title"] == title)


def test_a_correction_travels(hubs: dict[str, House]) -> None:
    north, south = hubs["north"], hubs["south"]
    event = fresh(data={"title": "Two men"}, id="corrected")
    north.post(event, HARBOUR)
    told(south, HARBOUR, event["id"], DOCKET)
    for said, tlp in (("Three men", {}), ("Four men", {"tlp": "amber"})):
        correction = {
            "specversion": "1.0",
            "id": f"c-{next(NUMBERS)}",
            "source": event["source"],
            "type": "record.corrected",
            "data": {
                "about_event": event["id"],
                "changes": [{"pointer": "/title", "to": said}],
                **tlp,
            },
        }
        north.world.clock.move(seconds=1)
        north.post(correction, HARBOUR)
        until(partial(reads, south, event["id"], said), said)
    assert south.show(HARBOUR, event["id"], f"{DOCKET}/chief")["event"]["data"]["title"] == "Four men"


def test_a_retraction_travels(hubs: dict[str, House]) -> None:
    north, south = hubs["north"], hubs["south"]
    event = fresh()
    north.post(event, HARBOUR)
    told(south, HARBOUR, event["id"], DOCKET)
    retraction = {
        "specversion": "1.0",
        "id": f"r-{next(NUMBERS)}",
        "source": event["source"],
        "type": "record.retracted",
        "data": {"about_event": event["id"], "reason": "unsafe"},
    }
    north.post(retraction, HARBOUR)
    until(lambda: south.show(HARBOUR, event["id"], DOCKET) is None, "the retraction")
    assert (HARBOUR, event["id"]) not in south.ids(DOCKET)


def test_who_is_a_member_here_is_not_told_by_others(hubs: dict[str, House]) -> None:
    north, south = hubs["north"], hubs["south"]
    refused = join(south, north, home=(DOCKET,))
    assert (refused.exit_code, "member of this hub" in refused.stderr) == (1, True)


def test_a_token_for_more_than_amber_is_not_taken(hubs: dict[str, House]) -> None:
    north, east = hubs["north"], hubs["east"]
    refused = join(east, north, clearance="red", home=(STRANGER,))
    assert (refused.exit_code, "cleared for more than amber" in refused.stderr) == (2, True)


def person(slug: str, text: str, **more: Json) -> dict[str, Json]:
    number = next(NUMBERS)
    data = {
        "lawyer": f"lawyer:{slug}.p{number}",
        "identity": {"names": [{"full": text}]},
        "protection": {"consent_level": "C2", "scopes": ["letters"]},
    }
    attributes = {"specversion": "1.0", "id": f"p-{number}", "source": f"urn:hub:partner:{slug}"}
    return {**attributes, "type": "lawyer.profiled", "data": data, **more}


def sealed(house: House) -> tuple[int, int]:
    row = json.loads(house.run("verify").stdout.splitlines()[0])
    return row["sealed"], row["erased"]


def test_an_erasure_travels_and_is_answered(hubs: dict[str, House]) -> None:
    north, south = hubs["north"], hubs["south"]
    event = person(HARBOUR, "Sindrel Vauq", tlp="amber", audience=f"hub-south,{DOCKET}")
    reference = event["data"]["lawyer"]
    north.post(event, HARBOUR)
    assert "identity" in north.show(HARBOUR, event["id"], "hub-south")["event"]["data"]
    told(south, HARBOUR, event["id"], DOCKET)
    before = sealed(south)
    # What came in the open is sealed here, by a key of this hub.
    plain = [
        one for one in south.world.settings.data.rglob("log.sqlite*") if b"Sindrel Vauq" in one.read_bytes()
    ]
    assert (before[0], plain) == (before[1] + 1, [])
    rows(north.run("erase", reference, "--yes"))
    until(lambda: south.show(HARBOUR, event["id"], DOCKET) is None, "the erasure")
    assert sealed(south) == (before[0], before[1] + 1)

    def answered() -> bool:
        found = north.ask("/erasures").json()["items"]
        [item] = [one for one in found if one["subject"] == reference]
        return "hub-south" in {one["partner"] for one in item["acknowledged"]}

    until(answered, "the answer")


def test_what_others_here_say_of_the_erased_is_not_erased_by_another_hub(hubs: dict[str, House]) -> None:
    north, south = hubs["north"], hubs["south"]
    event = person(HARBOUR, "Ildor Menq", tlp="amber", audience=f"hub-south,{DOCKET}")
    reference = event["data"]["lawyer"]
    north.post(event, HARBOUR)
    told(south, HARBOUR, event["id"], DOCKET)
    own = fresh(DOCKET, data={"targets": [reference], "narrative": "He told us himself"})
    south.post(own, DOCKET)
    before = sealed(south)
    rows(north.run("erase", reference, "--yes"))
    until(lambda: south.show(HARBOUR, event["id"], DOCKET) is None, "the erasure")
    assert sealed(south) == (before[0], before[1] + 1)
    data = south.show(DOCKET, own["id"], f"{DOCKET}/chief")["event"]["data"]
    assert data["narrative"] == "He told us himself"
    assert "erasure_shared" in {code for _, code in south.codes("north")}


def signed_retraction(event: Json, signer: ForeignSigner, event_id: str) -> Json:
    return signer.envelope(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": event["source"],
            "time": "2031-05-04T11:00:00Z",
            "type": "record.retracted",
            "tlp": "green",
            "data": {"about_event": event["id"], "reason": "unsafe"},
        }
    )


def send(house: House, body: Json, who: str) -> httpx.Response:
    media = {"content-type": "application/json"}
    return httpx.post(
        f"{house.served.url}/api/v1/events", json=body, headers={**house.world.bearer(who), **media}
    )


def test_in_a_ring_what_is_signed_goes_on_with_its_signature_and_comes_back_to_nobody(
    hubs: dict[str, House],
) -> None:
    north, south, east = hubs.values()
    event = fresh()
    assert send(north, OURS.envelope(event), HARBOUR).status_code == 201
    told(south, HARBOUR, event["id"], DOCKET)
    retraction = f"ring-{next(NUMBERS)}"
    assert send(north, signed_retraction(event, OURS, retraction), HARBOUR).status_code == 201
    last = told(east, HARBOUR, retraction, QUILL)
    assert last["event"]["toldby"] == "south"
    first = north.show(HARBOUR, retraction, "hub-south")["signature"]
    assert last["signature"]["keyid"] == first["keyid"] == OURS.kid
    # East has the bytes that were signed, and shows them as north does.
    assert {name: value for name, value in last["signature"].items() if name != "public_key"} == {
        name: value for name, value in first.items() if name != "public_key"
    }
    # What was not signed does not go beyond the hub that heard it from the publisher's home.
    assert (event["id"], "unsigned") in until(lambda: east.codes("south"), "a refusal")
    marker = fresh(QUILL)
    east.post(marker, QUILL)
    told(north, QUILL, marker["id"], HARBOUR)
    assert "ours" not in {
        code for house in hubs.values() for one in house.status() for _, code in house.codes(one)
    }


def test_each_hub_has_each_event_of_a_ring_once(hubs: dict[str, House]) -> None:
    north, south, east = hubs.values()
    events = [fresh(), fresh(), fresh()]
    for event in events:
        north.post(event, HARBOUR)
    own = fresh(DOCKET)
    south.post(own, DOCKET)
    for event in events:
        told(south, HARBOUR, event["id"], DOCKET)
    told(east, DOCKET, own["id"], QUILL)
    listed = [one["id"] for one in south.ask("/events", DOCKET, limit=1000).json()["events"]]
    assert all(listed.count(one["id"]) == 1 for one in (*events, own))
    # North hears of its own, and of south's, from east, which may pass on only what is signed.
    assert north.show(DOCKET, own["id"], HARBOUR) is None


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    """A hub whose stewards lie: they admitted a member of the other, a stranger, and a forger under a known name."""
    members = {"south": (DOCKET,), "crooked": (DOCKET, HARBOUR, STRANGER, QUILL)}
    with houses(tmp_path_factory.mktemp("pair"), members) as found:
        south, crooked = found.values()
        forged = ForeignSigner("forger", OURS.kid)
        admitted(south, HARBOUR)
        for house, key in ((south, OURS), (crooked, forged)):
            with recording(house.world) as intake:
                intake.rule_on_signing(KEY_ADDED_STEM, HARBOUR, {"kid": key.kid, "public_key": key.public})
        rows(join(south, crooked, home=(QUILL,), relay=(HARBOUR,)))
        yield found


def test_what_a_lying_hub_tells_is_refused_with_a_plain_reason(pair: dict[str, House]) -> None:
    south, crooked = pair.values()
    ours, stranger, unsigned, decided = fresh(DOCKET), fresh(STRANGER), fresh(HARBOUR), fresh(QUILL)
    for event, who in ((ours, DOCKET), (stranger, STRANGER), (unsigned, HARBOUR)):
        crooked.post(event, who)
    # Before it is taken back: nobody is told of what was withdrawn before he heard of it.
    until(lambda: (unsigned["id"], "unsigned") in south.codes("crooked"))
    forged = f"forged-{next(NUMBERS)}"
    sent = send(crooked, signed_retraction(unsigned, ForeignSigner("forger", OURS.kid), forged), HARBOUR)
    assert sent.status_code == 201
    until(lambda: crooked.show(HARBOUR, forged, "hub-south") is not None)
    assert "sig" in crooked.show(HARBOUR, forged, "hub-south")["signature"]
    crooked.post(decided, QUILL)
    told(south, QUILL, decided["id"], DOCKET)
    assert south.codes("crooked") >= {
        (ours["id"], "ours"),
        ("*", "not_carried"),
        (unsigned["id"], "unsigned"),
        (forged, "bad_signature"),
    }
    seen = south.ids(f"{DOCKET}/chief")
    assert seen.isdisjoint({(DOCKET, ours["id"]), (STRANGER, stranger["id"]), (HARBOUR, unsigned["id"])})
    assert (HARBOUR, forged) not in seen
    printed = south.run("peer", "status")
    whys = {one["why"] for row in rows(printed) for one in row["refusals"]}
    assert "Its publisher is a member here: only the member itself publishes, here." in whys
    assert all(why.endswith(".") for why in whys)


def test_a_peer_that_is_removed_is_heard_no_more(pair: dict[str, House]) -> None:
    south, crooked = pair.values()
    with recording(crooked.world) as intake:
        admit(intake, "hub-other", ["monitor"])
    crooked.world.issue("hub-other", "hub-other", "publisher")
    token = crooked.world.tokens["hub-other"]
    address = crooked.served.url.replace("127.0.0.1", "localhost")
    # localhost may lead to ::1 as well, which is loopback too; the name is another address of the same hub.
    rows(south.run("peer", "add", address, "--name", "other", "--token", token))
    until(lambda: south.status()["other"]["looked"] is not None, "a look at it")
    assert token not in south.run("peer", "list").stdout
    files = [one.read_bytes() for one in south.world.settings.data.glob("peers.sqlite*")]
    assert not any(token.encode() in held for held in files)
    rows(south.run("peer", "remove", "other"))
    assert "other" not in south.status()
    assert south.run("peer", "remove", "other").exit_code == 1


def test_a_peer_whose_token_does_not_work_is_refused_and_said_so(pair: dict[str, House]) -> None:
    south, crooked = pair.values()
    with recording(crooked.world) as intake:
        admit(intake, "hub-late", ["monitor"])
    crooked.world.issue("hub-late", "hub-late", "publisher")
    token = crooked.world.tokens["hub-late"]
    crooked.world.revoke("hub-late")
    refused = south.run("peer", "add", crooked.served.url, "--name", "late", "--token", token)
    assert refused.exit_code == 1
    assert "late" not in south.status()


def test_peers_are_for_stewards(pair: dict[str, House]) -> None:
    south = pair["south"]
    assert south.ask("/peers", DOCKET).status_code == 404
    assert httpx.get(f"{south.served.url}/api/v1/peers").status_code == 404
    assert south.ask("/peers").json()["total"] >= 1


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("ftp://hub.example", "--token", "t"), 2, "https://"),
        (("https://hub.example", "--token", "t", "--home", "stewards"), 2, "no short name"),
        (("URL", "--token", ""), 2, "Give the token"),
        (("URL", "--token", "TOKEN", "--home", "nobody-known"), 1, "shows no admission"),
        (("URL", "--token", "TOKEN"), 1, "There is a peer"),
        (("URL", "--token", "wrong"), 1, "token"),
        (("https://hub.example", "--token", "t", "--home", QUILL), 1, "crooked is the home of"),
    ],
)
def test_a_peer_that_cannot_be_is_refused_with_a_sentence(
    pair: dict[str, House], words: tuple[str, ...], status: int, said: str
) -> None:
    south, crooked = pair.values()
    meant = {"URL": crooked.served.url, "TOKEN": crooked.world.tokens["hub-south"]}
    refused = south.run("peer", "add", *(meant.get(one, one) for one in words), "--name", "another")
    assert (refused.exit_code, said in refused.stderr) == (status, True), refused.stderr
