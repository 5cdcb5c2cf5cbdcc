"""A thousand malformed bodies: each is refused with a problem, nothing is stored, nothing sent comes back."""

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.app import build
from tests.running import TestClient, World, example, make_world

Json = Any

EVENTS = "/api/v1/events"
TOKEN = "kestrelmarigold"
"""Planted in everything that is sent; it must not come back."""

CLOUD = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
NDJSON = "application/x-ndjson"
PLAIN = "application/json"
Sent = tuple[bytes, dict[str, str]]
"""A body and its headers."""


class Hub:
    """A running hub with the head of its log."""

    def __init__(self, client: TestClient, world: World, state: Any) -> None:
        self.client = client
        self.world = world
        self.state = state
        self.head = state["end_of_log"]()

    def __repr__(self) -> str:
        return "Hub()"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    world = make_world(tmp_path_factory.mktemp("malformed"))
    app = build(world.settings, world.clock, random=world.chance)
    with TestClient(app, base_url="http://hub.test", raise_server_exceptions=False) as client:
        yield Hub(client, world, client.app_state)


def event(**more: Json) -> dict[str, Json]:
    """Return an event that would be recorded, but for what is done to it; its words are planted."""
    data = {**example("threat.reported.v1"), "title": TOKEN, "narrative": f"{TOKEN} at the side door"}
    own = {"specversion": "1.0", "id": "m-1", "source": "urn:hub:partner:harbour-bar-watch"}
    return {**own, "type": "threat.reported", "data": data, **more}


def text(value: Json) -> bytes:
    return json.dumps(value).encode()


def _pointers(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from _pointers(item, (*path, key))


PLACES = sorted(_pointers(event()), key=repr)
TEXTS = [
    path
    for path in PLACES
    if path[-1] in {"title", "narrative", "id", "source", "type", "specversion", "threat"}
]


def put(value: Json, path: tuple[str | int, ...], other: Json) -> Json:
    """Return a copy with something else in one place."""
    copy = json.loads(json.dumps(value))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = other
    return copy


def doubled(path: tuple[str | int, ...]) -> bytes:
    """Return a body in which one key of an object stands twice, the second time with another value."""
    marked = text(put(event(), path, "\u0001twice"))
    key = json.dumps(path[-1]).encode()
    return marked.replace(b'"\\u0001twice"', b'"' + TOKEN.encode() + b'", ' + key + b': "clear"')


def raw(path: tuple[str | int, ...], literal: str) -> bytes:
    """Return a body with a literal of one's own in one place."""
    return text(put(event(), path, "\u0001here")).replace(
        b'"\\u0001here"', literal.encode("utf-8", "surrogatepass")
    )


def keyed(path: tuple[str | int, ...]) -> bool:
    return isinstance(path[-1], str)


def nested_lists(depth: int) -> bytes:
    return raw(("data", "title"), "[" * depth + f'"{TOKEN}"' + "]" * depth)


def nested_objects(depth: int) -> bytes:
    return raw(("data", "title"), '{"a":' * depth + f'"{TOKEN}"' + "}" * depth)


def unknown_field(name: str) -> bytes:
    return text({**event(), "data": {**event()["data"], f"no field {name}": TOKEN}})


NO_NUMBERS = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e400",
    "9" * 4400,
    "1" + "0" * 400,
    "0x10",
    "01",
    "+1",
    ".5",
]
NO_TEXTS = [
    f'"{TOKEN}\\ud800"',
    f'"\\udc00{TOKEN}"',
    f'"{TOKEN}',
    f"'{TOKEN}'",
    f'"{TOKEN}\\q"',
    f'"{TOKEN}\n"',
]
FOUL = ["\u0000", "\u0007", "\u001b[31m", "\u202e", "\u2066", "\u2069", "\u0085", "e\u0301", "\u007f"]
FAULTY_TYPES = [12, True, None, 3.5, [], {}, ["x"], {"other": TOKEN}, "", TOKEN * 150]
BYTES = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80" + TOKEN.encode()]
MEDIA = """text/plain|application/xml||application/json; charset=latin-1|application/cloudevents|json|
application/cloudevents+xml|application/x-ndjson, application/json|multipart/form-data; boundary=x""".split(
    "|"
)
TAILS = [b"}", b"{}", b",", b"\x00", b"\n{}", TOKEN.encode()]
ALONE = [b"", b" ", b"null", b"true", b"[]", b"1", f'"{TOKEN}"'.encode()]


def bodies() -> st.SearchStrategy[Sent]:
    """Return single events that are wrong in one way or another, with their headers."""
    places = st.sampled_from(PLACES)
    texts = st.sampled_from(TEXTS)
    whole = text(event())
    ats = st.integers(2, len(whole) - 2)
    json_body: st.SearchStrategy[bytes] = st.one_of(
        places.filter(keyed).map(doubled),
        st.builds(raw, places, st.sampled_from([*NO_NUMBERS, *NO_TEXTS])),
        st.integers(33, 900).map(nested_lists),
        st.integers(33, 200).map(nested_objects),
        ats.map(lambda cut: whole[:cut]),
        st.builds(lambda at, byte: whole[:at] + byte + whole[at:], ats, st.sampled_from(BYTES)),
        st.builds(lambda path, foul: text(put(event(), path, TOKEN + foul)), texts, st.sampled_from(FOUL)),
        st.sampled_from(TAILS).map(lambda tail: whole + tail),
        st.sampled_from([*ALONE, b"\xef\xbb\xbf" + whole, whole.decode().encode("utf-16")]),
        st.binary(max_size=60).map(lambda noise: noise + TOKEN.encode()),
        st.builds(
            lambda path, value: text(put(event(), path, value)),
            st.sampled_from(WRONG),
            st.sampled_from(FAULTY_TYPES),
        ),
        st.sampled_from(REQUIRED).map(lambda name: text({k: v for k, v in event().items() if k != name})),
        st.text(min_size=1, max_size=20).map(unknown_field),
    )
    structured = json_body.map(lambda body: (body, {"Content-Type": CLOUD}))
    plain = json_body.map(lambda body: (body, {"Content-Type": PLAIN}))
    foreign = st.sampled_from(MEDIA).map(lambda media: (whole, {"Content-Type": media} if media else {}))
    packed = st.sampled_from(["gzip", "br", "deflate", TOKEN]).map(
        lambda coding: (whole, {"Content-Type": CLOUD, "Content-Encoding": coding})
    )
    return st.one_of(structured, structured, plain, foreign, packed, binary())


REQUIRED = ("specversion", "id", "source", "type", "data")
WRONG = [
    (name,) for name in ("specversion", "id", "source", "type", "data")
] + [("data", "threat"), ("data", "targets"), ("data", "targets", 0), ("data", "categories", 0)]  # fmt: skip


def binary() -> st.SearchStrategy[Sent]:
    """Return events in binary mode with bad `ce-` headers."""
    good = {f"ce-{name}": str(value) for name, value in event().items() if name != "data"}
    bad: st.SearchStrategy[tuple[str, str | None]] = st.one_of(
        st.tuples(
            st.sampled_from(sorted(good)),
            st.sampled_from([None, "", "%ff", "%zz%C3", f"{TOKEN}%00", f"%E2%80%AE{TOKEN}", TOKEN * 40]),
        ),
        st.tuples(
            st.sampled_from(
                ["ce-tlp", "ce-time", "ce-audience", "ce-notbefore", "ce-subject", "ce-dataschema", "ce-X_y"]
            ),
            st.sampled_from(["%ff", f"{TOKEN} pink", f"{TOKEN},,", "%", "2026-13-45T99:00:00Z"]),
        ),
    )

    def made(change: tuple[str, str | None]) -> Sent:
        headers = {**good, "Content-Type": PLAIN}
        headers.pop(change[0], None)
        if change[1] is not None:
            headers[change[0]] = change[1]
        return text(event()["data"]), headers

    return bad.map(made)


def batches() -> st.SearchStrategy[Sent]:
    """Return NDJSON and JSON batches of which every line is wrong."""
    line = bodies().map(lambda sent: sent[0].replace(b"\n", b" ")).filter(_is_wrong_alone)
    lines = st.lists(line, min_size=1, max_size=5)
    ndjson = lines.map(lambda all_: (b"\n".join(all_) + b"\n", {"Content-Type": NDJSON}))
    arrays = lines.map(lambda all_: (b"[" + b",".join(all_) + b"]", {"Content-Type": BATCH}))
    odd = st.sampled_from([b"{}", b"", b'"x"', b"[", b"[1,]", text(event()), b"[" * 900, b"\xff"])
    return st.one_of(ndjson, arrays, odd.map(lambda body: (body, {"Content-Type": BATCH})))


def _is_wrong_alone(body: bytes) -> bool:
    """Leave out what is only wrong by its headers, and blank lines, which count for nothing."""
    return bool(body.strip()) and body != text(event()) and body != text(event()["data"])


def refused(hub: Hub, sent: Sent, query: str = "") -> Any:
    """Send, and check what holds for every refusal."""
    body, headers = sent
    answer = hub.client.post(
        EVENTS + query, content=body, headers={**hub.world.bearer("publisher"), **headers}
    )
    assert 400 <= answer.status_code < 500 or answer.status_code == 207, (answer.status_code, answer.text)
    assert TOKEN not in answer.text
    assert TOKEN not in str(answer.headers)
    assert hub.state["end_of_log"]() == hub.head
    if answer.status_code == 207:
        _check_report(answer.json())
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        _check_problem(answer.json(), answer.status_code)
    return answer


def _check_problem(problem: dict[str, Json], status: int) -> None:
    assert re.fullmatch(r"urn:hub:problem:[a-z-]+", problem["type"])
    assert (problem["status"], bool(problem["title"]), bool(problem["detail"])) == (status, True, True)
    if status == 422:
        assert problem["errors"]
    for one in problem.get("errors", []):
        assert set(one) <= {"pointer", "code", "detail", "hint"}
        assert {"pointer", "code", "detail"} <= set(one)


def _check_report(report: dict[str, Json]) -> None:
    assert (report["stored"], report["duplicates"]) == (0, 0)
    assert report["rejected"] == len(report["results"]) > 0
    assert all(one["status"] == "refused" and one["errors"] for one in report["results"])


@settings(max_examples=800)
@given(sent=bodies())
def test_a_malformed_event_is_refused_and_leaves_no_trace(hub: Hub, sent: Sent) -> None:
    assert refused(hub, sent).status_code != 207


@settings(max_examples=200)
@given(sent=batches(), query=st.sampled_from(["", "?atomic=true", "?dry_run=true"]))
def test_a_batch_of_malformed_lines_is_refused_line_by_line(hub: Hub, sent: Sent, query: str) -> None:
    refused(hub, sent, query)


@pytest.mark.parametrize("media", [CLOUD, PLAIN])
@pytest.mark.parametrize(
    "body",
    [
        b"{" + b" " * 300_000,
        text(put(event(), ("data", "title"), TOKEN * 30_000)),
        text(put(event(), ("data", "targets"), [TOKEN] * 20_000)),
        raw(("data", "title"), "[" * 120_000),
        raw(("data", "title"), '{"a":' * 40_000),
        raw(("data", "title"), "9" * 200_000),
    ],
    ids=["spaces", "text", "list", "brackets", "braces", "number"],
)
def test_a_huge_body_is_refused_like_a_small_one(hub: Hub, body: bytes, media: str) -> None:
    refused(hub, (body, {"Content-Type": media}))


def test_what_was_sent_is_recorded_once_nothing_is_wrong_with_it(hub: Hub) -> None:
    """The thousand bodies were refused for what was done to them, not for what they are made of."""
    answer = hub.client.post(f"{EVENTS}?dry_run=true", content=text(event()),
                             headers={**hub.world.bearer("publisher"), "Content-Type": CLOUD})  # fmt: skip
    assert (answer.status_code, answer.json()["status"]) == (200, "stored")


@pytest.mark.parametrize("seed", range(5))
def test_good_lines_among_broken_ones_are_recorded(hub: Hub, seed: int) -> None:
    random = Random(seed)
    good = [text(event(id=f"good-{seed}-{no}")) for no in range(3)]
    broken = [b'{"specversion":', b"NaN", b'{"a":1,"a":2}', b"\xff\xfe", b"[" * 200]
    lines = [*good, *broken]
    random.shuffle(lines)
    headers = {**hub.world.bearer("publisher"), "Content-Type": NDJSON}
    answer = hub.client.post(EVENTS, content=b"\n".join(lines), headers=headers)
    report = answer.json()
    hub.head = hub.state["end_of_log"]()
    assert (answer.status_code, report["stored"], report["rejected"]) == (207, 3, 5)
    assert [one["status"] == "stored" for one in report["results"]] == [line in good for line in lines]
