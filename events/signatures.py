"""Signed events: DSSE v1 envelopes, signed with Ed25519 over the exact bytes of an event.

https://github.com/secure-systems-lab/dsse. Nothing here is trusted before its signature is; the name of a key is a hint
that says which one to try.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from events.event import Json
from events.submission import EventRefused
from schemas.problem import Problem

PAYLOAD_TYPE = "application/cloudevents+json"
MAX_PAYLOAD_BYTES = 256 * 1024
MAX_SIGNATURES = 8

ALGORITHM = "Ed25519"
KID = re.compile(r"[A-Za-z0-9._:-]{1,80}")
"""Form of the name of a key, as `schemas/common.json` has it."""

_KEY_BYTES, _SIGNATURE_BYTES = 32, 64
_MAX_TEXT = 4096
_SPKI = bytes.fromhex("302a300506032b6570032100")
"""What DER puts before the 32 bytes of every public key of Ed25519."""

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]{1,200})-----END PUBLIC KEY-----")

_ZERO, _MOST = "00" * 30, "ff" * 30
_WEAK = frozenset({
    f"00{_ZERO}00", f"01{_ZERO}00", f"ec{_MOST}7f", f"ed{_MOST}7f", f"ee{_MOST}7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
})  # fmt: skip
"""Points of small order, whichever sign: under such a key anybody can sign."""


class KeyRefused(Exception):
    """This is no key that the hub takes; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key of a partner.

    Args:
        kid: its name.
        public: its 32 bytes.
        distrusted_from: nobody believes what it signed from then on; None unless it was revoked.
    """

    kid: str
    public: bytes
    distrusted_from: datetime | None = None

    @property
    def text(self) -> str:
        """The key as base64 of its DER form (SPKI)."""
        return key_text(self.public)


@dataclass(frozen=True, slots=True)
class Signed:
    """An envelope whose signature holds.

    Args:
        payload: the exact bytes that were signed.
        signature: what is kept: `payload`, `payloadType`, `keyid`, `sig` and, so that it can be verified whatever
            becomes of the key, `public_key`.
    """

    payload: bytes
    signature: Mapping[str, str]


def open_signed(raw: Mapping[str, Json], keys: Mapping[str, SigningKey]) -> Signed:
    """Return what an envelope holds, if at least one of its signatures is valid and by one of these keys.

    A key that was revoked still signs: who stole it must not learn that it was noticed. A signature by another key
    is then preferred.

    Raises:
        EventRefused: `wrong_form`, `too_large`, `unknown_key` or `bad_signature`.
    """
    payload = payload_of(raw)
    message = pae(payload)
    tried = [
        (place, keys[one["keyid"]], one["sig"])
        for place, one in enumerate(raw["signatures"])
        if one.get("keyid") in keys
    ]
    if not tried:
        hint = "`keyid` must be the name of a key that the stewards have registered for your partner."
        raise EventRefused(
            [Problem("/signatures", "unknown_key", "No signature is by a key of yours.", hint)]
        )
    valid = [(key, sig) for _, key, sig in tried if verifies(key.public, sig, message)]
    if not valid:
        hint = "Sign the exact bytes of the payload, in the pre-authentication encoding of DSSE v1."
        at = f"/signatures/{tried[0][0]}/sig"
        raise EventRefused([Problem(at, "bad_signature", "Does not fit the payload and the key.", hint)])
    key, sig = min(valid, key=lambda pair: pair[0].distrusted_from is not None)
    kept = {"payload": raw["payload"], "payloadType": PAYLOAD_TYPE, "keyid": key.kid, "sig": sig}
    return Signed(payload, {**kept, "public_key": key.text})


def sign(payload: bytes, kid: str, key: Ed25519PrivateKey) -> dict[str, Json]:
    """Return the envelope of an event."""
    sig = b64encode(key.sign(pae(payload))).decode()
    return {
        "payload": b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": kid, "sig": sig}],
    }


def payload_of(raw: Mapping[str, Json]) -> bytes:
    """Return the bytes of an event in an envelope, whoever signed it.

    Raises:
        EventRefused: `wrong_form` or `too_large`.
    """
    problems = _form_problems(raw)
    if problems:
        raise EventRefused(problems)
    return _bytes_of(raw["payload"]) or b""


def pae(payload: bytes) -> bytes:
    """Return what is signed: DSSE's pre-authentication encoding of an event."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def verifies(public: bytes, sig: str, message: bytes) -> bool:
    """Tell whether a signature, in base64, is of this message by this key."""
    signature = _bytes_of(sig)
    if signature is None or len(signature) != _SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def read_public_key(text: str) -> bytes:
    """Return the 32 bytes of a public key: PEM, or base64 of its DER form (SPKI) or of the bare bytes.

    Raises:
        KeyRefused: it is none, of another algorithm, or one under which anybody could sign.
    """
    found = _PEM.fullmatch(text.strip())
    bare = "".join(found[1].split()) if found else text.strip()
    raw = _bytes_of(bare.replace("-", "+").replace("_", "/")) or b""
    public = raw.removeprefix(_SPKI)
    if len(public) != _KEY_BYTES or len(raw) not in {_KEY_BYTES, _KEY_BYTES + len(_SPKI)}:
        raise KeyRefused("This is no public key of Ed25519, in PEM or in base64.")
    if (public[:-1] + bytes([public[-1] & 0x7F])).hex() in _WEAK:
        raise KeyRefused("This key is weak: anybody could sign with it.")
    return public


def read_private_key(pem: bytes) -> Ed25519PrivateKey:
    """Return a private key: PEM, PKCS #8, without a passphrase.

    Raises:
        KeyRefused: it is none, or of another algorithm.
    """
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused("This is no private key of Ed25519 in PEM (PKCS #8) without a passphrase.")
    return key


def key_text(public: bytes) -> str:
    """Return a public key as base64 of its DER form (SPKI)."""
    return b64encode(_SPKI + public).decode()


def fingerprint(public: bytes) -> str:
    """Return the usual name of a key: the SHA-256 of its DER form, in hexadecimal digits."""
    return sha256(_SPKI + public).hexdigest()


def _form_problems(raw: Mapping[str, Json]) -> list[Problem]:
    payload, signatures = raw.get("payload"), raw.get("signatures")
    found = []
    said = _bytes_of(payload)
    if said is None:
        found.append(Problem("/payload", "wrong_form", "Is not base64.", "Standard alphabet, padded."))
    elif len(said) > MAX_PAYLOAD_BYTES:
        found.append(Problem("/payload", "too_large", f"Is larger than {MAX_PAYLOAD_BYTES} bytes."))
    if raw.get("payloadType") != PAYLOAD_TYPE:
        expected = f"Expected {PAYLOAD_TYPE}."
        found.append(Problem("/payloadType", "wrong_form", "Is not the type of an event.", expected))
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= MAX_SIGNATURES:
        limits = f"Is no list of 1 to {MAX_SIGNATURES} signatures."
        found.append(Problem("/signatures", "wrong_form", limits))
        return found
    return found + _signature_problems(signatures)


def _signature_problems(signatures: Sequence[Json]) -> list[Problem]:
    hint = "Expected keyid, the name of a key, and sig, in base64: standard alphabet, padded."
    return [
        Problem(f"/signatures/{place}", "wrong_form", "Is no signature.", hint)
        for place, one in enumerate(signatures)
        if not isinstance(one, dict)
        or not isinstance(one.get("keyid", ""), str)
        or _bytes_of(one.get("sig"), _MAX_TEXT) is None
    ]


def _bytes_of(text: Json, most: int | None = None) -> bytes | None:
    """Return what base64 says; None unless it is the one way to write it, so that nothing can be changed unseen."""
    if not isinstance(text, str) or (most is not None and len(text) > most):
        return None
    try:
        said = b64decode(text, validate=True)
    except ValueError:
        return None
    return said if b64encode(said).decode() == text else None
