"""Which aggregate decides which type: the one list of them."""

from collections.abc import Mapping

from events.acts import ACTED
from events.decisions.actions import JointAction
from events.decisions.aggregate import Decision
from events.decisions.embargo import RELEASED, Embargo
from events.decisions.glass import BreakGlass
from events.decisions.persons import Consent, Erasure, IdentityJudgement
from events.decisions.support import Delivery, Reservation
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
        RELEASED: Embargo,
        ACTED: BreakGlass,
    }
