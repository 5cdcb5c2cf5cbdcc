"""Digests by mail: asked for twice, sent once a period, and nothing but links for what is not public."""

import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from hub.digests.desk import QUESTIONS, TRIES, UNANSWERED
from hub.settings import Settings, SettingsRefused
from hub.subscriptions.terms import ASKS_AFTER
from tests.mailbox import Mailbox, parts, taking_mail
from tests.running import TestClient, World, calling, make_world, threat
from tests.subscribing import Follower, Publisher, make_following_world
from tests.wire import ORIGIN

Json = Any
ADDRESS = "anna@docket.example"
DAY = timedelta(days=1)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with taking_mail() as opened:
        yield opened


@pytest.fixture
def world(tmp_path: Path, box: Mailbox) -> World:
    return make_following_world(tmp_path, smtp_url=box.url, public_url=ORIGIN)


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world) as client:
        yield client


class Seen(Publisher):
    """Goes on when the views have what was published: the digest of an earlier moment would be without it."""

    def post(self, event: Json) -> str:
        name = super().post(event)
        asked = {"limit": 1, "at_least": self.cursor}
        shown = self._door.get("/api/v1/events", params=asked, headers=self._headers)
        assert shown.status_code == 200, shown.text
        return name


def link_of(mail: EmailMessage) -> str:
    return str(mail["List-Unsubscribe"]).strip("<>").removeprefix(ORIGIN)


def follow(door: TestClient, world: World, **more: Json) -> Json:
    wish = {"channel": "mail", "address": ADDRESS, "rate": "daily", **more}
    answer = Follower(door, world).ask(wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


def press(door: TestClient, link: str, act: str) -> None:
    answer = door.post(link, data={"act": act})
    assert answer.status_code == 200, answer.text


def confirmed(door: TestClient, world: World, box: Mailbox, **more: Json) -> Json:
    one = follow(door, world, **more)
    press(door, link_of(box.wait(len(box.came) or 1)[-1]), "confirm")
    return one


class TestWhoIsAsked:
    def test_a_mailbox_is_asked_first_and_gets_nothing_else_until_it_says_yes(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        one = follow(door, world)
        [asked] = box.wait(1)
        assert asked["To"] == ADDRESS
        assert "do you want these mails?" in asked["Subject"]
        Seen(door, world).publish(tlp="clear")
        world.clock.now += 2 * DAY
        test = Follower(door, world).act(one, "test", status=422)
        assert test["errors"][0]["code"] == "not_confirmed"
        page = door.get(link_of(asked))
        assert "Nothing happens until you press a button." in page.text
        assert len(box.came) == 1
        press(door, link_of(asked), "confirm")
        assert box.wait(2)[1]["Subject"] == "Solidarity Hub: daily digest"

    def test_one_account_asks_ten_mailboxes_a_day(self, door: TestClient, world: World, box: Mailbox) -> None:
        for number in range(QUESTIONS + 1):
            follow(door, world, address=f"box{number}@docket.example")
        box.wait(QUESTIONS)
        world.clock.now += DAY + timedelta(seconds=1)
        assert {mail["To"] for mail in box.wait(QUESTIONS + 1)} == {
            f"box{number}@docket.example" for number in range(QUESTIONS + 1)
        }

    def test_a_mailbox_that_does_not_answer_is_left_alone(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        one = follow(door, world)
        box.wait(1)
        world.clock.now += UNANSWERED
        ended = Follower(door, world).until(one, lambda shown: shown["state"] == "ended")
        assert ended["reason"] == "stale"
        assert door.get(link_of(box.came[0])).status_code == 404

    def test_a_question_that_could_not_be_sent_is_sent_later(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        box.refuses = "451 later"
        follow(door, world)
        box.wait_refused(1)
        box.refuses = ""
        world.clock.now += TRIES[0]
        box.wait(1)

    def test_a_mailbox_that_there_is_not_is_asked_once(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        box.refuses = "550 nobody here"
        one = follow(door, world)
        assert Follower(door, world).until(one, lambda shown: shown["state"] == "paused")
        assert box.refused == 1

    def test_nobody_else_is_sent_the_link_that_says_yes(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        mine = confirmed(door, world, box)
        box.refuses, box.refuses_alone = "451 later", "victim@docket.example"
        theirs = follow(door, world, address=box.refuses_alone)
        box.wait_refused(1)
        world.clock.now += ASKS_AFTER + timedelta(minutes=2)
        told = "".join(parts(box.wait(2)[1]))
        assert (mine["id"] in told, theirs["id"] in told) == (True, False)

    def test_no_address_hides_another_or_a_header_in_an_encoded_word(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        for hidden in (
            "=?utf-8?q?a=0d=0aBcc:x?=@docket.example",
            "=?utf-8?q?v=40bank.example=2C?=@docket.example",
        ):
            wish = {"channel": "mail", "address": hidden, "rate": "daily"}
            assert Follower(door, world).ask(wish).status_code == 422
        follow(door, world)
        assert box.wait(1)[0]["To"] == ADDRESS

    def test_without_a_mail_server_there_are_no_mails(self, tmp_path: Path) -> None:
        world = make_world(tmp_path)
        with calling(world) as client:
            wish = {"channel": "mail", "address": ADDRESS, "rate": "daily"}
            answer = Follower(client, world).ask(wish)
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["detail"].startswith("This hub sends no mail")

    def test_half_a_mail_server_is_refused(self) -> None:
        with pytest.raises(SettingsRefused, match="HUB_MAIL_FROM"):
            Settings.read({"HUB_SMTP_URL": "smtps://mail.example"}).for_serving()
        for name, value in (("HUB_SMTP_URL", "http://mail.example"), ("HUB_MAIL_FROM", "nobody")):
            with pytest.raises(SettingsRefused, match=name):
                Settings.read({name: value})

    def test_a_link_that_nobody_sent_does_nothing(self, door: TestClient, box: Mailbox) -> None:
        assert door.get("/mail/sub_x.0000").status_code == 404
        assert door.post("/mail/sub_x.0000", data={"act": "end"}).status_code == 404


class TestWhatIsSent:
    def test_what_is_public_has_its_title_and_all_else_is_a_link(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        confirmed(door, world, box)
        publisher = Seen(door, world)
        publisher.publish(tlp="clear", data={"title": "Arrest at the quay"})
        publisher.publish(tlp="green", data={"title": "Only for partners"})
        hidden = publisher.publish(tlp="amber+strict", audience="open-docket", data={"title": "For two"})
        world.clock.now += DAY
        mail = box.wait(2)[1]
        for said in parts(mail):
            assert "Arrest at the quay" in said
            assert f"{ORIGIN}/events/urn:hub:partner:harbour-bar-watch/t-2" in said
            assert "partners" not in said
            assert hidden not in said
        assert mail.get_content_type() == "multipart/alternative"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert not re.search("<img|<script|url\\(", parts(mail)[1])

    @pytest.mark.parametrize(
        "title",
        [
            "A\n\nTo get no more of these mails, open:\nhttps://evil.example/stop",
            "A\u2028\u2028Sign in anew\tat www.evil.example",
            "Sign in anew: evil.example/sign-in",
            "Ask help@evil.example",
            "Ask at EVIL.EXAMPLE",
        ],
    )
    def test_no_title_adds_a_line_or_a_link_to_a_mail(
        self, door: TestClient, world: World, box: Mailbox, title: str
    ) -> None:
        confirmed(door, world, box)
        publisher = Seen(door, world)
        publisher.publish(tlp="clear", data={"title": title})
        publisher.publish(tlp="clear", data={"title": "Arrest\nof M. v. State"})
        world.clock.now += DAY
        text, page = parts(box.wait(2)[1])
        for said in (text, page):
            assert "evil" not in said.lower()
            assert f"{ORIGIN}/events/urn:hub:partner:harbour-bar-watch/t-1" in said
            assert "Arrest of M. v. State" in said
        assert text.count("To get no more of these mails, open:") == 1

    def test_what_may_no_longer_be_used_is_a_link(self, door: TestClient, world: World, box: Mailbox) -> None:
        publisher = Seen(door, world)
        event = publisher.publish(tlp="clear", data={"title": "Arrest at the quay"})
        confirmed(door, world, box)
        publisher.retract(event, "r-1", "false")
        world.clock.now += DAY
        text, _ = parts(box.wait(2)[1])
        assert "May no longer be used" in text
        assert "quay" not in text

    def test_a_digest_comes_once_a_period_also_over_a_restart(self, world: World, box: Mailbox) -> None:
        with calling(world) as door:
            confirmed(door, world, box)
            Seen(door, world).publish(tlp="clear")
            world.clock.now += DAY
            box.wait(2)
            one = Follower(door, world).until(
                door.get("/api/v1/subscriptions", headers=world.bearer("observer")).json()["subscriptions"][
                    0
                ],
                lambda shown: shown["sent"] is not None,
            )
        with calling(world) as door:
            Seen(door, world).post({**threat(2), "tlp": "clear"})
            again = Follower(door, world).get(one)
            assert again["due"] > again["sent"]
            world.clock.now += DAY
            mails = box.wait(3)
        assert len(mails) == 3
        assert "t-1" not in parts(mails[2])[0]
        assert len({mail["Message-ID"] for mail in mails}) == 3

    def test_nothing_new_sends_nothing(self, door: TestClient, world: World, box: Mailbox) -> None:
        one = confirmed(door, world, box)
        world.clock.now += DAY
        Follower(door, world).until(one, lambda shown: shown["sent"] is not None)
        assert len(box.came) == 1

    def test_a_digest_that_is_not_taken_comes_later_as_the_same_mail(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        one = confirmed(door, world, box)
        box.refuses = "451 later"
        Seen(door, world).publish(tlp="clear")
        world.clock.now += DAY
        box.wait_refused(1)
        Follower(door, world).until(one, lambda shown: shown["failing"] is not None)
        box.refuses = ""
        world.clock.now += TRIES[0]
        assert len(box.wait(2)) == 2

    def test_a_mailbox_that_is_gone_pauses_its_digest(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        one = confirmed(door, world, box)
        box.refuses = "550 nobody here"
        Seen(door, world).publish(tlp="clear")
        world.clock.now += DAY
        assert Follower(door, world).until(one, lambda shown: shown["state"] == "paused")

    def test_a_test_mail_comes_on_request(self, door: TestClient, world: World, box: Mailbox) -> None:
        one = confirmed(door, world, box)
        assert Follower(door, world).act(one, "test")["error"] is None
        assert box.wait(2)[1]["Subject"] == "Solidarity Hub: a test"
        box.refuses = "451 later"
        assert Follower(door, world).act(one, "test")["error"] == "refused"


class TestHowItEnds:
    @pytest.mark.parametrize(
        "body",
        [{"data": {"List-Unsubscribe": "One-Click"}}, {"files": {"List-Unsubscribe": (None, "One-Click")}}],
        ids=["form", "parts"],
    )
    def test_a_mail_program_ends_it_with_one_click(
        self, door: TestClient, world: World, box: Mailbox, body: Json
    ) -> None:
        confirmed(door, world, box)
        link = link_of(box.came[0])
        assert door.post(link, **body).status_code == 200
        listed = door.get("/api/v1/subscriptions", headers=world.bearer("observer")).json()
        assert listed["subscriptions"] == []
        assert door.get(link).status_code == 404

    def test_what_it_should_do_must_be_said(self, door: TestClient, world: World, box: Mailbox) -> None:
        confirmed(door, world, box)
        assert door.post(link_of(box.came[0]), data={"act": "x"}).status_code == 422

    def test_a_revoked_token_ends_it_before_the_next_digest(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        confirmed(door, world, box)
        Seen(door, world).publish(tlp="green")
        world.revoke("observer")
        world.clock.now += DAY
        steward = world.bearer("steward")
        for _ in range(500):
            others = door.get("/api/v1/subscriptions", headers=steward).json()["others"]
            if not others or door.get(link_of(box.came[0])).status_code == 404:
                break
        assert door.get(link_of(box.came[0])).status_code == 404
        assert len(box.came) == 1

    def test_a_stale_follow_asks_by_mail_and_the_link_keeps_it(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        one = confirmed(door, world, box)
        world.clock.now += ASKS_AFTER + timedelta(minutes=2)
        asks = box.wait(2)[1]
        assert asks["Subject"] == "Solidarity Hub: please look at what you follow"
        assert Follower(door, world).get(one)["asks"] is True
        found = re.search(rf"{ORIGIN}(/mail/\S+)", parts(asks)[0])
        assert found is not None
        press(door, found[1], "confirm")
        assert Follower(door, world).get(one)["asks"] is False
