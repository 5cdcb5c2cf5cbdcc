"""Comparing what a hub tells a reader with what it tells him over other logs in which he may know the same."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from events.cursor import Cursors
from hub.keys import cursor_key
from hub.routes import addresses
from tests.altering import Altering
from tests.asking import Door, Heard, Pools, Question, feed_questions, opened, probes, questions
from tests.logged import Logged, read_log, rewrite_log
from tests.oracle_label import Who
from tests.oracle_said import Law
from tests.running import World, registry
from tests.worlds import READERS, decoys, described

Answers = Mapping[tuple[str, Question], Heard]


class Different(AssertionError):
    """A reader was told something that he may not know."""


@dataclass(frozen=True)
class Trial:
    """A reader, with the questions that he asks of a world of which he may know a part."""

    world: World
    who: Who
    log: Sequence[Logged]
    altering: Altering
    plain: Sequence[Question]
    fed: Sequence[Question]

    async def hear(self, door: Door) -> Answers:
        """Ask everything."""
        token = self.world.tokens.get(self.who.name)
        heard = {("ask", one): await door.ask(one, token) for one in self.plain}
        for one in self.fed:
            heard["SSE", one] = await door.ask(one, token, "text/event-stream")
            heard["WS", one] = await door.listen(one, token)
        return heard


@cache
def law() -> Law:
    return Law(registry())


async def prepare(
    world: World, readers: Sequence[Who], door: Door, chance: int, share: float = 1.0
) -> list[Trial]:
    """Think up questions for each reader, about everything that is in the world; he asks a share of them."""
    log, ties = read_log(world.settings.data), await ties_of(world, door)
    cursors, table, found = Cursors(cursor_key(world.settings.data)), addresses(), []
    for who in readers:
        random = Random(chance)
        altering = Altering(law(), log, who)
        pools = Pools(log, max(altering.purged), cursors, ties)
        fed = [question for one in table if one.follower for question in feed_questions(one, pools, random)]
        plain = [*questions(table, pools, random), *probes(who, log, random)]
        if share < 1.0:
            plain, fed = (random.sample(every, ceil(share * len(every))) for every in (plain, fed))
        found.append(Trial(world, who, log, altering, plain, fed))
    return found


async def ties_of(world: World, door: Door) -> list[tuple[str, str, str]]:
    """Return every tie that anybody sees."""
    whole = Question("", "/api/v1/graph", (("limit", "5000"),))
    graphs = [json.loads((await door.ask(whole, world.tokens.get(who.name))).body) for who in READERS]
    return sorted({(edge["from"], edge["to"], edge["kind"]) for graph in graphs for edge in graph["edges"]})


def copies(trial: Trial, chance: int) -> Iterator[tuple[str, Path]]:
    """Copy a world's folder twice: without what a reader may not know, and with something else in its place."""
    data = trial.world.settings.data
    before = {one.position: one for one in trial.log}
    strange = trial.altering.altered(Random(chance), decoys(trial.log, trial.who))
    for name, rows in {"purged": trial.altering.purged, "altered": strange}.items():
        folder = data.with_name(f"{name} for {trial.who.name}")
        shutil.copytree(data, folder, ignore=shutil.ignore_patterns("views.*"))
        rewrite_log(folder, before, rows)
        yield name, folder
        shutil.rmtree(folder)


async def compare(world: World, readers: Sequence[Who], chance: int, share: float = 1.0) -> None:
    """Let each reader ask the same of the store as it is, purged and altered.

    Args:
        world: as it is.
        readers: who ask.
        chance: decides what is asked.
        share: of all questions, that each reader asks.

    Raises:
        Different: he was told more than he may know.
    """
    async with opened(world, world.settings.data) as door:
        trials = await prepare(world, readers, door, chance, share)
        answers = [await trial.hear(door) for trial in trials]
    for trial, whole in zip(trials, answers, strict=True):
        assert all(heard.status < 500 and heard.status != 429 for heard in whole.values())
        for name, folder in copies(trial, chance):
            async with opened(world, folder) as door:
                found = differences(whole, await trial.hear(door))
            if found:
                raise Different(_complaint(trial, name, found))


def differences(one: Answers, other: Answers) -> list[str]:
    """Say where two sets of answers differ."""
    return [
        f"{how} {asked.path}?{urlencode(asked.query)} {asked.body.decode()}\n  {_apart(heard, other[how, asked])}"
        for (how, asked), heard in one.items()
        if heard != other[how, asked]
    ]


def _apart(one: Heard, other: Heard) -> str:
    if one.body == other.body:
        return f"{one.status} {one.headers}\n  {other.status} {other.headers}"
    same = next((at for at, (a, b) in enumerate(zip(one.body, other.body, strict=False)) if a != b), 0)
    start = max(0, same - 200)
    return "\n  ".join(f"{heard.status} ...{heard.body[start : start + 500]!r}" for heard in (one, other))


def _complaint(trial: Trial, name: str, found: Sequence[str]) -> str:
    seen, effects = trial.altering.seen, trial.altering.effects
    kinds = {one.position: "seen" if one.position in seen else "effect" for one in trial.log}
    log = [
        f"{kinds[one.position] if one.position in seen | effects else 'hidden':7}{described(one)}"
        for one in trial.log
    ]
    told = (f"{trial.who} sees a difference to the {name} store, {len(found)} in all:", *found[:5])
    return "\n".join((*told, "The log:", *log))
