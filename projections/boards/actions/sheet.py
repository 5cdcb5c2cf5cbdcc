"""The sheet of one action: its text, who joined and left, as far as some readers may see it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from events.decisions.actions.rules import status_rules
from events.decisions.actions.texts import JOINABLE, OPEN, brings_new_text, hash_of_draft
from events.decisions.aggregate import slug_in
from events.moments import read_moment
from projections.boards.tellings import Telling, Tellings

Json = Any

PROPOSED, JOINED, LEFT, COMPLETED = "action.proposed", "action.joined", "action.left", "action.completed"
ISSUED = "statement.issued"
TYPES = (PROPOSED, JOINED, LEFT, COMPLETED, ISSUED)

ENDORSER = "endorser"


@dataclass(frozen=True, slots=True)
class Entry:
    """A partner in a role.

    Args:
        partner: its slug.
        role: as it said.
        told: the event by which it joined.
        text: number of the text that was current then.
        is_late: it came after the date to join by.
        left: the event by which it left; None while it stays.
    """

    partner: str
    role: str
    told: Telling
    text: int
    is_late: bool
    left: Telling | None = None

    @property
    def when(self) -> str:
        """When the partner decided to join."""
        return moment_of_joining(self.told)

    def is_over(self, now: datetime) -> bool:
        """Tell whether the commitment ended by itself."""
        until = read_moment(str(self.told.data.get("valid_until", "")))
        return until is not None and until < now


@dataclass(slots=True)
class Sheet:
    """What is known of one action. Built once from its events; not to be changed afterwards.

    Args:
        ref: of the action.
        refs: every reference that is read as this one.
    """

    ref: str
    refs: frozenset[str]
    proposal: Telling | None = None
    ending: Telling | None = None
    text: int = 0
    said_hash: str | None = None
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    statements: list[Telling] = field(default_factory=list)

    @property
    def data(self) -> Mapping[str, Json]:
        """The proposal as it stands; empty where these readers see none."""
        return {} if self.proposal is None else self.proposal.data

    @property
    def state(self) -> str | None:
        """How the action stands; None where these readers see no proposal."""
        if self.ending is not None:
            return str(self.ending.data.get("state", "completed"))
        return None if self.proposal is None else str(self.data.get("state", OPEN))

    @property
    def is_open(self) -> bool:
        """Tell whether partners may join."""
        return self.state in JOINABLE

    @property
    def text_hash(self) -> str | None:
        """The fingerprint of the text: as the lead said it, or of the draft where these readers see it."""
        return self.said_hash or hash_of_draft(self.data.get("draft"))

    @property
    def needed(self) -> frozenset[str]:
        """The statuses with which one signs; none: everybody does."""
        return status_rules().needed(str(self.data.get("kind")), self.data.get("mechanism"))

    def is_signed(self, entry: Entry) -> bool:
        """Tell whether what a partner signed is the text as it stands."""
        signed, current = entry.told.data.get("text_hash"), self.text_hash
        return entry.text == self.text if None in (signed, current) else bool(signed == current)

    def ordered(self) -> list[Entry]:
        """Return who joined: in the agreed order, then by when they did."""
        agreed = [slug_in(ref) for ref in self.data.get("signatory_order", ())]
        places = {slug: place for place, slug in reversed(list(enumerate(agreed)))}
        return sorted(
            self.entries.values(),
            key=lambda one: (places.get(one.partner, len(agreed)), one.when, one.partner, one.role),
        )

    def left_by(self, ref: str) -> Telling | None:
        """Return how a partner left all its roles; None if it did not, or never joined."""
        own = [one for one in self.entries.values() if ref == f"partner:{one.partner}"]
        leavings = [one.left for one in own if one.left is not None]
        return max(leavings, key=lambda one: one.position) if own and len(leavings) == len(own) else None

    def take(self, one: Telling) -> None:
        """Fold one event that names the action."""
        if one.data.get("action") not in self.refs:
            return
        if one.type == PROPOSED:
            self._propose(one)
        elif one.type == JOINED:
            self._join(one)
        elif one.type == LEFT:
            self._leave(one)
        elif one.type == COMPLETED:
            self.ending = one
        else:
            self.statements.append(one)

    def _propose(self, one: Telling) -> None:
        data = one.data
        self.text += self.proposal is None or brings_new_text(data, self.said_hash)
        is_open = data.get("state", OPEN) in JOINABLE
        self.said_hash = data.get("text_hash", None if is_open else self.said_hash)
        self.proposal = one

    def _join(self, one: Telling) -> None:
        by = read_moment(str(self.data.get("join_by", "")))
        said = read_moment(moment_of_joining(one))
        is_late = by is not None and said is not None and said > by
        role = str(one.data.get("role"))
        self.entries[one.partner, role] = Entry(one.partner, role, one, self.text, is_late)

    def _leave(self, one: Telling) -> None:
        leaver = slug_in(str(one.data.get("partner"))) or one.partner
        for place, entry in self.entries.items():
            if place[0] == leaver and one.data.get("role", place[1]) == place[1] and entry.left is None:
                self.entries[place] = Entry(leaver, place[1], entry.told, entry.text, entry.is_late, one)


def moment_of_joining(one: Telling) -> str:
    """Return when a partner joined, as it says."""
    return str(one.data.get("joined") or one.event.get("time", ""))


def sheet_of(ref: str, tellings: Tellings) -> Sheet:
    """Return the sheet of one action."""
    return sheets_of([ref], tellings)[tellings.merged.of(ref)]


def sheets_of(refs: Iterable[str], tellings: Tellings) -> dict[str, Sheet]:
    """Return the sheets of some actions, by reference to go by."""
    found: dict[str, Sheet] = {}
    for ref, told in tellings.about(refs, TYPES).items():
        sheet = found[ref] = Sheet(ref, frozenset(tellings.merged.all_of(ref)))
        for one in told:
            sheet.take(one)
    return found


def statuses(slugs: Collection[str], tellings: Tellings) -> dict[str, str]:
    """Return the consultative status of some partners, as the stewards said last."""
    told = tellings.about([f"partner:{slug}" for slug in sorted(slugs)], ("partner.admitted",))
    return {
        ref.removeprefix("partner:"): str(every[-1].data.get("ecosoc_status", "none"))
        for ref, every in told.items()
        if every
    }
