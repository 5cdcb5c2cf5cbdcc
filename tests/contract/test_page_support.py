"""/support, needs and offers: explained proposals, and proposing, confirming or declining a match by form."""

import pytest

from tests.forms import form, page, say, send, shows
from tests.running import TestClient, World, make_world

FOR = "lawyer:harbour-bar-watch.secret-person"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("hub"))
    made.issue("harbour", "harbour-bar-watch", "coordinator", clearance="amber+strict")
    made.issue("giver", "open-docket", "coordinator", clearance="amber+strict")
    return made


def told(client: TestClient, world: World, kind: str, number: int) -> tuple[str, str, str]:
    """Tell of a need and of an offer that fits it; return both and a cursor."""
    need, offer = f"need:harbour-bar-watch.{number}", f"offer:open-docket.{number}"
    wanted = {
        "need": need, "for": FOR, "kinds": [kind], "urgency": "urgent", "stated_on": "2031-05-01",
        "expressed_by": "self", "persons_covered": 1, "state": "open",
    }  # fmt: skip
    say(client, world, "harbour", "need.expressed", wanted, tlp="amber+strict", audience="open-docket")
    given = {"offer": offer, "by": "partner:open-docket", "kinds": [kind], "capacity": 2, "state": "open"}
    return need, offer, say(client, world, "giver", "offer.made", given)


def test_a_proposal_says_why_and_a_match_is_decided_by_both(client: TestClient, world: World) -> None:
    need, offer, at = told(client, world, "legal_defence", 1)
    seen = page(client, world, "harbour", "/support", at)
    assert f'href="/needs/{need}"' in seen
    assert "Legal defence" in seen
    assert "of 1,000 points" in seen
    address = f"/needs/{need}"
    seen = page(client, world, "harbour", address)
    assert "Kind of help" in seen
    fields = form(seen, f"{address}/match")
    assert fields["offer"] == offer
    unasked = send(client, world, "harbour", f"{address}/match", fields)
    assert unasked.status_code == 422
    assert "This was not sent." in unasked.text
    proposed = send(client, world, "harbour", f"{address}/match", {**fields, "accepted_by_person": "yes"})
    assert proposed.status_code == 303
    other = f"/offers/{offer}"
    assert "Look and decide" in page(client, world, "giver", "/support", proposed.headers["location"][-22:])
    fields = form(page(client, world, "giver", other), f"{other}/confirm")
    confirmed = send(client, world, "giver", f"{other}/confirm", {**fields, "accepted_by_person": "yes"})
    assert confirmed.status_code == 303
    seen = page(client, world, "giver", confirmed.headers["location"])
    assert "Confirmed" in seen
    assert f'action="{other}/confirm"' not in seen


def test_a_match_is_declined_and_free_again(client: TestClient, world: World) -> None:
    need, offer, at = told(client, world, "psychosocial", 2)
    address, other = f"/needs/{need}", f"/offers/{offer}"
    fields = form(page(client, world, "harbour", address, at), f"{address}/match")
    proposed = send(client, world, "harbour", f"{address}/match", {**fields, "accepted_by_person": "yes"})
    at = proposed.headers["location"].rpartition("=")[2]
    fields = form(page(client, world, "giver", other, at), f"{other}/decline")
    ended = send(client, world, "giver", f"{other}/decline", {**fields, "result": "stopped_by_person"})
    assert ended.status_code == 303
    seen = page(client, world, "giver", ended.headers["location"])
    assert "Stopped by the person" in seen
    assert f'action="{other}/decline"' not in seen


@pytest.mark.parametrize("act", ["match", "confirm", "decline"])
def test_what_is_not_there_cannot_be_decided(client: TestClient, world: World, act: str) -> None:
    need, _, at = told(client, world, "medical", 3)
    page(client, world, "harbour", f"/needs/{need}", at)
    nothing = {
        "offer": "offer:open-docket.never",
        "support": "support:open-docket.never",
        "accepted_by_person": "yes",
    }
    refused = send(client, world, "harbour", f"/needs/{need}/{act}", nothing)
    assert refused.status_code == 422
    assert send(client, world, "observer", f"/needs/{need}/{act}", nothing).status_code == 403


def test_nothing_of_a_person_is_told_to_others(client: TestClient, world: World) -> None:
    need, _, at = told(client, world, "urgent_relocation", 4)
    for who in ("steward", "observer", None):
        for address in ("/support", "/needs", "/offers"):
            seen = page(client, world, who, address, at)
            assert "harbour-bar-watch.4" not in seen
            assert "secret-person" not in seen
        hidden = client.get(f"/needs/{need}", headers=shows(world, who))
        never = client.get("/needs/need:harbour-bar-watch.never", headers=shows(world, who))
        assert hidden.status_code == never.status_code == 404
    assert "Who was helped" not in page(client, world, None, "/support")
    assert "Numbers of fewer than 5 are left out" in page(client, world, "observer", "/support")
