"""What is believed of a partner that lost a key or was seized."""

from dataclasses import replace
from typing import Any

from events.audience import Label
from events.event import RecordedEvent
from tests.court import Court

Json = Any

OWN = "harbour-bar-watch"


def admit(court: Court) -> RecordedEvent:
    """Admit the partner (again)."""
    data = {"partner": f"partner:{OWN}", "name": {"en": OWN}, "roles": ["monitor"]}
    return court.log.add("partner.admitted", data, "stewards")


def revoke(court: Court, since: str | None = "2026-11-05T00:00:00Z") -> RecordedEvent:
    data = {"partner": f"partner:{OWN}", "kid": "k1"}
    return court.log.add(
        "key.revoked", data if since is None else {**data, "distrust_from": since}, "stewards", tlp="red"
    )


def sign(court: Court, position: int, kid: str = "k1") -> None:
    event = court.log.events[position - 1]
    signature = {"payload": "", "payloadType": "", "keyid": kid, "sig": ""}
    court.log.events[position - 1] = replace(event, signature=signature)


def test_what_a_revoked_key_signed_is_believed_by_nobody(court: Court) -> None:
    for position in (1, 2, 3):
        court.log.threat(position)
    sign(court, 1)
    sign(court, 2, "k2")
    revoke(court)
    court.log.threat(5)
    sign(court, 5)
    [change] = court.changes(4)[1:]
    assert (change.kind, change.event.id, change.reason) == ("drop", "e1", "quarantined")
    assert change.label == Label("amber+strict", "stewards", frozenset({OWN}))
    assert court.told(5) == [("drop", "e5", "quarantined")]


def test_what_was_signed_before_a_key_was_lost_stands(court: Court) -> None:
    court.log.threat(1)
    sign(court, 1)
    revoke(court, "2026-11-06T00:00:00Z")
    assert court.told(2) == [("put", "e2", None)]


def suspend(court: Court, **more: Json) -> RecordedEvent:
    return court.log.add("partner.suspended", {"partner": f"partner:{OWN}", **more}, "stewards")


def test_a_seized_partner_is_not_believed_from_the_moment_of_distrust_on(court: Court) -> None:
    court.log.threat(1, time="2026-11-04T00:00:00Z")
    court.log.correct("e1", ("/occurred", "2026-11-01"))
    suspend(court, distrust_events_after="2026-11-05T00:00:02Z")
    admit(court)
    court.log.threat(2)
    assert [(one.kind, one.event.id, one.reason) for one in court.changes(3)[1:]] == [
        ("put", "e1", "corrected"),
        ("drop", "e2", "quarantined"),
    ]
    assert court.told(5) == [("put", "e5", None)]


def test_a_suspension_is_believed_and_one_without_distrust_changes_nothing(court: Court) -> None:
    court.log.threat(1)
    suspend(court)
    suspend(court, distrust_events_after="2026-11-05T00:00:00Z")
    assert court.told(2) == [("put", "e2", None)]
    assert [one.event.id for one in court.changes(3)] == ["e3", "e1"]
    own = court.log.add("partner.suspended", {"partner": f"partner:{OWN}"}, OWN)
    assert court.told(own.position) == [("put", own.id, None)]


def test_a_new_admission_makes_the_partner_believed_and_not_the_keys_it_lost(court: Court) -> None:
    suspend(court, distrust_events_after="2026-11-05T00:00:00Z", revoked_kids=["k1"])
    admit(court)
    court.log.threat(1)
    court.log.threat(2)
    sign(court, 3)
    assert court.told(3) == [("drop", "e3", "quarantined")]
    assert court.told(4) == [("put", "e4", None)]
