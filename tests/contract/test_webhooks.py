"""Webhooks that really leave the hub: signed, in order, at least once, and by what their reader may see."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from events.submission import Publisher as By
from hub.limits import ERRANDS, SECONDS_PER_ERRAND
from hub.subscriptions.dispatcher import LANE
from hub.subscriptions.shelf import FILE
from hub.subscriptions.terms import OLD_SIGN, TRIES
from tests.receiver import Answering, Delivered, Receiver, receiving
from tests.running import World, calling, recording, serving, threat
from tests.subscribing import SUBSCRIPTIONS, Follower, Publisher, make_following_world

Json = Any
WEBHOOKS = Path(__file__).parents[2] / "docs" / "webhooks.md"
SOURCE = "urn:hub:partner:harbour-bar-watch"


@dataclass
class Scene:
    """A hub, one who publishes, one who follows, and where webhooks arrive."""

    world: World
    publisher: Publisher
    observer: Follower
    receiver: Receiver
    settle: Callable[[], None]
    """Waits until the views have come as far as the log: whoever follows begins there."""


@contextmanager
def playing(world: World, receiver: Receiver) -> Iterator[Scene]:
    with calling(world) as door:

        def settle() -> None:
            assert door.app_state["room"].wait_for(door.app_state["end_of_log"](), 20)

        settle()
        yield Scene(world, Publisher(door, world), Follower(door, world), receiver, settle)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_following_world(tmp_path)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
def scene(world: World, receiver: Receiver) -> Iterator[Scene]:
    with playing(world, receiver) as opened:
        yield opened


def passes(one: Delivered, secret: str) -> bool:
    try:
        Webhook(secret).verify(one.body, dict(one.headers))
    except WebhookVerificationError:
        return False
    return True


def bears(one: Delivered, secret: str) -> bool:
    """Tell whether a delivery bears the signature of a secret, whenever it was made."""
    when = datetime.fromtimestamp(int(one.headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(one.headers["webhook-id"], when, one.body.decode())
    return signature in one.headers["webhook-signature"].split(" ")


def examples() -> dict[str, Any]:
    """Return what the examples in docs/webhooks.md define."""
    named: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", WEBHOOKS.read_text("utf-8"), re.DOTALL):
        exec(block, named)  # noqa: S102  # our own document
    return named


def passes_by_key(one: Delivered, public_key: str) -> bool:
    return bool(examples()["is_from_the_hub"](one.body, one.headers, public_key))


def schemes(one: Delivered) -> list[str]:
    return [part.partition(",")[0] for part in one.headers["webhook-signature"].split(" ")]


def test_deliveries_are_thin_and_signed_by_both_schemes(scene: Scene) -> None:
    scene.world.clock.now = datetime.now(UTC)  # whoever verifies looks at the real clock
    made = scene.observer.follow(scene.receiver.url, signature=["v1", "v1a"], type="threat.*")
    event = scene.publisher.publish()
    [one] = scene.receiver.wait_for(1)
    assert one.said == {
        "type": "event",
        "timestamp": one.said["timestamp"],
        "data": {
            "id": event, "source": SOURCE, "type": "threat.reported", "cursor": scene.publisher.cursor,
        },
    }  # fmt: skip
    assert one.headers["content-type"] == "application/json"
    assert schemes(one) == ["v1", "v1a"]
    assert passes(one, made["secret"])
    assert passes_by_key(one, made["public_key"])
    changed = replace(one, body=one.body.replace(b"t-1", b"t-2"))
    assert not passes(changed, made["secret"])
    assert not passes_by_key(changed, made["public_key"])
    shown = scene.observer.get(made)
    assert "secret" not in shown
    assert shown["public_key"] == made["public_key"]


def test_one_scheme_signs_once(scene: Scene) -> None:
    scene.world.clock.now = datetime.now(UTC)
    made = scene.observer.follow(scene.receiver.url, signature="v1a")
    assert "secret" not in made
    scene.publisher.publish()
    [one] = scene.receiver.wait_for(1)
    assert schemes(one) == ["v1a"]
    assert passes_by_key(one, made["public_key"])


def test_everything_comes_in_order_and_once_while_all_is_well(scene: Scene) -> None:
    made = scene.observer.follow(scene.receiver.url)
    sent = [scene.publisher.publish() for _ in range(30)]
    came = scene.receiver.wait_for(30)
    assert [one.id for one in came] == sent
    assert len({one.headers["webhook-id"] for one in came}) == 30
    shown = scene.observer.until(made, lambda one: one["cursor"] == scene.publisher.cursor)
    assert (shown["failing"], shown["tries"], shown["due"]) == (None, 0, None)


def test_only_what_fits_the_filters_comes(scene: Scene) -> None:
    scene.observer.follow(scene.receiver.url, about="threat:harbour-bar-watch.0002")
    scene.observer.follow(f"{scene.receiver.url}/other", country=["QP"], type=["threat.*"])
    scene.publisher.publish()
    wanted = scene.publisher.publish()
    there = scene.publisher.publish(data={"place": {"country": "QP"}})
    assert [one.id for one in scene.receiver.wait_for(1)] == [wanted]
    assert [one.id for one in scene.receiver.wait_for(1, "/other/")] == [there]


def test_changes_and_withdrawals_come_as_such(scene: Scene) -> None:
    scene.observer.follow(scene.receiver.url, type="threat.*")
    event = scene.publisher.publish(data={"title": "As it was first told"})
    scene.receiver.wait_for(1)
    scene.publisher.correct(event, "c-1", changes=[{"pointer": "/title", "to": "As it is"}])
    scene.receiver.wait_for(2)
    scene.publisher.retract(event, "r-1")
    came = scene.receiver.wait_for(3)
    assert [one.said["type"] for one in came] == ["event", "changed", "withdrawn"]
    assert {one.id for one in came} == {event}
    assert len({one.headers["webhook-id"] for one in came}) == 3


def test_readers_of_different_rights_get_what_each_may_see(scene: Scene) -> None:
    world, door = scene.world, scene.observer.door
    world.issue("green", "open-docket", "observer", account="green", clearance="green")
    world.issue("red", "harbour-bar-watch", "coordinator", account="red", clearance="red", read_only=True)
    Follower(door, world, "green").follow(f"{scene.receiver.url}/green")
    Follower(door, world, "red").follow(f"{scene.receiver.url}/red")
    for tlp in ("amber", "red", "amber+strict", "green", "clear"):
        scene.publisher.publish(tlp=tlp)
    assert [one.id for one in scene.receiver.wait_for(2, "/green/")] == ["t-4", "t-5"]
    # Not even their own publisher is told of what is stricter than amber.
    assert [one.id for one in scene.receiver.wait_for(3, "/red/")] == ["t-1", "t-4", "t-5"]


def test_what_becomes_too_strict_to_leave_is_withdrawn(scene: Scene) -> None:
    scene.world.issue("red", "harbour-bar-watch", "coordinator", clearance="red")
    red = Follower(scene.observer.door, scene.world, "red")
    made = red.follow(scene.receiver.url)
    event = scene.publisher.publish()
    scene.receiver.wait_for(1)
    scene.publisher.correct(event, "c-1", tlp="red")
    came = scene.receiver.wait_for(2)
    withdrawn = next(one for one in came if one.said["type"] == "withdrawn")
    assert withdrawn.id == event
    # What came in is written down when its answer is back.
    shown = red.until(made, lambda _: len(red.log(made)) == 2)
    assert shown["state"] == "active"
    assert [one["about"] for one in red.log(made) if one["kind"] in {"event", "withdrawn"}] == [None, None]


def test_nothing_is_lost_or_out_of_order_over_failures(scene: Scene) -> None:
    made = scene.observer.follow(scene.receiver.url)
    scene.receiver.answers = lambda _: Answering(503)
    events = [scene.publisher.publish() for _ in range(3)]
    scene.receiver.wait_for(1)
    shown = scene.observer.until(made, lambda one: one["tries"] == 1)
    waits = datetime.fromisoformat(shown["due"]) - scene.world.clock()
    assert TRIES[0] <= waits <= TRIES[0] * 1.1
    scene.world.clock.move(seconds=5.6)
    scene.receiver.wait_for(2)
    scene.observer.until(made, lambda one: one["tries"] == 2)
    scene.receiver.answers = lambda _: Answering()
    scene.world.clock.move(minutes=5.6)
    came = scene.receiver.wait_for(5)
    assert [one.id for one in came] == [events[0], events[0], *events]
    assert len({one.headers["webhook-id"] for one in came}) == 3
    assert len({one.headers["webhook-timestamp"] for one in came[:3]}) == 3
    shown = scene.observer.until(made, lambda one: one["cursor"] == scene.publisher.cursor)
    assert (shown["tries"], shown["failing"]) == (0, None)
    tried = [(one["status"], one["error"], one["next"] is None) for one in reversed(scene.observer.log(made))]
    assert tried == [(503, "refused", False), (503, "refused", False), *[(204, None, True)] * 3]


def test_a_target_may_ask_for_more_patience(scene: Scene) -> None:
    made = scene.observer.follow(scene.receiver.url)
    scene.receiver.answers = lambda _: Answering(429, {"retry-after": "600"})
    scene.publisher.publish()
    shown = scene.observer.until(made, lambda one: one["tries"] == 1)
    assert datetime.fromisoformat(shown["due"]) == scene.world.clock() + timedelta(seconds=600)
    scene.receiver.answers = lambda _: Answering(429, {"retry-after": "9999999"})
    scene.world.clock.move(seconds=600)
    shown = scene.observer.until(made, lambda one: one["tries"] == 2)
    assert datetime.fromisoformat(shown["due"]) == scene.world.clock() + timedelta(hours=24)
    scene.world.clock.move(hours=24)
    until = scene.world.clock() + timedelta(hours=7)
    scene.receiver.answers = lambda _: Answering(503, {"retry-after": format_datetime(until, usegmt=True)})
    shown = scene.observer.until(made, lambda one: one["tries"] == 3)
    assert datetime.fromisoformat(shown["due"]) == until


def test_a_target_that_asks_for_patience_in_a_year_that_no_clock_has_stops_nobody_elses(scene: Scene) -> None:
    later = {"retry-after": "Fri, 07 Nov 99999999999 00:00:00 GMT"}
    scene.receiver.answers = lambda one: Answering(503, later) if one.path == "/odd/" else Answering()
    odd = scene.observer.follow(f"{scene.receiver.url}/odd")
    scene.observer.follow(scene.receiver.url)
    sent = [scene.publisher.publish() for _ in range(5)]
    assert [one.id for one in scene.receiver.wait_for(5)] == sent
    assert scene.observer.until(odd, lambda one: one["tries"] == 1)["failing"] is not None
    assert len(scene.receiver.at("/odd/")) == 1


def test_a_redirect_is_not_followed(scene: Scene) -> None:
    made = scene.observer.follow(scene.receiver.url)
    scene.receiver.answers = lambda _: Answering(307, {"location": f"{scene.receiver.url}/elsewhere"})
    scene.publisher.publish()
    scene.observer.until(made, lambda one: one["tries"] == 1)
    [tried] = scene.observer.log(made)
    assert (tried["status"], tried["error"]) == (307, "redirect")
    assert scene.receiver.at("/elsewhere") == []


def test_gone_ends_it(scene: Scene) -> None:
    made = scene.observer.follow(scene.receiver.url, why="A note.")
    scene.receiver.answers = lambda _: Answering(410)
    scene.publisher.publish()
    shown = scene.observer.until(made, lambda one: one["state"] == "ended")
    assert (shown["reason"], shown["url"], shown["why"], shown["expires"]) == ("gone", None, "", None)
    refused = scene.observer.act(made, "resume", status=422)
    assert refused["errors"][0]["code"] == "ended"


def test_days_of_failure_pause_it_with_a_notice_and_it_goes_on_where_it_stood(scene: Scene) -> None:
    made = scene.observer.follow(scene.receiver.url)
    scene.receiver.answers = lambda _: Answering(500)
    event = scene.publisher.publish()
    for no, wait in enumerate(TRIES, start=1):
        scene.observer.until(made, lambda one, no=no: one["tries"] == no)  # type: ignore[misc]  # bound at once
        scene.world.clock.now += wait * 1.1
    shown = scene.observer.until(made, lambda one: one["state"] == "paused")
    assert (shown["reason"], shown["due"], len(scene.receiver.at())) == ("failing", None, len(TRIES) + 1)
    assert scene.world.clock() - datetime.fromisoformat(shown["failing"]) > timedelta(days=3)
    listed = scene.observer.door.get("/api/v1/subscriptions", headers=scene.observer.headers).json()
    assert listed["notices"] == [{"subscription": made["id"], "code": "paused", "since": shown["paused"]}]
    assert scene.observer.act(made, "replay", {"after": "begin"}, 422)["errors"][0]["code"] == "paused"
    scene.receiver.answers = lambda _: Answering()
    assert scene.observer.act(made, "resume")["state"] == "active"
    came = scene.receiver.wait_for(len(TRIES) + 2)
    assert {one.headers["webhook-id"] for one in came} == {came[0].headers["webhook-id"]}
    assert came[-1].id == event
    shown = scene.observer.until(made, lambda one: one["sent"] is not None)
    assert (shown["state"], shown["paused"], shown["failing"]) == ("active", None, None)


def test_a_restart_in_the_middle_loses_nothing(world: World, receiver: Receiver) -> None:
    held = threading.Event()
    receiver.answers = lambda one: Answering(held=held if one.id == "t-2" else None)
    with playing(world, receiver) as scene:
        made = scene.observer.follow(receiver.url)
        for _ in range(3):
            scene.publisher.publish()
        receiver.wait_for(2)
    # The hub has gone while the target held the second: nobody knows whether it arrived.
    held.set()
    receiver.answers = lambda _: Answering()
    with playing(world, receiver) as scene:
        came = receiver.wait_for(4)
        scene.observer.until(made, lambda one: one["sent"] is not None and one["tries"] == 0)
    assert [one.id for one in came] == ["t-1", "t-2", "t-2", "t-3"]
    assert came[1].headers["webhook-id"] == came[2].headers["webhook-id"]


def test_what_was_recorded_while_no_hub_ran_comes_at_its_start(world: World, receiver: Receiver) -> None:
    with playing(world, receiver) as scene:
        scene.observer.follow(receiver.url)
    with recording(world) as intake:
        checked = intake.check(By("harbour-bar-watch", "tests"), threat(7))
        assert intake.record([checked])[0].status == "stored"
    with playing(world, receiver):
        assert [one.id for one in receiver.wait_for(1)] == ["t-7"]


def test_a_slow_target_delays_no_other(scene: Scene) -> None:
    held = threading.Event()
    scene.receiver.answers = lambda one: Answering(held=None if one.path == "/quick/" else held)
    for no in range(3):
        scene.observer.follow(f"{scene.receiver.url}/slow{no}")
    scene.observer.follow(f"{scene.receiver.url}/quick")
    sent = [scene.publisher.publish() for _ in range(10)]
    try:
        assert [one.id for one in scene.receiver.wait_for(10, "/quick/")] == sent
        assert [len(scene.receiver.at(f"/slow{no}/")) for no in range(3)] == [1, 1, 1]
    finally:
        held.set()


def test_many_that_never_answer_hold_nobody_up(scene: Scene) -> None:
    held = threading.Event()
    scene.receiver.answers = lambda one: Answering(held=None if one.path == "/quick/" else held)
    stuck = [scene.observer.follow(f"{scene.receiver.url}/stuck{no}") for no in range(LANE + 8)]
    scene.publisher.publish()
    scene.receiver.wait_for(1, f"/stuck{LANE - 1}/")
    scene.observer.follow(f"{scene.receiver.url}/quick")
    sent = scene.publisher.publish()
    try:
        assert [one.id for one in scene.receiver.wait_for(1, "/quick/")] == [sent]
        # None of them was given up before: nobody waited for that.
        assert [scene.observer.log(one) for one in stuck] == [[]] * len(stuck)
    finally:
        held.set()


def test_removing_ends_a_delivery_on_its_way(scene: Scene) -> None:
    held = threading.Event()
    scene.receiver.answers = lambda _: Answering(held=held)
    made = scene.observer.follow(scene.receiver.url)
    scene.publisher.publish()
    scene.receiver.wait_for(1)
    started = datetime.now(UTC)
    door, dispatcher = scene.observer.door, scene.observer.door.app_state["dispatcher"]
    assert door.delete(f"{SUBSCRIPTIONS}/{made['id']}", headers=scene.observer.headers).status_code == 204
    for _ in range(100_000):
        if not dispatcher.serves(made["id"]):
            break
        door.get("/healthz")
    held.set()
    assert datetime.now(UTC) - started < timedelta(seconds=2)


def test_a_clock_that_is_set_back_silences_nobody(scene: Scene) -> None:
    refused = threading.Event()
    scene.receiver.answers = lambda _: Answering(204 if refused.is_set() else 503)
    failing = scene.observer.follow(f"{scene.receiver.url}/failing")
    scene.publisher.publish()
    scene.observer.until(failing, lambda one: one["tries"] == 1)
    refused.set()
    well = scene.observer.follow(f"{scene.receiver.url}/well")
    scene.publisher.publish()
    scene.observer.until(well, lambda one: one["cursor"] == scene.publisher.cursor)
    scene.world.clock.move(days=-1000)
    sent = scene.publisher.publish()
    assert [one.id for one in scene.receiver.wait_for(2, "/well/")][1:] == [sent]
    assert [one.id for one in scene.receiver.wait_for(4, "/failing/")][-1:] == [sent]


def test_a_revoked_token_ends_a_delivery_on_its_way(scene: Scene) -> None:
    held = threading.Event()
    scene.receiver.answers = lambda _: Answering(held=held)
    made = scene.observer.follow(scene.receiver.url)
    scene.publisher.publish()
    scene.publisher.publish()
    scene.receiver.wait_for(1)
    started = datetime.now(UTC)
    scene.world.revoke("observer")
    dispatcher = scene.observer.door.app_state["dispatcher"]
    for _ in range(100_000):
        if not dispatcher.serves(made["id"]):
            break
        scene.observer.door.get("/healthz")
    assert datetime.now(UTC) - started < timedelta(seconds=2)
    held.set()
    kept = scene.observer.door.app_state["subscriptions"].shelf.get(made["id"])
    assert (kept.state, kept.reason, kept.target) == ("ended", "revoked", "")
    assert len(scene.receiver.at()) == 1


def test_a_suspended_partner_and_an_expired_token_end_it(scene: Scene) -> None:
    expires = scene.world.clock() + timedelta(hours=1)
    scene.world.issue("brief", "harbour-bar-watch", "observer", account="brief", expires=expires)
    brief = Follower(scene.observer.door, scene.world, "brief")
    first, second = brief.follow(scene.receiver.url), scene.observer.follow(scene.receiver.url)
    assert datetime.fromisoformat(first["expires"]) == expires
    data = {"partner": "partner:open-docket", "scope": "both"}
    raw = {
        "specversion": "1.0",
        "id": "s-1",
        "source": "urn:hub:partner:stewards",
        "type": "partner.suspended",
    }
    Publisher(scene.observer.door, scene.world, "steward").post({**raw, "data": data})
    scene.world.clock.move(hours=2)
    shelf = scene.observer.door.app_state["subscriptions"].shelf
    for _ in range(100_000):
        ended = {one.id: one.reason for one in shelf.listing() if one.state == "ended"}
        if len(ended) == 2:
            break
        scene.observer.door.get("/healthz")
    assert ended == {first["id"]: "expired", second["id"]: "suspended"}
    scene.publisher.publish()
    assert scene.receiver.at() == []


def test_rotating_lets_the_old_secret_sign_for_a_day(scene: Scene) -> None:
    scene.world.clock.now = datetime.now(UTC)
    made = scene.observer.follow(scene.receiver.url, signature=["v1", "v1a"])
    rotated = scene.observer.act(made, "rotate")
    assert rotated["secret"] != made["secret"]
    assert rotated["public_key"] != made["public_key"]
    again = scene.observer.act(made, "rotate")
    scene.publisher.publish()
    [one] = scene.receiver.wait_for(1)
    assert schemes(one) == ["v1", "v1a"] * 3
    assert [passes(one, key["secret"]) for key in (made, rotated, again)] == [True, True, True]
    assert [passes_by_key(one, key["public_key"]) for key in (made, rotated, again)] == [True, True, True]
    scene.world.clock.move(hours=25)
    scene.publisher.publish()
    [_, one] = scene.receiver.wait_for(2)
    assert schemes(one) == ["v1", "v1a"]
    assert [bears(one, key["secret"]) for key in (made, rotated, again)] == [False, False, True]


def test_only_so_many_old_secrets_sign(scene: Scene) -> None:
    made = scene.observer.follow(scene.receiver.url)
    for _ in range(OLD_SIGN + 2):
        last = scene.observer.act(made, "rotate")
    scene.publisher.publish()
    [one] = scene.receiver.wait_for(1)
    assert schemes(one) == ["v1"] * (OLD_SIGN + 1)
    assert [bears(one, key["secret"]) for key in (made, last)] == [False, True]


def test_replaying_delivers_again_what_comes_after_a_cursor(scene: Scene) -> None:
    scene.publisher.publish()
    scene.settle()
    made = scene.observer.follow(scene.receiver.url, type="threat.*")
    scene.publisher.publish()
    scene.publisher.publish()
    [second, third] = scene.receiver.wait_for(2)
    scene.observer.until(made, lambda one: one["cursor"] == third.said["data"]["cursor"])
    scene.observer.act(made, "replay", {"after": second.said["data"]["cursor"]})
    came = scene.receiver.wait_for(3)
    assert [one.id for one in came] == ["t-2", "t-3", "t-3"]
    assert came[1].headers["webhook-id"] == came[2].headers["webhook-id"]
    scene.observer.until(made, lambda one: one["cursor"] == third.said["data"]["cursor"])
    scene.observer.act(made, "replay", {"after": "begin"})
    assert [one.id for one in scene.receiver.wait_for(6)][-3:] == ["t-1", "t-2", "t-3"]


def test_a_trial_says_what_came_back_and_moves_nothing(scene: Scene) -> None:
    made = scene.observer.follow(scene.receiver.url)
    answer = scene.observer.act(made, "test")
    [one] = scene.receiver.wait_for(1)
    assert one.said["type"] == "test"
    assert one.said["data"] == {
        "id": made["id"], "source": "urn:hub:partner:hub", "type": "subscription.test", "cursor": made["cursor"],
    }  # fmt: skip
    assert answer == {
        "webhook_id": one.headers["webhook-id"], "status": 204, "error": None, "at": answer["at"],
    }  # fmt: skip
    scene.receiver.answers = lambda _: Answering(500)
    assert scene.observer.act(made, "test")["error"] == "refused"
    shown = scene.observer.get(made)
    assert (shown["tries"], shown["cursor"], shown["sent"]) == (0, made["cursor"], None)
    assert [one["kind"] for one in scene.observer.log(made)] == ["test", "test"]


def test_no_account_sends_the_hub_out_so_often_that_others_wait(scene: Scene) -> None:
    made = scene.observer.follow(scene.receiver.url)
    path = f"{SUBSCRIPTIONS}/{made['id']}/test"
    answers = [scene.observer.door.post(path, headers=scene.observer.headers) for _ in range(ERRANDS + 2)]
    statuses = [one.status_code for one in answers]
    # The look at its address was the first errand.
    assert statuses == [200] * (ERRANDS - 1) + [429] * 3
    assert 1 <= int(answers[-1].headers["retry-after"]) <= SECONDS_PER_ERRAND
    looked = scene.observer.ask({"channel": "webhook", "url": f"{scene.receiver.url}/"})
    assert looked.status_code == 429
    scene.observer.act(made, "replay", {"after": "begin"}, status=429)
    assert scene.observer.get(made)["state"] == "active"
    other = Follower(scene.observer.door, scene.world, "docket")
    assert other.act(other.follow(scene.receiver.url), "test")["error"] is None


def test_a_target_that_is_not_there_is_told_so(scene: Scene) -> None:
    with receiving() as gone:
        url = gone.url
    made = scene.observer.follow(url)
    answer = scene.observer.act(made, "test")
    assert (answer["status"], answer["error"]) == (None, "unreachable")


def test_an_address_that_turns_inward_later_is_not_called(world: World, receiver: Receiver) -> None:
    with playing(world, receiver) as scene:
        made = scene.observer.follow(receiver.url)
        scene.publisher.publish()
        receiver.wait_for(1)
        scene.observer.until(made, lambda one: one["sent"] is not None)
    # The same address, under the rules of every day.
    strict = replace(world, settings=replace(world.settings, webhooks_loopback_for_tests_only=False))
    with playing(strict, receiver) as scene:
        scene.publisher.post(threat(99))
        scene.observer.until(made, lambda one: one["tries"] == 1)
        tried = scene.observer.log(made)[0]
        assert (tried["status"], tried["error"]) == (None, "wrong_scheme")
    assert len(receiver.at()) == 1


def test_a_stale_follow_asks_through_its_webhook_and_ends_unanswered(scene: Scene) -> None:
    made = scene.observer.follow(scene.receiver.url)
    other = scene.observer.follow(f"{scene.receiver.url}/other")
    scene.world.clock.move(days=89)
    scene.publisher.publish()
    scene.receiver.wait_for(1)
    scene.receiver.wait_for(1, "/other/")
    scene.world.clock.move(days=1, minutes=1)
    notice = scene.receiver.wait_for(2)[1]
    scene.receiver.wait_for(2, "/other/")
    assert notice.said["type"] == "notice"
    assert notice.said["data"]["id"] == made["id"]
    assert notice.said["data"]["type"] == "subscription.asks"
    shown = scene.observer.until(made, lambda one: one["asks"])
    assert datetime.fromisoformat(shown["expires"]) == scene.world.clock() + timedelta(days=14)
    confirmed = scene.observer.act(other, "confirm")
    assert confirmed["asks"] is False
    scene.publisher.publish()
    assert [one.said["type"] for one in scene.receiver.wait_for(3)] == ["event", "notice", "event"]
    scene.world.clock.move(days=14, minutes=1)
    assert scene.observer.until(made, lambda one: one["state"] == "ended")["reason"] == "stale"
    assert scene.observer.get(other)["state"] == "active"


def test_two_hubs_on_one_folder_deliver_once(world: World, receiver: Receiver) -> None:
    with playing(world, receiver) as scene:
        made = scene.observer.follow(receiver.url)
        with recording(world):  # something else has the folder open as well
            pass
        second = world.app()
        with second_hub(second) as state:
            sent = [scene.publisher.publish() for _ in range(5)]
            receiver.wait_for(5)
            scene.observer.until(made, lambda one: one["cursor"] == scene.publisher.cursor)
            assert not state["dispatcher"].serves(made["id"])
            assert receiver.ids() == sent


@contextmanager
def second_hub(app: Any) -> Iterator[Any]:
    from anyio.from_thread import start_blocking_portal

    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)) as state,
    ):
        yield state


@contextmanager
def reserved_port() -> Iterator[int]:
    """Keep a port for whoever listens on it with the same option."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_the_receiver_of_the_document_keeps_what_it_is_told_of(tmp_path: Path) -> None:
    world = make_following_world(tmp_path)
    world.clock.now = datetime.now(UTC)
    have: dict[tuple[str, str], Json] = {}
    with serving(world) as hub, httpx.Client(base_url=hub.url) as client, reserved_port() as port:
        observer, publisher = Follower(client, world), Publisher(client, world)
        made = observer.follow(f"http://127.0.0.1:{port}", type="threat.*")
        server = examples()["receiver"](hub.url, world.tokens["observer"], made["secret"], have, port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            kept, gone = publisher.publish(data={"title": "As it was"}), publisher.publish()
            publisher.correct(kept, "c-1", changes=[{"pointer": "/title", "to": "As it is"}])
            publisher.retract(gone, "r-1")
            observer.until(made, lambda one: one["cursor"] == publisher.cursor)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
    assert have[SOURCE, kept]["data"]["title"] == "As it is"
    assert (SOURCE, gone) not in have


def played(folder: Path, receiver: Receiver, path: str, *, with_hidden: bool) -> list[Json]:
    """Have the same things happen with or without what the follower may not see, and return all that he gets."""
    world = make_following_world(folder)
    with playing(world, receiver) as scene:
        scene.receiver.answers = lambda one: Answering(503 if one.id == "t-3" else 204)
        made = scene.observer.follow(f"{receiver.url}{path}")
        for number, tlp in enumerate(("green", "red", "clear", "amber+strict", "green"), start=1):
            if tlp in {"green", "clear"} or with_hidden:
                scene.publisher.post(threat(number, tlp=tlp))
        receiver.wait_for(2, f"{path}/")
        scene.observer.until(made, lambda one: one["tries"] == 1)
        scene.receiver.answers = lambda _: Answering()
        scene.world.clock.move(seconds=6)
        receiver.wait_for(4, f"{path}/")
        scene.observer.until(made, lambda one: one["cursor"] == scene.publisher.cursor)
        shown, log = scene.observer.get(made), scene.observer.log(made)
    for one in log:  # cursors, and ids made of them, are opaque and differ
        one.pop("cursor")
        one.pop("webhook_id")
    came = [(one.said["type"], one.id, one.said["timestamp"]) for one in receiver.at(f"{path}/")]
    kept = {
        name: value for name, value in shown.items() if name in {"state", "sent", "tries", "due", "failing"}
    }
    return [came, log, kept]


def test_what_is_hidden_changes_nothing_that_a_follower_gets(tmp_path: Path, receiver: Receiver) -> None:
    plain = played(tmp_path / "plain", receiver, "/plain", with_hidden=False)
    full = played(tmp_path / "full", receiver, "/full", with_hidden=True)
    assert full == plain
    assert len(plain[0]) == 4


def test_the_log_forgets_what_its_reader_lost_sight_of(scene: Scene) -> None:
    made = scene.observer.follow(scene.receiver.url, type="threat.*")
    kept, lost = scene.publisher.publish(), scene.publisher.publish()
    scene.receiver.wait_for(2)
    scene.publisher.correct(lost, "c-1", tlp="red")
    scene.receiver.wait_for(3)
    scene.observer.until(made, lambda one: len(scene.observer.log(one)) == 3)
    rows = [(one["kind"], one["about"] and one["about"]["id"]) for one in reversed(scene.observer.log(made))]
    assert rows == [("event", kept), ("event", None), ("withdrawn", None)]
    data = scene.world.settings.data
    written = b"".join(one.read_bytes() for one in data.glob(f"{FILE}*"))
    assert lost.encode() not in written
    assert scene.receiver.url.encode() not in written


def test_rights_are_read_before_each_letter(scene: Scene) -> None:
    held = threading.Event()
    scene.receiver.answers = lambda _: Answering(held=held)
    made = scene.observer.follow(scene.receiver.url)
    scene.publisher.publish()
    scene.receiver.wait_for(1)
    outbox = scene.observer.door.app_state["dispatcher"].outbox
    assert outbox.take(made["id"]) is not None
    scene.world.revoke("observer")
    # Whoever waited for his turn meanwhile takes nothing.
    assert outbox.take(made["id"]) is None
    assert outbox.take("sub_x") is None
    held.set()
    assert scene.observer.door.app_state["subscriptions"].shelf.get(made["id"]).reason == "revoked"


def test_a_file_that_fails_stops_webhooks_and_nothing_else(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    held = threading.Event()
    scene.receiver.answers = lambda _: Answering(held=held)
    scene.observer.follow(scene.receiver.url)
    scene.publisher.publish()
    scene.receiver.wait_for(1)
    state = scene.observer.door.app_state
    state["subscriptions"].shelf.close()
    held.set()
    for _ in range(100_000):
        if not state["dispatcher"].is_busy and caplog.text.count("webhooks wait: ProgrammingError") >= 2:
            break
        scene.observer.door.get("/healthz")
    assert not state["dispatcher"].is_busy
    scene.publisher.publish()
    assert scene.receiver.url not in caplog.text
