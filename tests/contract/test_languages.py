"""Pages speak the reader's language, and nothing that they say is missing in any."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from hub.texts.gather import said_by
from hub.texts.languages import DOMAINS, LANGUAGES, PLURALS, catalogue, chosen, script_texts, translations
from hub.texts.speech import speech_of
from tests.running import TestClient, calling, make_world, registry

HUB = {"Origin": "http://hub.test"}
OTHERS = sorted(set(LANGUAGES) - {"en"})
PLACE = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with calling(make_world(tmp_path_factory.mktemp("hub")), follow_redirects=False) as opened:
        yield opened


def texts(said: Any) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ())


def key(said: Any, context: str | None) -> tuple[str, str | None]:
    return (said if isinstance(said, str) else said[0], context)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_missing(language: str, domain: str) -> None:
    """`make texts` brings the catalogues up to date; then whatever is empty wants a translation."""
    there = {key(one.id, one.context): one for one in catalogue(language, domain) if one.id}
    said = {key(*one) for one in said_by(domain)}
    assert (said - set(there), set(there) - said) == (set(), set())
    missing = [
        one.id
        for one in there.values()
        if one.fuzzy
        or not all(texts(one.string))
        or (isinstance(one.id, tuple) and len(texts(one.string)) != len(PLURALS[language]))
    ]
    assert missing == []


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_keeps_every_place_of_a_value(language: str, domain: str) -> None:
    wrong = []
    for one in catalogue(language, domain):
        places = set(PLACE.findall(" ".join(texts(one.id))))
        # A plural form may leave out the number itself: "one tie", "two ties".
        for text in texts(one.string) if one.id else ():
            found = set(PLACE.findall(text))
            is_wrong = not found <= places if isinstance(one.id, tuple) else found != places
            wrong += [(one.id, text)] if is_wrong else []
    assert wrong == []


@pytest.mark.parametrize(
    ("wanted", "accepted", "code"),
    [
        (None, "", "en"),
        (None, "fr-CH, fr;q=0.9, en;q=0.8", "fr"),
        (None, "de, es;q=0.5, ar;q=0.7", "ar"),
        (None, "de;q=1, fr;q=0, en;q=0.1", "en"),
        (None, "fr;q=much, es", "es"),
        ("ar", "fr", "ar"),
        ("xx", "fr", "fr"),
    ],
)
def test_the_language_is_the_chosen_one_else_the_dearest_that_there_is(
    wanted: str | None, accepted: str, code: str
) -> None:
    assert chosen(wanted, accepted).code == code


def test_a_page_comes_in_the_language_of_the_browser(client: TestClient) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": "ar"})
    assert '<html lang="ar" dir="rtl" data-texts="/texts/ar">' in page.text
    assert page.headers["content-language"] == "ar"
    assert "Cookie" in page.headers["vary"]
    assert '<html lang="en" dir="ltr">' in client.get("/sign-in").text


def test_a_language_is_chosen_once_and_the_reader_stays_where_he_was(client: TestClient) -> None:
    answer = client.post("/language", data={"language": "es", "to": "/live?country=QM"}, headers=HUB)
    assert (answer.status_code, answer.headers["location"]) == (303, "/live?country=QM")
    assert '<html lang="es"' in client.get("/live", headers={"Accept-Language": "fr"}).text
    client.cookies.clear()


@pytest.mark.parametrize(
    "to", ["//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example", ""]
)
def test_choosing_a_language_leads_nowhere_else(client: TestClient, to: str) -> None:
    answer = client.post("/language", data={"language": "xx", "to": to}, headers=HUB)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "set-cookie" not in answer.headers


def test_scripts_are_told_every_plural_form(client: TestClient) -> None:
    answer = client.get("/texts/ar").json()
    assert (answer["language"], answer["plurals"]) == ("ar", list(PLURALS["ar"]))
    assert client.get("/texts/en").json()["messages"] == {}
    assert client.get("/texts/xx").status_code == 404
    for language in OTHERS:
        for said in script_texts(language)["messages"].values():
            assert isinstance(said, str) or len(said) == len(PLURALS[language])


def test_what_is_missing_is_told_on_a_page_to_a_person_and_as_a_problem_to_a_program(
    client: TestClient,
) -> None:
    page = client.get("/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here, or nothing that you may see." in page.text
    program = client.get("/nowhere")
    assert (program.status_code, program.json()["type"]) == (404, "urn:hub:problem:not-found")
    api = client.get("/api/v1/lawyers/lawyer:none.1", headers={"Accept": "text/html"})
    assert api.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_told_of_the_feed_and_of_a_wrong_method_is_told_in_the_language(
    client: TestClient, language: str
) -> None:
    said, headers = translations(language).gettext, {"Accept": "text/html", "Accept-Language": language}
    told = client.get("/docs", headers=headers).text
    assert f"<td>{said('Caught up: nothing is missing up to here.')}</td>" in told
    assert "Caught up" not in told
    refused = client.get("/steward/glass", headers=headers)
    assert (refused.status_code, "Method Not Allowed" in refused.text) == (405, False)
    assert f"<h1>{said('Method Not Allowed')}</h1>" in refused.text


class TestDaysAndMoments:
    """What a date of the world reads like."""

    @pytest.mark.parametrize(
        ("edtf", "words"),
        [
            ("2026-03-04", "Mar 4, 2026"),
            ("2026-03", "March 2026"),
            ("2026", "2026"),
            ("2026-03-04/2026-04-05", "Mar 4, 2026 – Apr 5, 2026"),
            ("2026-03-04/..", "Mar 4, 2026 – …"),
            ("", ""),
        ],
    )
    def test_an_edtf_date_is_told_in_words(self, edtf: str, words: str) -> None:
        assert speech_of("en", registry()).day(edtf) == words

    def test_a_moment_is_told_on_the_clock_of_a_zone(self) -> None:
        speech = speech_of("en", registry())
        assert speech.moment("2031-05-04T12:00:00Z").replace("\u202f", " ") == "May 4, 2031, 12:00:00 PM UTC"
        assert "2:00:00" in speech.moment("2031-05-04T12:00:00Z", "Europe/Paris")
        assert speech.moment("no moment", "Nowhere/At-All") == "no moment"

    def test_texts_of_partners_say_their_language_where_it_is_another(self) -> None:
        speech = speech_of("en", registry())
        assert (
            str(speech.said({"fr": "<b>Bonjour</b>"}))
            == '<span lang="fr" dir="auto">&lt;b&gt;Bonjour&lt;/b&gt;</span>'
        )
        assert speech.said({"en": "Hello", "fr": "Bonjour"}) == "Hello"
        assert (speech.said("plain"), speech.said(None), speech.said({})) == ("plain", "", "")
