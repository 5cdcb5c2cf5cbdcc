"""What this hub says of a peer, in English with places for values; pages say it in other languages."""

from collections.abc import Mapping
from types import MappingProxyType

from hub.texts import N_

SLOW = N_("It answers slowly: %(seconds)s s for one question.")
AGAIN = N_("%(why)s Trying again in %(seconds)s s.")
BREAKS_OFF = N_("It breaks off again and again; trying again in %(seconds)s s.")
OWN_LOG = N_("This hub's own log takes nothing now.")
NO_ANSWER = N_("It does not answer (%(why)s).")
NOT_TAKEN = N_("What it says cannot be taken (%(kind)s).")
NO_MORE = N_("It said no more.")
NO_ACCOUNT = N_("What it answers is no account: too long, or no JSON. Is it a hub?")
TO_TOKEN = N_("It answered %(status)s to the token.")
TOO_MUCH = N_("The token there is cleared for more than %(label)s: ask for another.")
NOT_ACKNOWLEDGED = N_("That hub did not take the answer to its erasure: it answered %(status)s.")

REFUSALS: Mapping[str, str] = MappingProxyType({
    "malformed": N_("It is no event."),
    "ours": N_("Its publisher is a member here: only the member itself publishes, here."),
    "not_carried": N_("Nobody here has said that this hub may tell about its publisher."),
    "decided_there": N_("Decisions are made in one hub and do not travel."),
    "not_independent": N_(
        "That hub vouches for what it tells itself: both publishers are known here by its word alone."
    ),
    "unsigned": N_("That hub is not its publisher's home, and shows no signature of the publisher."),
    "not_what_was_signed": N_("What is shown is not what was signed."),
    "bad_signature": N_("It is not signed by a key that is registered here for its publisher."),
    "differs": N_("This hub has another event of this publisher under this id."),
    "was_withdrawn": N_("It was withdrawn by its home hub, and stays so here."),
    "not_theirs": N_("Only who told an event, or its publisher's home hub, may take it back."),
    "erasure_shared": N_("What came from there is destroyed. Others here speak of the same: the stewards decide."),
})  # fmt: skip
"""Why something that a peer told was not taken → what stewards read."""
