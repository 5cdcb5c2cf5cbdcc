"""The public edge answers an anonymous reader as the hub does, and holds nothing that such a reader may not see."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from events.audience import PUBLIC as ANYBODY
from events.event import Position
from hub.bus.edge_addresses import is_here
from hub.bus.edge_opening import FILE
from hub.bus.link import LOG, PUBLIC, linked
from hub.routes import addresses
from projections.event_query import EventQuery
from tests.canaries import Aviary, Who, heard, heard_in_folder, songs
from tests.nats_cluster import NatsCluster, nats_cluster
from tests.nest import make_nest
from tests.running import TestClient, World, calling, example, make_world, threat

Json = Any
SECONDS = 30.0
HUB = "https://hub.example"
WITHDRAWN = ("withdrawn", "t-2", "retracted")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsCluster]:
    with nats_cluster(tmp_path_factory.mktemp("bus")) as started:
        yield started


async def clear(url: str) -> None:
    async with linked(url, "HUB") as link:
        for one in (LOG, PUBLIC):
            await link.delete(one)


@dataclass
class Pair:
    """A hub and an edge."""

    world: World
    hub: TestClient
    edge: TestClient
    folder: Path

    def wait(self) -> None:
        """Wait until the edge tells what the hub tells."""

        hub = self.hub.app_state
        assert hub["room"].wait_for(hub["end_of_log"](), SECONDS)

        async def is_level() -> None:
            async with asyncio.timeout(SECONDS):
                wanted = told(self.hub)
                while told(self.edge) != wanted:  # noqa: ASYNC110 - somebody else's process
                    await asyncio.sleep(0.02)

        asyncio.run(is_level())

    def same(self, path: str) -> str:
        """Assert that both answer the same, and return it."""
        one, other = self.hub.get(path), self.edge.get(path)
        assert (one.status_code, _plain(one)) == (other.status_code, _plain(other)), path
        return str(one.text)


def told(client: TestClient) -> list[Json]:
    """Return what a listener is told who begins at the beginning, but for the cursors."""
    room = client.app_state["room"]
    page = room.purge(ANYBODY).feed(Position(0), 0, EventQuery(), 100_000)
    return [
        (one.kind, one.source, one.id, one.type, one.reason, one.event, one.touches, one.countries, one.flags)
        for one in page.messages
    ]


def _plain(answer: Any) -> str:
    """Return an answer without its cursors."""
    text = str(answer.text)
    for line in {*_cursors(text)}:
        text = text.replace(line, "CURSOR")
    return text


def _cursors(text: str) -> Iterator[str]:
    import re

    for pattern in (
        r'data-(?:after|cursor|since)="([A-Za-z0-9_-]{22})"',
        r'"(?:next|cursor|after|since)":"([A-Za-z0-9_-]{22})"',
        r"(?:after|since|before|cursor)=([A-Za-z0-9_-]{22})",
    ):
        yield from re.findall(pattern, text)


@contextmanager
def paired(world: World, cluster: NatsCluster, folder: Path) -> Iterator[Pair]:
    """Give a world's hub and an edge of it, both on the bus."""
    asyncio.run(clear(cluster.url()))
    folder.mkdir()
    home = replace(world, settings=replace(world.settings, bus=cluster.url()))
    own = replace(world.settings, data=folder, bus=cluster.url("edge"), edge=True, edge_of=HUB)
    with ExitStack() as opened:
        hub = opened.enter_context(calling(home))
        edge = opened.enter_context(calling(replace(world, settings=own)))
        yield Pair(world, hub, edge, folder)


@pytest.fixture
def pair(cluster: NatsCluster, tmp_path: Path) -> Iterator[Pair]:
    with paired(make_world(tmp_path / "hub"), cluster, tmp_path / "edge") as made:
        yield made


def test_an_edge_answers_as_the_hub_answers_anybody_and_has_nothing_else(
    cluster: NatsCluster, tmp_path: Path
) -> None:
    """Over a hub with every value of every field of every type, at every label."""
    world, aviary = make_nest(tmp_path / "nest")
    with paired(world, cluster, tmp_path / "edge") as pair:
        pair.wait()
        assert not _differing(pair)
        _assert_nothing_hidden(pair, aviary, cluster)


def _differing(pair: Pair) -> list[str]:
    """Return the addresses at which the edge does not answer as the hub answers anybody."""
    refs = [node["ref"] for node in pair.hub.get("/api/v1/graph?limit=5000").json()["nodes"]]
    assert len(refs) > 20
    plain = [one.path for one in addresses() if one.method == "GET" and is_here(one) and "{" not in one.path]
    left_out = {"/metrics", "/openapi.json", "/asyncapi.json", "/api/v1/feed", "/readyz", "/hub.webmanifest"}
    asked = [path for path in plain if path not in left_out]
    asked += [f"/api/v1/graph/nodes/{ref}" for ref in refs[::7]]
    asked += [f"/things/{ref}" for ref in refs[::25]]
    for kind in ("lawyer", "threat", "case", "trial", "statement", "action", "policy"):
        found = [ref for ref in refs if ref.startswith(f"{kind}:")][:1]
        asked += [
            f"/api/v1/{kind.removesuffix('y')}{'ies' if kind[-1] == 'y' else 's'}/{ref}" for ref in found
        ]
    events = pair.hub.get("/api/v1/events?limit=1000").json()["events"]
    asked += [f"/api/v1/events/{one['source']}/{one['id']}" for one in events]
    return [path for path in asked if not _is_same(pair, path)]


def _is_same(pair: Pair, path: str) -> bool:
    one, other = pair.hub.get(path), pair.edge.get(path)
    return (one.status_code, _plain(one)) == (other.status_code, _plain(other))


def _assert_nothing_hidden(pair: Pair, aviary: Aviary, cluster: NatsCluster) -> None:
    hidden = aviary.hidden_from(Who("public"))
    known = aviary.known_to(Who("public"))
    assert len(hidden) > 100
    assert heard_in_folder(pair.folder, hidden) == {}
    files = [one for one in pair.folder.rglob("*") if one.is_file()]
    assert any(songs(one.read_bytes()) & known for one in files)
    # What the servers have, the stream between hubs included: nothing of it can be read there.
    for node in cluster.nodes:
        stored = b"".join(one.read_bytes() for one in (node.folder / "store").rglob("*") if one.is_file())
        assert heard(stored, hidden) == []
    assert not (pair.folder / "log.sqlite").exists()
    assert {one.name for one in (pair.folder / "keys").iterdir()} == {"cursor.key"}


def post(pair: Pair, event: Json, name: str = "publisher") -> Json:
    answer = pair.hub.post("/api/v1/events", json=event, headers=pair.world.bearer(name))
    assert answer.status_code == 201, answer.text
    return event


def amended(kind: str, about: Json, **data: Json) -> Json:
    """Return what amends an event, open to everybody."""
    named = {"about_source": about["source"], "about_event": about["id"], **data}
    return {
        **{name: about[name] for name in ("specversion", "source")},
        "id": f"{kind}-{about['id']}",
        "type": kind,
        "tlp": "clear",
        "data": named,
    }


def titled(number: int, title: str, **more: Json) -> Json:
    return threat(number, **{"tlp": "clear", **more}, data={"title": title})


def test_what_is_corrected_or_retracted_is_so_at_the_edge(pair: Pair) -> None:
    first, other = post(pair, titled(1, "Heron")), post(pair, titled(2, "Starling"))
    post(
        pair,
        amended("record.corrected", first, reason="typing", changes=[{"pointer": "/title", "to": "Crane"}]),
    )
    post(pair, amended("record.retracted", other, reason="superseded"))
    pair.wait()
    assert "Crane" in pair.same("/api/v1/events")
    for one in (first, other):
        pair.same(f"/api/v1/events/{one['source']}/{one['id']}")
        pair.same(f"/api/v1/threats/{one['data']['threat']}")
    assert {one[4] for one in told(pair.edge)} >= {"corrected", "retracted"}


def test_an_event_that_becomes_public_comes_and_one_that_is_no_more_is_destroyed(
    pair: Pair, cluster: NatsCluster
) -> None:
    held = post(pair, titled(1, "Kingfisher", notbefore="2031-05-04T13:00:00Z"))
    shown = post(pair, titled(2, "Nightingale"))
    pair.wait()
    assert "Kingfisher" not in pair.same("/api/v1/events")
    pair.world.clock.move(hours=2)
    asyncio.run(_until(lambda: "Kingfisher" in pair.edge.get("/api/v1/events").text))
    pair.same(f"/api/v1/events/{held['source']}/{held['id']}")
    assert sum(b"Nightingale" in orjson.dumps(one) for one in asyncio.run(_words(cluster))) == 1
    post(pair, amended("record.retracted", shown, reason="unsafe"))
    asyncio.run(_until(lambda: _last(pair) == ("withdrawn", "t-2", "retracted")))
    # What was held back until now comes last at the edge, since its place would tell that something was held back.
    one, other = (client.get("/api/v1/events").json()["events"] for client in (pair.hub, pair.edge))
    assert sorted(one, key=orjson.dumps) == sorted(other, key=orjson.dumps)
    asyncio.run(_until(lambda: not _anywhere(pair.folder, b"Nightingale")))
    assert _anywhere(pair.folder, b"Kingfisher")
    asyncio.run(_forgotten(cluster, b"Nightingale"))
    # Nor is it said again to those who come later.
    asyncio.run(clear(cluster.url()))
    post(pair, titled(3, "Wren"))
    asyncio.run(_until(lambda: "Wren" in pair.edge.get("/api/v1/events").text))
    assert not any(b"Nightingale" in orjson.dumps(word) for word in asyncio.run(_words(cluster)))


def profile(number: int, name: str) -> Json:
    """Return a public profile of a lawyer who agreed to be named in public."""
    data = example("lawyer.profiled.v1")
    data |= {"lawyer": f"lawyer:harbour-bar-watch.{number:04d}", "identity": {"names": [{"full": name}]}}
    data["protection"] = {"consent_level": "C5", "scopes": ["media"], "review_by": "2032-01-01"}
    return {**threat(number, tlp="clear"), "id": f"l-{number}", "type": "lawyer.profiled", "data": data}


def test_a_name_that_may_be_said_in_public_no_more_is_destroyed(pair: Pair, cluster: NatsCluster) -> None:
    shown = post(pair, profile(2, "Nightingale"))
    pair.wait()
    assert "Nightingale" in pair.same("/api/v1/events")
    assert _anywhere(pair.folder, b"Nightingale")
    withdrawal = {"subject_of_consent": shown["data"]["lawyer"], "effect": "restrict_to_pseudonym"}
    withdrawal |= {"effective_from": "2031-05-04T12:00:00Z", "giver": "self"}
    post(pair, {**shown, "id": "w-2", "type": "consent.withdrawn", "tlp": "amber+strict", "data": withdrawal})
    asyncio.run(_until(lambda: "Nightingale" not in pair.edge.get("/api/v1/events").text))
    pair.wait()
    pair.same(f"/api/v1/events/{shown['source']}/{shown['id']}")
    asyncio.run(_until(lambda: not _anywhere(pair.folder, b"Nightingale")))
    asyncio.run(_forgotten(cluster, b"Nightingale"))
    # Nor is it said again to those who come later.
    asyncio.run(clear(cluster.url()))
    post(pair, titled(3, "Wren"))
    asyncio.run(_until(lambda: "Wren" in pair.edge.get("/api/v1/events").text))
    assert not any(b"Nightingale" in orjson.dumps(word) for word in asyncio.run(_words(cluster)))


@pytest.mark.parametrize("asked", [{"about": ("lawyer:harbour-bar-watch.0002",)}, {"countries": ("QS",)}])
def test_who_follows_one_reference_or_country_at_an_edge_hears_that_it_must_not_be_used(
    pair: Pair, asked: Json
) -> None:
    """The edge does not know any more what the event touched, so it tells it to all who may have it."""
    shown = titled(2, "Nightingale")
    shown["data"]["place"] = {"country": "QS"}
    post(pair, shown)
    pair.wait()
    edge = pair.edge.app_state
    query, since = EventQuery(**asked), edge["end_of_log"]()
    room = edge["room"]

    def heard_of(after: int) -> list[tuple[str, str, str | None]]:
        page = room.purge(ANYBODY).feed(Position(after), 0, query, 100)
        return [(one.kind, one.id, one.reason) for one in page.messages]

    assert heard_of(0) == [("event", "t-2", None)]
    heard = []
    with pair.edge.websocket_connect(f"/api/v1/feed?after=begin&{_asked(asked)}") as listener:
        while (said := listener.receive_json())["kind"] != "live":
            heard.append(said)
        assert [one["event"]["id"] for one in heard] == ["t-2"]
        post(pair, amended("record.retracted", shown, reason="unsafe"))
        while (said := listener.receive_json())["kind"] != "withdrawn":
            assert said["kind"] in {"live", "beat"}
        assert (said["id"], said["reason"]) == ("t-2", "retracted")
        assert "event" not in said
    asyncio.run(_until(lambda: not _anywhere(pair.folder, b"Nightingale")))
    # Who was away hears it too, and whoever comes anew hears nothing of it.
    assert heard_of(since) == [WITHDRAWN]
    assert not _anywhere(pair.folder, b"lawyer:harbour-bar-watch.0002")


def _asked(asked: Json) -> str:
    names = {"about": "about", "countries": "country"}
    return "&".join(f"{names[name]}={one}" for name, values in asked.items() for one in values)


def _last(pair: Pair) -> tuple[str, str, str]:
    kind, _, name, _, reason, *_ = told(pair.edge)[-1]
    return kind, name, reason


async def _forgotten(cluster: NatsCluster, said: bytes) -> None:
    async with asyncio.timeout(SECONDS):
        while any(said in orjson.dumps(word) for word in await _words(cluster)):  # noqa: ASYNC110 - somebody else's process
            await asyncio.sleep(0.05)


def _anywhere(folder: Path, said: bytes) -> bool:
    """Tell whether the files of an edge have some bytes."""
    for file in folder.rglob("*"):
        try:
            if file.is_file() and said in file.read_bytes():
                return True
        except FileNotFoundError:
            continue
    return False


async def _until(is_so: Any) -> None:
    async with asyncio.timeout(SECONDS):
        while not is_so():  # noqa: ASYNC110 - somebody else's process
            await asyncio.sleep(0.05)


def test_an_edge_takes_nothing_and_says_where_the_hub_is(pair: Pair) -> None:
    for path in ("/api/v1/events", "/sign-in", "/api/v1/subscriptions"):
        answer = pair.edge.post(path, json=titled(1, "Wren"), headers={"Origin": str(pair.edge.base_url)})
        assert answer.status_code == 403
        assert HUB in answer.text
    for path in ("/board", "/api/v1/log/checkpoint", "/publish"):
        assert HUB in pair.edge.get(path).text
    assert pair.edge.get("/api/v1/events", headers=pair.world.bearer("publisher")).status_code == 401
    assert pair.edge.get("/feed.atom?key=nothing").status_code == 401
    assert pair.edge.get("/healthz").json() == {"status": "ok"}


def test_a_field_that_only_others_see_changes_nothing_at_the_edge(pair: Pair, cluster: NatsCluster) -> None:
    first = post(pair, threat(1, tlp="clear", data={"narrative": "Told in confidence."}))
    pair.wait()
    asyncio.run(_noted(cluster, 4))
    changes = [{"pointer": "/narrative", "to": "Told otherwise."}]
    correction = amended("record.corrected", first, reason="typing", changes=changes)
    post(pair, {**correction, "tlp": "green"})
    post(pair, titled(2, "Wren"))
    pair.wait()
    asyncio.run(_noted(cluster, 5))
    pair.same(f"/api/v1/events/{first['source']}/{first['id']}")


async def _noted(cluster: NatsCluster, count: int) -> None:
    async with asyncio.timeout(SECONDS):
        while len(await _words(cluster)) < count:  # noqa: ASYNC110 - somebody else's process
            await asyncio.sleep(0.05)
    assert len(await _words(cluster)) == count


async def _words(cluster: NatsCluster) -> list[Json]:
    async with linked(cluster.url("edge"), "EDGE") as link:
        return [orjson.loads(one.box) for one in await link.after(PUBLIC, 0)]


def test_a_public_stream_that_is_deleted_comes_again_and_an_edge_that_was_away_misses_nothing(
    cluster: NatsCluster, tmp_path: Path
) -> None:
    world = make_world(tmp_path / "hub")
    with paired(world, cluster, tmp_path / "edge") as pair:
        post(pair, titled(1, "Wren"))
        pair.wait()
        asyncio.run(clear(cluster.url()))
        post(pair, titled(2, "Finch"))
        pair.wait()
        assert [one["position"] for one in _filed(tmp_path)] == list(range(1, 6))
        own = replace(world.settings, data=tmp_path / "edge", bus=cluster.url("edge"), edge=True)
        again = replace(world, settings=own)
    settings = replace(world.settings, bus=cluster.url())
    with calling(replace(world, settings=settings)) as hub:
        post(replace(pair, hub=hub), titled(3, "Siskin"))
        with calling(again) as edge:
            replace(pair, hub=hub, edge=edge).wait()
            assert "Siskin" in edge.get("/api/v1/events").text


def _filed(folder: Path) -> list[Json]:
    import sqlite3

    with sqlite3.connect(folder / "edge" / FILE) as db:
        found = [{"position": row[0]} for row in db.execute("SELECT position FROM words ORDER BY position")]
    db.close()
    return found
