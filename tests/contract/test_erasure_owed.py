"""Who owes an answer to an erasure for two weeks is given nothing new, by no channel, and misses nothing later."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from starlette.testclient import WebSocketTestSession

from tests.contract.test_scenario_time import N, O, Timed, timed
from tests.contract.test_scenarios import STORIES
from tests.contract.test_scenarios_further import say, step
from tests.mailbox import Mailbox, taking_mail
from tests.receiver import Receiver, receiving
from tests.wire import ORIGIN

Json = Any
SECONDS = 30.0
REFUSED = (403, "urn:hub:problem:erasure-unanswered")


@dataclass
class Scene:
    """A hub to which S5 was told, and what two partners follow: one answers erasures, and one does not."""

    told: Timed
    receiver: Receiver
    box: Mailbox
    keys: dict[tuple[str, str], str]

    def pull(self, address: str, slug: str | None, **asked: str) -> tuple[int, str | None]:
        headers = self.told.bearer(slug) if "key" not in asked else {}
        answer = self.told.client.get(address, params=asked, headers=headers)
        return answer.status_code, answer.json()["type"] if answer.status_code == 403 else None

    def knock(self, slug: str | None) -> int:
        """Return how the live feed answers, without following it."""
        answer = self.told.client.head("/api/v1/feed", headers=self.told.bearer(slug))
        return int(answer.status_code)

    def mails(self, slug: str) -> list[EmailMessage]:
        return [one for one in self.box.came if one["To"] == f"{slug}@box.example"]

    def has_mails(self, slug: str, count: int) -> bool:
        return len(self.mails(slug)) >= count

    def tell_all(self, name: str) -> None:
        profile = {"body": f"body:{O}.{name}", "kind": "bar", "name": {"en": "A bar"}, "country": "QS"}
        assert say(self.told, O, "body.profiled", profile, id=name)["status"] == "stored"


def follow(told: Timed, slug: str, wish: Json) -> Json:
    answer = told.client.post("/api/v1/subscriptions", json=wish, headers=told.bearer(slug))
    assert answer.status_code == 201, answer.text
    return answer.json()


def listening(told: Timed, slug: str) -> WebSocketTestSession:
    session: WebSocketTestSession = told.client.websocket_connect("/api/v1/feed", headers=told.bearer(slug))
    return session


def last_words(listener: WebSocketTestSession) -> str:
    """Return why the hub says goodbye."""
    heard: Queue[str] = Queue()

    def hear() -> None:
        while (said := listener.receive_json())["kind"] != "bye":
            assert said["kind"] in {"live", "beat", "changed", "withdrawn", "event"}
        heard.put(said["reason"])

    Thread(target=hear, daemon=True).start()
    return heard.get(timeout=SECONDS)


def key_of(told: Timed, slug: str, purpose: str) -> str:
    answer = told.client.post("/api/v1/addresses", json={"for": purpose}, headers=told.bearer(slug))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["key"])


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("owed")
    with taking_mail() as box, receiving() as receiver:
        more = {"smtp_url": box.url, "mail_from": "hub@hub.example", "public_url": ORIGIN}
        with timed(folder, "2026-06-01T12:00", webhooks_loopback_for_tests_only=True, **more) as told:
            told.tell(STORIES["s05"])
            keys = {(slug, one): key_of(told, slug, one) for slug in (N, O) for one in ("feed", "calendar")}
            for number, slug in enumerate((N, O), 1):
                mail = {
                    "channel": "mail",
                    "address": f"{slug}@box.example",
                    "rate": "daily",
                    "type": ["body.*"],
                }
                follow(told, slug, mail)
                link = str(box.wait(number)[-1]["List-Unsubscribe"]).strip("<>").removeprefix(ORIGIN)
                assert told.client.post(link, data={"act": "confirm"}).status_code == 200
                url = f"{receiver.url}/{slug}"
                follow(told, slug, {"channel": "webhook", "url": url, "type": ["body.*"]})
            yield Scene(told, receiver, box, keys)


def test_every_way_out_is_closed_until_the_answer_and_nothing_is_lost(scene: Scene) -> None:
    told = scene.told
    followed = follow(told, N, {"channel": "page", "type": ["body.*"]})["id"]
    news = f"/api/v1/subscriptions/{followed}/news"
    assert scene.pull(news, N) == (200, None)
    with listening(told, N) as debtor, listening(told, O) as other:
        told.day("2026-06-15T12:01")
        assert last_words(debtor) == "restart"
        scene.tell_all("B-0")
        while (said := other.receive_json())["kind"] != "event":
            assert said["kind"] in {"live", "beat", "changed"}
        assert said["event"]["id"] == "B-0"
    assert scene.pull(news, N) == REFUSED
    for address in ("/api/v1/events", "/api/v1/graph/changes", "/feed.atom", "/feed.json", "/hearings.ics"):
        assert scene.pull(address, N) == REFUSED, address
        assert scene.pull(address, O) == scene.pull(address, None) == (200, None)
    assert [scene.knock(slug) for slug in (N, O, None)] == [403, 200, 200]
    for form in ("json", "csv", "gexf"):
        asked = {"format": form}
        assert scene.pull("/api/v1/graph/export", N, **asked) == REFUSED
        assert scene.pull("/api/v1/graph/export", O, **asked) == (200, None)
    for address, purpose in (("/feed.atom", "feed"), ("/feed.json", "feed"), ("/hearings.ics", "calendar")):
        assert scene.pull(address, None, key=scene.keys[N, purpose]) == REFUSED
        assert scene.pull(address, None, key=scene.keys[O, purpose]) == (200, None)
    # What is open to it stays so: it sees what waits, and may publish.
    assert scene.pull("/api/v1/graph", N) == scene.pull("/api/v1/board", N) == (200, None)

    # The other's second digest comes in a later round than the first, in which both were due.
    for number, day in enumerate(("2026-06-16T12:02", "2026-06-17T12:03"), 1):
        scene.tell_all(f"B-{number}")
        scene.pull(
            "/api/v1/board", O
        )  # Reads when the views have it: a digest that came before them would be empty.
        told.day(day)
        told.until(partial(scene.has_mails, O, number + 1))
    scene.receiver.wait_for(2, f"/{O}")
    assert len(scene.mails(N)) == 1  # which asked whether it wants any
    assert scene.receiver.at(f"/{N}") == []

    assert say(told, N, "erasure.executed", step("s05-03a")["data"])["status"] == "stored"
    said = [one.said["data"]["type"] for one in scene.receiver.wait_for(2, f"/{N}")]
    assert said == ["body.profiled", "body.profiled"]
    told.until(partial(scene.has_mails, N, 2))
    assert scene.knock(N) == 200
    assert scene.pull("/feed.json", N, at_least=told.cursor) == (200, None)
    assert scene.pull("/feed.atom", None, key=scene.keys[N, "feed"]) == (200, None)
