"""The sentences of refusals: code, one plain sentence and a hint for each way to break a contract."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from schemas.branches import ONE_OF_THESE, concrete
from schemas.breach import Breach
from schemas.problem import Problem
from schemas.vocabulary import nearest
from schemas.walk import describe, fields_of, pointer_of

if TYPE_CHECKING:
    from referencing import Registry as Library

Json = Any

_FORMS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "edtf": (
            "not_edtf",
            "This is not a date that EDTF and the calendar know.",
            "E.g. 2026-11-02, 2026-11, 2026-11-02~ (about), 2026-01/2026-03 (from, to).",
        ),
        "date": ("not_a_date", "This is not a day of the calendar.", "Year, month, day: 2026-11-02."),
        "date-time": (
            "not_a_moment",
            "This is not a moment with its offset (RFC 3339).",
            "E.g. 2026-11-02T09:30:00Z.",
        ),
        "uri": (
            "not_a_uri",
            "This is not a web address.",
            "It begins with http:// or https:// and has no spaces.",
        ),
        "language": ("not_a_language", "This is not a language tag (BCP 47).", "E.g. en, pt-BR, qaa."),
        "zone": ("not_a_zone", "This is not an IANA time zone.", "E.g. Europe/Paris or Etc/GMT-4."),
        "reference": (
            "not_a_reference",
            "This is not a reference of the kind expected here.",
            "kind:SLUG.OWN-ID or kind:UUID.",
        ),
    }
)
FORM_CODES = frozenset(code for code, _, _ in _FORMS.values()) | {"wrong_form"}
"""Codes that say a text is no such thing at all."""

_LIMITS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "maxLength": ("too_long", "most", "This text has more than {} characters."),
        "minLength": ("too_short", "least", "This text is too short; the least length is {}."),
        "maxItems": ("too_many_items", "most", "This list has more than {} items."),
        "minItems": ("too_few_items", "least", "This list has too few items; the least number is {}."),
        "maxProperties": ("too_many_fields", "most", "This object has more than {} fields."),
        "minProperties": (
            "too_few_fields",
            "least",
            "This object has too few fields; the least number is {}.",
        ),
        "maximum": ("too_big", "most", "This number is above {}."),
        "exclusiveMaximum": ("too_big", "below", "This number is not below {}."),
        "minimum": ("too_small", "least", "This number is below {}."),
        "exclusiveMinimum": ("too_small", "above", "This number is not above {}."),
        "multipleOf": ("wrong_form", "step", "This number is not a multiple of {}."),
    }
)
"""Keyword → code, what its limit is called among the values of the problem, and the sentence."""
_PLAIN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "uniqueItems": ("repeated_item", "This list has an item more than once."),
        "contains": ("too_few_items", "This list lacks an item that it must have."),
        "unevaluatedItems": ("too_many_items", "This list has items beyond those that the contract knows."),
        "false": ("not_allowed", "This is not allowed here."),
    }
)
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "string": "a text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "array": "a list",
        "object": "an object",
        "null": "null",
    }
)
_OPTIONS_LISTED = 12
_NO_VALUES: Mapping[str, Json] = MappingProxyType({})


class Speaker:
    """Tells the breaches of one payload; a mistake made 10,000 times costs one guess."""

    def __init__(self, library: "Library[Json]") -> None:
        self._library = library
        self._nearest: dict[tuple[str, int], str | None] = {}
        self._fields: dict[int, tuple[Json, dict[str, Json]]] = {}

    def tell(self, breach: Breach) -> list[Problem]:
        """Return the problems behind a breach; none if it only follows from others."""
        return [problem for one in concrete(breach) for problem in self._tell(one)]

    def _tell(self, breach: Breach) -> list[Problem]:
        teller = self._tellers.get(breach.keyword)
        return self._other(breach) if teller is None else teller(self, breach)

    def tell_vaguely(self, breach: Breach) -> Problem:
        """Return the problem to report when a breach that should follow from others stands alone."""
        return _problem(breach, "not_allowed", "Fields of this object do not go together.")

    def _required(self, breach: Breach) -> list[Problem]:
        fields = self._fields_of(breach)
        return [
            _problem(
                breach, "required", "This field is required.", describe(fields.get(name), self._library), name
            )
            for name in breach.names
        ]

    def _one_required(self, breach: Breach) -> list[Problem]:
        return [
            _problem(
                breach,
                "required",
                f"One of these fields is required: {', '.join(breach.names)}.",
                None,
                breach.names[0],
                {"fields": breach.names},
            )
        ]

    def _unknown(self, breach: Breach) -> list[Problem]:
        known = self._fields_of(breach)
        detail = "This contract has no such field."
        meant = {name: self._meant(name, tuple(known)) for name in breach.names if name not in known}
        return [
            _problem(breach, "unknown_field", detail, _did_you_mean(near), name, _given(near_field=near))
            for name, near in meant.items()
        ]

    def _mistyped(self, breach: Breach) -> list[Problem]:
        names = breach.expected if isinstance(breach.expected, list) else [breach.expected]
        detail = f"This must be {' or '.join(_TYPES[name] for name in names)}."
        return [_problem(breach, "wrong_type", detail, describe(breach.schema, self._library))]

    def _no_option(self, breach: Breach) -> list[Problem]:
        options = [breach.expected] if breach.keyword == "const" else breach.expected
        texts = tuple(option if isinstance(option, str) else json.dumps(option) for option in options)
        near = self._meant(breach.sent, texts)
        described = describe(breach.schema, self._library)
        hint = _did_you_mean(near) or _listed(texts) or described
        if breach.keyword == "const" and hint is not None and described is not None:
            # A single value is asked for in a case; why it is, the contract says beside it.
            hint = f"{hint} {described}"
        few = None if near or len(texts) > _OPTIONS_LISTED else texts
        vocabulary = breach.schema.get("x-vocabulary")
        values = _given(near=near, choices=few, vocabulary=vocabulary)
        if vocabulary:
            detail = f"This is not a code of the list {vocabulary}."
            return [_problem(breach, "unknown_code", detail, hint, values=values)]
        detail = "This is not one of the values that are possible here."
        return [_problem(breach, "wrong_value", detail, hint, values=values)]

    def _misshapen(self, breach: Breach) -> list[Problem]:
        form = breach.schema.get("x-form", breach.schema.get("format"))
        code, detail, usual = _FORMS.get(
            form, ("wrong_form", "This text has another form than the contract asks.", None)
        )
        return [_problem(breach, code, detail, describe(breach.schema, self._library) or usual)]

    def _other(self, breach: Breach) -> list[Problem]:
        if breach.keyword in _LIMITS:
            code, called, detail = _LIMITS[breach.keyword]
            return [_problem(breach, code, detail.format(breach.expected), values={called: breach.expected})]
        code, detail = _PLAIN.get(breach.keyword, _PLAIN["false"])
        return [_problem(breach, code, detail, describe(breach.schema, self._library))]

    # Of the class: a speaker that held its own methods would hold itself, until the garbage collector looks.
    _tellers: ClassVar[Mapping[str, "Teller"]] = {
        "required": _required,
        "dependentRequired": _required,
        ONE_OF_THESE: _one_required,
        "unevaluatedProperties": _unknown,
        "additionalProperties": _unknown,
        "type": _mistyped,
        "enum": _no_option,
        "const": _no_option,
        "pattern": _misshapen,
        "format": _misshapen,
    }

    def _fields_of(self, breach: Breach) -> dict[str, Json]:
        # The schema is kept beside its fields, so that its id is not given to another.
        key = id(breach.schema)
        if key not in self._fields:
            self._fields[key] = breach.schema, fields_of(breach.schema, self._library)
        return self._fields[key][1]

    def _meant(self, sent: str | None, among: tuple[str, ...]) -> str | None:
        if sent is None:
            return None
        key = (sent, hash(among))
        if key not in self._nearest:
            self._nearest[key] = nearest(sent, among)
        return self._nearest[key]


Teller = Callable[[Speaker, Breach], list[Problem]]


def _problem(
    breach: Breach,
    code: str,
    detail: str,
    hint: str | None = None,
    name: str | None = None,
    values: Mapping[str, Json] = _NO_VALUES,
) -> Problem:
    path = breach.path if name is None else (*breach.path, name)
    return Problem("/data" + pointer_of(path), code, detail, hint, values)


def _given(**values: Json) -> Mapping[str, Json]:
    return {name: value for name, value in values.items() if value}


def _did_you_mean(near: str | None) -> str | None:
    return f"Did you mean {near}?" if near else None


def _listed(texts: tuple[str, ...]) -> str | None:
    return f"One of: {', '.join(texts)}." if len(texts) <= _OPTIONS_LISTED else None
