"""/following: what an account follows, by mail too, and its calendar and feed addresses; all without scripts."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from hub.digests.desk import UNANSWERED
from hub.personal.keys import MOST as MOST_ADDRESSES
from hub.subscriptions.terms import ASKS_AFTER, MOST
from hub.texts.languages import translations
from tests.forms import form, page, send, shows, words
from tests.mailbox import Mailbox, taking_mail
from tests.receiver import receiving
from tests.running import TestClient, World, calling, make_world, threat
from tests.subscribing import Follower, make_following_world
from tests.wire import ORIGIN

Json = Any
PAGE = "/following"
MAILBOX = "anna@docket.example"
CASE = "case:open-docket.C-7"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with taking_mail() as opened:
        yield opened


@pytest.fixture
def world(tmp_path: Path, box: Mailbox) -> World:
    made = make_following_world(tmp_path, smtp_url=box.url, public_url=ORIGIN)
    made.issue("reading", "open-docket", "observer", read_only=True)
    made.issue("office", "open-docket", "observer", networks=("127.0.0.0/8",))
    return made


@pytest.fixture
def door(world: World) -> Iterator[TestClient]:
    with calling(world, client=("127.0.0.1", 5)) as client:
        yield client


def own(door: TestClient, world: World, who: str = "observer") -> list[Json]:
    answer = door.get("/api/v1/subscriptions", headers=world.bearer(who))
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["subscriptions"]
    return found


def by_mail(door: TestClient, world: World, who: str = "observer", **typed: str) -> Json:
    """Follow by the form; return the subscription."""
    known = {one["id"] for one in own(door, world, who)}
    done = send(door, world, who, f"{PAGE}/mail", {"address": MAILBOX, "rate": "daily", **typed})
    assert (done.status_code, done.headers["location"]) == (303, f"{PAGE}?done=mail#done"), done.text
    [made] = [one for one in own(door, world, who) if one["id"] not in known]
    return made


def act(door: TestClient, world: World, one: Json, name: str, who: str = "observer") -> str:
    """Press a button that the page shows; return the page that follows."""
    form(page(door, world, who, PAGE), f"{PAGE}/{one['id']}/{name}")
    done = send(door, world, who, f"{PAGE}/{one['id']}/{name}", {})
    assert done.status_code == 303, done.text
    return page(door, world, who, done.headers["location"].partition("#")[0])


def confirmed(door: TestClient, world: World, box: Mailbox, **typed: str) -> Json:
    one = by_mail(door, world, **typed)
    link = str(box.wait(1)[0]["List-Unsubscribe"]).strip("<>").removeprefix(ORIGIN)
    assert door.post(link, data={"act": "confirm"}).status_code == 200
    return one


def part(seen: str, name: str) -> str:
    """Return one section of the page."""
    return seen[seen.index(f'<section aria-labelledby="{name}"') :].partition("</section>")[0]


def problems(seen: str) -> dict[str, str]:
    """Return what the page says at its fields."""
    return dict(re.findall(r'<p class="wrong" id="wrong-\w+-(\w+)">(.*?)</p>', seen))


def value(seen: str, name: str) -> str:
    """Return what stands in a field, or is chosen in a list."""
    typed = re.search(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', seen)
    if typed is None:
        [chosen] = re.findall(
            r'<option value="([^"]*)" selected>', re.findall(rf'<select name="{name}".*?</select>', seen)[0]
        )
        return str(chosen)
    return typed[1]


class TestByMail:
    def test_the_mailbox_is_asked_and_the_page_says_so(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        seen = page(door, world, "observer", PAGE)
        assert "You follow nothing yet." in seen
        one = by_mail(door, world, type="threat.*", country="qm, QN", about=CASE, rate="weekly", why="Ours")
        follows = {"type": ["threat.*"], "country": ["QM", "QN"], "about": [CASE]}
        assert (one["follows"], one["rate"], one["why"], one["language"]) == (follows, "weekly", "Ours", "en")
        [asked] = box.wait(1)
        assert asked["To"] == MAILBOX
        assert "do you want these mails?" in asked["Subject"]
        after = page(door, world, "observer", f"{PAGE}?done=mail")
        assert "The hub asks the mailbox first" in after
        listed = part(after, "own")
        for text in (
            MAILBOX,
            "Threats",
            "once a week",
            "English",
            "Ours",
            "Waits for the mailbox to say yes",
        ):
            assert text in listed, text
        assert f"{PAGE}/{one['id']}/test" not in listed

    def test_after_its_yes_it_works_and_a_test_goes_out(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        one = confirmed(door, world, box)
        listed = part(page(door, world, "observer", PAGE), "own")
        assert "Works" in listed
        assert "Everything that you may see" in listed
        answer = send(door, world, "observer", f"{PAGE}/{one['id']}/test", {})
        assert answer.status_code == 200
        assert "The test was taken." in words(answer.text)
        assert box.wait(2)[1]["Subject"] == "Solidarity Hub: a test"
        box.refuses = "550 no"
        answer = send(door, world, "observer", f"{PAGE}/{one['id']}/test", {})
        assert "The test did not arrive." in words(answer.text)

    def test_who_presses_twice_follows_once(self, door: TestClient, world: World, box: Mailbox) -> None:
        typed = {"address": MAILBOX, "rate": "daily", "about": CASE}
        by_mail(door, world, about=CASE)
        again = send(door, world, "observer", f"{PAGE}/mail", typed)
        assert again.headers["location"] == f"{PAGE}?done=again#done"
        assert "You follow this by mail already." in page(door, world, "observer", f"{PAGE}?done=again")
        by_mail(door, world, about="case:open-docket.C-8")
        assert len(own(door, world)) == 2

    def test_errors_stand_at_their_fields_with_what_was_typed(self, door: TestClient, world: World) -> None:
        typed = {
            "address": "no mailbox", "rate": "hourly", "country": "Qumria", "about": "nothing at all",
            "type": "nothing.*", "urgency": "at once", "partner": "NOBODY!", "why": "<Our> note",
        }  # fmt: skip
        answer = send(door, world, "observer", f"{PAGE}/mail", typed)
        assert answer.status_code == 422
        seen = words(answer.text)
        raw = re.sub(r"\s+", " ", answer.text)
        assert set(problems(raw)) == {"address", "rate", "country", "about", "type", "urgency", "partner"}
        assert problems(seen)["address"].startswith("This is no address of a mailbox.")
        for name in ("address", "country", "about", "partner"):
            assert value(seen, name) == typed[name], name
            assert re.search(
                rf'name="{name}"[^>]*aria-invalid="true" aria-describedby="wrong-mail-{name}"', raw
            )
        assert "&lt;Our&gt; note</textarea>" in raw
        assert own(door, world) == []
        nothing = words(send(door, world, "observer", f"{PAGE}/mail", {}).text)
        assert problems(nothing) == {"address": "Fill this in.", "rate": "Fill this in."}

    def test_the_page_of_what_one_follows_may_be_pasted(self, door: TestClient, world: World) -> None:
        one = by_mail(door, world, about=f"{ORIGIN}/cases/{CASE}?order=log#timeline")
        assert one["follows"] == {"about": [CASE]}

    def test_a_link_fills_the_form(self, door: TestClient, world: World) -> None:
        asked = f"{PAGE}?about={CASE}&type=threat.*&country=QM,QN&partner=open-docket&urgency=urgent"
        seen = page(door, world, "observer", asked)
        filled = {name: value(seen, name) for name in ("about", "type", "country", "partner", "urgency")}
        assert filled == {
            "about": CASE, "type": "threat.*", "country": "QM,QN", "partner": "open-docket", "urgency": "urgent",
        }  # fmt: skip
        one = by_mail(door, world, **filled)
        assert one["follows"] == {
            "about": [CASE], "type": ["threat.*"], "country": ["QM", "QN"], "partner": ["open-docket"],
            "urgency": ["urgent"],
        }  # fmt: skip
        several = page(door, world, "observer", f"{PAGE}?type=threat.reported,trial.*&urgency=urgent,high")
        assert (value(several, "type"), value(several, "urgency")) == (
            "threat.reported,trial.*",
            "urgent,high",
        )

    def test_pages_of_what_one_follows_lead_there(self, door: TestClient, world: World) -> None:
        event = threat(1, tlp="clear", data={"title": "Called in the night"})
        assert door.post("/api/v1/events", json=event, headers=world.bearer("publisher")).status_code == 201
        live = page(door, world, "observer", "/live?type=threat.*&country=QM&since=2031-05-01")
        assert 'href="/following?type=threat.%2A&country=QM#mail"' in live
        assert 'href="/following#mail"' in page(door, world, "observer", "/live")
        lawyer = event["data"]["targets"][0]
        shown = page(door, world, "observer", f"/lawyers/{lawyer}")
        assert f'href="/following?about={quote(lawyer)}#mail"' in shown
        for address in ("/live", f"/lawyers/{lawyer}"):
            assert "/following" not in page(door, world, None, address)
        assert 'href="/following"' in page(door, world, "observer", "/board")
        linked = page(door, world, "observer", f"{PAGE}?about={lawyer}")
        assert re.search(rf'<a class="ref" href="/lawyers/{lawyer}"', linked)

    def test_an_account_has_only_so_many(self, door: TestClient, world: World) -> None:
        for number in range(MOST):
            assert (
                Follower(door, world).ask({"channel": "page", "about": f"case:x.{number}"}).status_code == 201
            )
        answer = send(door, world, "observer", f"{PAGE}/mail", {"address": MAILBOX, "rate": "daily"})
        assert answer.status_code == 422
        assert "You have as many as an account may have." in part(words(answer.text), "mail")
        assert value(words(answer.text), "address") == MAILBOX

    def test_a_token_of_some_networks_is_told_that_nothing_leaves_them(
        self, door: TestClient, world: World
    ) -> None:
        seen = page(door, world, "office", PAGE)
        assert "nothing is sent out of them" in seen
        assert f'action="{PAGE}/mail"' not in seen
        answer = send(door, world, "office", f"{PAGE}/mail", {"address": MAILBOX, "rate": "daily"})
        assert answer.status_code == 422
        assert "This is not possible here." in words(answer.text)


def test_a_hub_without_mail_says_so(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with calling(world) as door:
        seen = page(door, world, "observer", PAGE)
        assert "This hub sends no mail" in seen
        assert f'action="{PAGE}/mail"' not in seen
        answer = send(door, world, "observer", f"{PAGE}/mail", {"address": MAILBOX, "rate": "daily"})
        assert answer.status_code == 422
        assert own(door, world) == []


def test_a_hub_that_sends_no_mail_any_more_says_so_of_what_is_followed_by_mail(
    world: World, box: Mailbox
) -> None:
    with calling(world) as door:
        one = confirmed(door, world, box)
    silent = replace(world, settings=replace(world.settings, smtp_url="", mail_from=""))
    with calling(silent) as door:
        listed = part(page(door, silent, "observer", PAGE), "own")
        assert "This hub sends no mail" in listed
        assert f"{PAGE}/{one['id']}/test" not in listed
        assert send(door, silent, "observer", f"{PAGE}/{one['id']}/test", {}).status_code == 404
        act(door, silent, one, "end")


class TestActs:
    def test_one_is_ended(self, door: TestClient, world: World) -> None:
        first, other = by_mail(door, world), by_mail(door, world, about=CASE)
        assert "You follow this no more." in act(door, world, first, "end")
        assert [one["id"] for one in own(door, world)] == [other["id"]]

    def test_one_that_asks_is_kept(self, door: TestClient, world: World) -> None:
        Follower(door, world).ask({"channel": "page", "about": CASE})
        [one] = own(door, world)
        assert f"{PAGE}/{one['id']}/confirm" not in page(door, world, "observer", PAGE)
        world.clock.now += ASKS_AFTER
        Follower(door, world).until(one, lambda shown: bool(shown["asks"]))
        assert "Asks whether you still want it" in page(door, world, "observer", PAGE)
        assert "noted that you still want it" in act(door, world, one, "confirm")
        assert own(door, world)[0]["asks"] is False

    def test_a_paused_one_goes_on(self, door: TestClient, world: World, box: Mailbox) -> None:
        one = confirmed(door, world, box)
        door.app_state["subscriptions"].shelf.pause(one["id"], "failing", world.clock())
        seen = part(page(door, world, "observer", PAGE), "own")
        assert "Paused" in seen
        assert "Nothing arrives there any more." in seen
        assert "It goes on where it stood." in act(door, world, one, "resume")
        assert own(door, world)[0]["state"] == "active"

    def test_what_ended_says_why_and_can_only_be_taken_off(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        one = by_mail(door, world)
        box.wait(1)
        world.clock.now += UNANSWERED
        Follower(door, world).until(one, lambda shown: shown["state"] == "ended")
        seen = part(page(door, world, "observer", PAGE), "own")
        assert "1 that has ended" in seen
        assert "Nobody said that it is still wanted." in seen
        assert MAILBOX not in seen
        for name in ("confirm", "resume"):
            answer = send(door, world, "observer", f"{PAGE}/{one['id']}/{name}", {})
            assert answer.status_code == 422
            assert "This has ended. Make a new one." in words(answer.text)
        act(door, world, one, "end")
        assert own(door, world) == []

    def test_a_test_before_the_mailbox_said_yes_is_refused(self, door: TestClient, world: World) -> None:
        one = by_mail(door, world)
        answer = send(door, world, "observer", f"{PAGE}/{one['id']}/test", {})
        assert answer.status_code == 422
        assert "The mailbox has not said yes." in part(words(answer.text), "own")

    def test_of_a_webhook_the_host_alone_is_shown(self, door: TestClient, world: World) -> None:
        with receiving() as receiver:
            made = Follower(door, world).follow(f"{receiver.url}/s3cret-path", urgency="urgent")
            seen = part(page(door, world, "observer", PAGE), "own")
            assert "127.0.0.1" in seen
            assert "at once" in seen
            answer = words(send(door, world, "observer", f"{PAGE}/{made['id']}/test", {}).text)
            assert "The test was taken." in answer
            for hidden in ("s3cret-path", made["secret"], str(receiver.url)):
                assert hidden not in seen + answer


class TestAddresses:
    def test_one_is_made_shown_once_and_revoked(self, door: TestClient, world: World) -> None:
        assert "You have none." in page(door, world, "observer", PAGE)
        typed = {"for": "calendar", "note": "my <telephone>"}
        made = send(door, world, "observer", f"{PAGE}/addresses", typed)
        assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
        [url] = re.findall(r'<code class="secret" dir="ltr">(.*?)</code>', made.text)
        assert "language" not in url
        path = url.removeprefix(ORIGIN)
        assert door.get(path).status_code == 200
        seen = page(door, world, "observer", PAGE)
        assert path.partition("key=")[2] not in seen
        assert "my <telephone>" in part(seen, "addresses")
        [action] = re.findall(rf'action="({PAGE}/addresses/adr_\w+/revoke)"', seen)
        assert send(door, world, "docket", action, {}).status_code == 404
        assert door.get(path).status_code == 200
        done = send(door, world, "observer", action, {})
        assert done.headers["location"] == f"{PAGE}?done=revoke#done"
        assert door.get(path).status_code == 401
        assert send(door, world, "observer", action, {}).status_code == 404

    def test_a_feed_has_two_addresses_in_the_language_of_the_page(
        self, door: TestClient, world: World
    ) -> None:
        headers = {**shows(world, "observer"), "Accept-Language": "ar"}
        made = door.post(f"{PAGE}/addresses", data={"for": "feed"}, headers=headers)
        urls = re.findall(r'<code class="secret" dir="ltr">(.*?)</code>', made.text)
        assert [one.partition("?")[0] for one in urls] == [f"{ORIGIN}/feed.atom", f"{ORIGIN}/feed.json"]
        for url in urls:
            assert url.endswith("&amp;language=ar")
            assert door.get(url.removeprefix(ORIGIN).replace("&amp;", "&")).status_code == 200

    def test_what_is_wrong_stands_at_its_field(self, door: TestClient, world: World) -> None:
        typed = {"for": "everything", "note": "x" * 101}
        answer = send(door, world, "observer", f"{PAGE}/addresses", typed)
        assert answer.status_code == 422
        assert set(problems(words(answer.text))) == {"for", "note"}
        assert value(words(answer.text), "note") == "x" * 101
        for _ in range(MOST_ADDRESSES):
            assert send(door, world, "observer", f"{PAGE}/addresses", {"for": "feed"}).status_code == 200
        answer = send(door, world, "observer", f"{PAGE}/addresses", {"for": "feed"})
        assert "You have as many as an account may have." in part(words(answer.text), "addresses")


class TestOthers:
    def test_nothing_of_another_account_is_seen_or_touched(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        one = confirmed(door, world, box, about=CASE, why="For us alone")
        made = send(door, world, "observer", f"{PAGE}/addresses", {"for": "feed", "note": "at home"})
        [action] = re.findall(rf'action="({PAGE}/addresses/adr_\w+/revoke)"', made.text)
        before = own(door, world)
        for who in ("docket", "reading", "steward", "publisher"):
            seen = page(door, world, who, PAGE)
            for hidden in (MAILBOX, "For us alone", "at home", one["id"], CASE):
                assert hidden not in seen, (who, hidden)
            for name in ("end", "confirm", "resume", "test"):
                answer = send(door, world, who, f"{PAGE}/{one['id']}/{name}", {})
                assert answer.status_code == 404, (who, name)
            assert send(door, world, who, action, {}).status_code == 404
        assert own(door, world) == before
        assert len(box.came) == 1

    def test_who_is_not_signed_in_gets_a_clear_page_and_no_act(self, door: TestClient, world: World) -> None:
        seen = page(door, world, None, f"{PAGE}?about={CASE}")
        assert "What an account follows is shown to that account alone." in seen
        assert f'action="{PAGE}' not in seen
        for action in (
            "mail",
            "addresses",
            "addresses/adr_x/revoke",
            "sub_x/end",
            "sub_x/test",
            "sub_x/confirm",
        ):
            answer = door.post(f"{PAGE}/{action}", data={}, headers=shows(world, None))
            assert answer.status_code == 401, action
            assert "Sign in first" in words(answer.text)

    def test_an_account_that_only_reads_follows_as_by_the_api(self, door: TestClient, world: World) -> None:
        by_mail(door, world, "reading")
        assert MAILBOX in page(door, world, "reading", PAGE)

    @pytest.mark.parametrize("origin", [{}, {"Origin": "http://other.test"}])
    def test_no_page_of_others_acts(self, door: TestClient, world: World, origin: Mapping[str, str]) -> None:
        one = by_mail(door, world)
        headers = {**world.bearer("observer"), "Accept": "text/html", **origin}
        for action in ("mail", "addresses", f"{one['id']}/end", f"{one['id']}/test"):
            typed = {"address": "x@docket.example", "rate": "daily", "for": "feed"}
            answer = door.post(f"{PAGE}/{action}", data=typed, headers=headers)
            assert answer.status_code == 403, action
        assert [each["id"] for each in own(door, world)] == [one["id"]]


def test_in_arabic_all_is_arabic_and_so_are_the_mails(door: TestClient, world: World, box: Mailbox) -> None:
    headers = {**shows(world, "observer"), "Accept-Language": "ar"}
    typed = {"address": MAILBOX, "rate": "weekly", "type": "trial.*"}
    done = door.post(f"{PAGE}/mail", data=typed, headers=headers, follow_redirects=False)
    assert done.status_code == 303
    [one] = own(door, world)
    assert one["language"] == "ar"
    said = translations("ar").gettext
    [asked] = box.wait(1)
    assert asked["Subject"] == said("Solidarity Hub: do you want these mails?")
    seen = words(door.get(f"{PAGE}?done=mail", headers=headers).text)
    assert 'dir="rtl"' in seen
    for text in ("What you follow", "Waits for the mailbox to say yes", "once a week", "Make an address"):
        assert said(text) != text
        assert said(text) in seen, text
        assert text not in seen
    refused = door.post(f"{PAGE}/mail", data={"address": "x"}, headers=headers)
    assert said("Fill this in.") in words(refused.text)
