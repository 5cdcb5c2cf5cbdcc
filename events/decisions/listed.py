"""Which aggregate decides which type: the one list of them."""

from collections.abc import Callable, Mapping

from events.acts import ACTED
from events.decisions.actions.joint import JointAction
from events.decisions.aggregate import Decision
from events.decisions.amended import CORRECTED, RETRACTED, amendments_heard
from events.decisions.consents import Consent
from events.decisions.deadlines import PASSED, Deadlines
from events.decisions.embargo import RELEASED, Embargo
from events.decisions.figures import Figures, Smallest
from events.decisions.gates import Gate, gate_action, gate_retracted, gate_statement
from events.decisions.glass import BreakGlass
from events.decisions.persons import Erasure, IdentityJudgement
from events.decisions.support import Delivery, Reservation, matches_heard, needs_heard, reviews_heard
from events.decisions.support_capacity import offers_heard
from events.event import Json
from events.partners import KEY_ADDED, KEY_REVOKED, SIGNATURE_REQUIRED, Partner


def deciders() -> Mapping[str, type[Decision]]:
    """Return event type → the aggregate that decides it; every other type is stored without a decision."""
    return {
        "partner.admitted": Partner,
        "partner.suspended": Partner,
        KEY_ADDED: Partner,
        KEY_REVOKED: Partner,
        SIGNATURE_REQUIRED: Partner,
        "identity.judged": IdentityJudgement,
        "consent.recorded": Consent,
        "consent.withdrawn": Consent,
        "erasure.executed": Erasure,
        "support.matched": Reservation,
        "support.delivered": Delivery,
        "action.proposed": JointAction,
        "action.joined": JointAction,
        "action.left": JointAction,
        "action.completed": JointAction,
        "legalaid.reported": Figures,
        "indicator.defined": Smallest,
        RELEASED: Embargo,
        PASSED: Deadlines,
        ACTED: BreakGlass,
    }


def gates() -> Mapping[str, Gate]:
    """Return event type → what must hold, by other decisions, before an event of it is recorded."""
    return {
        "action.proposed": gate_action,
        "action.joined": gate_retracted,
        "action.left": gate_retracted,
        "action.completed": gate_retracted,
        "statement.issued": gate_statement,
    }


def hearers() -> Mapping[str, Callable[[Mapping[str, Json]], list[tuple[type[Decision], str]]]]:
    """Return type → the aggregate that takes part in it, and in its amendments; a report is never refused."""
    amendments = dict.fromkeys((CORRECTED, RETRACTED), amendments_heard)
    reports = {"need.expressed": needs_heard, "offer.made": offers_heard, "support.matched": matches_heard}
    return {**reports, **amendments, "claim.assessed": reviews_heard}
