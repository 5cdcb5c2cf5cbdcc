"""Says values of events and of things in words: codes, dates, references, money, lists; read by their contracts."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_datetime
from markupsafe import Markup, escape

from events.event import Json
from hub.pages.addressing import dossier_address
from hub.pages.fields import reading_of
from hub.pages.naming import CODES, FIELDS, spelled
from hub.pages.standards import standard_name
from hub.texts import N_
from hub.texts.speech import Speech
from schemas.registry import Registry

REF = re.compile(r"[a-z]+:[a-z0-9][A-Za-z0-9-]{1,39}(?:\.[A-Za-z0-9_.-]{1,80})?")
_KINDS = frozenset(
    "lawyer body case threat trial hearing statement need offer support action policy commitment indicator dataset"
    " partner".split()
)
_SHORT = 40
_SHORT_CODE = 3
_NOWHERE = N_("International")
_OR = N_("%(one)s or %(other)s")
_AS_DAY = frozenset({"edtf", "edtf_interval", "date"})
_COUNTRY = frozenset({"country", "country_or_international"})
Names = Mapping[str, str]
"""Reference → what it is called, as far as the reader may know."""


class Unnamed(str):
    """A reference that nobody named, with what tells it from others of its kind.

    Args:
        ref: the reference; what this is to whoever takes it for a text.
        told: properties and their values.
    """

    __slots__ = ("told",)

    def __new__(cls, ref: str, told: tuple[tuple[str, Json], ...]) -> "Unnamed":
        """Make it of a reference."""
        made = super().__new__(cls, ref)
        made.told = told
        return made

    told: tuple[tuple[str, Json], ...]


class Values:
    """Says values in one language.

    Args:
        speech: of the language.
        registry: of contracts.
    """

    def __init__(self, speech: Speech, registry: Registry) -> None:
        self._speech = speech
        self._registry = registry
        self._reading = reading_of(registry)
        self._called = {**self._reading.titles, **FIELDS}

    def field(self, name: str) -> str:
        """Return what a field is called."""
        return self._speech.texts.gettext(self._called[name]) if name in self._called else spelled(name)

    def way(self, pointer: str) -> str:
        """Return where a JSON Pointer into a payload leads, by the names of the fields on the way."""
        steps = [step for step in pointer.split("/") if step]
        said = (self._speech.number(int(one) + 1) if one.isdecimal() else self.field(one) for one in steps)
        return " › ".join(said)

    def code(self, code: Json) -> str:
        """Return what a code of a short list means."""
        text = str(code)
        return self._speech.texts.gettext(CODES[text]) if text in CODES else spelled(text)

    def name(self, ref: str, names: Names) -> str:
        """Return what a reference is called: as somebody named it, else by its kind and its own number."""
        known = names.get(ref, ref)
        # The graph calls places and provisions by their codes.
        if known not in {ref, ref.partition(":")[2]}:
            return known
        kind, _, local = ref.partition(":")
        if kind == "standard":
            return standard_name(local, self._speech)
        if kind not in self._registry.graph.kinds:
            return ref
        if kind == "place":
            return self._country(local)
        called = f"{self._speech.kind(kind)} {local.partition('.')[2] or local}"
        told = known.told if isinstance(known, Unnamed) else ()
        more = [str(self.shown(value, kind, prop, {}).striptags()) for prop, value in told]
        return f"{called} ({', '.join(filter(None, more))})" if any(more) else called

    def link(self, ref: str, names: Names) -> Markup:
        """Return a link to where all about a reference is."""
        words = self.name(ref, names)
        return Markup('<a class="ref" href="{}" title="{}"><bdi>{}</bdi></a>').format(
            dossier_address(ref), ref, words
        )

    def claim(self, value: Json, event_type: str, prop: str, names: Names) -> Markup:
        """Return the value of a property, as an event of a type gives it."""
        return self._said(value, self._reading.of_prop(event_type, prop), names, prop)

    def shown(self, value: Json, kind: str, prop: str, names: Names) -> Markup:
        """Return the shown value of a property of a thing of some kind."""
        return self._said(value, self._reading.of_kind(kind, prop), names, prop)

    def start(self, text: str, zone: str | None = None) -> Markup:
        """Return when a hearing is: on the court's clock if its hour is known, else its day in words."""
        if text.startswith("[") and ".." not in text:
            words = self._speech.texts.gettext(_OR)
            said = [self._time(one, "edtf") for one in text[1:-1].split(",")]
            return reduce(lambda one, other: escape(words) % {"one": one, "other": other}, said)
        if "T" not in text:
            return self._time(text, "edtf")
        try:
            at = datetime.fromisoformat(text)
            there = ZoneInfo(zone) if zone else None
        except (ValueError, ZoneInfoNotFoundError):
            return self._time(text[:10], "edtf")
        if at.tzinfo is None and there is None:
            return Markup('<time title="{}">{}, {}</time>').format(
                text, self._speech.day(text[:10]), text[11:16]
            )
        at = at.replace(tzinfo=there) if at.tzinfo is None else at.astimezone(there or at.tzinfo)
        words = format_datetime(at, "EEE d MMM y, HH:mm", locale=self._speech.language.code)
        marked = Markup('<time datetime="{}" data-zone="{}">{} <span class="soft">{}</span></time>')
        return marked.format(at.isoformat(), zone or "court", words, at.strftime("UTC%z")[:6])

    def payload(self, event: Mapping[str, Json], names: Names) -> list[tuple[str, Markup]]:
        """Return what an event says, field by field."""
        said = {name: one for name, one in event["data"].items() if name not in {"provenance", "protection"}}
        return self._rows(said, self._reading.of_type(str(event["type"])), names)

    def provenance(self, event: Mapping[str, Json], names: Names) -> list[tuple[str, Markup]]:
        """Return how the publisher of an event knows what it says, field by field."""
        around = self._reading.fields(self._reading.of_type(str(event["type"])))
        return self._rows(event["data"].get("provenance", {}), around.get("provenance", {}), names)

    def _rows(self, said: Mapping[str, Json], schema: Json, names: Names) -> list[tuple[str, Markup]]:
        fields = self._reading.fields(schema)
        return [
            (self.field(name), self._said(value, fields.get(name, {}), names, name))
            for name, value in said.items()
        ]

    def _said(self, value: Json, schema: Json, names: Names, field: str) -> Markup:
        if isinstance(value, Mapping) and value.get("disputed") is True and "values" in value:
            return self._list(value["values"], {"items": schema}, names, field)
        name, resolved = self._reading.resolved(schema)
        if isinstance(value, list):
            # A rule may have gathered it from many places; then the schema is that of each.
            return self._list(value, resolved if "items" in resolved else {"items": schema}, names, field)
        if isinstance(value, bool):
            return escape(self.code("yes" if value else "no"))
        if isinstance(value, Mapping):
            return self._map(value, name, resolved, names)
        if isinstance(value, int | float):
            is_year = field in {"born", "birth_year"}
            return escape(str(value) if is_year else self._speech.number(value))
        return Markup() if value is None else self._text(str(value), name, resolved, names, field)

    def _text(self, text: str, name: str, schema: Json, names: Names, field: str) -> Markup:
        coded = self._coded(text, name, schema, field)
        if coded is not None:
            return escape(coded)
        if name in _AS_DAY or name == "date_time":
            return self._time(text, name)
        is_named = REF.fullmatch(text) and text.partition(":")[0] in _KINDS
        if is_named or name == "standard":
            return self.link(text if is_named else f"standard:{text}", names)
        if name == "uri" or re.fullmatch(r"https?://\S+", text):
            return Markup('<a rel="nofollow noreferrer" href="{0}"><bdi>{0}</bdi></a>').format(text)
        return Markup('<span dir="auto">{}</span>').format(text)

    def _coded(self, text: str, name: str, schema: Json, field: str) -> str | None:
        """Return what a code means; None for what is no code."""
        if name.startswith("vocabulary "):
            return self._speech.label(name.removeprefix("vocabulary "), text)
        if name in _COUNTRY or field == "country":
            return self._country(text)
        if name in {"language", "pointer"}:
            return self._language(text) if name == "language" else self.way(text)
        labels = schema.get("x-labels", {})
        if text in labels:
            return self._speech.texts.gettext(labels[text])
        is_code = "enum" in schema or "const" in schema or (not schema and text in CODES)
        return self.code(text) if is_code else None

    def _country(self, code: str) -> str:
        return self._speech.texts.gettext(_NOWHERE) if code == "INT" else self._speech.country(code)

    def _language(self, code: str) -> str:
        """Return the name of a language; of another word what a field of that name is called."""
        known = Locale.parse(self._speech.language.code).languages
        return str(known[code]) if code in known else code if len(code) <= _SHORT_CODE else self.field(code)

    def _time(self, text: str, name: str) -> Markup:
        if name == "date_time" or "T" in text:
            words = self._speech.moment(text)
            return Markup('<time datetime="{}" data-zone="UTC">{}</time>').format(text, words)
        return Markup('<time title="{}">{}</time>').format(text, self._speech.day(text))

    def _map(self, value: Mapping[str, Json], name: str, schema: Json, names: Names) -> Markup:
        if name == "lang_map":
            return escape(self._speech.said(value))
        if value.keys() == {"amount", "currency"}:
            # By its code: a sign such as $ or kr does not say whose money it is.
            return Markup("<bdi>{}\N{NO-BREAK SPACE}{}</bdi>").format(
                self._speech.number(value["amount"]), value["currency"]
            )
        fields = self._reading.fields(schema)
        rows = []
        for one, inner in value.items():
            if one.startswith("/"):
                title, field, known = self.way(one), one.rpartition("/")[2], self._reading.of_field(one)
            else:
                title, field = self.field(one) if fields else self._language(one), one
                known = fields.get(one, {})
            rows.append((title, self._said(inner, known, names, field)))
        inside = Markup().join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(*row) for row in rows)
        return Markup('<dl class="inner">{}</dl>').format(inside)

    def _list(self, values: list[Json], schema: Json, names: Names, field: str) -> Markup:
        inner = schema.get("items", {})
        said = [self._said(one, inner, names, field) for one in values]
        is_short = all(not isinstance(one, Mapping | list) and len(str(one)) <= _SHORT for one in values)
        if is_short or len(said) == 1:
            return Markup(", ").join(self._times(one, count) for one, count in Counter(said).items())
        return Markup('<ul class="inner">{}</ul>').format(
            Markup().join(Markup("<li>{}</li>").format(one) for one in said)
        )

    def _times(self, said: Markup, count: int) -> Markup:
        return said if count == 1 else Markup("{} × {}").format(said, self._speech.number(count))
