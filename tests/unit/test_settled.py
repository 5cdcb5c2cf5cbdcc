"""What others signed or agreed to, and whom a consent covers, is not changed behind their backs by a correction."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from events.audience import Reader
from events.decisions.actions.texts import text_hash
from events.decisions.settled import keeps_settled
from tests.archive_fixtures import Archive, sqlite_url
from tests.logs import Ask, MemoryLog

Json = Any

L, H = "lanterns-for-counsel", "harbour-bar-watch"
ACTION, CASE, LAWYER = f"action:{L}.1", f"case:{L}.1", f"lawyer:{L}.1"
PROPOSED = {"action": ACTION, "kind": "joint_letter", "lead": f"partner:{L}", "purpose": "Ask for release",
            "about": [LAWYER, CASE], "agreed_with_person": "yes", "join_by": "2026-12-01T00:00:00Z"}  # fmt: skip
JOINED = {
    "action": ACTION,
    "partner": f"partner:{H}",
    "role": "signatory",
    "embargo_until": "2026-12-01T00:00:00Z",
}
ISSUED = {"statement": f"statement:{L}.1", "kind": "press_release", "title": {"en": "T"}, "about": [CASE],
          "text": {"en": "One"}, "signatories": [{"who": f"partner:{H}", "capacity": "co_signatory"}]}  # fmt: skip
FINGERPRINTED = {**ISSUED, "statement": f"statement:{L}.3", "signatories": [], "sha256": text_hash("One")}
UNSIGNED = {**ISSUED, "statement": f"statement:{L}.2", "signatories": []}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = Archive(sqlite_url(tmp_path)).begin({L: ["responder"], H: ["monitor"]})
    for name, slug, event_type, data in (
        ("p", L, "action.proposed", PROPOSED),
        ("j", H, "action.joined", JOINED),
        ("s", L, "statement.issued", ISSUED),
        ("u", L, "statement.issued", UNSIGNED),
        ("f", L, "statement.issued", FINGERPRINTED),
    ):
        outcome = made.push(slug, event_type, data, id=name)
        assert outcome.status == "stored", outcome.problems
    yield made
    made.store.close()


def correct(archive: Archive, name: str, *changes: tuple[str, Json], slug: str = L) -> list[tuple[str, str]]:
    steps = [{"pointer": pointer, "to": to} for pointer, to in changes]
    data = {"about_event": name, "reason": "typing", "changes": steps}
    return archive.codes(slug, "record.corrected", data)


@pytest.mark.parametrize(
    ("name", "pointer", "to"),
    [
        ("p", "/about", [CASE, f"lawyer:{L}.2"]),
        ("p", "/about/1", f"lawyer:{L}.2"),
        ("p", "/agreed_with_person", "representative"),
        ("p", "/draft", "Another text"),
        ("p", "/text_hash", "0" * 64),
        ("p", "/lead", f"partner:{H}"),
        ("p", "/join_by", "2036-12-01T00:00:00Z"),
        ("p", "/state", "closed_for_joining"),
        ("s", "/about", [LAWYER]),
        ("s", "/award", {"name": {"en": "Prize"}, "laureates": [LAWYER]}),
        ("s", "/signatories", [{"who": f"partner:{L}", "capacity": "co_signatory"}]),
        ("s", "/signatories/0/who", f"partner:{L}"),
        ("s", "/text", {"en": "Two"}),
        ("s", "/text/en", "Two"),
        ("s", "/action", ACTION),
        ("f", "/text/en", "Two"),
    ],
)
def test_a_correction_of_what_is_settled_is_refused(
    archive: Archive, name: str, pointer: str, to: Json
) -> None:
    other = ("/note", "x")
    assert correct(archive, name, other, (pointer, to)) == [("/data/changes/1/pointer", "already_decided")]


def test_whoever_signed_signs_anew_instead_of_correcting(archive: Archive) -> None:
    later = ("/embargo_until", "2020-01-01T00:00:00Z")
    assert correct(archive, "j", later, slug=H) == [("/data/changes/0/pointer", "already_decided")]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("p", [("/about", [CASE])]),
        ("p", [("/purpose", "Ask for a release")]),
        ("s", [("/title", {"en": "Better"}), ("/facts_from", ["t"])]),
        ("s", [("/signatories", [])]),
        ("u", [("/text", {"en": "Without an error"})]),
    ],
)
def test_what_is_not_settled_is_corrected_and_names_may_go(
    archive: Archive, name: str, changes: Json
) -> None:
    assert correct(archive, name, *changes) == []


def test_what_is_corrected_in_one_transaction_or_without_a_change_is_looked_at_too(archive: Archive) -> None:
    data = {"about_event": "p2", "reason": "typing", "changes": [{"pointer": "/lead", "to": f"partner:{H}"}]}
    both = [
        archive.check(L, "action.proposed", {**PROPOSED, "action": f"action:{L}.2"}, id="p2"),
        archive.check(L, "record.corrected", data, id="c2"),
    ]
    assert [one.status for one in archive.intake.record(both)] == ["stored", "refused"]
    assert archive.codes(L, "record.corrected", {"about_event": "p", "reason": "other", "tlp": "amber"}) == []


def test_a_correction_that_came_first_changes_nothing_that_is_settled(log: MemoryLog, ask: Ask) -> None:
    log.correct("s", ("/title", {"en": "Better"}), ("/about", [LAWYER]), slug=L)
    log.correct("j", ("/role", "lead"), slug=H)
    log.add("statement.issued", ISSUED, L, subject=ISSUED["statement"], tlp="clear", id="s")
    log.add("action.joined", JOINED, H, subject=ACTION, id="j")
    sight = ask(Reader("open-docket", clearance="amber"))
    statement, joined = (sight.event(f"urn:hub:partner:{slug}", name) for slug, name in ((L, "s"), (H, "j")))
    assert statement is not None
    assert joined is not None
    assert statement["event"]["data"]["title"] == {"en": "Better"}
    assert statement["event"]["data"]["about"] == [CASE]
    assert joined["event"]["data"]["role"] == "signatory"


@pytest.mark.parametrize("after", [None, [], "x", {"about": 7, "signatories": "y", "award": 3}])
def test_what_is_no_payload_keeps_nothing_or_names_nobody(after: Json) -> None:
    assert keeps_settled("statement.issued", {"about": [LAWYER]}, after) is isinstance(after, dict)
    assert keeps_settled("threat.reported", {}, after)
