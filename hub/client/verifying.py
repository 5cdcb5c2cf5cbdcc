"""Verifies what a publisher signed, from what a hub shows of an event, or from an envelope alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from events.signatures import KeyRefused, pae, payload_of, read_public_key, verifies
from events.strict import MalformedJson, canonical, read_json
from events.submission import EventRefused, is_signed

Json = Any

MADE_BY_HUB = frozenset({"dataschema", "time", "tlp", "subject", "recordedtime", "toldby"})
"""Attributes that the hub adds to what was signed where the publisher left them out."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a signature holds.

    Args:
        reason: why not; None if it does.
        event: what was signed; None if that is not known.
        kid: name of the key.
        by: whose word it is that the key is the publisher's: `you` or `the hub`.
    """

    reason: str | None
    event: Mapping[str, Json] | None = None
    kid: str | None = None
    by: str = "you"

    def as_json(self) -> Json:
        """Return the form that `--json` prints."""
        named = self.event or {}
        said = {"source": named.get("source"), "id": named.get("id"), "keyid": self.kid, "key_from": self.by}
        return {**said, "verifies": self.reason is None, "reason": self.reason}


def verify(said: Json, public: bytes | None) -> Verdict:
    """Verify an envelope of DSSE, or the answer of a hub about one event.

    Args:
        said: either, parsed.
        public: the key of the publisher; without it, the one that the hub names.
    """
    if is_signed(said):
        return _verify_envelope(said, public)
    if not isinstance(said, dict) or not isinstance(said.get("event"), dict):
        return Verdict("This is neither an envelope of DSSE nor what a hub answers about one event.")
    signature = said.get("signature")
    if not isinstance(signature, dict):
        return Verdict("It was not signed.")
    if "sig" not in signature:
        reason = (
            "The hub names the key alone: you may not see all that such an event may hold, or it was changed."
        )
        return Verdict(reason, said["event"], str(signature.get("keyid")))
    return _verify_shown(said["event"], signature, public)


def _verify_shown(event: Mapping[str, Json], signature: Mapping[str, Json], public: bytes | None) -> Verdict:
    by = "you"
    if public is None:
        by = "the hub"
        try:
            public = read_public_key(str(signature.get("public_key")))
        except KeyRefused as refused:
            return Verdict(f"The hub names no key that can be used. {refused}")
    kept = {name: signature.get(name) for name in ("payload", "payloadType")}
    envelope = {**kept, "signatures": [{"keyid": signature.get("keyid"), "sig": signature["sig"]}]}
    verdict = _verify_envelope(envelope, public, by)
    if verdict.reason is None and not _is_same(verdict.event or {}, event):
        return Verdict("What was signed is not what is shown.", verdict.event, verdict.kid, by)
    return verdict


def _verify_envelope(envelope: Mapping[str, Json], public: bytes | None, by: str = "you") -> Verdict:
    try:
        payload = payload_of(envelope)
        event = read_json(payload)
    except (EventRefused, MalformedJson):
        return Verdict("The envelope is malformed.", by=by)
    if not isinstance(event, dict):
        return Verdict("What was signed is no event.", by=by)
    for one in envelope["signatures"]:
        if public is not None and verifies(public, one["sig"], pae(payload)):
            return Verdict(None, event, one.get("keyid"), by)
    reason = (
        "Give the key of the publisher."
        if public is None
        else "It was not signed with this key, or was changed."
    )
    return Verdict(reason, event, envelope["signatures"][0].get("keyid"), by)


def _is_same(signed: Mapping[str, Json], shown: Mapping[str, Json]) -> bool:
    same = {name: value for name, value in shown.items() if name in signed}
    return shown.keys() - signed.keys() <= MADE_BY_HUB and canonical(same) == canonical(dict(signed))
