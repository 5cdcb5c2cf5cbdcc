"""Hubs with a history to hide: stories recorded through the real intake, and readers of every kind."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st

from events.intake import EventRefused, Intake, NotAdmitted, NotYourType
from events.submission import Publisher
from hub.keys import make_keys
from hub.settings import Settings
from tests.oracle import LADDER, TEXTS, Logged, Who
from tests.running import Chance, SetClock, World, recording, registry

Json = Any

SLUGS = ("harbour-bar-watch", "lanterns-for-counsel", "open-docket", "meridian-fund", "quill-network")
ROLES = ["monitor", "responder", "bar", "policy", "legal_aid_provider", "observer", "verifier"]
READERS = (
    Who("public"),
    Who("green observer", SLUGS[1], "ann", "green"),
    Who("amber coordinator", SLUGS[1], "ann", "amber"),
    Who("amber coordinator of another", SLUGS[2], "ann", "amber"),
    Who("strict", SLUGS[1], "ben", "amber+strict"),
    Who("red", SLUGS[1], "ann", "red"),
    Who("publisher", SLUGS[0], "ann", "red"),
)
WORDS = (
    "harbour lantern verdict docket kestrel marigold оборона адвокат 律師 محكمة thistle granite ember juniper "
    "cobalt saffron"
).split()
REF = re.compile(r"([a-z]+):([a-z0-9][a-z0-9-]{1,39})(?:\.([A-Za-z0-9_.-]{1,80}))?")
KINDS = frozenset(registry().graph.kinds) - {"place", "standard", "claim"}
_LATER = ("about_event", "about_source", "related_events", "supersedes", "replaced_by")


@dataclass(frozen=True)
class Step:
    """One thing that happens in a story."""

    kind: str
    who: int
    what: int
    tlp: str | None
    named: tuple[int, ...]
    embargo: str
    seed: int


def stories(partners: int) -> st.SearchStrategy[list[Step]]:
    """Return stories among the first so many partners."""
    kinds = (
        ["report"] * 5
        + ["decide"] * 3
        + ["correct"] * 2
        + ["retract", "assess", "assess", "release", "suspend"]
    )
    step = st.builds(
        Step,
        kind=st.sampled_from(kinds),
        who=st.integers(0, partners - 1),
        what=st.integers(0, 10_000),
        tlp=st.sampled_from([None, *LADDER]),
        named=st.lists(st.integers(0, partners - 1), max_size=2, unique=True).map(tuple),
        embargo=st.sampled_from([""] * 6 + ["short", "long"]),
        seed=st.integers(0, 2**32 - 1),
    )
    return st.lists(step, min_size=12, max_size=32)


@dataclass
class Telling:
    """Records a story, step by step; what the archive refuses did not happen."""

    intake: Intake
    clock: SetClock
    told: list[Logged] = field(default_factory=list)

    def admit(self, partners: int) -> None:
        """Admit stewards and partners."""
        self.intake.admit_stewards({"en": "Stewards"})
        for slug in SLUGS[:partners]:
            data = {"partner": f"partner:{slug}", "name": {"en": slug.replace("-", " ")}, "roles": ROLES}
            assert self._push("stewards", "partner.admitted", data, {})

    def tell(self, step: Step) -> None:
        """Let one thing happen."""
        self.clock.move(minutes=1)
        random = Random(step.seed)
        slug = SLUGS[step.who]
        made = getattr(self, f"_{step.kind}")(slug, step, random)
        if made is None:
            return
        event_type, data = made
        more: dict[str, Json] = {}
        if step.tlp is not None:
            more["tlp"] = step.tlp
        if step.named:
            more["audience"] = ",".join(
                SLUGS[no] + ("/ann" if step.tlp == "red" else "") for no in step.named
            )
        if step.embargo:
            more["notbefore"] = (
                self.clock() + timedelta(hours=1 if step.embargo == "short" else 9000)
            ).isoformat()
        if random.random() < 0.2:
            more["correlationid"] = f"case:{SLUGS[0]}.{random.randint(1, 2)}"
        self._push(slug, event_type, data, more)

    def _push(self, slug: str, event_type: str, data: Json, more: Mapping[str, Json]) -> bool:
        own = {"specversion": "1.0", "id": f"e-{len(self.told)}", "source": f"urn:hub:partner:{slug}"}
        raw = {**own, "type": event_type, "data": data, **more}
        try:
            checked = self.intake.check(Publisher(slug, "ann"), raw)
        except (EventRefused, NotAdmitted, NotYourType):
            return False
        [outcome] = self.intake.record([checked])
        if outcome.status == "stored" and outcome.position is not None:
            self.told.append(Logged(outcome.position, checked.stem, dict(checked.envelope)))
        return outcome.status == "stored"

    def _report(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        reports = [stem for stem in registry().stems if registry().contract(stem).kind == "report"]
        often = [
            stem
            for stem in reports
            if stem.startswith(("threat.", "lawyer.", "trial.", "need.", "statement."))
        ]
        stem = random.choice([*reports, *often, *often])
        return stem.rpartition(".v")[0], example(stem, slug, random)

    def _assess(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        about = self.told[step.what % len(self.told)]
        data = {**example("claim.assessed.v1", slug, random), "about_event": about.envelope["id"]}
        data.pop("alternative")
        return "claim.assessed", {**data, "about_source": about.envelope["source"]}

    def _decide(self, slug: str, step: Step, random: Random) -> tuple[str, Json]:
        stems = ["action.proposed", "action.joined", "action.joined", "action.completed", "action.left"]
        event_type = random.choice(
            [*stems, "identity.judged", "identity.judged", "support.matched", "consent.recorded"]
        )
        data = example(f"{event_type}.v1", slug, random)
        if event_type.startswith("action."):
            own = {"action": f"action:{SLUGS[0]}.{random.randint(1, 2)}", "lead": f"partner:{slug}"}
            own |= {"partner": f"partner:{slug}"}
            data |= {name: value for name, value in own.items() if name in data}
        return event_type, data

    def _correct(self, slug: str, step: Step, random: Random) -> tuple[str, Json] | None:
        own = [one for one in self.told if one.publisher == slug]
        if not own:
            return None
        about = own[step.what % len(own)]
        pointers = [(f"/{name}", value) for name, value in about.data.items()]
        place = about.data.get("place")
        pointers += [("/place/country", "QM")] if isinstance(place, dict) else []
        chosen = random.sample(pointers, min(len(pointers), random.randint(1, 3)))
        changes = [
            {"pointer": pointer, "to": reworded(value, slug, random, pointer[1:])}
            for pointer, value in chosen
        ]
        return "record.corrected", {
            "about_event": about.envelope["id"],
            "changes": changes,
            "note": words(random),
        }

    def _retract(self, slug: str, step: Step, random: Random) -> tuple[str, Json] | None:
        own = [one for one in self.told if one.publisher == slug]
        if not own:
            return None
        about = own[step.what % len(own)].envelope["id"]
        reason = random.choice(["false", "unsafe", "unsafe", "superseded"])
        return "record.retracted", {"about_event": about, "reason": reason, "public_notice": words(random)}

    def _release(self, _slug: str, _step: Step, _random: Random) -> None:
        self.clock.move(hours=2)
        self.intake.release_embargoes(self.clock())

    def _suspend(self, _slug: str, step: Step, random: Random) -> None:
        # Only the last partner, whom no reader is of; his affected cases are for amber eyes only.
        data = example("partner.suspended.v1", SLUGS[4], random) | {
            "partner": f"partner:{SLUGS[4]}",
            "scope": "write",
        }
        self._push("stewards", "partner.suspended", data, {} if step.tlp is None else {"tlp": step.tlp})


def example(stem: str, slug: str, random: Random) -> dict[str, Json]:
    """Return the example of a type, about a few shared things, in other words."""
    kept = {k: v for k, v in registry().contract(stem).example.items() if k not in _LATER}
    made: dict[str, Json] = reworded(kept, slug, random)
    return made


def reworded(value: Json, slug: str, random: Random, name: str = "") -> Json:
    """Return a value with references to shared things, and other words where there are only words."""
    order = {kind: [*random.sample(range(1, 5), 4), *range(5, 20)] for kind in sorted(KINDS)}
    seen: dict[str, str] = {}

    def other(text: str) -> str:
        found = REF.fullmatch(text)
        if found is None or found[1] not in KINDS:
            return text
        if text not in seen:
            kind = found[1]
            no = order[kind].pop(0)
            seen[text] = f"partner:{SLUGS[no % 4]}" if kind == "partner" else f"{kind}:{SLUGS[0]}.{no}"
        return seen[text]

    return _mapped(value, other, random, is_text=name in TEXTS)


def _mapped(value: Json, other: Callable[[str], str], random: Random, *, is_text: bool) -> Json:
    if isinstance(value, str):
        return words(random) if is_text else other(value)
    if isinstance(value, list):
        return [_mapped(item, other, random, is_text=is_text) for item in value]
    if isinstance(value, dict):
        return {
            name: _mapped(inner, other, random, is_text=is_text or name in TEXTS)
            for name, inner in value.items()
        }
    return value


def words(random: Random) -> str:
    """Return a few words."""
    return " ".join(random.sample(WORDS, 3))


def make_story(folder: Path, partners: int, story: Sequence[Step], *, coda: bool) -> World:
    """Record a story in a hub's folder and issue the readers' tokens.

    Args:
        folder: made if missing.
        partners: how many there are.
        story: what happens.
        coda: end with an event that everybody sees, so that the end of the log is no secret.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        data=folder, timekeeper_seconds=80_000.0, look_seconds=0.02, beat_seconds=600.0, port=0
    )
    world = World(settings, SetClock(), registry(), Chance("worlds"))
    make_keys(folder, world.chance)
    with recording(world) as intake:
        telling = Telling(intake, world.clock)
        telling.admit(partners)
        for step in story:
            telling.tell(step)
        world.clock.move(minutes=1)
        intake.release_embargoes(world.clock())
        if coda:
            telling.admit(1)
    for who in READERS:
        if who.partner is not None:
            role: Any = "observer" if who.clearance == "green" else "coordinator"
            world.issue(who.name, who.partner, role, account=who.account, clearance=who.clearance)
    return world


def decoys(log: Sequence[Logged], who: Who) -> Callable[[Logged, Random], Logged]:
    """Return what makes another event for the place of a hidden one, about the same few things."""
    stems = [stem for stem in registry().stems if registry().contract(stem).kind == "report"]
    others = [slug for slug in SLUGS if slug != who.partner]

    def decoy(one: Logged, random: Random) -> Logged:
        stem, slug = random.choice(stems), random.choice(others)
        contract = registry().contract(stem)
        data = example(stem, slug, random)
        envelope = {
            "specversion": "1.0",
            "id": f"decoy-{one.position}",
            "source": f"urn:hub:partner:{slug}",
            "type": contract.type,
            "dataschema": f"https://solidarity-hub.example/schemas/{contract.type}/{contract.version}",
            "time": one.envelope["time"],
            "tlp": random.choice(LADDER[1:]),
            "recordedtime": one.envelope["recordedtime"],
            "data": data,
        }
        subject = data.get((contract.subject_pointer or "/").removeprefix("/"))
        return Logged(one.position, stem, envelope if subject is None else {**envelope, "subject": subject})

    return decoy


def described(one: Logged) -> str:
    """Say an event in one line, for the message of a failure."""
    label = {
        name: one.envelope.get(name) for name in ("id", "source", "type", "tlp", "audience", "notbefore")
    }
    return f"{one.position}: {json.dumps(label)} {json.dumps(one.data, ensure_ascii=False)[:600]}"
