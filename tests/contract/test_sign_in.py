"""Signing in to pages, where a token may be used from, limits of calls and guesses, and the end of rights."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from hub.limits import GUESSES
from hub.routes import addresses
from hub.settings import Settings
from tests.running import (
    Served,
    TestClient,
    World,
    calling,
    example,
    make_world,
    open_accounts,
    serving,
    threat,
)

Json = Any

HUB = {"Origin": "http://hub.test"}
NEAR, FAR = ("192.0.2.7", 5), ("198.51.100.7", 5)
WITHIN_SECONDS = 2.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def client(world: World) -> Iterator[TestClient]:
    with calling(world, follow_redirects=False) as opened:
        yield opened


def sign_in(client: TestClient, token: str, **headers: str) -> Any:
    return client.post("/sign-in", data={"token": token}, headers={**HUB, **headers})


def link_of(world: World, who: str) -> str:
    with closing(open_accounts(world.settings.data, world.chance)) as accounts:
        return accounts.make_link(world.accounts[who].id, world.clock())


def who_am_i(client: TestClient, **headers: str) -> Any:
    return client.get("/api/v1/me", headers=headers)


# From where


@pytest.fixture
def bound(world: World) -> dict[str, str]:
    world.issue("bound", "open-docket", "observer", networks=("192.0.2.0/24",))
    return world.bearer("bound")


def test_a_token_from_elsewhere_answers_like_one_that_does_not_work(
    world: World, bound: dict[str, str]
) -> None:
    with calling(world, client=NEAR) as near:
        assert who_am_i(near, **bound).json()["partner"] == "open-docket"
    with calling(world, client=FAR) as far:
        elsewhere = who_am_i(far, **bound)
        wrong = who_am_i(far, Authorization="Bearer hub_wrong")
        assert (elsewhere.status_code, elsewhere.content) == (401, wrong.content)
        assert elsewhere.headers == wrong.headers


def test_a_session_and_a_link_do_not_leave_their_networks_either(world: World, bound: dict[str, str]) -> None:
    link = link_of(world, "bound")
    with calling(world, client=NEAR, follow_redirects=False) as near:
        session = sign_in(near, world.tokens["bound"]).cookies["hub_session"]
        assert who_am_i(near).json()["partner"] == "open-docket"
    with calling(world, client=FAR, follow_redirects=False) as far:
        far.cookies.set("hub_session", session)
        assert who_am_i(far).json()["partner"] is None
        far.cookies.clear()
        assert sign_in(far, world.tokens["bound"]).status_code == 403
        assert far.post(f"/sign-in/{link}", headers=HUB).status_code == 403
        assert far.post(f"/sign-in/{link}", headers=HUB).cookies == {}


@pytest.mark.parametrize(
    ("nearest", "told", "works"),
    [
        ("203.0.113.9", "192.0.2.7", False),
        ("10.0.0.1", "192.0.2.7", True),
        ("10.0.0.1", "192.0.2.7, 198.51.100.7", False),
        ("10.0.0.1", "198.51.100.7, 192.0.2.7", True),
        ("10.0.0.1", "198.51.100.7, 192.0.2.7, 10.0.0.2", True),
        ("10.0.0.1", "192.0.2.7, nonsense", False),
        ("10.0.0.1", "192.0.2.7:4711", True),
        ("10.0.0.1", None, False),
        ("10.0.0.1", "10.0.0.2", False),
    ],
)
def test_the_rightmost_address_that_no_trusted_proxy_has_counts(
    tmp_path: Path, nearest: str, told: str | None, works: bool
) -> None:
    proxies = Settings.read({"HUB_TRUSTED_PROXIES": "10.0.0.0/8"}).trusted_proxies
    world = make_world(tmp_path, trusted_proxies=proxies)
    world.issue("bound", "open-docket", "observer", networks=("192.0.2.0/24",))
    forwarded = {} if told is None else {"X-Forwarded-For": told}
    with calling(world, client=(nearest, 5)) as client:
        assert (who_am_i(client, **world.bearer("bound"), **forwarded).status_code == 200) is works


def test_a_feed_from_elsewhere_is_refused(world: World) -> None:
    world.issue("bound", "open-docket", "observer", networks=("192.0.2.0/24",))
    with serving(world) as hub:
        answer = httpx.get(f"{hub.url}/api/v1/feed", headers=world.bearer("bound"))
        assert answer.status_code == 401


# Sessions


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example", "null", "http://hub.test.example"])
def test_no_other_page_posts_anything_here_with_a_session(
    client: TestClient, world: World, origin: str | None
) -> None:
    sign_in(client, world.tokens["steward"])
    headers = {} if origin is None else {"Origin": origin}
    posts = [one for one in addresses() if one.method == "POST"]
    assert len(posts) > 30
    for one in posts:
        answer = client.post(one.path.replace("{secret}", "x").replace("{request}", "x"), headers=headers)
        said = (answer.status_code, answer.json()["type"])
        assert said == (403, "urn:hub:problem:origin-refused"), one.name
        assert who_am_i(client).json()["partner"] == "stewards", one.name


@pytest.mark.parametrize(
    ("public_url", "headers", "secure"),
    [
        ("https://hub.test", {}, True),
        ("http://hub.test", {}, False),
        ("", {"X-Forwarded-Proto": "https"}, False),
    ],
)
def test_the_cookie_is_for_this_hub_alone(
    tmp_path: Path, public_url: str, headers: dict[str, str], secure: bool
) -> None:
    world = make_world(tmp_path, public_url=public_url)
    with calling(world, follow_redirects=False) as client:
        cookie = sign_in(client, world.tokens["observer"], **headers).headers["set-cookie"]
    assert all(mark in cookie for mark in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert ("Secure" in cookie) is secure
    assert "Domain" not in cookie


def test_a_trusted_proxy_says_that_it_is_reached_by_https(tmp_path: Path) -> None:
    proxies = Settings.read({"HUB_TRUSTED_PROXIES": "10.0.0.1"}).trusted_proxies
    world = make_world(tmp_path, trusted_proxies=proxies)
    with calling(world, client=("10.0.0.1", 5), follow_redirects=False) as client:
        cookie = sign_in(client, world.tokens["observer"], **{"X-Forwarded-Proto": "https"})
    assert "Secure" in cookie.headers["set-cookie"]


def test_signing_in_takes_no_session_that_somebody_planted(client: TestClient, world: World) -> None:
    client.cookies.set("hub_session", "planted")
    session = sign_in(client, world.tokens["observer"]).cookies["hub_session"]
    assert session != "planted"
    client.cookies.clear()
    client.cookies.set("hub_session", "planted")
    assert who_am_i(client).json()["partner"] is None


def test_signing_in_again_ends_the_session_before(client: TestClient, world: World) -> None:
    first = sign_in(client, world.tokens["observer"]).cookies["hub_session"]
    assert sign_in(client, world.tokens["publisher"]).status_code == 303
    assert who_am_i(client).json()["partner"] == "harbour-bar-watch"
    client.cookies.clear()
    client.cookies.set("hub_session", first)
    assert who_am_i(client).json()["partner"] is None


def test_whoever_kept_the_cookie_is_signed_out_too(client: TestClient, world: World) -> None:
    session = sign_in(client, world.tokens["observer"]).cookies["hub_session"]
    assert client.post("/sign-out", headers=HUB).status_code == 303
    client.cookies.set("hub_session", session)
    assert who_am_i(client).json()["partner"] is None


def test_a_session_ends_with_its_token(client: TestClient, world: World) -> None:
    world.issue("brief", "open-docket", "observer", expires=world.clock() + timedelta(minutes=1))
    sign_in(client, world.tokens["brief"])
    assert who_am_i(client).json()["partner"] == "open-docket"
    world.clock.move(minutes=1)
    assert who_am_i(client).json()["partner"] is None


def test_of_two_who_use_a_link_together_one_signs_in(world: World) -> None:
    link = link_of(world, "observer")
    ready = threading.Barrier(4)

    with serving(world) as hub:

        def press(_: int) -> int:
            ready.wait()
            return httpx.post(f"{hub.url}/sign-in/{link}", headers={"Origin": hub.url}).status_code

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(press, range(4))) == [303, 403, 403, 403]


def test_the_link_of_a_suspended_partner_opens_nothing(client: TestClient, world: World) -> None:
    link = link_of(world, "observer")
    suspend(client, world, "open-docket")
    assert client.post(f"/sign-in/{link}", headers=HUB).status_code == 403
    assert sign_in(client, world.tokens["observer"]).status_code == 403


# Limits


def test_an_account_that_calls_too_often_waits_and_others_do_not(tmp_path: Path) -> None:
    world = make_world(tmp_path, rate_burst=3, rate_per_second=0.5)
    with calling(world) as client:
        observer, publisher = world.bearer("observer"), world.bearer("publisher")
        assert [who_am_i(client, **observer).status_code for _ in range(4)] == [200, 200, 200, 429]
        limited = who_am_i(client, **observer)
        assert limited.headers["content-type"] == "application/problem+json"
        assert (limited.json()["type"], limited.headers["retry-after"]) == (
            "urn:hub:problem:rate-limited",
            "2",
        )
        assert client.get("/healthz", headers=observer).status_code == 429
        assert who_am_i(client, **publisher).status_code == 200
        assert [who_am_i(client).status_code for _ in range(4)] == [200, 200, 200, 429]
        world.clock.move(seconds=2)
        assert who_am_i(client, **observer).status_code == 200


def test_a_session_counts_for_its_account(tmp_path: Path) -> None:
    world = make_world(tmp_path, rate_burst=3, rate_per_second=0.5)
    with calling(world, follow_redirects=False) as client:
        sign_in(client, world.tokens["observer"])
        assert [who_am_i(client).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert who_am_i(client, **world.bearer("observer")).status_code == 429


def test_a_feed_is_a_call_too(tmp_path: Path) -> None:
    world = make_world(tmp_path, rate_burst=1, rate_per_second=0.01)
    with serving(world) as hub:
        headers = world.bearer("observer")
        assert httpx.get(f"{hub.url}/healthz", headers=headers).status_code == 200
        answer = httpx.get(f"{hub.url}/api/v1/feed", headers=headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "100")


def test_the_events_of_a_batch_weigh_little_and_none_is_cut_off(tmp_path: Path) -> None:
    world = make_world(tmp_path, rate_burst=4, rate_per_second=1)
    headers = {**world.bearer("publisher"), "Content-Type": "application/x-ndjson"}
    with calling(world) as client:
        for first in (0, 300):
            lines = "\n".join(json.dumps(threat(number)) for number in range(first, first + 300))
            answer = client.post("/api/v1/events", content=lines, headers=headers)
            assert (answer.status_code, answer.json().get("stored")) in {(200, 300), (429, None)}
        assert answer.status_code == 429
        world.clock.move(seconds=1)
        assert client.post("/api/v1/events", content=lines, headers=headers).json()["stored"] == 300


def test_wrong_tokens_are_slow_to_guess_and_nobody_is_locked_out(world: World) -> None:
    good, wrong = world.bearer("observer"), {"Authorization": "Bearer hub_wrong"}
    with calling(world, client=NEAR) as near:
        assert who_am_i(near, **good).status_code == 200
        answers = [who_am_i(near, **wrong).status_code for _ in range(GUESSES + 3)]
        assert answers == [401] * GUESSES + [429] * 3
        assert who_am_i(near, **world.bearer("publisher")).status_code == 429
        assert who_am_i(near, **good).status_code == 200
        assert near.get("/api/v1/me").status_code == 200
        world.clock.move(minutes=1)
        assert who_am_i(near, **world.bearer("publisher")).status_code == 200


def test_attempts_to_sign_in_are_limited_and_successes_cost_nothing(client: TestClient, world: World) -> None:
    for _ in range(GUESSES + 3):
        assert sign_in(client, world.tokens["observer"]).status_code == 303
    link = link_of(world, "publisher")
    client.cookies.clear()
    assert [sign_in(client, "hub_wrong").status_code for _ in range(5)] == [403] * 5
    assert [client.post("/sign-in/nothing", headers=HUB).status_code for _ in range(6)] == [403] * 5 + [429]
    limited = sign_in(client, "hub_wrong")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "6")
    assert "Wait a minute" in limited.text
    assert sign_in(client, world.tokens["steward"]).status_code == 429
    assert sign_in(client, world.tokens["observer"]).status_code == 303
    assert client.post(f"/sign-in/{link}", headers=HUB).status_code == 429
    world.clock.move(minutes=1)
    assert client.post(f"/sign-in/{link}", headers=HUB).status_code == 303


# The end of rights


def suspension(partner: str) -> Json:
    data = {**example("partner.suspended.v1"), "partner": f"partner:{partner}", "scope": "both"}
    data.pop("distrust_events_after", None)
    own = {"specversion": "1.0", "id": f"suspend-{partner}", "source": "urn:hub:partner:stewards"}
    return {**own, "type": "partner.suspended", "data": data}


def suspend(client: Any, world: World, partner: str) -> None:
    answer = client.post("/api/v1/events", json=suspension(partner), headers=world.bearer("steward"))
    assert answer.status_code == 201, answer.text


def end_by_revocation(world: World, _: Served) -> None:
    world.revoke("leaving")


def end_by_suspension(world: World, hub: Served) -> None:
    hub.post(suspension("open-docket"), world.bearer("steward"))


def end_by_time(world: World, _: Served) -> None:
    world.clock.move(minutes=1)
    # Time alone rings no bell while the clock of a test jumps; a beat of the pulse does.
    world.issue("another", "open-docket", "observer")


@contextmanager
def websocket(hub: Served, headers: dict[str, str]) -> Iterator[Iterator[Json]]:
    with connect(hub.feed, additional_headers=headers, compression=None, proxy=None) as listener:
        yield _told(listener)


def _told(listener: ClientConnection) -> Iterator[Json]:
    with suppress(ConnectionClosed):
        while True:
            yield json.loads(listener.recv(timeout=10))


@contextmanager
def server_sent(hub: Served, headers: dict[str, str]) -> Iterator[Iterator[Json]]:
    accept = {**headers, "Accept": "text/event-stream"}
    with httpx.stream("GET", f"{hub.url}/api/v1/feed", headers=accept, timeout=10) as answer:
        yield (json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: "))


@pytest.mark.parametrize("end", [end_by_revocation, end_by_suspension, end_by_time])
@pytest.mark.parametrize("follow", [websocket, server_sent])
def test_a_feed_ends_within_two_seconds_of_its_rights(tmp_path: Path, follow: Any, end: Any) -> None:
    world = make_world(tmp_path, look_seconds=Settings().look_seconds)
    world.issue("leaving", "open-docket", "observer", expires=world.clock() + timedelta(minutes=1))
    with serving(world) as hub, follow(hub, world.bearer("leaving")) as messages:
        assert next(messages)["kind"] == "live"
        end(world, hub)
        since = time.monotonic()
        kinds = [(one["kind"], one.get("reason")) for one in messages]
        assert time.monotonic() - since < WITHIN_SECONDS
        assert kinds[-1] == ("bye", "revoked")


def test_a_feed_of_a_browser_ends_when_it_signs_out(world: World) -> None:
    with serving(world) as hub, httpx.Client(base_url=hub.url, headers={"Origin": hub.url}) as browser:
        browser.post("/sign-in", data={"token": world.tokens["observer"]})
        cookie = {"Cookie": f"hub_session={browser.cookies['hub_session']}", "Origin": hub.url}
        with websocket(hub, cookie) as messages:
            assert next(messages)["kind"] == "live"
            browser.post("/sign-out")
            assert next(messages)["reason"] == "revoked"


def _lines(numbers: range) -> bytes:
    return b"".join(json.dumps(threat(number)).encode() + b"\n" for number in numbers)


def in_flight(world: World, meanwhile: Callable[[Served], None]) -> tuple[httpx.Response, list[str]]:
    """Send a batch in two halves; return its answer, and which events are there in the end."""
    with serving(world) as hub:

        def recorded() -> list[str]:
            asked = {"type": "threat.*"}
            answer = httpx.get(f"{hub.url}/api/v1/events", params=asked, headers=world.bearer("observer"))
            return [one["id"] for one in answer.json()["events"]]

        def body() -> Iterator[bytes]:
            yield b"".join(json.dumps(threat(number)).encode() + b"\n" for number in range(20))
            while len(recorded()) < 20:
                pass
            meanwhile(hub)
            yield b"".join(json.dumps(threat(number)).encode() + b"\n" for number in range(20, 40))

        headers = {**world.bearer("publisher"), "Content-Type": "application/x-ndjson"}
        answer = httpx.post(f"{hub.url}/api/v1/events", content=body(), headers=headers, timeout=30)
        return answer, recorded()


@pytest.mark.parametrize("scope", ["both", "write"])
def test_a_batch_in_flight_stops_where_its_partner_is_suspended(tmp_path: Path, scope: str) -> None:
    world = make_world(tmp_path, chunk_lines=10)
    event = suspension("harbour-bar-watch")
    event["data"]["scope"] = scope
    answer, recorded = in_flight(world, lambda hub: hub.post(event, world.bearer("steward")))
    assert answer.status_code == 207
    assert (answer.json()["stored"], answer.json()["rejected"]) == (20, 20)
    codes = {error["code"] for one in answer.json()["results"][20:] for error in one["errors"]}
    assert codes == {"not_admitted"}
    assert recorded == [f"t-{number}" for number in range(20)]


def test_a_batch_in_flight_stops_where_its_token_is_revoked(tmp_path: Path) -> None:
    world = make_world(tmp_path, chunk_lines=10)
    answer, recorded = in_flight(world, lambda _: world.revoke("publisher"))
    assert answer.status_code == 401
    assert recorded == [f"t-{number}" for number in range(20)]


def test_what_waits_in_an_outbox_of_a_suspended_partner_is_never_recorded(
    world: World, tmp_path: Path
) -> None:
    from hub.client.answers import Turned
    from hub.client.door import Door, Patience
    from hub.client.outbox import Outbox
    from hub.client.push import Push, Tally

    with serving(world) as hub, httpx.Client(base_url=hub.url) as stewards:
        outbox = Outbox(tmp_path / "outbox", hub.url, "run")
        outbox.add([("calls.ndjson", number, threat(number)) for number in range(1, 4)])
        suspend(stewards, world, "harbour-bar-watch")
        door = Door(hub.url, world.tokens["publisher"], Patience(0, lambda _: None, lambda _: None))
        with pytest.raises(Turned) as turned:
            Push(door, outbox, 2, dry_run=False).send_all(Tally(), lambda _: None)
        assert turned.value.status == 403
        assert len(outbox) == 3
        door.close()
        outbox.close()
        asked = {"type": "threat.*"}
        found = stewards.get("/api/v1/events", params=asked, headers=world.bearer("observer"))
        assert found.json()["events"] == []
