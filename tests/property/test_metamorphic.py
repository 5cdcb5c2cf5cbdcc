"""Whatever makes things stricter never shows anybody more.

A store, and the same store in which one thing more was made stricter: a label raised, a consent withdrawn, a person
erased, a partner dropped from an audience, or kept out of a case. For every reader and every question that has one
answer, the second answer may only say what some answer over the first said:

- facts: (event, pointer, value) of every event that any answer shows;
- things: nodes, ties, hits and items of lists, by what they are about;
- numbers: totals, degrees and counts of claims are no greater at the same place;
- words: every reference and word of the log that occurs anywhere in the second answers occurs in the first.

What tells of the change itself (`changed`, `withdrawn`, cursors, digests) is left out; the event that changed
something is for nobody's eyes.
"""

import asyncio
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from events.cursor import Cursors
from hub.keys import cursor_key
from hub.routes import addresses
from tests.asking import WORD, Heard, Pools, Question, opened, questions
from tests.comparing import ties_of
from tests.depth import in_depth
from tests.logged import Logged, read_log, rewrite_log
from tests.oracle_label import LADDER, Who
from tests.pointers import strings
from tests.quick import quick_hubs
from tests.running import World, recording
from tests.telling import Step, Telling, body
from tests.wording import REF, SLUGS, WORDS
from tests.worlds import READERS, make_story, stories

STORIES = in_depth(4, 8)
"""For each change."""

TURNS = in_depth(STORIES, 1)
"""Among so many stories the readers are shared out; in a deep run each asks in all of them."""

Json = Any
Change = Callable[[World, Sequence[Logged], Random], str | None]
"""Makes a store stricter; returns the partner that said so, and sees that it did; None if nothing was done."""


NOT_FOR_THIS = frozenset({
    # Whom a case is kept from is for stewards to know.
    "/api/v1/conflicts",
    # Where less is seen, more stands alone, less is done, and other ways and groups are the best.
    "/api/v1/graph/alone", "/api/v1/graph/bridges", "/api/v1/graph/central", "/api/v1/graph/communities",
    "/api/v1/graph/invite", "/api/v1/graph/paths", "/api/v1/graph/who-acts", "/api/v1/identity/suggestions",
    # More is left to give, more is looked for, and less is paused where less is seen.
    "/api/v1/matches",
    # Less is watched where less is seen.
    "/api/v1/coverage",
    # More is missing, and what went out is a draft still, where less is seen.
    "/api/v1/actions/board", "/api/v1/actions/{ref}/letter",
    # What changed since is what is more.
    "/api/v1/graph/changes",
    # Where an answer, a match or a signature is not seen, more waits.
    "/api/v1/board",
    # Who agrees again, what is not replaced, and small numbers that are not small any more.
    "/api/v1/commitments/lights", "/api/v1/consultations", "/api/v1/countries", "/api/v1/countries/{code}",
    "/api/v1/data",
    # Less is answered, judged, tried and assessed where less is seen.
    "/api/v1/impunity", "/api/v1/replies", "/api/v1/retractions", "/api/v1/review", "/api/v1/what-works",
    # What is proven is opened, and what is hidden is not: a hash stands for each. There are as many in all.
    "/api/v1/log/checkpoint", "/api/v1/log/proof", "/api/v1/log/proofs",
    # The pages of such answers; and what is told of a matter is counted in words.
    "/trials", "/trials/{ref}", "/hearings", "/hearings/{ref}", "/actions", "/actions/{ref}", "/support",
    "/needs/{ref}", "/offers/{ref}",
    # What is not public any more, does not hold any more or may not be used any more is said to be so.
    "/feed.atom", "/feed.json", "/hearings.ics",
})  # fmt: skip

COUNTS = frozenset({"total", "claims", "degree"})
ABOUT_CHANGES = frozenset({"cursor", "digest", "next", "snippet"})


@dataclass
class Told:
    """All that a set of answers says."""

    facts: set[tuple[str, str, str, str]] = field(default_factory=set)
    things: set[tuple[str, str, str]] = field(default_factory=set)
    counts: dict[tuple[Question, str], int] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)

    def more_than(self, other: "Told") -> list[Any]:
        """Return what is said here and not there."""
        found: list[Any] = [
            *(self.facts - other.facts),
            *(self.things - other.things),
            *(self.words - other.words),
        ]
        return found + [
            (place, other.counts[place], count)
            for place, count in self.counts.items()
            if count > other.counts.get(place, count)
        ]


def told(heard: Mapping[Question, Heard]) -> Told:
    """Read everything out of a set of answers."""
    found = Told()
    for question, answer in heard.items():
        if answer.status >= 400:
            continue
        text = answer.body.decode()
        found.things.add(("answer", question.path, str(question.query)))
        for document in _documents(answer):
            _read(found, question, document, "")
            found.words.update(strings(_without_marks(document)))
        found.words.update(WORD.findall(re.sub(r"[A-Za-z0-9_-]{22,}", "", text)))
    return found


def _documents(answer: Heard) -> list[Json]:
    kind = dict(answer.headers).get(b"content-type", b"")
    if kind.startswith(b"text/event-stream"):
        lines = [line.removeprefix("data: ") for line in answer.body.decode().splitlines()]
        return [json.loads(line) for line in lines if line.startswith("{")]
    return [json.loads(answer.body)] if b"json" in kind else []


def _read(found: Told, question: Question, value: Json, at: str) -> None:
    if isinstance(value, dict):
        _note(found, question, value)
        for name, inner in value.items():
            if name in COUNTS and isinstance(inner, int):
                found.counts[question, f"{at}/{name}"] = inner
            _read(found, question, inner, f"{at}/{name}")
    elif isinstance(value, list):
        for inner in value:
            _read(found, question, inner, f"{at}/{_name(inner)}")


def _note(found: Told, question: Question, value: Mapping[str, Json]) -> None:
    if {"source", "id"} <= value.keys():
        _add(found, question, str(value["source"]), str(value["id"]))
    if "specversion" in value:
        for pointer, leaf in _leaves(value.get("data"), ""):
            found.facts.add((value["source"], value["id"], pointer, leaf))
    elif {"from", "to", "kind"} <= value.keys():
        found.things.add((str(value["from"]), str(value["kind"]), str(value["to"])))
    elif "ref" in value:
        _add(found, question, "about", str(value["ref"]))


def _add(found: Told, question: Question, kind: str, name: str) -> None:
    """Note a thing where it is told, and at large: other paths may be the shortest when one is gone."""
    found.things.add(("", kind, name))
    if not question.route.endswith("/paths"):
        found.things.add((question.route, kind, name))


def _name(item: Json) -> str:
    """Name an item of a list by what it is about, so that places are the same in shorter lists."""
    named = item if isinstance(item, dict) else {}
    return " ".join(
        str(named[name]) for name in ("ref", "from", "kind", "to", "source", "id") if name in named
    )


def _leaves(value: Json, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{at}/{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, f"{at}/*")
    else:
        yield at, json.dumps(value)


def _without_marks(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _without_marks(inner) for name, inner in value.items() if name not in ABOUT_CHANGES}
    return [_without_marks(inner) for inner in value] if isinstance(value, list) else value


def _record(world: World, slug: str, event_type: str, data: Json) -> str | None:
    """Record an event that only its publisher sees."""
    world.clock.move(minutes=1)
    with recording(world) as intake:
        telling = Telling(intake, world.clock)
        telling.told = [None] * 1000  # type: ignore[list-item]  # ids that no event of the story has
        return slug if telling._push(slug, event_type, data, {"tlp": "red"}) else None


def raise_a_label(world: World, log: Sequence[Logged], random: Random) -> str | None:
    about = random.choice([one for one in log if one.publisher in SLUGS])
    stricter = [tlp for tlp in LADDER[1:] if LADDER.index(tlp) > LADDER.index(about.envelope["tlp"])]
    data = {"about_event": about.envelope["id"], "tlp": random.choice(stricter or ["red"])}
    return _record(world, about.publisher, "record.corrected", data)


def withdraw_consent(world: World, log: Sequence[Logged], random: Random) -> str | None:
    consents = [one for one in log if one.type == "consent.recorded"]
    data: dict[str, Json] = {"subject_of_consent": f"lawyer:{SLUGS[0]}.1", "effect": "restrict_to_pseudonym"}
    if consents and random.random() < 0.7:
        chosen = random.choice(consents).data
        data |= {name: chosen[name] for name in ("subject_of_consent", "consent_id")}
    if random.random() < 0.3:
        data |= {"effect": "stop_new_use", "scopes_withdrawn": ["media", "joint_statement"]}
    return _record(world, SLUGS[3], "consent.withdrawn", data)


def erase_a_person(world: World, log: Sequence[Logged], random: Random) -> str | None:
    subject = random.choice([one.envelope["subject"] for one in log if "subject" in one.envelope])
    data = {"subject_of_erasure": subject, "scope": ["subject_key"], "role": "controller"}
    return _record(world, "stewards", "erasure.executed", data)


def keep_a_partner_out(world: World, log: Sequence[Logged], random: Random) -> str | None:
    threat = f"threat:{SLUGS[0]}.{random.randint(1, 2)}"
    named = [{"body": body(random.randint(1, 2))}]
    data = {"threat": threat, "targets": [f"lawyer:{SLUGS[0]}.9"], "attributed_to": named}
    data["categories"] = ["liberty.arrest"]
    return _record(world, SLUGS[3], "threat.reported", data)


def drop_from_an_audience(world: World, log: Sequence[Logged], random: Random) -> str | None:
    """Take one of several names out of an audience; out of one that names nobody else, everybody would be let in."""
    several = [one for one in log if "," in one.envelope.get("audience", "")]
    if not several:
        return None
    chosen = random.choice(several)
    names = chosen.envelope["audience"].split(",")
    del names[random.randrange(len(names))]
    other = replace(chosen, envelope={**chosen.envelope, "audience": ",".join(names)})
    rows = {one.position: one for one in log}
    rewrite_log(world.settings.data, rows, {**rows, chosen.position: other})
    return chosen.publisher


CHANGES: Mapping[str, Change] = {
    one.__name__: one
    for one in (raise_a_label, withdraw_consent, erase_a_person, keep_a_partner_out, drop_from_an_audience)
}


async def hear_all(world: World, asked: Mapping[Who, Sequence[Question]]) -> dict[Who, Told]:
    """Let every reader ask everything."""
    found = {}
    async with opened(world, world.settings.data) as door:
        for who, these in asked.items():
            token = world.tokens.get(who.name)
            heard = {one: await door.ask(one, token, _accepts(one)) for one in these}
            found[who] = told(heard)
    return found


def _accepts(question: Question) -> str:
    return "text/event-stream" if question.route.endswith("/feed") else "*/*"


async def ask_for(
    world: World, log: Sequence[Logged], chance: int, readers: Sequence[Who]
) -> dict[Who, list[Question]]:
    """Think up questions that have one whole answer each."""
    async with opened(world, world.settings.data) as door:
        ties = await ties_of(world, door)
    pools = Pools(log, 0, Cursors(cursor_key(world.settings.data)), ties)
    table = [one for one in addresses() if one.path.startswith(("/api/v1", "/live")) or one.path == "/"]
    table = [one for one in table if one.path not in NOT_FOR_THIS]
    whole = [one for one in questions(table, pools, Random(chance)) if _is_whole(one)]
    feed = Question("/api/v1/feed", "/api/v1/feed", (("after", "begin"),))
    return {who: [*whole, feed] for who in readers}


def _is_whole(question: Question) -> bool:
    return {name for name, _ in question.query} <= {"q", "from", "to", "kind"}


def show_no_more(world: World, change: Change, chance: int, readers: Sequence[Who]) -> None:
    """Hear everything before and after a change, and hold the two together."""
    data = world.settings.data
    log = read_log(data)
    asked = asyncio.run(ask_for(world, log, chance, readers))
    before = asyncio.run(hear_all(world, asked))
    for views in data.glob("views.*"):
        views.unlink()
    actor = change(world, log, Random(chance))
    if actor is None:
        return
    after = asyncio.run(hear_all(world, asked))
    written = {text for one in log for text in strings(one.envelope) if REF.fullmatch(text)} | set(WORDS)
    for who in (one for one in readers if one.partner != actor):
        after[who].words &= written
        more = after[who].more_than(before[who])
        assert not more, f"{who} is told more: {more[:5]}"


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with quick_hubs():
        yield


@pytest.mark.parametrize("name", CHANGES)
def test_what_makes_a_store_stricter_shows_nobody_more(name: str) -> None:
    turns = count()

    @seed(11)
    @settings(max_examples=STORIES, phases=[Phase.generate])
    @given(story=stories(4), chance=st.integers(0, 2**32))
    def attempt(story: list[Step], chance: int) -> None:
        with TemporaryDirectory() as folder:
            world = make_story(Path(folder, "hub"), 4, story, coda=True)
            show_no_more(world, CHANGES[name], chance, READERS[next(turns) % TURNS :: TURNS])
            shutil.rmtree(folder, ignore_errors=True)

    attempt()
    assert next(turns) >= TURNS, "each reader has had a turn"


def test_it_is_noticed_when_somebody_is_shown_more(tmp_path: Path) -> None:
    story = [Step("report", 0, 0, tlp, (), "", number) for number, tlp in enumerate(["clear", "amber"] * 4)]
    world = make_story(tmp_path / "hub", 3, story, coda=True)
    readers = READERS[0], READERS[-1]
    asked = asyncio.run(ask_for(world, read_log(world.settings.data), 1, readers))
    public, publisher = asyncio.run(hear_all(world, asked)).values()
    more = publisher.more_than(public)
    assert {len(one) for one in more if isinstance(one, tuple)} == {3, 4}
    assert any(isinstance(one, str) for one in more)
