"""Breaking glass: asks, approves and notes each reading, every step an event before it counts."""

import re
from datetime import timedelta

from events.acts import Action, StewardAct
from events.clock import Clock
from events.decisions.glass import ASKED_HOLDS, OPEN_HOLDS, REASONS, BreakGlass, GlassRequest, day_key
from events.event import Json, slug_of
from events.intake import Intake
from events.store import Store
from events.submission import EventRefused
from schemas.problem import Problem

MOST_TEXT = 500

_SOURCE = re.compile(r"urn:hub:partner:[a-z0-9][a-z0-9-]{1,39}")
_REQUEST = re.compile(r"\d{8}-[0-9a-f-]{36}")
_DAY = timedelta(days=1)


class GlassRefused(Exception):
    """Glass may not be broken like this; `problems` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problems = (problem,)


class Glass:
    """The requests of all stewards; keeps nothing, everything is read from the log.

    Args:
        intake: records each step.
        store: gives the requests, folded.
        clock: the present moment.
    """

    def __init__(self, intake: Intake, store: Store, clock: Clock) -> None:
        self._intake = intake
        self._store = store
        self._clock = clock

    def ask(self, account: str, token: str, said: Json) -> Json:
        """Ask to read an event, and return the request; whether there is such an event is not looked at.

        Args:
            account: name of the steward's account.
            token: id of its token.
            said: `{"source", "id", "reason": {"code", "text"}}`.

        Raises:
            EventRefused: with every problem.
        """
        problems = _problems(said)
        if problems:
            raise EventRefused(problems)
        now = self._clock()
        request_id = f"{now:%Y%m%d}-{self._store.fresh_id(now)}"
        reason = {"code": said["reason"]["code"], "text": said["reason"]["text"].strip()}
        detail = {"token": token, "source": said["source"], "id": said["id"], **reason}
        return self._note("glass_asked", account, request_id, detail)

    def open(self, account: str, token: str, request_id: str) -> Json | None:
        """Approve a request and return it; from now on the two may read for an hour. None if there is none.

        Raises:
            GlassRefused: by the same steward, too late, or approved already.
        """
        return self._follow("glass_opened", account, token, request_id)

    def note_reading(self, account: str, token: str, request_id: str) -> Json | None:
        """Record that one of the two reads now, and return the request; None if there is none.

        Only then may the event be shown.

        Raises:
            GlassRefused: it is not open, or not for this steward.
        """
        return self._follow("glass_read", account, token, request_id)

    def pending(self) -> list[Json]:
        """Return the requests that are asked or open now, oldest first."""
        now = self._clock()
        first = (now - ASKED_HOLDS - OPEN_HOLDS).date()
        days = [first + _DAY * number for number in range((now.date() - first).days + 1)]
        found = [request for day in days for request in self._of_day(f"{day:%Y%m%d}").values()]
        return [one.as_json(now) for one in found if one.status(now) != "lapsed"]

    def _of_day(self, request_id: str) -> dict[str, GlassRequest]:
        return self._store.decided(BreakGlass, day_key(request_id)).requests

    def _follow(self, action: Action, account: str, token: str, request_id: str) -> Json | None:
        found = self._of_day(request_id).get(request_id) if _REQUEST.fullmatch(request_id) else None
        if found is None:
            return None
        detail = {"token": token, "source": found.source, "id": found.event}
        return self._note(action, account, request_id, detail)

    def _note(self, action: Action, account: str, request_id: str, detail: dict[str, Json]) -> Json:
        """Record one step, of which the publisher of the event is told, and return the request as it is then."""
        slug = slug_of(str(detail["source"]))
        act = StewardAct(action, account, slug, request_id, detail, (slug,))
        outcome = self._intake.note_steward_act(act)
        if outcome.status != "stored":
            raise GlassRefused(outcome.problems[0])
        return self._of_day(request_id)[request_id].as_json(self._clock())


def _problems(said: Json) -> list[Problem]:
    if not isinstance(said, dict):
        return [Problem("", "wrong_type", "Is not an object.")]
    found = []
    if not said.keys() <= {"source", "id", "reason"}:
        found.append(Problem("", "unknown_field", "Has a field besides source, id and reason."))
    source, event_id = said.get("source"), said.get("id")
    if not (isinstance(source, str) and _SOURCE.fullmatch(source)):
        found.append(Problem("/source", "wrong_form", "Is no source.", "urn:hub:partner:SLUG"))
    if not (isinstance(event_id, str) and 1 <= len(event_id) <= 128):
        found.append(Problem("/id", "wrong_form", "Is no id of an event.", "1 to 128 characters"))
    return found + _reason_problems(said.get("reason"))


def _reason_problems(reason: Json) -> list[Problem]:
    if not isinstance(reason, dict) or not reason.keys() <= {"code", "text"}:
        return [Problem("/reason", "wrong_type", "Is no reason.", '{"code", "text"}')]
    found = []
    if reason.get("code") not in REASONS:
        found.append(Problem("/reason/code", "unknown_code", "This code is not known.", ", ".join(REASONS)))
    text = reason.get("text")
    if not (isinstance(text, str) and 1 <= len(text.strip()) <= MOST_TEXT):
        found.append(Problem("/reason/text", "required", f"Say why, in 1 to {MOST_TEXT} characters."))
    return found
