import re
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from tests.running import TestClient, World, calling, make_world, threat

HUB = {"Origin": "http://hub.test"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with calling(world, follow_redirects=False) as opened:
        yield opened


def publish(client: TestClient, world: World, number: int, **more: Any) -> str:
    answer = client.post("/api/v1/events", json=threat(number, **more), headers=world.bearer("publisher"))
    return str(answer.json()["cursor"])


def sign_in(client: TestClient, token: str) -> Any:
    return client.post("/sign-in", data={"token": token}, headers=HUB)


def test_the_first_page_shows_the_newest_that_the_public_may_see(client: TestClient, world: World) -> None:
    publish(client, world, 1, tlp="clear", data={"title": "<b>Chambers</b> sealed"})
    cursor = publish(client, world, 2, data={"title": "Not for everybody"})
    page = client.get("/", params={"at_least": cursor})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "&lt;b&gt;Chambers&lt;/b&gt; sealed" in page.text
    assert "Not for everybody" not in page.text
    assert "A threat against a lawyer" in page.text


def test_the_newest_come_first(client: TestClient, world: World) -> None:
    publish(client, world, 11, tlp="clear", data={"title": "Earlier"})
    cursor = publish(client, world, 12, tlp="clear", data={"title": "Later"})
    page = client.get("/live", params={"at_least": cursor}).text
    assert page.index("Later") < page.index("Earlier")


def test_the_feed_of_a_page_goes_on_where_the_page_ends(client: TestClient, world: World) -> None:
    cursor = publish(client, world, 21, tlp="clear")
    page = client.get("/live", params={"at_least": cursor}).text
    assert f'data-feed="/api/v1/feed?after={cursor}"' in page


@pytest.mark.parametrize(
    "address", ["/", "/live", "/explore", "/docs", "/sign-in", "/sign-in/abc", "/static/hub.css"]
)
def test_no_page_asks_anybody_else_or_runs_inline_code(client: TestClient, address: str) -> None:
    page = client.get(address)
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    asked = re.findall(r'(?:src|href|action|data-feed)="([^"]+)"|url\(([^)]+)\)', page.text)
    assert all((one or other).startswith(("/", "#")) for one, other in asked)
    assert not re.search(r"<script(?! src=)|<style|\son\w+=|\sstyle=", page.text)


@pytest.mark.parametrize(
    ("name", "media"),
    [("hub.css", "text/css"), ("live.js", "text/javascript"), ("mark.svg", "image/svg+xml")],
)
def test_static_files_are_served_with_their_type(client: TestClient, name: str, media: str) -> None:
    found = client.get(f"/static/{name}")
    assert found.headers["content-type"].startswith(media)
    assert found.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize(
    ("accepted", "name", "packs"),
    [
        ("br, gzip", "hub.css", True),
        ("gzip;q=0.5", "live.js", True),
        ("gzip;q=0", "hub.css", False),
        ("identity", "hub.css", False),
        ("gzip", "icon-192.png", False),
    ],
)
def test_what_is_the_same_for_everybody_is_sent_small_to_whoever_can_read_it(
    client: TestClient, accepted: str, name: str, packs: bool
) -> None:
    whole = client.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
    found = client.get(f"/static/{name}", headers={"Accept-Encoding": accepted})
    assert (found.headers.get("content-encoding") == "gzip") == packs
    assert (int(found.headers["content-length"]) < len(whole.content) / 2) == packs
    assert found.content == whole.content
    assert found.headers["vary"] == "Accept-Encoding"


def test_other_static_files_and_pages_are_absent(client: TestClient) -> None:
    for address in ("/static/nothing.css", "/static/..%2f__init__.py", "/nowhere"):
        assert client.get(address).status_code == 404


def test_a_token_signs_in_and_out(client: TestClient, world: World) -> None:
    answer = sign_in(client, world.tokens["observer"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert all(mark in cookie for mark in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"))
    assert "Secure" not in cookie
    assert world.tokens["observer"] not in cookie
    assert "<strong>open-docket</strong>" in client.get("/").text
    assert client.get("/api/v1/me").json()["partner"] == "open-docket"
    assert client.post("/sign-out", headers=HUB).status_code == 303
    assert client.get("/api/v1/me").json()["partner"] is None


def test_signing_out_again_is_fine(client: TestClient) -> None:
    assert client.post("/sign-out", headers=HUB).status_code == 303


def test_a_session_that_is_unknown_is_the_public(client: TestClient) -> None:
    client.cookies.set("hub_session", "nothing")
    assert client.get("/api/v1/me").json()["partner"] is None


@pytest.mark.parametrize("token", ["hub_wrong", "", "ünknown"])
def test_a_token_that_does_not_work_is_told_on_the_page(client: TestClient, token: str) -> None:
    answer = sign_in(client, token)
    assert answer.status_code == 403
    assert "This token does not work." in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}])
@pytest.mark.parametrize("address", ["/sign-in", "/sign-in/abc", "/sign-out"])
def test_another_page_cannot_post_here(client: TestClient, headers: dict[str, str], address: str) -> None:
    answer = client.post(address, data={"token": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:hub:problem:origin-refused")


def test_another_page_cannot_publish_with_a_session(client: TestClient, world: World) -> None:
    sign_in(client, world.tokens["publisher"])
    event = threat(31)
    refused = client.post("/api/v1/events", json=event, headers={"Origin": "https://elsewhere.example"})
    assert refused.status_code == 403
    assert client.post("/api/v1/events", json=event, headers=HUB).status_code == 201


def test_a_link_signs_in_once_and_looking_does_not_spend_it(client: TestClient, world: World) -> None:
    from tests.running import open_accounts

    accounts = open_accounts(world.settings.data, world.chance)
    link = accounts.make_link(world.accounts["observer"].id, world.clock())
    accounts.close()
    for _ in range(2):
        assert "Press the button" in client.get(f"/sign-in/{link}").text
    assert client.post(f"/sign-in/{link}", headers=HUB).status_code == 303
    assert client.get("/api/v1/me").json()["account"] == "observer"
    again = client.post(f"/sign-in/{link}", headers=HUB)
    assert again.status_code == 403
    assert "used already" in again.text


def test_a_revoked_token_ends_its_sessions(client: TestClient, world: World) -> None:
    world.issue("leaving", "open-docket", "observer")
    sign_in(client, world.tokens["leaving"])
    world.revoke("leaving")
    assert client.get("/api/v1/me").json()["partner"] is None


def test_behind_https_the_cookie_is_secure(tmp_path: Any) -> None:
    world = make_world(tmp_path, public_url="https://hub.example")
    with calling(world, follow_redirects=False) as client:
        token = {"token": world.tokens["observer"]}
        answer = client.post("/sign-in", data=token, headers={"Origin": "https://hub.example"})
        assert "Secure" in answer.headers["set-cookie"]


def test_a_suspended_partner_still_gets_pages(tmp_path: Any) -> None:
    from tests.running import example

    world = make_world(tmp_path)
    with calling(world, follow_redirects=False) as client:
        sign_in(client, world.tokens["observer"])
        data = {**example("partner.suspended.v1"), "partner": "partner:open-docket", "scope": "both"}
        base = {"specversion": "1.0", "id": "suspend", "source": "urn:hub:partner:stewards"}
        event = {**base, "type": "partner.suspended", "data": data}
        answer = client.post("/api/v1/events", json=event, headers=world.bearer("steward"))
        assert answer.status_code == 201
        assert client.get("/sign-in").status_code == 200
        assert client.get("/api/v1/me").status_code == 403
        assert sign_in(client, world.tokens["observer"]).status_code == 403


def test_the_reference_names_every_address_type_and_message(client: TestClient) -> None:
    text = client.get("/docs").text
    for said in ("/api/v1/events/{source}/{id}", "threat.reported", "/api/v1/graph/paths", "withdrawn"):
        assert said in text


def test_the_form_of_a_large_page_leaves_before_what_it_asks_for_is_found(
    client: TestClient, world: World
) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    publish(client, world, 71, tlp="clear")
    address = {"path": "/explore", "raw_path": b"/explore", "query_string": b"", "root_path": ""}
    known = {"headers": [(b"host", b"hub.test")], "client": ("127.0.0.1", 1), "server": ("hub.test", 80)}
    scope = {"type": "http", "http_version": "1.1", "scheme": "http", "method": "GET", **address, **known}
    app: Any = client.app
    state = dict(client.app_state)
    assert client.portal is not None
    client.portal.call(lambda: app({**scope, "state": state}, anyio.sleep_forever, send))
    first, *others = [one.get("body", b"") for one in sent if one["type"] == "http.response.body"]
    assert b'<form class="ask"' in first
    assert b"data-graph" not in first
    assert b"data-graph" in b"".join(others)
    assert others[-1] == b""
    assert b"".join(others).endswith(b"</html>")
