"""/actions: the board, the exact text, signing it by form, and leaving."""

import hashlib

import pytest

from tests.forms import form, page, say, send, shows, words
from tests.running import TestClient, World, make_world

TEXT = "To the Minister.\n\nWe ask you to release <our> colleague.\n\nWith respect"
OTHER = "To the Minister.\n\nWe ask you to release our colleague today."


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("hub"))
    made.issue("harbour", "harbour-bar-watch", "coordinator", clearance="amber+strict")
    made.issue("signer", "open-docket", "coordinator", clearance="amber+strict")
    return made


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def called(
    client: TestClient, world: World, number: int, text: str = TEXT, **more: object
) -> tuple[str, str]:
    """Call for a joint letter; return the action and a cursor."""
    own = f"harbour-bar-watch.{number}"
    label = {name: more.pop(name) for name in ("tlp", "audience") if name in more}
    data = {
        "action": f"action:{own}", "kind": "joint_letter", "lead": "partner:harbour-bar-watch",
        "purpose": f"Letter {number}", "about": [f"body:harbour-bar-watch.{number}"], "quorum": 3,
        "agreed_with_person": "not_applicable",
        "join_by": "2031-06-01T12:00:00Z", "roles_wanted": [{"role": "signatory", "count": 3}],
        "demands": [{"en": "Release our colleague."}], "language": "en", "languages": ["en", "fr"],
        "draft": text, "text_hash": fingerprint(text), "translations": {"fr": "Au ministre."}, **more,
    }  # fmt: skip
    at = say(client, world, "harbour", "action.proposed", data, audience="open-docket", **label)
    return f"action:{own}", at


def test_the_board_tells_what_is_missing_and_whose_it_is(client: TestClient, world: World) -> None:
    ref, at = called(client, world, 1)
    seen = page(client, world, "signer", "/actions", at)
    assert f'href="/actions/{ref}"' in seen
    assert "0 of 3 signatures" in seen
    assert "Missing: Signatory (3)" in seen
    assert 'href="/publish/action.proposed"' in seen
    assert f'href="/actions/{ref}"' in page(client, world, "harbour", "/actions?show=mine")
    assert f'href="/actions/{ref}"' not in page(client, world, "signer", "/actions?show=mine")
    assert f'href="/actions/{ref}"' in page(client, world, "signer", "/actions?show=all")
    assert ref not in page(client, world, None, "/actions")


def test_that_nobody_says_whether_the_person_agrees_is_shown(client: TestClient, world: World) -> None:
    own = "harbour-bar-watch.unsaid"
    data = {
        "action": f"action:{own}", "kind": "joint_letter", "lead": "partner:harbour-bar-watch",
        "purpose": "A letter about a threat", "about": [f"threat:{own}"],
    }  # fmt: skip
    at = say(client, world, "harbour", "action.proposed", data)
    shown = "Agreed with the person"
    whole = page(client, world, "signer", "/actions", at)
    card = whole[whole.index(f'href="/actions/action:{own}"') :].partition("</article>")[0]
    assert (shown in card, "not said" in card) == (True, True)
    stands = page(client, world, "signer", f"/actions/action:{own}").partition('data-part="stands"')[2]
    assert "not said" in stands.partition(shown)[2].partition("</dd>")[0]
    say(
        client,
        world,
        "harbour",
        "action.completed",
        {"action": f"action:{own}", "state": "cancelled", "on": "2026"},
    )


def test_the_exact_text_is_signed_once_and_the_letter_is_there(client: TestClient, world: World) -> None:
    ref, at = called(client, world, 2)
    address = f"/actions/{ref}"
    seen = page(client, world, "signer", address, at)
    assert "We ask you to release <our> colleague." in seen
    assert seen.count(fingerprint(TEXT)) >= 2
    assert f"/api/v1/actions/{ref}/letter?format=pdf&language=en" in seen
    fields = form(seen, f"{address}/join")
    assert fields["text_hash"] == fingerprint(TEXT)
    typed = {
        **fields,
        "role": "signatory",
        "display_name": "Open Docket",
        "approved_by_board": "yes",
        "conditions": "No\r\nphotographs.",
    }
    signed = send(client, world, "signer", f"{address}/join", typed)
    assert signed.status_code == 303
    assert (
        send(client, world, "signer", f"{address}/join", typed).headers["location"]
        == signed.headers["location"]
    )
    seen = page(client, world, "signer", signed.headers["location"])
    assert "1 of 3 needed" in seen
    assert "Approved by its board." in seen
    assert "No photographs." in seen
    assert f'action="{address}/join"' not in seen
    pdf = client.get(f"/api/v1{address}/letter?format=pdf", headers=world.bearer("signer"))
    assert pdf.content.startswith(b"%PDF")
    told = client.get(f"/api/v1{address}", headers=world.bearer("signer")).json()["board"]["signatories"]
    assert [(one["status"], one["display_name"], one["text_hash"]) for one in told] == [
        ("SIGNED", {"en": "Open Docket"}, fingerprint(TEXT))
    ]


def test_a_text_that_changed_in_between_is_refused_and_nothing_typed_is_lost(
    client: TestClient, world: World
) -> None:
    ref, at = called(client, world, 3)
    address = f"/actions/{ref}"
    fields = form(page(client, world, "signer", address, at), f"{address}/join")
    _, at = called(client, world, 3, OTHER)
    page(client, world, "signer", address, at)
    typed = {
        **fields,
        "role": "signatory",
        "display_name": "Docket <of> 1",
        "conditions": "None.",
        "approved_by_board": "yes",
    }
    refused = send(client, world, "signer", f"{address}/join", typed)
    assert refused.status_code == 422
    seen = words(refused.text)
    assert "The text was changed while you were reading. Nothing was signed." in seen
    assert "release our colleague today." in seen
    assert 'value="Docket <of> 1"' in seen
    assert "None.</textarea>" in seen
    assert "checked" in seen
    again = {**typed, **form(seen, f"{address}/join")}
    assert again["text_hash"] == fingerprint(OTHER)
    assert send(client, world, "signer", f"{address}/join", again).status_code == 303


def test_who_signed_an_earlier_text_is_asked_to_sign_again(client: TestClient, world: World) -> None:
    ref, at = called(client, world, 4)
    address = f"/actions/{ref}"
    fields = form(page(client, world, "signer", address, at), f"{address}/join")
    assert send(client, world, "signer", f"{address}/join", fields).status_code == 303
    _, at = called(client, world, 4, OTHER)
    seen = page(client, world, "signer", address, at)
    assert "Sign again:" in seen
    assert "Must sign again" in seen
    assert (
        ref
        in page(client, world, "signer", "/actions").partition("Waits for you")[2].partition("</section>")[0]
    )
    signed = send(client, world, "signer", f"{address}/join", form(seen, f"{address}/join"))
    assert "Sign again:" not in page(client, world, "signer", signed.headers["location"])


def test_a_partner_withdraws_and_can_join_again(client: TestClient, world: World) -> None:
    ref, at = called(client, world, 5)
    address = f"/actions/{ref}"
    fields = form(page(client, world, "signer", address, at), f"{address}/join")
    signed = send(client, world, "signer", f"{address}/join", fields)
    seen = page(client, world, "signer", signed.headers["location"])
    left = {**form(seen, f"{address}/leave"), "reason": "capacity", "remove_from_published": "yes"}
    gone = send(client, world, "signer", f"{address}/leave", left)
    assert gone.status_code == 303
    world.clock.move(seconds=1)
    assert send(client, world, "signer", f"{address}/leave", left).headers["location"] == address
    seen = page(client, world, "signer", gone.headers["location"])
    assert "Withdrew" in seen
    assert "We lack the means" in seen
    again = form(seen, f"{address}/join")
    assert again["once"] != fields["once"]
    assert send(client, world, "signer", f"{address}/join", again).status_code == 303


def test_what_is_wrong_stands_at_its_field(client: TestClient, world: World) -> None:
    ref, at = called(client, world, 6)
    address = f"/actions/{ref}"
    fields = form(page(client, world, "signer", address, at), f"{address}/join")
    wrong = {**fields, "role": "signatory", "embargo_until": "soon", "conditions": "Kept."}
    refused = send(client, world, "signer", f"{address}/join", wrong)
    assert refused.status_code == 422
    seen = words(refused.text)
    assert 'value="soon" aria-invalid="true" aria-describedby="wrong-join-embargo_until"' in seen
    assert 'id="wrong-join-embargo_until">This is not a date and time.' in seen
    assert "Kept.</textarea>" in seen
    dated = {**fields, "role": "signatory", "embargo_until": "2031-05-20T08:00"}
    assert send(client, world, "signer", f"{address}/join", dated).status_code == 303


def test_a_translation_stands_beside_the_original_that_is_signed(client: TestClient, world: World) -> None:
    ref, at = called(client, world, 7)
    seen = page(client, world, "signer", f"/actions/{ref}?language=fr", at)
    assert "Au ministre." in seen
    assert "We ask you to release <our> colleague." in seen
    assert "You sign the original above" in seen
    assert form(seen, f"/actions/{ref}/join")["name_language"] == "en"


def test_an_answer_is_never_more_open_than_its_call(client: TestClient, world: World) -> None:
    ref, at = called(client, world, 8, tlp="amber+strict")
    address = f"/actions/{ref}"
    seen = page(client, world, "signer", address, at)
    assert "Who will see this: your organisation and harbour-bar-watch." in seen
    assert send(client, world, "signer", f"{address}/join", form(seen, f"{address}/join")).status_code == 303
    events = client.get(
        "/api/v1/events?type=action.joined&limit=1000", headers=world.bearer("signer")
    ).json()["events"]
    [one] = [event for event in events if event["data"]["action"] == ref]
    assert (one["tlp"], one["audience"]) == ("amber+strict", "harbour-bar-watch")


@pytest.mark.parametrize(("who", "status"), [("observer", 403), (None, 403)])
def test_who_may_not_publish_cannot_sign(
    client: TestClient, world: World, who: str | None, status: int
) -> None:
    ref, at = called(client, world, 9)
    if who is not None:
        assert "/join" not in page(client, world, who, f"/actions/{ref}", at)
    headers = shows(world, who) if who else {"Origin": "https://elsewhere.example"}
    assert (
        client.post(f"/actions/{ref}/join", data={"role": "signatory"}, headers=headers).status_code == status
    )


def test_an_action_that_one_may_not_see_cannot_be_joined(client: TestClient, world: World) -> None:
    ref, _ = called(client, world, 10, tlp="red")
    for one in (ref, "action:harbour-bar-watch.never"):
        assert client.get(f"/actions/{one}", headers=shows(world, "signer")).status_code == 404
        assert send(client, world, "signer", f"/actions/{one}/join", {"role": "signatory"}).status_code == 404
