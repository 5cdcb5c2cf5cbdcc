"""Canaries: events in which every value occurs nowhere else, so that it tells where it got out.

What a field is, is read from the schema files here, and the rule of who may see it is said here once more; no code of
the hub is asked.
"""

import json
import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

Json = Any
Steps = tuple[str, ...]

SCHEMAS = Path(__file__).parents[1] / "schemas"
LADDER = ("clear", "green", "amber", "amber+strict", "red")
SONG = re.compile(
    rb"zq[b-df-hj-np-tv-z]{8}|[2-9]\d{3}-[01]\d-[0-3]\d|[1-9]\d{6,}|0\.\d{6}|[0-9a-f]{64}|[0-9a-f-]{36}"
)
"""What canaries look like; only those that were let out count."""

_BOXES = re.compile(rb"[A-Za-z0-9+/_-]{20,}={0,2}")


@dataclass(frozen=True)
class Who:
    """A reader, in the oracle's own words."""

    name: str
    partner: str | None = None
    account: str = ""
    clearance: str = "clear"


@dataclass(frozen=True)
class Mark:
    """What a schema file says about one field; `*` in its steps stands for any."""

    steps: Steps
    audience: str | None = None
    consent: str | None = None
    seal: str | None = None

    def covers(self, steps: Steps) -> bool:
        """Tell whether a place in the payload is this field or within it."""
        return len(self.steps) <= len(steps) and all(
            own in {"*", step} for own, step in zip(self.steps, steps, strict=False)
        )


@cache
def marks(stem: str) -> tuple[Mark, ...]:
    """Read the marks of a type from its file, and from the common parts that it refers to."""
    if stem == "steward.acted.v1":
        return ()  # the hub's own, without a contract
    event_type, _, version = stem.rpartition(".v")
    document = json.loads((SCHEMAS / "types" / f"{event_type}.v{version}.json").read_text("utf-8"))
    return tuple(dict.fromkeys(_marks(document, ())))


@cache
def _common() -> Mapping[str, Json]:
    found: dict[str, Json] = json.loads((SCHEMAS / "common.json").read_text("utf-8"))["$defs"]
    return found


def _marks(part: Json, steps: Steps) -> Iterator[Mark]:
    if not isinstance(part, dict):
        return
    said = {name: part.get(f"x-{name}") for name in ("audience", "consent", "seal")}
    if any(said.values()):
        yield Mark(steps, **said)
    for inner, further in _inside(part):
        yield from _marks(inner, (*steps, *further))


def _inside(part: Mapping[str, Json]) -> Iterator[tuple[Json, Steps]]:
    """Yield what a schema holds or refers to, and the steps to where it applies."""
    refers, _, name = str(part.get("$ref", "")).rpartition("/")
    if refers in {"#/$defs", "https://solidarity-hub.example/schemas/common#/$defs"}:
        yield _common()[name], ()
    yield from ((branch, ()) for keyword in ("allOf", "anyOf", "oneOf") for branch in part.get(keyword, ()))
    yield from ((part.get(keyword), ()) for keyword in ("if", "then", "else"))
    yield from ((inner, (name,)) for name, inner in part.get("properties", {}).items())
    yield from ((inner, ("*",)) for inner in part.get("prefixItems", ()))
    yield from ((part.get(keyword), ("*",)) for keyword in ("items", "additionalProperties"))


@dataclass(frozen=True)
class Released:
    """An event that was let out, as its publisher labelled it.

    Args:
        stem: its type and version.
        envelope: as sent.
        closed: nobody but its publisher may know it: under embargo, or retracted as unsafe.
        is_withdrawn: the person took back what it rests on.
    """

    stem: str
    envelope: Mapping[str, Json]
    closed: bool = False
    is_withdrawn: bool = False

    @property
    def publisher(self) -> str:
        return str(self.envelope["source"]).rpartition(":")[2]

    @property
    def audience(self) -> frozenset[str]:
        return frozenset(str(self.envelope.get("audience", "")).split(",")) - {""}

    @property
    def consent(self) -> str:
        """What the person allows, as the event itself says; in public only where words of theirs may be public."""
        if self.is_withdrawn:
            return "C0"
        said = self.envelope["data"].get("protection", {})
        level = str(said.get("consent_level", "C1"))
        is_public = {"media", "joint_statement"} & set(said.get("scopes", ()))
        return level if level != "C5" or is_public else "C4"


def may_see(who: Who, one: Released, mark: Mark | None = None) -> bool:
    """Tell whether a reader may see an event, or what a mark covers in it."""
    if mark is None:
        return _may(who, one, str(one.envelope["tlp"]), one.audience)
    if mark.consent is not None:
        if one.consent == "C5":
            return may_see(who, one)
        told = one.audience if one.consent >= mark.consent and one.audience else frozenset[str]()
        level = "amber" if told else "amber+strict"
        return _may(who, one, _stricter(one, level), told)
    is_strict = mark.audience in LADDER[3:]
    told = frozenset[str]() if one.consent == "C0" and is_strict else one.audience
    return _may(who, one, _stricter(one, mark.audience or "clear"), told)


def _stricter(one: Released, level: str) -> str:
    return max(str(one.envelope["tlp"]), level, key=LADDER.index)


def _may(who: Who, one: Released, tlp: str, named: frozenset[str]) -> bool:
    if LADDER.index(who.clearance) < LADDER.index(tlp):
        return False
    if who.partner == one.publisher:
        return True
    if one.closed or (who.partner is None and tlp != "clear"):
        return False
    among = {
        "amber": not named or who.partner in named,
        "amber+strict": who.partner in named,
        "red": f"{who.partner}/{who.account}" in named,
    }
    return among.get(tlp, True)


@dataclass(frozen=True)
class Perch:
    """Where one canary sits: in an event, at some place of its payload (no steps: in its envelope)."""

    event: int
    steps: Steps = ()


@dataclass
class Aviary:
    """All canaries that were let out, and who may hear which."""

    events: list[Released] = field(default_factory=list)
    perches: defaultdict[str, set[Perch]] = field(default_factory=lambda: defaultdict(set))

    def release(self, one: Released) -> int:
        """Take down an event that was recorded, with every canary in it."""
        self.events.append(one)
        number = len(self.events) - 1
        for steps, value in _leaves(dict(one.envelope)):
            for song in songs(str(value).encode()):
                self.perches[song].add(Perch(number, steps[1:] if steps[0] == "data" else ()))
        return number

    def put(self, event: int, steps: Steps, value: Json) -> None:
        """Take down that a correction put a value into another event."""
        for song in songs(str(value).encode()):
            self.perches[song].add(Perch(event, steps))

    def known_to(self, who: Who) -> frozenset[str]:
        """Return the canaries that a reader may hear."""
        return frozenset(
            song for song, perches in self.perches.items() if any(self._hears(who, one) for one in perches)
        )

    def hidden_from(self, who: Who) -> frozenset[str]:
        """Return the canaries that a reader may not hear."""
        return frozenset(self.perches) - self.known_to(who)

    def sealed(self, is_whose: Callable[[str, Released], bool] = lambda _seal, _one: True) -> frozenset[str]:
        """Return the canaries in personal fields, and nowhere else.

        Args:
            is_whose: tells from the pointer of a field's seal and its event whether it is meant.
        """
        return frozenset(
            song
            for song, perches in self.perches.items()
            if all(
                any(is_whose(seal, self.events[one.event]) for seal in self._seals(one)) for one in perches
            )
        )

    def marked(self) -> set[tuple[str, Steps]]:
        """Return the marks (stem, steps) in whose fields a canary sits."""
        return {
            (self.events[one.event].stem, mark.steps)
            for perches in self.perches.values()
            for one in perches
            for mark in marks(self.events[one.event].stem)
            if one.steps and mark.covers(one.steps)
        }

    def _hears(self, who: Who, perch: Perch) -> bool:
        one = self.events[perch.event]
        over = [mark for mark in marks(one.stem) if perch.steps and mark.covers(perch.steps)]
        return may_see(who, one) and all(may_see(who, one, mark) for mark in over)

    def _seals(self, perch: Perch) -> list[str]:
        over = marks(self.events[perch.event].stem)
        return [mark.seal for mark in over if mark.seal and perch.steps and mark.covers(perch.steps)]

    def _says(self, perches: Iterable[Perch]) -> list[Perch]:
        """Leave out where a correction says a value, if it stands where it was put as well."""
        put = [one for one in perches if one.steps[:1] != ("changes",)]
        return put or list(perches)


def _leaves(value: Json, steps: Steps = ()) -> Iterator[tuple[Steps, Json]]:
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, (*steps, str(step)))
    else:
        yield steps, value


def songs(text: bytes) -> set[str]:
    """Return everything in a text that looks like a canary, in base64 as well."""
    found = {one.decode() for one in SONG.findall(text.lower())}
    for box in _BOXES.findall(text):
        plain = box.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        # A run may end in the middle of what is not base64; what is before it still counts.
        whole = plain[:-1] if len(plain) % 4 == 1 else plain
        inner = b64decode(whole + b"=" * (-len(whole) % 4))
        found |= {one.decode() for one in SONG.findall(inner.lower())}
    return found


def heard(text: bytes, among: frozenset[str]) -> list[str]:
    """Return which of some canaries sing in a text."""
    return sorted(songs(text) & among)


def heard_in_folder(folder: Path, among: frozenset[str], but: Sequence[str] = ()) -> dict[str, list[str]]:
    """Return which canaries lie in the files of a folder as they are on the disk, by file.

    Args:
        folder: of a hub.
        among: which canaries.
        but: patterns of names of files that may hold them.
    """
    files = (one for one in sorted(folder.rglob("*")) if one.is_file())
    looked = (one for one in files if not any(one.match(pattern) for pattern in but))
    found = {str(one.relative_to(folder)): heard(one.read_bytes(), among) for one in looked}
    return {name: said for name, said in found.items() if said}


def without(known: Iterable[str], text: bytes) -> bytes:
    """Return a text without some words: the caller's own, which an answer may repeat to him."""
    for word in known:
        text = text.replace(word.encode(), b"")
    return text
