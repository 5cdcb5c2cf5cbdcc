"""Joint actions: texts, statuses, agreements, and the gates before anybody is named."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from events.decisions.actions.rules import status_rules, use_rules
from events.decisions.actions.texts import hash_of_draft, text_hash
from events.submission import EventRefused
from tests.archive_fixtures import Archive, sqlite_url

Json = Any

L, H, M = "lanterns-for-counsel", "harbour-bar-watch", "meridian-fund"
ACTION, LAWYER = f"action:{L}.1", f"lawyer:{L}.1"
CONSENT = "0190aaaa-0000-7000-8000-0000000000c1"
CLAIMED: Any = {"protection": {"consent_level": "C5", "scopes": ["joint_statement"]}}
TEXT, OTHER = "To the Minister.", "To the Ministers."
NOT_OPEN = [("/data/action", "not_open")]
TAKEN_BACK = {"reason": "false", "effective_from": "2026-11-02T00:00:00Z"}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    opened = Archive(sqlite_url(tmp_path)).begin({L: ["monitor"], H: ["monitor"], M: ["funder"]})
    yield opened
    opened.store.close()


def proposal(text: str | None = TEXT, **more: Any) -> Json:
    said = {} if text is None else {"draft": text, "text_hash": text_hash(text)}
    named = {"action": ACTION, "kind": "joint_letter", "lead": f"partner:{L}", "purpose": "P"}
    return {**named, "about": [f"case:{L}.1"], **said, **more}


def joining(slug: str, text: str | None = TEXT, **more: Any) -> Json:
    said = {} if text is None else {"text_hash": text_hash(text)}
    return {"action": ACTION, "partner": f"partner:{slug}", "role": "signatory", **said, **more}


def about_lawyer(**more: Any) -> Json:
    return proposal(about=[LAWYER], **more)


def consent(**more: Any) -> Json:
    given = {
        "consent_id": CONSENT,
        "subject_of_consent": LAWYER,
        "level": "C5",
        "scopes": ["joint_statement"],
    }
    points = ("identity_of_documenter", "purpose", "access", "storage", "risks", "withdrawal")
    return {**given, "explained": dict.fromkeys(points, True), **more}


def withdrawal(**more: Any) -> Json:
    return {"subject_of_consent": LAWYER, "effect": "restrict_to_pseudonym", **more}


def statement(number: int = 1, **more: Any) -> Json:
    named = {"statement": f"statement:{L}.{number}", "kind": "joint_statement", "title": {"en": "T"}}
    return {**named, "about": [LAWYER], **more}


class TestTexts:
    """Fingerprints, and who has to sign again."""

    def test_the_fingerprint_is_of_the_composed_form_and_of_every_space(self) -> None:
        assert text_hash("e\u0301") == text_hash("\u00e9")
        assert text_hash(TEXT) != text_hash(TEXT + " ")
        assert hash_of_draft("https://example.org/draft") is None
        assert hash_of_draft({"kid": "k"}) is None
        assert hash_of_draft(TEXT) == text_hash(TEXT)

    def test_a_wrong_fingerprint_is_refused_and_the_right_one_told(self, archive: Archive) -> None:
        for event_type, data, pointer in (
            ("action.proposed", {**proposal(), "text_hash": "0" * 64}, "/data/text_hash"),
            (
                "statement.issued",
                statement(about=[ACTION], text={"en": TEXT}, sha256="0" * 64),
                "/data/sha256",
            ),
        ):
            with pytest.raises(EventRefused) as refused:
                archive.check(L, event_type, data)
            [problem] = refused.value.problems
            assert (problem.pointer, problem.code) == (pointer, "wrong_hash")
            assert text_hash(TEXT) in str(problem.hint)

    def test_a_statement_has_its_original(self, archive: Archive) -> None:
        with pytest.raises(EventRefused) as refused:
            archive.check(L, "statement.issued", statement(about=[ACTION], text={"en": TEXT}, language="fr"))
        assert [one.code for one in refused.value.problems] == ["no_original"]
        fine = statement(about=[ACTION], text={"en": TEXT}, sha256=text_hash(TEXT))
        assert archive.codes(L, "statement.issued", fine) == []

    def test_another_text_is_not_signed_and_a_new_one_is_signed_anew(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        wrong = [("/data/text_hash", "text_changed")]
        assert archive.codes(H, "action.joined", joining(H, OTHER)) == wrong
        assert archive.codes(H, "action.joined", joining(H)) == []
        archive.push(L, "action.proposed", proposal(OTHER))
        assert archive.codes(H, "action.joined", joining(H)) == wrong
        assert archive.codes(H, "action.joined", joining(H, OTHER)) == []
        assert archive.codes(H, "action.joined", joining(H, OTHER)) == [("/data/role", "already_joined")]

    def test_the_same_text_keeps_its_signatures(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H))
        archive.push(L, "action.proposed", proposal(quorum=3))
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/role", "already_joined")]
        archive.push(L, "action.proposed", proposal(OTHER))
        archive.push(L, "action.proposed", proposal())
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/role", "already_joined")]

    def test_a_closed_list_opened_again_has_the_text_it_had(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H))
        archive.push(L, "action.proposed", proposal(None, state="closed_for_joining"))
        assert archive.codes(M, "action.joined", joining(M)) == NOT_OPEN
        archive.push(L, "action.proposed", proposal())
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/role", "already_joined")]

    def test_a_commitment_that_is_over_may_be_renewed(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H, valid_until="2026-11-02T12:00:00Z"))
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/role", "already_joined")]
        archive.clock.turn(hours=9)
        assert archive.codes(H, "action.joined", joining(H)) == []

    def test_a_signature_that_was_retracted_does_not_stand_and_what_was_before_does(
        self, archive: Archive
    ) -> None:
        again = [("/data/role", "already_joined")]
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H), id="first")
        archive.push(L, "action.proposed", proposal(OTHER))
        archive.push(H, "action.joined", joining(H, OTHER), id="second")
        assert archive.codes(H, "action.joined", joining(H, OTHER)) == again
        archive.push(H, "record.retracted", {**TAKEN_BACK, "about_event": "second"})
        # Of the former text there is a signature still: it can be taken back, or given anew.
        archive.push(L, "action.proposed", proposal())
        assert archive.codes(H, "action.joined", joining(H)) == again
        archive.push(H, "record.retracted", {**TAKEN_BACK, "about_event": "first"})
        gone = [("/data/partner", "not_joined")]
        left = {"action": ACTION, "partner": f"partner:{H}", "left": "2026-11-02T10:00:00Z"}
        assert archive.codes(H, "action.left", left) == gone
        assert archive.codes(H, "action.joined", joining(H)) == []
        assert archive.codes(H, "action.joined", joining(H)) == again

    def test_a_leaving_that_was_retracted_leaves_the_signature(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H))
        left = {"action": ACTION, "partner": f"partner:{H}", "left": "2026-11-02T10:00:00Z"}
        archive.push(H, "action.left", left, id="left")
        assert archive.codes(H, "action.left", left) == [("/data/partner", "not_joined")]
        archive.push(H, "record.retracted", {**TAKEN_BACK, "about_event": "left"})
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/role", "already_joined")]
        assert archive.codes(H, "action.left", left) == []

    def test_an_end_that_was_retracted_is_none(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        ended = {"action": ACTION, "state": "cancelled", "on": "2026-11-02"}
        archive.push(L, "action.completed", ended, id="end")
        assert archive.codes(H, "action.joined", joining(H)) == NOT_OPEN
        assert archive.codes(L, "action.completed", ended) == [("/data/action", "already_decided")]
        archive.push(L, "record.retracted", {**TAKEN_BACK, "about_event": "end"})
        assert archive.codes(H, "action.joined", joining(H)) == []
        assert archive.codes(L, "action.completed", ended) == []

    def test_one_signs_the_text_that_stands_when_another_was_retracted(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H))
        archive.push(L, "action.proposed", proposal(OTHER), id="other")
        archive.push(M, "action.joined", joining(M, OTHER))
        archive.push(L, "record.retracted", {**TAKEN_BACK, "about_event": "other"})
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/role", "already_joined")]
        # What was signed is another text, though no later one stands.
        assert archive.codes(M, "action.joined", joining(M, OTHER)) == [("/data/text_hash", "text_changed")]
        assert archive.codes(M, "action.joined", joining(M)) == []

    def test_nobody_joins_where_the_call_was_retracted_until_the_lead_calls_again(
        self, archive: Archive
    ) -> None:
        archive.push(L, "action.proposed", proposal(), id="call")
        archive.push(L, "record.retracted", {**TAKEN_BACK, "about_event": "call"})
        assert archive.codes(M, "action.joined", joining(M)) == NOT_OPEN
        archive.push(L, "action.proposed", proposal())
        assert archive.codes(M, "action.joined", joining(M)) == []

    def test_a_leaving_that_falls_with_its_batch_leaves_the_signature(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal(), id="call")
        archive.push(H, "action.joined", joining(H))
        left = {"action": ACTION, "partner": f"partner:{H}", "left": "2026-11-02T10:00:00Z"}
        both = [
            archive.check(H, "action.left", left),
            archive.check(H, "action.completed", {"action": ACTION, "state": "completed"}),
        ]
        fallen = archive.intake.record(both, atomic=True)
        assert [[one.code for one in each.problems] for each in fallen] == [["not_alone"], ["not_lead"]]
        assert archive.codes(H, "action.joined", joining(H)) == [("/data/role", "already_joined")]

    def test_whoever_does_not_say_which_text_it_signs_is_told(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        silent = archive.push(H, "action.joined", joining(H, None))
        assert [(one.code, one.pointer) for one in silent.warnings] == [("text_not_said", "/data/text_hash")]
        observes = archive.push(M, "action.joined", joining(M, None, role="observer"))
        assert observes.warnings == ()

    def test_a_seat_whose_claim_was_retracted_is_free(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal(seats=2))
        for name, seats in (("one", 1), ("two", 2)):
            claim = joining(H, role="observer", capacity=seats, valid_until="2026-11-02T12:00:00Z")
            archive.push(H, "action.joined", claim, id=name)
            archive.clock.turn(hours=9)
            archive.push(L, "action.proposed", proposal(seats=2))
        archive.push(M, "action.joined", joining(M, role="observer", capacity=2), id="theirs")
        claim = joining(H, role="observer")
        full = [("/data/role", "no_seat_left")]
        assert archive.codes(H, "action.joined", claim) == full
        archive.push(M, "record.retracted", {**TAKEN_BACK, "about_event": "theirs"})
        assert archive.codes(H, "action.joined", claim) == []

    def test_late_is_remarked(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal(join_by="2026-11-02T10:00:00Z"))
        late = archive.push(H, "action.joined", joining(H, joined="2026-11-02T10:00:01Z"))
        assert [one.code for one in late.warnings] == ["late"]
        in_time = archive.push(M, "action.joined", joining(M, joined="2026-11-02T10:00:00Z"))
        assert in_time.warnings == ()


class TestStatus:
    """Where one signs with a consultative status only."""

    def test_without_one_a_signatory_counts_as_endorser(self, archive: Archive) -> None:
        archive.admit(H, "monitor", ecosoc_status="special")
        archive.push(L, "action.proposed", proposal(kind="oral_statement_hrc"))
        assert archive.push(H, "action.joined", joining(H)).warnings == ()
        joined = archive.push(M, "action.joined", joining(M))
        assert [one.code for one in joined.warnings] == ["counts_as_endorser"]
        again = [("/data/role", "already_joined")]
        assert archive.codes(M, "action.joined", joining(M, role="endorser")) == again
        assert archive.codes(H, "action.joined", joining(H, role="endorser")) == []

    def test_the_rules_are_data(self) -> None:
        rules, uses = status_rules(), use_rules()
        assert rules.needed("oral_statement_hrc", "body:stewards.x") == {"general", "special", "roster"}
        assert rules.needed("joint_letter", None) == frozenset()
        assert rules.counted("observer", frozenset({"special"}), "none") == "observer"
        assert uses.of_statement("analysis_report", "amber") is None
        assert uses.of_statement("analysis_report", "clear").level == "C5"  # type: ignore[union-attr]  # it is there
        assert uses.of_statement("unheard_of", "clear") is None


class TestAgreement:
    """No action about a person without that person."""

    @pytest.mark.parametrize(
        ("envelope", "codes"),
        [
            ({}, [("/data/agreed_with_person", "agreement_required")]),
            ({"tlp": "amber"}, [("/data/agreed_with_person", "agreement_required")]),
            ({"tlp": "amber", "audience": H}, []),
            ({"tlp": "amber+strict"}, []),
        ],
    )
    def test_who_could_not_be_asked_is_spoken_of_among_few(
        self, archive: Archive, envelope: dict[str, str], codes: list[tuple[str, str]]
    ) -> None:
        data = about_lawyer(agreed_with_person="not_possible", risk_note="Nobody reaches the person.")
        assert archive.codes(L, "action.proposed", data, **envelope) == codes

    @pytest.mark.parametrize(
        ("about", "said", "told"),
        [
            ([f"threat:{L}.1"], {}, ["agreement_unknown"]),
            ([f"body:{L}.1", f"hearing:{L}.1"], {}, ["agreement_unknown"]),
            ([f"trial:{L}.1"], {"agreed_with_person": "not_applicable"}, []),
            ([f"case:{L}.1"], {"agreed_with_person": "representative"}, []),
            ([f"body:{L}.1", f"policy:{L}.1"], {}, []),
        ],
    )
    def test_who_calls_about_a_case_without_a_word_of_the_person_is_told(
        self, archive: Archive, about: list[str], said: dict[str, str], told: list[str]
    ) -> None:
        called = archive.push(L, "action.proposed", proposal(about=about, **said))
        assert [one.code for one in called.warnings] == told
        assert {one.pointer for one in called.warnings} <= {"/data/agreed_with_person"}
        again = archive.push(L, "action.proposed", proposal(OTHER, about=about, **said))
        assert [one.code for one in again.warnings] == told

    def test_a_statement_says_no_more_than_the_person_agreed_to(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", about_lawyer(agreed_with_person="yes"))
        other = f"lawyer:{L}.2"
        refused = [("/data/about/1", "agreement_required")]
        assert (
            archive.codes(L, "statement.issued", statement(about=[LAWYER, other], action=ACTION)) == refused
        )
        assert archive.codes(L, "statement.issued", statement(action=ACTION, **CLAIMED)) == []
        elsewhere = statement(2, about=[other], action=f"action:{L}.9", **CLAIMED)
        assert archive.codes(L, "statement.issued", elsewhere) == []

    def test_a_hidden_action_says_nothing(self, archive: Archive) -> None:
        data = about_lawyer(agreed_with_person="not_possible", risk_note="R")
        archive.push(L, "action.proposed", data, tlp="amber+strict")
        theirs = statement(action=ACTION, statement=f"statement:{H}.1", **CLAIMED)
        assert archive.codes(H, "statement.issued", theirs) == []
        assert archive.codes(L, "statement.issued", statement(action=ACTION)) == [
            ("/data/about/0", "agreement_required")
        ]

    def test_a_signatory_is_not_named_before_its_time(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H, embargo_until="2026-11-02T12:00:00Z"))
        signed = [
            {"who": f"body:{L}.1", "capacity": "endorser"},
            {"who": f"partner:{H}", "capacity": "author"},
        ]
        data = statement(about=[ACTION], action=ACTION, signatories=signed)
        assert archive.codes(L, "statement.issued", data) == [("/data/signatories/1/who", "embargoed")]
        archive.clock.turn(hours=9)
        assert archive.codes(L, "statement.issued", data) == []

    def test_whoever_names_a_partner_that_has_not_signed_the_text_is_told(self, archive: Archive) -> None:
        archive.push(L, "action.proposed", proposal())
        archive.push(H, "action.joined", joining(H, valid_until="2026-11-02T12:00:00Z"))
        signed = [
            {"who": f"partner:{L}", "capacity": "author"},
            {"who": f"body:{L}.1", "capacity": "endorser"},
            {"who": f"partner:{H}", "capacity": "co_signatory"},
            {"who": f"partner:{M}", "capacity": "co_signatory"},
        ]
        data = statement(about=[ACTION], action=ACTION, signatories=signed)

        def unsigned(number: int, **more: Any) -> list[str]:
            said = {**data, "statement": f"statement:{L}.{number}", **more}
            told = archive.push(L, "statement.issued", said).warnings
            assert {one.code for one in told} <= {"not_signed"}
            return [one.pointer for one in told]

        third = "/data/signatories/3/who"
        assert unsigned(1) == [third]
        archive.push(M, "action.joined", joining(M), tlp="amber+strict")
        assert unsigned(2) == [third]
        archive.push(
            M, "action.left", {"action": ACTION, "partner": f"partner:{M}", "left": "2026-11-02T10:00:00Z"}
        )
        archive.push(M, "action.joined", joining(M, role="observer"))
        assert unsigned(3, authors=[f"partner:{M}"]) == []
        assert unsigned(4) == [third]
        archive.push(M, "action.joined", joining(M))
        assert unsigned(5) == []
        archive.clock.turn(hours=9)
        assert unsigned(6) == ["/data/signatories/2/who"]
        archive.push(L, "action.proposed", proposal(OTHER))
        assert unsigned(7) == ["/data/signatories/2/who", third]


class TestConsent:
    """Whose name may stand in which text."""

    def test_what_the_publisher_recorded_decides(self, archive: Archive) -> None:
        archive.push(L, "consent.recorded", consent(level="C4", expires_on="2026-11-05"))
        narrow, over = [[("/data/about/0", f"consent_{why}")] for why in ("too_narrow", "expired")]
        assert archive.codes(L, "statement.issued", statement()) == narrow
        archive.push(L, "consent.recorded", consent(scopes=["award"]))
        assert archive.codes(L, "statement.issued", statement()) == narrow
        archive.push(L, "consent.recorded", consent(expires_on="2026-11-05"))
        assert archive.codes(L, "statement.issued", statement(issued="2026-11-05")) == []
        assert archive.codes(L, "statement.issued", statement(2, issued="2026-11-06")) == over
        archive.clock.turn(days=4)
        assert archive.codes(L, "statement.issued", statement(3, issued="2026-11-05")) == over
        assert archive.codes(L, "statement.issued", statement(4, about=[ACTION])) == []
        prize = statement(5, about=[ACTION], award={"name": "A", "laureates": [LAWYER]})
        assert archive.codes(L, "statement.issued", prize) == [("/data/award/laureates/0", "consent_expired")]

    def test_a_consent_reads_as_its_partner_has_corrected_it_and_not_at_all_if_retracted(
        self, archive: Archive
    ) -> None:
        def amend(number: int, *changes: tuple[str, Any], time: str = "2026-11-02T10:00:00Z") -> None:
            steps = [{"pointer": pointer, "to": to} for pointer, to in changes]
            data = {"about_event": "c", "reason": "typing", "changes": steps}
            assert archive.push(L, "record.corrected", data, id=f"a{number}", time=time).status == "stored"

        assert archive.push(L, "consent.recorded", consent(), id="c").status == "stored"
        assert archive.codes(L, "statement.issued", statement()) == []
        amend(1, ("/level", "C1"), time="2026-11-02T09:00:00Z")
        narrow, over, unknown = [
            [("/data/about/0", f"consent_{why}")] for why in ("too_narrow", "expired", "unknown")
        ]
        assert archive.codes(L, "statement.issued", statement(2)) == narrow
        # What breaks the form of a consent is no correction of it.
        amend(
            2, ("/level", "C9"), ("/scopes", [7]), ("/expires_on", "soon"), ("/scopes", "all"), ("/note", "x")
        )
        assert archive.codes(L, "statement.issued", statement(3)) == narrow
        amend(3, ("/level", "C5"), ("/expires_on", "2026-11-01"))
        assert archive.codes(L, "statement.issued", statement(4)) == over
        # Said earlier by its publisher, it changes nothing now.
        amend(4, ("/expires_on", "2036-11-01"), time="2026-11-02T08:00:00Z")
        assert archive.codes(L, "statement.issued", statement(5)) == over
        retraction = {
            "about_event": "c",
            "reason": "consent_missing",
            "effective_from": "2026-11-02T00:00:00Z",
        }
        assert archive.push(L, "record.retracted", retraction).status == "stored"
        assert archive.codes(L, "statement.issued", statement(6)) == unknown

    def test_nobody_learns_of_consents_that_others_recorded(self, archive: Archive) -> None:
        archive.push(L, "consent.recorded", consent(level="C1", scopes=[]))
        archive.push(M, "consent.withdrawn", withdrawal())
        theirs = statement(statement=f"statement:{H}.1")
        unknown = [("/data/about/0", "consent_unknown")]
        assert archive.codes(H, "statement.issued", theirs) == unknown
        # Of a text that is not for everybody, the reference may stand for somebody whom it does not name.
        outcome = archive.push(H, "statement.issued", theirs, tlp="green", id="green")
        assert outcome.status == "stored"
        assert [(one.pointer, one.code) for one in outcome.warnings] == unknown
        report = {**theirs, "kind": "analysis_report", "statement": f"statement:{H}.3"}
        assert not archive.push(H, "statement.issued", report, tlp="green", id="report").warnings
        theirs = statement(2, statement=f"statement:{H}.2")
        claimed = {"protection": {"consent_level": "C4", "scopes": ["joint_statement"]}}
        assert archive.codes(H, "statement.issued", {**theirs, **claimed}) == [
            ("/data/about/0", "consent_too_narrow")
        ]
        claimed["protection"]["consent_level"] = "C5"
        assert archive.codes(H, "statement.issued", {**theirs, **claimed}) == []

    def test_whoever_may_see_a_withdrawal_is_held_to_it(self, archive: Archive) -> None:
        archive.push(M, "consent.withdrawn", withdrawal(consent_id=CONSENT), audience=H)
        theirs = statement(statement=f"statement:{H}.1", **CLAIMED)
        gone = [("/data/about/0", "consent_withdrawn")]
        assert archive.codes(H, "statement.issued", theirs) == []
        assert archive.codes(H, "statement.issued", {**theirs, "protection": {"consent": [CONSENT]}}) == gone
        part = withdrawal(effect="stop_new_use", scopes_withdrawn=["media"])
        archive.push(M, "consent.withdrawn", part, audience=H)
        assert archive.codes(H, "statement.issued", theirs) == []
        archive.push(M, "consent.withdrawn", {**part, "scopes_withdrawn": ["joint_statement"]}, audience=H)
        assert archive.codes(H, "statement.issued", theirs) == gone

    def test_a_withdrawal_voids_what_was_given_before_and_a_new_consent_heals_it(
        self, archive: Archive
    ) -> None:
        archive.push(L, "consent.recorded", consent(scopes=["joint_statement", "media"]))
        archive.push(H, "consent.withdrawn", withdrawal(effect="stop_new_use", scopes_withdrawn=["media"]))
        assert archive.codes(L, "statement.issued", statement()) == []
        archive.push(H, "consent.withdrawn", withdrawal())
        gone = [("/data/about/0", "consent_withdrawn")]
        assert archive.codes(L, "statement.issued", statement()) == gone
        call = about_lawyer(agreed_with_person="yes")
        assert archive.codes(L, "action.proposed", call) == gone
        archive.push(L, "consent.recorded", consent(consent_id=CONSENT.replace("c1", "c2")))
        assert archive.codes(L, "action.proposed", call) == []
        assert archive.codes(L, "statement.issued", statement()) == []
        archive.push(H, "consent.withdrawn", withdrawal())
        # Whoever leads can still close what is open.
        assert archive.codes(L, "action.proposed", {**call, "state": "closed_for_joining"}) == []
