"""Partners: who is admitted, in which roles, with which keys, and whether suspended."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from events.decisions.aggregate import Actor, Decision, DecisionRefused, slug_in
from events.event import Json, stem_of
from events.moments import read_moment
from events.signatures import ALGORITHM, KID, KeyRefused, SigningKey, read_public_key
from events.submission import HUB, STEWARDS

KEY_ADDED = "key.added"
KEY_REVOKED = "key.revoked"
SIGNATURE_REQUIRED = "signature.required"
"""Types by which stewards say how a partner signs; no partner may publish them and no contract describes them."""

KEY_ADDED_STEM = stem_of(KEY_ADDED, 1)
KEY_REVOKED_STEM = stem_of(KEY_REVOKED, 1)
SIGNATURE_REQUIRED_STEM = stem_of(SIGNATURE_REQUIRED, 1)


@dataclass(frozen=True, slots=True)
class PartnerRights:
    """What a partner may do now.

    Args:
        slug: of the partner.
        roles: that stewards gave it.
        may_read: not suspended from reading.
        may_write: not suspended from publishing.
        references: further references that are its own.
        keys: with which it signs, or signed, by name.
        requires_signature: it publishes signed events only.
        ecosoc_status: at the United Nations: none, roster, special or general.
    """

    slug: str
    roles: frozenset[str]
    may_read: bool
    may_write: bool
    references: frozenset[str]
    keys: Mapping[str, SigningKey] = field(default_factory=dict)
    requires_signature: bool = False
    ecosoc_status: str = "none"

    def distrusts(self, signature: Mapping[str, str] | None, *moments: datetime | None) -> bool:
        """Tell whether nobody believes what a signature signs: its key was lost at one of these moments."""
        key = None if signature is None else self.keys.get(signature["keyid"])
        since = None if key is None else key.distrusted_from
        return since is not None and any(one is not None and one >= since for one in moments)


class Partner(Decision):
    """One organisation: admitted, and admitted again, by stewards only; suspended by stewards or itself.

    The name of a key means the same key for ever, so that a signature can be verified whatever comes later. Keys are
    never taken away, only revoked.
    """

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The slug; nothing for a reference that names none, so that it can be refused."""
        return slug_in(envelope["data"]["partner"]) or ""

    def begin(self) -> None:
        """Nobody yet."""
        self.roles: frozenset[str] = frozenset()
        self.references: frozenset[str] = frozenset()
        self.suspended: frozenset[str] = frozenset()
        self.is_admitted = False
        self.keys: dict[str, bytes] = {}
        self.revoked: dict[str, datetime] = {}
        self.requires_signature = False
        self.ecosoc_status = "none"

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Admission needs a steward and a slug; suspension a steward or the partner itself, once admitted."""
        data = envelope["data"]
        reference = data["partner"]
        if event_type == "partner.admitted":
            self._decide_admission(data, actor)
        elif not (actor.is_steward or actor.owns(reference)):
            raise DecisionRefused("not_yours", "/data/partner", "Only stewards may suspend another partner.")
        elif not self.is_admitted:
            raise DecisionRefused("unknown_partner", "/data/partner", "No such partner is admitted.")
        elif event_type == KEY_ADDED:
            self._decide_key(data)
        elif event_type == KEY_REVOKED:
            self._decide_revocation(data)
        elif event_type == SIGNATURE_REQUIRED:
            self._decide_requirement(data)

    def _decide_admission(self, data: Mapping[str, Json], actor: Actor) -> None:
        if not actor.is_steward:
            raise DecisionRefused("not_yours", "/data/partner", "Only stewards may admit a partner.")
        slug = slug_in(data["partner"])
        if data["partner"] != f"partner:{slug}":
            raise DecisionRefused(
                "wrong_form", "/data/partner", "Must be partner: and the slug that its sources bear."
            )
        if slug == HUB:
            raise DecisionRefused("not_allowed", "/data/partner", "This slug is the hub's own.")
        known = dict(self.keys)
        for place, one in enumerate(_signing_keys(data)):
            pointer = f"/data/signing_keys/{place}"
            public = _public(one["public_key"], pointer)
            if known.get(one["kid"]) != public:
                _refuse_reuse(known, one["kid"], public, pointer)
                known[one["kid"]] = public

    def _decide_key(self, data: Mapping[str, Json]) -> None:
        if not KID.fullmatch(data["kid"]):
            raise DecisionRefused("wrong_form", "/data/kid", "Is no name of a key.")
        if data["kid"] in self.revoked:
            raise DecisionRefused("already_used", "/data/kid", "A key of this name was revoked.")
        _refuse_reuse(self.keys, data["kid"], _public(data["public_key"], "/data"), "/data")

    def _decide_revocation(self, data: Mapping[str, Json]) -> None:
        if data["kid"] not in self.keys:
            raise DecisionRefused("unknown_key", "/data/kid", "The partner has no key of this name.")
        since, before = read_moment(data["distrust_from"]), self.revoked.get(data["kid"])
        if since is None:
            raise DecisionRefused("not_a_moment", "/data/distrust_from", "Is no moment with an offset.")
        if before is not None and since >= before:
            raise DecisionRefused("already_revoked", "/data/kid", "It is revoked, from then on or earlier.")

    def _decide_requirement(self, data: Mapping[str, Json]) -> None:
        if slug_in(data["partner"]) == STEWARDS:
            detail = "The hub's own commands publish as the stewards, and do not sign."
            raise DecisionRefused("not_allowed", "/data/partner", detail)
        if data["required"] == self.requires_signature:
            raise DecisionRefused("already_decided", "/data/required", "It is so already.")
        if data["required"] and not self.keys.keys() - self.revoked.keys():
            raise DecisionRefused("no_key", "/data/required", "The partner has no key yet. Add one first.")

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """An admission replaces all that was, but for keys; a suspension adds to it."""
        data = envelope["data"]
        if event_type == "partner.admitted":
            self._fold_admission(data)
        elif event_type == KEY_ADDED:
            self.keys[data["kid"]] = read_public_key(data["public_key"])
        elif event_type == KEY_REVOKED:
            self._revoke(data["kid"], datetime.fromisoformat(data["distrust_from"]))
        elif event_type == SIGNATURE_REQUIRED:
            self.requires_signature = data["required"]
        else:
            scope = data.get("scope", "both")
            self.suspended |= frozenset(("read", "write")) if scope == "both" else frozenset((scope,))
            since = data.get("distrust_events_after") or data.get("from") or ""
            for kid in data.get("revoked_kids", ()):
                self._revoke(kid, read_moment(since) or datetime.fromisoformat(envelope["recordedtime"]))

    def _fold_admission(self, data: Mapping[str, Json]) -> None:
        self.is_admitted = True
        self.roles = frozenset(data["roles"])
        self.ecosoc_status = data.get("ecosoc_status", "none")
        self.suspended = frozenset()
        previous = data.get("previous")
        # A slug that went before stays its own; only a UUID can be bound, since nobody else can bear it.
        if previous is not None and slug_in(previous) is None:
            self.references |= {previous}
        for one in _signing_keys(data):
            # What was recorded before keys were looked at may hold anything.
            with suppress(KeyRefused):
                self.keys.setdefault(one["kid"], read_public_key(one["public_key"]))

    def _revoke(self, kid: str, since: datetime) -> None:
        self.revoked[kid] = min(since, self.revoked.get(kid, since))

    def rights(self, slug: str) -> PartnerRights | None:
        """Return what the partner may do; None when it was never admitted."""
        if not self.is_admitted:
            return None
        rights = PartnerRights(
            slug, self.roles, "read" not in self.suspended, "write" not in self.suspended, self.references
        )
        keys = {kid: SigningKey(kid, public, self.revoked.get(kid)) for kid, public in self.keys.items()}
        return replace(
            rights, keys=keys, requires_signature=self.requires_signature, ecosoc_status=self.ecosoc_status
        )


def _signing_keys(data: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """Return the keys of an admission that the hub can verify; others are kept and not used."""
    return [one for one in data.get("signing_keys", ()) if one["alg"] == ALGORITHM]


def _refuse_reuse(known: Mapping[str, bytes], kid: str, public: bytes, pointer: str) -> None:
    if kid in known:
        raise DecisionRefused("already_used", f"{pointer}/kid", "Another key of the partner has this name.")
    # Who stole a key must not get it trusted again under another name.
    if public in known.values():
        raise DecisionRefused("already_used", f"{pointer}/public_key", "This key is here under another name.")


def _public(text: str, pointer: str) -> bytes:
    try:
        return read_public_key(text)
    except KeyRefused as refused:
        raise DecisionRefused("wrong_form", f"{pointer}/public_key", str(refused)) from refused
