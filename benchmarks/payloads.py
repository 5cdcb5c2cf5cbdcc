"""Events to measure with: the same for the same number, all invented, about 1.6 KB each, with skewed references."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Any

import orjson

Json = Any

SLUG = "harbour-bar-watch"
ROLES = ("monitor", "responder", "observer")
COUNTRIES = ("QM", "QN", "QO", "QP", "QQ", "QR")
LAWYERS = 3_000
"""People in the invented world; the few with low numbers are spoken of most."""

MIX = (
    *("threat.reported",) * 10,
    *("threat.updated",) * 2,
    *("lawyer.profiled",) * 2,
    *("hearing.scheduled",) * 2,
    *("trial.scheduled",),
    *("statement.issued",) * 2,
    *("need.expressed",),
)
"""Types by how often they come: half are reports of threats."""

_NARRATIVE = (
    "Taken by four plain-clothes officers at the side door of the court, in front of two colleagues and a client. "
    "The car bore no plates. Counsel was refused twice at the gate, once by telephone and once in person; the second "
    "time the officer on duty wrote down the bar number and the plate of the car. The family was told nothing until "
    "the next evening. A colleague who asked for the order of arrest was shown a page without a date, "
    "and asked not to come again. "
)


def event(number: int, event_type: str = "threat.reported", slug: str = SLUG) -> dict[str, Json]:
    """Return one CloudEvent as a partner sends it; `number` makes its id and what it speaks of."""
    chance = int.from_bytes(blake2b(b"%d" % number, digest_size=8).digest())
    lawyer = int(LAWYERS * ((chance & 0xFFFF) / 0x10000) ** 3)
    country = COUNTRIES[lawyer % len(COUNTRIES)]
    text = _template(event_type)
    for old, new in (
        (f"{SLUG}.0042", f"{SLUG}.l{lawyer}"),
        (f"{SLUG}.0107", f"{SLUG}.l{(chance >> 16) % LAWYERS}"),
        (f"{SLUG}.2026-017", f"{SLUG}.t{_case(number, event_type)}"),
        (f"{SLUG}.2026-011", f"{SLUG}.t{max(0, number - 37)}"),
        (f"{SLUG}.2026-031", f"{SLUG}.s{number}"),
        (f"{SLUG}.2026-004", f"{SLUG}.n{number}"),
        (f"{SLUG}.t-31", f"{SLUG}.c{number // 3}"),
        (f"{SLUG}.h-51", f"{SLUG}.h{number}"),
        ('"QM-02"', f'"{country}-0{chance % 8 + 1}"'),
        ('"QM"', f'"{country}"'),
        ("2026-11-02", f"2026-{chance % 12 + 1:02}-{chance % 28 + 1:02}"),
        (SLUG, slug),
    ):
        text = text.replace(old, new)
    attributes = {"specversion": "1.0", "id": f"b-{number}", "source": f"urn:hub:partner:{slug}"}
    time = f"2026-11-{number % 28 + 1:02}T{number % 24:02}:{number % 60:02}:00Z"
    return {**attributes, "type": event_type, "time": time, "tlp": "green", "data": json.loads(text)}


def threats(first: int, count: int, slug: str = SLUG) -> list[bytes]:
    """Return reports of threats, one JSON line each."""
    return [orjson.dumps(event(number, slug=slug)) for number in range(first, first + count)]


def mix(first: int, count: int, slug: str = SLUG) -> list[bytes]:
    """Return events of several types, one JSON line each."""
    return [
        orjson.dumps(event(number, MIX[number * 7 % len(MIX)], slug))
        for number in range(first, first + count)
    ]


def batches(lines: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    """Cut lines into batches."""
    for start in range(0, len(lines), size):
        yield lines[start : start + size]


def _case(number: int, event_type: str) -> int:
    # An update speaks of a threat that was reported shortly before.
    return number if event_type == "threat.reported" else max(0, number - 9)


@cache
def _template(event_type: str) -> str:
    schema = json.loads(files("schemas").joinpath(f"types/{event_type}.v1.json").read_text("utf-8"))
    data = schema["examples"][0]
    if event_type == "threat.reported":
        data["narrative"] = _NARRATIVE
        data["linked"] = [{"threat": f"threat:{SLUG}.2026-011", "relation": "part_of"}]
    return json.dumps(data)
