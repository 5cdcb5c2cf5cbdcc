"""What stewards do, as events: the trail that stewards read like any other event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from events.event import Json, stem_of

ACTED = "steward.acted"
"""Type of the event; no partner may publish it and no contract describes it."""

ACTED_STEM = stem_of(ACTED, 1)

COMMAND = "command"
"""Stands for the account of whoever acts from the command line of the hub's own machine."""

Action = Literal[
    "token_issued",
    "token_revoked",
    "link_issued",
    "views_rebuilt",
    "views_sent",
    "backup_made",
    "backup_restored",
    "erase_requested",
    "hub_mended",
    "glass_asked",
    "glass_opened",
    "glass_read",
    "witness_asked",
    "witness_dropped",
    "log_watched",
    "peer_added",
    "peer_removed",
]


@dataclass(frozen=True, slots=True)
class StewardAct:
    """One thing that a steward did. It holds no secret and nothing personal: ids, slugs and codes.

    Args:
        action: what was done.
        account: name of the steward's account, or `COMMAND`.
        partner: slug of the partner that it concerns.
        subject: what it was done to, e.g. the id of a token.
        detail: what else is worth keeping, as a JSON object.
        audience: slugs of partners that are told, besides the stewards.
    """

    action: Action
    account: str = COMMAND
    partner: str | None = None
    subject: str | None = None
    detail: Mapping[str, Json] | None = None
    audience: tuple[str, ...] = ()

    @property
    def data(self) -> dict[str, Json]:
        """The payload of the event."""
        said = {
            "action": self.action,
            "account": self.account,
            "partner": self.partner,
            "subject": self.subject,
            "detail": self.detail,
        }
        return {name: value for name, value in said.items() if value is not None}
