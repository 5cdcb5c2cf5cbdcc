"""One filled-in form: what was typed as a submission, and what the archive says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import parse_qsl

from events.event import Json
from events.moments import stamp
from events.submission import Checked, EventRefused, Outcome, Publisher
from hub.address import HubRequest
from hub.api.bodies import read_body
from hub.api.receipts import NotYours, problem_of
from hub.pages.publishing.fields import Field
from hub.pages.publishing.problems import own
from hub.pages.publishing.typed import NOTHING, Days, Payload, Typed, moment_from
from hub.refusals import BodyTooLarge
from hub.state import HubState
from hub.texts import N_
from schemas.contract import Contract
from schemas.problem import Problem

MOST_FIELDS = 5000
_GROWN = 4
"""A form may be so many times as large as its event: names of fields, and percent-encoding."""

_SENT_BEFORE = N_(
    "This form was sent before, and is changed since. Open a new one, or correct what was published."
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on a form.

    Args:
        data: the payload, as far as it was typed.
        envelope: further attributes that were chosen: `tlp`, `audience`, `notbefore`, `correlationid`.
        id: of the event; the same form has the same one again.
    """

    data: Mapping[str, Json]
    envelope: Mapping[str, str]
    id: str

    def raw(self, contract: Contract, publisher: Publisher) -> dict[str, Json]:
        """Return the submission."""
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": publisher.source,
            "type": contract.type,
            "dataschema": str(contract.schema["$id"]),
            **self.envelope,
            "data": dict(self.data),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the archive says of a form: what it checked, what became of it, or what is wrong."""

    checked: Checked | None = None
    outcome: Outcome | None = None
    problems: Sequence[Problem] = ()


async def read_form(request: HubRequest) -> dict[str, list[str]]:
    """Return the fields of a posted form.

    Raises:
        BodyTooLarge: there are too many, or they are too long.
    """
    body = await read_body(request, request.state["settings"].max_event_bytes * _GROWN)
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError as too_many:
        raise BodyTooLarge(MOST_FIELDS, "fields") from too_many
    typed: dict[str, list[str]] = {}
    for name, value in pairs:
        typed.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return typed


def without_row(typed: Typed, path: str) -> dict[str, list[str]]:
    """Return a form without one row of a list."""
    return {
        name: list(values)
        for name, values in typed.items()
        if not (name == path or name.startswith((f"{path}/", f"{path}@")))
    }


def read_envelope(typed: Typed, days: Days) -> dict[str, str]:
    """Return the attributes that a form chose for its event."""
    payload = Payload(typed, days)
    more = payload.text("audience_more").replace(";", ",").split(",")
    named = [one.strip() for one in [*typed.get("audience", ()), *more] if one.strip()]
    said = {name: payload.text(name) for name in ("tlp", "correlationid")}
    moment = payload.text("notbefore")
    if moment:
        said["notbefore"] = moment_from(moment, payload.text("notbefore@zone"))
    said["audience"] = ",".join(dict.fromkeys(named))
    return {name: value for name, value in said.items() if value}


def name_of(typed: Typed, publisher: Publisher, now: datetime) -> str:
    """Return the id of a form's event: the one it has, else one that follows from what it says, and when."""
    known = next(iter(typed.get("id", ())), "")
    if known:
        return known
    said = repr((publisher.slug, publisher.account, stamp(now), sorted(typed.items())))
    return f"form-{sha256(said.encode()).hexdigest()[:24]}"


def judge(hub: HubState, publisher: Publisher, raw: Mapping[str, Json], *, is_dry: bool) -> Verdict:
    """Check a submission and have it recorded, or rehearse that. Blocks.

    Raises:
        StoreBusy, StoreUnavailable: the log cannot take it now.
    """
    try:
        checked = hub["intake"].check(publisher, dict(raw))
    except EventRefused as refused:
        return Verdict(problems=refused.problems)
    except NotYours as refused:
        return Verdict(problems=(problem_of(refused),))
    outcome = hub["intake"].record([checked], dry_run=is_dry)[0]
    if outcome.status == "conflict":
        return Verdict(checked, outcome, (own("/id", _SENT_BEFORE),))
    if outcome.status == "refused":
        return Verdict(checked, outcome, outcome.problems)
    return Verdict(checked, outcome)


def payload_of(payload: Payload, form: Field) -> dict[str, Json]:
    """Return the payload of a form; empty where nothing was typed."""
    data = payload.read(form, "data")
    return {} if data is NOTHING else data
