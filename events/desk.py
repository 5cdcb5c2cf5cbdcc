"""The desk: settles submissions one after the other inside one transaction, before anything is written."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from events.checks import about_of
from events.decisions.aggregate import Actor, Decision, DecisionRefused
from events.decisions.amended import CORRECTED, Amended
from events.decisions.embargo import Embargo
from events.decisions.settled import refuse_unsettling
from events.draft import Draft, Entry
from events.event import type_of
from events.ids import time_ordered
from events.log import TDecision, Unit
from events.mapper import Fact
from events.means import Means
from events.moments import read_moment
from events.notices import Notices
from events.partners import Partner, PartnerRights
from events.recognition import Recognition
from events.retelling import AMENDMENTS, RETOLD, Heard, Retelling
from events.ruling import Ruling, conflict, fallen, is_new
from events.submission import ANY, HUB, Checked

if TYPE_CHECKING:
    from eventsourcing.persistence import Notification

Parties = dict[tuple[type[Decision], str], Decision]


class Desk:
    """Holds what one transaction knows: recorded keys, decisions replayed so far, events to be written."""

    def __init__(self, means: Means, unit: Unit) -> None:
        self._means = means
        self._salt = means.salt
        self._unit = unit
        self._keys = Recognition(unit, means.salt)
        self._decisions: Parties = {}
        self._before: Parties | None = None
        self.drafts: list[Draft] = []
        self.originals: dict[int, Notification] = {}

    # Made anew each time: whoever kept them would hold a desk that holds him, and with it all that a batch brought,
    # for as long as the garbage collector does not look.
    @property
    def _retelling(self) -> Retelling:
        return Retelling(self._told, self._amended)

    @property
    def _notices(self) -> Notices:
        return Notices(self._is_here, self._told, self._amended)

    def _amended(self, name: str) -> Amended:
        return self._decision(Amended, name)

    def learn(self, entries: Sequence[Entry]) -> None:
        """Look up all at once which of these are recorded already, as what, and whether who hears of them exists."""
        turns = (one for entry in entries for one in self._first_turns(entry))
        self._keys.look_up([*(entry.key for entry in entries), *turns])
        found = (self._keys.recorded(entry.key) for entry in entries)
        positions = [known.position for known in found if known is not None]
        if positions:
            self.originals = {row.id: row for row in self._means.log.writer.select_at(positions)}

    def _first_turns(self, entry: Entry) -> list[bytes]:
        heard = self._means.hearers.get(entry.checked.type)
        places = [] if heard is None else heard(entry.envelope)
        if entry.checked.type in RETOLD:
            places = [*places, (Amended, Heard(entry.checked.type, entry.envelope).name)]
        return [self._keys.turn(kind.__name__, key, 1) for kind, key in places]

    def settle(self, entries: Sequence[Entry]) -> list[Ruling]:
        """Rule on entries one by one; what is refused leaves no trace."""
        return [self._rule(entry) for entry in entries]

    def settle_whole(self, entries: Sequence[Entry]) -> list[Ruling]:
        """Rule on entries that stand or fall together."""
        if len(entries) == 1:
            # What is refused leaves no trace by itself.
            return self.settle(entries)
        before = len(self.drafts)
        with self._remembering():
            rulings = self.settle(entries)
            if all(ruling.status in {"stored", "duplicate"} for ruling in rulings):
                return rulings
            self._undo(before)
        return [fallen(ruling, before) for ruling in rulings]

    def rehearse(self, entries: Sequence[Entry], *, atomic: bool) -> list[Ruling]:
        """Say how entries would be ruled on; they leave no trace."""
        before = len(self.drafts)
        with self._remembering():
            rulings = self.settle(entries)
            is_whole = all(ruling.status in {"stored", "duplicate"} for ruling in rulings)
            self._undo(before)
        if atomic and len(entries) > 1 and not is_whole:
            rulings = [fallen(ruling, before) for ruling in rulings]
        return [replace(ruling, draft=None) if is_new(ruling, before) else ruling for ruling in rulings]

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        """Keep of each aggregate that is used meanwhile how it was, and of no other: some are long to copy."""
        self._before = {}
        yield
        self._before = None

    def _undo(self, before: int) -> None:
        for draft in self.drafts[before:]:
            self._keys.give_back(draft.keys)
        del self.drafts[before:]
        self._decisions.update(self._before or {})

    def _rule(self, entry: Entry) -> Ruling:
        again = self._repeats(entry)
        if again is not None:
            return again
        try:
            draft = self._draft(entry)
        except DecisionRefused as refused:
            return Ruling("refused", problems=(refused.as_problem(),))
        self._keys.take(draft.keys, entry.digest, len(self.drafts))
        self.drafts.append(draft)
        warnings = (*self._notices.of(entry.checked.type, entry.envelope), *draft.remarks)
        return Ruling("stored", draft=len(self.drafts) - 1, warnings=warnings)

    def _repeats(self, entry: Entry) -> Ruling | None:
        fresh, known = self._keys.fresh(entry.key), self._keys.recorded(entry.key)
        if fresh is not None:
            return Ruling("duplicate", draft=fresh[1]) if fresh[0] == entry.digest else conflict()
        if known is not None:
            original = self.originals[known.position]
            is_again = self._means.sealing.is_again(original, known.digest, entry)
            return Ruling("duplicate", position=known.position) if is_again else conflict()
        return None

    def _draft(self, entry: Entry) -> Draft:
        checked, envelope = entry.checked, entry.envelope
        is_believed = self._is_believed(checked, entry.moment)
        actor = self._actor(checked, entry.moment, is_believed=is_believed)
        decider = self._means.deciders.get(checked.type) if is_believed else None
        gate = self._means.gates.get(checked.type) if is_believed else None
        warned = () if gate is None else gate(envelope, actor, self._decision)
        raw = Heard(checked.type, envelope)
        if is_believed and raw.type == CORRECTED:
            self._refuse_unsettling(raw)
        parties = self._parties(raw, decider, actor) if is_believed else {}
        for one in parties.values():
            one.decide(checked.type, envelope, actor)
        if decider is not None:
            decision = self._decision(decider, decider.key(envelope))
            # Whether something is taken is told only to whoever may take it.
            claimed = self._claim(decision, entry)
            remarks = (*warned, *decision.remarks(checked.type, envelope, actor))
            fact = decision.note(checked.stem, envelope, entry.moment)
            return Draft(entry, fact, [entry.key, *claimed, *self._hear(parties, entry, decider)], remarks)
        fact = Fact(
            originator_id=time_ordered(entry.moment, self._means.random),
            originator_version=1,
            timestamp=entry.moment,
            stem=checked.stem,
            envelope=envelope,
        )
        return Draft(entry, fact, [entry.key, *self._hear(parties, entry, None)], warned)

    def _parties(self, raw: Heard, decider: type[Decision] | None, actor: Actor) -> Parties:
        """Return the aggregates that an event concerns: who decides it, who hears of it, and whom these touch."""
        event_type, envelope = raw if raw.type in AMENDMENTS else self._retelling.reads(raw)
        heard = self._means.hearers.get(raw.type)
        waiting = [] if decider is None else [(decider, decider.key(envelope))]
        waiting += [] if heard is None else heard(envelope)
        found: Parties = {}
        while waiting:
            place = waiting.pop(0)
            one = self._decision(*place)
            if place not in found and one.takes_part(event_type, envelope, actor):
                found[place] = one
                waiting += one.touches(event_type, envelope, actor)
                waiting += self._amends(raw) if place[0] is Amended else ()
        return found

    def _amends(self, event: Heard) -> list[tuple[type[Decision], str]]:
        """Return the aggregates that take part in an amendment, since they did in the report that it is about."""
        report = self._retelling.target(event)
        if report is None:
            return []
        return self._means.hearers[report.type](report.envelope)

    def _refuse_unsettling(self, correction: Heard) -> None:
        """Refuse a correction of what is settled, if the event is here; of one that is not, it will change nothing."""
        data = correction.envelope["data"]
        about = about_of(correction.type, data, str(correction.envelope["source"]))
        target = None if about is None else self._told(*about)
        if target is not None:
            refuse_unsettling(target.type, target.envelope["data"], data.get("changes", ()))

    def _told(self, source: str, event_id: str) -> Heard | None:
        """Return an event that was recorded, or is about to be."""
        key = self._salt.of_event(source, event_id)
        fresh, known = self._keys.fresh(key), self._keys.recorded(key)
        if fresh is not None:
            fact = self.drafts[fresh[1]].fact
        elif known is not None:
            [fact] = self._means.log.facts_at([known.position])
        else:
            return None
        return Heard(type_of(fact.stem), fact.envelope)

    def _is_here(self, source: str, event_id: str) -> bool:
        return self._keys.is_taken(self._salt.of_event(source, event_id))

    def _hear(self, parties: Parties, entry: Entry, decider: type[Decision] | None) -> list[bytes]:
        """Lead aggregates through an event, and return the keys under which they find it again."""
        keys = []
        for (kind, key), one in parties.items():
            if kind.hears:
                one.heard += 1
                keys.append(self._keys.turn(kind.__name__, key, one.heard))
            # Who decides and hears has folded it as it was said, not yet as it reads.
            if kind is not decider or kind.hears:
                self._fold(one, Heard(entry.checked.type, entry.envelope))
        return keys

    def hear_again(self, fact: Fact, position: int, actor: Actor) -> list[bytes]:
        """Return the keys that aggregates lack to find a recorded event that concerns them, and lead them through."""
        raw = Heard(type_of(fact.stem), fact.envelope)
        decider = self._means.deciders.get(raw.type)
        keys = []
        for (kind, key), one in self._parties(raw, decider, actor).items():
            is_own = kind is decider and fact.originator_id == kind.stream(key)
            is_heard = position in self._keys.turns(kind.__name__, key)
            if is_heard or not (kind.hears or (kind.was_report and not is_own)):
                continue
            one.heard += 1
            keys.append(self._keys.turn(kind.__name__, key, one.heard))
            self._fold(one, raw)
        return keys

    def _claim(self, decision: Decision, entry: Entry) -> list[bytes]:
        if isinstance(decision, Embargo) and not self._unit.has_alarm(
            decision.until, entry.envelope["data"]["until"]
        ):
            raise DecisionRefused("nothing_to_release", "/data/until", "No embargo ends here.")
        claimed = []
        for name, pointer in decision.claims(entry.checked.type, entry.envelope):
            key = self._salt.of_claim(name)
            if self._keys.is_taken(key):
                raise DecisionRefused("already_used", pointer, "This reference is already taken.")
            claimed.append(key)
        return claimed

    def _is_believed(self, checked: Checked, moment: datetime) -> bool:
        """Tell whether an event takes part in anything: what a lost key signed is kept, and decides nothing."""
        rights = None if checked.signature is None else self.rights(checked.publisher.slug)
        said = read_moment(str(checked.envelope.get("time", "")))
        return rights is None or not rights.distrusts(checked.signature, said, moment)

    def _actor(self, checked: Checked, moment: datetime, *, is_believed: bool) -> Actor:
        publisher = checked.publisher
        if not checked.publishers:
            return Actor(HUB, publisher.account, frozenset({"steward"}), frozenset(), moment)
        # Rights are read again here: a suspension that was written since the check counts.
        rights = self.rights(publisher.slug)
        if rights is None or (is_believed and not rights.may_write):
            raise DecisionRefused("not_admitted", "/source", "The partner is not admitted, or is suspended.")
        if rights.requires_signature and checked.signature is None:
            raise DecisionRefused("signature_required", "", "The partner's events must be signed.")
        if ANY not in checked.publishers and not checked.publishers & rights.roles:
            raise DecisionRefused("not_your_type", "/type", "The partner may not publish this type.")
        of_partner = rights.roles, rights.references, moment, rights.ecosoc_status
        return Actor(publisher.slug, publisher.account, *of_partner)

    def rights(self, slug: str) -> PartnerRights | None:
        """Return what a partner may do, as of this transaction."""
        return self._decision(Partner, slug).rights(slug)

    def _decision(self, kind: type[TDecision], key: str) -> TDecision:
        held = self._decisions.get((kind, key))
        if held is None:
            is_blank = not kind.is_decider
            held = kind.blank(kind.stream(key)) if is_blank else self._means.log.decision(kind, key)
            self._decisions[kind, key] = held
            asked = [self._keys.turn(one.__name__, name, 1) for one, name in held.asks()]
            if asked:
                self._keys.look_up(asked)
            if kind.hears or kind.was_report:
                self._tell(held, kind, key)
        if self._before is not None and (kind, key) not in self._before:
            self._before[kind, key] = deepcopy(held)
        return cast("TDecision", held)

    def _tell(self, held: Decision, kind: type[Decision], key: str) -> None:
        """Fold into an aggregate the recorded events that it heard of, in the order in which it did."""
        places = self._keys.turns(kind.__name__, key)
        held.heard = len(places)
        told = [Heard(type_of(fact.stem), fact.envelope) for fact in self._means.log.facts_at(places)]
        if not isinstance(held, Amended):
            names = (one.name for one in told if one.type in RETOLD)
            self._keys.look_up([self._keys.turn(Amended.__name__, name, 1) for name in names])
        for event in told:
            self._fold(held, event)

    def _fold(self, held: Decision, event: Heard) -> None:
        held.fold(*(event if isinstance(held, Amended) else self._retelling.reads(event)))
