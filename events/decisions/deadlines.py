"""Deadlines: the timekeeper's word that a moment has come which an event speaks of, once for each moment."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from events.decisions.aggregate import Actor, Decision, DecisionRefused
from events.event import Json, name_of, stem_of
from events.moments import stamp
from events.strict import canonical

PASSED = "deadline.passed"
"""Type of the event; no partner may publish it and no contract describes it."""

PASSED_STEM = stem_of(PASSED, 1)


SILENT = "response.received"
"""Type of the event by which the hub says that nobody replied in time; partners say by it who replied."""

REPLY_DUE = "reply_due"
"""Kind of the deadline after which the hub says so."""

SILENT_STEM = stem_of(SILENT, 1)


class Deadlines(Decision):
    """What was said of the deadlines of one event."""

    @classmethod
    def key(cls, envelope: Mapping[str, Json]) -> str:
        """The event whose deadlines they are."""
        return name_of(envelope["data"]["about_event"])

    def begin(self) -> None:
        """None has passed."""
        self.passed: set[bytes] = set()

    def decide(self, event_type: str, envelope: Mapping[str, Json], actor: Actor) -> None:
        """Nothing comes before its time, and nothing twice."""
        if envelope["data"]["due"] > stamp(actor.moment):
            raise DecisionRefused("not_due", "/data/due", "This moment has not come yet.")
        if _moment(envelope) in self.passed:
            raise DecisionRefused("already_decided", "/data/due", "This was said before.")

    def fold(self, event_type: str, envelope: Mapping[str, Json]) -> None:
        """Remember the moment."""
        self.passed.add(_moment(envelope))


def _moment(envelope: Mapping[str, Json]) -> bytes:
    # All of it: where whom it waits for was corrected, the first word is void, and another one is said.
    return canonical(envelope["data"]) or b""


def words(
    dues: Iterable[Mapping[str, Json]], secret_name: Callable[[str], str]
) -> Iterator[tuple[str, str, Mapping[str, Json], dict[str, str]]]:
    """Yield what the hub records of deadlines that have passed: id, stem, payload, and what more is in the envelope.

    Who may see it is read from the event that speaks of the date.

    Args:
        dues: payloads, `{"kind", "about_event": {"source", "id"}, "ref", "due"}` and what more there is to say.
        secret_name: gives a text a name that is always the same, and tells nothing of it.
    """
    for due in dues:
        name = f"deadline-{secret_name(f'deadline {canonical(due)!r}')}"
        yield name, PASSED_STEM, due, {"subject": due["ref"]}
        for number, said in enumerate(silences(due)):
            more = {"subject": due["ref"], "deadline": name}
            yield f"{name}-{number}", SILENT_STEM, said, more


def silences(due: Mapping[str, Json]) -> list[dict[str, Json]]:
    """Return what the hub says, where a reply was due, of each body that did not reply: payloads of `SILENT`."""
    if due["kind"] != REPLY_DUE or "lead" in due:
        return []
    # The date is the end of the last day.
    day = (datetime.fromisoformat(due["due"]) - timedelta(microseconds=1)).date().isoformat()
    said = {"statement": due["ref"], "kind": "no_reply_by_deadline", "received": day}
    return [{**said, "from": body} for body in due.get("from", ())]
