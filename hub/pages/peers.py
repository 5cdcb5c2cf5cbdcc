"""What this hub notes of another, in the language of the page; what that hub said itself stays as it is."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from markupsafe import Markup, escape

from events.event import Json
from hub.federation import sentences
from hub.pages.refusals import OF_CODES
from hub.texts import N_
from hub.texts.speech import Speech

SENTENCES = (
    sentences.SLOW,
    sentences.BREAKS_OFF,
    sentences.OWN_LOG,
    sentences.NO_ANSWER,
    sentences.NOT_TAKEN,
    sentences.NO_MORE,
    sentences.NO_ACCOUNT,
    sentences.TO_TOKEN,
    sentences.TOO_MUCH,
    sentences.NOT_ACKNOWLEDGED,
    # What the client says, which programs of partners take without any of this.
    N_("The hub is away (%(why)s); trying again in %(seconds)s s."),
    N_("The token has expired or was revoked."),
    N_("The hub answered %(status)s."),
    N_("it answered %(status)s"),
    N_(
        "what answered is no hub: is its address right, with https? Perhaps this network wants you to sign in first: "
        "open any page in a browser"
    ),
    N_("it restarts"),
    N_("we were too slow for it"),
    N_("it closed the connection"),
    N_("nothing came for %(seconds)s s"),
    N_("no whole message came for %(seconds)s s"),
    N_("It sent something that is no message of the feed."),
    N_("No answer (%(kind)s)."),
    # What is said of an address that is not called.
    N_("This is no address."),
    N_("Write the address in ASCII, without spaces, in 2048 characters."),
    N_("The address must begin with https:// and a host."),
    N_("Leave name and password out of the address."),
    N_("These ports are called: %(ports)s."),
    N_("The host has an address that the hub does not call."),
    # Last: any sentence may stand before it.
    sentences.AGAIN,
)
"""Every sentence that is noted of a peer; inside brackets stands another, or what the machine says."""

OF_COPIES: Mapping[str, str] = MappingProxyType(
    {
        **sentences.REFUSALS,
        "not_admitted": N_("Its publisher is not admitted here, or is suspended."),
        "not_its_type": N_("Its publisher does not have the role for this here."),
        "signature_required": N_("Its publisher signs its events with a key, and this one is not signed."),
        "wrong_source": N_("It is said in the name of another publisher."),
    }
)
"""Code of what was not taken → what a person reads."""

LONGEST = 500
"""Characters; a longer sentence is none of ours."""

_PLACE = re.compile(r"%\((\w+)\)s")
_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "kind": r"\w+",
        "label": r"[a-z+]+",
        "ports": r"[0-9, ]+",
        "seconds": r"[0-9]{1,6}(?:\.[0-9]{1,6})?(?:e\+[0-9]{1,2})?",
        "status": r"[0-9]+",
        "why": r".+",
    }
)
_OTHERWISE = Markup('<span lang="en" dir="auto">{}</span>')


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = _PLACE.split(sentence)
    read = (f"(?P<{part}>{_FORMS[part]})" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return re.compile("".join(read))


_PATTERNS = tuple((sentence, _pattern(sentence)) for sentence in SENTENCES)


def state_said(said: str, speech: Speech) -> Markup:
    """Return what is noted of a peer's state, in a language; in English what is no sentence of this hub."""
    found = ((sentence, pattern.fullmatch(said)) for sentence, pattern in _PATTERNS if len(said) <= LONGEST)
    for sentence, match in found:
        if match is not None:
            told = {place: _value(place, value, speech) for place, value in match.groupdict().items()}
            return escape(speech.texts.gettext(sentence)) % told
    return _OTHERWISE.format(said)


def _value(place: str, value: str, speech: Speech) -> Markup:
    if place == "why":
        return state_said(value, speech)
    return Markup("<bdi>{}</bdi>").format(speech.number(float(value)) if place == "seconds" else value)


def refusal_said(refusal: Mapping[str, Json], speech: Speech) -> Markup:
    """Return why something that a peer told was not taken, in a language.

    Args:
        refusal: its `code`, and `why` in English: a sentence, or a JSON Pointer, a colon and what is wrong there.
        speech: of the language.
    """
    code, why = refusal["code"], str(refusal["why"])
    if code in OF_COPIES:
        return escape(speech.texts.gettext(OF_COPIES[code]))
    pointer, colon, _ = why.partition(": ")
    if code in OF_CODES and colon:
        words = speech.texts.gettext(OF_CODES[code])
        return Markup('<code dir="ltr">{}</code>: {}').format(pointer, words)
    return state_said(why, speech)
