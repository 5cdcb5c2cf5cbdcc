"""/steward: partners, tokens and acts by form, for stewards alone; /board and the first page of a partner."""

import re
from pathlib import Path

import pytest

from hub.federation.book import NotTaken, Peer
from hub.texts.languages import translations
from tests.forms import form, page, say, send, shows, words
from tests.running import TestClient, World, calling, make_world, threat

OWN = "harbour-bar-watch"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("hub"))
    made.issue("reading", "stewards", "steward", clearance="red", read_only=True)
    made.issue("signer", "open-docket", "coordinator", clearance="amber+strict")
    return made


def test_the_desk_is_for_stewards_alone(client: TestClient, world: World) -> None:
    seen = page(client, world, "steward", "/steward")
    assert "Harbour" in seen or OWN in seen
    assert "Up to date" in seen
    for who in ("publisher", "observer", None):
        assert client.get("/steward", headers=shows(world, who)).status_code == 404
        for form_of in ("partners", "suspend", "tokens", "conflicts", "tokens/x/revoke"):
            answer = client.post(f"/steward/{form_of}", data={}, headers=shows(world, who))
            assert answer.status_code == 404, form_of
    assert 'action="/steward/tokens"' not in page(client, world, "reading", "/steward")
    assert send(client, world, "reading", "/steward/tokens", {"partner": OWN}).status_code == 403


def test_a_partner_is_admitted_gets_a_token_and_is_suspended(client: TestClient, world: World) -> None:
    fields = form(page(client, world, "steward", "/steward"), "/steward/partners")
    typed = {**fields, "partner": "quill-network", "name": "Quill <Network>", "roles": "policy"}
    done = send(client, world, "steward", "/steward/partners", typed)
    assert done.status_code == 303, done.text
    seen = page(client, world, "steward", done.headers["location"].partition("#")[0])
    assert "Quill <Network>" in seen
    again = send(client, world, "steward", "/steward/partners", typed)
    assert again.status_code == 422
    assert "This organisation is a partner already." in words(again.text)
    made = send(
        client,
        world,
        "steward",
        "/steward/tokens",
        {"partner": "quill-network", "role": "publisher", "expires": "30"},
    )
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    token = re.search(r'<code class="secret">(hub_[\w-]+)</code>', made.text)
    assert token is not None
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token[1]}"}).json()
    assert (me["partner"], me["role"], me["clearance"]) == ("quill-network", "publisher", "amber")
    assert me["expires"].startswith("2031-06-03")
    assert token[1] not in page(client, world, "steward", "/steward")
    fields = form(page(client, world, "steward", "/steward"), "/steward/suspend")
    typed = {**fields, "partner": "quill-network", "scope": "both", "reason": "seized"}
    assert send(client, world, "steward", "/steward/suspend", typed).status_code == 303
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token[1]}"}).status_code == 403


def test_a_token_is_revoked_and_both_acts_stand_in_the_trail(client: TestClient, world: World) -> None:
    before = tokens(page(client, world, "steward", "/steward"))
    wanted = {"partner": OWN, "role": "observer", "clearance": "green"}
    made = send(client, world, "steward", "/steward/tokens", wanted)
    token = re.findall(r'<code class="secret">(hub_[\w-]+)</code>', made.text)[0]
    own = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/me", headers=own).json()["clearance"] == "green"
    [fresh] = tokens(made.text) - before
    done = send(client, world, "steward", f"/steward/tokens/{fresh}/revoke", {})
    assert done.status_code == 303
    assert client.get("/api/v1/me", headers=own).status_code == 401
    trail = page(client, world, "steward", done.headers["location"].partition("#")[0])
    trail = trail[trail.index('id="trail"') :]
    assert trail.index("revoked a token") < trail.index("made a token")
    assert f"<code>{fresh}</code>" in trail
    assert send(client, world, "steward", "/steward/tokens/nothing/revoke", {}).status_code == 404


def tokens(text: str) -> set[str]:
    """Return the ids of the tokens that can be revoked."""
    return set(re.findall(r'action="/steward/tokens/(\w+)/revoke"', text))


@pytest.mark.parametrize(
    ("address", "typed", "said"),
    [
        (
            "partners",
            {"partner": "No Slug", "name": "X", "roles": "monitor"},
            "A short name has lower-case letters",
        ),
        ("partners", {"partner": "new-one", "name": "X"}, "This was not sent."),
        ("suspend", {"partner": "stewards", "scope": "both"}, "The stewards cannot be suspended here."),
        ("suspend", {"partner": "nobody", "scope": "both"}, "There is no partner of this name."),
        ("tokens", {"partner": "nobody", "role": "publisher"}, "There is no partner of this name."),
        ("tokens", {"partner": OWN, "role": "steward"}, "does not run the hub"),
        ("tokens", {"partner": OWN, "role": "king"}, "Choose one of the list."),
        ("tokens", {"partner": OWN, "role": "observer", "expires": "soon"}, "Write a number of days"),
        ("tokens", {"partner": OWN, "role": "observer", "clearance": "pink"}, "Choose one of the list."),
        ("conflicts", {"case": "x", "partner": "y", "verdict": "lift"}, ""),
    ],
)
def test_what_cannot_be_is_told_at_its_field(
    client: TestClient, world: World, address: str, typed: dict[str, str], said: str
) -> None:
    answer = send(client, world, "steward", f"/steward/{address}", {"once": "t", **typed})
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert 'class="secret"' not in answer.text


def called(client: TestClient, world: World, number: int) -> tuple[str, str]:
    """Call a partner to a joint letter; return the action and a cursor."""
    text = f"Letter {number}"
    data = {
        "action": f"action:{OWN}.{number}", "kind": "joint_letter", "lead": f"partner:{OWN}", "purpose": text,
        "about": [f"body:{OWN}.{number}"], "join_by": f"2031-06-{number:02d}T12:00:00Z",
        "roles_wanted": [{"role": "signatory", "count": 3}], "agreed_with_person": "not_applicable",
    }  # fmt: skip
    at = say(client, world, "publisher", "action.proposed", data, tlp="green")
    return f"action:{OWN}.{number}", at


def test_the_board_tells_what_waits_and_leads_to_the_act(client: TestClient, world: World) -> None:
    ref, at = called(client, world, 3)
    seen = page(client, world, "signer", "/board", at)
    said = client.get("/api/v1/board", headers=world.bearer("signer")).json()
    assert f'<h2 id="sign">To sign or join <span class="tag">{said["counts"]["sign"]}</span></h2>' in seen
    assert f'href="/actions/{ref}#sign"' in seen
    assert "Letter 3" in seen
    assert ref not in page(client, world, "publisher", "/board")[: seen.index("What changed")]
    public = page(client, world, None, "/board")
    assert 'href="/sign-in"' in public
    assert ref not in public


def test_the_first_page_shows_the_three_that_press_most(client: TestClient, world: World) -> None:
    refs = [called(client, world, number) for number in (25, 21, 22, 24)]
    at = refs[-1][1]
    seen = page(client, world, "signer", "/", at)
    tasks = re.findall(r'<li class="task">.*?</li>', seen)
    assert len(tasks) == 3
    assert "Live" in seen
    everything = client.get("/api/v1/board", headers=world.bearer("signer")).json()["groups"].values()
    first = sorted((one for group in everything for one in group if one["due"]), key=lambda one: one["due"])
    assert all(one["ref"] in task for one, task in zip(first, tasks, strict=False))
    public = page(client, world, None, "/", at)
    assert 'class="task"' not in public
    assert "Lawyers under threat." in public


def test_what_changed_is_told_since_the_last_visit(client: TestClient, world: World) -> None:
    ref, at = called(client, world, 28)
    shown = page(client, world, "publisher", "/board", at)
    joined = {"action": ref, "partner": "partner:open-docket", "role": "endorser"}
    at = say(client, world, "signer", "action.joined", joined, tlp="green")
    seen = page(client, world, "publisher", "/board", at)
    news = seen[seen.index('id="changed"') : seen.index('id="alone"')]
    assert "A partner joins an action" in news
    assert "A partner joins an action" not in shown
    cursor = form(seen, "/board/seen")["cursor"]
    done = send(client, world, "publisher", "/board/seen", {"cursor": cursor})
    assert done.status_code == 303
    cookie = done.headers["set-cookie"]
    assert all(mark in cookie for mark in ("hub_seen=", "HttpOnly", "SameSite=strict"))
    client.cookies.set("hub_seen", cursor)
    after = page(client, world, "publisher", "/board")
    client.cookies.clear()
    assert "Nothing new." in after
    assert "set-cookie" not in send(client, world, "publisher", "/board/seen", {"cursor": "x"}).headers


def test_a_threat_that_is_doubted_waits_for_whoever_reported_it(client: TestClient, world: World) -> None:
    event = threat(61, id="board-61", data={"title": "Doubted"})
    assert client.post("/api/v1/events", json=event, headers=world.bearer("publisher")).status_code == 201
    doubt = {"about_event": "board-61", "about_source": f"urn:hub:partner:{OWN}", "verdict": "disputes"}
    at = say(client, world, "signer", "claim.assessed", doubt)
    seen = page(client, world, "publisher", "/board", at)
    assert "Another partner doubts what you reported." in seen
    assert f'href="/review/{event["data"]["threat"]}"' in seen


def asked_for(client: TestClient, world: World, event: str) -> str:
    """Ask by form, as one steward, to read an event of a partner; return the page then."""
    typed = {"partner": OWN, "event": event, "code": "danger_to_life", "text": "A <call> names it."}
    done = send(client, world, "steward", "/steward/glass", typed)
    assert (done.status_code, done.headers["location"]) == (303, "/steward#glass")
    return page(client, world, "steward", "/steward")


def glass_of(seen: str, event: str, act: str) -> str | None:
    """Return where a form of the request for an event sends to."""
    cards = [one for one in seen.split("<article")[1:] if f"<code>{event}</code>" in one]
    found = re.search(f'action="(/steward/glass/[^"]+/{act})"', cards[0].partition("</article>")[0])
    return None if found is None else found[1]


def test_two_stewards_read_by_form_what_neither_may_see(client: TestClient, world: World) -> None:
    world.issue("second", "stewards", "steward", account="second", clearance="amber+strict")
    world.issue("third", "stewards", "steward", account="third", clearance="amber+strict")
    world.issue("boss", OWN, "coordinator", clearance="red")
    hidden = threat(77, tlp="red", data={"narrative": "What only they know."})
    assert client.post("/api/v1/events", json=hidden, headers=world.bearer("boss")).status_code == 201
    seen = asked_for(client, world, hidden["id"])
    assert "A <call> names it." in seen
    assert glass_of(seen, hidden["id"], "agree") is None
    agree = glass_of(page(client, world, "second", "/steward"), hidden["id"], "agree")
    assert agree is not None
    own = send(client, world, "steward", agree, {})
    assert own.status_code == 422
    assert "You asked for it yourself" in words(own.text)
    read = agree.replace("/agree", "/read")
    early = send(client, world, "steward", read, {})
    assert "No second steward has agreed yet." in words(early.text)
    assert send(client, world, "second", agree, {}).status_code == 303
    again = send(client, world, "third", agree, {})
    assert "Another steward has agreed already." in words(again.text)
    assert glass_of(page(client, world, "third", "/steward"), hidden["id"], "read") is None
    other = send(client, world, "third", read, {})
    assert "Only the two stewards" in words(other.text)
    assert "What only they know." not in other.text
    for who in ("steward", "second"):
        assert glass_of(page(client, world, who, "/steward"), hidden["id"], "read") == read
        shown = send(client, world, who, read, {})
        assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
        assert "What only they know." in words(shown.text)
    listed = client.get("/api/v1/glass", headers=world.bearer("third")).json()["requests"]
    assert [one["reads"] for one in listed if one["id"] == hidden["id"]] == [2]


def test_whether_there_is_such_an_event_is_told_to_who_reads_alone(client: TestClient, world: World) -> None:
    world.issue("fourth", "stewards", "steward", account="fourth", clearance="amber")
    agree = glass_of(
        asked_for(client, world, "t-nowhere") and page(client, world, "fourth", "/steward"),
        "t-nowhere",
        "agree",
    )
    assert agree is not None
    assert send(client, world, "fourth", agree, {}).status_code == 303
    assert send(client, world, "fourth", agree.replace("/agree", "/read"), {}).status_code == 404
    assert send(client, world, "fourth", "/steward/glass/nothing/agree", {}).status_code == 404


def test_when_the_time_for_a_reading_is_over_the_desk_says_so(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    world.issue("second", "stewards", "steward", account="second", clearance="amber+strict")
    with calling(world, follow_redirects=False) as client:
        agree = glass_of(
            asked_for(client, world, "t-old") and page(client, world, "second", "/steward"), "t-old", "agree"
        )
        assert agree is not None
        world.clock.move(hours=24, seconds=1)
        late = send(client, world, "second", agree, {})
        assert late.status_code == 422
        assert "The time for this is over. Ask again." in words(late.text)
        # What has no effect any more is not offered, either.
        assert "t-old" not in page(client, world, "second", "/steward")
        asked_for(client, world, "t-new")
        agree = glass_of(page(client, world, "second", "/steward"), "t-new", "agree")
        assert agree is not None
        assert send(client, world, "second", agree, {}).status_code == 303
        world.clock.move(hours=1, seconds=1)
        read = send(client, world, "second", agree.replace("/agree", "/read"), {})
        assert read.status_code == 422
        assert "The time for this is over. Ask again." in words(read.text)


def test_glass_by_form_is_for_stewards_who_may_act_and_for_our_own_pages(
    client: TestClient, world: World
) -> None:
    addresses = ("glass", "glass/x/agree", "glass/x/read")
    for address in addresses:
        for who in ("publisher", "observer", None):
            answer = client.post(f"/steward/{address}", data={}, headers=shows(world, who))
            assert answer.status_code == 404, address
    typed = {"partner": OWN, "event": "t", "code": "erasure", "text": "Why."}
    assert send(client, world, "reading", "/steward/glass", typed).status_code == 403
    assert 'action="/steward/glass"' not in page(client, world, "reading", "/steward")
    token = {"token": world.tokens["steward"]}
    signed = client.post("/sign-in", data=token, headers=shows(world, None), follow_redirects=False)
    assert signed.status_code == 303
    try:
        for address in addresses:
            for origin in ({}, {"Origin": "https://elsewhere.example"}):
                assert client.post(f"/steward/{address}", data=typed, headers=origin).status_code == 403
    finally:
        client.cookies.clear()


@pytest.mark.parametrize(
    ("more", "name", "said"),
    [
        ({"partner": ""}, "partner", "There is no partner of this name."),
        ({"event": ""}, "event", "This is no id of an event"),
        ({"code": "curiosity"}, "code", "Choose one of the list."),
        ({"text": " "}, "text", "Say why, in 1 to 500 characters."),
    ],
)
def test_what_is_wrong_with_a_request_is_told_at_its_field(
    client: TestClient, world: World, more: dict[str, str], name: str, said: str
) -> None:
    typed = {"partner": OWN, "event": "t-kept", "code": "erasure", "text": "Kept words", **more}
    answer = send(client, world, "steward", "/steward/glass", typed)
    assert answer.status_code == 422
    wrong = re.search(f'<p class="wrong" id="wrong-glass-{name}">([^<]+)', answer.text)
    assert wrong is not None
    assert said in words(wrong[1])
    assert ("Kept words" in answer.text) == (name != "text")


def test_the_desk_names_the_hubs_that_are_listened_to(client: TestClient, world: World) -> None:
    book = client.app_state["federation"].book
    now = world.clock()
    empty = page(client, world, "steward", "/steward")
    assert "This hub listens to no other." in words(empty)
    assert "hub peer add" in empty
    book.add(Peer("far-hub", "https://far.example", "hub_secret", "here", frozenset({OWN})))
    try:
        why = "Decisions are made in one hub and do not travel."
        book.refuse("far-hub", NotTaken(f"urn:hub:partner:{OWN}", "t-9", "decided_there", why, now))
        part = ""
        # The hub tries to listen meanwhile, and says itself what comes of it.
        while "It <does not> answer." not in part:
            book.note("far-hub", "away", "It <does not> answer.", now)
            seen = page(client, world, "steward", "/steward")
            part = seen[seen.index('id="peers"') : seen.index('id="trail"')]
        said = words(part)
        for text in ("far-hub", "https://far.example", "Out of reach", "t-9", why):
            assert text in said, text
        assert "hub_secret" not in seen
        assert "hub peer add" not in seen
        in_arabic = client.get("/steward", headers={**shows(world, "steward"), "Accept-Language": "ar"}).text
        listed = in_arabic[in_arabic.index('id="peers"') : in_arabic.index('id="trail"')]
        assert translations("ar").gettext(why) in listed
        assert why not in listed
        row = client.get("/api/v1/peers", headers=world.bearer("steward")).json()["items"][0]
        assert row["refusals"][0]["why"] == why
        assert row["looked"] in part
        assert client.get("/steward", headers=shows(world, "publisher")).status_code == 404
    finally:
        book.remove("far-hub")
