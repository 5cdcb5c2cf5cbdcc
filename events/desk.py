"""The desk: settles submissions one after the other inside one transaction, before anything is written."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from events.checks import about_of
from events.decisions.aggregate import Actor, Decision, DecisionRefused
from events.decisions.embargo import Embargo
from events.draft import Draft, Entry
from events.ids import RandomBytes, time_ordered
from events.log import Known, Log, TDecision, Unit
from events.mapper import Fact
from events.moments import read_moment
from events.partners import Partner, PartnerRights
from events.salt import Salt
from events.sealing import Sealing
from events.submission import ANY, HUB, Checked, Status
from schemas.problem import Problem

if TYPE_CHECKING:
    from eventsourcing.persistence import Notification

_NOT_ALONE = Problem("", "not_alone", "Not stored, because another event of the batch was refused.")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the desk says about one entry.

    Args:
        status: what becomes of it.
        draft: index among the drafts to be written, of the entry or of the earlier one that it repeats.
        position: of the recorded event that it repeats.
        problems: why it is refused.
        warnings: what the publisher should know.
    """

    status: Status
    draft: int | None = None
    position: int | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Means:
    """What a desk works with, the same for every transaction.

    Args:
        log: where decisions are replayed from.
        salt: of the log.
        sealing: tells whether something personal was sent again.
        deciders: event type → the aggregate that decides it.
        random: source of random bytes.
    """

    log: Log
    salt: Salt
    sealing: Sealing
    deciders: Mapping[str, type[Decision]]
    random: RandomBytes


class Desk:
    """Holds what one transaction knows: recorded keys, decisions replayed so far, events to be written."""

    def __init__(self, means: Means, unit: Unit) -> None:
        self._means = means
        self._salt = means.salt
        self._unit = unit
        self._known: dict[bytes, Known | None] = {}
        self._fresh: dict[bytes, tuple[bytes, int]] = {}
        self._decisions: dict[tuple[type[Decision], str], Decision] = {}
        self.drafts: list[Draft] = []
        self.originals: dict[int, Notification] = {}

    def learn(self, entries: Sequence[Entry]) -> None:
        """Look up all at once which of these are recorded already, and as what."""
        self._look_up([entry.key for entry in entries])
        positions = [known.position for entry in entries if (known := self._known[entry.key]) is not None]
        if positions:
            self.originals = {row.id: row for row in self._means.log.writer.select_at(positions)}

    def settle(self, entries: Sequence[Entry]) -> list[Ruling]:
        """Rule on entries one by one; what is refused leaves no trace."""
        return [self._rule(entry) for entry in entries]

    def settle_whole(self, entries: Sequence[Entry]) -> list[Ruling]:
        """Rule on entries that stand or fall together."""
        before, decisions = len(self.drafts), deepcopy(self._decisions)
        rulings = self.settle(entries)
        if all(ruling.status in {"stored", "duplicate"} for ruling in rulings):
            return rulings
        self._undo(before, decisions)
        return [_fallen(ruling, before) for ruling in rulings]

    def rehearse(self, entries: Sequence[Entry], *, atomic: bool) -> list[Ruling]:
        """Say how entries would be ruled on; they leave no trace."""
        before, decisions = len(self.drafts), deepcopy(self._decisions)
        rulings = self.settle_whole(entries) if atomic else self.settle(entries)
        self._undo(before, decisions)
        return [replace(ruling, draft=None) if _is_new(ruling, before) else ruling for ruling in rulings]

    def _undo(self, before: int, decisions: dict[tuple[type[Decision], str], Decision]) -> None:
        for draft in self.drafts[before:]:
            for key in draft.keys:
                del self._fresh[key]
        del self.drafts[before:]
        self._decisions = decisions

    def _rule(self, entry: Entry) -> Ruling:
        again = self._repeats(entry)
        if again is not None:
            return again
        try:
            draft = self._draft(entry)
        except DecisionRefused as refused:
            return Ruling("refused", problems=(refused.as_problem(),))
        self._fresh.update(dict.fromkeys(draft.keys, (entry.digest, len(self.drafts))))
        self.drafts.append(draft)
        return Ruling("stored", draft=len(self.drafts) - 1, warnings=self._warnings(entry))

    def _repeats(self, entry: Entry) -> Ruling | None:
        fresh, known = self._fresh.get(entry.key), self._known_as(entry.key)
        if fresh is not None:
            return Ruling("duplicate", draft=fresh[1]) if fresh[0] == entry.digest else _conflict()
        if known is not None:
            original = self.originals[known.position]
            is_again = self._means.sealing.is_again(original, known.digest, entry)
            return Ruling("duplicate", position=known.position) if is_again else _conflict()
        return None

    def _draft(self, entry: Entry) -> Draft:
        checked, envelope = entry.checked, entry.envelope
        is_believed = self._is_believed(checked, entry.moment)
        actor = self._actor(checked, entry.moment, is_believed=is_believed)
        decider = self._means.deciders.get(checked.type)
        if decider is not None and is_believed:
            decision = self._decision(decider, decider.key(envelope))
            # Whether something is taken is told only to whoever may take it.
            decision.decide(checked.type, envelope, actor)
            keys = [entry.key, *self._claim(decision, entry)]
            return Draft(entry, decision.note(checked.stem, envelope, entry.moment), keys)
        fact = Fact(
            originator_id=time_ordered(entry.moment, self._means.random),
            originator_version=1,
            timestamp=entry.moment,
            stem=checked.stem,
            envelope=envelope,
        )
        return Draft(entry, fact, [entry.key])

    def _claim(self, decision: Decision, entry: Entry) -> list[bytes]:
        if isinstance(decision, Embargo) and not self._unit.has_alarm(
            decision.until, entry.envelope["data"]["until"]
        ):
            raise DecisionRefused("nothing_to_release", "/data/until", "No embargo ends here.")
        claimed = []
        for name, pointer in decision.claims(entry.checked.type, entry.envelope):
            key = self._salt.of_claim(name)
            if self._is_taken(key):
                raise DecisionRefused("already_used", pointer, "This reference is already taken.")
            claimed.append(key)
        return claimed

    def _is_believed(self, checked: Checked, moment: datetime) -> bool:
        """Tell whether an event takes part in anything: what a lost key signed is kept, and decides nothing."""
        rights = None if checked.signature is None else self._rights(checked.publisher.slug)
        said = read_moment(str(checked.envelope.get("time", "")))
        return rights is None or not rights.distrusts(checked.signature, said, moment)

    def _actor(self, checked: Checked, moment: datetime, *, is_believed: bool) -> Actor:
        publisher = checked.publisher
        if not checked.publishers:
            return Actor(HUB, publisher.account, frozenset({"steward"}), frozenset(), moment)
        # Rights are read again here: a suspension that was written since the check counts.
        rights = self._rights(publisher.slug)
        if rights is None or (is_believed and not rights.may_write):
            raise DecisionRefused("not_admitted", "/source", "The partner is not admitted, or is suspended.")
        if rights.requires_signature and checked.signature is None:
            raise DecisionRefused("signature_required", "", "The partner's events must be signed.")
        if ANY not in checked.publishers and not checked.publishers & rights.roles:
            raise DecisionRefused("not_your_type", "/type", "The partner may not publish this type.")
        return Actor(publisher.slug, publisher.account, rights.roles, rights.references, moment)

    def _rights(self, slug: str) -> PartnerRights | None:
        return self._decision(Partner, slug).rights(slug)

    def _decision(self, kind: type[TDecision], key: str) -> TDecision:
        held = self._decisions.get((kind, key))
        if held is None:
            held = self._decisions[kind, key] = self._means.log.decision(kind, key)
        return cast("TDecision", held)

    def _warnings(self, entry: Entry) -> tuple[Problem, ...]:
        source = str(entry.envelope["source"])
        about = about_of(entry.checked.type, entry.envelope["data"], source)
        # A steward retracts what others published: that must not tell whether it is there.
        if about is None or about[0] != source or self._is_taken(self._salt.of_event(*about)):
            return ()
        return (Problem("/data/about_event", "unknown_event", "Not here yet; takes effect when it arrives."),)

    def _is_taken(self, key: bytes) -> bool:
        return key in self._fresh or self._known_as(key) is not None

    def _known_as(self, key: bytes) -> Known | None:
        if key not in self._known:
            self._look_up([key])
        return self._known[key]

    def _look_up(self, keys: Sequence[bytes]) -> None:
        found = self._unit.known(keys)
        self._known.update({key: found.get(key) for key in keys})


def _conflict() -> Ruling:
    problem = Problem("/id", "conflict", "Another event of yours bears this id.", "Use a fresh id.")
    return Ruling("conflict", problems=(problem,))


def _is_new(ruling: Ruling, before: int) -> bool:
    return ruling.draft is not None and ruling.draft >= before


def _fallen(ruling: Ruling, before: int) -> Ruling:
    if not _is_new(ruling, before):
        return ruling
    return replace(ruling, status="refused", draft=None, problems=(_NOT_ALONE,), warnings=())
