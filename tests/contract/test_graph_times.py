"""The graph over HTTP at another moment, and what changed since the last visit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import make_world, serving, threat

Json = Any

OWN = "harbour-bar-watch"


class Desk:
    """A coordinator's calls to a hub."""

    def __init__(self, url: str, token: dict[str, str], reader: dict[str, str]) -> None:
        self._url = f"{url}/api/v1"
        self._token = token
        self._reader = reader
        self.cursor = ""

    def push(self, event: Json) -> None:
        answer = httpx.post(f"{self._url}/events", json=event, headers=self._token)
        assert answer.status_code == 201, answer.text
        self.cursor = answer.json()["cursor"]

    def ask(self, path: str, status: int = 200, **params: str) -> Json:
        waiting = {**params, "at_least": self.cursor} if self.cursor else params
        answer = httpx.get(f"{self._url}{path}", params=waiting, headers=self._reader)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    world = make_world(Path(tmp_path_factory.mktemp("times")))
    with serving(world) as served:
        yield Desk(served.url, world.bearer("publisher"), world.bearer("observer"))


def test_a_second_visit_is_told_what_is_new_and_nothing_else(desk: Desk) -> None:
    desk.push(threat(1))
    first = desk.ask("/graph/changes")
    assert f"threat:{OWN}.0001" in {one["node"]["ref"] for one in first["nodes"]}
    again = desk.ask("/graph/changes", since=first["cursor"])
    assert (again["nodes"], again["ties"], again["cursor"]) == ([], [], first["cursor"])
    desk.push(threat(2))
    second = desk.ask("/graph/changes", since=first["cursor"])
    news = {(one["change"], one["node"]["ref"]) for one in second["nodes"]}
    assert {("new", f"threat:{OWN}.0002"), ("new", f"lawyer:{OWN}.0002")} <= news
    assert all(one["events"][0]["id"] == "t-2" for one in second["nodes"])
    change = {"about_event": "t-2", "changes": [{"pointer": "/status", "to": "ended"}]}
    correction = {**threat(2, id="c-2", type="record.corrected"), "data": change}
    desk.push(correction)
    third = desk.ask("/graph/changes", since=second["cursor"])
    [one] = third["nodes"]
    assert (one["change"], one["node"]["status"], "status" in one["before"]) == ("changed", "ended", False)


def test_yesterday_the_hub_knew_nothing(desk: Desk) -> None:
    desk.push(threat(3))
    assert desk.ask("/graph", known_on="2031-05-03") == {"nodes": [], "edges": [], "truncated": 0}
    assert desk.ask("/graph", known_on="2031-05-04")["nodes"] == desk.ask("/graph")["nodes"]
    assert desk.ask("/threats", known_on="2031-05-03")["total"] == 0
    desk.ask(f"/threats/threat:{OWN}.0003", 404, known_on="2031-05-03")
    assert desk.ask(f"/graph/nodes/threat:{OWN}.0003", known_on="2031-05-04")["ref"] == f"threat:{OWN}.0003"


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/graph", {"known_on": "yesterday"}),
        ("/graph", {"as_of": "2031-13-01"}),
        ("/lawyers", {"known_on": "2031-02-30"}),
        ("/graph", {"merge": "perhaps"}),
        ("/graph/changes", {"since": "2031-01-01T00:00"}),
    ],
)
def test_another_moment_is_said_in_its_form(desk: Desk, path: str, params: dict[str, str]) -> None:
    answer = desk.ask(path, 400, **params)
    [problem] = answer["errors"]
    assert next(iter(params)) in problem["pointer"]
