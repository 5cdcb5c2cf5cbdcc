"""/review: two records side by side judged by form, reports checked by form; what is not for somebody is not there."""

import json
import re

import pytest

from hub.demo.stories import stories
from hub.pages.alike import WORDS, Alike
from hub.pages.environment import values_of
from hub.texts.languages import LANGUAGES, translations
from hub.texts.speech import speech_of
from projections.alike import SAYS, reason
from tests.forms import form, page, send, shows, words
from tests.running import TestClient, World, make_world, registry, threat

OWN, OTHER = "harbour-bar-watch", "open-docket"
OTHERS = sorted(set(LANGUAGES) - {"en"})
X, Y = f"lawyer:{OWN}.L-0201", f"lawyer:{OTHER}.OD-0201"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("hub"))
    made.issue("coordinator", OTHER, "coordinator", account="ann", clearance="amber+strict")
    return made


@pytest.fixture(scope="module")
def told(client: TestClient, world: World) -> str:
    """Tell of one lawyer twice, as in scenario S2; return a cursor."""
    [story] = [one for one in stories() if one.name.startswith("s02")]
    events = json.loads(json.dumps(list(story.events)[:4]).replace("lanterns-for-counsel", OWN))
    at = ""
    for event in events:
        event["audience"] = f"{OWN},{OTHER},stewards"
        event["data"]["protection"]["consent_level"] = "C2"
        who = {OWN: "publisher", OTHER: "docket"}[event["source"].rpartition(":")[2]]
        answer = client.post("/api/v1/events", json=event, headers=world.bearer(who))
        assert answer.status_code == 201, answer.text
        at = answer.json()["cursor"]
    return at


def publish(client: TestClient, world: World, number: int) -> tuple[str, str]:
    event = threat(number, id=f"review-{number}", data={"title": f"Report {number}", "urgency": "urgent"})
    answer = client.post("/api/v1/events", json=event, headers=world.bearer("publisher"))
    assert answer.status_code == 201, answer.text
    return event["data"]["threat"], answer.json()["cursor"]


def test_two_records_stand_side_by_side_and_are_judged_once(
    client: TestClient, world: World, told: str
) -> None:
    seen = page(client, world, "coordinator", "/review", told)
    assert X in seen
    assert Y in seen
    assert "Speaks strongly for it:" in seen
    for language in LANGUAGES:
        said = reasons_on(client, world, "lawyer", language)
        assert translations(language).gettext("same country") in said
        assert not any('lang="en"' in one or "names compared" in one for one in said)
        assert any("<bdi>" in one for one in said)
    assert re.search(r'<tr class="alike"><th scope="row">Country</th>', seen)
    assert f"Who will see this: your organisation and {OWN}, stewards." in seen
    fields = {**form(seen, "/review"), "judgement": "same", "basis": "name_transliteration"}
    alone = send(client, world, "coordinator", "/review", fields)
    assert alone.status_code == 422
    again = words(alone.text)
    assert "This was not sent." in again
    assert "Similar names alone do not prove" in again
    assert re.search(r'value="name_transliteration" checked', again)
    fields = {**fields, "basis": "counsel_confirmed", "sealed_basis": "Counsel said so."}
    done = send(client, world, "coordinator", "/review", fields)
    assert done.status_code == 303
    assert done.headers["location"].startswith("/review?kind=lawyer&at_least=")
    twice = send(client, world, "coordinator", "/review", fields)
    assert twice.headers["location"] == done.headers["location"]
    seen = page(client, world, "coordinator", done.headers["location"])
    assert "No two records" in seen
    judged = client.get("/api/v1/events?type=identity.judged", headers=world.bearer("coordinator")).json()[
        "events"
    ]
    assert [(one["tlp"], one["audience"]) for one in judged] == [("amber", f"{OWN},stewards")]
    assert judged[0]["data"]["basis"] == ["counsel_confirmed"]


def reasons_on(client: TestClient, world: World, kind: str, language: str) -> list[str]:
    """Return why the two of the first pair may be one, as the page of a language says it."""
    headers = {**shows(world, "coordinator"), "Accept-Language": language}
    seen = words(client.get(f"/review?kind={kind}", headers=headers).text)
    [why, *_] = re.findall(r'<ul class="why">(.*?)</ul>', seen)
    return re.findall(r"</strong> (.*?)</li>", why)


@pytest.mark.parametrize("language", OTHERS)
def test_why_two_reports_may_be_of_one_incident_is_said_in_the_language(
    client: TestClient, world: World, language: str
) -> None:
    target = f"lawyer:{OWN}.73"
    for who in ("publisher", "docket"):
        slug = world.accounts[who].partner
        report = {"threat": f"threat:{slug}.73", "targets": [target], "occurred": "2030-05-04"}
        told = {**report, "place": {"country": "QM"}}
        event = threat(73, source=f"urn:hub:partner:{slug}", id="incident-73", data=told)
        event["audience"] = f"{OWN},{OTHER},stewards"
        answer = client.post("/api/v1/events", json=event, headers=world.bearer(who))
        assert answer.status_code in {200, 201}, answer.text
        client.get(f"/live?at_least={answer.json()['cursor']}", headers=shows(world, "coordinator"))
    speech = speech_of(language, registry())
    said = reasons_on(client, world, "threat", language)
    assert f"<bdi>{speech.day('2030-05-04')}</bdi>" in said[0]
    assert f'title="{target}"' in said[1]
    assert speech.label("threat_category", event["data"]["categories"][0]) in said[2]
    assert f">{speech.country('QM')}<" in said[3].replace("<bdi>", "").replace("</bdi>", "")
    assert len(said) == 4
    assert not any('lang="en"' in one or "both" in one for one in said)


@pytest.mark.parametrize("language", OTHERS)
def test_every_reason_is_said_in_the_language_with_its_values(language: str) -> None:
    speech = speech_of(language, registry())
    alike = Alike(speech, values_of(language, registry()))
    # Two without a name are never suggested.
    assert WORDS.keys() == SAYS.keys() - {"nameless"}
    samples = {"system": "Korean", "share": 0.874, "categories": ("liberty.arrest",), "place": "place:QM"}
    samples |= dict.fromkeys(("same", "all", "days"), 3) | dict.fromkeys(
        ("day", "judged", "newest"), "2026-11-02"
    )
    samples |= {"target": f"lawyer:{OWN}.1", "bodies": (f"body:{OWN}.1", f"body:{OWN}.2")}
    samples |= {"pair": ("<liz>", "elizabeth"), "words": ("korrendt", "movel")}
    samples["parts"] = (reason("equal", pair=("isvael",)), reason("left", words=("movel",)))
    for which, english in SAYS.items():
        if which != "nameless":
            places = set(re.findall(r"\{(\w+)", english))
            assert set(re.findall(r"%\((\w+)\)s", WORDS[which])) == places
            said = str(alike.said(reason(which, **{one: samples.get(one, "isvael") for one in places}), {}))
            assert not re.search(r"%\(|<liz>|Korean|2026-11-02<", said), said
    assert speech.percent(0.87) in alike.said(reason("alike", pair=("liz", "elizabeth"), share=0.874), {})
    inner = str(alike.said(reason("transliterated", parts=samples["parts"]), {}))
    assert speech.texts.gettext(WORDS["left"]).partition("%")[0] in inner
    assert inner.count("<bdi>") == 2


def test_who_may_not_know_both_sees_no_pair_and_the_public_is_asked_in(
    client: TestClient, world: World, told: str
) -> None:
    seen = page(client, world, "publisher", "/review", told)
    assert f"{X}</code>" not in seen
    assert Y not in seen[: seen.index('id="queue"')]
    public = page(client, world, None, "/review", told)
    assert 'href="/sign-in"' in public
    assert "Report" not in public
    assert client.post("/review", data={}, headers=shows(world, None)).status_code == 401


def test_a_report_is_checked_by_form_and_its_publisher_cannot(client: TestClient, world: World) -> None:
    ref, at = publish(client, world, 71)
    seen = page(client, world, "docket", "/review", at)
    assert f'<a href="/review/{ref}" dir="auto">Report 71</a>' in seen
    assert "Nobody has checked it" in seen
    own = page(client, world, "publisher", f"/review/{ref}")
    assert "This is your own report: others check it." in own
    assert f'action="/review/{ref}/assess"' not in own
    seen = page(client, world, "docket", f"/review/{ref}")
    assert "partners who are cleared for amber" in seen
    address = f"/review/{ref}/assess"
    fields = {**form(seen, address), "verdict": "verifies", "note": "Two saw <it>."}
    refused = send(client, world, "docket", address, fields)
    assert refused.status_code == 422
    again = words(refused.text)
    assert "Two saw <it>." in again
    assert 'aria-invalid="true"' in again
    fields = {**fields, "verdict": "corroborates", "source_kind": "witness", "independent_sources": "2"}
    done = send(client, world, "docket", address, fields)
    assert done.status_code == 303, done.text
    seen = page(client, world, "publisher", done.headers["location"])
    assert "<strong>Corroborates</strong>" in seen
    assert "Two saw <it>." in seen
    assert send(client, world, "docket", address, fields).headers["location"] == done.headers["location"]


def test_what_waits_is_filtered_and_what_is_hidden_is_absent(client: TestClient, world: World) -> None:
    ref, at = publish(client, world, 72)
    assert "Report 72" in page(client, world, "docket", "/review?reason=unverified", at)
    assert "Report 72" not in page(client, world, "docket", "/review?reason=refuted", at)
    assert client.get(f"/review/{ref}", headers=shows(world, None)).status_code == 404
    assert client.get("/review/threat:nobody.1", headers=shows(world, "docket")).status_code == 404
    unseen = {"about_source": "urn:hub:partner:nobody", "about_event": "x", "verdict": "disputes"}
    assert send(client, world, "docket", f"/review/{ref}/assess", unseen).status_code == 404
    assert send(client, world, "observer", f"/review/{ref}/assess", unseen).status_code == 403
