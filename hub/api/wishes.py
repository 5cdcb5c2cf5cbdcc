"""Reading what somebody wants to follow: `about` and the filters of `GET /events`, a channel, and what it needs."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from events.event import Json
from events.strict import breaches
from hub.address import Parameter, ValueRefused
from hub.api.parameters import EVENT_FILTERS
from hub.api.queries import event_filters
from hub.refusals import SubscriptionRefused
from hub.subscriptions.desk import Wish
from hub.subscriptions.subscription import CHANNELS, ENGLISH, SCHEMES, Channel, Rate, Scheme
from hub.texts.languages import LANGUAGES
from schemas.globs import is_of
from schemas.problem import Problem
from schemas.vocabulary import nearest

MOST_VALUES = 100
LONGEST_NOTE = 500

_PLACED = frozenset({"since", "until"})
"""Filters that look into the past: a subscription looks ahead."""

# No encoded word (RFC 2047): what is decoded from one may be another address, or a header.
_MAIL = re.compile(
    r"(?!.*=\?)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}"
)
_FIELDS: Mapping[Channel, frozenset[str]] = {
    "webhook": frozenset({"url", "signature"}),
    "mail": frozenset({"address", "language", "rate"}),
    "page": frozenset(),
}
_MAIL_RATES: tuple[Rate, ...] = ("daily", "weekly")
T = TypeVar("T")
D = TypeVar("D")


def filters() -> tuple[Parameter, ...]:
    """Return the filters that a subscription may have."""
    return tuple(one for one in EVENT_FILTERS if one.name not in _PLACED)


def read_wish(said: Json, types: Collection[str]) -> Wish:
    """Read the body of `POST /subscriptions`; whether a webhook may be called is looked at elsewhere.

    Args:
        said: the body.
        types: all event types that there are.

    Raises:
        SubscriptionRefused: with every problem at once.
    """
    if not isinstance(said, dict):
        raise SubscriptionRefused([Problem("", "wrong_type", "The body is no object.")])
    reading = _Reading(said)
    channel = reading.one("channel", _one_of(CHANNELS), None, hint=", ".join(CHANNELS))
    known = {one.name: one for one in filters()}
    own = _FIELDS.values() if channel is None else (_FIELDS[channel],)
    reading.refuse_others({*known, "channel", "why"}.union(*own))
    asked = {name: reading.many(parameter) for name, parameter in known.items()}
    reading.refuse_dead(types)
    target, language, schemes = "", ENGLISH, tuple[Scheme, ...]()
    rate: Rate = "each"
    if channel == "webhook":
        target = reading.one("url", _text(2048), "")
        schemes = reading.schemes()
    elif channel == "mail":
        target = reading.one("address", _mail, "")
        rate = reading.one("rate", _one_of(_MAIL_RATES), _MAIL_RATES[0])
        language = reading.one("language", _one_of(tuple(LANGUAGES)), ENGLISH, is_needed=False)
    why = reading.one("why", _note, "", is_needed=False)
    if reading.problems or channel is None:
        raise SubscriptionRefused(sorted(reading.problems, key=lambda one: (one.pointer, one.code)))
    query = event_filters({**dict.fromkeys(_PLACED), **asked})
    return Wish(query, channel, target, rate, why, schemes, language)


class _Reading:
    """Reads one body, and keeps every problem."""

    def __init__(self, said: Mapping[str, Json]) -> None:
        self._said = said
        self.problems: list[Problem] = []

    def one(
        self, name: str, read: Callable[[Json], T], otherwise: D, *, is_needed: bool = True, hint: str = ""
    ) -> T | D:
        """Return a field; if it is missing or odd, `otherwise`."""
        if name not in self._said:
            if is_needed:
                self.problems.append(Problem(f"/{name}", "required", "This field is required.", hint or None))
            return otherwise
        return self._read(f"/{name}", self._said[name], read, otherwise)

    def many(self, parameter: Parameter) -> tuple[Json, ...]:
        """Return the values of a filter, one or a list."""
        if parameter.name not in self._said:
            return ()
        said = self._said[parameter.name]
        values = said if isinstance(said, list) else [said]
        if not values:
            hint = "Leave it out to follow all that you may see."
            self.problems.append(Problem(f"/{parameter.name}", "too_few_items", "Name one at least.", hint))
        if len(values) > MOST_VALUES:
            self.problems.append(
                Problem(f"/{parameter.name}", "too_many_items", f"At most {MOST_VALUES} values.")
            )
            return ()
        is_list = isinstance(said, list)
        pointers = [
            f"/{parameter.name}/{no}" if is_list else f"/{parameter.name}" for no in range(len(values))
        ]

        def read(value: Json) -> Json:
            return parameter.read(_text(200)(value))

        return tuple(
            self._read(pointer, value, read, "") for pointer, value in zip(pointers, values, strict=True)
        )

    def refuse_dead(self, types: Collection[str]) -> None:
        """Note every glob that no type of event fits: what follows it would be silent for ever."""
        said = self._said.get("type", [])
        is_list = isinstance(said, list)
        wrong = {one.pointer for one in self.problems}
        for number, glob in enumerate(said if is_list else [said]):
            pointer = f"/type/{number}" if is_list else "/type"
            if not wrong & {pointer, "/type"} and not any(is_of(name, (glob,)) for name in types):
                near = nearest(glob, [*types, *_families(types)])
                hint = f"Did you mean {near}?" if near else ", ".join(_families(types))
                self.problems.append(Problem(pointer, "unknown_code", "No type of event fits this.", hint))

    def schemes(self) -> tuple[Scheme, ...]:
        """Return how to sign: `v1` unless something else is said."""
        said = self._said.get("signature", "v1")
        values = said if isinstance(said, list) and said else [said]
        wanted = {self._read("/signature", one, _one_of(SCHEMES), SCHEMES[0]) for one in values}
        return tuple(one for one in SCHEMES if one in wanted)

    def refuse_others(self, allowed: set[str]) -> None:
        """Note every field that this channel does not know."""
        hint = f"It knows: {', '.join(sorted(allowed))}."
        self.problems += [
            Problem(
                "/" + name[:40].replace("~", "~0").replace("/", "~1"),
                "unknown_field",
                "Not known here.",
                hint,
            )
            for name in self._said
            if name not in allowed
        ]

    def _read(self, pointer: str, value: Json, read: Callable[[Json], T], otherwise: D) -> T | D:
        try:
            return read(value)
        except ValueRefused as refused:
            self.problems.append(Problem(pointer, refused.code, refused.detail, refused.hint))
            return otherwise


def _families(types: Collection[str]) -> list[str]:
    return sorted({f"{name.partition('.')[0]}.*" for name in types})


def _text(most: int) -> Callable[[Json], str]:
    def read(value: Json) -> str:
        if not isinstance(value, str):
            raise ValueRefused("wrong_type", "This value is no text.")
        if len(value) > most:
            raise ValueRefused("too_long", f"At most {most} characters.")
        return value

    return read


def _note(value: Json) -> str:
    text = _text(LONGEST_NOTE)(value)
    # As of a text in an event: lines may be broken, and nothing else is done to whoever reads it.
    for found in breaches({"data": {"why": text}}, None):
        raise ValueRefused(found.code, found.detail, found.hint)
    return text


def _one_of(choices: Sequence[T]) -> Callable[[Json], T]:
    def read(value: Json) -> T:
        found = [one for one in choices if one == value]
        if not found:
            known = ", ".join(map(str, choices))
            raise ValueRefused("unknown_code", "This is not one of the accepted values.", known)
        return found[0]

    return read


def _mail(value: Json) -> str:
    address = _text(254)(value)
    if not _MAIL.fullmatch(address):
        raise ValueRefused("wrong_form", "This is no address of a mailbox.", "name@host.example")
    return address
