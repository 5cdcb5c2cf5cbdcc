"""Support is decided: an offer reaches as far as it says, a need is open while the person wants help, harm stops."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from events.decisions.actions.joint import JointAction
from events.decisions.aggregate import Actor, Decision
from events.decisions.support import Reservation
from events.decisions.support_capacity import Capacity
from tests.archive_fixtures import Archive, sqlite_url

L, H, M = "lanterns-for-counsel", "harbour-bar-watch", "meridian-fund"
OFFER = f"offer:{M}.1"
FREE_OFFER = "offer:0190aaaa-0000-7000-8000-000000000063"
FREE_NEED = "need:0190aaaa-0000-7000-8000-000000000062"
XTS = "XTS"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    roles = {L: ["monitor"], H: ["monitor"], M: ["funder"]}
    opened = Archive(sqlite_url(tmp_path)).begin(roles)
    yield opened
    opened.store.close()


def offer(ref: str = OFFER, by: str = M, **more: Any) -> dict[str, Any]:
    return {"offer": ref, "by": f"partner:{by}", "kinds": ["medical"], **more}


def need(ref: str = f"need:{L}.1", **more: Any) -> dict[str, Any]:
    return {"need": ref, "for": f"lawyer:{L}.1", "kinds": ["medical"], "expressed_by": "self", **more}


def match(number: int, by: str = L, **more: Any) -> dict[str, Any]:
    own = {"support": f"support:{by}.{number}", "need": f"need:{L}.{number}", "offer": OFFER}
    return {**own, "accepted_by_person": True, **more}


def delivery(number: int, result: str, **more: Any) -> dict[str, Any]:
    return {"support": f"support:{L}.{number}", "result": result, **more}


def money(amount: str, currency: str = XTS) -> dict[str, str]:
    return {"amount": amount, "currency": currency}


NO_ROOM = [("/data/offer", "no_capacity_left")]
NOT_OPEN = [("/data/offer", "not_open")]
NO_NEED = [("/data/need", "not_open")]


class TestCapacity:
    """What an offer gives away."""

    def test_an_offer_of_three_is_matched_three_times(self, archive: Archive) -> None:
        archive.push(M, "offer.made", offer(capacity=3))
        codes = [archive.codes(L, "support.matched", match(number)) for number in range(4)]
        assert codes == [[], [], [], NO_ROOM]

    def test_a_match_takes_as_much_as_it_says(self, archive: Archive) -> None:
        archive.push(M, "offer.made", offer(capacity=3))
        assert archive.codes(L, "support.matched", match(1, quantity=2)) == []
        too_much = [("/data/quantity", "no_capacity_left")]
        assert archive.codes(L, "support.matched", match(2, quantity=2)) == too_much
        assert archive.codes(L, "support.matched", match(3)) == []

    def test_many_matches_are_all_remembered(self, archive: Archive) -> None:
        archive.push(M, "offer.made", offer(capacity=40))
        batch = [archive.check(L, "support.matched", match(number)) for number in range(45)]
        half = archive.intake.record(batch[:33], atomic=True)
        rest = archive.intake.record(batch[33:])
        assert [one.status for one in half] == ["stored"] * 33
        assert [one.status for one in rest] == ["stored"] * 7 + ["refused"] * 5

    def test_what_falls_with_its_batch_takes_nothing(self, archive: Archive) -> None:
        archive.push(M, "offer.made", offer(capacity=1))
        batch = [archive.check(L, "support.matched", match(number)) for number in (1, 2)]
        assert [one.status for one in archive.intake.record(batch, atomic=True)] == ["refused"] * 2
        assert archive.intake.record(batch, dry_run=True)[0].status == "stored"
        assert archive.codes(L, "support.matched", match(3)) == []

    @pytest.mark.parametrize("result", ["failed", "stopped_by_person"])
    def test_what_failed_or_was_stopped_is_free_again(self, archive: Archive, result: str) -> None:
        archive.push(M, "offer.made", offer(capacity=1))
        archive.push(L, "support.matched", match(1))
        assert archive.codes(M, "support.delivered", delivery(1, result)) == []
        assert archive.codes(L, "support.matched", match(2)) == []
        assert archive.codes(L, "support.matched", match(3)) == NO_ROOM

    @pytest.mark.parametrize("result", ["delivered", "partly"])
    def test_what_was_given_stays_given(self, archive: Archive, result: str) -> None:
        archive.push(M, "offer.made", offer(capacity=1))
        archive.push(L, "support.matched", match(1))
        archive.push(L, "support.delivered", delivery(1, result))
        assert archive.codes(L, "support.matched", match(2)) == NO_ROOM

    def test_nobody_frees_an_offer_who_has_no_part_in_the_match(self, archive: Archive) -> None:
        archive.push(M, "offer.made", offer(capacity=1))
        archive.push(L, "support.matched", match(1))
        assert archive.codes(H, "support.delivered", delivery(1, "failed")) == []
        assert archive.codes(L, "support.matched", match(2)) == NO_ROOM

    @pytest.mark.parametrize("state", ["withdrawn", "exhausted", "reserved", "expired"])
    def test_an_offer_that_is_closed_is_matched_no_more(self, archive: Archive, state: str) -> None:
        archive.push(M, "offer.made", offer())
        archive.push(H, "offer.made", offer(by=H, state="withdrawn"))
        assert archive.codes(L, "support.matched", match(1)) == []
        archive.push(M, "offer.made", offer(state=state))
        assert archive.codes(L, "support.matched", match(2)) == NOT_OPEN
        late = {"time": "2026-11-01T00:00:00Z"}
        assert archive.codes(M, "offer.made", offer(state="open"), **late) == []
        assert archive.codes(L, "support.matched", match(3)) == NOT_OPEN

    def test_an_offer_ends_after_its_last_day(self, archive: Archive) -> None:
        archive.push(M, "offer.made", offer(valid_until="2026-11-02"))
        assert archive.codes(L, "support.matched", match(1)) == []
        archive.clock.turn(days=1)
        assert archive.codes(L, "support.matched", match(2)) == NOT_OPEN
        agreed = match(3, agreed_on="2026-11-02T23:00:00Z")
        assert archive.codes(L, "support.matched", agreed) == []
        assert archive.codes(L, "support.matched", match(4, agreed_on="2031-01-01T00:00:00Z")) == NOT_OPEN

    def test_one_need_gets_no_more_than_the_most(self, archive: Archive) -> None:
        archive.push(M, "offer.made", offer(max_amount=money("5000.00")))
        more: dict[str, Any] = {"need": f"need:{L}.1", "others_informed": True}
        assert archive.codes(L, "support.matched", match(1, amount=money("3000.00"), **more)) == []
        above = [("/data/amount/amount", "above_the_most")]
        assert archive.codes(L, "support.matched", match(2, amount=money("2000.01"), **more)) == above
        assert archive.codes(L, "support.matched", match(3, amount=money("2000"), **more)) == []
        assert archive.codes(L, "support.matched", match(4, amount=money("5000"))) == []
        other = [("/data/amount/currency", "other_currency")]
        assert archive.codes(L, "support.matched", match(5, amount=money("1", "EUR"))) == other
        assert archive.codes(L, "support.matched", match(6)) == []

    def test_an_offer_that_comes_later_counts_what_was_drawn_on_it(self, archive: Archive) -> None:
        assert archive.codes(L, "support.matched", match(1)) == []
        archive.push(M, "offer.made", offer(capacity=1))
        assert archive.codes(L, "support.matched", match(2)) == NO_ROOM

    def test_who_may_not_know_of_an_offer_hears_nothing_and_takes_nothing(self, archive: Archive) -> None:
        hidden = {"tlp": "amber+strict", "audience": L}
        archive.push(M, "offer.made", offer(capacity=1), **hidden)
        assert archive.codes(H, "support.matched", match(1, H)) == []
        assert archive.codes(L, "support.matched", match(2)) == []
        assert archive.codes(H, "support.matched", match(3, H)) == []
        assert archive.codes(L, "support.matched", match(4)) == NO_ROOM

    def test_an_offer_with_a_number_of_nobody_is_that_of_whoever_made_it(self, archive: Archive) -> None:
        archive.push(M, "offer.made", offer(FREE_OFFER, capacity=1))
        archive.push(H, "offer.made", offer(FREE_OFFER, by=H, capacity=9))
        assert archive.codes(L, "support.matched", match(1, offer=FREE_OFFER)) == []
        assert archive.codes(L, "support.matched", match(2, offer=FREE_OFFER)) == NO_ROOM


class TestNeed:
    """What a need lets others do."""

    def test_a_need_that_was_withdrawn_is_matched_no_more_and_frees_what_it_held(
        self, archive: Archive
    ) -> None:
        archive.push(M, "offer.made", offer(capacity=1))
        archive.push(L, "need.expressed", need())
        archive.push(L, "support.matched", match(1))
        archive.clock.turn(minutes=1)
        archive.push(L, "need.expressed", need(state="withdrawn"))
        archive.clock.turn(minutes=1)
        again = match(3, need=f"need:{L}.1")
        assert archive.codes(L, "support.matched", again) == NO_NEED
        assert archive.codes(M, "support.matched", match(1)) == NO_NEED
        assert archive.codes(L, "support.matched", match(2)) == []
        archive.push(L, "need.expressed", need())
        assert archive.codes(L, "support.matched", match(4, need=f"need:{L}.1")) == NO_ROOM

    def test_what_was_agreed_before_the_person_said_stop_is_told_and_reserves_nothing(
        self, archive: Archive
    ) -> None:
        archive.push(M, "offer.made", offer(capacity=1))
        archive.push(L, "need.expressed", need(state="withdrawn"))
        early = {"time": "2026-11-02T09:00:00Z"}
        assert archive.codes(L, "support.matched", match(1), **early) == []
        assert archive.codes(L, "support.matched", match(2)) == []

    def test_others_stop_a_need_only_for_those_who_hear_them(self, archive: Archive) -> None:
        archive.push(L, "need.expressed", need())
        archive.push(H, "need.expressed", need(state="withdrawn"), tlp="red")
        assert archive.codes(L, "support.matched", match(1)) == []
        archive.push(H, "need.expressed", need(state="withdrawn"), tlp="green")
        assert archive.codes(L, "support.matched", match(2, need=f"need:{L}.1")) == NO_NEED
        # Only the partner whose need it is says that nothing is wanted any more because it is met.
        archive.push(H, "need.expressed", need(state="met"))
        assert archive.codes(M, "support.matched", match(1)) == []
        archive.push(L, "need.expressed", need(state="met"))
        assert archive.codes(L, "support.matched", match(3, need=f"need:{L}.1")) == NO_NEED

    def test_who_may_not_know_of_a_need_hears_nothing_of_it(self, archive: Archive) -> None:
        archive.push(L, "need.expressed", need(state="withdrawn"), tlp="red")
        assert archive.codes(H, "support.matched", match(1, H)) == []
        assert archive.codes(L, "support.matched", match(2, need=f"need:{L}.1")) == NO_NEED

    def test_what_was_said_earlier_but_arrives_later_changes_nothing(self, archive: Archive) -> None:
        archive.push(L, "need.expressed", need(state="withdrawn"))
        archive.push(L, "need.expressed", need(), time="2026-11-01T00:00:00Z")
        assert archive.codes(L, "support.matched", match(1)) == NO_NEED

    def test_a_need_with_a_number_of_nobody_is_that_of_whoever_told_of_it_first(
        self, archive: Archive
    ) -> None:
        archive.push(L, "need.expressed", need(FREE_NEED))
        archive.push(H, "need.expressed", need(FREE_NEED, state="met"))
        assert archive.codes(M, "support.matched", match(1, M, need=FREE_NEED)) == []
        assert archive.codes(L, "support.matched", match(1, M, need=FREE_NEED)) == []

    def test_what_failed_may_be_reserved_anew(self, archive: Archive) -> None:
        archive.push(L, "support.matched", match(1))
        archive.push(L, "support.delivered", delivery(1, "failed"))
        assert archive.codes(L, "support.matched", match(2, need=f"need:{L}.1")) == []


class TestConfirmation:
    """Both sides say so."""

    def test_the_other_side_confirms_once(self, archive: Archive) -> None:
        archive.push(M, "offer.made", offer(capacity=1))
        archive.push(L, "support.matched", match(1))
        assert archive.codes(M, "support.matched", match(1)) == []
        not_yours = [("/data/support", "not_yours")]
        assert archive.codes(M, "support.matched", match(1)) == not_yours
        assert archive.codes(H, "support.matched", match(1)) == not_yours
        assert archive.codes(L, "support.matched", match(1, others_informed=True)) == [
            ("/data/support", "already_used")
        ]
        assert archive.codes(L, "support.matched", match(2)) == NO_ROOM

    def test_nobody_confirms_what_he_may_not_know_of(self, archive: Archive) -> None:
        archive.push(L, "support.matched", match(1), tlp="red")
        assert archive.codes(M, "support.matched", match(1)) == [("/data/support", "not_yours")]

    def test_a_number_of_nobody_that_is_taken_is_taken_for_whoever_may_not_know(
        self, archive: Archive
    ) -> None:
        support = "support:0190aaaa-0000-7000-8000-000000000077"
        said = match(1, support=support, others_informed=True)
        archive.push(L, "support.matched", said, tlp="red")
        assert archive.codes(M, "support.matched", said) == [("/data/support", "already_used")]

    def test_a_delivery_says_what_became_of_both_voices(self, archive: Archive) -> None:
        archive.push(L, "support.matched", match(1))
        archive.push(M, "support.matched", match(1))
        archive.push(H, "support.matched", match(9, H))
        assert archive.codes("stewards", "support.delivered", delivery(1, "stopped_by_person")) == []
        assert archive.codes(M, "support.matched", match(1)) == [("/data/support", "not_yours")]
        assert archive.codes(H, "support.delivered", delivery(7, "failed")) == []

    def test_another_offer_is_no_confirmation(self, archive: Archive) -> None:
        archive.push(L, "support.matched", match(1))
        other = match(1, offer=f"offer:{M}.2")
        assert archive.codes(M, "support.matched", other) == [("/data/support", "not_yours")]


class TestHarm:
    """After harm an offer rests."""

    def test_an_offer_rests_until_the_stewards_have_judged(self, archive: Archive) -> None:
        archive.push(M, "offer.made", offer())
        archive.push(L, "support.matched", match(1))
        harm = delivery(1, "partly", safety_incident=True)
        archive.push(L, "support.delivered", harm, id="harm", tlp="amber")
        assert archive.codes(L, "support.matched", match(2)) == [("/data/offer", "paused")]
        about = {"about_event": "harm", "about_source": f"urn:hub:partner:{L}", "verdict": "corroborates"}
        archive.push(H, "claim.assessed", about)
        assert archive.codes(L, "support.matched", match(2)) == [("/data/offer", "paused")]
        archive.push("stewards", "claim.assessed", about)
        assert archive.codes(L, "support.matched", match(2)) == []
        own = {"about_event": "nothing", "verdict": "disputes"}
        assert archive.codes("stewards", "claim.assessed", own) == []

    def test_who_may_not_know_of_the_harm_is_not_told(self, archive: Archive) -> None:
        archive.push(M, "offer.made", offer())
        archive.push(L, "support.matched", match(1))
        archive.push(L, "support.delivered", delivery(1, "partly", person_feedback="harmed"), tlp="red")
        assert archive.codes(H, "support.matched", match(2, H)) == []
        assert archive.codes(L, "support.matched", match(3)) == [("/data/offer", "paused")]

    def test_who_keeps_harm_from_the_stewards_is_told_so(self, archive: Archive) -> None:
        harm = delivery(1, "partly", safety_incident=True)
        outcome = archive.push(L, "support.delivered", harm, tlp="amber+strict")
        assert [(one.pointer, one.code) for one in outcome.warnings] == [("/audience", "stewards_not_told")]
        told = archive.push(L, "support.delivered", harm, tlp="amber+strict", audience="stewards")
        assert told.warnings == ()


class TestEnds:
    """Who ends a support, and who learns of it."""

    def test_who_has_no_part_in_a_match_is_not_in_the_way_of_its_end_and_learns_nothing_of_it(
        self, archive: Archive
    ) -> None:
        archive.push(M, "offer.made", offer(capacity=1))
        archive.push(L, "support.matched", match(1), tlp="red")
        assert archive.codes(H, "support.delivered", delivery(1, "delivered")) == []
        assert archive.codes(L, "support.delivered", delivery(1, "failed"), tlp="red") == []
        assert archive.codes(L, "support.matched", match(2)) == []
        ended = [("/data/support", "already_decided")]
        # Who takes part is told, who has ended it for himself, too; a stranger is not.
        assert archive.codes(M, "support.delivered", delivery(1, "delivered")) == ended
        assert archive.codes(H, "support.delivered", delivery(1, "delivered")) == ended
        assert archive.codes("stewards", "support.delivered", delivery(1, "delivered")) == ended

    def test_the_end_of_what_nobody_matched_is_told_to_whoever_may_know_of_it(self, archive: Archive) -> None:
        archive.push(L, "support.delivered", delivery(8, "failed"), tlp="red")
        archive.push(L, "support.delivered", delivery(9, "failed"), tlp="green")
        assert archive.codes(H, "support.delivered", delivery(8, "delivered")) == []
        ended = [("/data/support", "already_decided")]
        assert archive.codes(H, "support.delivered", delivery(9, "delivered")) == ended


class TestMany:
    """What was decided before makes the next decision no dearer."""

    @staticmethod
    def _cost(
        kind: type[Decision], event_type: str, data: Callable[[int], dict[str, Any]], most: int
    ) -> float:
        decision = kind.blank(kind.stream("many"))
        envelope = {
            "id": "1",
            "source": f"urn:hub:partner:{L}",
            "tlp": "green",
            "time": "2026-11-01T00:00:00Z",
        }
        start = process_time()
        for number in range(most):
            actor = Actor(f"p{number}", "ann", frozenset(), frozenset(), datetime(2026, 11, 2, tzinfo=UTC))
            event = {**envelope, "source": f"urn:hub:partner:{actor.slug}", "data": data(number)}
            decision.decide(event_type, event, actor)
            decision.fold(event_type, event)
        return process_time() - start

    @pytest.mark.parametrize(
        ("kind", "event_type", "first", "more"),
        [
            (Capacity, "support.matched", offer(capacity=10**6, max_amount=money("1000000.00")),
             lambda no: match(1, by=f"p{no}", amount=money("0.01"))),
            (Reservation, "support.matched", None,
             lambda no: match(1, by=f"p{no}", others_informed=no > 0)),
            (JointAction, "action.joined", {"action": "action:a-b.1", "kind": "joint_letter", "lead": f"partner:{L}"},
             lambda no: {"action": "action:a-b.1", "partner": f"partner:p{no}", "role": "signatory"}),
        ],
    )  # fmt: skip
    def test_thousands_cost_as_much_each_as_hundreds(
        self, kind: type[Decision], event_type: str, first: dict[str, Any] | None, more: Callable[[int], Any]
    ) -> None:
        class Begun(kind):  # type: ignore[misc, valid-type]  # the class is an argument
            def begin(self) -> None:
                super().begin()
                opens = "offer.made" if kind is Capacity else "action.proposed"
                envelope = {"source": f"urn:hub:partner:{M}", "id": "0", "tlp": "green"}
                envelope["time"] = "2026-11-01T00:00:00Z"
                if first is not None:
                    self.fold(opens, {**envelope, "data": first})

        few = min(self._cost(Begun, event_type, more, 250) for _ in range(3))
        many = self._cost(Begun, event_type, more, 4_000)
        # 16 times as many; were each to look through all before it, it would be 256 times as much.
        assert many < 70 * few


def test_what_failed_for_both_sides_is_free_once() -> None:
    offer = Capacity.blank(Capacity.stream("offer:a.1"))
    named = {"source": "urn:hub:partner:a", "id": "1", "time": "2026-11-05T08:00:00Z"}
    match = {
        **named,
        "data": {"support": "support:a.1", "need": "need:a.1", "offer": "offer:a.1", "quantity": 2},
    }
    failed = {**named, "data": {"support": "support:a.1", "result": "failed"}}
    offer.fold("support.matched", match)
    assert offer.given == 2
    for _ in range(2):
        offer.fold("support.delivered", failed)
        assert offer.given == 0
