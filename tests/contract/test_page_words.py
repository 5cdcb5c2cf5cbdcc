"""What pages say in words: nowhere a raw code, a pointer or a reference where there is a name for it."""

import re
from typing import Any

import pytest
from markupsafe import escape

from hub.pages.environment import environment, values_of
from hub.pages.naming import OWN_TITLES
from hub.pages.standards import standard_name, standard_text
from hub.pages.values import Unnamed
from hub.texts.languages import LANGUAGES, translations
from hub.texts.speech import speech_of
from projections.boards.law.norms import norms
from tests.forms import page, say, send, shows
from tests.running import TestClient, World, calling, make_world, registry

Json = Any
OWN = "harbour-bar-watch"
ACTION = f"action:{OWN}.a1"
MODERATE = "moderate_positive"
OTHERS = sorted(set(LANGUAGES) - {"en"})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("hub"))
    made.issue("harbour", OWN, "coordinator", clearance="amber+strict")
    made.issue("second", "open-docket", "coordinator", clearance="amber+strict")
    return made


@pytest.fixture(scope="module")
def told(client: TestClient, world: World) -> str:
    """An action and how two partners judged it."""
    action = {
        "action": ACTION,
        "kind": "joint_letter",
        "purpose": "A letter",
        "about": [f"policy:{OWN}.p"],
        "lead": f"partner:{OWN}",
        "standards": ["un-bprl:16c", "iccpr:9.4.habeas"],
    }
    at = say(client, world, "harbour", "action.proposed", action, tlp="green")
    for who, impact in (("harbour", MODERATE), ("second", "minor")):
        judged = {"about": ACTION, "impact": impact, "assessor": f"partner:{world.accounts[who].partner}"}
        at = say(client, world, who, "impact.assessed", judged, tlp="green")
    return at


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_thing_says_codes_of_vocabularies_by_their_labels(
    client: TestClient, world: World, told: str, language: str
) -> None:
    client.get(f"/live?at_least={told}", headers=shows(world, "harbour"))
    at = {**shows(world, "harbour"), "Accept-Language": language}
    seen = client.get(f"/things/{ACTION}", headers=at).text
    assert speech_of(language, registry()).label("impact", MODERATE) in seen
    assert MODERATE not in seen
    assert ">un-bprl:16c<" not in seen
    works = client.get("/data/works", headers=at).text
    assert f"{translations(language).gettext('Mixed')}: 1" in works
    assert ">mixed: " not in works


def test_which_way_a_tie_goes_is_said_where_it_is_folded(client: TestClient, world: World, told: str) -> None:
    seen = page(client, world, "harbour", f"/things/{ACTION}", told)
    assert "… assessed it: 2" in seen
    assert "is about …: 1" in seen
    # A handful is not folded away.
    assert '<details data-ties="ASSESSED" open>' in seen


@pytest.mark.parametrize("language", OTHERS)
def test_codes_with_labels_of_their_own_contract_are_said_by_these(language: str) -> None:
    values = values_of(language, registry())
    level = str(values.claim("C3", "consent.recorded", "consent_level", {}))
    assert level == escape(translations(language).gettext("To refer them to others"))
    event = {"type": "threat.reported", "data": {"provenance": {"reliability": "B", "credibility": "2"}}}
    said = [str(value) for _, value in values.provenance(event, {})]
    assert said == [
        str(escape(translations(language).gettext(one)))
        for one in ("B: usually reliable", "2: probably true")
    ]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_provisions_places_and_what_nobody_named_have_names(language: str) -> None:
    values = values_of(language, registry())
    for norm in norms():
        assert language == "en" or translations(language).gettext(norm["title"]) != norm["title"]
        for one in norm["provisions"]:
            ref = f"standard:{one['standard']}"
            # The graph calls a provision by its code.
            called = values.name(ref, {ref: one["standard"]})
            assert f"{norm['norm']}:" not in called.lower(), called
            assert "_" not in called
    assert "16.3" in values.name("standard:16.3", {})
    assert values.name("standard:unknown:1", {}) == "unknown:1"
    assert values.name("place:INT", {}) == translations(language).gettext("International")
    ref = f"support:{OWN}.S-1"
    called = values.name(ref, {ref: Unnamed(ref, (("kinds", ["urgent_relocation"]),))})
    assert speech_of(language, registry()).label("support_kind", "urgent_relocation") in called


@pytest.mark.parametrize("language", OTHERS)
def test_what_a_provision_says_is_said_in_the_language_and_of_a_part_as_of_the_whole(language: str) -> None:
    speech, rights = speech_of(language, registry()), registry().vocabularies["fair_trial_right"].codes
    english = {one["standard"]: one["label"] for norm in norms() for one in norm["provisions"]}
    said = {standard: standard_text(standard, speech) for standard in english}
    assert [standard for standard in said if said[standard] in {"", english[standard]}] == []
    # Of these the name says already what they say.
    assert {code for code in said if code.startswith("iccpr:")} == set(rights)
    for code in rights:
        assert standard_name(code, speech) == said[code] == speech.label("fair_trial_right", code)
    assert "14.5" in standard_name("iccpr:14.5", speech)
    assert standard_text("un-bprl:16c", speech) == said["un-bprl:16"]
    assert standard_text("un-bprl:99", speech) == standard_text("16.3", speech) == ""


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_page_of_a_provision_says_what_it_says_in_the_language(
    client: TestClient, world: World, told: str, language: str
) -> None:
    client.get(f"/live?at_least={told}", headers=shows(world, "harbour"))
    at = {**shows(world, "harbour"), "Accept-Language": language}
    said = str(escape(standard_text("un-bprl:16", speech_of(language, registry()))))
    assert f"<p>{said}</p>" in client.get("/things/standard:un-bprl:16c", headers=at).text
    tracker = client.get("/policy?norm=un-bprl", headers=at).text
    listed, drawn = f">{said}</td>", f"16 · {said}"
    assert listed in tracker
    assert drawn in tracker
    right = str(escape(standard_name("iccpr:9.4.habeas", speech_of(language, registry()))))
    charted = client.get("/policy?norm=iccpr", headers=at).text
    assert f'<th scope="row">{right}</th>' in charted
    assert 'lang="en"' not in tracker.replace('<html lang="en"', "").replace('value="en" lang="en"', "")


def test_money_and_pointers_are_said_for_people() -> None:
    values = values_of("en", registry())
    said = str(values.claim({"amount": "7500.00", "currency": "XTS"}, "offer.made", "max_amount", {}))
    assert said == "<bdi>7,500\N{NO-BREAK SPACE}XTS</bdi>"
    event = {"type": "claim.assessed", "data": {"alternative": {"/victim_status": "at_liberty"}}}
    [(_, alternative)] = values.payload(event, {})
    label = speech_of("en", registry()).label("victim_status", "at_liberty")
    assert "victim_status" not in str(alternative)
    assert label in str(alternative)
    assert values.way("/place/country") == f"{values.field('place')} › {values.field('country')}"
    assert values.way("/targets/0") == f"{values.field('targets')} › 1"


def test_what_the_hub_records_itself_has_a_title_and_is_not_offered_for_correction(
    client: TestClient, world: World
) -> None:
    typed = {"partner": OWN, "role": "observer", "expires": "30"}
    page(client, world, "steward", "/steward")
    assert send(client, world, "steward", "/steward/tokens", typed).status_code == 200
    for language in LANGUAGES:
        at = {**shows(world, "steward"), "Accept-Language": language}
        seen = client.get("/live?type=steward.*", headers=at).text
        cards = seen.partition('<ol class="events"')[2].partition("</ol>")[0]
        assert f"<h3>{translations(language).gettext(OWN_TITLES['steward.acted'])}</h3>" in cards
        assert "/published/" not in cards
        assert '<data value="type:steward.acted">' in seen
        assert environment(language, registry()).filters["title_of"]("threat.reported") != "threat.reported"


def test_a_card_names_the_partner(client: TestClient, world: World, told: str) -> None:
    seen = page(client, world, "harbour", f"/live?about={ACTION}", told)
    name = re.search(rf'href="/partners/partner:{OWN}" title="partner:{OWN}"><bdi>([^<]+)</bdi>', seen)
    assert name is not None
    assert name[1] != OWN


def test_of_a_hearing_that_was_held_nobody_says_that_it_does_not_take_place(
    client: TestClient, world: World
) -> None:
    trial, hearing = f"trial:{OWN}.w", f"hearing:{OWN}.w"
    about: Json = {"trial": trial, "proceeding_kind": "criminal", "country": "QM"}
    about["parties"] = [{"who": f"lawyer:{OWN}.w", "role": "defendant"}]
    say(client, world, "harbour", "trial.scheduled", about, tlp="green")
    starts = {"hearing": hearing, "trial": trial, "starts": "2031-05-01", "observers_wanted": 3}
    at = say(client, world, "harbour", "hearing.scheduled", starts, tlp="green")
    gone = "It does not take place on this date."
    before = page(client, world, "harbour", f"/hearings/{hearing}", at)
    assert gone not in before
    assert "Fewer observers than are wanted." not in before
    moved = {"hearing": hearing, "status": "postponed_no_date", "reason": "judge_absent"}
    moved["previous_starts"] = "2031-05-01"
    at = say(client, world, "harbour", "hearing.adjourned", moved, tlp="green")
    assert gone in page(client, world, "harbour", f"/hearings/{hearing}", at)


def test_a_hub_without_data_has_no_heading_without_content(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = make_world(tmp_path_factory.mktemp("empty"))
    with calling(empty) as client:
        assert "All indicators" not in page(client, empty, "steward", "/data")
        assert "Show everything" not in page(client, empty, "steward", "/trials")
        assert "Show everything" in page(client, empty, "steward", "/trials?country=QM")
