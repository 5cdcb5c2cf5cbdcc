"""A seized partner: what its lost key signs is kept for the stewards, believed by nobody, and decides nothing."""

from collections.abc import Iterator

import httpx
import pytest

from events.submission import STEWARDS
from tests.signing import DSSE, EVENTS, OURS, SLUG, SOURCE, STOLEN, Json, Scene, fresh, signing

ACTION = f"action:{SLUG}.7"


@pytest.fixture
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with signing(tmp_path_factory.mktemp("seized")) as scene:
        yield scene


def suspend(scene: Scene) -> str:
    """Suspend the partner wholly, as stewards do when its office was seized; return the cursor."""
    data = {"partner": f"partner:{SLUG}", "from": "2031-05-04T11:45:00Z", "scope": "both", "reason": "seized"}
    event = {"specversion": "1.0", "id": "seized", "source": f"urn:hub:partner:{STEWARDS}", "data": data}
    answer = scene.post({**event, "type": "partner.suspended"}, "application/json", "steward")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["cursor"])


def proposal(event_id: str, signer: str) -> dict[str, Json]:
    data: dict[str, Json] = {"action": ACTION, "kind": "trial_observation_mission", "lead": f"partner:{SLUG}"}
    data |= {"purpose": f"Observe, says the {signer}", "about": [f"trial:{SLUG}.3"]}
    return {**fresh(id=event_id, type="action.proposed"), "data": data}


def shown(scene: Scene, event_id: str) -> httpx.Response:
    url = f"{scene.hub.url}{EVENTS}/{SOURCE}/{event_id}"
    return httpx.get(url, headers=scene.world.bearer("steward"))


def test_what_a_lost_key_signed_is_stored_of_a_suspended_partner_and_has_no_effect(scene: Scene) -> None:
    suspend(scene)
    late = scene.post(STOLEN.envelope(fresh(id="late", tlp="clear")))
    assert (late.status_code, late.json()["status"]) == (201, "stored")
    assert scene.post(STOLEN.envelope(fresh(id="late", tlp="clear"))).status_code in {200, 409}
    found = shown(scene, "late")
    assert (found.status_code, found.json()["status"]) == (200, "quarantined")
    listed = httpx.get(f"{scene.hub.url}{EVENTS}", params={"type": "threat.*"})
    assert "late" not in {one["id"] for one in listed.json()["events"]}


def test_that_it_is_over_as_a_lost_key_says_changes_nothing_of_a_threat(scene: Scene) -> None:
    begun = fresh(id="begun", tlp="clear")
    begun["data"] = {**begun["data"], "status": "ongoing"}
    threat = begun["data"]["threat"]
    assert scene.post(OURS.envelope(begun)).status_code == 201
    suspended = suspend(scene)
    said = {"threat": threat, "as_of": "2031-05-04", "changes": {"status": "ended"}}
    queued = {**fresh(id="queued", tlp="clear"), "type": "threat.updated", "data": said}

    def read(who: str | None, cursor: str) -> Json:
        headers = scene.world.bearer(who) if who else {}
        url = f"{scene.hub.url}/api/v1/threats/{threat}"
        answer = httpx.get(url, headers=headers, params={"at_least": cursor})
        assert answer.status_code == 200, answer.text
        return answer.json()

    before = {who: read(who, suspended) for who in ("steward", None)}
    stored = scene.post(STOLEN.envelope(queued))
    assert (stored.status_code, stored.json()["status"]) == (201, "stored")
    assert {who: read(who, stored.json()["cursor"]) for who in ("steward", None)} == before
    assert before[None]["props"]["status"]["value"] == "ongoing"
    assert shown(scene, "queued").json()["status"] == "quarantined"


@pytest.mark.parametrize("media", [DSSE, "application/json"])
def test_a_suspended_partner_publishes_nothing_with_a_key_that_is_believed(scene: Scene, media: str) -> None:
    suspend(scene)
    event = fresh(id="queued")
    answer = scene.post(OURS.envelope(event) if media == DSSE else event, media)
    assert answer.status_code == 403
    assert shown(scene, "queued").status_code == 404


def test_a_decision_signed_with_a_lost_key_decides_nothing(scene: Scene) -> None:
    assert scene.post(STOLEN.envelope(proposal("by-thief", "thief"))).status_code == 201
    assert shown(scene, "by-thief").json()["status"] == "quarantined"
    ending = {**fresh(type="action.completed"), "data": {"action": ACTION, "state": "completed"}}
    never = scene.post(OURS.envelope(ending))
    assert [one["code"] for one in never.json()["errors"]] == ["not_lead"]
    assert scene.post(OURS.envelope(proposal("by-owner", "owner"))).status_code == 201
    assert scene.post(STOLEN.envelope(ending)).status_code == 201
    # The thief has not ended it.
    assert scene.post(OURS.envelope(proposal("again", "owner"))).status_code == 201
