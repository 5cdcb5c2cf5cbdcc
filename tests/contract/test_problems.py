import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.exceptions import HTTPException

import events.cursor
import events.strict
import events.submission
import hub.refusals
from events.submission import NotAdmitted, StoreBusy, StoreUnavailable
from hub import problems
from tests.running import TestClient, World, calling, make_world, threat

API = Path(__file__).parents[2] / "hub" / "api"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"), at_least_seconds=0.05)


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    with calling(world, raise_server_exceptions=False) as opened:
        yield opened


def test_every_error_class_that_a_caller_may_see_has_a_row() -> None:
    visible = {
        one
        for module in (hub.refusals, events.submission, events.cursor, events.strict)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Exception) and one.__module__ == module.__name__
    }
    assert visible <= set(problems.rows())


def test_slugs_are_unique_and_statuses_refuse() -> None:
    rows = problems.rows().values()
    assert len({row.slug for row in rows}) == len(rows)
    assert all(400 <= row.status < 600 for row in rows)
    assert all(set(row.slug) <= set("abcdefghijklmnopqrstuvwxyz-") for row in rows)


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (NotAdmitted(), 403, "not-admitted"),
        (StoreBusy(), 503, "busy"),
        (StoreUnavailable("connection to secret.host failed"), 503, "log-unavailable"),
        (HTTPException(400, "secret"), 400, "bad-request"),
    ],
)
def test_an_error_is_answered_by_its_row_without_its_words(error: Exception, status: int, slug: str) -> None:
    response = problems.answer(error)
    assert response is not None
    said = json.loads(bytes(response.body))
    assert (response.status_code, said["type"], said["status"]) == (status, f"urn:hub:problem:{slug}", status)
    assert "secret" not in str(said)


def test_an_error_without_a_row_has_no_answer() -> None:
    assert problems.answer(ValueError("secret")) is None


def test_an_unknown_address_and_a_hidden_thing_are_the_same(client: TestClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:hub:problem:not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is nothing here that you may see.",
    }
    assert answer.content == client.get("/api/v1/lawyers/lawyer:open-docket.none").content


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [("DELETE", "/api/v1/events", {"GET", "HEAD", "POST"}), ("POST", "/healthz", {"GET", "HEAD"})],
)
def test_an_unknown_method_is_told_what_is_allowed(
    client: TestClient, method: str, address: str, allowed: set[str]
) -> None:
    answer = client.request(method, address)
    assert (answer.status_code, answer.json()["type"]) == (405, "urn:hub:problem:method-not-allowed")
    assert set(answer.headers["allow"].split(", ")) == allowed


def test_a_slash_too_much_is_another_address(client: TestClient) -> None:
    assert client.get("/healthz/", follow_redirects=False).status_code == 404


def test_a_parameter_that_no_address_knows_is_refused_with_its_place(client: TestClient) -> None:
    answer = client.get("/api/v1/events?colour=red&limit=2000")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:hub:problem:query-refused")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/query/colour", "/query/limit"]


def test_what_is_not_there_in_time_is_not_yet(client: TestClient) -> None:
    cursors = client.app_state["cursors"]
    answer = client.get("/healthz", params={"at_least": cursors.encode(10**6)})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:hub:problem:not-yet")
    assert answer.headers["retry-after"] == "1"


def test_a_mistake_of_the_hub_tells_nothing(
    client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("s3cret")

    monkeypatch.setattr(client.app_state["intake"], "record", broken)
    answer = client.post("/api/v1/events", json=threat(1), headers=world.bearer("publisher"))
    assert answer.status_code == 500
    said = answer.json()
    assert said.pop("instance").startswith("urn:hub:problem:instance:")
    assert said == {
        "type": "urn:hub:problem:unexpected",
        "title": "Something broke here",
        "status": 500,
        "detail": "The hub made a mistake.",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "s3cret" not in caplog.text


def test_no_endpoint_builds_errors_by_itself() -> None:
    for file in API.glob("*.py"):
        names = {one.id for one in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(one, ast.Name)}
        assert not names & {"HTTPException", "problem"}, file.name


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    for address in ("/", "/healthz", "/nothing", "/api/v1/events?x=1"):
        headers = client.get(address).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
