"""Why an offer fits a need, or does not, in the language of the page."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from babel import Locale
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from events.event import Json
from hub.pages.values import Names, Values
from hub.texts import N_
from hub.texts.speech import Speech
from projections.boards.support.reasons import Reason

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "kinds_none": N_("Looked for: %(kinds)s; the offer gives none of it."),
        "kinds": N_("Gives %(given)s of %(wanted)s kinds looked for: %(kinds)s."),
        "country_any": N_("The offer is for any country."),
        "country_unknown": N_("The offer is only for: %(countries)s. Ask where the person is."),
        "country": N_("The offer is for: %(country)s."),
        "country_other": N_("The offer is only for: %(countries)s. The person is here: %(country)s."),
        "roles_any": N_("The offer is for anyone."),
        "roles": N_("The offer is for: %(roles)s."),
        "roles_unknown": N_("The offer is only for: %(roles)s. Ask whether that fits."),
        "roles_other": N_("The offer is only for: %(roles)s."),
        "gender_any": N_("The offer is for any gender."),
        "gender_unknown": N_("For women and gender minorities only; ask."),
        "gender": N_("For women and gender minorities; that fits."),
        "gender_other": N_("For women and gender minorities only."),
        "defender_any": N_("Not only for defenders of human rights."),
        "defender": N_("For defenders of human rights, and this person acts for some."),
        "defender_unknown": N_("For defenders of human rights only; ask."),
        "capacity_unknown": N_("The offer does not say how far it reaches; ask."),
        "capacity": N_("Left: %(left)s (%(unit)s). Needed: %(asked)s."),
        "amount_any": N_("The offer names no highest amount."),
        "amount_unknown": N_("At most %(most)s %(currency)s; you do not see how much is needed."),
        "amount_currencies": N_(
            "At most %(most)s %(currency)s, needed %(needed)s %(other)s: compare the currencies."
        ),
        "amount": N_("At most %(most)s %(currency)s, needed %(needed)s %(currency)s: %(share)s % of it."),
        "language_any": N_("No language is asked for."),
        "language_unknown": N_("Asked for: %(languages)s. Ask the partner."),
        "language": N_("In common: %(languages)s."),
        "language_other": N_("Asked for: %(languages)s. Offered: %(offered)s."),
        "response_unknown": N_("%(urgency)s: an answer is due in %(within)s hours. Ask the partner."),
        "response": N_("%(urgency)s: an answer is due in %(within)s hours, promised in %(hours)s hours."),
        "until_any": N_("No day stands against it."),
        "until": N_("Needed by %(needed_by)s, offered until %(last)s."),
        "retrospective": N_("Needed by %(needed_by)s, which is past; the offer pays for nothing past."),
        "in_exile": N_("The person is in exile; the offer is for people who are not."),
        "in_exile_unknown": N_("The offer is not for people in exile; ask."),
        "helped": N_("Helped already by %(partners)s: tell them first."),
        "helped_excluded": N_(
            "Helped already by %(partners)s: tell them first. The offer is not for what another pays."
        ),
        "running_costs": N_("Pays no running costs. Would this be such: %(kinds)s?"),
        "other": N_("The partner excludes something more; ask."),
        "contact": N_("Nobody in the country may be contacted (%(country)s), and the partner works there."),
        "conflict": N_("The partner is said to be behind a threat to this person."),
        "paused": N_("Somebody came to harm (%(support)s); the stewards look at it first."),
    }
)
"""Form of a reason → what a person reads; the same places as in `projections/boards/support/reasons.py`."""

_CALLED = frozenset({"partners", "support"})


class Reasons:
    """Says reasons in one language.

    Args:
        speech: of the language.
        values: of the language.
    """

    def __init__(self, speech: Speech, values: Values) -> None:
        self._speech = speech
        self._values = values
        locale = Locale.parse(speech.language.code)
        self._readers: Mapping[str, Callable[[Json], Json]] = {
            **dict.fromkeys(("countries", "country"), speech.country),
            **dict.fromkeys(("languages", "offered"), lambda code: locale.languages.get(code, code)),
            **dict.fromkeys(("roles", "unit"), values.code),
            **dict.fromkeys(("needed_by", "last"), speech.day),
            **dict.fromkeys(("most", "needed"), lambda sum_: format_decimal(str(sum_), locale=locale)),
            **dict.fromkeys(("currency", "other"), str),
            "kinds": lambda code: speech.label("support_kind", code),
            "urgency": lambda code: speech.label("urgency", code),
        }

    def said(self, reason: Reason, names: Names) -> Markup:
        """Return a reason as a person reads it.

        Args:
            reason: as the board gives it.
            names: what references are called.
        """
        text = escape(self._speech.texts.gettext(WORDS[reason.form]))
        for place, value in reason.values.items():
            several = value if isinstance(value, tuple) else (value,)
            words = Markup(", ").join(self._value(place, one, names) for one in several)
            text = text.replace(f"%({place})s", words)
        return text

    def _value(self, place: str, value: Json, names: Names) -> Markup | str:
        """Return one value; each stands apart from a text that may run the other way."""
        if place in _CALLED:
            return self._values.link(str(value), names)
        return Markup("<bdi>{}</bdi>").format(self._word(place, value))

    def _word(self, place: str, value: Json) -> Json:
        read = self._readers.get(place, self._speech.number)
        return read(value)
