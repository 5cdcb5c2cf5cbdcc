"""Decisions: what must not happen twice, too late, or by somebody else."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from events.decisions.aggregate import Actor, Decision, DecisionRefused, slug_in
from events.decisions.embargo import Embargo
from events.decisions.persons import IdentityJudgement
from events.intake import NotYourType
from events.partners import Partner
from events.store import UndecidedType
from tests.archive_fixtures import Archive, contracts, sqlite_url
from tests.vaults import open_beside

if TYPE_CHECKING:
    from schemas.registry import Registry

L, H, M = "lanterns-for-counsel", "harbour-bar-watch", "meridian-fund"
ACTION = f"action:{L}.1"
UUID = "partner:0190aaaa-0000-7000-8000-00000000000a"
OTHER_UUID = "partner:0190aaaa-0000-7000-8000-00000000000b"
CONSENT = "0190aaaa-0000-7000-8000-0000000000c1"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    opened = Archive(sqlite_url(tmp_path)).begin({L: ["monitor"], H: ["monitor", "verifier"], M: ["funder"]})
    yield opened
    opened.store.close()


def proposal(**more: Any) -> dict[str, Any]:
    about = [f"case:{L}.1"]
    return {
        "action": ACTION,
        "kind": "joint_letter",
        "lead": f"partner:{L}",
        "purpose": "P",
        "about": about,
        **more,
    }


def joining(slug: str, **more: Any) -> dict[str, Any]:
    moment = "2026-11-02T09:30:00Z"
    return {"action": ACTION, "partner": f"partner:{slug}", "role": "signatory", "joined": moment, **more}


def leaving(slug: str, **more: Any) -> dict[str, Any]:
    return {"action": ACTION, "partner": f"partner:{slug}", "left": "2026-11-03T09:30:00Z", **more}


def completion(**more: Any) -> dict[str, Any]:
    return {"action": ACTION, "state": "completed", **more}


def match(number: str, by: str = L, **more: Any) -> dict[str, Any]:
    return {
        "support": f"support:{by}.{number}",
        "need": f"need:{L}.1",
        "offer": f"offer:{M}.1",
        "accepted_by_person": True,
        **more,
    }


def consent(**more: Any) -> dict[str, Any]:
    return {"consent_id": CONSENT, "subject_of_consent": f"lawyer:{L}.1", "level": "C1", **more}


class TestPartners:
    """Admission and suspension."""

    def test_only_stewards_admit(self, archive: Archive) -> None:
        data = {"partner": "partner:open-docket", "name": {"en": "O"}, "roles": ["monitor"]}
        with pytest.raises(NotYourType):
            archive.push(L, "partner.admitted", data)
        archive.admit(L, "monitor", "steward")
        checked = archive.check(L, "partner.admitted", data)
        archive.admit(L, "monitor")
        outcome = archive.intake.record([checked])[0]
        assert [(problem.pointer, problem.code) for problem in outcome.problems] == [
            ("/type", "not_your_type")
        ]

    def test_a_partner_is_admitted_by_its_slug(self, archive: Archive) -> None:
        for reference, code in (
            (UUID, "wrong_form"),
            (f"partner:{L}.7", "wrong_form"),
            ("partner:hub", "not_allowed"),
        ):
            data = {"partner": reference, "name": {"en": "X"}, "roles": ["monitor"]}
            assert archive.codes("stewards", "partner.admitted", data) == [("/data/partner", code)]

    def test_admission_again_replaces_roles_and_lifts_a_suspension(self, archive: Archive) -> None:
        archive.push("stewards", "partner.suspended", {"partner": f"partner:{L}"})
        archive.admit(L, "funder", previous=UUID)
        rights = archive.intake.rights(L)
        assert rights is not None
        assert (rights.roles, rights.may_read, rights.may_write) == (frozenset({"funder"}), True, True)
        assert rights.references == frozenset({UUID})

    def test_an_earlier_slug_is_not_bound(self, archive: Archive) -> None:
        archive.admit(L, "funder", previous=f"partner:{H}")
        rights = archive.intake.rights(L)
        assert rights is not None
        assert rights.references == frozenset()

    @pytest.mark.parametrize(
        ("scope", "may"), [("read", (False, True)), ("write", (True, False)), (None, (False, False))]
    )
    def test_a_partner_may_suspend_itself(
        self, archive: Archive, scope: str | None, may: tuple[bool, bool]
    ) -> None:
        data = {"partner": f"partner:{L}"} if scope is None else {"partner": f"partner:{L}", "scope": scope}
        assert archive.codes(L, "partner.suspended", data) == []
        rights = archive.intake.rights(L)
        assert rights is not None
        assert (rights.may_read, rights.may_write) == may

    def test_scopes_add_up(self, archive: Archive) -> None:
        for scope in ("read", "write"):
            archive.push("stewards", "partner.suspended", {"partner": f"partner:{L}", "scope": scope})
        rights = archive.intake.rights(L)
        assert rights is not None
        assert (rights.may_read, rights.may_write) == (False, False)

    def test_nobody_suspends_another_but_stewards(self, archive: Archive) -> None:
        suspension = {"partner": f"partner:{H}"}
        assert archive.codes(L, "partner.suspended", suspension) == [("/data/partner", "not_yours")]
        assert archive.codes("stewards", "partner.suspended", suspension) == []

    def test_a_partner_that_was_never_admitted_cannot_be_suspended(self, archive: Archive) -> None:
        for reference in ("partner:nobody-here", UUID):
            codes = archive.codes("stewards", "partner.suspended", {"partner": reference})
            assert codes == [("/data/partner", "unknown_partner")]

    def test_a_suspension_counts_for_what_follows_in_the_same_call(self, archive: Archive) -> None:
        batch = [
            archive.check(L, "partner.suspended", {"partner": f"partner:{L}"}),
            archive.threat(1, slug=L),
        ]
        assert [outcome.status for outcome in archive.intake.record(batch)] == ["stored", "refused"]

    def test_a_slug_is_read_off_a_reference(self) -> None:
        assert [slug_in(one) for one in (f"partner:{L}", f"partner:{L}.7", UUID)] == [L, L, None]


class TestActions:
    """Joint actions."""

    def test_an_action_is_joined_once_in_each_role(self, archive: Archive) -> None:
        assert archive.codes(L, "action.proposed", proposal()) == []
        assert archive.codes(H, "action.joined", joining(H)) == []
        assert archive.codes(H, "action.joined", joining(H, role="observer")) == []
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/role", "already_joined")]

    def test_a_new_text_may_be_signed_anew(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H))
        assert archive.codes(L, "action.proposed", proposal(purpose="Q")) == []
        assert archive.codes(H, "action.joined", joining(H)) == []
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/role", "already_joined")]

    def test_only_the_lead_revises_and_completes_and_only_once(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        assert archive.codes(H, "action.proposed", proposal()) == [("/data/action", "not_lead")]
        assert archive.codes(H, "action.completed", completion()) == [("/data/action", "not_lead")]
        assert archive.codes(L, "action.completed", completion()) == []
        assert archive.codes(L, "action.completed", completion()) == [("/data/action", "already_decided")]
        assert archive.codes(L, "action.proposed", proposal()) == [("/data/action", "already_decided")]
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/action", "not_open")]

    def test_what_was_never_proposed_is_neither_joined_nor_completed(self, archive: Archive) -> None:
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/action", "not_open")]
        assert archive.codes(L, "action.completed", completion()) == [("/data/action", "not_lead")]

    def test_late_is_accepted_while_the_action_is_open(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal(join_by="2026-11-02T00:00:00Z", state="proposed"))
        archive.clock.turn(days=9)
        assert archive.codes(H, "action.joined", joining(H)) == []

    def test_a_closed_action_is_not_joined(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal(state="closed_for_joining"))
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/action", "not_open")]

    def test_a_partner_joins_and_leaves_for_itself(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        for partner in (f"partner:{M}", UUID):
            codes = archive.codes(H, "action.joined", joining(H, partner=partner))
            assert codes == [("/data/partner", "not_yours")]
        archive.push(H, "action.joined", joining(H))
        assert archive.codes(M, "action.left", leaving(H)) == [("/data/partner", "not_yours")]
        assert archive.codes(M, "action.left", leaving(M)) == [("/data/partner", "not_joined")]
        assert archive.codes(H, "action.left", leaving(H, role="observer")) == [
            ("/data/partner", "not_joined")
        ]
        assert archive.codes(H, "action.left", leaving(H)) == []
        assert archive.codes(H, "action.left", leaving(H)) == [("/data/partner", "not_joined")]
        assert archive.codes(H, "action.joined", joining(H)) == []

    def test_a_role_is_left_alone(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H))
        archive.push(H, "action.joined", joining(H, role="observer"))
        assert archive.codes(H, "action.left", leaving(H, role="observer")) == []
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/role", "already_joined")]

    def test_own_references_count_as_the_partner(self, archive: Archive) -> None:
        archive.admit(H, "monitor", previous=UUID)
        archive.push(L, "action.proposed", proposal())
        assert archive.codes(H, "action.joined", joining(H, partner=UUID)) == []
        assert archive.codes(H, "action.joined", joining(H, partner=f"partner:{H}.1")) == [
            ("/data/role", "already_joined")
        ]
        assert archive.codes(H, "action.left", leaving(H, partner=UUID)) == []
        assert archive.codes(H, "action.joined", joining(H)) == []

    def test_stewards_leave_for_a_suspended_partner(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H))
        assert archive.codes("stewards", "action.left", leaving(H, partner=UUID)) == [
            ("/data/partner", "not_joined")
        ]
        assert archive.codes("stewards", "action.left", leaving(H)) == []
        assert archive.codes(H, "action.left", leaving(H)) == [("/data/partner", "not_joined")]

    def test_leaving_is_possible_after_the_end(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H))
        archive.push(L, "action.completed", completion())
        assert archive.codes(H, "action.left", leaving(H, remove_from_published=True)) == []

    def test_another_partner_may_be_proposed_as_lead_and_then_leads(self, archive: Archive) -> None:
        theirs = f"action:{H}.1"
        archive.push(H, "action.proposed", proposal(action=theirs))
        ending = completion(action=theirs)
        assert archive.codes(H, "action.completed", ending) == [("/data/action", "not_lead")]
        assert archive.codes(L, "action.completed", ending) == []

    def test_a_reference_in_the_numbering_of_another_partner_is_never_free(self, archive: Archive) -> None:
        refused = [("/data/action", "not_lead")]
        assert archive.codes(H, "action.proposed", proposal()) == refused
        archive.push(L, "action.proposed", proposal())
        assert archive.codes(H, "action.proposed", proposal()) == refused

    def test_a_lead_that_the_hub_cannot_tell_is_the_proposer(self, archive: Archive) -> None:
        archive.admit(H, "monitor", previous=OTHER_UUID)
        archive.push(L, "action.proposed", proposal(lead=UUID))
        assert archive.codes(H, "action.completed", completion()) == [("/data/action", "not_lead")]
        assert archive.codes(L, "action.proposed", proposal(lead=OTHER_UUID)) == []
        assert archive.codes(H, "action.completed", completion()) == []

    def test_an_action_hidden_from_a_partner_answers_like_none(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal(), tlp="amber", audience=M)
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/action", "not_open")]
        assert archive.codes(H, "action.completed", completion()) == [("/data/action", "not_lead")]
        assert archive.codes(M, "action.joined", joining(M)) == []

    def test_an_embargoed_action_is_the_leads_until_it_is_due(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal(), notbefore="2026-11-02T10:00:00Z")
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/action", "not_open")]
        assert archive.codes(L, "action.joined", joining(L)) == []
        archive.clock.turn(hours=1)
        assert archive.codes(H, "action.joined", joining(H)) == []


class TestSupport:
    """Matching and delivery."""

    def test_one_part_of_a_need_is_reserved_once_unless_the_others_know(self, archive: Archive) -> None:
        assert archive.codes(L, "support.matched", match("1", kinds=["medical", "legal_fees"])) == []
        assert archive.codes(M, "support.matched", match("2", M, kinds=["psychosocial"])) == []
        again = match("3", M, kinds=["legal_fees"])
        assert archive.codes(M, "support.matched", again) == [("/data/need", "already_reserved")]
        assert archive.codes(M, "support.matched", match("4", M)) == [("/data/need", "already_reserved")]
        assert archive.codes(M, "support.matched", {**again, "others_informed": True}) == []

    def test_a_match_without_kinds_takes_the_whole_need(self, archive: Archive) -> None:
        assert archive.codes(L, "support.matched", match("1")) == []
        assert archive.codes(M, "support.matched", match("2", M, kinds=["medical"])) == [
            ("/data/need", "already_reserved")
        ]
        assert archive.codes(M, "support.matched", match("2", M, kinds=["medical"], need=f"need:{L}.2")) == []

    def test_a_support_is_matched_once_across_all_needs(self, archive: Archive) -> None:
        taken = "support:0190aaaa-0000-7000-8000-000000000077"
        archive.push(L, "support.matched", match("1", support=taken))
        for need in (f"need:{L}.1", f"need:{L}.2"):
            again = match("1", support=taken, need=need, others_informed=True)
            assert archive.codes(H, "support.matched", again) == [("/data/support", "already_used")]

    def test_a_support_is_never_matched_in_the_numbering_of_another_partner(self, archive: Archive) -> None:
        assert archive.codes(H, "support.matched", match("1")) == [("/data/support", "not_yours")]
        archive.push(L, "support.matched", match("1"))
        assert archive.codes(H, "support.matched", match("1")) == [("/data/support", "not_yours")]

    def test_the_same_support_twice_in_one_call_is_refused(self, archive: Archive) -> None:
        batch = [
            archive.check(L, "support.matched", match("1", need=f"need:{L}.{number}")) for number in (1, 2)
        ]
        assert [outcome.status for outcome in archive.intake.record(batch)] == ["stored", "refused"]

    @pytest.mark.parametrize("result", ["delivered", "failed", "stopped_by_person"])
    def test_nothing_follows_the_end_of_a_delivery(self, archive: Archive, result: str) -> None:
        delivery = {"support": f"support:{L}.1", "result": "partly"}
        assert archive.codes(L, "support.delivered", delivery) == []
        assert archive.codes(L, "support.delivered", {**delivery, "result": result}) == []
        assert archive.codes(L, "support.delivered", delivery) == [("/data/support", "already_decided")]


class TestPersons:
    """Identity, consent, erasure."""

    def judge(
        self, archive: Archive, left: str, right: str, judgement: str, *basis: str
    ) -> list[tuple[str, str]]:
        data = {"left": left, "right": right, "judgement": judgement, "basis": list(basis)}
        return archive.codes(H, "identity.judged", data)

    def test_names_alone_never_prove_the_same(self, archive: Archive) -> None:
        one, two = f"lawyer:{L}.1", f"lawyer:{H}.1"
        for basis, expected in (
            (("name_transliteration",), [("/data/judgement", "name_only")]),
            (("name_transliteration", "photo"), []),
            ((), []),
        ):
            assert self.judge(archive, one, two, "same", *basis) == expected
        for judgement in ("unsure", "different", "same"):
            assert self.judge(archive, two, one, judgement, "court_file") == []
        assert self.judge(archive, one, two, "unsure", "name_transliteration") == []

    def test_a_judgement_is_about_two_things_of_one_kind(self, archive: Archive) -> None:
        one = f"lawyer:{L}.1"
        assert self.judge(archive, one, one, "same", "photo") == [("/data/right", "same_reference")]

    def test_both_orders_of_a_pair_are_one_stream(self, archive: Archive) -> None:
        self.judge(archive, f"lawyer:{L}.1", f"lawyer:{H}.1", "same", "photo")
        self.judge(archive, f"lawyer:{H}.1", f"lawyer:{L}.1", "different", "photo")
        store: Any = archive.store
        rows = store._log.recorder.select_notifications(1, 100, topics=["identity.judged.v1"])
        assert [row.originator_version for row in rows] == [1, 2]
        assert len({row.originator_id for row in rows}) == 1

    def test_kinds_are_compared_even_where_a_contract_would_not(self) -> None:
        envelope = {"data": {"left": "lawyer:x.1", "right": "case:x.1", "judgement": "same"}}
        blank = IdentityJudgement.blank(IdentityJudgement.stream(IdentityJudgement.key(envelope)))
        actor = cast("Actor", SimpleNamespace())
        with pytest.raises(DecisionRefused, match="other_kind at /data/right"):
            blank.decide("identity.judged", envelope, actor)

    def test_a_consent_is_recorded_until_it_is_withdrawn(self, archive: Archive) -> None:
        assert archive.codes(L, "consent.recorded", consent()) == []
        assert archive.codes(L, "consent.recorded", consent(level="C0")) == []
        withdrawal = {"consent_id": CONSENT, "subject_of_consent": f"lawyer:{L}.1", "effect": "erase"}
        assert archive.codes(H, "consent.withdrawn", withdrawal) == []
        assert archive.codes(M, "consent.withdrawn", withdrawal) == []
        assert archive.codes(L, "consent.recorded", consent()) == [("/data/consent_id", "already_withdrawn")]

    def test_nobody_learns_who_else_uses_a_uuid_or_that_it_was_withdrawn_in_secret(
        self, archive: Archive
    ) -> None:
        withdrawal = {"consent_id": CONSENT, "subject_of_consent": f"lawyer:{L}.1", "effect": "erase"}
        assert archive.codes(L, "consent.recorded", consent()) == []
        assert archive.codes(H, "consent.recorded", consent()) == []
        assert archive.codes(L, "consent.withdrawn", withdrawal, tlp="amber+strict") == []
        assert archive.codes(M, "consent.recorded", consent()) == []
        assert archive.codes(H, "consent.recorded", consent()) == [("/data/consent_id", "already_withdrawn")]

    def test_a_withdrawal_of_everything_needs_no_consent(self, archive: Archive) -> None:
        withdrawal = {"subject_of_consent": f"lawyer:{L}.1", "effect": "erase"}
        assert archive.codes(H, "consent.withdrawn", withdrawal) == []

    def test_stewards_erase_and_everybody_acknowledges(self, archive: Archive) -> None:
        erasure = {"subject_of_erasure": f"lawyer:{L}.1", "scope": ["subject_key"], "role": "controller"}
        assert archive.codes(L, "erasure.executed", erasure) == [("/data/role", "not_yours")]
        assert archive.codes("stewards", "erasure.executed", erasure) == []
        assert archive.codes(L, "erasure.executed", {**erasure, "role": "recipient_ack"}) == []


def test_time_does_not_go_back_for_embargoes(archive: Archive) -> None:
    embargo = Embargo.blank(Embargo.stream("embargo"))
    later, earlier = ({"data": {"until": f"2026-11-0{day}T00:00:00.000000Z"}} for day in (2, 1))
    actor = Actor("hub", "hub", frozenset({"steward"}), frozenset(), archive.clock())
    embargo.note("embargo.released.v1", later, actor.moment)
    with pytest.raises(DecisionRefused):
        embargo.decide("embargo.released", earlier, actor)


def test_admission_is_refused_to_whoever_is_no_steward_whatever_the_contract_says(archive: Archive) -> None:
    envelope = {"data": {"partner": f"partner:{L}", "roles": ["steward"]}}
    with pytest.raises(DecisionRefused, match="not_yours"):
        Partner.blank(Partner.stream(L)).decide(
            "partner.admitted", envelope, Actor(L, "ann", frozenset(), frozenset(), archive.clock())
        )


def test_a_kind_of_decision_names_its_own_stream() -> None:
    with pytest.raises(NotImplementedError):
        Decision.key({})
    assert Partner.stream("x") != Embargo.stream("x")


def test_a_decision_without_aggregate_stops_the_start(tmp_path: Path) -> None:
    contract = SimpleNamespace(kind="decision", type="vote.cast")
    registry = SimpleNamespace(stems=("vote.cast.v1",), contract=lambda _stem: contract)
    with pytest.raises(UndecidedType, match=r"vote\.cast"):
        open_beside(sqlite_url(tmp_path), cast("Registry", registry))


def test_every_decision_of_the_contracts_has_its_aggregate(tmp_path: Path) -> None:
    open_beside(sqlite_url(tmp_path), contracts()).close()
