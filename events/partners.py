"""Partners: who is admitted, in which roles, and whether suspended."""

from collections.abc import Mapping
from dataclasses import dataclass

from events.decisions.aggregate import Actor, Decision, DecisionRefused, slug_in
from events.event import Json
from events.submission import HUB


@dataclass(frozen=True, slots=True)
class PartnerRights:
    """What a partner may do now.

    Args:
        slug: of the partner.
        roles: that stewards gave it.
        may_read: not suspended from reading.
        may_write: not suspended from publishing.
        references: further references that are its own.
    """

    slug: str
    roles: frozenset[str]
    may_read: bool
    may_write: bool
    references: frozenset[str]


class Partner(Decision):
    """One organisation: admitted, and admitted again, by stewards only; suspended by stewards or itself."""

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

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Admission needs a steward and a slug; suspension a steward or the partner itself, once admitted."""
        reference = envelope["data"]["partner"]
        if event_type == "partner.admitted":
            self._decide_admission(reference, actor)
        elif not (actor.is_steward or actor.owns(reference)):
            raise DecisionRefused("not_yours", "/data/partner", "Only stewards may suspend another partner.")
        elif not self.is_admitted:
            raise DecisionRefused("unknown_partner", "/data/partner", "No such partner is admitted.")

    def _decide_admission(self, reference: str, actor: Actor) -> None:
        if not actor.is_steward:
            raise DecisionRefused("not_yours", "/data/partner", "Only stewards may admit a partner.")
        slug = slug_in(reference)
        if reference != f"partner:{slug}":
            raise DecisionRefused(
                "wrong_form", "/data/partner", "Must be partner: and the slug that its sources bear."
            )
        if slug == HUB:
            raise DecisionRefused("not_allowed", "/data/partner", "This slug is the hub's own.")

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """An admission replaces all that was; a suspension adds to it."""
        data = envelope["data"]
        if event_type == "partner.admitted":
            self.is_admitted = True
            self.roles = frozenset(data["roles"])
            self.suspended = frozenset()
            previous = data.get("previous")
            # A slug that went before stays its own; only a UUID can be bound, since nobody else can bear it.
            if previous is not None and slug_in(previous) is None:
                self.references |= {previous}
        else:
            scope = data.get("scope", "both")
            self.suspended |= frozenset(("read", "write")) if scope == "both" else frozenset((scope,))

    def rights(self, slug: str) -> PartnerRights | None:
        """Return what the partner may do; None when it was never admitted."""
        if not self.is_admitted:
            return None
        may_read, may_write = "read" not in self.suspended, "write" not in self.suspended
        return PartnerRights(slug, self.roles, may_read, may_write, self.references)
