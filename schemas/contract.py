"""The contract of one stem: what its payload must be, who may send it, and what its fields are."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import jsonschema_rs

from schemas.breach import from_python, from_rust
from schemas.explain import explain
from schemas.problem import Problem
from schemas.reference import reference_validator
from schemas.trim import Shape, trimmed
from schemas.walk import Place

if TYPE_CHECKING:
    from referencing import Registry as Library

Json = Any
Kind = Literal["report", "decision", "amendment"]

_STRICTNESS = ("clear", "green", "amber", "amber+strict", "red")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a schema says about the audience of one field.

    Args:
        pointer: JSON Pointer into the payload; `*` stands for every item, or for every field of a map.
        seal: pointer to the reference whose key seals the field.
        audience: TLP label that is stricter than the event's.
        consent: level from which the field is shown.
        searchable: whether search may read it.
    """

    pointer: str
    seal: str | None = None
    audience: str | None = None
    consent: str | None = None
    searchable: bool = True

    @property
    def level(self) -> str | None:
        """What its reader needs: a consent of the person if one is asked for, else a label; None: nothing."""
        return self.consent or self.audience


@dataclass(frozen=True, slots=True)
class Contract:
    """One event type in one version, as its schema file says.

    Args:
        publishers: partner roles that may send it; `any` among them admits every role.
        tlp: label of an event that names none.
        subject_pointer: where the main reference stands in the payload; None where none is the main one.
        marks: fields with an audience of their own.
        past: pointers of the dates by which something has happened already.
        schema: the JSON Schema, its references absolute.
        example: a complete, valid payload.
    """

    stem: str
    type: str
    version: int
    title: str
    kind: Kind
    publishers: frozenset[str]
    tlp: str
    subject_pointer: str | None
    marks: tuple[Mark, ...]
    past: tuple[str, ...]
    schema: Json
    example: Json
    _gate: jsonschema_rs.Draft202012Validator = field(repr=False, compare=False)
    _library: "Library[Json]" = field(repr=False, compare=False)
    _shape: Shape = field(repr=False, compare=False)
    _formats: Mapping[str, Callable[[str], bool]] = field(repr=False, compare=False)

    def check(self, data: Json) -> list[Problem]:
        """Return every problem of a payload, pointers from the root of the event; nothing if it is valid."""
        if self._gate.is_valid(data):
            return []
        # Cut, a payload stays invalid where lists and maps have a limit; our tests hold that for our types.
        return self._explained(trimmed(data, self._shape)) or self._explained(data)

    def explain_by_reference(self, data: Json) -> list[Problem]:
        """Say the same by the Python library `jsonschema`: slow and independent, to hold the two together."""
        part = trimmed(data, self._shape)
        validator = reference_validator(self.schema, self._library, self._formats)
        return explain((from_python(error, part) for error in validator.iter_errors(part)), self._library)

    def _explained(self, data: Json) -> list[Problem]:
        return explain(
            (from_rust(error, self._library) for error in self._gate.iter_errors(data)), self._library
        )


def read_marks(places: Iterable[Place]) -> tuple[Mark, ...]:
    """Return the marks of all places of a schema, in the order of the fields."""
    found: dict[str, Mark] = {}
    for pointer, mark in _each_mark(places):
        earlier = found.get(pointer)
        found[pointer] = mark if earlier is None else _stricter(earlier, mark)
    return tuple(found.values())


def _each_mark(places: Iterable[Place]) -> Iterator[tuple[str, Mark]]:
    for place in places:
        seal, audience, consent, search = (
            place.schema.get(f"x-{name}") for name in ("seal", "audience", "consent", "search")
        )
        if (seal, audience, consent, search) != (None, None, None, None):
            yield place.pointer, Mark(place.pointer, seal, audience, consent, search is not False)


def _stricter(one: Mark, other: Mark) -> Mark:
    labels = [label for label in (one.audience, other.audience) if label is not None]
    return Mark(
        one.pointer,
        one.seal or other.seal,
        max(labels, key=_STRICTNESS.index, default=None),
        max(filter(None, (one.consent, other.consent)), default=None),
        one.searchable and other.searchable,
    )
