"""Mails, feeds and calendars speak the language that was asked for, and tell no more in it than in English."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import icalendar
import pytest

from hub.subscriptions.shelf import FILE
from hub.subscriptions.terms import ASKS_AFTER
from hub.texts.languages import LANGUAGES, translations
from tests.mailbox import Mailbox, parts, taking_mail
from tests.node import node
from tests.running import TestClient, World, calling, example, make_world
from tests.subscribing import Follower, Publisher, make_following_world
from tests.wire import ORIGIN

Json = Any
OTHERS = sorted(set(LANGUAGES) - {"en"})
BASE = "http://hub.test"
DAY = timedelta(days=1)
ADDRESS = "anna@docket.example"
TRIAL = "trial:harbour-bar-watch.t1"
TITLE = "A threat against a lawyer, a firm or a bar"
ISOLATES = re.compile("[\u2068\u2069]")


def said_or_same(language: str, text: str) -> str:
    return translations(language).gettext(text)


def said(language: str, text: str) -> str:
    """Return a text in a language, which must be another than in English."""
    told = said_or_same(language, text)
    assert told != text
    return told


def plain(text: str) -> str:
    """Return a text without the marks that keep words of another script together."""
    return ISOLATES.sub("", text)


class TestMails:
    @pytest.fixture
    def box(self) -> Iterator[Mailbox]:
        with taking_mail() as opened:
            yield opened

    @pytest.fixture
    def world(self, tmp_path: Path, box: Mailbox) -> World:
        return make_following_world(tmp_path, smtp_url=box.url, public_url=ORIGIN)

    @pytest.fixture
    def door(self, world: World) -> Iterator[TestClient]:
        with calling(world) as client:
            yield client

    @staticmethod
    def follow(door: TestClient, world: World, box: Mailbox, **more: Json) -> Json:
        """Follow by mail, and say yes to the question that comes last."""
        # Read when the views have all: what comes into them later is news.
        door.get("/api/v1/me")
        wish = {"channel": "mail", "address": ADDRESS, "rate": "daily", **more}
        answer = Follower(door, world).ask(wish)
        assert answer.status_code == 201, answer.text
        link = str(box.wait(len(box.came) or 1)[-1]["List-Unsubscribe"]).strip("<>").removeprefix(ORIGIN)
        assert door.post(link, data={"act": "confirm"}).status_code == 200
        return answer.json()

    @pytest.mark.parametrize("language", OTHERS)
    def test_every_mail_of_a_subscription_is_in_its_language(
        self, door: TestClient, world: World, box: Mailbox, language: str
    ) -> None:
        one = self.follow(door, world, box, language=language)
        assert one["language"] == Follower(door, world).get(one)["language"] == language
        publisher = Publisher(door, world)
        publisher.publish(tlp="clear", data={"title": "Arrest at the quay"})
        hidden = publisher.publish(tlp="green", data={"title": "Only for partners"})
        Follower(door, world).act(one, "test")
        # Whoever waits for a page waits for what it is made of.
        door.get("/api/v1/events", params={"at_least": publisher.cursor})
        world.clock.now += DAY
        asked, tried, digest = box.wait(3)
        assert asked["Subject"] == said(language, "Solidarity Hub: do you want these mails?")
        assert tried["Subject"] == said(language, "Solidarity Hub: a test")
        assert digest["Subject"] == said(language, "Solidarity Hub: daily digest")
        direction = LANGUAGES[language].direction
        for mail in (asked, tried, digest):
            text, html = parts(mail)
            assert html.startswith("<!doctype html>")
            assert f'<html lang="{language}" dir="{direction}">' in html
            assert mail["Content-Language"] == language
            assert said(language, "To get no more of these mails, open:") in text
            assert not re.search(r"these mails|mailbox|Nothing has happened|Published by", text + html)
        for raw, mail in zip(box.raw, (asked, tried, digest), strict=True):
            plainly = f"\r\nList-Unsubscribe: {mail['List-Unsubscribe']}\r\n".encode()
            assert plainly in raw, "mail programs decode nothing in it"
        text, html = parts(asked)
        assert ORIGIN in plain(text)
        assert said(language, "Was it you? Then open this link and say yes:") in text
        assert f'<a href="{str(asked["List-Unsubscribe"]).strip("<>")}" rel="noreferrer">' in html
        text, html = parts(digest)
        assert f"- {said(language, TITLE)}" in text
        assert "Arrest at the quay" in text
        assert '<bdi dir="auto">Arrest at the quay</bdi>' in html
        assert said(language, TITLE) in html
        assert (hidden in text, "partners" in text + html) == (True, False)
        assert text.count(said(language, TITLE)) == 1, "of what is not clear there is the link alone"
        assert said(language, "Not public: sign in to read") in text

    def test_a_number_of_news_has_the_form_that_the_language_has_for_it(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        self.follow(door, world, box, language="ar")
        publisher = Publisher(door, world)
        for _ in range(2):
            publisher.publish(tlp="clear")
        door.get("/api/v1/events", params={"at_least": publisher.cursor})
        world.clock.now += DAY
        assert "أمران جديدان في ما تتابعه." in parts(box.wait(2)[1])[0]

    def test_what_publishers_said_keeps_its_own_direction_within_arabic(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        self.follow(door, world, box, language="ar")
        publisher = Publisher(door, world)
        publisher.publish(tlp="clear", data={"title": "Arrest <at> the quay!"})
        publisher.publish(tlp="clear", data={"title": "اعتقال في المرفأ"})
        door.get("/api/v1/events", params={"at_least": publisher.cursor})
        world.clock.now += DAY
        text, html = parts(box.wait(2)[1])
        assert f"- {said('ar', TITLE)}: \u2068Arrest <at> the quay!\u2069\n" in text
        assert f"- {said('ar', TITLE)}: اعتقال في المرفأ\n" in text
        assert '<bdi dir="auto">Arrest &lt;at&gt; the quay!</bdi>' in html

    def test_what_a_follower_must_know_is_told_in_the_language_of_the_mailbox(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        self.follow(door, world, box, language="es")
        world.clock.now += ASKS_AFTER + timedelta(minutes=2)
        notice = box.wait(2)[1]
        assert notice["Subject"] == said("es", "Solidarity Hub: please look at what you follow")
        asks = "A subscription asks whether you still want it. Without an answer it ends within two weeks:"
        assert said("es", asks) in parts(notice)[0]

    def test_the_page_behind_a_link_speaks_as_the_mail_did_unless_another_language_was_chosen(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        self.follow(door, world, box, language="ar")
        link = str(box.came[0]["List-Unsubscribe"]).strip("<>").removeprefix(ORIGIN)
        page = door.get(link, headers={"Accept-Language": "en-US,en;q=0.5"})
        assert '<html lang="ar" dir="rtl"' in page.text
        assert page.headers["content-language"] == "ar"
        assert '<html lang="fr"' in door.get(link, headers={"Cookie": "hub_language=fr"}).text
        ended = door.post(link, data={"List-Unsubscribe": "One-Click"})
        assert said("ar", "It has ended. There will be no more of these mails.") in ended.text

    @pytest.mark.parametrize("language", ["de", "FR", "", None, 7])
    def test_a_language_that_there_is_not_is_refused_with_those_that_there_are(
        self, door: TestClient, world: World, language: Json
    ) -> None:
        wish = {"channel": "mail", "address": ADDRESS, "rate": "daily", "language": language}
        answer = Follower(door, world).ask(wish)
        assert answer.status_code == 422
        [problem] = answer.json()["errors"]
        assert (problem["pointer"], problem["code"]) == ("/language", "unknown_code")
        assert problem["hint"] == "en, fr, es, ar"

    def test_only_mails_have_a_language(self, door: TestClient, world: World) -> None:
        answer = Follower(door, world).ask({"channel": "page", "language": "fr"})
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
            ("/language", "unknown_field")
        ]
        made = Follower(door, world).ask({"channel": "page"}).json()
        assert "language" not in made

    def test_whoever_asked_for_no_language_is_written_to_in_english(
        self, door: TestClient, world: World, box: Mailbox
    ) -> None:
        one = self.follow(door, world, box)
        assert one["language"] == "en"
        [asked] = box.came
        assert asked["Subject"] == "Solidarity Hub: do you want these mails?"
        assert '<html lang="en" dir="ltr">' in parts(asked)[1]
        link = str(asked["List-Unsubscribe"]).strip("<>").removeprefix(ORIGIN)
        assert '<html lang="fr"' in door.get(link, headers={"Accept-Language": "fr"}).text

    def test_a_follow_of_an_earlier_release_goes_on_in_english(self, world: World, box: Mailbox) -> None:
        with calling(world) as door:
            one = self.follow(door, world, box, language="fr")
        with closing(sqlite3.connect(world.settings.data / FILE)) as db, db:
            db.executescript("DROP TABLE spoken; DELETE FROM row_checks WHERE name = 'spoken'")
        with calling(world) as door:
            assert Follower(door, world).get(one)["language"] == "en"
            publisher = Publisher(door, world)
            publisher.publish(tlp="clear")
            door.get("/api/v1/events", params={"at_least": publisher.cursor})
            world.clock.now += DAY
            assert box.wait(2)[1]["Subject"] == "Solidarity Hub: daily digest"
            again = self.follow(door, world, box, language="fr", address="anna.b@docket.example")
            assert Follower(door, world).get(again)["language"] == "fr"


class TestFeeds:
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        return make_world(tmp_path)

    @pytest.fixture
    def door(self, world: World) -> Iterator[TestClient]:
        with calling(world) as client:
            yield client

    @pytest.fixture
    def publisher(self, door: TestClient, world: World) -> Publisher:
        """Publish one clear event, one for partners, and one that is retracted."""
        made = Publisher(door, world)
        place = {"place": {"country": "FR"}}
        made.publish(tlp="clear", data={"title": "Arrest at the quay", **place})
        made.publish(tlp="green", data={"title": "Only for partners"})
        made.retract(made.publish(tlp="clear"), "r-1", "false")
        return made

    @pytest.mark.parametrize("language", OTHERS)
    def test_feedparser_reads_atom_in_each_language(
        self, door: TestClient, world: World, publisher: Publisher, language: str
    ) -> None:
        def read(**asked: str) -> Json:
            told = {"at_least": publisher.cursor, "type": "threat.*", **asked}
            answer = door.get("/feed.atom", params=told, headers=world.bearer("observer"))
            found = feedparser.parse(answer.content)
            assert not found.bozo
            return found

        english, told = read(), read(language=language)
        assert (english.feed.language, told.feed.language) == ("en", language)
        assert told.feed.title == said(language, "Solidarity Hub, a part")
        assert told.feed.title_detail.language == language
        assert told.feed.id != english.feed.id, "a feed is known by its id, and this is another"
        for same in ("id", "published", "updated", "links"):
            assert [one[same] for one in told.entries] == [one[same] for one in english.entries]
        withdrawn, closed, clear = (plain(one.title) for one in told.entries)
        title = said(language, TITLE)
        assert clear == said_or_same(language, "%(title)s: %(label)s") % {
            "title": title,
            "label": "Arrest at the quay",
        }
        assert closed == said_or_same(language, "%(title)s (not public)") % {"title": title}
        assert withdrawn == said(language, "Withdrawn: %(title)s") % {"title": title}
        shown = plain(told.entries[2].content[0].value).splitlines()
        country = {"fr": "France", "es": "Francia", "ar": "فرنسا"}[language]
        assert shown == [
            "Arrest at the quay",
            said(language, "Country: %(countries)s.") % {"countries": country},
            said(language, "Published by %(partner)s.") % {"partner": "harbour-bar-watch"},
        ]

    @pytest.mark.parametrize("language", OTHERS)
    def test_json_feed_says_its_language_and_its_pages_keep_it(
        self, door: TestClient, publisher: Publisher, language: str
    ) -> None:
        def read(**asked: str) -> Json:
            return door.get("/feed.json", params={"at_least": publisher.cursor, **asked}).json()

        english, told = read(), read(language=language)
        assert (english["language"], told["language"]) == ("en", language)
        assert told["feed_url"] == f"{BASE}/feed.json?language={language}"
        assert "feed_url" not in read(language=language, type="threat.*")
        names = [[(one["id"], one["_hub"]) for one in found["items"]] for found in (english, told)]
        assert names[0] == names[1]
        first = read(language=language, limit="1")
        older = door.get(first["next_url"].removeprefix(BASE)).json()
        assert older["language"] == language
        assert read(language="en") | {"feed_url": english["feed_url"]} == english

    def test_of_a_text_in_several_languages_the_one_that_was_asked_for_is_told(
        self, door: TestClient, world: World
    ) -> None:
        texts = {"en": "Let them go.", "fr": "Laissez-les partir."}
        data = {**example("statement.issued.v1"), "text": texts}
        del data["sha256"]
        source = "urn:hub:partner:harbour-bar-watch"
        raw = {
            "specversion": "1.0",
            "id": "s-1",
            "source": source,
            "type": "statement.issued",
            "tlp": "clear",
        }
        answer = door.post("/api/v1/events", json={**raw, "data": data}, headers=world.bearer("publisher"))
        assert answer.status_code == 201, answer.text
        for language, text in (("fr", "Laissez-les partir."), ("en", "Let them go."), ("ar", "Let them go.")):
            asked = {"at_least": answer.json()["cursor"], "type": "statement.*", "language": language}
            [item] = door.get("/feed.json", params=asked).json()["items"]
            assert text in item["content_text"].splitlines()

    @pytest.mark.parametrize("path", ["/feed.atom", "/feed.json", "/hearings.ics"])
    def test_a_language_is_asked_for_in_the_address_alone(self, door: TestClient, path: str) -> None:
        plainly = door.get(path)
        by_header = door.get(path, headers={"Accept-Language": "fr"})
        by_cookie = door.get(path, headers={"Cookie": "hub_language=fr"})
        assert plainly.content == by_header.content == by_cookie.content
        assert door.get(path, params={"language": "en"}).content == plainly.content
        french = door.get(path, params={"language": "fr"})
        assert french.headers["etag"] != plainly.headers["etag"]
        refused = door.get(path, params={"language": "de"})
        assert refused.status_code == 400
        [problem] = refused.json()["errors"]
        assert (problem["pointer"], problem["hint"]) == ("/query/language", "en, fr, es, ar")

    def test_a_personal_address_tells_no_more_in_another_language(
        self, door: TestClient, world: World, publisher: Publisher
    ) -> None:
        made = door.post("/api/v1/addresses", json={"for": "feed"}, headers=world.bearer("observer")).json()
        asked = {"key": made["key"], "at_least": publisher.cursor}
        english = door.get("/feed.json", params=asked).json()
        answer = door.get("/feed.json", params={**asked, "language": "ar"})
        told = answer.json()
        assert [one["_hub"] for one in told["items"]] == [one["_hub"] for one in english["items"]]
        assert "closed" in {one["_hub"]["kind"] for one in told["items"]}
        assert "partners" not in answer.text
        assert made["key"] not in answer.text
        assert "feed_url" not in told


class TestCalendars:
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        return make_world(tmp_path)

    @pytest.fixture
    def door(self, world: World) -> Iterator[TestClient]:
        with calling(world) as client:
            yield client

    @pytest.fixture
    def cursor(self, door: TestClient, world: World) -> str:
        """Publish a hearing that stands, one that may be, and one that was cancelled."""
        source, cursor = "urn:hub:partner:harbour-bar-watch", ""
        hearings = {"a": "2031-06-04T09:00:00+02:00", "b": "[2031-06-05,2031-06-06]", "c": "2031-06-07"}
        data: list[tuple[str, Json]] = [
            ("hearing.scheduled", {
                "hearing": f"hearing:harbour-bar-watch.{name}", "trial": TRIAL, "starts": starts,
                "kind": "detention_review", "country": "QM", "room": "Room 4", "zone": "Europe/Paris",
            }) for name, starts in hearings.items()
        ]  # fmt: skip
        data.append(("hearing.adjourned", {"hearing": "hearing:harbour-bar-watch.c", "status": "cancelled"}))
        for number, (kind, said_of) in enumerate(data):
            raw = {"specversion": "1.0", "id": f"h-{number}", "source": source, "type": kind, "tlp": "clear"}
            answer = door.post(
                "/api/v1/events", json={**raw, "data": said_of}, headers=world.bearer("publisher")
            )
            assert answer.status_code == 201, answer.text
            cursor = answer.json()["cursor"]
        return cursor

    @pytest.mark.parametrize("language", OTHERS)
    def test_icalendar_reads_it_in_each_language_and_nothing_but_our_words_is_another(
        self, door: TestClient, cursor: str, language: str
    ) -> None:
        def read(**asked: str) -> Json:
            answer = door.get("/hearings.ics", params={"at_least": cursor, **asked})
            assert answer.status_code == 200, answer.text
            return icalendar.Calendar.from_ical(answer.text)

        english, told = read(), read(language=language)
        assert "LANGUAGE" not in english.to_ical().decode()
        for name in ("NAME", "X-WR-CALNAME"):
            assert str(told[name]) == said(language, "Hearings")
            assert told[name].params["LANGUAGE"] == language
        ours = {"SUMMARY", "DESCRIPTION", "CATEGORIES"}
        pairs = list(zip(english.walk("VEVENT"), told.walk("VEVENT"), strict=True))
        assert len(pairs) == 4
        for before, after in pairs:
            assert set(before) == set(after)
            for name in set(before) - ours:
                assert before[name].to_ical() == after[name].to_ical(), name
                assert "LANGUAGE" not in after[name].params
            for name in ours & set(after):
                assert after[name].params["LANGUAGE"] == language
                assert after[name].to_ical() != before[name].to_ical(), name
        kind = translations(language).pgettext("hearing_kind", "Review of detention")
        titles = {plain(str(after["SUMMARY"])) for _, after in pairs}
        hearing = said(language, "Hearing: %(kind)s") % {"kind": kind}
        standing = said_or_same(language, "%(hearing)s, %(trial)s") % {"hearing": hearing, "trial": TRIAL}
        assert titles == {standing, said(language, "Cancelled: %(title)s") % {"title": standing}}
        texts = {str(after.get("DESCRIPTION", "")) for _, after in pairs}
        status = translations(language).pgettext("hearing_status", "Cancelled")
        assert texts == {
            "",
            said(language, "This date is uncertain: see the dossier."),
            said(language, "This date does not hold any more.")
            + "\n"
            + said(language, "Status: %(status)s.") % {"status": status},
        }

    def test_thunderbirds_parser_reads_it_in_arabic(self, door: TestClient, cursor: str) -> None:
        text = door.get("/hearings.ics", params={"at_least": cursor, "language": "ar"}).text
        read = json.loads(node().run("ical.mjs", given=text))
        assert read["name"] == "جلسات"
        assert all(plain(one["summary"]).endswith(TRIAL) for one in read["entries"])
        assert len(read["entries"]) == 4

    def test_a_personal_address_reads_it_in_a_language_too(
        self, door: TestClient, world: World, cursor: str
    ) -> None:
        made = door.post(
            "/api/v1/addresses", json={"for": "calendar"}, headers=world.bearer("observer")
        ).json()
        asked = {"key": made["key"], "at_least": cursor}
        english = door.get("/hearings.ics", params=asked)
        told = door.get("/hearings.ics", params={**asked, "mine": "true", "language": "fr"})
        assert (english.status_code, told.status_code) == (200, 200)
        assert "X-WR-CALNAME;LANGUAGE=fr:Mes audiences" in told.text
        assert made["key"] not in told.text

    @pytest.mark.parametrize(
        ("path", "asked"),
        [("/live", ""), ("/live?country=QM", "country=QM"), ("/hearings?country=QM", "country=QM"),
         (f"/trials/{TRIAL}", f"about={TRIAL}")],
    )  # fmt: skip
    def test_a_page_leads_to_the_calendar_in_its_own_language(
        self, door: TestClient, world: World, cursor: str, path: str, asked: str
    ) -> None:
        door.get("/hearings.ics", params={"at_least": cursor})

        def link(language: str) -> str:
            page = door.get(path, headers={"Accept": "text/html", "Accept-Language": language})
            assert page.status_code == 200
            [found] = set(re.findall(r'href="(/hearings\.ics[^"]*)"', page.text))
            return str(found).replace("&amp;", "&")

        assert link("en") == "/hearings.ics" + (f"?{asked}" if asked else "")
        assert link("ar") == "/hearings.ics?" + "&".join(filter(None, (asked, "language=ar")))
        assert door.get(link("ar")).headers["content-type"].startswith("text/calendar")
