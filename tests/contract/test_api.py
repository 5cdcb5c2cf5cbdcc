import json
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from tests.running import NOON, TestClient, World, calling, example, make_world, threat

Json = Any
EVENTS = "/api/v1/events"
NUMBERS = count(1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(
        tmp_path_factory.mktemp("hub"), max_batch_lines=12, max_batch_bytes=20_000, chunk_lines=2
    )


def fresh(**more: Json) -> dict[str, Json]:
    return threat(next(NUMBERS), **more)


def post(client: TestClient, world: World, event: Json, who: str = "publisher", **more: Any) -> Any:
    return client.post(EVENTS, json=event, headers=world.bearer(who), **more)


def send(client: TestClient, world: World, body: bytes, media: str, query: str = "") -> Any:
    headers = {**world.bearer("publisher"), "Content-Type": media}
    return client.post(EVENTS + query, content=body, headers=headers)


def lines(*events: Json) -> bytes:
    return b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in events)


def ids(client: TestClient, world: World, who: str | None = "observer", **params: Json) -> list[str]:
    headers = world.bearer(who) if who else {}
    return [one["id"] for one in client.get(EVENTS, params=params, headers=headers).json()["events"]]


def test_a_posted_event_is_stored_with_cursor_and_receipt(client: TestClient, world: World) -> None:
    event = fresh()
    answer = post(client, world, event)
    said = answer.json()
    assert answer.status_code == 201
    assert (said["status"], said["source"], said["id"]) == ("stored", event["source"], event["id"])
    assert said["receipt"]["recorded"] == "2031-05-04T12:00:00.000000Z"
    assert len(said["receipt"]["digest"]) == 64
    assert event["id"] in ids(client, world, at_least=said["cursor"])


def test_the_same_again_is_a_duplicate_with_the_same_receipt(client: TestClient, world: World) -> None:
    event = fresh()
    first, again = post(client, world, event), post(client, world, event)
    assert again.status_code == 200
    assert again.json() == {**first.json(), "status": "duplicate"}


def test_the_same_id_with_other_content_is_a_conflict(client: TestClient, world: World) -> None:
    event = fresh()
    post(client, world, event)
    answer = post(client, world, {**event, "tlp": "red"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:hub:problem:recorded-differently"


def test_a_refused_event_is_told_every_problem_and_no_value(client: TestClient, world: World) -> None:
    event = fresh(tlp="pink", data={"targets": [], "categories": ["s3cret"], "colour": "s3cret"})
    answer = post(client, world, event)
    said = answer.json()
    assert (answer.status_code, said["type"]) == (422, "urn:hub:problem:event-refused")
    assert {(one["pointer"], one["code"]) for one in said["errors"]} == {
        ("/tlp", "unknown_tlp"),
        ("/data/targets", "too_few_items"),
        ("/data/categories/0", "unknown_code"),
        ("/data/colour", "unknown_field"),
    }
    assert "s3cret" not in answer.text


def test_a_refusing_decision_is_told_the_same_way(client: TestClient, world: World) -> None:
    base = {"specversion": "1.0", "id": "join-nothing", "source": "urn:hub:partner:harbour-bar-watch"}
    data = {**example("action.joined.v1"), "partner": "partner:harbour-bar-watch"}
    answer = post(client, world, {**base, "type": "action.joined", "data": data})
    assert answer.status_code == 422
    assert answer.json()["errors"]


@pytest.mark.parametrize(
    ("event", "slug", "pointer"),
    [
        ({"source": "urn:hub:partner:open-docket"}, "wrong-source", "/source"),
        ({"type": "partner.admitted", "data": {}}, "not-your-type", "/type"),
    ],
)
def test_another_partners_source_or_type_is_forbidden(
    client: TestClient, world: World, event: Json, slug: str, pointer: str
) -> None:
    answer = post(client, world, fresh(**event))
    assert (answer.status_code, answer.json()["type"]) == (403, f"urn:hub:problem:{slug}")
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("who", "status", "slug"),
    [("observer", 403, "may-not-publish"), (None, 401, "not-signed-in")],
)
def test_whoever_may_not_publish_is_told_so(
    client: TestClient, world: World, who: str | None, status: int, slug: str
) -> None:
    answer = client.post(EVENTS, json=fresh(), headers=world.bearer(who) if who else {})
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:hub:problem:{slug}")


@pytest.mark.parametrize("shown", ["Bearer hub_wrong", "Bearer ", "Basic abc", "Bearer"])
def test_a_token_that_does_not_work_is_no_way_to_the_public_view(client: TestClient, shown: str) -> None:
    answer = client.get(EVENTS, headers={"Authorization": shown})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="hub"'


def test_two_tokens_are_refused(client: TestClient, world: World) -> None:
    shown = [("Authorization", f"Bearer {world.tokens[who]}") for who in ("observer", "publisher")]
    assert client.get(EVENTS, headers=shown).status_code == 401


def test_malformed_json_is_refused_with_line_and_column(client: TestClient, world: World) -> None:
    answer = send(client, world, b'{\n "id": "1",\n "id": "2"}', "application/json")
    assert answer.status_code == 400
    said = answer.json()
    assert (said["type"], said["line"]) == ("urn:hub:problem:malformed-json", 3)
    assert said["column"] > 0


@pytest.mark.parametrize(
    "media",
    [
        "text/plain",
        "application/xml",
        "application/json; charset=latin-1",
        "application/json; boundary=x",
        "",
    ],
)
def test_an_unknown_media_type_is_refused(client: TestClient, world: World, media: str) -> None:
    assert send(client, world, b"{}", media).status_code == 415


def test_a_compressed_body_is_refused(client: TestClient, world: World) -> None:
    headers = {**world.bearer("publisher"), "Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert client.post(EVENTS, content=b"x", headers=headers).status_code == 415


def test_a_large_event_is_refused_by_its_declared_length(client: TestClient, world: World) -> None:
    answer = send(client, world, b" " * 300_000, "application/json")
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:hub:problem:too-large")


def test_a_large_event_is_refused_as_it_arrives(client: TestClient, world: World) -> None:
    headers = {**world.bearer("publisher"), "Content-Type": "application/json"}
    pieces = (b" " * 100_000 for _ in range(4))
    assert client.post(EVENTS, content=pieces, headers=headers).status_code == 413


def cloud_event(event: Json) -> CloudEvent:
    data = event["data"]
    attributes = {name: value for name, value in event.items() if name != "data"}
    return CloudEvent({**attributes, "time": datetime.fromisoformat(attributes["time"])}, data)


def test_the_cloudevents_library_posts_structured_events(client: TestClient, world: World) -> None:
    event = fresh(time="2031-05-04T11:00:00Z")
    message = to_structured_event(cloud_event(event))
    answer = client.post(
        EVENTS, content=message.body, headers={**message.headers, **world.bearer("publisher")}
    )
    assert answer.status_code == 201
    assert post(client, world, event).json()["status"] == "duplicate"


def test_the_cloudevents_library_posts_binary_events(client: TestClient, world: World) -> None:
    event = fresh(id=f"naïve {next(NUMBERS)}%", time="2031-05-04T11:00:00Z")
    message = to_binary_event(cloud_event({**event, "datacontenttype": "application/json"}))
    answer = client.post(
        EVENTS, content=message.body, headers={**message.headers, **world.bearer("publisher")}
    )
    assert answer.status_code == 201
    assert answer.json()["id"] == event["id"]
    assert post(client, world, event).json()["status"] == "duplicate"


def test_a_dry_run_tells_and_stores_nothing(client: TestClient, world: World) -> None:
    event = fresh()
    answer = post(client, world, event, params={"dry_run": "true"})
    said = {"status": "stored", "source": event["source"], "id": event["id"], "dry_run": True}
    assert (answer.status_code, answer.json()) == (200, said)
    assert post(client, world, event).json()["status"] == "stored"


def test_warnings_are_passed_on(client: TestClient, world: World) -> None:
    data = {**example("record.corrected.v1"), "about_event": "not here yet"}
    data.pop("about_source", None)
    answer = post(client, world, fresh(type="record.corrected", data=data) | {"data": data})
    assert [one["code"] for one in answer.json()["warnings"]] == ["unknown_event"]


def test_lines_are_stored_one_by_one_and_reported(client: TestClient, world: World) -> None:
    one, two, known = fresh(), fresh(), fresh()
    post(client, world, known)
    other = {**known, "tlp": "red"}
    foreign = fresh(source="urn:hub:partner:open-docket")
    body = lines(one, b"", b'{"id": ', known, other, foreign, {"id": "odd"}, b"[]", two) + b"\n"
    answer = send(client, world, body, "application/x-ndjson")
    said = answer.json()
    assert answer.status_code == 207
    assert (said["stored"], said["duplicates"], said["rejected"]) == (2, 1, 5)
    told = [(r["line"], r["id"], r["status"], [e["code"] for e in r["errors"]][:1]) for r in said["results"]]
    assert told == [
        (1, one["id"], "stored", []),
        (3, None, "refused", ["malformed_json"]),
        (4, known["id"], "duplicate", []),
        (5, known["id"], "conflict", ["conflict"]),
        (6, foreign["id"], "refused", ["wrong_source"]),
        (7, "odd", "refused", ["required"]),
        (8, None, "refused", ["wrong_type"]),
        (9, two["id"], "stored", []),
    ]
    assert said["results"][0]["receipt"]["digest"]
    assert two["id"] in ids(client, world, at_least=said["cursor"])


def test_a_batch_of_stored_and_duplicates_is_200(client: TestClient, world: World) -> None:
    one, two = fresh(), fresh()
    media = "application/cloudevents-batch+json"
    assert send(client, world, json.dumps([one]).encode(), media).status_code == 200
    answer = send(client, world, json.dumps([one, two]).encode(), media)
    said = answer.json()
    assert (answer.status_code, said["stored"], said["duplicates"], said["rejected"]) == (200, 1, 1, 0)
    assert [one["line"] for one in said["results"]] == [1, 2]


def test_an_atomic_batch_is_stored_whole_or_not_at_all(client: TestClient, world: World) -> None:
    good, bad = [fresh() for _ in range(3)], {**fresh(), "tlp": "pink"}
    answer = send(client, world, lines(*good, bad), "application/x-ndjson", "?atomic=true")
    said = answer.json()
    assert (answer.status_code, said["stored"], said["rejected"], said["cursor"]) == (207, 0, 4, None)
    assert [one["errors"][0]["code"] for one in said["results"]] == ["not_alone"] * 3 + ["unknown_tlp"]
    answer = send(client, world, lines(*good), "application/x-ndjson", "?atomic=true")
    assert (answer.status_code, answer.json()["stored"]) == (200, 3)


def test_an_atomic_batch_with_a_conflict_is_not_stored(client: TestClient, world: World) -> None:
    known, good = fresh(), fresh()
    post(client, world, known)
    body = lines(good, {**known, "tlp": "red"})
    said = send(client, world, body, "application/x-ndjson", "?atomic=true").json()
    assert (said["stored"], said["rejected"]) == (0, 2)
    assert {one["status"] for one in said["results"]} == {"refused", "conflict"}


def test_a_dry_run_of_a_batch_stores_nothing(client: TestClient, world: World) -> None:
    event = fresh()
    said = send(client, world, lines(event), "application/x-ndjson", "?dry_run=true").json()
    assert (said["stored"], said["dry_run"], said["cursor"]) == (1, True, None)
    assert post(client, world, event).json()["status"] == "stored"


def test_an_empty_batch_is_fine(client: TestClient, world: World) -> None:
    answer = send(client, world, b"\n\n", "application/x-ndjson")
    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_what_was_stored_before_a_limit_was_met_is_reported(client: TestClient, world: World) -> None:
    events = [fresh() for _ in range(13)]
    answer = send(client, world, lines(*events), "application/x-ndjson")
    said = answer.json()
    assert (answer.status_code, said["type"]) == (413, "urn:hub:problem:too-large")
    assert said["stored"] == 12
    assert post(client, world, events[0]).json()["status"] == "duplicate"


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{}", 400), (b"[1", 400), (json.dumps([{}] * 13).encode(), 413), (b" " * 20_001, 413)],
)
def test_a_batch_that_is_no_array_or_too_large_is_refused(
    client: TestClient, world: World, body: bytes, status: int
) -> None:
    assert send(client, world, body, "application/cloudevents-batch+json").status_code == status


def test_a_line_over_the_limit_of_one_event_is_refused_alone(tmp_path: Any) -> None:
    small = make_world(tmp_path, max_event_bytes=1000)
    with calling(small) as client:
        said = send(client, small, lines(threat(1), b" " * 1001 + b"{}"), "application/x-ndjson").json()
    assert [one["status"] for one in said["results"]] == ["stored", "refused"]
    assert said["results"][1]["errors"][0]["code"] == "too_large"


def test_events_are_paged_in_order_with_a_link(client: TestClient, world: World) -> None:
    last = [post(client, world, fresh()).json() for _ in range(3)]
    everything = ids(client, world, at_least=last[-1]["cursor"], limit=1000)
    address: str | None = f"{EVENTS}?limit=2&type=partner.*,threat.*"
    found: list[str] = []
    while address is not None:
        answer = client.get(address, headers=world.bearer("observer"))
        found += [one["id"] for one in answer.json()["events"]]
        link = answer.headers.get("link")
        assert (link is None) == (answer.json()["next"] is None)
        address = None if link is None else link.partition(">")[0].removeprefix("<")
    assert found == [one for one in everything if one in set(found)]
    assert set(found) >= {one["id"] for one in last}


def test_the_filters_choose(client: TestClient, world: World) -> None:
    event = fresh(data={"place": {"country": "QP"}})
    cursor = post(client, world, event).json()["cursor"]
    about = event["data"]["threat"]
    for chosen in (
        {"country": "QP"}, {"about": about}, {"type": "threat.*"}, {"partner": "harbour-bar-watch"},
        {"since": "2031-05-04", "until": "2031-05-04"},
    ):  # fmt: skip
        assert event["id"] in ids(client, world, at_least=cursor, limit=1000, **chosen), chosen
    for other in (
        {"country": "QX"},
        {"type": "trial.*"},
        {"partner": "open-docket"},
        {"until": "2031-05-03"},
    ):
        assert event["id"] not in ids(client, world, limit=1000, **other), other


def test_after_goes_on_behind_a_cursor(client: TestClient, world: World) -> None:
    first, second = post(client, world, fresh()).json(), post(client, world, fresh()).json()
    assert ids(client, world, after=first["cursor"], at_least=second["cursor"]) == [second["id"]]


@pytest.mark.parametrize("name", ["after", "at_least"])
def test_a_cursor_of_another_hub_is_refused(client: TestClient, name: str) -> None:
    answer = client.get(EVENTS, params={name: "A" * 22})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:hub:problem:unknown-cursor")


def test_what_is_hidden_is_absent_byte_for_byte(client: TestClient, world: World) -> None:
    hidden = fresh(tlp="red")
    cursor = post(client, world, hidden).json()["cursor"]
    never = f"{EVENTS}/{hidden['source']}/never"
    for who in ("observer", None):
        headers = world.bearer(who) if who else {}
        one = client.get(f"{EVENTS}/{hidden['source']}/{hidden['id']}?at_least={cursor}", headers=headers)
        other = client.get(never, headers=headers)
        assert one.status_code == 404
        assert (one.content, one.headers) == (other.content, other.headers)
        assert hidden["id"] not in ids(client, world, who, limit=1000)


def test_the_public_sees_what_is_clear(client: TestClient, world: World) -> None:
    clear, green = fresh(tlp="clear"), fresh(tlp="green")
    post(client, world, clear)
    cursor = post(client, world, green).json()["cursor"]
    found = ids(client, world, None, at_least=cursor, limit=1000, partner="harbour-bar-watch")
    assert clear["id"] in found
    assert green["id"] not in found


def test_one_event_is_shown_with_its_correction_and_receipt(client: TestClient, world: World) -> None:
    event = fresh(id=f"with/slash {next(NUMBERS)}")
    post(client, world, event)
    change = {"pointer": "/status", "to": "ongoing"}
    data = {**example("record.corrected.v1"), "about_event": event["id"], "changes": [change]}
    data.pop("about_source", None)
    correction = {**fresh(type="record.corrected"), "data": data}
    answer = post(client, world, correction)
    assert answer.status_code == 201, answer.text
    address = f"{EVENTS}/{event['source']}/{quote(event['id'], safe='')}"
    params = {"at_least": answer.json()["cursor"]}
    said = client.get(address, params=params, headers=world.bearer("publisher")).json()
    assert (said["event"]["id"], said["status"]) == (event["id"], "active")
    assert [one["id"] for one in said["corrections"]] == [correction["id"]]
    assert said["assessments"] == []
    posted = client.post(EVENTS, json=event, headers=world.bearer("publisher")).json()
    # What the hub signs goes to the publisher; others ask for proofs.
    assert said["receipt"] == {name: posted["receipt"][name] for name in ("recorded", "digest")}


def test_the_graph_answers(client: TestClient, world: World) -> None:
    event = fresh(data={"place": {"country": "QN"}})
    params = {"at_least": post(client, world, event).json()["cursor"]}
    headers = world.bearer("observer")
    ref, target = event["data"]["threat"], event["data"]["targets"][0]

    def get(address: str, **more: str) -> Any:
        return client.get(f"/api/v1{address}", params={**params, **more}, headers=headers)

    found = get("/graph", about=ref, hops="1", kinds="threat,lawyer").json()
    assert {one["ref"] for one in found["nodes"]} == {ref, target}
    assert [(one["from"], one["kind"], one["to"]) for one in found["edges"]] == [(ref, "TARGETS", target)]
    assert get(f"/graph/nodes/{ref}").json()["ref"] == ref
    assert get("/graph/edges", **{"from": ref, "to": target, "kind": "TARGETS"}).status_code == 200
    assert get("/graph/edges", **{"from": ref, "to": target, "kind": "ABOUT"}).status_code == 404
    paths = get("/graph/paths", **{"from": ref, "to": target}).json()["paths"]
    assert [one["hops"] for one in paths] == [1]
    assert get("/graph/nodes/threat:harbour-bar-watch.none").status_code == 404
    assert get("/timeline/" + ref, order="log").json()["total"] == 1
    assert get("/graph", as_of="2031-13-01").status_code == 400


@pytest.mark.parametrize(
    ("address", "asked", "pointer", "code", "hint"),
    [
        ("/graph", {"kinds": "lawer"}, "/query/kinds", "unknown_code", "Did you mean lawyer?"),
        ("/graph", {"ties": "TARGETS,SUPORTS"}, "/query/ties", "unknown_code", "Did you mean SUPPORTS?"),
        ("/graph", {"limit": "-1"}, "/query/limit", "too_small", "1 to 10000"),
        ("/graph/central", {"kinds": "x"}, "/query/kinds", "unknown_code", "partner, lawyer, "),
        (
            "/graph/edges",
            {"from": "a:1", "to": "a:2", "kind": "TARGET"},
            "/query/kind",
            "unknown_code",
            "TARGETS",
        ),
        ("/graph/alone", {"offset": "-1"}, "/query/offset", "too_small", "0 to "),
        ("/graph/who-acts", {"about": "place:QM"}, "/query/about", "not_allowed", "a person, body, case"),
        ("/graph/invite", {"about": "partner:a"}, "/query/about", "not_allowed", "a person, body, case"),
        ("/graph/invite", {"about": "nobody"}, "/query/about", "wrong_form", "kind:LOCAL"),
        ("/graph/paths", {"from": "a:1", "to": "a:1"}, "/query/to", "not_allowed", ""),
        ("/graph/paths", {"from": "a:1", "to": "a:2", "avoid": "a:3,a:2"}, "/query/avoid", "not_allowed", ""),
    ],
)
def test_a_question_to_the_graph_that_cannot_be_meant_is_refused_with_what_can(
    client: TestClient, address: str, asked: dict[str, str], pointer: str, code: str, hint: str
) -> None:
    answer = client.get(f"/api/v1{address}", params=asked)
    assert answer.status_code == 400
    (said,) = answer.json()["errors"]
    assert (said["pointer"], said["code"]) == (pointer, code)
    assert hint in said.get("hint", "")


def test_where_nobody_introduces_anybody_the_answer_says_so(client: TestClient, world: World) -> None:
    one, other = threat(8101), threat(8102)
    cursors = [post(client, world, event).json()["cursor"] for event in (one, other)]
    asked = {"from": one["data"]["threat"], "to": other["data"]["targets"][0], "at_least": cursors[-1]}
    found = client.get("/api/v1/graph/paths", params=asked, headers=world.bearer("observer")).json()
    assert found["paths"] == []
    assert found["says"].startswith("Nobody leads there in at most 6 steps")
    asked["to"] = one["data"]["targets"][0]
    found = client.get("/api/v1/graph/paths", params=asked, headers=world.bearer("observer")).json()
    assert found.keys() == {"paths", "avoided"}


@pytest.mark.parametrize(
    ("form", "media"),
    [("json", "application/json"), ("gexf", "application/gexf+xml"), ("graphml", "application/graphml+xml"),
     ("csv", "text/csv; charset=utf-8"), ("node-link", "application/json"), ("ftm", "application/x-ndjson")],
)  # fmt: skip
def test_the_graph_is_exported(client: TestClient, world: World, form: str, media: str) -> None:
    event = fresh()
    params = {"at_least": post(client, world, event).json()["cursor"], "format": form}
    answer = client.get("/api/v1/graph/export", params=params, headers=world.bearer("observer"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)
    assert event["data"]["threat"] in answer.text


def test_lists_and_dossiers_answer(client: TestClient, world: World) -> None:
    event = fresh(data={"status": "ongoing"})
    params = {"at_least": post(client, world, event).json()["cursor"]}
    headers, ref = world.bearer("observer"), event["data"]["threat"]
    asked = {**params, "about": event["data"]["targets"][0], "where": "status:ongoing", "sort": "-status"}
    found = client.get("/api/v1/threats", params=asked, headers=headers).json()
    assert ([one["ref"] for one in found["items"]], found["total"]) == ([ref], 1)
    assert client.get(f"/api/v1/threats/{ref}", headers=headers).json()["ref"] == ref
    assert client.get("/api/v1/threats/threat:harbour-bar-watch.none", headers=headers).status_code == 404
    assert client.get(f"/api/v1/lawyers/{ref}", headers=headers).status_code == 404


def test_search_finds(client: TestClient, world: World) -> None:
    event = fresh(data={"title": "Chambers sealed in Quenland"})
    params = {"at_least": post(client, world, event).json()["cursor"], "q": "quenland"}
    found = client.get("/api/v1/search", params=params, headers=world.bearer("observer")).json()
    assert [one["id"] for one in found["hits"]] == [event["id"]]
    assert client.get("/api/v1/search", params=params).json()["total"] == 0


def test_me_says_who_the_hub_takes_you_for(client: TestClient, world: World) -> None:
    said = client.get("/api/v1/me", headers=world.bearer("publisher")).json()
    assert (said["partner"], said["role"], said["clearance"]) == ("harbour-bar-watch", "publisher", "amber")
    assert said["may_publish"]
    assert "threat.reported" in said["types"]
    assert "partner.admitted" not in said["types"]
    nobody = client.get("/api/v1/me").json()
    assert (nobody["partner"], nobody["clearance"], nobody["may_publish"]) == (None, "clear", False)


def test_a_token_that_ends_says_when(client: TestClient, world: World) -> None:

    world.issue("brief", "open-docket", "observer", expires=NOON + timedelta(days=1))
    said = client.get("/api/v1/me", headers=world.bearer("brief")).json()
    assert said["expires"] == "2031-05-05T12:00:00.000000Z"


def test_a_revoked_token_stops_with_the_next_call(client: TestClient, world: World) -> None:
    world.issue("leaving", "open-docket", "observer")
    assert client.get("/api/v1/me", headers=world.bearer("leaving")).status_code == 200
    world.revoke("leaving")
    assert client.get("/api/v1/me", headers=world.bearer("leaving")).status_code == 401


def test_head_answers_like_get_without_a_body(client: TestClient) -> None:
    answer = client.head("/healthz")
    assert (answer.status_code, answer.content) == (200, b"")


def test_schemas_are_served(client: TestClient) -> None:
    index = client.get("/schemas").json()["types"]
    one = next(one for one in index if one["type"] == "threat.reported")
    schema = client.get(one["schema"])
    assert schema.headers["content-type"] == "application/schema+json"
    assert schema.json()["$id"].endswith("/schemas/threat.reported/1")
    for name in ("common", "vocabularies", "codes"):
        assert client.get(f"/schemas/{name}").json()["$defs"]
    assert client.get("/schemas/nothing").status_code == 404
    assert client.get("/schemas/threat.reported/99").status_code == 404


def test_health_readiness_and_metrics(client: TestClient, world: World) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    views = {
        "graph",
        "dossiers",
        "timeline",
        "search",
        "conflicts",
        "erasures",
        "identities",
        "deadlines",
        "unsupported",
    }
    assert set(ready.json()["views"]) == views
    text = client.get("/metrics", headers=world.bearer("steward")).text
    assert 'hub_answers_total{address="showHealth",status="200"}' in text
    assert 'hub_view_lag{view="graph"} 0.0' in text
    assert "hub_recorded_events_count" in text
    assert client.get("/metrics", headers=world.bearer("observer")).content == client.get("/nothing").content


def test_the_descriptions_are_served(client: TestClient) -> None:
    assert client.get("/openapi.json").json()["openapi"] == "3.1.0"
    assert client.get("/asyncapi.json").json()["asyncapi"] == "3.0.0"


def test_a_large_graph_is_exported_piece_by_piece(tmp_path: Path) -> None:
    large = make_world(tmp_path)
    with calling(large) as client:
        body = lines(*(threat(number) for number in range(400)))
        cursor = send(client, large, body, "application/x-ndjson").json()["cursor"]
        params = {"at_least": cursor, "format": "json"}
        with client.stream(
            "GET", "/api/v1/graph/export", params=params, headers=large.bearer("observer")
        ) as answer:
            pieces = list(answer.iter_raw())
    assert len(pieces) > 1
    assert len(json.loads(b"".join(pieces))["nodes"]) > 800
