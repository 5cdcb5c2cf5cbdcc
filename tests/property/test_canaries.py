"""No value gets above its reader's clearance, whichever way out of the hub it takes.

Every value of every field of every type occurs once (`tests/nest.py`), at every label; who may hear which is said by
`tests/canaries.py` from the schema files and the labels alone.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from events.audience import Reader
from hub.address import Address
from hub.routes import addresses
from projections.dossier_sight import LISTS
from tests.canaries import Aviary, Who, heard, marks, songs
from tests.depth import in_turns
from tests.glass import DAY, GLASS, TWO, Broken, asking, own_songs, post, read
from tests.nest import FIRST, SECOND, make_nest
from tests.running import World, registry
from tests.wire import Wire

Json = Any

pytestmark = pytest.mark.usefixtures("glass")
"""All that is asked here is asked after two stewards have read what stewards may not see."""

READERS = (
    Who("public"),
    Who("green observer", SECOND, "obs", "green"),
    Who("amber coordinator", SECOND, "ben", "amber"),
    Who("red, named", SECOND, "ann", "red"),
    Who("red, not named", SECOND, "ben", "red"),
    Who("amber of the other", FIRST, "pat", "amber"),
    Who("red of the other", FIRST, "pat", "red"),
    Who("steward", "stewards", "sam", "red"),
)
ASKING = (*READERS, TWO[0])
"""Who asks for everything: one of the two as well, who may know it only from what they read through the glass."""

CODES = {
    ("lawyer.profiled.v1", ("client_categories",)),
    ("lawyer.profiled.v1", ("gender_stat",)),
    ("record.retracted.v1", ("reason",)),
}
"""Marked fields that hold codes, of which none is anybody's own; `test_non_interference.py` watches these."""


PARTS = {
    "name": "common",
    "type": "threat.reported",
    "version": "1",
    "secret": "nothing",
    "request": f"{DAY}-nothing",
    "job": "0" * 32,
    "subscription": "sub_x",
    "hash": "0" * 64,
    "code": "QM",
    "language": "fr",
    "token": "nothing",
}
"""What stands for a part of a path that names no event and no reference."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Aviary]:
    world, aviary = make_nest(tmp_path_factory.mktemp("nest"))
    for who in READERS:
        if who.partner is not None:
            role: Any = {"stewards": "steward", FIRST: "coordinator"}.get(who.partner, "observer")
            world.issue(who.name, who.partner, role, account=who.account, clearance=who.clearance)
    return world, aviary


def shown_by(world: World, who: Who) -> dict[str, str]:
    """Return the headers by which a reader shows who he is."""
    return {} if who.partner is None else world.bearer(who.name)


def named(who: Who) -> str:
    return who.name


def test_a_canary_sits_in_every_marked_field(aviary: Aviary) -> None:
    marked = {(stem, mark.steps) for stem in registry().stems for mark in marks(stem)}
    assert marked - aviary.marked() == CODES


@pytest.mark.parametrize("who", ASKING, ids=named)
def test_a_reader_hears_all_that_he_may_and_nothing_else(
    who: Who, wire: Wire, world: World, aviary: Aviary
) -> None:
    answer = wire.ask("GET", "/api/v1/events", "limit=1000", shown_by(world, who))
    known, said = aviary.known_to(who), songs(answer.whole) & set(aviary.perches)
    assert said - known == set()
    replaced = {
        (aviary.events[one.event].stem, *one.steps[:1])
        for song in known - said
        for one in aviary.perches[song]
    }
    # What was corrected or retracted is not said any more.
    assert {one for one in replaced if one[0] != "hearing.reported.v1"} <= {
        ("threat.reported.v1", "title"),
        ("threat.reported.v1", "narrative"),
        ("record.retracted.v1",),
    }
    assert len(known) > 300


def paths(one: Address, aviary: Aviary) -> list[str]:
    """Return the paths that an address stands for.

    Raises:
        KeyError: nobody taught this test what a part of the path means.
    """
    names = re.findall(r"\{(\w+)", one.path)
    if names == ["source", "id"]:
        return [_filled(one.path, released.envelope) for released in aviary.events]
    if names == ["id"]:
        return [_filled(one.path, {"id": str(released.envelope["id"])}) for released in aviary.events]
    if names == ["ref"]:
        kind = LISTS.get(one.path.split("/")[-2])
        refs = [
            str(ref) for released in aviary.events for ref in _references(released.envelope["data"], kind)
        ]
        return [_filled(one.path, {"ref": ref}) for ref in dict.fromkeys(refs[:: 3 if kind else 20])]
    found = [_filled(one.path, {name: PARTS[name] for name in names})]
    if names == ["request"]:
        acts = [released for released in aviary.events if released.stem == "steward.acted.v1"]
        found += [_filled(one.path, {"request": DAY + act.envelope["data"]["subject"]}) for act in acts]
    return found


def asked_by(who: Who, one: Address, aviary: Aviary) -> Iterator[tuple[str, str]]:
    """Yield a reader's share of the questions to an address: all paths and all queries are in somebody's."""
    every, turn = paths(one, aviary), ASKING.index(who)
    dealt = in_turns(Random(one.path).sample(every, len(every)), len(ASKING), turn)
    for place, path in enumerate(dealt):
        for query in in_turns(queries(one, aviary), 2, turn + place):
            yield path, query


def _filled(path: str, values: Mapping[str, Json]) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: str(values[found[1]]), path)


def _references(value: Json, kind: str | None) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _references(inner, kind)
    elif isinstance(value, str) and re.fullmatch(rf"{kind or '[a-z]+'}:[a-z0-9-]+(\.[a-z]+)?", value):
        yield value


def queries(one: Address, aviary: Aviary) -> list[str]:
    """Return the queries that are put to an address."""
    names = {parameter.name for parameter in one.parameters}
    needed = {parameter.name for parameter in one.parameters if parameter.required}
    most = {"/api/v1/graph": "limit=5000", "/api/v1/events": "limit=1000"}.get(one.path, "limit=200")
    threat = next(
        released for released in aviary.events if released.stem == "threat.reported.v1" and released.closed
    ).envelope["data"]
    tie = f"from={quote(threat['threat'])}&to={quote(threat['targets'][0])}"
    if {"from", "to"} <= names:
        return [f"{tie}&kind=TARGETS" if "kind" in needed else tie]
    if "q" in names:
        return ["q=QM", f"q={quote(threat['title'])}"]
    whole = most if "limit" in names else ""
    asked = [whole]
    asked += [f"{whole}&country=QM".lstrip("&")] if "country" in names else []
    asked += [f"{whole}&about={quote(threat['threat'])}".lstrip("&")] if "about" in names else []
    asked += [f"format={form}" for form in ("json", "gexf", "graphml", "csv") if "format" in names]
    asked += [f"{asked[-1]}&as_of=2250-01-01"] if "as_of" in names else []
    return asked


@pytest.mark.parametrize("who", ASKING, ids=named)
def test_no_answer_holds_what_its_reader_may_not_see(
    who: Who, wire: Wire, world: World, aviary: Aviary
) -> None:
    hidden, shown = aviary.hidden_from(who), shown_by(world, who)
    for one in addresses():
        if one.method != "GET":
            continue
        for path, query in asked_by(who, one, aviary):
            if who in TWO and path.startswith(f"{GLASS}/{DAY}-"):
                continue  # what is read through the glass
            answer = wire.ask("GET", path, query, shown)
            assert answer.status < 500, (path, query)
            # The forms of pages show what was asked.
            own = query if one.tag == "Pages" else ""
            assert [song for song in heard(answer.whole, hidden) if song not in own] == [], (path, query)


def test_the_readers_together_ask_everything(aviary: Aviary) -> None:
    for one in addresses():
        if one.method == "GET":
            asked = [list(asked_by(who, one, aviary)) for who in ASKING]
            every = paths(one, aviary)
            assert all(asked) or not every
            assert {path for each in asked for path, _ in each} == set(every)
            assert {query for each in asked for _, query in each} == set(
                queries(one, aviary) if every else ()
            )


def test_what_two_stewards_read_through_broken_glass_is_whole(glass: list[Broken], aviary: Aviary) -> None:
    assert len(glass) > 10
    hidden = aviary.hidden_from(TWO[0])
    for one in glass:
        event, own = aviary.events[one.event], own_songs(aviary, one.event)
        for answer in one.read:
            said = songs(answer.whole) & hidden
            assert len(said) > 10
            # Nothing of any other event; and of this one all, but for what a correction replaced.
            assert said <= own
            left = {perch.steps for song in own & hidden - said for perch in aviary.perches[song]}
            assert left <= ({("title",), ("narrative",)} if event.stem == "threat.reported.v1" else set())


def test_nothing_else_about_broken_glass_holds_what_stewards_may_not_see(
    glass: list[Broken], wire: Wire, world: World, aviary: Aviary
) -> None:
    hidden = aviary.hidden_from(TWO[0])
    for one in glass:
        refused = read(world, wire, READERS[-1], one.request)
        assert refused.status == 403
        for answer in (*one.around, refused):
            assert heard(answer.whole, hidden) == []


@pytest.mark.parametrize("place", ["source", "id", "code", "text", "more", "reason"])
def test_a_refused_request_to_break_glass_repeats_nothing(
    place: str, glass: list[Broken], wire: Wire, world: World, aviary: Aviary
) -> None:
    hidden = aviary.hidden_from(TWO[0])
    word = min(song for song in own_songs(aviary, glass[0].event) & hidden if song.startswith("zq"))
    said = asking(aviary.events[glass[0].event], "A reason.")
    bad: Mapping[str, Json] = {
        "source": {"source": f"urn:{word}"},
        "id": {"id": word * 20},
        "code": {"reason": {"code": word, "text": "A reason."}},
        "text": {"reason": {"code": "legal_duty", "text": word * 60}},
        "more": {word: word},
        "reason": {"reason": word},
    }
    refused = post(world, wire, TWO[0], GLASS, {**said, **bad[place]})
    assert refused.status == 422
    assert heard(refused.whole, hidden) == []


@pytest.mark.parametrize("who", ASKING, ids=named)
def test_no_feed_holds_what_its_listener_may_not_see(
    who: Who, wire: Wire, world: World, aviary: Aviary
) -> None:
    hidden, shown = aviary.hidden_from(who), shown_by(world, who)
    whole = wire.ask("GET", "/api/v1/feed", "after=begin", shown)
    cursors = re.findall(rb"\nid: (\S+)", whole.body)
    for cursor in ("begin", *(one.decode() for one in cursors[:: max(1, len(cursors) // 5)])):
        for answer in (
            wire.ask("GET", "/api/v1/feed", f"after={cursor}", shown),
            wire.ask("GET", "/api/v1/feed", "", {**shown, "last-event-id": cursor}),
            wire.listen("/api/v1/feed", f"after={cursor}", shown),
        ):
            assert answer.status in {101, 200}
            assert b"live" in answer.body
            assert heard(answer.whole, hidden) == []


@pytest.mark.parametrize("who", READERS, ids=named)
def test_no_search_finds_what_its_reader_may_not_see(who: Who, wire: Wire, aviary: Aviary) -> None:
    sight = wire.state["room"].purge(Reader(who.partner, who.account, who.clearance))
    empty = sight.search("zqabsent")
    assert empty["total"] == 0
    for song in aviary.hidden_from(who):
        assert sight.search(song) == empty


@pytest.mark.parametrize("form", ["json", "gexf", "graphml", "csv", "node-link", "ftm"])
@pytest.mark.parametrize("who", [one for one in READERS if one.clearance == "red"], ids=named)
def test_no_export_holds_what_is_stricter_than_amber(
    who: Who, form: str, wire: Wire, world: World, aviary: Aviary
) -> None:
    answer = wire.ask("GET", "/api/v1/graph/export", f"format={form}", shown_by(world, who))
    assert heard(answer.whole, aviary.hidden_from(replace(who, clearance="amber"))) == []
    assert heard(answer.whole, aviary.known_to(who))


def test_what_gets_out_is_found(wire: Wire, world: World, aviary: Aviary) -> None:
    shown = shown_by(world, READERS[3])
    for answer in (
        wire.ask("GET", "/api/v1/events", "limit=1000", shown),
        wire.ask("GET", "/api/v1/graph", "limit=5000", shown),
        wire.ask("GET", "/api/v1/threats", "limit=200", shown),
        wire.ask("GET", "/api/v1/feed", "after=begin", shown),
        wire.listen("/api/v1/feed", "after=begin", shown),
    ):
        assert heard(answer.whole, aviary.hidden_from(READERS[0]))
    secret = max(aviary.hidden_from(READERS[0]))
    assert heard(b64encode(f"signed {secret}".encode()), frozenset({secret})) == [secret]
