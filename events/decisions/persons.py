"""Decisions about records of persons: identity, consent, erasure."""

from collections.abc import Mapping

from events.decisions.aggregate import Actor, Decision, DecisionRefused
from events.event import Json, slug_of


class IdentityJudgement(Decision):
    """What was judged about one pair of references, whichever stood left."""

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The two references in their own order."""
        return " ".join(sorted((envelope["data"]["left"], envelope["data"]["right"])))

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """A pair is two things of one kind; similar names prove nothing. Judging anew is always allowed."""
        data = envelope["data"]
        left, right = data["left"], data["right"]
        if left == right:
            raise DecisionRefused("same_reference", "/data/right", "Is the same reference as the left one.")
        if left.partition(":")[0] != right.partition(":")[0]:
            raise DecisionRefused("other_kind", "/data/right", "Is of another kind than the left one.")
        if data["judgement"] == "same" and set(data.get("basis", ())) == {"name_transliteration"}:
            raise DecisionRefused("name_only", "/data/judgement", "Similar names alone cannot prove `same`.")


class Consent(Decision):
    """One consent: recorded and updated by whoever holds it; withdrawn through anybody, for good."""

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The consent's UUID; of a withdrawal that names none, whose consents they all are."""
        return str(envelope["data"].get("consent_id", envelope["data"]["subject_of_consent"]))

    def begin(self) -> None:
        """Unknown."""
        self.holders: frozenset[str] = frozenset()
        self.withdrawals: list[Mapping[str, Json]] = []

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """A withdrawal is always accepted; what follows one needs a consent of its own.

        Two partners may use one UUID: neither learns of the other, and each consent opens its own partner's events
        alone. Of a withdrawal nobody is told who neither recorded the consent nor may see the withdrawal; it voids
        what he records all the same.
        """
        if event_type == "consent.withdrawn":
            return
        if any(actor.slug in self.holders or actor.sees(one) for one in self.withdrawals):
            raise DecisionRefused("already_withdrawn", "/data/consent_id", "Withdrawn; record a new consent.")

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Remember who holds it, and who may know that it was withdrawn."""
        if event_type == "consent.withdrawn":
            self.withdrawals.append({name: value for name, value in envelope.items() if name != "data"})
        else:
            self.holders |= {slug_of(envelope["source"])}


class Erasure(Decision):
    """The proofs that one person's keys were destroyed."""

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The reference of whoever is erased."""
        return str(envelope["data"]["subject_of_erasure"])

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Only stewards erase; every partner acknowledges."""
        if envelope["data"].get("role") == "controller" and not actor.is_steward:
            raise DecisionRefused("not_yours", "/data/role", "Only stewards erase as controller.")
