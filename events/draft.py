"""What is on its way into the log: a submission made ready, and then the event that becomes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from events.event import Json
from events.mapper import Fact
from events.seals import SealedField
from events.submission import Checked
from schemas.problem import Problem


@dataclass(frozen=True, slots=True)
class Entry:
    """A submission made ready for the log.

    Args:
        checked: the submission.
        envelope: its envelope with `recordedtime`.
        key: under which it is recognised.
        digest: of what was sent; not for the log if anything of it is personal.
        moment: of recording.
        fields: what of it is personal.
    """

    checked: Checked
    envelope: Mapping[str, Json]
    key: bytes
    digest: bytes
    moment: datetime
    fields: Sequence[SealedField] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that was ruled on and is to be written, everything still in the plain.

    Args:
        entry: the submission.
        fact: the event.
        keys: that it takes; the first is its own.
        remarks: what its publisher should know.
    """

    entry: Entry
    fact: Fact
    keys: Sequence[bytes]
    remarks: Sequence[Problem] = ()
