"""What is asked of suggestions."""

from dataclasses import dataclass
from typing import Literal

MOST_RECORDS = 15
"""Records that one answer looks at: more could take longer than a second where there are many."""

Kind = Literal["lawyer", "threat"]


@dataclass(frozen=True, slots=True)
class SuggestionQuery:
    """Which suggestions are asked for.

    Args:
        about: a lawyer or threat, or a thing that a threat targets; None: the newest records.
        kind: "same person?" or "same incident?"; None: what `about` is, else `lawyer`.
        limit: records to look at.
        offset: records to leave out before them.
        across: whoever asks may learn that another partner knows a person.
    """

    about: str | None = None
    kind: Kind | None = None
    limit: int = 10
    offset: int = 0
    across: bool = False

    @property
    def wanted(self) -> Kind:
        """What is to be suggested."""
        if self.kind is None:
            return "threat" if (self.about or "").startswith("threat:") else "lawyer"
        return self.kind
