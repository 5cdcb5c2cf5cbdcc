"""Ten thousand malformed inputs, at every door that takes any: each is refused with a problem, nothing is stored."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.counting import note
from tests.property.test_malformed import TOKEN, Hub, batches, bodies, hub, refused
from tests.running import threat

__all__ = ["hub"]

Json = Any

MANY, FEW = 2_600, 20
"""Inputs of each kind."""

TOGETHER = 26
"""Inputs that several callers send at once; a good event follows."""

CALLERS = 6
ADDRESSES = (
    "/api/v1/events", "/api/v1/graph", "/api/v1/search", "/api/v1/lawyers/x", "/api/v1/feed", "/", "/explore",
    "/api/v1/tree/proof", "/api/v1/deadlines",
)  # fmt: skip
NAMES = ("limit", "after", "before", "at_least", "type", "q", "country", "lang", "depth", "at", "unknown")

pytestmark = pytest.mark.timeout(1_400)


def queries() -> st.SearchStrategy[str]:
    """Return query strings of odd bytes under names that doors know, and one that none does."""
    value = st.one_of(
        st.binary(max_size=40).map(quote_from_bytes),
        st.sampled_from(
            ["-1", "0", "1e9", "9" * 500, "NaN", "%", "%zz", "%ff", "%00", "", "2031-99-99", "[]"]
        ),
    )
    pair = st.tuples(st.sampled_from(NAMES), value).map("=".join)
    return st.lists(pair, min_size=1, max_size=4).map("&".join)


def frames(count: int, seed: int) -> Iterator[str | bytes]:
    """Give messages that no feed understands."""
    random = Random(seed)
    for _ in range(count):
        kind = random.randrange(5)
        if kind == 0:
            yield random.randbytes(random.randrange(1, 60))
        elif kind == 1:
            yield "".join(chr(random.randrange(32, 0xD7FF)) for _ in range(random.randrange(1, 40)))
        elif kind == 2:
            yield '{"type":' * random.randrange(1, 200)
        elif kind == 3:
            yield json.dumps({"type": random.choice(["hello", "", TOKEN, None, 3, []]), TOKEN: TOKEN})
        else:
            yield json.dumps([TOKEN] * random.randrange(1, 9))


DOORS = (
    "/api/v1/subscriptions", "/api/v1/witness/add-checkpoint", "/api/v1/conflicts/x", "/publish/threat.reported",
    "/publish/file", "/sign-in", "/sign-in/x", "/language", "/nowhere",
)  # fmt: skip
FORMS = (
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/csv", "application/json",
    "multipart/form-data",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)  # fmt: skip


def forms() -> st.SearchStrategy[bytes]:
    """Return bodies of forms, tables and files that are none."""
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    noise = st.binary(max_size=80)
    return st.one_of(
        noise,
        noise.map(lambda one: b"data=" + one + b"&type=%ff&csrf=" + one),
        noise.map(lambda one: part + one + b"\r\n--x--\r\n"),
        noise.map(lambda one: part + b"id,type,data\r\n" + one),
        noise.map(lambda one: b"PK\x03\x04" + one),
        noise.map(lambda one: b'"id";"title\n' + one),
    )


def survives(hub: Hub, method: str, address: str, **more: Any) -> None:
    """Ask, and check what holds for every answer to nonsense."""
    headers = {**hub.world.bearer("publisher"), **more.pop("headers", {})}
    answer = hub.client.request(method, address, headers=headers, follow_redirects=False, **more)
    assert answer.status_code < 500, (address, more, answer.text[:500])
    assert hub.state["end_of_log"]() == hub.head
    if answer.status_code >= 400 and address.startswith("/api/"):
        assert answer.headers["content-type"] == "application/problem+json"


def refused_lines(hub: Hub, sent: tuple[bytes, dict[str, str]], query: str) -> None:
    """Send lines; each is refused, and nothing of it is said again but its id.

    The report of a batch names each line by its number and its own `id`, as the interface has it, so that whoever sent
    it finds the line; it is told to the sender alone. Errors echo no value, be it an id.
    """
    body, headers = sent
    answer = hub.client.post(
        f"/api/v1/events{query}", content=body, headers={**hub.world.bearer("publisher"), **headers}
    )
    assert 400 <= answer.status_code < 500 or answer.status_code == 207, (answer.status_code, answer.text)
    assert hub.state["end_of_log"]() == hub.head
    said = answer.json()
    lines = said.get("results", [])
    assert (said.get("stored", 0), said.get("rejected", 0)) == (0, len(lines))
    assert all(one["status"] == "refused" and one["errors"] for one in lines)
    for one in lines:
        one.pop("id", None)
    assert TOKEN not in json.dumps(said)


def single(hub: Hub, given: Any) -> None:
    refused(hub, given)


def several(hub: Hub, given: Any) -> None:
    refused_lines(hub, *given)


def asked(hub: Hub, given: Any) -> None:
    address, query = given
    survives(hub, "GET", f"{address}?{query}")


def filled(hub: Hub, given: Any) -> None:
    address, body, media = given
    survives(hub, "POST", address, content=body, headers={"Content-Type": media})


KINDS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Hub, Any], None]]] = {
    "events": (bodies(), single),
    "batches": (st.tuples(batches(), st.sampled_from(["", "?atomic=true", "?dry_run=true"])), several),
    "queries": (st.tuples(st.sampled_from(ADDRESSES), queries()), asked),
    "forms and tables": (st.tuples(st.sampled_from(DOORS), forms(), st.sampled_from(FORMS)), filled),
}
"""What is sent, and how."""


def different(inputs: st.SearchStrategy[Any], wanted: int) -> list[Any]:
    """Draw inputs of which no two are the same."""
    found: dict[str, Any] = {}

    # Some spaces are small: of what is drawn a quarter may be known already.
    @settings(max_examples=wanted * 3 // 2, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(one=inputs)
    def draw(one: Any) -> None:
        if len(found) < wanted:
            found[repr(one)] = one

    draw()
    return list(found.values())


def send(hub: Hub, kind: str, wanted: int) -> int:
    """Send malformed inputs of a kind, from several callers at once; after each lot a good event is taken."""
    inputs, does = KINDS[kind]
    drawn = different(inputs, wanted)
    with ThreadPoolExecutor(CALLERS) as callers:
        for start in range(0, len(drawn), TOGETHER):
            for done in [callers.submit(does, hub, one) for one in drawn[start : start + TOGETHER]]:
                done.result()
            goes_on(hub)
    return len(drawn)


def goes_on(hub: Hub) -> None:
    """Push a good event: it is the only one that is stored."""
    good = threat(int(hub.head), id=f"good-{hub.head}")
    answer = hub.client.post("/api/v1/events", json=good, headers=hub.world.bearer("publisher"))
    assert (answer.status_code, answer.json()["status"]) == (201, "stored"), answer.text
    assert hub.state["end_of_log"]() == hub.head + 1
    hub.head += 1


def say(hub: Hub, connections: int) -> int:
    """Say nonsense to the feed, which goes on as if nothing had been said."""
    said = 0
    for seed in range(connections):
        address = "/api/v1/feed?after=begin"
        with hub.client.websocket_connect(address, headers=hub.world.bearer("publisher")) as socket:
            first = socket.receive()
            assert first["type"] in {"websocket.send", "websocket.accept"}
            for one in frames(10, seed):
                said += 1
                if isinstance(one, str):
                    socket.send_text(one)
                else:
                    socket.send_bytes(one)
    assert hub.client.get("/api/v1/events", headers=hub.world.bearer("publisher")).status_code == 200
    assert hub.state["end_of_log"]() == hub.head
    return said


@pytest.mark.parametrize("kind", KINDS)
def test_nonsense_at_every_door_is_refused(hub: Hub, kind: str) -> None:
    assert send(hub, kind, FEW) == FEW


def test_nonsense_on_a_feed_is_as_if_nothing_was_said(hub: Hub) -> None:
    assert say(hub, 2) == 20


@pytest.mark.deep
@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_malformed_inputs_are_refused(hub: Hub, kind: str) -> None:
    sent = send(hub, kind, MANY)
    note(f"malformed_{kind.replace(' ', '_')}", {"sent": sent, "stored": 0, "server_errors": 0})
    assert sent == MANY


@pytest.mark.deep
def test_five_hundred_messages_of_nonsense_on_feeds(hub: Hub) -> None:
    note("malformed_feed_messages", {"sent": say(hub, 50), "stored": 0, "server_errors": 0})
