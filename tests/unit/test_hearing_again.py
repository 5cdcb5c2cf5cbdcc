"""A log of an older release: its consents, needs, offers, matches and amendments count once it is opened."""

import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eventsourcing.persistence import OperationalError

from events.desk import Desk
from events.salt import Salt
from events.submission import StoreUnavailable
from tests.archive_fixtures import Archive, TurnedClock, contracts, sqlite_url
from tests.vaults import open_beside

L, H, M = "lanterns-for-counsel", "harbour-bar-watch", "meridian-fund"
OFFER, LAWYER = f"offer:{M}.1", f"lawyer:{L}.1"
NOON = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
CONSENT = "0190aaaa-0000-7000-8000-0000000000c1"

Reopen = Callable[[], Archive]


@pytest.fixture
def aged(tmp_path: Path) -> Iterator[tuple[Archive, Reopen]]:
    """A log, and what lets it become one that an older release wrote, and opens it anew."""
    clock = TurnedClock()
    opened = [
        Archive(sqlite_url(tmp_path), clock=clock).begin({L: ["monitor"], H: ["monitor"], M: ["funder"]})
    ]

    def reopen() -> Archive:
        opened[-1].store.close()
        age(tmp_path / "log.db")
        opened.append(Archive(sqlite_url(tmp_path), clock=clock))
        return opened[-1]

    yield opened[0], reopen
    opened[-1].store.close()


def age(file: Path) -> None:
    """Leave no turns, and consents as the reports that they were."""
    with closing(sqlite3.connect(file)) as db, db:
        salt = Salt(db.execute("SELECT salt FROM log_salt").fetchone()[0])
        kept = []
        for position, topic, state in db.execute("SELECT rowid, topic, state FROM stored_events").fetchall():
            said = orjson.loads(state)
            kept += [
                salt.of_event(said["source"], said["id"]),
                salt.of_claim(str(said["data"].get("support"))),
            ]
            if topic.startswith("consent."):
                values = (uuid4().hex, position)
                db.execute(
                    "UPDATE stored_events SET originator_id = ?, originator_version = 1 WHERE rowid = ?",
                    values,
                )
        marks = ",".join("?" * len(kept))
        db.execute(f"DELETE FROM recorded_keys WHERE key NOT IN ({marks})", kept)


def rows(file: Path) -> list[Any]:
    with closing(sqlite3.connect(file)) as db:
        return db.execute("SELECT * FROM recorded_keys ORDER BY key").fetchall()


def at(minutes: int) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat()


def match(archive: Archive, number: int, **said: Any) -> list[tuple[str, str]]:
    own = {"support": f"support:{L}.{number}", "need": f"need:{L}.{number}", "offer": OFFER}
    data = {**own, "accepted_by_person": True, **said}
    return archive.codes(L, "support.matched", data, id=f"m{number}", time=at(10))


def offer(archive: Archive, capacity: int) -> None:
    data = {"offer": OFFER, "by": f"partner:{M}", "kinds": ["medical"], "capacity": capacity}
    assert archive.push(M, "offer.made", data, id="o1", time=at(0)).status == "stored"


def amend(archive: Archive, kind: str, about: str, by: str, **more: Any) -> None:
    data = {"about_event": about, "reason": "typing" if kind == "corrected" else "false", **more}
    name = f"{kind}-{about}"
    assert archive.push(by, f"record.{kind}", data, id=name, time=at(20)).status == "stored"


def test_offers_matches_and_their_amendments_count(aged: tuple[Archive, Reopen]) -> None:
    archive, reopen = aged
    amend(archive, "corrected", "o1", M, changes=[{"pointer": "/capacity", "to": 3}])
    offer(archive, 9)
    assert [match(archive, number) for number in (1, 2, 3)] == [[], [], []]
    amend(archive, "retracted", "m2", L, effective_from=at(0))
    archive = reopen()
    # One of three is free again, by the correction of the offer and the retraction of a match.
    assert match(archive, 4, quantity=2) == [("/data/quantity", "no_capacity_left")]
    assert [match(archive, 5), match(archive, 6)] == [[], [("/data/offer", "no_capacity_left")]]


def test_what_has_its_turn_gets_no_other(aged: tuple[Archive, Reopen], tmp_path: Path) -> None:
    archive, reopen = aged
    offer(archive, 2)
    assert match(archive, 1) == []
    reopen().store.close()
    file = tmp_path / "log.db"
    whole = rows(file)
    with closing(sqlite3.connect(file)) as db, db:
        salt = Salt(db.execute("SELECT salt FROM log_salt").fetchone()[0])
        mark = salt.of_claim("turns of what was recorded before there were any")
        assert db.execute("DELETE FROM recorded_keys WHERE key = ?", (mark,)).rowcount == 1
    Archive(sqlite_url(tmp_path)).store.close()
    assert rows(file) == whole


def test_needs_and_deliveries_count(aged: tuple[Archive, Reopen]) -> None:
    archive, reopen = aged
    offer(archive, 2)
    assert [match(archive, 1), match(archive, 2)] == [[], []]
    need = {
        "need": f"need:{L}.1",
        "for": LAWYER,
        "kinds": ["medical"],
        "expressed_by": "self",
        "state": "withdrawn",
    }
    assert archive.push(L, "need.expressed", need, id="n1", time=at(15)).status == "stored"
    failed = {"support": f"support:{L}.2", "result": "failed"}
    assert archive.push(L, "support.delivered", failed, id="d2", time=at(16)).status == "stored"
    archive = reopen()
    assert match(archive, 3, quantity=2) == []
    assert archive.codes(L, "support.delivered", failed, id="d3") == [("/data/support", "already_decided")]
    archive.clock.turn(minutes=30)
    data = {"support": f"support:{L}.9", "need": f"need:{L}.1", "offer": OFFER, "accepted_by_person": True}
    assert archive.codes(L, "support.matched", data, id="m9", time=at(20)) == [("/data/need", "not_open")]


def consent(**more: Any) -> dict[str, Any]:
    points = ("identity_of_documenter", "purpose", "access", "storage", "risks", "withdrawal")
    given = {
        "consent_id": CONSENT,
        "subject_of_consent": LAWYER,
        "level": "C5",
        "scopes": ["joint_statement"],
    }
    return {**given, "explained": dict.fromkeys(points, True), **more}


def record(archive: Archive, kind: str, data: dict[str, Any], by: str = L, **more: Any) -> None:
    outcome = archive.push(by, f"consent.{kind}", data, id=str(uuid4()), **more)
    assert outcome.status == "stored", outcome.problems


def names(archive: Archive, number: int, by: str = L) -> list[tuple[str, str]]:
    """Return why a public text may not name the lawyer."""
    data = {
        "statement": f"statement:{by}.{number}",
        "kind": "joint_statement",
        "title": {"en": "T"},
        "about": [LAWYER],
    }
    return archive.codes(by, "statement.issued", data, id=f"s{number}", tlp="clear")


TAKEN = {"subject_of_consent": LAWYER, "effect": "restrict_to_pseudonym"}


def test_consents_and_withdrawals_count_in_the_order_in_which_they_were_said(
    aged: tuple[Archive, Reopen],
) -> None:
    archive, reopen = aged
    record(archive, "recorded", consent())
    archive = reopen()
    assert names(archive, 1) == []
    archive.clock.turn(minutes=1)
    record(archive, "withdrawn", TAKEN, by=H)
    assert names(archive, 2) == [("/data/about/0", "consent_withdrawn")]
    archive.clock.turn(minutes=1)
    record(archive, "recorded", consent(consent_id=CONSENT.replace("c1", "c2")))
    assert names(archive, 3) == []


def test_what_an_older_release_recorded_later_overrides_nothing_newer(aged: tuple[Archive, Reopen]) -> None:
    archive, reopen = aged
    record(archive, "recorded", consent(level="C1"))
    record(archive, "withdrawn", {**TAKEN, "consent_id": CONSENT.replace("c1", "c7")}, by=H)
    archive = reopen()
    assert names(archive, 1) == [("/data/about/0", "consent_too_narrow")]
    archive.clock.turn(minutes=1)
    record(archive, "recorded", consent())
    assert names(archive, 2) == []


def test_a_log_is_gone_through_once_and_goes_on_where_it_was_cut_off(
    aged: tuple[Archive, Reopen], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, reopen = aged
    offer(archive, 2)
    assert match(archive, 1) == []
    archive = reopen()
    first = rows(tmp_path / "log.db")
    assert archive.store.complete_turns() == 0
    archive.store.close()
    monkeypatch.setattr("events.hearing_again._PAGE", 1)
    age(tmp_path / "log.db")
    calls = count()
    real = Desk.hear_again

    def cut(desk: Desk, *about: Any) -> list[bytes]:
        if next(calls) == 1:
            raise OperationalError
        return real(desk, *about)

    with monkeypatch.context() as patched:
        patched.setattr(Desk, "hear_again", cut)
        with pytest.raises(StoreUnavailable):
            open_beside(sqlite_url(tmp_path), contracts())
    part = rows(tmp_path / "log.db")
    assert 0 < len(part) < len(first)
    archive = Archive(sqlite_url(tmp_path), clock=archive.clock)
    assert {key: place for key, _, place in rows(tmp_path / "log.db")} == {
        key: place for key, _, place in first
    }
    archive.store.close()


def test_what_a_lost_key_signed_stays_without_effect(aged: tuple[Archive, Reopen], tmp_path: Path) -> None:
    archive, reopen = aged
    public = Ed25519PrivateKey.from_private_bytes(b"o" * 32).public_key().public_bytes_raw()
    key = {"kid": "k1", "alg": "Ed25519", "public_key": b64encode(public).decode()}
    assert archive.admit(M, "funder", signing_keys=[key]).status == "stored"
    offer(archive, 1)
    lost = {
        "partner": f"partner:{M}",
        "revoked_kids": ["k1"],
        "distrust_events_after": at(-5),
    }
    assert archive.push("stewards", "partner.suspended", lost).status == "stored"
    assert archive.admit(M, "funder").status == "stored"
    with closing(sqlite3.connect(tmp_path / "log.db")) as db, db:
        [(place, state)] = db.execute(
            "SELECT rowid, state FROM stored_events WHERE topic = 'offer.made.v1'"
        ).fetchall()
        signed = orjson.dumps({**orjson.loads(state), "signature": {"keyid": "k1"}})
        db.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (signed, place))
    archive = reopen()
    # Of this offer nothing is known: it reaches as far as anybody likes.
    assert [match(archive, 1), match(archive, 2)] == [[], []]
