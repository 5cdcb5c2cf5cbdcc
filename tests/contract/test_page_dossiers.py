"""Dossiers and lists of every kind as pages: values with who says them, both timelines, what stands around."""

import re

import pytest

from tests.forms import page, say, shows
from tests.running import TestClient, World, example, make_world

OWN = "harbour-bar-watch"
SAID = {
    "lawyers": "lawyer.profiled", "statements": "statement.issued", "policies": "policy.changed",
    "commitments": "commitment.made", "indicators": "indicator.defined", "hearings": "hearing.scheduled",
    "trials": "trial.scheduled", "needs": "need.expressed", "offers": "offer.made", "actions": "action.proposed",
}  # fmt: skip
EVERY = (*SAID, "cases", "partners")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = make_world(tmp_path_factory.mktemp("hub"))
    made.issue("harbour", OWN, "coordinator", clearance="amber+strict")
    return made


@pytest.fixture(scope="module")
def things(client: TestClient, world: World) -> dict[str, str]:
    """One thing of every kind, told by its type's example: list → reference."""
    roles = ["monitor", "responder", "policy", "legal_aid_provider"]
    partner = {**example("partner.admitted.v1"), "partner": f"partner:{OWN}", "roles": roles}
    partner.pop("previous", None)
    at = say(client, world, "steward", "partner.admitted", partner)
    found = {"cases": f"case:{OWN}.1", "partners": f"partner:{OWN}"}
    for name, kind in SAID.items():
        data = example(f"{kind}.v1")
        [own] = {"lawyers": ["lawyer"], "policies": ["policy"], "commitments": ["commitment"]}.get(
            name, [name[:-1]]
        )
        found[name] = data[own]
        at = say(client, world, "harbour", kind, data, tlp="amber", correlationid=found["cases"])
    page(client, world, "harbour", "/lawyers", at)
    return found


@pytest.mark.parametrize("name", EVERY)
def test_every_kind_has_a_list_and_a_dossier(
    client: TestClient, world: World, things: dict[str, str], name: str
) -> None:
    ref = things[name]
    listed = page(client, world, "harbour", f"/{name}?show=all" if name == "actions" else f"/{name}")
    assert f'href="/{name}/{ref}"' in listed
    seen = page(client, world, "harbour", f"/{name}/{ref}")
    assert seen.count("<h1") == 1
    assert 'data-feed="/api/v1/feed?after=' in seen
    assert f'href="/explore?about={ref.replace(":", "%3A")}"' in seen or f"/explore?about={ref}" in seen
    assert "As it happened" in seen
    log = page(client, world, "harbour", f"/{name}/{ref}?order=log")
    assert re.search(r'href="\?order=log#timeline" aria-current="true"', log)
    if name == "partners":
        return
    hidden = client.get(f"/{name}/{ref}", headers=shows(world, None))
    never = client.get(f"/{name}/{ref}x", headers=shows(world, None))
    assert (hidden.status_code, never.status_code) == (404, 404)
    assert hidden.text == never.text.replace(f"{ref}x", ref)
    assert ref not in page(client, world, None, f"/{name}")


def test_codes_are_never_shown_raw(client: TestClient, world: World, things: dict[str, str]) -> None:
    seen = page(client, world, "harbour", f"/lawyers/{things['lawyers']}")
    text = re.sub(r"<(code|script|a)\b.*?</\1>|<[^>]+>", " ", seen)
    assert not re.findall(r"\b[a-z]+_[a-z_]+\b", text)


def test_two_accounts_stand_side_by_side_with_two_grades(client: TestClient, world: World) -> None:
    hearing = "hearing:harbour-bar-watch.both"
    for who, starts, grade in (("harbour", "2031-05-08", "B"), ("docket", "2031-05-09", "A")):
        data = {
            "hearing": hearing,
            "trial": "trial:harbour-bar-watch.both",
            "kind": "trial_session",
            "starts": starts,
        }
        at = say(
            client,
            world,
            who,
            "hearing.scheduled",
            {**data, "provenance": {"reliability": grade, "credibility": "2"}},
        )
    seen = page(client, world, "observer", f"/hearings/{hearing}", at)
    known = seen.partition('id="known"')[2]
    assert "Disputed" in known
    assert "May 8, 2031" in known
    assert "May 9, 2031" in known
    assert "<dt>Reliability of the source</dt><dd>B" in known
    assert "<dt>Reliability of the source</dt><dd>A" in known
    assert "<dt>Credibility of what is said</dt><dd>2" in known
    assert "Mostly reliable" in known


def test_what_was_corrected_reads_as_now_and_a_past_day_as_then(client: TestClient, world: World) -> None:
    data = {
        "policy": "policy:harbour-bar-watch.then",
        "instrument": "statute",
        "country": "QM",
        "title": {"en": "A bill"},
    }
    say(
        client,
        world,
        "harbour",
        "policy.changed",
        {**data, "stage": "draft", "as_of": "2031-01-10", "direction": "weakens"},
    )
    at = say(
        client,
        world,
        "harbour",
        "policy.changed",
        {**data, "stage": "adopted", "as_of": "2031-03-10", "direction": "weakens"},
    )
    address = "/policies/policy:harbour-bar-watch.then"
    now = page(client, world, "observer", address, at)
    assert "Adopted" in now
    then = page(client, world, "observer", f"{address}?as_of=2031-02-01")
    assert "As the world was on Feb 1, 2031." in then
    assert "Adopted" not in then


def test_only_who_may_publish_is_led_to_it(client: TestClient, world: World, things: dict[str, str]) -> None:
    address = f"/trials/{things['trials']}"
    assert f"/publish/hearing.scheduled?about={things['trials'].replace(':', '%3A')}" in page(
        client, world, "harbour", address
    )
    at = say(client, world, "harbour", "trial.scheduled", {
        "trial": "trial:harbour-bar-watch.open", "proceeding_kind": "criminal", "country": "QM", "stage": "charged",
        "parties": [{"who": "lawyer:harbour-bar-watch.open", "role": "defendant"}],
    })  # fmt: skip
    assert "/publish/" not in page(client, world, "observer", "/trials/trial:harbour-bar-watch.open", at)


def test_a_list_is_filtered_sorted_and_paged(client: TestClient, world: World) -> None:
    for number, country in enumerate(("QT", "QT", "QV")):
        data = {
            "lawyer": f"lawyer:{OWN}.P-{number}",
            "alias_public": f"Pseudonym {number}",
            "country_of_practice": country,
        }
        at = say(client, world, "harbour", "lawyer.profiled", data, tlp="green")
    seen = page(client, world, "observer", "/lawyers?country=QT&sort=label&limit=1", at)
    assert "Pseudonym 0" in seen
    assert "Pseudonym 1" not in seen
    assert "2 in all" in seen
    [further] = re.findall(r'rel="next" href="([^"]+)"', seen)
    seen = page(client, world, "observer", further)
    assert "Pseudonym 1" in seen
    assert 'rel="prev"' in seen
    assert "There is nothing here that you may see and that fits." in page(
        client, world, "observer", "/lawyers?country=QZ"
    )


def test_pages_speak_the_readers_language_of_what_partners_said(client: TestClient, world: World) -> None:
    data = {"policy": "policy:harbour-bar-watch.tongue", "instrument": "statute", "country": "QM", "stage": "draft",
            "as_of": "2031-01-10", "direction": "weakens", "title": {"en": "A bill", "fr": "Un projet"}}  # fmt: skip
    at = say(client, world, "harbour", "policy.changed", data)
    french = {**shows(world, "observer"), "Accept-Language": "fr"}
    seen = client.get(f"/policies/policy:harbour-bar-watch.tongue?at_least={at}", headers=french)
    assert seen.headers["content-language"] == "fr"
    assert "Un projet" in seen.text
