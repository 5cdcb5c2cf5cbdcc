"""A contract as a tree of fields that a person can fill in; what a form shows follows from the schema alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from events.event import Json
from schemas.contract import Contract
from schemas.registry import Registry

LINE, AREA, NUMBER, FIGURE, CHOICE, CHOICES = "line", "area", "number", "figure", "choice", "choices"
YES, ANSWER, DAY, DATE, MOMENT = "yes", "answer", "day", "date", "moment"
REFERENCE, LIST, PAIR, GROUP, TEXTS, MAP, VALUE, FIXED = (
    "reference", "list", "pair", "group", "texts", "map", "value", "fixed",
)  # fmt: skip

LONG = 200
"""Characters from which on a text gets more than one line."""

_KINDS = re.compile(r"[a-z]+(?=[|):])")
_UUID_PART = "(?:[0-9a-f]{8}"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks for.

    Args:
        name: of the property; empty for an item of a list.
        form: which kind of field, one of the words above.
        title: short English name; empty where the place has none of its own.
        help: what is meant, in English.
        required: its object is refused without it.
        vocabulary: which holds the codes.
        codes: that are allowed, in order; for a vocabulary and for closed lists.
        labels: code → English label, where no vocabulary has them.
        kinds: of references that are allowed.
        children: fields of a group.
        item: of a list; value of a map.
        fixed: the only value there is.
        hint: which names are offered: `language` or `zone`.
        longest: characters of a text.
        level: label that the contract demands of whoever sees it; empty for the event's own.
        is_own: it names something new, by a reference of the publisher's own.
        is_null: "nobody knows" may be said.
    """

    name: str
    form: str
    title: str = ""
    help: str = ""
    required: bool = False
    vocabulary: str = ""
    codes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    children: tuple["Field", ...] = ()
    item: "Field | None" = None
    fixed: Json = None
    hint: str = ""
    longest: int = 0
    level: str = ""
    is_own: bool = False
    is_null: bool = False


def form_of(contract: Contract, registry: Registry) -> Field:
    """Return everything that a type may say, as one group."""
    return _Reader(registry.documents()).field("", contract.schema, required=True)


class _Reader:
    def __init__(self, documents: Mapping[str, Json]) -> None:
        self._documents = documents

    def field(self, name: str, schema: Json, *, required: bool) -> Field:
        parts = list(self._parts(schema))
        made = self._shape(name, parts)
        codes = _first(parts, "enum") or ()
        return Field(
            name=name,
            title=str(_first(parts, "title") or ""),
            help=str(_first(parts, "description") or ""),
            required=required,
            vocabulary=_vocabulary(parts),
            codes=tuple(str(one) for one in codes),
            labels=_first(parts, "x-labels") or {},
            level=str(_first(parts, "x-audience") or ""),
            is_own=bool(_first(parts, "x-own")),
            is_null="null" in _types(parts),
            longest=int(_first(parts, "maxLength") or 0),
            **made,
        )

    def _parts(self, schema: Json) -> Iterator[Mapping[str, Json]]:
        """Yield what always applies at a place, the nearest first; of alternatives the one a person can type."""
        yield schema
        if "$ref" in schema:
            home, _, pointer = schema["$ref"].partition("#/$defs/")
            yield from self._parts(self._documents[home]["$defs"][pointer])
        for one in schema.get("allOf", ()):
            if "if" not in one:
                yield from self._parts(one)
        branches = [
            one for one in schema.get("anyOf", ()) if not str(one.get("$ref", "")).endswith("/sealed")
        ]
        if branches:
            yield from self._alternative(branches)

    def _alternative(self, branches: Sequence[Json]) -> Iterator[Mapping[str, Json]]:
        first = list(self._parts(branches[0]))
        also = [one["const"] for one in branches[1:] if "const" in one]
        codes = _first(first, "enum")
        if also and codes:
            yield {"enum": [*codes, *also]}
        yield from first

    def _shape(self, name: str, parts: list[Mapping[str, Json]]) -> dict[str, Json]:
        if any("const" in one for one in parts):
            fixed = _first(parts, "const")
            return {"form": YES if fixed is True else FIXED, "fixed": fixed}
        if _first(parts, "enum"):
            return {"form": CHOICE}
        types = _types(parts)
        if "array" in types:
            return self._list(name, parts)
        if "object" in types:
            return self._object(parts)
        return _plain(parts, types)

    def _list(self, name: str, parts: list[Mapping[str, Json]]) -> dict[str, Json]:
        places = _first(parts, "prefixItems")
        if places:
            made = [self.field(str(no), one, required=True) for no, one in enumerate(places)]
            return {"form": PAIR, "children": tuple(made)}
        item = self.field("", _first(parts, "items"), required=False)
        return {"form": CHOICES if item.form == CHOICE else LIST, "item": item}

    def _object(self, parts: list[Mapping[str, Json]]) -> dict[str, Json]:
        fields = {}
        for one in reversed(parts):
            fields.update(one.get("properties", {}))
        if fields:
            needed = {name for one in parts for name in one.get("required", ())}
            ordered = sorted(fields, key=lambda name: name not in needed)
            made = [self.field(name, fields[name], required=name in needed) for name in ordered]
            return {"form": GROUP, "children": tuple(made)}
        value = self.field("", _first(parts, "additionalProperties"), required=False)
        names = list(self._parts(_first(parts, "propertyNames") or {}))
        if _first(names, "format") == "language":
            return {"form": TEXTS, "item": value}
        return {"form": MAP, "item": value, "children": (self.field("", names[0], required=True),)}


def _plain(parts: list[Mapping[str, Json]], types: set[str]) -> dict[str, Json]:
    if not types:
        return {"form": VALUE}
    if "boolean" in types:
        return {"form": ANSWER}
    if types & {"integer", "number"}:
        return {"form": FIGURE if "string" in types else NUMBER}
    return _text(parts)


def _text(parts: list[Mapping[str, Json]]) -> dict[str, Json]:
    shape = _first(parts, "format")
    if _first(parts, "x-form") == "reference":
        head = str(_first(parts, "pattern")).partition(_UUID_PART)[0]
        return {"form": REFERENCE, "kinds": tuple(dict.fromkeys(_KINDS.findall(head)))}
    by_format = {"edtf": DAY, "date": DATE, "date-time": MOMENT}
    if shape in by_format:
        return {"form": by_format[str(shape)]}
    if shape in {"language", "zone"}:
        return {"form": LINE, "hint": shape}
    is_long = int(_first(parts, "maxLength") or 0) > LONG and shape != "uri"
    return {"form": AREA if is_long else LINE}


def _first(parts: Sequence[Mapping[str, Json]], keyword: str) -> Json:
    return next((one[keyword] for one in parts if keyword in one), None)


def _types(parts: Sequence[Mapping[str, Json]]) -> set[str]:
    said = _first(parts, "type")
    return set() if said is None else {said} if isinstance(said, str) else set(said)


def _vocabulary(parts: Sequence[Mapping[str, Json]]) -> str:
    return str(_first(parts, "x-vocabulary") or "")
