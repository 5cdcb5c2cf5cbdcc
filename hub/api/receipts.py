"""What a publisher gets back for an event, stored or not."""

from base64 import b64encode
from collections.abc import Sequence

from events.cursor import Cursors
from events.event import Json
from events.ledger import Ledger
from events.submission import NotAdmitted, NotYourType, Outcome, SignatureRequired, WrongSource
from schemas.problem import Problem

NotYours = (WrongSource, NotYourType, NotAdmitted, SignatureRequired)
"""The partner may not publish such an event at all."""


def receipt_of(outcome: Outcome, cursors: Cursors) -> dict[str, Json]:
    """Say what became of an event that the log holds, or would hold in a dry run."""
    said: dict[str, Json] = {"status": outcome.status, "source": outcome.source, "id": outcome.id}
    if outcome.position is not None:
        said["cursor"] = cursors.encode(outcome.position)
        said["receipt"] = {"recorded": outcome.recorded, "digest": outcome.digest, **_evidence(outcome)}
    if outcome.warnings:
        said["warnings"] = [one.as_json() for one in outcome.warnings]
    return said


def signed_receipt(outcomes: Sequence[Outcome], ledger: Ledger) -> str | None:
    """Return the note by which the hub signs that its log holds these events, in this order; None without a key."""
    return ledger.receipt(
        [(one.statement, str(one.recorded)) for one in outcomes if one.statement is not None]
    )


def _evidence(outcome: Outcome) -> dict[str, Json]:
    if outcome.statement is None:
        return {}
    leaf, _, nonce = outcome.statement
    return {"leaf": b64encode(leaf).decode(), "nonce": b64encode(nonce).decode()}


def problem_of(refused: Exception) -> Problem:
    """Say in a problem's words why a partner may not publish an event."""
    if isinstance(refused, WrongSource):
        return Problem("/source", "wrong_source", str(refused), "Use the source of your own partner.")
    if isinstance(refused, NotYourType):
        return Problem("/type", "not_your_type", str(refused))
    if isinstance(refused, SignatureRequired):
        return Problem(
            "", "signature_required", str(refused), "Send it in an envelope of DSSE; see docs/api.md."
        )
    return Problem("/source", "not_admitted", str(refused))
