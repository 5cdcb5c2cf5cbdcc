"""Joint actions: proposed once, revised and completed by the lead, joined by each partner for itself."""

from collections.abc import Mapping

from events.decisions.aggregate import Actor, Decision, DecisionRefused, slug_in
from events.event import Json, slug_of

_JOINABLE = frozenset({"proposed", "open_for_joining"})


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
        self.joined: dict[tuple[str, str], int] = {}
        self.is_over = False

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Refuse what comes twice, too late, or from somebody else than the lead or the partner itself."""
        if event_type == "action.proposed":
            self._decide_proposal(envelope["data"], actor)
        elif event_type == "action.joined":
            self._decide_joining(envelope["data"], actor)
        elif event_type == "action.left":
            self._decide_leaving(envelope["data"], actor)
        else:
            self._decide_completion(actor)

    def _decide_proposal(self, data: Mapping[str, Json], actor: Actor) -> None:
        is_new = self.proposal is None and actor.names(data["action"])
        if not is_new and (self.proposal is None or not self._is_lead(actor)):
            raise DecisionRefused("not_lead", "/data/action", "You do not lead such an action.")
        self._refuse_if_over()

    def _decide_joining(self, data: Mapping[str, Json], actor: Actor) -> None:
        if not actor.owns(data["partner"]):
            raise DecisionRefused("not_yours", "/data/partner", "A partner joins for itself only.")
        if not self._is_known_to(actor) or self.is_over or self.state not in _JOINABLE:
            raise DecisionRefused("not_open", "/data/action", "No such action is open for joining.")
        # Whoever signed an earlier text may sign the new one.
        if self.joined.get((actor.slug, data["role"])) == self.text:
            raise DecisionRefused("already_joined", "/data/role", "Your partner has joined in this role.")

    def _decide_leaving(self, data: Mapping[str, Json], actor: Actor) -> None:
        if not (actor.owns(data["partner"]) or actor.is_steward):
            raise DecisionRefused("not_yours", "/data/partner", "A partner leaves for itself only.")
        if not self._held(data, self._who(data, actor)):
            raise DecisionRefused("not_joined", "/data/partner", "The partner has not joined in this role.")

    def _decide_completion(self, actor: Actor) -> None:
        if not self._is_known_to(actor) or not self._is_lead(actor):
            raise DecisionRefused("not_lead", "/data/action", "You do not lead such an action.")
        self._refuse_if_over()

    def _refuse_if_over(self) -> None:
        if self.is_over:
            raise DecisionRefused("already_decided", "/data/action", "The action is over.")

    def _is_lead(self, actor: Actor) -> bool:
        # A UUID that the hub cannot tie to a partner leaves the lead with the proposer.
        unknown = slug_in(self.lead) is None and not actor.owns(self.lead)
        return actor.slug == self.proposer if unknown else actor.owns(self.lead)

    def _is_known_to(self, actor: Actor) -> bool:
        # Whoever may not see the proposal must get the same answer as for an action that never was.
        if self.proposal is None:
            return False
        return self._is_lead(actor) or actor.sees(self.proposal)

    def _held(self, data: Mapping[str, Json], slug: str | None) -> list[tuple[str, str]]:
        role = data.get("role")
        return [place for place in self.joined if place[0] == slug and role in (None, place[1])]

    @staticmethod
    def _who(data: Mapping[str, Json], actor: Actor) -> str | None:
        return actor.slug if actor.owns(data["partner"]) else slug_in(data["partner"])

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Change the state by what was decided."""
        data = envelope["data"]
        publisher = slug_of(envelope["source"])
        if event_type == "action.proposed":
            self.proposer = self.proposer or publisher
            self.lead = data["lead"]
            self.state = data.get("state", "open_for_joining")
            self.text += 1
            self.proposal = {name: value for name, value in envelope.items() if name != "data"}
        elif event_type == "action.joined":
            self.joined[publisher, data["role"]] = self.text
        elif event_type == "action.left":
            leaver = slug_in(data["partner"]) or publisher
            for place in self._held(data, leaver):
                del self.joined[place]
        else:
            self.is_over = True
