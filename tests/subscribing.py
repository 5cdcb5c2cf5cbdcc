"""Following for tests: a hub whose webhooks may go to this machine, and what is asked of its subscriptions."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from tests.running import World, make_world, threat

Json = Any
SUBSCRIPTIONS = "/api/v1/subscriptions"
TRIES = 2000


def make_following_world(folder: Path, **more: Any) -> World:
    mail = {"smtp_url": "smtp://127.0.0.1:9", "mail_from": "hub@hub.example"}  # where nobody takes any
    return make_world(folder, **{"webhooks_loopback_for_tests_only": True, **mail, **more})


class Follower:
    """One account that follows.

    Args:
        door: to the hub: a client in process, or over a socket.
        world: whose tokens.
        who: name of the account.
    """

    def __init__(self, door: Any, world: World, who: str = "observer") -> None:
        self.door = door
        self.headers = world.bearer(who)

    def ask(self, body: Json) -> Any:
        return self.door.post(SUBSCRIPTIONS, json=body, headers=self.headers)

    def follow(self, url: str, **more: Json) -> Json:
        answer = self.ask({"channel": "webhook", "url": f"{url}/", **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def get(self, one: Json, part: str = "", **asked: Json) -> Json:
        answer = self.door.get(f"{SUBSCRIPTIONS}/{one['id']}{part}", params=asked, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def act(self, one: Json, act: str, body: Json = None, status: int = 200) -> Json:
        more = {} if body is None else {"json": body}
        answer = self.door.post(f"{SUBSCRIPTIONS}/{one['id']}/{act}", headers=self.headers, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    def log(self, one: Json) -> list[Json]:
        found: list[Json] = self.get(one, "/deliveries", limit=200)["deliveries"]
        return found

    def until(self, one: Json, holds: Callable[[Json], bool]) -> Json:
        """Ask until something holds of a subscription; each question takes its time."""
        for _ in range(TRIES):
            shown = self.get(one)
            if holds(shown):
                return shown
        raise AssertionError(shown)


class Publisher:
    """Publishes threats as `harbour-bar-watch`, each with an id of its own."""

    def __init__(self, door: Any, world: World, who: str = "publisher") -> None:
        self._door = door
        self._headers = world.bearer(who)
        self._numbers = count(1)

    def publish(self, **more: Json) -> str:
        return self.post(threat(next(self._numbers), **more))

    def post(self, event: Json) -> str:
        answer = self._door.post("/api/v1/events", json=event, headers=self._headers)
        assert answer.status_code == 201, answer.text
        self.cursor = answer.json()["cursor"]
        return str(event["id"])

    def retract(self, event_id: str, name: str, reason: str = "superseded") -> str:
        data = {"about_event": event_id, "reason": reason}
        return self.post({**self.own(name, "record.retracted"), "data": data})

    def correct(self, event_id: str, name: str, **more: Json) -> str:
        data = {"about_event": event_id, **more}
        return self.post({**self.own(name, "record.corrected"), "data": data})

    def own(self, name: str, event_type: str) -> Json:
        source = "urn:hub:partner:harbour-bar-watch"
        return {"specversion": "1.0", "id": name, "source": source, "type": event_type}
