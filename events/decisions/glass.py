"""Break-glass: two stewards who together read one event that neither of them may see."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from events.decisions.aggregate import Actor, Decision, DecisionRefused
from events.event import Json, slug_of
from events.moments import stamp

ASKED_HOLDS = timedelta(hours=24)
"""How long a second steward may take to approve."""

OPEN_HOLDS = timedelta(hours=1)
"""How long the two may read."""

REASONS = ("danger_to_life", "erasure", "legal_duty", "abuse_of_the_hub", "broken_record")
"""Why glass may be broken."""

_GLASS = "glass_"


@dataclass(frozen=True, slots=True)
class GlassAct:
    """Who asked or approved: the account, the id of its token, and when."""

    account: str
    token: str
    at: datetime

    def as_json(self) -> Json:
        """Return what others may know of it."""
        return {"account": self.account, "at": stamp(self.at)}


@dataclass(frozen=True, slots=True)
class GlassRequest:
    """A request to read one event, as the log has it.

    Args:
        id: of the request; its first eight digits are the day on which it was made.
        source: of the event.
        event: id of the event, as its publisher gave it.
        code: one of `REASONS`.
        text: the reason in words.
        asked: who asked.
        opened: the second steward; None until one approves.
        reads: how often it was read.
    """

    id: str
    source: str
    event: str
    code: str
    text: str
    asked: GlassAct
    opened: GlassAct | None = None
    reads: int = 0

    @property
    def until(self) -> datetime:
        """When it lapses, as things stand."""
        return self.asked.at + ASKED_HOLDS if self.opened is None else self.opened.at + OPEN_HOLDS

    def status(self, now: datetime) -> Literal["asked", "open", "lapsed"]:
        """Return how it stands."""
        if now >= self.until:
            return "lapsed"
        return "asked" if self.opened is None else "open"

    def is_of(self, token: str) -> bool:
        """Tell whether a token is one of the two."""
        return token in {self.asked.token, self.opened.token if self.opened else self.asked.token}

    def as_json(self, now: datetime) -> Json:
        """Return the request as stewards see it."""
        return {
            "request": self.id,
            "status": self.status(now),
            "source": self.source,
            "id": self.event,
            "partner": slug_of(self.source),
            "reason": {"code": self.code, "text": self.text},
            "asked": self.asked.as_json(),
            "opened": None if self.opened is None else self.opened.as_json(),
            "until": stamp(self.until),
            "reads": self.reads,
        }


class BreakGlass(Decision):
    """The requests of one day: a stream stays short however long the hub lives.

    Every other act of a steward comes here too, each to a stream of its own, and is recorded as it is.
    """

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The day of the request; for other acts the event itself."""
        data = envelope["data"]
        return day_key(data["subject"]) if _is_glass(data) else f"act {envelope['id']}"

    def begin(self) -> None:
        """Nothing asked."""
        self.requests: dict[str, GlassRequest] = {}

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Approval needs another account with another token; reading needs one of the two, in time."""
        data = envelope["data"]
        if not _is_glass(data) or data["action"] == "glass_asked":
            return
        request = self.requests.get(data["subject"])
        if request is None:
            raise DecisionRefused("unknown_request", "", "There is no such request.")
        if data["action"] == "glass_opened":
            _decide_opening(request, _act_of(envelope), actor.moment)
        else:
            _decide_reading(request, _act_of(envelope), actor.moment)

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Keep who asked, who approved, and how often it was read."""
        data = envelope["data"]
        if not _is_glass(data):
            return
        request_id = str(data["subject"])
        if data["action"] == "glass_asked":
            self.requests[request_id] = _asked(request_id, envelope)
            return
        request = self.requests[request_id]
        if data["action"] == "glass_opened":
            self.requests[request_id] = replace(request, opened=_act_of(envelope))
        else:
            self.requests[request_id] = replace(request, reads=request.reads + 1)


def day_key(request_id: str) -> str:
    """Return the key of the stream in which a request lies."""
    return f"glass {request_id[:8]}"


def _is_glass(data: Mapping[str, Json]) -> bool:
    return str(data["action"]).startswith(_GLASS)


def _decide_opening(request: GlassRequest, act: GlassAct, moment: datetime) -> None:
    if request.opened is not None:
        raise DecisionRefused("already_decided", "", "Another steward has approved this already.")
    if request.status(moment) == "lapsed":
        raise DecisionRefused("lapsed", "", "This request is too old. Ask anew.")
    if act.account == request.asked.account or act.token == request.asked.token:
        raise DecisionRefused("same_steward", "", "Another steward must approve, by an account of his own.")


def _decide_reading(request: GlassRequest, act: GlassAct, moment: datetime) -> None:
    if request.opened is None:
        raise DecisionRefused("not_open", "", "No second steward has approved this yet.")
    if request.status(moment) == "lapsed":
        raise DecisionRefused("lapsed", "", "The hour is over. Ask anew.")
    if not request.is_of(act.token):
        raise DecisionRefused("not_yours", "", "Only the two stewards who opened it may read.")


def _asked(request_id: str, envelope: Mapping[str, Json]) -> GlassRequest:
    said = envelope["data"]["detail"]
    return GlassRequest(
        id=request_id,
        source=str(said["source"]),
        event=str(said["id"]),
        code=str(said["code"]),
        text=str(said["text"]),
        asked=_act_of(envelope),
    )


def _act_of(envelope: Mapping[str, Json]) -> GlassAct:
    data = envelope["data"]
    at = datetime.fromisoformat(str(envelope["recordedtime"]))
    return GlassAct(str(data["account"]), str(data["detail"]["token"]), at)
