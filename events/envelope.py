"""The envelope of an event: CloudEvents 1.0 with the hub's extensions, checked and normalised."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol
from urllib.parse import unquote

from events.audience import TLP
from events.event import MAX_ID, SLUG, SOURCE_PREFIX, Json, stem_of
from events.moments import read_moment, stamp
from events.strict import escape
from schemas.problem import Problem
from schemas.vocabulary import nearest

SCHEMAS = "https://solidarity-hub.example/schemas/"
MAX_EXTENSION = 500
MAX_EXTENSIONS = 20
MAX_NAMED = 100
"""Partners and accounts in one `audience`."""

_ACCOUNT = r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}"
_NAME = re.compile(r"[a-z0-9]{1,20}")
_SOURCE = re.compile(re.escape(SOURCE_PREFIX) + SLUG.pattern)
_NAMED = re.compile(rf"{SLUG.pattern}(?:/{_ACCOUNT})?")
_DATASCHEMA = re.compile(r"(?:.{0,200}/)?schemas/([a-z0-9._-]{1,80})/([1-9][0-9]{0,5})")
_JSON_TYPE = re.compile(
    r"application/(?:json|[a-z0-9.-]+\+json)(?:\s*;\s*charset=\"?utf-8\"?)?", re.IGNORECASE
)
_INT32 = 2**31
_OWN = frozenset({"recordedtime", "sealed", "signature", "toldby"})
"""Attributes that the hub alone sets."""

Check = Callable[[Json, str], Iterator[Problem]]


class Contracts(Protocol):
    """The part of the registry that an envelope needs."""

    @property
    def types(self) -> tuple[str, ...]:
        """Every event type."""
        ...

    @property
    def stems(self) -> tuple[str, ...]:
        """Every type in every version."""
        ...

    def newest(self, event_type: str) -> int | None:
        """Return the newest version of a type; None when there is no such type."""
        ...


class Envelopes:
    """Checks the attributes of submissions and fills in what the publisher left out."""

    def __init__(self, contracts: Contracts, reference: str) -> None:
        """Take the types that exist and the pattern of a reference, as `schemas/common.json` has it."""
        self._newest = {event_type: contracts.newest(event_type) for event_type in contracts.types}
        self._stems = frozenset(contracts.stems)
        self._reference = re.compile(reference)
        self._checks: Mapping[str, Check] = {
            "specversion": _check_specversion,
            "id": _check_id,
            "source": _check_source,
            "type": self._check_type,
            "data": _check_data,
            "time": _check_moment,
            "subject": self._check_reference,
            "tlp": _check_tlp,
            "audience": _check_audience,
            "notbefore": _check_moment,
            "correlationid": self._check_case,
            "datacontenttype": _check_media_type,
            "dataschema": _check_text,
        }

    def problems(self, raw: Mapping[str, Json]) -> list[Problem]:
        """Return everything that is wrong with the attributes; `data` is only looked at from outside."""
        found = [
            Problem(f"/{name}", "required", "Is missing.")
            for name in ("specversion", "id", "source", "type", "data")
            if name not in raw
        ]
        extensions = 0
        for name, value in raw.items():
            check = self._checks.get(name)
            if check is not None:
                found.extend(check(value, f"/{name}"))
            else:
                extensions += 1
                found.extend(_check_extension(name, value))
        if extensions > MAX_EXTENSIONS:
            found.append(
                Problem("", "too_many_fields", f"Has more than {MAX_EXTENSIONS} extension attributes.")
            )
        return found + self._version_problems(raw)

    def is_reference(self, text: str) -> bool:
        """Tell whether a text is a reference."""
        return self._reference.fullmatch(text) is not None

    def is_source(self, text: str) -> bool:
        """Tell whether a text has the form of a source."""
        return _SOURCE.fullmatch(text) is not None

    def stem(self, raw: Mapping[str, Json]) -> str | None:
        """Return the stem that a submission asks for; None when there is no such type or version."""
        event_type, asked = raw.get("type"), raw.get("dataschema")
        if not isinstance(event_type, str):
            return None
        if isinstance(asked, str):
            found = _DATASCHEMA.fullmatch(asked)
            stem = stem_of(found[1], int(found[2])) if found else ""
            return stem if found and found[1] == event_type and stem in self._stems else None
        newest = self._newest.get(event_type)
        return None if newest is None else stem_of(event_type, newest)

    def _version_problems(self, raw: Mapping[str, Json]) -> list[Problem]:
        event_type = raw.get("type")
        known = isinstance(event_type, str) and self._newest.get(event_type) is not None
        if not known or not isinstance(raw.get("dataschema"), str) or self.stem(raw) is not None:
            return []
        newest = f"{SCHEMAS}{event_type}/{self._newest[str(event_type)]}"
        return [
            Problem(
                "/dataschema", "unknown_version", "Names no version of this type.", f"The newest is {newest}"
            )
        ]

    def _check_type(self, value: Json, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield _wrong_type(pointer, "text")
        elif self._newest.get(value) is None:
            guess = nearest(value, self._newest)
            hint = f"Did you mean {guess}?" if guess else "See /schemas for the types."
            yield Problem(pointer, "unknown_type", "Is no event type of this hub.", hint)

    def _check_reference(self, value: Json, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield _wrong_type(pointer, "text")
        elif not self._reference.fullmatch(value):
            yield Problem(
                pointer, "not_a_reference", "Is no reference.", "Expected kind:UUID or kind:SLUG.OWN-ID."
            )

    def _check_case(self, value: Json, pointer: str) -> Iterator[Problem]:
        found = list(self._check_reference(value, pointer))
        if not found and not value.startswith("case:"):
            found = [
                Problem(
                    pointer, "not_a_reference", "Is no reference to a case.", "Expected case:SLUG.OWN-ID."
                )
            ]
        yield from found


def fill_in(
    raw: Mapping[str, Json], stem: str, tlp: str, subject_pointer: str, now: datetime
) -> dict[str, Json]:
    """Return the envelope with the hub's defaults for what the publisher left out.

    Args:
        raw: a submission without problems.
        stem: type and version that it asked for, or the newest.
        tlp: default label of the type.
        subject_pointer: JSON Pointer, into data, to the main reference.
        now: default for `time`.
    """
    event_type, _, version = stem.rpartition(".v")
    envelope = dict(raw)
    envelope["dataschema"] = f"{SCHEMAS}{event_type}/{version}"
    envelope.setdefault("time", stamp(now))
    envelope.setdefault("tlp", tlp)
    if "subject" not in envelope:
        main = _resolve(raw["data"], subject_pointer)
        if isinstance(main, str):
            envelope["subject"] = main
    return envelope


def from_headers(headers: Iterable[tuple[str, str]], data: Json) -> dict[str, Json]:
    """Return the submission of CloudEvents' binary mode: attributes in `ce-*` headers, payload in the body.

    Bad percent-encoding and repeated attributes come out as values that no check accepts.
    """
    raw: dict[str, Json] = {"data": data}
    for header, value in headers:
        name = header.lower()
        if name == "content-type":
            raw["datacontenttype"] = value
        elif name.startswith("ce-") and name != "ce-data":
            attribute = name.removeprefix("ce-")
            raw[attribute] = None if attribute in raw else _decoded(value)
    return raw


def _decoded(value: str) -> str | None:
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        return None


def _resolve(data: Json, pointer: str) -> Json:
    for part in pointer.split("/")[1:]:
        if not isinstance(data, dict) or part not in data:
            return None
        data = data[part]
    return data


def _wrong_type(pointer: str, expected: str) -> Problem:
    return Problem(pointer, "wrong_type", f"Is not {expected}.")


def _check_specversion(value: Json, pointer: str) -> Iterator[Problem]:
    if value != "1.0":
        yield Problem(
            pointer, "wrong_value", "Is not a version of CloudEvents that the hub takes.", 'Expected "1.0".'
        )


def _check_id(value: Json, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield _wrong_type(pointer, "text")
    elif not value:
        yield Problem(pointer, "too_short", "Is empty.")
    elif len(value) > MAX_ID:
        detail = f"Is longer than {MAX_ID} characters."
        yield Problem(pointer, "too_long", detail, values={"most": MAX_ID})


def _check_source(value: Json, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield _wrong_type(pointer, "text")
    elif not _SOURCE.fullmatch(value):
        yield Problem(pointer, "wrong_form", "Is no source of this hub.", f"Expected {SOURCE_PREFIX}SLUG.")


def _check_data(value: Json, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _wrong_type(pointer, "an object")


def _check_moment(value: Json, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield _wrong_type(pointer, "text")
    elif read_moment(value) is None:
        yield Problem(
            pointer, "not_a_moment", "Is no moment with an offset.", "Expected e.g. 2026-11-02T09:30:00Z."
        )


def _check_tlp(value: Json, pointer: str) -> Iterator[Problem]:
    if value not in TLP:
        yield Problem(
            pointer, "unknown_tlp", "Is no label of the Traffic Light Protocol.", "One of " + ", ".join(TLP)
        )


def _check_audience(value: Json, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield _wrong_type(pointer, "text")
        return
    names = [name.strip() for name in value.split(",")]
    if len(names) > MAX_NAMED:
        detail = f"Names more than {MAX_NAMED} partners or accounts."
        yield Problem(pointer, "too_many_items", detail, values={"most": MAX_NAMED})
    elif not all(_NAMED.fullmatch(name) for name in names):
        hint = "Expected slugs or slug/account with commas between, e.g. open-docket,quill-network/ann."
        yield Problem(pointer, "wrong_form", "Is no list of partners or accounts.", hint)


def _check_media_type(value: Json, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, str) or not _JSON_TYPE.fullmatch(value):
        yield Problem(pointer, "wrong_value", "Is not JSON.", "Expected application/json.")


def _check_text(value: Json, pointer: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield _wrong_type(pointer, "text")


def _check_extension(name: str, value: Json) -> Iterator[Problem]:
    # A name that is not fit to be shown is reported at the root.
    pointer = f"/{escape(name[:64])}" if name.isascii() and name.isprintable() else ""
    if name in _OWN:
        yield Problem(pointer, "not_allowed", "Is set by the hub.")
    elif name == "data_base64":
        yield Problem(pointer, "unknown_field", "Is not taken.", "Send the payload as JSON, in data.")
    elif not _NAME.fullmatch(name):
        hint = "Extension attributes have 1 to 20 lower-case letters and digits."
        yield Problem(pointer, "unknown_field", "Is no attribute of an event.", hint)
    elif isinstance(value, str):
        if len(value) > MAX_EXTENSION:
            yield Problem(pointer, "too_long", f"Is longer than {MAX_EXTENSION} characters.")
    elif not isinstance(value, (int, bool)):
        yield _wrong_type(pointer, "text, a whole number, true or false")
    elif not -_INT32 <= value < _INT32:
        yield Problem(pointer, "too_big", "Is a whole number of more than 32 bits.", "Send it as text.")
