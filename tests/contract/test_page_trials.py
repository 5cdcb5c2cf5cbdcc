"""/trials and /hearings: who sees what, and claiming or handing over a seat by form."""

import pytest

from tests.forms import form, page, say, send, shows
from tests.running import TestClient, World, make_world

TRIAL = "trial:harbour-bar-watch.T-1"
HEARING = "hearing:harbour-bar-watch.H-1"
MISSION = "action:harbour-bar-watch.M-1"
ADDRESS = f"/hearings/{HEARING}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"))


def scheduled(hearing: str, starts: str, trial: str = TRIAL, **more: object) -> dict[str, object]:
    return {
        "hearing": hearing,
        "trial": trial,
        "kind": "trial_session",
        "starts": starts,
        "country": "QM",
        **more,
    }


def told(client: TestClient, world: World, number: int) -> tuple[str, str, str]:
    """Tell of a trial with a hearing in four days, and of a mission with two seats; return both and a cursor."""
    own = f"harbour-bar-watch.{number}"
    trial = {
        "trial": f"trial:{own}",
        "proceeding_kind": "criminal",
        "stage": "first_instance",
        "country": "QM",
    }
    parties = [{"who": f"lawyer:{own}", "role": "defendant"}]
    say(client, world, "publisher", "trial.scheduled", {**trial, "parties": parties})
    hearing = scheduled(f"hearing:{own}", "2031-05-08T09:30:00+03:00", f"trial:{own}", zone="Etc/GMT-3")
    say(client, world, "publisher", "hearing.scheduled", {**hearing, "observers_wanted": 2})
    mission = {
        "action": f"action:{own}", "kind": "trial_observation_mission", "lead": "partner:harbour-bar-watch",
        "purpose": f"Watch number {number}", "about": [f"hearing:{own}"], "agreed_with_person": "not_applicable",
        "seats": 2,
    }  # fmt: skip
    return f"hearing:{own}", f"action:{own}", say(client, world, "publisher", "action.proposed", mission)


def test_a_hearing_that_nobody_watches_stands_first_on_the_courts_clock(
    client: TestClient, world: World
) -> None:
    hearing, _, at = told(client, world, 1)
    seen = page(client, world, "observer", "/trials?country=QM", at)
    assert "Hearings within 14 days" in seen
    assert 'Thu 8 May 2031, 09:30 <span class="soft">UTC+03</span>' in seen
    assert f'href="/hearings/{hearing}"' in seen
    assert "0 of 2 observers" in seen
    assert "No observer" in seen
    only = page(client, world, "observer", "/hearings?uncovered=true&within=14d&country=QM", at)
    assert f'href="/hearings/{hearing}"' in only
    assert f'href="/hearings/{hearing}"' not in page(client, world, "observer", "/hearings?country=QN", at)


def test_the_public_sees_none_of_it_and_what_is_hidden_is_as_what_never_was(
    client: TestClient, world: World
) -> None:
    hearing, _, at = told(client, world, 2)
    seen = page(client, world, None, "/trials", at)
    assert "harbour-bar-watch.2" not in seen
    assert "No hearing within 14 days that you may see." in seen
    hidden = client.get(f"/hearings/{hearing}", headers=shows(world, None))
    never = client.get("/hearings/hearing:harbour-bar-watch.never", headers=shows(world, None))
    assert (hidden.status_code, never.status_code) == (404, 404)
    assert hidden.text.replace(hearing, "") == never.text.replace("hearing:harbour-bar-watch.never", "")


def test_a_trial_that_nobody_named_is_told_from_others(client: TestClient, world: World) -> None:
    hearing, _, at = told(client, world, 5)
    seen = page(client, world, "observer", "/trials/trial:harbour-bar-watch.5", at)
    assert "<h1><bdi>Trial 5 (Criminal, QM)</bdi></h1>" in seen
    around = seen.partition('id="around"')[2]
    assert "… is part of it" in around
    assert f'href="/hearings/{hearing}"' in around


def test_an_uncertain_date_is_told_as_such(client: TestClient, world: World) -> None:
    own = "hearing:harbour-bar-watch.vague"
    at = say(client, world, "publisher", "hearing.scheduled", scheduled(own, "[2031-05-09,2031-05-11]"))
    seen = page(client, world, "observer", f"/hearings/{own}", at)
    assert ">May 9, 2031</time> or <time" in seen
    assert "Date uncertain" in seen
    assert "Nobody has called for observers at this hearing yet." in seen


def test_a_seat_is_claimed_once_and_handed_over(client: TestClient, world: World) -> None:
    hearing, mission, at = told(client, world, 3)
    address = f"/hearings/{hearing}"
    fields = form(page(client, world, "docket", address, at), f"{address}/seat")
    assert fields["action"] == mission
    many = send(client, world, "docket", f"{address}/seat", {**fields, "capacity": "9"})
    assert many.status_code == 422
    assert "There is no room for so many observers." in many.text
    assert 'value="9"' in many.text
    claimed = send(client, world, "docket", f"{address}/seat", {**fields, "capacity": "1"})
    assert claimed.status_code == 303
    again = send(client, world, "docket", f"{address}/seat", {**fields, "capacity": "1"})
    assert again.headers["location"] == claimed.headers["location"]
    seen = page(client, world, "docket", claimed.headers["location"])
    assert "You hold 1 seat." in seen
    assert "1 of 2 observers" in seen
    fields = form(seen, f"{address}/hand-over")
    nobody = send(
        client, world, "docket", f"{address}/hand-over", {**fields, "hand_over_to": "partner:open-docket"}
    )
    assert nobody.status_code == 422
    assert "Choose another organisation than your own." in nobody.text
    given = {**fields, "hand_over_to": "partner:harbour-bar-watch", "reason": "capacity"}
    handed = send(client, world, "docket", f"{address}/hand-over", given)
    assert handed.status_code == 303
    world.clock.move(seconds=1)
    assert send(client, world, "docket", f"{address}/hand-over", given).headers["location"] == address
    seen = page(client, world, "publisher", handed.headers["location"])
    assert "hands 1 seat over to you" in seen
    fields = form(seen, f"{address}/seat")
    taken = send(client, world, "publisher", f"{address}/seat", {**fields, "capacity": "1"})
    assert "You hold 1 seat." in page(client, world, "publisher", taken.headers["location"])


def test_who_only_reads_has_no_form_and_may_not_act(client: TestClient, world: World) -> None:
    hearing, mission, at = told(client, world, 4)
    seen = page(client, world, "observer", f"/hearings/{hearing}", at)
    assert "Watch number 4" in seen
    assert "/seat" not in seen
    act = send(client, world, "observer", f"/hearings/{hearing}/seat", {"action": mission})
    assert act.status_code == 403


def test_a_foreign_page_cannot_claim_a_seat(client: TestClient, world: World) -> None:
    foreign = {**world.bearer("docket"), "Origin": "https://elsewhere.example"}
    assert client.post(f"{ADDRESS}/seat", data={"action": MISSION}, headers=foreign).status_code == 403


def test_the_scorecard_shows_each_opinion_and_a_grade_its_dissent(client: TestClient, world: World) -> None:
    trial, hearing = "trial:harbour-bar-watch.fair", "hearing:harbour-bar-watch.fair"
    say(client, world, "publisher", "trial.scheduled", {
        "trial": trial, "proceeding_kind": "criminal", "stage": "first_instance", "country": "QM",
        "parties": [{"who": "lawyer:harbour-bar-watch.fair", "role": "defendant"}],
    })  # fmt: skip
    say(client, world, "publisher", "hearing.scheduled", scheduled(hearing, "2031-05-01", trial))
    for who, rating in (("publisher", "respected"), ("docket", "violated")):
        rights = [{"right": "iccpr:14.1.public_hearing", "rating": rating, "note": f"As {who} saw it."}]
        seen = {
            "hearing": hearing,
            "status": "held",
            "observation": {"mode": "in_room", "observers": 1},
            "rights": rights,
        }
        say(client, world, who, "hearing.reported", seen)
    ended = {
        "trial": trial, "decided": "2031-05-02", "stage": "first_instance", "appeal_deadline": "2031-05-14",
        "outcome": [{"who": "lawyer:harbour-bar-watch.fair", "outcome": "acquitted"}],
        "grade": "D", "grade_by": "partner:open-docket",
    }  # fmt: skip
    say(client, world, "docket", "trial.concluded", ended, id="graded")
    doubt = {
        "about_event": "graded", "about_source": "urn:hub:partner:open-docket", "verdict": "disputes",
        "fields": ["/grade"], "alternative": {"/grade": "B"}, "note": "The court was open.",
    }  # fmt: skip
    at = say(client, world, "publisher", "claim.assessed", doubt)
    page_ = page(client, world, "observer", f"/trials/{trial}", at)
    assert "Observers differ on one hearing" in page_
    assert "As publisher saw it." in page_
    assert "As docket saw it." in page_
    assert "rights that nobody rated" in page_
    assert "The court was open." in page_
    assert "10 days are left to appeal against First instance." in page_
