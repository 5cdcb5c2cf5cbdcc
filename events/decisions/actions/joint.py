"""Joint actions: proposed once, revised and completed by the lead, joined by each partner for itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events.decisions.actions.agreements import is_agreed, lawyers_in, remark_unsaid
from events.decisions.actions.rules import status_rules
from events.decisions.actions.texts import HEADS, JOINABLE, OPEN, SIGNING, brings_new_text
from events.decisions.aggregate import Actor, Decision, DecisionRefused, slug_in
from events.decisions.amended import Amended
from events.decisions.seats import Seats
from events.event import Json, name_of, slug_of
from events.moments import read_moment
from schemas.problem import Problem

_TEXTS = frozenset({"draft", "translations"})


@dataclass(frozen=True, slots=True)
class Signature:
    """What one partner has committed to in one role.

    Args:
        text: number of the text that was current.
        text_hash: fingerprint of the text that was signed, if the partner said it.
        valid_until: when the commitment ends; None: never.
        hidden_until: before this moment the name must not be published.
        envelope: of the event, without its payload: decides who may know of it.
    """

    text: int
    text_hash: str | None
    valid_until: datetime | None
    hidden_until: datetime | None
    envelope: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Said:
    """One event about the action, as far as it counts. Never changed.

    Args:
        type: of the event.
        envelope: without texts, which decide nothing.
    """

    type: str
    envelope: Mapping[str, Json]

    @property
    def name(self) -> str:
        """Source and id of the event."""
        return name_of(self.envelope)

    def __deepcopy__(self, _: Mapping[int, Any]) -> "Said":
        # Never changed, so it is shared: an action may be long.
        return self


class JointAction(Decision):
    """Everything that was decided about one action."""

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The action's reference."""
        return str(envelope["data"]["action"])

    def begin(self) -> None:
        """Not proposed."""
        self.said: list[Said] = []
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
        if lawyers_in(data.get("about", ())) and not is_agreed(data.get("agreed_with_person"), envelope):
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
        """Return what a partner should know: that it is late, what it counts as, what it has left unsaid."""
        data = envelope["data"]
        if event_type == "action.proposed":
            return remark_unsaid(data)
        if event_type != "action.joined":
            return ()
        found = []
        said = read_moment(str(data.get("joined", envelope.get("time", ""))))
        if self.join_by is not None and said is not None and said > self.join_by:
            found.append(Problem("/data/joined", "late", "After the date to join by; it is marked as late."))
        counted = self._counted(data["role"], actor)
        if counted != data["role"]:
            detail = "Needs a consultative status that your partner does not have."
            found.append(Problem("/data/role", f"counts_as_{counted}", detail))
        if data["role"] in SIGNING and self.text_hash is not None and "text_hash" not in data:
            detail = "Which text you signed is not said: it counts for the one that stands now."
            hint = "Send text_hash, the fingerprint of the text that you have read."
            found.append(Problem("/data/text_hash", "text_not_said", detail, hint))
        return tuple(found)

    def speaks_for(self, lawyer: str, envelope: Mapping[str, Json]) -> bool:
        """Tell whether the agreement of this action covers a text that names a lawyer, under the text's label."""
        return lawyer in self.lawyers and is_agreed(self.agreement, envelope)

    def is_signed_by(self, slug: str, actor: Actor) -> bool:
        """Tell whether a partner has signed the text as it stands, as far as the actor may know."""
        return any(
            role in SIGNING | HEADS
            and self._is_signed(one)
            and not _is_over(one, actor.moment)
            and actor.sees(one.envelope)
            for role, one in self.joined.get(slug, {}).items()
        )

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

    def asks(self) -> list[tuple[type[Decision], str]]:
        """Return what is known of each event about the action: whether it was retracted."""
        return [(Amended, one.name) for one in self.said]

    def forget(self, is_retracted: Callable[[str], bool]) -> None:
        """Leave out what was retracted: a call, a signature, a leaving, an end; what was before stands again.

        Args:
            is_retracted: tells it of an event, by source and id as one text.
        """
        standing = [one for one in self.said if not is_retracted(one.name)]
        if len(standing) < len(self.said):
            self.begin()
            for one in standing:
                self.fold(one.type, one.envelope)

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
        if None in (signature.text_hash, self.text_hash):
            return signature.text == self.text
        return signature.text_hash == self.text_hash

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
        self.said.append(Said(event_type, _without_texts(envelope)))
        self.seats.fold(event_type, envelope)
        if event_type == "action.proposed":
            self._fold_proposal(envelope, publisher)
        elif event_type == "action.joined":
            self.joined.setdefault(publisher, {})[data["role"]] = Signature(
                self.text, data.get("text_hash"), _moment(data, "valid_until"), _moment(data, "embargo_until"),
                _without_data(envelope),
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


def _is_over(signature: Signature, now: datetime) -> bool:
    return signature.valid_until is not None and signature.valid_until < now


def _moment(data: Mapping[str, Json], name: str) -> datetime | None:
    return read_moment(str(data.get(name, "")))


def _without_data(envelope: Mapping[str, Json]) -> Mapping[str, Json]:
    return {name: value for name, value in envelope.items() if name != "data"}


def _without_texts(envelope: Mapping[str, Json]) -> Mapping[str, Json]:
    data = {name: value for name, value in envelope["data"].items() if name not in _TEXTS}
    return {**envelope, "data": data}
