"""What was refused, and why, in the language of the page: by the stable code of a problem, never by its English."""

from collections.abc import Mapping
from gettext import NullTranslations
from types import MappingProxyType

from markupsafe import Markup

from events.event import Json
from hub.pages.refusal_values import with_hint, with_values
from hub.texts import N_
from hub.texts.speech import Speech
from schemas.problem import Problem

URN = "urn:hub:problem:"

OF_CODES: Mapping[str, str] = MappingProxyType(
    {
        "above_the_most": N_("That is more than this offer gives."),
        "agreement_required": N_("The lawyer it is about has not agreed to this."),
        "agreement_unknown": N_(
            "It is about a case, so about a person: say whether that person agrees, or why nobody could be asked."
        ),
        "already_decided": N_("This is over: nothing more can be said about it."),
        "already_joined": N_("Your organisation has joined in this role already."),
        "already_reserved": N_(
            "This help is reserved already. Tell the others who help, then tick that you have told them."
        ),
        "already_revoked": N_("This key is revoked already, from then on or earlier."),
        "already_used": N_("This name is taken already. Choose another."),
        "already_withdrawn": N_("This consent was withdrawn. Record a new one."),
        "bad_signature": N_("The signature does not fit what was sent and the key."),
        "bidi_override": N_("There is a hidden sign that turns the direction of the text. Type the text anew."),
        "conflict": N_("Another event of yours bears this id, with other content."),
        "consent_expired": N_("The consent of the person does not hold at that time. Ask again, and record it."),
        "consent_too_narrow": N_("The consent of the person does not cover being named in such a text."),
        "consent_unknown": N_("Nobody knows what the person allows. Ask, and record the consent first."),
        "consent_withdrawn": N_("The person has withdrawn the consent. This may not be said any more."),
        "control_character": N_("There is a hidden control sign in the text. Type the text anew."),
        "counts_as_endorser": N_("Your organisation does not have the status that signing needs here: it endorses."),
        "embargoed": N_("One who is named joined with an embargo, and must not be named yet."),
        "in_future": N_("This has happened already, as you say, and its date has not come yet. Is the year right?"),
        "lapsed": N_("The time for this is over. Ask again."),
        "late": N_("After the date to join by: it is marked as late."),
        "lone_surrogate": N_("There is half of a sign in the text. Type the text anew."),
        "malformed_json": N_("What was sent cannot be read."),
        "name_only": N_("Similar names alone do not prove that two are one. Say what else speaks for it."),
        "names_nobody_here": N_("Nobody whom it names is on this hub."),
        "no_capacity_left": N_("Nothing is left of this offer."),
        "no_key": N_("The organisation has no key yet. Add one first."),
        "no_original": N_("There is no text in the original language."),
        "no_seat_left": N_("There is no room for so many observers."),
        "not_a_date": N_("This day is not in the calendar. Write it like 2026-03-31."),
        "not_a_language": N_("This is no language tag. Write for example en, fr or pt-BR."),
        "not_a_moment": N_("This is no moment. Write day, time and time zone."),
        "not_a_reference": N_("This is no reference. Choose one from the list, or write kind:slug.number."),
        "not_a_uri": N_("This is no web address. It begins with https://."),
        "not_a_zone": N_("This is no time zone. Write for example Europe/Paris."),
        "not_admitted": N_("Your organisation is not admitted to this hub, or is suspended."),
        "not_allowed": N_("This may not be said here."),
        "not_alone": N_("This was not stored, because something that was sent with it was refused."),
        "not_due": N_("This moment has not come yet."),
        "not_edtf": N_(
            "The hub does not understand this date. Write for example: 3 March 2026, about March 2026, March or"
            " April 2026."
        ),
        "not_joined": N_("Your organisation has not joined in this role."),
        "not_lead": N_("Your organisation does not lead this action."),
        "not_nfc": N_("Some signs of the text are written in an unusual way. Type the text anew."),
        "not_open": N_("This is not open any more."),
        "not_signed": N_("This organisation has not signed the text, as far as you may see."),
        "not_your_type": N_("Your organisation does not have the role for this."),
        "not_yours": N_("Your organisation may not say this."),
        "nothing_to_release": N_("Nothing is held back until this moment."),
        "other_currency": N_("The offer is in another currency."),
        "other_kind": N_("The two are of different kinds."),
        "own_event": N_("Nobody verifies a report of his own organisation."),
        "paused": N_(
            "Help from this offer is paused: somebody came to harm, and the stewards look at it first."
        ),
        "repeated_item": N_("This is said twice."),
        "required": N_("This is needed."),
        "reveals_a_cell": N_("By this number a small number that is hidden could be found. Hide another one too."),
        "same_reference": N_("Both are the same."),
        "same_steward": N_("You asked for it yourself: another steward must agree."),
        "signature_required": N_(
            "Your organisation signs its events with a key. Send this by the program that holds the key."
        ),
        "sum_differs": N_("The parts do not add up to the whole."),
        "text_changed": N_(
            "The text was changed while you were reading. Nothing was signed. Read the new text below, then sign again."
        ),
        "text_not_said": N_("Which text you signed is not said: it counts for the one that stands now."),
        "too_big": N_("This number is too great."),
        "too_deep": N_("There are too many levels inside each other."),
        "too_few_fields": N_("At least one more is needed."),
        "too_few_items": N_("At least one more is needed."),
        "too_large": N_("This is too large."),
        "too_long": N_("This is too long."),
        "too_many_cells": N_("So many groups cross that nobody can tell what follows. Send fewer at once."),
        "too_many_fields": N_("These are too many."),
        "too_many_items": N_("These are too many."),
        "too_short": N_("This is too short."),
        "too_small": N_("This number is too small."),
        "too_strict": N_("This label is too strict to go from hub to hub."),
        "unknown_code": N_("This is not one of the choices."),
        "unknown_event": N_("The hub does not have the event that this is about."),
        "unknown_field": N_("This field is not known here."),
        "unknown_key": N_("The organisation has no key of this name."),
        "unknown_parameter": N_("This page does not know this question."),
        "unknown_partner": N_("Choose an organisation."),
        "unknown_request": N_("There is no such request."),
        "unknown_tlp": N_("This is no label. Choose clear, green, amber, amber+strict or red."),
        "unknown_type": N_("The hub does not know this kind of event."),
        "unknown_version": N_("The hub does not know this version."),
        "wrong_form": N_("This does not have the form that is expected here."),
        "wrong_hash": N_("The fingerprint is not that of the text."),
        "wrong_source": N_("This is said in the name of another organisation than yours."),
        "wrong_type": N_("Something else is expected here, for example a number."),
        "wrong_value": N_("This is not one of the choices."),
    }
)  # fmt: skip
"""Code of a problem → what a person reads where a page has no words of its own for it."""

OF_ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "address-too-long": N_("The address of this page is too long."),
        "body-cut-off": N_("What you sent did not arrive whole. Send it again."),
        "busy": N_("The hub has very much to write down. Send it again: nothing is stored twice."),
        "erasure-unanswered": N_(
            "Your organisation has not said that its copies of something erased are gone."
            " Until then the hub shows it nothing new."
        ),
        "event-refused": N_("This was not recorded. Below is what is wrong with it."),
        "glass-refused": N_("This may not be read."),
        "head-too-large": N_("Your browser sent too much at once. Delete this site's cookies, and sign in again."),
        "log-unavailable": N_("The hub could not write it down. Send it again: nothing is stored twice."),
        "malformed-body": N_("What was sent cannot be read. Load the form again."),
        "malformed-request": N_("What was sent cannot be read."),
        "may-not-publish": N_("With this sign-in one reads, and does not publish."),
        "method-not-allowed": N_("This page is for reading only."),
        "not-admitted": N_("Your organisation is not admitted to this hub, or is suspended."),
        "not-at-edge": N_("This address shows only what is public. Use the hub itself for this."),
        "not-signed-in": N_("Sign in first: your sign-in does not hold, or not any more."),
        "not-yet": N_("What you ask for is not on this page yet. Load it again in a moment."),
        "not-your-type": N_("Your organisation does not have the role for this."),
        "origin-refused": N_("This form did not come from this hub, so nothing was done. Load the page again."),
        "partner-suspended": N_("Your organisation is not admitted to this hub now. Ask its stewards."),
        "query-refused": N_("The address of this page asks for something that the hub does not understand."),
        "rate-limited": N_("That was too much in a short time. Wait a little."),
        "recorded-differently": N_("This form was sent before, with other content."),
        "signature-required": N_(
            "Your organisation signs its events with a key. Send this by the program that holds the key."
        ),
        "too-large": N_("This is too large."),
        "too-many-connections": N_("The hub is full at the moment. Wait a little."),
        "too-slow": N_("What you sent came too slowly. Send it again."),
        "unexpected": N_("The hub made a mistake."),
        "unknown-cursor": N_("The address of this page belongs to another hub."),
        "unknown-media-type": N_("The hub does not take this kind of file."),
        "wrong-source": N_("This is said in the name of another organisation than yours."),
    }
)  # fmt: skip
"""End of the `type` of a problem document → what a person reads on a page instead of `detail`."""


_OTHERWISE = Markup('<span lang="en" dir="auto">{} {}</span>')


def all_words(texts: NullTranslations) -> list[tuple[str, str]]:
    """Return every code, and every `type` of a problem document, with what a person reads for it."""
    answers = ((URN + slug, text) for slug, text in OF_ANSWERS.items())
    return [(code, texts.gettext(text)) for code, text in (*OF_CODES.items(), *answers)]


def why(problem: Problem | Mapping[str, Json], speech: Speech) -> str | Markup:
    """Return why something was refused, in a language; in the hub's English where nobody has words for it.

    Limits and codes that a problem names are told, and what would be accepted, where there are words for that.

    Args:
        problem: or its public form, perhaps with `values`; `code` may be the `type` of a problem document.
        speech: of the language.
    """
    values, said = _values_of(problem), problem.as_json() if isinstance(problem, Problem) else problem
    code = str(said.get("code", ""))
    words = OF_ANSWERS.get(code.removeprefix(URN)) if code.startswith(URN) else OF_CODES.get(code)
    if words is None:
        return _OTHERWISE.format(said.get("detail", ""), said.get("hint") or "")
    whole = with_values(code.removeprefix(URN), values, speech)
    return whole or with_hint(code, speech.texts.gettext(words), said.get("hint"), speech)


def _values_of(problem: Problem | Mapping[str, Json]) -> Mapping[str, Json]:
    return problem.values if isinstance(problem, Problem) else problem.get("values") or {}
