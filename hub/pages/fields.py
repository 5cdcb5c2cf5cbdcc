"""Finds the schema of a field of an event, and of a property that a rule takes from it."""

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType

import orjson

from events.event import Json
from schemas.documents import library_of
from schemas.registry import Registry
from schemas.walk import places

_LOCAL = "#/$defs/"
_TYPES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "lawyer": ("lawyer.profiled", "threat.reported", "consent.recorded"),
    "trial": ("trial.scheduled", "trial.concluded"),
    "hearing": ("hearing.reported", "hearing.scheduled", "hearing.adjourned"),
    "statement": ("statement.issued",),
    "action": ("action.proposed", "action.completed"),
    "need": ("need.expressed",),
    "offer": ("offer.made",),
    "policy": ("policy.changed",),
    "commitment": ("commitment.progressed", "commitment.made"),
    "indicator": ("indicator.defined",),
    "partner": ("partner.admitted", "partner.suspended"),
    "support": ("support.delivered", "support.matched"),
    "threat": ("threat.updated", "threat.reported", "accountability.recorded"),
    "body": ("body.profiled", "partner.admitted"),
    "dataset": ("legalaid.reported",),
    "case": ("impact.assessed",),
})  # fmt: skip
"""Kind of thing → types of events that give it values, those first whose codes say most."""


class Reading:
    """Finds the schema of a field of an event, and of a property that a rule takes from it.

    Args:
        registry: of contracts.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._documents = registry.documents()
        self._props: dict[tuple[str, str], Json] = {}
        for stem in registry.stems:
            self._props.update({**dict(self._taken(stem)), **self._props})

    def of_type(self, event_type: str) -> Json:
        """Return the newest schema of a type; an empty one where there is none."""
        version = self._registry.newest(event_type)
        return {} if version is None else self._registry.contract(f"{event_type}.v{version}").schema

    def of_prop(self, event_type: str, prop: str) -> Json:
        """Return the schema of a property as events of a type give it."""
        return self._props.get((event_type, prop), {})

    def of_kind(self, kind: str, prop: str) -> Json:
        """Return the schema of a property of a kind of thing, as the first type says that gives it one."""
        wanted = "kind" if prop == "of_kind" else prop
        found = (self._props.get((one, wanted)) for one in _TYPES.get(kind, ()))
        return next(filter(None, found), {})

    def of_field(self, pointer: str) -> Json:
        """Return the schema of the field that a JSON Pointer leads to, as the first contract says that has it."""
        wanted = [step for step in pointer.split("/") if not step.isdecimal()][-1]
        return self._by_name.get(wanted, {})

    @cached_property
    def _by_name(self) -> Mapping[str, Json]:
        library = library_of(dict(self._documents))
        found: dict[str, Json] = {}
        for stem in self._registry.stems:
            for place in places(self._registry.contract(stem).schema, library):
                for name, schema in place.schema.get("properties", {}).items():
                    found.setdefault(name, schema)
        return found

    @cached_property
    def titles(self) -> Mapping[str, str]:
        """What contracts call their fields, by name; of several titles that of the first contract."""
        library = library_of(dict(self._documents))
        found: dict[str, str] = {}
        for stem in self._registry.stems:
            for place in places(self._registry.contract(stem).schema, library):
                name = place.pointer.rpartition("/")[2]
                if "title" in place.schema and name not in {"", "*"}:
                    found.setdefault(name, place.schema["title"])
        return found

    def fields(self, schema: Json) -> Mapping[str, Json]:
        """Return the fields of an object by name."""
        _, schema = self.resolved(schema)
        found: Mapping[str, Json] = schema.get("properties", {})
        return found

    def resolved(self, schema: Json) -> tuple[str, Json]:
        """Return the name of the common part that a schema refers to, and that part; of alternatives the open one."""
        name = ""
        while isinstance(schema, Mapping) and ("$ref" in schema or "anyOf" in schema):
            if "$ref" not in schema:
                schema = schema["anyOf"][0]
                continue
            base, _, named = str(schema["$ref"]).partition(_LOCAL)
            if base.endswith("/vocabularies"):
                return f"vocabulary {named}", {}
            name = name or named
            # Codes of countries and currencies are many, and need no reading.
            schema = {} if base.endswith("/codes") else self._documents[base]["$defs"][named]
        return name, schema

    def _taken(self, stem: str) -> Iterator[tuple[tuple[str, str], Json]]:
        place = files("projections").joinpath("rules", f"{stem}.json")
        if not place.is_file():
            return
        contract = self._registry.contract(stem)
        for node in orjson.loads(place.read_bytes()).get("nodes", ()):
            for prop, pointer in node.get("props", {}).items():
                if isinstance(pointer, str):
                    way = f"{node.get('each', '')}{pointer[1:]}" if pointer.startswith(".") else pointer
                    yield (contract.type, prop), self._at(contract.schema, way)

    def _at(self, schema: Json, pointer: str) -> Json:
        for step in pointer.split("/")[1:]:
            if step == "*":
                _, inner = self.resolved(schema)
                schema = inner.get("items", {})
            else:
                schema = self.fields(schema).get(step, {})
        return schema


@cache
def reading_of(registry: Registry) -> Reading:
    """Return what finds schemas; made once for a process and its contracts."""
    return Reading(registry)
