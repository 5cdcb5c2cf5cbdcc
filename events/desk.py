"""The desk: settles submissions one after the other inside one transaction, before anything is written."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from events.checks import about_of
from events.decisions.aggregate import Actor, Decision, DecisionRefused
from events.decisions.embargo import Embargo
from events.event import Json
from events.ids import RandomBytes, time_ordered
from events.log import Known, Log, Row, TDecision, Unit
from events.mapper import Fact
from events.moments import read_moment, stamp
from events.partners import Partner, PartnerRights
from events.salt import Salt
from events.submission import ANY, HUB, Checked, Status
from schemas.problem import Problem

_NOT_ALONE = Problem("", "not_alone", "Not stored, because another event of the batch was refused.")


@dataclass(frozen=True, slots=True)
class Entry:
    """A submission made ready for the log.

    Args:
        checked: the submission.
        envelope: its envelope with `recordedtime`.
        key: under which it is recognised.
        digest: of what was sent.
        moment: of recording.
    """

    checked: Checked
    envelope: Mapping[str, Json]
    key: bytes
    digest: bytes
    moment: datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the desk says about one entry.

    Args:
        status: what becomes of it.
        row: index among the rows to be written, of the entry or of the earlier one that it repeats.
        position: of the recorded event that it repeats.
        problems: why it is refused.
        warnings: what the publisher should know.
    """

    status: Status
    row: int | None = None
    position: int | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


class Desk:
    """Holds what one transaction knows: recorded keys, decisions replayed so far, rows to be written."""

    def __init__(
        self, log: Log, unit: Unit, salt: Salt, deciders: Mapping[str, type[Decision]], random: RandomBytes
    ) -> None:
        self._log = log
        self._unit = unit
        self._salt = salt
        self._deciders = deciders
        self._random = random
        self._known: dict[bytes, Known | None] = {}
        self._fresh: dict[bytes, tuple[bytes, int]] = {}
        self._decisions: dict[tuple[type[Decision], str], Decision] = {}
        self.rows: list[Row] = []

    def learn(self, keys: Sequence[bytes]) -> None:
        """Look up many keys at once."""
        found = self._unit.known(keys)
        self._known.update({key: found.get(key) for key in keys})

    def settle(self, entries: Sequence[Entry]) -> list[Ruling]:
        """Rule on entries one by one; what is refused leaves no trace."""
        return [self._rule(entry) for entry in entries]

    def settle_whole(self, entries: Sequence[Entry]) -> list[Ruling]:
        """Rule on entries that stand or fall together."""
        before, decisions = len(self.rows), deepcopy(self._decisions)
        rulings = self.settle(entries)
        if all(ruling.status in {"stored", "duplicate"} for ruling in rulings):
            return rulings
        self._undo(before, decisions)
        return [_fallen(ruling, before) for ruling in rulings]

    def rehearse(self, entries: Sequence[Entry], *, atomic: bool) -> list[Ruling]:
        """Say how entries would be ruled on; they leave no trace."""
        before, decisions = len(self.rows), deepcopy(self._decisions)
        rulings = self.settle_whole(entries) if atomic else self.settle(entries)
        self._undo(before, decisions)
        return [replace(ruling, row=None) if _is_new(ruling, before) else ruling for ruling in rulings]

    def _undo(self, before: int, decisions: dict[tuple[type[Decision], str], Decision]) -> None:
        for row in self.rows[before:]:
            for key in row.keys:
                del self._fresh[key]
        del self.rows[before:]
        self._decisions = decisions

    def _rule(self, entry: Entry) -> Ruling:
        again = self._repeats(entry)
        if again is not None:
            return again
        try:
            row = self._row(entry)
        except DecisionRefused as refused:
            return Ruling("refused", problems=(refused.as_problem(),))
        self._fresh.update({key: (digest, len(self.rows)) for key, digest in row.keys.items()})
        self.rows.append(row)
        return Ruling("stored", row=len(self.rows) - 1, warnings=self._warnings(entry))

    def _repeats(self, entry: Entry) -> Ruling | None:
        fresh, known = self._fresh.get(entry.key), self._look_up(entry.key)
        if fresh is not None:
            return Ruling("duplicate", row=fresh[1]) if fresh[0] == entry.digest else _conflict()
        if known is not None:
            return (
                Ruling("duplicate", position=known.position) if known.digest == entry.digest else _conflict()
            )
        return None

    def _row(self, entry: Entry) -> Row:
        checked, envelope = entry.checked, entry.envelope
        actor = self._actor(checked, entry.moment)
        decider = self._deciders.get(checked.type)
        keys = {entry.key: entry.digest}
        if decider is None:
            fact = Fact(
                originator_id=time_ordered(entry.moment, self._random),
                originator_version=1,
                timestamp=entry.moment,
                stem=checked.stem,
                envelope=envelope,
            )
        else:
            decision = self._decision(decider, decider.key(envelope))
            keys.update(self._claim(decision, entry))
            fact = decision.take(checked.stem, envelope, actor)
        opens = read_moment(str(envelope.get("notbefore", "")))
        return Row(self._log.mapper.to_stored_event(fact), keys, None if opens is None else stamp(opens))

    def _claim(self, decision: Decision, entry: Entry) -> dict[bytes, bytes]:
        if isinstance(decision, Embargo) and not self._unit.has_embargo(
            decision.until, entry.envelope["data"]["until"]
        ):
            raise DecisionRefused("nothing_to_release", "/data/until", "No embargo ends here.")
        claimed = {}
        for name, pointer in decision.claims(entry.checked.type, entry.envelope):
            key = self._salt.of_claim(name)
            if self._is_taken(key):
                raise DecisionRefused("already_used", pointer, "This reference is already taken.")
            claimed[key] = entry.digest
        return claimed

    def _actor(self, checked: Checked, moment: datetime) -> Actor:
        publisher = checked.publisher
        if not checked.publishers:
            return Actor(HUB, publisher.account, frozenset({"steward"}), frozenset(), moment)
        # Rights are read again here: a suspension that was written since the check counts.
        rights = self._rights(publisher.slug)
        if rights is None or not rights.may_write:
            raise DecisionRefused("not_admitted", "/source", "The partner is not admitted, or is suspended.")
        if ANY not in checked.publishers and not checked.publishers & rights.roles:
            raise DecisionRefused("not_your_type", "/type", "The partner may not publish this type.")
        return Actor(publisher.slug, publisher.account, rights.roles, rights.references, moment)

    def _rights(self, slug: str) -> PartnerRights | None:
        return self._decision(Partner, slug).rights(slug)

    def _decision(self, kind: type[TDecision], key: str) -> TDecision:
        held = self._decisions.get((kind, key))
        if held is None:
            held = self._decisions[kind, key] = self._log.decision(kind, key)
        return cast("TDecision", held)

    def _warnings(self, entry: Entry) -> tuple[Problem, ...]:
        about = about_of(entry.checked.type, entry.envelope["data"], str(entry.envelope["source"]))
        if about is None or self._is_taken(self._salt.of_event(*about)):
            return ()
        return (Problem("/data/about_event", "unknown_event", "Not here yet; takes effect when it arrives."),)

    def _is_taken(self, key: bytes) -> bool:
        return key in self._fresh or self._look_up(key) is not None

    def _look_up(self, key: bytes) -> Known | None:
        if key not in self._known:
            self.learn([key])
        return self._known[key]


def _conflict() -> Ruling:
    problem = Problem("/id", "conflict", "Another event of yours bears this id.", "Use a fresh id.")
    return Ruling("conflict", problems=(problem,))


def _is_new(ruling: Ruling, before: int) -> bool:
    return ruling.row is not None and ruling.row >= before


def _fallen(ruling: Ruling, before: int) -> Ruling:
    if not _is_new(ruling, before):
        return ruling
    return replace(ruling, status="refused", row=None, problems=(_NOT_ALONE,), warnings=())
