"""Makes events full of canaries: of every type, at every label, a value of its own in every field that allows it."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path as FilePath
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from events.decisions.actions.texts import hash_of_draft, text_hash
from events.intake import Intake
from events.submission import Publisher
from hub.keys import make_keys
from hub.settings import Settings
from tests.canaries import Aviary, Released
from tests.running import Chance, SetClock, World, admit, example, recording, registry
from tests.wording import in_own_name

Json = Any
Path = tuple[str | int, ...]

FIRST, SECOND = "harbour-bar-watch", "open-docket"
PARTNERS = (FIRST, SECOND)
ROLES = ["monitor", "responder", "bar", "policy", "legal_aid_provider", "observer", "verifier"]
ACCOUNT = "ann"
STILL: Mapping[str, Any] = {"timekeeper_seconds": 80_000.0, "look_seconds": 0.02, "beat_seconds": 600.0}
"""Settings of a hub that does nothing by itself while it is asked."""

FAR = "2091-01-01T00:00:00Z"


@dataclass(frozen=True)
class Label:
    """A label; `%s` in its audience stands for the partner that is not the publisher."""

    name: str
    tlp: str
    audience: str = ""
    notbefore: str = ""

    def attributes(self, slug: str) -> dict[str, str]:
        """Return the attributes of an envelope that say it."""
        other = SECOND if slug == FIRST else FIRST
        said = {"tlp": self.tlp, "audience": self.audience.replace("%s", other), "notbefore": self.notbefore}
        return {name: value for name, value in said.items() if value}


LABELS = (
    Label("clear", "clear"),
    Label("green", "green"),
    Label("amber", "amber"),
    Label("amber to the other", "amber", "%s"),
    Label("strict", "amber+strict"),
    Label("strict to the other", "amber+strict", "%s"),
    Label("red", "red"),
    Label("red to an account", "red", f"%s/{ACCOUNT}"),
    Label("clear under embargo", "clear", notbefore=FAR),
    Label("green under embargo", "green", notbefore=FAR),
)

GROUPS = (
    ("action.proposed.v1", "action.joined.v1", "action.left.v1", "action.completed.v1"),
    ("consent.recorded.v1", "consent.withdrawn.v1"),
    ("threat.reported.v1", "record.corrected.v1"),
    ("hearing.reported.v1", "record.retracted.v1"),
    ("threat.updated.v1", "claim.assessed.v1"),
    ("partner.admitted.v1", "partner.suspended.v1", "erasure.executed.v1"),
)
"""Types whose events refer to each other, in their order; the last group is the stewards'."""

CONSENTS: Mapping[str, Json] = {
    "clear": {"consent_level": "C5", "scopes": ["media"]},
    "green": {"consent_level": "C5", "scopes": ["letters"]},
    "amber to the other": {"consent_level": "C2"},
    "strict to the other": {"consent_level": "C3"},
}
"""What lawyers allow, by the label of the event that names them; otherwise what the example says: C1."""

CORRECTED = ("title", "narrative")
NARROWED = "green"
"""At this label a correction brings a stricter one, amber."""

UNSAFE = frozenset({"green", "amber to the other", "strict to the other"})
"""At these labels an event is retracted as unsafe."""

_LETTERS = "bcdfghjklmnpqrstvwxz"
_START = date(2200, 1, 1)
_REF = re.compile(r"([a-z]+):[a-z0-9][a-z0-9-]{1,39}\.[A-Za-z0-9_.-]{1,80}|([a-z]+):[0-9a-f-]{36}")


def _word(number: int) -> str:
    said = ""
    for _ in range(8):
        number, letter = divmod(number, len(_LETTERS))
        said += _LETTERS[letter]
    return f"zq{said}"


def _day(number: int) -> str:
    return str(_START + timedelta(days=number))


Form = Callable[[int, str, Json], Json]
FORMS: Mapping[str, Form] = {
    "reference": lambda no, slug, old: f"{old.partition(':')[0]}:{slug}.{_word(no)}",
    "partner": lambda no, _, __: f"partner:{_word(no)}",
    "word": lambda no, _, __: _word(no),
    "address": lambda no, _, __: f"https://{_word(no)}.example/",
    "standard": lambda no, _, __: f"un-bprl:{_word(no)}",
    "moment": lambda no, _, __: f"{_day(no)}T03:04:05Z",
    "day": lambda no, _, __: _day(no),
    "period": lambda no, _, __: f"{_day(no)}/..",
    "amount": lambda no, _, __: f"{1_000_000 + no}.41",
    "digest": lambda no, _, __: sha256(_word(no).encode()).hexdigest(),
    "uuid": lambda no, _, __: str(UUID(int=(0x7A << 120) + (4 << 76) + (2 << 62) + no)),
    "count": lambda no, _, __: 1_000_000 + no,
    "share": lambda no, _, __: (100_000 + no) / 1_000_000,
}


def _fitting(value: Json) -> list[str]:
    """Return the forms that may fit a value, likeliest first."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        return ["count", "share"]
    guesses = {
        "reference": bool(_REF.fullmatch(value)),
        "partner": value.startswith("partner:"),
        "address": "://" in value,
        "digest": len(value) == 64,
        "uuid": len(value) == 36,
        "moment": bool(re.match(r"\d{4}-\d\d-\d\dT", value)),
        "period": "/" in value,
        "day": bool(re.match(r"\d{4}", value)),
        "amount": bool(re.fullmatch(r"\d+\.\d\d", value)),
        "standard": ":" in value,
    }
    return [*(name for name, is_likely in guesses.items() if is_likely), "word"]


@cache
def template(stem: str) -> tuple[Json, tuple[tuple[Path, str], ...]]:
    """Return the example of a type with what is added to it, and which form each of its values may take."""
    data = example(stem)
    source = {"source": f"source:{FIRST}.1", "sealed_note": "A note."}
    fuller = {**data, "provenance": {**data.get("provenance", {}), **source}}
    contract = registry().contract(stem)
    if not contract.check(fuller):
        data = fuller
    forms = []
    for path, value in _leaves(data):
        tried = (
            form
            for form in _fitting(value)
            if not contract.check(_with(data, path, FORMS[form](7, FIRST, value)))
        )
        form = next(tried, None)
        if form is not None:
            forms.append((path, form))
    return data, tuple(forms)


def _public_key(word: str) -> str:
    key = Ed25519PrivateKey.from_private_bytes(sha256(word.encode()).digest()).public_key()
    return b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _leaves(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, (*path, step))
    else:
        yield path, value


def _with(data: Json, path: Path, value: Json) -> Json:
    if not path:
        return value
    copy = data.copy()
    copy[path[0]] = _with(copy[path[0]], path[1:], value)
    return copy


@dataclass
class Nest:
    """Releases events into a hub."""

    intake: Intake
    aviary: Aviary = field(default_factory=Aviary)
    drawn: int = 0
    ids: dict[tuple[str, str, str], str] = field(default_factory=dict)
    known: dict[tuple[str, str, str], Json] = field(default_factory=dict)
    places: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def word(self) -> str:
        """Return a word that occurs nowhere else."""
        self.drawn += 1
        return _word(self.drawn)

    def fill(self, stem: str, slug: str) -> Json:
        """Return a payload with canaries in all its fields."""
        data, forms = template(stem)
        for path, form in forms:
            self.drawn += 1
            old = data
            for step in path:
                old = old[step]
            data = _with(data, path, FORMS[form](self.drawn, slug, old))
        return data

    def fill_label(self, label: Label, number: int) -> None:
        """Release one event of every type at a label; who publishes which goes in turns."""
        grouped = {stem for group in GROUPS for stem in group}
        others = [(stem,) for stem in registry().stems if stem not in grouped]
        for turn, group in enumerate((*others, *GROUPS)):
            slug = "stewards" if group is GROUPS[-1] else PARTNERS[(turn + number) % 2]
            for stem in group:
                self.release(stem, slug, label)

    def release(self, stem: str, slug: str, label: Label) -> None:
        """Record an event with canaries in all its fields."""
        data = self._fitted(stem, slug, label, self.fill(stem, slug))
        event_id = f"e-{self.word()}"
        envelope = {
            "specversion": "1.0",
            "id": event_id,
            "source": f"urn:hub:partner:{slug}",
            "type": stem.rpartition(".v")[0],
            "correlationid": f"case:{slug}.{self.word()}",
            **label.attributes(slug),
            "data": data,
        }
        checked = self.intake.check(Publisher(slug, ACCOUNT), json.loads(json.dumps(envelope)))
        outcome = self.intake.record([checked])[0]
        assert outcome.status == "stored", (stem, outcome.problems)
        self.ids[stem, slug, label.name], self.known[stem, slug, label.name] = event_id, data
        self.places[stem, slug, label.name] = self.aviary.release(
            Released(stem, envelope, bool(label.notbefore))
        )
        self._ruled(stem, slug, label, data)

    def _ruled(self, stem: str, slug: str, label: Label, data: Json) -> None:
        """Take down what an amendment does to the event that it is about."""
        if stem == "consent.withdrawn.v1":
            self._change(stem, slug, label, is_withdrawn=True)
            self._change("consent.recorded.v1", slug, label, is_withdrawn=True)
        elif stem == "record.retracted.v1" and data["reason"] == "unsafe":
            self._change("hearing.reported.v1", slug, label, closed=True)
        elif stem == "record.corrected.v1":
            place = self.places["threat.reported.v1", slug, label.name]
            for change in data["changes"]:
                self.aviary.put(place, (change["pointer"][1:],), change["to"])
            tlp = {"tlp": data["tlp"]} if "tlp" in data else {}
            envelope = {**self.aviary.events[place].envelope, **tlp}
            self._change("threat.reported.v1", slug, label, envelope=envelope)

    def _change(self, stem: str, slug: str, label: Label, **more: Any) -> None:
        place = self.places[stem, slug, label.name]
        self.aviary.events[place] = replace(self.aviary.events[place], **more)

    def _fitted(self, stem: str, slug: str, label: Label, data: Json) -> Json:
        """Let a payload be what the archive takes: decisions refer to what was decided before."""

        def of(other: str) -> Json:
            return self.known[other, slug, label.name]

        own = f"partner:{slug}"
        fits: Mapping[str, Callable[[], Json]] = {
            "action.proposed.v1": lambda: {
                "lead": own,
                "state": "open_for_joining",
                "text_hash": hash_of_draft(data["draft"]) or data["text_hash"],
            },
            "action.joined.v1": lambda: {
                **{name: of("action.proposed.v1")[name] for name in ("action", "text_hash")},
                "partner": own,
            },
            "action.left.v1": lambda: {"action": of("action.proposed.v1")["action"], "partner": own},
            "action.completed.v1": lambda: {"action": of("action.proposed.v1")["action"]},
            "consent.withdrawn.v1": lambda: {
                name: of("consent.recorded.v1")[name] for name in ("consent_id", "subject_of_consent")
            },
            "identity.judged.v1": lambda: {"preferred": data["left"]},
            "lawyer.profiled.v1": lambda: {
                "protection": {**data["protection"], **CONSENTS.get(label.name, {})}
            },
            "partner.admitted.v1": lambda: {
                "signing_keys": [
                    {**one, "public_key": _public_key(one["kid"])} for one in data["signing_keys"]
                ]
            },
            "partner.suspended.v1": lambda: {"partner": of("partner.admitted.v1")["partner"]},
            "statement.issued.v1": lambda: {"sha256": text_hash(data["text"][data["language"]])},
            # Three numbers that are each unlike all others are no percentage.
            "legalaid.reported.v1": lambda: {
                "observations": [
                    {**one, "unit": "hours"} if one["unit"] == "percent" else one
                    for one in data["observations"]
                ]
            },
            "claim.assessed.v1": lambda: {
                **self._about("threat.updated.v1", slug, label),
                "verdict": "disputes",
                "resulting_verification": "disputed",
            },
            "record.corrected.v1": lambda: {
                **self._about("threat.reported.v1", slug, label),
                "changes": [{"pointer": f"/{name}", "to": self.word()} for name in CORRECTED],
            },
            "record.retracted.v1": lambda: {
                **self._about("hearing.reported.v1", slug, label),
                "reason": "unsafe" if label.name in UNSAFE else "superseded",
            },
        }
        fitted = in_own_name(stem, slug, {**data, **fits.get(stem, dict)()})
        if stem == "record.corrected.v1" and label.name != NARROWED:
            del fitted["tlp"]
        return fitted

    def _about(self, stem: str, slug: str, label: Label) -> Json:
        return {"about_event": self.ids[stem, slug, label.name], "about_source": f"urn:hub:partner:{slug}"}


def make_nest(folder: FilePath) -> tuple[World, Aviary]:
    """Make a hub in a folder, with two partners and the stewards, full of canaries."""
    settings = Settings(data=folder, port=0, rate_burst=100_000, **STILL)
    world = World(settings, SetClock(), registry(), Chance("nest"))
    make_keys(folder, world.chance)
    with recording(world) as intake:
        intake.admit_stewards({"en": "The stewards"})
        for slug in PARTNERS:
            admit(intake, slug, ROLES)
        nest = Nest(intake)
        for number, label in enumerate(LABELS):
            nest.fill_label(label, number)
    return world, nest.aviary
