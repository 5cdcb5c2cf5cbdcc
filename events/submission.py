"""What travels between the door and the log: who publishes, what was checked, what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from events.event import SOURCE_PREFIX, Json, Position
from schemas.problem import Problem

HUB = "hub"
"""Slug under which the hub itself publishes what the timekeeper says; no partner may bear it."""

STEWARDS = "stewards"
"""Slug of the partner that runs the hub."""

ANY = "any"
"""Stands in a contract's publishers for every admitted partner."""

Status = Literal["stored", "duplicate", "conflict", "refused"]

_SIGNED = frozenset({"payload", "payloadType", "signatures"})


def is_signed(raw: Json) -> bool:
    """Tell whether a submission is a signed event: an envelope of DSSE, with exactly its members."""
    return isinstance(raw, dict) and raw.keys() == _SIGNED


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who pushes: a partner's slug and the account within it."""

    slug: str
    account: str

    @property
    def source(self) -> str:
        """The CloudEvents source that this publisher must use."""
        return SOURCE_PREFIX + self.slug


@dataclass(frozen=True, slots=True)
class Checked:
    """A submission that breaks no rule that can be told without the log.

    Args:
        publisher: who pushed it.
        stem: type and version.
        envelope: normalised CloudEvent, defaults filled in, without `recordedtime`.
        content: what the publisher sent, in canonical bytes; the same again is a duplicate.
        publishers: roles that may publish the type, or {"any"}; empty for the hub itself.
        signature: what the publisher signed: `payload` (base64 of the exact bytes), `payloadType`, `keyid`, `sig`;
            and `public_key`, by which it was verified.
    """

    publisher: Publisher
    stem: str
    envelope: dict[str, Json]
    content: bytes
    publishers: frozenset[str] = frozenset()
    signature: Mapping[str, Json] | None = None

    @property
    def id(self) -> str:
        """The publisher's identifier."""
        return str(self.envelope["id"])

    @property
    def type(self) -> str:
        """The event type, without version."""
        return str(self.envelope["type"])


class Statement(NamedTuple):
    """What a receipt says of one event.

    Args:
        leaf: hash of its leaf in the Merkle log.
        sent: hash of what was sent, with the nonce before it.
        nonce: that nobody else can guess.
    """

    leaf: bytes
    sent: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one submission.

    Args:
        status: `stored` and `duplicate` mean that the log holds it durably (in a dry run: that it would).
        source: CloudEvents source.
        id: the publisher's identifier.
        position: its place in the log; None unless the log holds it.
        recorded: RFC 3339 moment of recording; None unless the log holds it.
        digest: salted digest of what was recorded; None unless the log holds it.
        problems: why it was refused or is in conflict.
        warnings: what the publisher should know although it was stored.
        statement: what a receipt says of it beyond that: `leaf`, `sent`, `nonce`; None unless the log holds it, or
            where nobody can tell any more whether this is what was sent.
    """

    status: Status
    source: str
    id: str
    position: Position | None = None
    recorded: str | None = None
    digest: str | None = None
    problems: Sequence[Problem] = field(default=())
    warnings: Sequence[Problem] = field(default=())
    statement: Statement | None = None


class EventRefused(Exception):
    """A submission breaks the envelope or its contract; `problems` lists every breach, sorted by pointer."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problem(s)")
        self.problems = tuple(problems)


class WrongSource(Exception):
    """The `source` of a submission belongs to somebody else than its publisher."""

    def __init__(self) -> None:
        super().__init__("The source does not belong to the partner whose token this is.")


class NotYourType(Exception):
    """The partner holds none of the roles that may publish this type."""

    def __init__(self, allowed: frozenset[str]) -> None:
        roles = ", ".join(sorted(allowed)) or "the hub alone"
        super().__init__(f"Your partner may not publish this type; it is for: {roles}.")
        self.allowed = allowed


class NotAdmitted(Exception):
    """The partner was never admitted, or is suspended from publishing."""

    def __init__(self) -> None:
        super().__init__("The partner is not admitted, or is suspended.")


class SignatureRequired(Exception):
    """The partner publishes signed events only, and this one is not."""

    def __init__(self) -> None:
        super().__init__("Your partner's events must be signed; this one is not.")


class StoreBusy(Exception):
    """So many submissions wait for the log that it takes no more for now; try again."""


class StoreUnavailable(Exception):
    """The log's database cannot be reached, or did not confirm: sending again is safe and needed."""
