"""What a steward reads about breaking glass: reasons for it, and why it may not be done."""

from collections.abc import Mapping
from types import MappingProxyType

from hub.texts import N_

GLASS_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "danger_to_life": N_("A life is in danger"),
        "erasure": N_("Something must be erased"),
        "legal_duty": N_("The law asks for it"),
        "abuse_of_the_hub": N_("The hub is abused"),
        "broken_record": N_("A record is broken"),
    }
)
"""Why glass may be broken → what a person reads."""

GLASS_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "glass_already_decided": N_("Another steward has agreed already."),
        "glass_lapsed": N_("The time for this is over. Ask again."),
        "glass_not_open": N_("No second steward has agreed yet."),
        "glass_not_yours": N_("Only the two stewards who asked and agreed may read it."),
        "glass_same_steward": N_("You asked for it yourself: another steward must agree."),
        "glass_unknown_event": N_("This is no id of an event: 1 to 128 characters."),
        "glass_no_reason": N_("Say why, in 1 to 500 characters."),
    }
)
"""Why glass stays whole → what a person reads."""
