"""Ten thousand malformed inputs, at every door that takes any: each is refused with a problem, nothing is stored."""

import json
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.counting import note
from tests.property.test_malformed import TOKEN, Hub, batches, bodies, hub, refused

__all__ = ["hub"]

Json = Any

SEVERAL = 2_600
_DEEP = settings(
    max_examples=SEVERAL, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
_QUICK = settings(max_examples=20, deadline=None, derandomize=True)
ADDRESSES = (
    "/api/v1/events", "/api/v1/graph", "/api/v1/search", "/api/v1/lawyers/x", "/api/v1/feed", "/", "/explore",
    "/api/v1/tree/proof", "/api/v1/deadlines",
)  # fmt: skip
NAMES = ("limit", "after", "before", "at_least", "type", "q", "country", "lang", "depth", "at", "unknown")

pytestmark = pytest.mark.timeout(5_400)


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


def try_all(hub: Hub, profile: settings) -> Counter[str]:
    """Send all kinds of malformed input; return how many of each."""
    sent = Counter[str]()

    @profile
    @given(one=bodies())
    def single(one: Any) -> None:
        sent["event"] += 1
        refused(hub, one)

    @profile
    @given(some=batches(), query=st.sampled_from(["", "?atomic=true", "?dry_run=true"]))
    def several(some: Any, query: str) -> None:
        sent["batch"] += 1
        refused_lines(hub, some, query)

    @profile
    @given(address=st.sampled_from(ADDRESSES), query=queries())
    def asked(address: str, query: str) -> None:
        sent["query"] += 1
        survives(hub, "GET", f"{address}?{query}")

    @profile
    @given(address=st.sampled_from(DOORS), body=forms(), media=st.sampled_from(FORMS))
    def filled(address: str, body: bytes, media: str) -> None:
        sent["form_or_table"] += 1
        survives(hub, "POST", address, content=body, headers={"Content-Type": media})

    for one in (single, several, asked, filled):
        one()
    return sent


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


def test_nonsense_at_every_door_is_refused(hub: Hub) -> None:
    sent = try_all(hub, _QUICK)
    assert sent.total() >= 70
    assert say(hub, 2) == 20


@pytest.mark.deep
def test_ten_thousand_malformed_inputs_are_refused(hub: Hub) -> None:
    sent = try_all(hub, _DEEP)
    sent["feed_message"] = say(hub, 50)
    note("malformed", {"sent": sent.total(), "stored": 0, "server_errors": 0, **sent})
    assert sent.total() >= 10_000
