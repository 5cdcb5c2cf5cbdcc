"""Hubs with a history to hide, and readers of every kind."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import strategies as st

from hub.accounts import Role
from hub.keys import make_keys
from hub.settings import Settings
from tests.logged import Logged
from tests.oracle_label import LADDER, Label, Who, may_see
from tests.running import Chance, SetClock, World, recording, registry
from tests.telling import Step, Telling
from tests.wording import SLUGS, example

Json = Any

READERS = (
    Who("public"),
    Who("green observer", SLUGS[1], "ann", "green"),
    Who("amber coordinator", SLUGS[1], "ann", "amber"),
    Who("amber coordinator of another", SLUGS[2], "ann", "amber"),
    Who("strict", SLUGS[1], "ben", "amber+strict"),
    Who("red", SLUGS[1], "ann", "red"),
    Who("steward", "stewards", "sam", "amber+strict", is_steward=True),
    Who("publisher", SLUGS[0], "ann", "red"),
)
KINDS_OF_STEPS = {
    "report": 4, "profile": 4, "threat": 5, "decide": 2, "consent": 3, "withdraw": 2, "correct": 3, "retract": 2,
    "assess": 3, "belong": 1, "erase": 1, "suspend": 1, "judge": 1, "key": 1, "glass": 1, "rest": 1, "wait": 3,
    "act": 4, "help": 3, "court": 3, "figure": 2, "reply": 3,
}  # fmt: skip


def stories(partners: int) -> st.SearchStrategy[list[Step]]:
    """Return stories among the first so many partners.

    A step is drawn by its number: drawn field by field, steps would mostly be the simplest.
    """
    kinds = [kind for kind, share in KINDS_OF_STEPS.items() for _ in range(share)]

    def step(number: int) -> Step:
        random = Random(f"step {number}")
        return Step(
            kind=random.choice(kinds),
            who=random.randrange(partners),
            what=random.randrange(10_000),
            tlp=random.choice([None, *LADDER]),
            named=tuple(random.sample(range(partners), random.choice([0, 0, 1, 2]))),
            embargo=random.choice([""] * 6 + ["short", "long"]),
            seed=number,
        )

    return st.lists(st.integers(0, 2**32).map(step), min_size=14, max_size=22, unique=True)


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
        data=folder,
        timekeeper_seconds=80_000.0,
        look_seconds=0.02,
        beat_seconds=600.0,
        port=0,
        rate_burst=1_000_000,
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
            more: Any = {"account": who.account, "clearance": who.clearance}
            world.issue(who.name, who.partner, role_of(who), **more)
    return world


def role_of(who: Who) -> Role:
    """Return the role of a reader's account."""
    if who.is_steward:
        return "steward"
    return "observer" if who.clearance == "green" else "coordinator"


def decoys(log: Sequence[Logged], who: Who) -> Callable[[Logged, Random], Logged]:
    """Return what makes another event for the place of a hidden one, about the same few things."""
    stems = [stem for stem in registry().stems if registry().contract(stem).kind == "report"]
    # Stewards look at what a distrusted partner says.
    distrusted = {one.data["partner"] for one in log if who.is_steward and one.type == "partner.suspended"}
    others = [slug for slug in SLUGS if slug != who.partner and f"partner:{slug}" not in distrusted]

    def decoy(one: Logged, random: Random) -> Logged:
        stem, slug = random.choice(stems), random.choice(others)
        tlp = random.choice([tlp for tlp in LADDER[1:] if not may_see(who, Label(tlp, slug))])
        contract = registry().contract(stem)
        data = example(stem, slug, random)
        if contract.type == "claim.assessed":
            data["about_event"] = random.choice(log).envelope["id"]
        envelope = {
            "specversion": "1.0",
            "id": f"decoy-{one.position}",
            "source": f"urn:hub:partner:{slug}",
            "type": contract.type,
            "dataschema": f"https://solidarity-hub.example/schemas/{contract.type}/{contract.version}",
            "time": one.envelope["time"],
            "tlp": tlp,
            "recordedtime": one.envelope["recordedtime"],
            "data": data,
        }
        subject = data.get((contract.subject_pointer or "/").removeprefix("/"))
        return Logged(one.position, stem, envelope if subject is None else {**envelope, "subject": subject})

    return decoy


def described(one: Logged) -> str:
    """Say an event in one line, for the message of a failure."""
    names = ("id", "source", "type", "tlp", "audience", "notbefore", "correlationid")
    label = {name: one.envelope[name] for name in names if name in one.envelope}
    return f"{one.position}: {json.dumps(label)} {json.dumps(one.data, ensure_ascii=False)[:600]}"
