"""Who will read an event, said before it is sent, by the rule that decides it afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from events.audience import TLP, Label, Reader, visible
from events.event import Json
from events.submission import Checked
from hub.pages.publishing.problems import LABELS
from hub.texts import N_
from hub.texts.speech import Speech
from projections.foretelling import Foretold, foretell
from schemas.contract import Contract

_ALL = MappingProxyType({
    "clear": N_("Everybody, also people who are not signed in."),
    "green": N_("All partners of this hub, and nobody outside."),
    "amber": N_("People of any partner who are cleared for amber or more."),
})  # fmt: skip
_OWN = MappingProxyType({
    "amber": N_("Only people of your own organisation who are cleared for amber or more."),
    "amber+strict": N_("Only people of your own organisation who are cleared for amber+strict or more."),
    "red": N_("Only people of your own organisation who are cleared for red."),
})  # fmt: skip
_NAMED = MappingProxyType({
    "amber": N_("Only people who are cleared for amber or more, of your own organisation and of: %(names)s."),
    "amber+strict": N_(
        "Only people who are cleared for amber+strict or more, of your own organisation and of: %(names)s."
    ),
    "red": N_(
        "Only people of your own organisation who are cleared for red, and these accounts, if they are: %(names)s."
    ),
})  # fmt: skip
_EMBARGO = N_("Until %(moment)s only people of your own organisation.")
_NOT_YOU = N_("You are cleared only up to %(label)s: you will not see it yourself.")
_PART_NOT_YOU = N_("You are cleared only up to %(label)s: you will not see these fields yourself.")
_ACCUSED = N_(
    "A partner whose body is named as the source of a threat in this case sees nothing of it that is not clear."
)
_CONSENT = N_(
    "What the person allowed or took back before counts too: it may show more or less of who he or she is."
)
_NOBODY_NAMED = N_("This label is for named accounts: write slug/account.")


@dataclass(frozen=True, slots=True)
class Readers:
    """Who will read one part of an event.

    Args:
        label: that this part bears.
        said: who that is, in a sentence.
        places: pointers of the fields it is about; none for the event itself.
    """

    label: str
    said: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """Who will read an event.

    Args:
        whole: of the event itself.
        parts: of its stricter fields.
        further: what else to know, in sentences.
    """

    whole: Readers
    parts: Sequence[Readers]
    further: Sequence[str]


def preview(checked: Checked, contract: Contract, me: Reader, speech: Speech) -> Preview:
    """Say who will read what was checked.

    Args:
        checked: the submission.
        contract: of its type.
        me: who publishes it.
        speech: in which it is said.
    """
    told = foretell(checked.envelope, checked.stem, contract)
    parts: dict[Label, list[str]] = {}
    for place, label in told.fields.items():
        parts.setdefault(label, []).append(f"/data{place}")
    return Preview(
        Readers(told.whole.tlp, sentence(told.whole, speech)),
        [
            Readers(one.tlp, sentence(one, speech), tuple(places))
            for one, places in sorted(parts.items(), key=lambda part: (TLP.index(part[0].tlp), part[1]))
        ],
        list(_further(told, checked.envelope, me, speech)),
    )


def sentence(label: Label, speech: Speech) -> str:
    """Say who sees what bears a label, when no embargo holds it back."""
    is_red = label.tlp == "red"
    names = sorted(name for name in label.audience if ("/" in name) == is_red and label.tlp in _NAMED)
    if names:
        return _say(speech, _NAMED[label.tlp], names=", ".join(names))
    if label.tlp in _ALL and not (label.tlp == "amber" and label.audience):
        return _say(speech, _ALL[label.tlp])
    return _say(speech, _OWN[label.tlp])


def _further(told: Foretold, envelope: Mapping[str, Json], me: Reader, speech: Speech) -> list[str]:
    said = []
    if told.whole.embargoed:
        said.append(_say(speech, _EMBARGO, moment=speech.moment(envelope["notbefore"])))
    if not visible(me, told.whole):
        said.append(_say(speech, _NOT_YOU, label=_say(speech, LABELS[me.clearance])))
    elif not all(visible(me, one) for one in told.fields.values()):
        said.append(_say(speech, _PART_NOT_YOU, label=_say(speech, LABELS[me.clearance])))
    if told.whole.tlp == "red" and any("/" not in name for name in told.whole.audience):
        said.append(_say(speech, _NOBODY_NAMED))
    if told.whole.tlp != "clear":
        said.append(_say(speech, _ACCUSED))
    if told.asks_consent:
        said.append(_say(speech, _CONSENT))
    return said


def _say(speech: Speech, text: str, **values: str) -> str:
    return speech.texts.gettext(text) % values
