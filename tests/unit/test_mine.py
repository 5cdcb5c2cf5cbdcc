"""What waits for a partner: each group of its board, for whom, until when, and what takes it off again."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.audience import Reader
from events.event import Position
from projections.boards.mine.items import Item, in_order
from projections.reading_room import ReadingRoom
from schemas.registry import Registry
from tests.logs import MemoryLog

Json = Any

FIXTURES = Path(__file__).parents[1] / "fixtures"
BAR, DOCKET, QUILL, STEWARDS = "harbour-bar-watch", "open-docket", "quill-network", "stewards"
NOW = datetime(2026, 11, 6, 9, 0, tzinfo=UTC)
ACTION = f"action:{BAR}.2026-005"


def example(event_type: str, **said: Json) -> Json:
    data = json.loads((FIXTURES / f"{event_type}.v1.json").read_text())["example"]
    return {name: value for name, value in {**data, **said}.items() if value is not None}


class Boards:
    """A log with its views, and the board of each partner."""

    def __init__(self, registry: Registry, path: Path) -> None:
        self.log = MemoryLog()
        self.room = ReadingRoom(registry, self.log, path)

    def add(self, event_type: str, slug: str = BAR, /, **said: Json) -> str:
        """Record the example of a type, with what is said otherwise; `_NAME` is an attribute of the envelope."""
        envelope = {name[1:]: said.pop(name) for name in list(said) if name.startswith("_")}
        data = example(event_type, **{"protection": None, **said})
        return self.log.add(event_type, data, slug, **envelope).id

    def group(self, name: str, slug: str = DOCKET, now: datetime = NOW) -> list[tuple[str, str]]:
        """Return why and about what something waits for a partner in a group."""
        return [(one["why"], one["ref"]) for one in self.items(name, slug, now)]

    def items(self, name: str, slug: str = DOCKET, now: datetime = NOW) -> list[Json]:
        self.room.catch_up()
        board = self.room.purge(Reader(slug, clearance="amber+strict")).mine(slug, now)
        assert board["counts"] == {group: len(items) for group, items in board["groups"].items()}
        return list(board["groups"][name])

    def news(self, slug: str = DOCKET, *followed: str) -> list[tuple[str, str, list[str]]]:
        self.room.catch_up()
        sight = self.room.purge(Reader(slug, clearance="amber"))
        found, _ = sight.news(slug, (Position(0), 0), followed, 500)
        return [(one["what"], one["proof"]["id"], one["refs"]) for one in found]


@pytest.fixture
def boards(registry: Registry, tmp_path: Path) -> Iterator[Boards]:
    made = Boards(registry, tmp_path / "views.sqlite")
    yield made
    made.room.stop()


def admit(boards: Boards, slug: str, *countries: str, **said: Json) -> None:
    data = {"partner": f"partner:{slug}", "name": {"en": slug}, "roles": ["monitor"], **said}
    boards.log.add("partner.admitted", {**data, "countries_of_work": list(countries)}, STEWARDS)


def test_items_stand_by_when_they_are_due() -> None:
    proof = {"source": "s", "id": "i", "type": "t", "when": None}
    dues = [None, "2026-11-09", "2026-11-08T10:00:00Z"]
    found = in_order(Item("sign", "x", f"action:a.{no}", due, proof) for no, due in enumerate(dues))
    assert [one.due for one in found] == ["2026-11-08T10:00:00Z", "2026-11-09", None]
    assert Item("review", "x", "person:a.1", None, proof).as_json()["link"] == "/api/v1/events/s/i"
    assert found[0].as_json()["link"] == "/api/v1/actions/action:a.2"


def test_an_open_action_waits_for_whom_it_is_meant_until_he_signs(boards: Boards) -> None:
    admit(boards, DOCKET, "QM")
    admit(boards, QUILL, "QR")
    boards.add("action.proposed", text_hash="a" * 64, place={"country": "QM"})
    assert boards.group("sign") == [("in_my_countries", ACTION)]
    assert boards.items("sign")[0]["due"] == "2026-11-10T18:00:00.000000Z"
    assert boards.group("sign", QUILL) == boards.group("sign", BAR) == boards.group("sign", STEWARDS) == []
    assert boards.group("sign", now=datetime(2026, 11, 11, tzinfo=UTC)) == []
    joined = {"action": ACTION, "partner": f"partner:{DOCKET}", "text_hash": "a" * 64}
    boards.add("action.joined", DOCKET, **joined)
    assert boards.group("sign") == boards.group("resign") == []
    boards.add("action.proposed", text_hash="a" * 64, place={"country": "QM"})
    assert boards.group("resign") == []
    boards.add("action.proposed", text_hash="b" * 64, place={"country": "QM"})
    assert boards.group("resign") == [("RESIGN_NEEDED", ACTION)]
    boards.add("action.joined", DOCKET, **{**joined, "text_hash": "b" * 64})
    assert boards.group("resign") == []
    late = datetime(2027, 1, 2, tzinfo=UTC)
    assert boards.group("resign", now=late) == [("LAPSED", ACTION)]
    boards.add("action.left", DOCKET, action=ACTION, partner=f"partner:{DOCKET}")
    # Whoever left has decided.
    assert boards.group("sign") == boards.group("resign", now=late) == []
    boards.add("action.completed", action=ACTION)
    assert boards.group("sign") == []


def test_without_fingerprints_any_new_proposal_asks_to_sign_anew(boards: Boards) -> None:
    boards.add("action.proposed", place=None, about=["case:a-b.1"], join_by=None, text_hash=None)
    assert boards.group("sign") == [("open_to_all", ACTION)]
    boards.add("action.joined", DOCKET, action=ACTION, partner=f"partner:{DOCKET}", text_hash=None)
    assert boards.group("resign") == []
    boards.add("action.proposed", place=None, about=["case:a-b.1"], join_by=None, text_hash=None)
    assert boards.group("resign") == [("RESIGN_NEEDED", ACTION)]
    boards.add("action.proposed", state="closed_for_joining", join_by=None, text_hash=None)
    assert boards.group("resign") == []


def test_an_invitation_and_the_country_of_whom_it_is_about_count(boards: Boards) -> None:
    admit(boards, DOCKET, "QR")
    admit(boards, QUILL, "QM")
    boards.add("action.proposed", place=None, _tlp="amber", _audience=f"{DOCKET},{QUILL}")
    assert boards.group("sign") == [("invited", ACTION)]
    other, about = f"action:{BAR}.2", [f"lawyer:{BAR}.1", f"threat:{BAR}.1", f"case:{BAR}.1"]
    boards.add(
        "action.proposed",
        action=other,
        place=None,
        about=about,
    )
    assert boards.group("sign", QUILL) == [("open_to_all", other), ("invited", ACTION)]
    boards.log.profile(1)
    boards.log.threat(1)
    boards.add("hearing.scheduled", trial=f"trial:{BAR}.9", country="QM")
    assert boards.group("sign", QUILL) == [("in_my_countries", other), ("invited", ACTION)]
    assert boards.group("sign") == [("invited", ACTION)]


def test_a_match_waits_for_the_side_that_has_not_confirmed_it(boards: Boards) -> None:
    support, offer = f"support:{BAR}.2026-001", f"offer:{DOCKET}.1"
    boards.add("support.matched", offer=offer, lead=None, _tlp="green")
    assert boards.group("confirm") == [("match", support)]
    assert boards.items("confirm")[0]["matched_by"] == [f"partner:{BAR}"]
    boards.add("offer.made", DOCKET, offer=offer)
    assert boards.group("confirm") == [("match", support)]
    assert boards.group("confirm", BAR) == boards.group("confirm", QUILL) == []
    boards.add("support.matched", DOCKET, offer=offer, lead=None, _tlp="green")
    assert boards.group("confirm") == []


def test_a_need_of_mine_waits_for_a_match_while_it_is_open(boards: Boards) -> None:
    need = f"need:{BAR}.2026-004"
    boards.add("need.expressed", _tlp="green")
    assert boards.group("unmatched", BAR) == [("no_match", need)]
    assert boards.group("unmatched") == []
    boards.add("need.expressed", state="withdrawn", _tlp="green")
    assert boards.group("unmatched", BAR) == []
    boards.add("need.expressed", _tlp="green")
    boards.add("support.matched", need=need, _tlp="green")
    assert boards.group("unmatched", BAR) == []


def test_what_i_said_long_ago_is_to_be_looked_at_again(boards: Boards) -> None:
    lawyer = f"lawyer:{BAR}.1"
    boards.log.profile(protection={"review_by": "2026-11-12"})
    boards.log.profile(2, protection={"review_by": "2026-12-30"})
    boards.add(
        "consent.recorded",
        subject_of_consent=lawyer,
        review_by="2026-11-08",
        expires_on="2026-11-09",
        _tlp="amber",
    )
    assert boards.group("review", BAR) == [
        ("consent_review", lawyer),
        ("consent_expired", lawyer),
        ("review", lawyer),
    ]
    assert boards.group("review") == []
    boards.log.profile(protection={"review_by": "2027-11-12"})
    late = datetime(2026, 12, 1, tzinfo=UTC)
    assert ("review", lawyer) in boards.group("review", BAR, late)
    assert ("review", lawyer) not in boards.group("review", BAR, datetime(2026, 11, 4, tzinfo=UTC))


def test_what_others_doubt_is_to_be_looked_at_until_they_say_otherwise(boards: Boards) -> None:
    report = boards.log.threat(1).id
    said = {"about_event": report, "about_source": f"urn:hub:partner:{BAR}", "related_events": None}
    boards.add("claim.assessed", DOCKET, **said, verdict="corroborates")
    assert boards.group("review", BAR) == []
    boards.add("claim.assessed", DOCKET, **said, verdict="disputes")
    boards.add("claim.assessed", QUILL, **said, verdict="refutes", _tlp="amber+strict")
    [found] = boards.items("review", BAR)
    assert (found["why"], found["ref"], found["by"]) == ("disputed", f"threat:{BAR}.1", [f"partner:{DOCKET}"])
    assert found["about"]["id"] == report
    boards.add("claim.assessed", DOCKET, **said, verdict="corroborates")
    assert boards.group("review", BAR) == []


def test_what_rests_on_facts_that_changed_is_to_be_looked_at(boards: Boards) -> None:
    report = boards.log.threat(1).id
    boards.add("statement.issued", facts_from=[report], reply_expected_by=None, _tlp="green")
    assert boards.group("review", BAR) == []
    boards.log.retract(report)
    assert ("STALE_FACT", f"statement:{BAR}.2026-031") in boards.group("review", BAR)


def test_lawyers_of_a_bar_that_is_suspended_are_a_task_for_whoever_profiled_them(boards: Boards) -> None:
    bar = "body:harbour-bar-watch.bar-qm"
    boards.log.profile(1, bar=bar)
    boards.log.profile(2, bar=bar)
    admit(boards, "veridane-bar", body=bar)
    admit(boards, "other", body="body:a-b.2")
    boards.log.add("partner.suspended", {"partner": "partner:veridane-bar", "reason": "seized"}, STEWARDS)
    boards.log.add("partner.suspended", {"partner": "partner:unheard-of"}, STEWARDS)
    boards.log.add("partner.suspended", {"partner": "partner:other"}, STEWARDS)
    lawyers = [f"lawyer:{BAR}.1", f"lawyer:{BAR}.2"]
    assert boards.group("review", BAR) == [("bar_suspended", one) for one in lawyers]
    assert boards.group("review") == []
    [found] = boards.items("members", STEWARDS)
    assert (found["ref"], found["lawyers"]) == (bar, lawyers)
    admit(boards, "veridane-bar", body=bar)
    assert boards.group("review", BAR) == boards.group("members", STEWARDS) == []


def test_an_erasure_waits_for_my_answer(boards: Boards) -> None:
    admit(boards, DOCKET)
    lawyer = f"lawyer:{BAR}.1"
    said = {"subject_of_erasure": lawyer, "scope": ["subject_key"]}
    boards.log.add("erasure.executed", {**said, "role": "controller"}, STEWARDS)
    assert boards.group("acknowledge") == [("erasure", lawyer)]
    late = datetime(2026, 11, 30, tzinfo=UTC)
    assert boards.group("acknowledge", now=late) == [("erasure_overdue", lawyer)]
    assert boards.items("erasures", STEWARDS, late)[0]["missing"] == [f"partner:{DOCKET}"]
    boards.log.add("erasure.executed", {**said, "role": "recipient_ack"}, DOCKET)
    assert boards.group("acknowledge", now=late) == boards.group("erasures", STEWARDS, late) == []


def test_a_seat_soon_and_one_that_is_handed_over_are_on_the_board(boards: Boards) -> None:
    hearing = boards.add("hearing.scheduled", starts="2026-11-10", confirm_by=None)
    mission = {
        "action": ACTION,
        "kind": "trial_observation_mission",
        "about": ["hearing:harbour-bar-watch.h-51"],
    }
    boards.add("action.proposed", **mission, planned=None)
    boards.add(
        "action.joined", DOCKET, action=ACTION, partner=f"partner:{DOCKET}", role="observer", valid_until=None
    )
    [found] = boards.items("seats")
    assert (found["why"], found["mission"], found["proof"]["id"]) == ("seat_held", ACTION, hearing)
    assert boards.group("seats", now=datetime(2026, 10, 1, tzinfo=UTC)) == boards.group("seats", QUILL) == []
    left = {
        "action": ACTION,
        "partner": f"partner:{DOCKET}",
        "role": "observer",
        "hand_over_to": f"partner:{QUILL}",
    }
    boards.log.add("action.left", left, DOCKET)
    assert boards.group("seats", QUILL) == [("seat_offered", "hearing:harbour-bar-watch.h-51")]
    assert boards.group("seats") == []


def test_a_statement_waits_for_its_reply(boards: Boards) -> None:
    statement = f"statement:{BAR}.2026-031"
    boards.add("statement.issued", reply_expected_by="2026-11-15", facts_from=None, _tlp="green")
    assert boards.group("replies", BAR) == [("no_reply_yet", statement)]
    assert boards.group("replies") == boards.group("replies", BAR, datetime(2026, 10, 1, tzinfo=UTC)) == []
    boards.add("response.received", statement=statement, kind="acknowledged_receipt", _tlp="green")
    assert boards.group("replies", BAR) == [("no_reply_yet", statement)]
    boards.add("response.received", statement=statement, kind="justifies", _tlp="green")
    assert boards.group("replies", BAR) == []


def test_the_stewards_see_harm_conflicts_and_what_nobody_believes(boards: Boards) -> None:
    admit(boards, DOCKET, body="body:a-b.1")
    boards.add("support.delivered", support=f"support:{BAR}.1", safety_incident=True, _tlp="green")
    boards.add("support.delivered", support=f"support:{BAR}.2", _tlp="green")
    accused = {
        "threat": f"threat:{BAR}.1",
        "targets": [f"lawyer:{BAR}.1"],
        "attributed_to": [{"body": "body:a-b.1"}],
    }
    boards.log.add("threat.reported", {**accused, "categories": ["liberty.arrest"]}, tlp="green")
    boards.log.add(
        "partner.suspended",
        {"partner": f"partner:{QUILL}", "distrust_events_after": "2026-11-01T00:00:00Z"},
        STEWARDS,
    )
    boards.log.threat(7, QUILL, id="not-believed")
    assert boards.group("harm", STEWARDS) == [("safety_incident", f"support:{BAR}.1")]
    [conflict] = boards.items("conflicts", STEWARDS)
    assert (conflict["ref"], conflict["partner"]) == (f"threat:{BAR}.1", f"partner:{DOCKET}")
    assert [one["proof"]["id"] for one in boards.items("quarantined", STEWARDS)] == ["not-believed"]
    said = {"case": f"threat:{BAR}.1", "partner": DOCKET, "verdict": "uphold", "account": "ann"}
    boards.log.add("conflict.judged", said, STEWARDS, tlp="amber+strict")
    assert boards.group("conflicts", STEWARDS) == []


def test_what_changed_is_what_others_said_of_mine_and_of_what_i_follow(boards: Boards) -> None:
    threat = f"threat:{DOCKET}.1"
    boards.log.threat(1, DOCKET)
    other = boards.log.threat(2, id="other").id
    boards.add("threat.updated", QUILL, threat=threat, _id="update", _tlp="green")
    boards.add("threat.updated", QUILL, threat=threat, _id="hidden", _tlp="amber+strict")
    assert boards.news() == [("event", "update", [threat])]
    assert boards.news(DOCKET, f"threat:{BAR}.2") == [
        ("event", other, [f"threat:{BAR}.2"]),
        ("event", "update", [threat]),
    ]
    assert boards.news("meridian-fund") == []
    boards.log.retract("update", slug=QUILL)
    assert boards.news() == [("withdrawn", "update", [threat])]
