"""Joint actions: proposed once, revised and completed by the lead, joined by each partner for itself."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events.decisions.actions.rules import status_rules
from events.decisions.actions.texts import JOINABLE, OPEN, brings_new_text
from events.decisions.aggregate import Actor, Decision, DecisionRefused, slug_in
from events.decisions.seats import Seats
from events.event import Json, slug_of
from events.moments import read_moment
from schemas.problem import Problem

ASKED = frozenset({"yes", "representative"})
NOT_ASKED = "not_possible"
"""Whether a person agrees: somebody who may say so did, or nobody could be asked."""

_FOR_FEW = frozenset({"amber+strict", "red"})


@dataclass(frozen=True, slots=True)
class Signature:
    """What one partner has committed to in one role.

    Args:
        text: number of the text that was current.
        text_hash: fingerprint of the text that was signed, if the partner said it.
        valid_until: when the commitment ends; None: never.
        hidden_until: before this moment the name must not be published.
        envelope: of the event, without its payload: decides who may know of it.
        before: what the partner had committed to in this role before, if it had.
    """

    text: int
    text_hash: str | None
    valid_until: datetime | None
    hidden_until: datetime | None
    envelope: Mapping[str, Json]
    before: "Signature | None" = None

    @property
    def name(self) -> str:
        """Source and id of the event."""
        return f"{self.envelope['source']} {self.envelope['id']}"


class JointAction(Decision):
    """Everything that was decided about one action."""

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The action's reference."""
        return str(envelope["data"]["action"])

    def begin(self) -> None:
        """Not proposed."""
        self.proposal: Mapping[str, Json] | None = None
        self.proposer = ""
        self.lead = ""
        self.state = ""
        self.text = 0
        self.text_hash: str | None = None
        self.join_by: datetime | None = None
        self.needed: frozenset[str] = frozenset()
        self.lawyers: frozenset[str] = frozenset()
        self.agreement = ""
        self.joined: dict[str, dict[str, Signature]] = {}
        self.seats = Seats()
        self.is_over = False

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Refuse what comes twice, too late, or from somebody else than the lead or the partner itself."""
        if event_type == "action.proposed":
            self._decide_proposal(envelope, actor)
        elif event_type == "action.joined":
            self._decide_joining(envelope["data"], actor)
        elif event_type == "action.left":
            self._decide_leaving(envelope["data"], actor)
        else:
            self._decide_completion(actor)
        self.seats.decide(event_type, envelope["data"], actor.slug, actor.moment)

    def _decide_proposal(self, envelope: Mapping[str, Json], actor: Actor) -> None:
        data = envelope["data"]
        is_new = self.proposal is None and actor.names(data["action"])
        if not is_new and (self.proposal is None or not self._is_lead(actor)):
            raise DecisionRefused("not_lead", "/data/action", "You do not lead such an action.")
        self._refuse_if_over()
        if lawyers_in(data.get("about", ())) and not _is_agreed(data.get("agreed_with_person"), envelope):
            detail = "About a lawyer who could not be asked, others may be called only where few may see it."
            raise DecisionRefused("agreement_required", "/data/agreed_with_person", detail)

    def _decide_joining(self, data: Mapping[str, Json], actor: Actor) -> None:
        if not actor.owns(data["partner"]):
            raise DecisionRefused("not_yours", "/data/partner", "A partner joins for itself only.")
        if not self.is_known_to(actor) or self.is_over or self.state not in JOINABLE:
            raise DecisionRefused("not_open", "/data/action", "No such action is open for joining.")
        if not self._is_current(data.get("text_hash", self.text_hash)):
            detail = "The text is another by now. Read it, and sign with its fingerprint."
            raise DecisionRefused("text_changed", "/data/text_hash", detail)
        role = self._counted(data["role"], actor)
        for held, signature in self.joined.get(actor.slug, {}).items():
            # Whoever signed an earlier text, or for a time that is over, may sign anew.
            is_standing = self._is_signed(signature) and not _is_over(signature, actor.moment)
            if is_standing and self._counted(held, actor) == role:
                raise DecisionRefused("already_joined", "/data/role", "Your partner has joined in this role.")

    def _decide_leaving(self, data: Mapping[str, Json], actor: Actor) -> None:
        if not (actor.owns(data["partner"]) or actor.is_steward):
            raise DecisionRefused("not_yours", "/data/partner", "A partner leaves for itself only.")
        if not self._held(data, self._who(data, actor) or ""):
            raise DecisionRefused("not_joined", "/data/partner", "The partner has not joined in this role.")

    def _decide_completion(self, actor: Actor) -> None:
        if not self.is_known_to(actor) or not self._is_lead(actor):
            raise DecisionRefused("not_lead", "/data/action", "You do not lead such an action.")
        self._refuse_if_over()

    def remarks(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> tuple[Problem, ...]:
        """Return what a partner should know that joins: it is late, or counts as another role."""
        if event_type != "action.joined":
            return ()
        data = envelope["data"]
        found = []
        said = read_moment(str(data.get("joined", envelope.get("time", ""))))
        if self.join_by is not None and said is not None and said > self.join_by:
            found.append(Problem("/data/joined", "late", "After the date to join by; it is marked as late."))
        counted = self._counted(data["role"], actor)
        if counted != data["role"]:
            detail = "Needs a consultative status that your partner does not have."
            found.append(Problem("/data/role", f"counts_as_{counted}", detail))
        return tuple(found)

    def speaks_for(self, lawyer: str, envelope: Mapping[str, Json]) -> bool:
        """Tell whether the agreement of this action covers a text that names a lawyer, under the text's label."""
        return lawyer in self.lawyers and _is_agreed(self.agreement, envelope)

    def is_hidden(self, slug: str, actor: Actor) -> bool:
        """Tell whether a partner that joined must not be named in public yet, as far as the actor may know."""
        return any(
            one.hidden_until is not None and one.hidden_until > actor.moment and actor.sees(one.envelope)
            for one in self.joined.get(slug, {}).values()
        )

    def is_known_to(self, actor: Actor) -> bool:
        """Tell whether the actor may know of the action; otherwise the answer must be as if it never was."""
        if self.proposal is None:
            return False
        return self._is_lead(actor) or actor.sees(self.proposal)

    def forget(self, is_retracted: Callable[[str], bool]) -> None:
        """Leave out signatures whose partners retracted them: what each had committed to before stands again.

        Args:
            is_retracted: tells it of an event, by source and id as one text.
        """
        for slug, roles in self.joined.items():
            standing = ((role, _standing(one, is_retracted)) for role, one in roles.items())
            self.joined[slug] = {role: one for role, one in standing if one is not None}
        self.seats.forget(is_retracted)

    def _refuse_if_over(self) -> None:
        if self.is_over:
            raise DecisionRefused("already_decided", "/data/action", "The action is over.")

    def _is_lead(self, actor: Actor) -> bool:
        # A UUID that the hub cannot tie to a partner leaves the lead with the proposer.
        unknown = slug_in(self.lead) is None and not actor.owns(self.lead)
        return actor.slug == self.proposer if unknown else actor.owns(self.lead)

    def _is_current(self, text_hash: str | None) -> bool:
        return self.text_hash is None or text_hash == self.text_hash

    def _is_signed(self, signature: Signature) -> bool:
        if signature.text_hash is not None and signature.text_hash == self.text_hash:
            return True
        return signature.text == self.text

    def _counted(self, role: str, actor: Actor) -> str:
        return status_rules().counted(role, self.needed, actor.ecosoc_status)

    def _held(self, data: Mapping[str, Json], slug: str) -> list[str]:
        """Return in which roles a partner takes part, of those that are spoken of."""
        return [role for role in self.joined.get(slug, {}) if data.get("role") in (None, role)]

    @staticmethod
    def _who(data: Mapping[str, Json], actor: Actor) -> str | None:
        return actor.slug if actor.owns(data["partner"]) else slug_in(data["partner"])

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Change the state by what was decided."""
        data = envelope["data"]
        publisher = slug_of(envelope["source"])
        self.seats.fold(event_type, envelope)
        if event_type == "action.proposed":
            self._fold_proposal(envelope, publisher)
        elif event_type == "action.joined":
            roles = self.joined.setdefault(publisher, {})
            roles[data["role"]] = Signature(
                self.text, data.get("text_hash"), _moment(data, "valid_until"), _moment(data, "embargo_until"),
                _without_data(envelope), roles.get(data["role"]),
            )  # fmt: skip
        elif event_type == "action.left":
            leaver = slug_in(data["partner"]) or publisher
            for role in self._held(data, leaver):
                del self.joined[leaver][role]
        else:
            self.is_over = True

    def _fold_proposal(self, envelope: Mapping[str, Json], publisher: str) -> None:
        data = envelope["data"]
        self.text += self.proposal is None or brings_new_text(data, self.text_hash)
        # Closing the list without saying the fingerprint again leaves the text as it was.
        is_open = data.get("state", OPEN) in JOINABLE
        self.text_hash = data.get("text_hash", None if is_open else self.text_hash)
        self.proposer = self.proposer or publisher
        self.lead = data["lead"]
        self.state = data.get("state", OPEN)
        self.join_by = _moment(data, "join_by")
        self.needed = status_rules().needed(data["kind"], data.get("mechanism"))
        self.lawyers = lawyers_in(data.get("about", ()))
        self.agreement = data.get("agreed_with_person", "")
        self.proposal = _without_data(envelope)


def _standing(signature: Signature, is_retracted: Callable[[str], bool]) -> Signature | None:
    """Return the last of a partner's signatures in a role that it has not retracted."""
    last: Signature | None = signature
    while last is not None and is_retracted(last.name):
        last = last.before
    return last


def lawyers_in(refs: Iterable[str]) -> frozenset[str]:
    """Return the lawyers among some references."""
    return frozenset(ref for ref in refs if ref.startswith("lawyer:"))


def _is_agreed(agreement: Any, envelope: Mapping[str, Json]) -> bool:
    """Tell whether a person's agreement, or the reach of an event, allows it to speak of that person."""
    if agreement in ASKED:
        return True
    tlp = envelope.get("tlp")
    is_for_few = tlp in _FOR_FEW or (tlp == "amber" and bool(envelope.get("audience")))
    return agreement == NOT_ASKED and is_for_few


def _is_over(signature: Signature, now: datetime) -> bool:
    return signature.valid_until is not None and signature.valid_until < now


def _moment(data: Mapping[str, Json], name: str) -> datetime | None:
    return read_moment(str(data.get(name, "")))


def _without_data(envelope: Mapping[str, Json]) -> Mapping[str, Json]:
    return {name: value for name, value in envelope.items() if name != "data"}
