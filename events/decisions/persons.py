"""Decisions about records of persons: identity, erasure."""

from collections.abc import Mapping

from events.decisions.aggregate import Actor, Decision, DecisionRefused
from events.event import Json


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
