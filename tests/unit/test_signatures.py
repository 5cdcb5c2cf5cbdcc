"""Envelopes and keys: what is taken, what is refused, and in which words."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from events.event import stem_of
from events.intake import EventRefused, Intake
from events.partners import (
    KEY_ADDED,
    KEY_ADDED_STEM,
    KEY_REVOKED_STEM,
    SIGNATURE_REQUIRED_STEM,
    Partner,
    PartnerRights,
)
from events.signatures import (
    MAX_PAYLOAD_BYTES,
    PAYLOAD_TYPE,
    KeyRefused,
    SigningKey,
    fingerprint,
    key_text,
    open_signed,
    pae,
    payload_of,
    read_private_key,
    read_public_key,
    sign,
    verifies,
)
from events.submission import Publisher, SignatureRequired, is_signed
from tests.archive_fixtures import Archive, sqlite_url, submission

SLUG = "harbour-bar-watch"
EVENT = b'{"id": "1",  "text": "exact"}'
OURS = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"t" * 32)


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


KEYS = {"k1": SigningKey("k1", public(OURS)), "k2": SigningKey("k2", public(OTHER))}


def refusal(raw: Any) -> list[tuple[str, str]]:
    with pytest.raises(EventRefused) as caught:
        open_signed(raw, KEYS)
    return [(problem.pointer, problem.code) for problem in caught.value.problems]


def test_what_is_signed_is_the_encoding_of_dsse() -> None:
    assert pae(EVENT) == b"DSSEv1 28 application/cloudevents+json 29 " + EVENT


def test_the_exact_bytes_come_back_with_what_is_kept() -> None:
    signed = open_signed(sign(EVENT, "k1", OURS), KEYS)
    assert signed.payload == EVENT
    assert base64.b64decode(signed.signature["payload"]) == EVENT
    assert set(signed.signature) == {"payload", "payloadType", "keyid", "sig", "public_key"}
    assert (signed.signature["keyid"], signed.signature["public_key"]) == ("k1", KEYS["k1"].text)
    OURS.public_key().verify(base64.b64decode(signed.signature["sig"]), pae(EVENT))


def test_one_valid_signature_is_enough_wherever_it_stands() -> None:
    raw = sign(EVENT, "k1", OURS)
    other = {"keyid": "somebody", "sig": "AAAA", "cert": "ignored"}
    broken = {"keyid": "k2", "sig": base64.b64encode(bytes(64)).decode()}
    raw["signatures"] = [other, broken, *raw["signatures"]]
    assert open_signed(raw, KEYS).signature["keyid"] == "k1"


def test_of_two_valid_signatures_the_one_by_a_trusted_key_is_kept() -> None:
    raw = sign(EVENT, "k1", OURS)
    raw["signatures"] += sign(EVENT, "k2", OTHER)["signatures"]
    revoked = {**KEYS, "k1": SigningKey("k1", public(OURS), datetime(2031, 1, 1, tzinfo=UTC))}
    assert open_signed(raw, KEYS).signature["keyid"] == "k1"
    assert open_signed(raw, revoked).signature["keyid"] == "k2"


def test_a_signature_by_nobody_known_is_said_so() -> None:
    assert refusal(sign(EVENT, "k3", OURS)) == [("/signatures", "unknown_key")]
    unnamed = {**sign(EVENT, "k1", OURS)}
    unnamed["signatures"] = [{"sig": unnamed["signatures"][0]["sig"]}]
    assert refusal(unnamed) == [("/signatures", "unknown_key")]


@pytest.mark.parametrize(
    "sig", [bytes(64), bytes(63), b"", OTHER.sign(pae(EVENT)), OURS.sign(EVENT), OURS.sign(pae(EVENT + b" "))]
)
def test_a_signature_that_does_not_hold_is_bad(sig: bytes) -> None:
    raw = {**sign(EVENT, "k1", OURS), "signatures": [{"keyid": "k1", "sig": base64.b64encode(sig).decode()}]}
    assert refusal(raw) == [("/signatures/0/sig", "bad_signature")]


def test_the_twin_of_a_signature_is_bad() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    sig = OURS.sign(pae(EVENT))
    twin = sig[:32] + (int.from_bytes(sig[32:], "little") + order).to_bytes(32, "little")
    assert verifies(public(OURS), base64.b64encode(sig).decode(), pae(EVENT))
    assert not verifies(public(OURS), base64.b64encode(twin).decode(), pae(EVENT))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"payload": None}, [("/payload", "wrong_form")]),
        ({"payload": "e30"}, [("/payload", "wrong_form")]),
        ({"payload": "e3 0="}, [("/payload", "wrong_form")]),
        ({"payload": "e31="}, [("/payload", "wrong_form")]),  # the bits behind the end are not zero
        ({"payload": "e30=é"}, [("/payload", "wrong_form")]),
        ({"payload": "\ud800"}, [("/payload", "wrong_form")]),
        ({"payload": "_-A="}, [("/payload", "wrong_form")]),
        ({"payloadType": "application/json"}, [("/payloadType", "wrong_form")]),
        ({"signatures": []}, [("/signatures", "wrong_form")]),
        ({"signatures": {}}, [("/signatures", "wrong_form")]),
        ({"signatures": [{"keyid": "k1", "sig": "AAAA"}] * 9}, [("/signatures", "wrong_form")]),
        ({"signatures": ["x"]}, [("/signatures/0", "wrong_form")]),
        ({"signatures": [{"keyid": "k1"}]}, [("/signatures/0", "wrong_form")]),
        ({"signatures": [{"keyid": 1, "sig": "AAAA"}]}, [("/signatures/0", "wrong_form")]),
        ({"signatures": [{"keyid": "k1", "sig": "A" * 5000}]}, [("/signatures/0", "wrong_form")]),
        (
            {"payload": 1, "payloadType": 1, "signatures": 1},
            [("/payload", "wrong_form"), ("/payloadType", "wrong_form"), ("/signatures", "wrong_form")],
        ),
    ],
)
def test_a_malformed_envelope_is_told_by_its_places(changed: Any, said: Any) -> None:
    raw = {**sign(EVENT, "k1", OURS), **changed}
    assert refusal(raw) == said
    with pytest.raises(EventRefused):
        payload_of(raw)


def test_problems_never_hold_what_was_sent() -> None:
    raw = {"payload": "s3cret", "payloadType": "s3cret", "signatures": [{"keyid": "s3cret", "sig": "s3cret"}]}
    with pytest.raises(EventRefused) as caught:
        open_signed(raw, KEYS)
    assert "s3cret" not in str([problem.as_json() for problem in caught.value.problems])


def test_the_payload_has_the_limit_of_an_event() -> None:
    largest = b" " * MAX_PAYLOAD_BYTES
    assert open_signed(sign(largest, "k1", OURS), KEYS).payload == largest
    assert refusal(sign(largest + b" ", "k1", OURS)) == [("/payload", "too_large")]


@pytest.mark.parametrize(
    "raw", [None, [], {"payload": ""}, {"payload": "", "payloadType": "", "signatures": 1, "x": 1}]
)
def test_only_exactly_the_members_make_an_envelope(raw: Any) -> None:
    assert not is_signed(raw)
    assert is_signed(sign(EVENT, "k1", OURS))


# --- keys


def test_a_public_key_is_read_in_every_usual_form() -> None:
    key = OURS.public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    der = base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    raw = base64.b64encode(key.public_bytes_raw()).decode()
    forms = [pem, pem.replace("\n", "\r\n"), der, f" {raw}\n", raw.replace("+", "-").replace("/", "_")]
    assert {read_public_key(form) for form in forms} == {public(OURS)}
    assert key_text(public(OURS)) == der
    assert len(fingerprint(public(OURS))) == 64


def test_what_is_no_public_key_of_ed25519_is_refused() -> None:
    curve = generate_private_key(SECP256R1()).public_key()
    spki = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = OURS.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    fakes = ["", "MCow", base64.b64encode(bytes(44)).decode(), base64.b64encode(bytes(31)).decode(), private]
    for text in [*fakes, curve.public_bytes(*spki).decode()]:
        with pytest.raises(KeyRefused, match="no public key"):
            read_public_key(text)


def test_a_key_with_which_anybody_signs_is_refused() -> None:
    neutral = bytes([1]) + bytes(31)
    # The same signature fits whatever is said.
    Ed25519PublicKey.from_public_bytes(neutral).verify(neutral + bytes(32), b"anything")
    for weak in (neutral, bytes(32), neutral[:31] + b"\x80"):
        with pytest.raises(KeyRefused, match="weak"):
            read_public_key(base64.b64encode(weak).decode())


def test_a_private_key_is_read_without_passphrase_only() -> None:
    form = (Encoding.PEM, PrivateFormat.PKCS8)
    assert public(read_private_key(OURS.private_bytes(*form, NoEncryption()))) == public(OURS)
    curve = generate_private_key(SECP256R1()).private_bytes(*form, NoEncryption())
    for pem in (b"", OURS.private_bytes(*form, BestAvailableEncryption(b"p")), curve):
        with pytest.raises(KeyRefused):
            read_private_key(pem)


# --- what the stewards decide


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    opened = Archive(sqlite_url(tmp_path)).begin({SLUG: ["monitor"]})
    yield opened
    opened.store.close()


def rule(archive: Archive, stem: str, slug: str = SLUG, **said: Any) -> list[tuple[str, str]]:
    try:
        archive.intake.rule_on_signing(stem, slug, said)
    except EventRefused as refused:
        return [(problem.pointer, problem.code) for problem in refused.problems]
    return []


def add(archive: Archive, kid: str = "k1", key: Ed25519PrivateKey = OURS) -> list[tuple[str, str]]:
    return rule(archive, KEY_ADDED_STEM, kid=kid, public_key=key_text(public(key)))


def rights(archive: Archive, slug: str = SLUG) -> PartnerRights:
    found = archive.intake.rights(slug)
    assert found is not None
    return found


def named(kid: str, key: Ed25519PrivateKey, alg: str = "Ed25519") -> dict[str, str]:
    return {"kid": kid, "alg": alg, "public_key": key_text(public(key))}


def test_a_key_is_added_once_and_means_the_same_for_ever(archive: Archive) -> None:
    assert add(archive) == []
    assert rights(archive).keys == {"k1": KEYS["k1"]}
    assert add(archive) == [("/data/kid", "already_used")]
    assert add(archive, "k1", OTHER) == [("/data/kid", "already_used")]
    assert add(archive, "k9") == [("/data/public_key", "already_used")]
    assert add(archive, "no name", OTHER) == [("/data/kid", "wrong_form")]
    assert rule(archive, KEY_ADDED_STEM, kid="k9", public_key="AAAA") == [("/data/public_key", "wrong_form")]
    assert rule(archive, KEY_ADDED_STEM, "nobody-here", kid="k1", public_key="AAAA") == [
        ("/data/partner", "unknown_partner")
    ]


def test_the_ruling_is_for_the_stewards_and_that_partner(archive: Archive) -> None:
    add(archive)
    event = archive.everything()[-1]
    assert (event.stem, event.publisher) == (stem_of(KEY_ADDED, 1), "stewards")
    assert (event.envelope["tlp"], event.envelope["audience"]) == ("amber+strict", SLUG)
    assert event.data == {"partner": f"partner:{SLUG}", "kid": "k1", "public_key": KEYS["k1"].text}


def test_no_partner_publishes_such_a_ruling(archive: Archive) -> None:
    for slug in (SLUG, "stewards"):
        with pytest.raises(EventRefused) as caught:
            archive.check(slug, KEY_ADDED, {"partner": f"partner:{SLUG}", "kid": "k", "public_key": "A"})
        assert [problem.code for problem in caught.value.problems] == ["unknown_type"]


def test_an_admission_brings_keys_and_takes_none_away(archive: Archive) -> None:
    add(archive)
    keys = [named("k2", OTHER), named("k2", OTHER), named("k1", OURS), named("curve", OTHER, "ES256")]
    archive.admit(SLUG, "monitor", signing_keys=[*keys[:1], *keys[2:]])
    assert rights(archive).keys == KEYS
    archive.admit(SLUG, "monitor")
    assert rights(archive).keys == KEYS


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([named("k1", OTHER)], ("/data/signing_keys/0/kid", "already_used")),
        ([named("k2", OURS)], ("/data/signing_keys/0/public_key", "already_used")),
        ([named("a", OTHER), named("b", OTHER)], ("/data/signing_keys/1/public_key", "already_used")),
        ([{**named("k2", OTHER), "public_key": "AAAA"}], ("/data/signing_keys/0/public_key", "wrong_form")),
    ],
)
def test_an_admission_with_keys_that_cannot_be_is_refused(archive: Archive, keys: Any, said: Any) -> None:
    add(archive)
    data = {"partner": f"partner:{SLUG}", "name": {"en": "x"}, "roles": ["monitor"], "signing_keys": keys}
    assert archive.codes("stewards", "partner.admitted", data) == [said]


def test_old_admissions_with_odd_keys_still_fold() -> None:
    partner = Partner.blank(Partner.stream(SLUG))
    odd = {"roles": ["monitor"], "signing_keys": [{**named("k1", OURS), "public_key": "AAAA"}]}
    partner.fold("partner.admitted", {"data": odd})
    found = partner.rights(SLUG)
    assert found is not None
    assert found.keys == {}


def test_a_key_is_revoked_from_a_moment_that_only_moves_back(archive: Archive) -> None:
    noon = datetime(2031, 5, 4, 12, tzinfo=UTC)

    def revoke(moment: datetime | str, kid: str = "k1") -> list[tuple[str, str]]:
        text = moment if isinstance(moment, str) else moment.isoformat()
        return rule(archive, KEY_REVOKED_STEM, kid=kid, distrust_from=text)

    assert revoke(noon) == [("/data/kid", "unknown_key")]
    add(archive)
    assert revoke("noon") == [("/data/distrust_from", "not_a_moment")]
    assert revoke(noon) == []
    assert revoke(noon) == [("/data/kid", "already_revoked")]
    assert revoke(noon - timedelta(hours=1)) == []
    assert rights(archive).keys["k1"].distrusted_from == noon - timedelta(hours=1)
    # Neither an admission nor another addition brings it back.
    archive.admit(SLUG, "monitor", signing_keys=[named("k1", OURS)])
    assert rights(archive).keys["k1"].distrusted_from == noon - timedelta(hours=1)
    assert add(archive) == [("/data/kid", "already_used")]


@pytest.mark.parametrize(
    ("more", "since"),
    [
        (
            {"distrust_events_after": "2026-11-01T00:00:00Z", "from": "2026-11-02T00:00:00Z"},
            "2026-11-01T00:00:00Z",
        ),
        ({"from": "2026-11-02T00:00:00Z"}, "2026-11-02T00:00:00Z"),
        ({}, "2026-11-02T09:30:00Z"),
    ],
)
def test_a_suspension_revokes_the_keys_it_names(archive: Archive, more: Any, since: str) -> None:
    add(archive)
    data = {"partner": f"partner:{SLUG}", "revoked_kids": ["k1", "k7"], **more}
    assert archive.push("stewards", "partner.suspended", data).status == "stored"
    assert rights(archive).keys["k1"].distrusted_from == datetime.fromisoformat(since)
    # A name that was revoked before it was known is never given.
    assert add(archive, "k7", OTHER) == [("/data/kid", "already_used")]


def test_signatures_are_required_of_those_who_can_sign(archive: Archive) -> None:
    def require(said: bool, slug: str = SLUG) -> list[tuple[str, str]]:
        return rule(archive, SIGNATURE_REQUIRED_STEM, slug, required=said)

    assert require(True) == [("/data/required", "no_key")]
    add(archive)
    assert require(False) == [("/data/required", "already_decided")]
    assert require(True) == []
    assert require(True) == [("/data/required", "already_decided")]
    assert rights(archive).requires_signature
    archive.admit(SLUG, "monitor")
    assert rights(archive).requires_signature
    assert require(False) == []
    assert require(True, "stewards") == [("/data/partner", "not_allowed")]


# --- intake


def signed(archive: Archive, number: int, key: Ed25519PrivateKey = OURS, kid: str = "k1") -> Any:
    data = {
        "threat": f"threat:{SLUG}.{number}",
        "targets": [f"lawyer:{SLUG}.1"],
        "categories": ["liberty.arrest"],
    }
    event = submission(SLUG, "threat.reported", data, id=f"t{number}")
    return sign(json.dumps(event, indent=1).encode(), kid, key)


def check(intake: Intake, raw: Any) -> Any:
    return intake.check(Publisher(SLUG, "ann"), raw)


def test_a_signed_event_is_checked_like_any_other_and_keeps_its_signature(archive: Archive) -> None:
    add(archive)
    raw = signed(archive, 1)
    checked = check(archive.intake, raw)
    plain = archive.threat(1)
    assert (checked.content, checked.envelope) == (plain.content, plain.envelope)
    assert checked.signature["payload"] == raw["payload"]
    assert archive.intake.record([checked])[0].status == "stored"
    assert archive.everything()[-1].signature == checked.signature
    assert archive.intake.record([plain])[0].status == "duplicate"
    assert archive.intake.record([check(archive.intake, raw)])[0].status == "duplicate"


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"{", ("/payload", "malformed_json")),
        (b'{"id": "1", "id": "2"}', ("/payload", "malformed_json")),
        (b"[]", ("", "wrong_type")),
        (b"\xff", ("/payload", "malformed_json")),
    ],
)
def test_what_was_signed_must_be_an_event(archive: Archive, payload: bytes, said: tuple[str, str]) -> None:
    add(archive)
    with pytest.raises(EventRefused) as caught:
        check(archive.intake, sign(payload, "k1", OURS))
    assert [(problem.pointer, problem.code) for problem in caught.value.problems] == [said]


def test_an_envelope_in_an_envelope_is_no_event(archive: Archive) -> None:
    add(archive)
    with pytest.raises(EventRefused) as caught:
        check(archive.intake, sign(json.dumps(signed(archive, 1)).encode(), "k1", OURS))
    assert ("/specversion", "required") in [(one.pointer, one.code) for one in caught.value.problems]


def test_what_is_not_signed_is_refused_where_it_must_be_at_the_gate_and_at_the_desk(archive: Archive) -> None:
    add(archive)
    early = archive.threat(1)
    rule(archive, SIGNATURE_REQUIRED_STEM, required=True)
    with pytest.raises(SignatureRequired):
        archive.threat(2)
    outcome = archive.intake.record([early])[0]
    assert (outcome.status, [one.code for one in outcome.problems]) == ("refused", ["signature_required"])
    assert archive.intake.record([check(archive.intake, signed(archive, 1))])[0].status == "stored"


def test_a_revoked_key_still_gets_receipts(archive: Archive) -> None:
    add(archive)
    rule(archive, KEY_REVOKED_STEM, kid="k1", distrust_from="2026-01-01T00:00:00Z")
    outcome = archive.intake.record([check(archive.intake, signed(archive, 1))])[0]
    assert (outcome.status, outcome.problems, outcome.warnings) == ("stored", (), ())


def test_the_type_of_what_is_signed_is_the_structured_mode_of_cloudevents() -> None:
    assert PAYLOAD_TYPE == "application/cloudevents+json"
