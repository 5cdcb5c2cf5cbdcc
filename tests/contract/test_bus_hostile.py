"""Whoever has the password of an edge, or stands between a hub and its bus, changes nothing that others are told."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import nats
import orjson
import pytest
from nats.aio.client import Client

from events.event import Position
from hub.bus.link import FAULTS, LOG, PUBLIC, SUBJECTS, Letter, Link, TidyClient, linked
from tests.boarding import eventually, relayed
from tests.contract.test_commands import Terminal
from tests.contract.test_edge import Pair, amended, paired, post, titled
from tests.nats_cluster import NatsCluster, nats_cluster
from tests.running import calling, make_world

Json = Any
SECONDS = 30.0

INFO, GET = "STREAM.INFO.HUB_PUBLIC", "DIRECT.GET.HUB_PUBLIC"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsCluster]:
    with nats_cluster(tmp_path_factory.mktemp("bus"), 1) as started:
        yield started


@pytest.fixture
def pair(cluster: NatsCluster, tmp_path: Path) -> Iterator[Pair]:
    with paired(make_world(tmp_path / "hub"), cluster, tmp_path / "edge") as made:
        yield made


@asynccontextmanager
async def seized(cluster: NatsCluster) -> AsyncIterator[tuple[Client, list[str]]]:
    """Connect as whoever has taken an edge would: by the library, with its password; give what is refused, too."""
    refused: list[str] = []

    async def note(error: Exception) -> None:
        refused.append(str(error))

    client = await nats.connect(cluster.url("edge"), inbox_prefix=b"_EDGE.edge", error_cb=note)
    try:
        yield client, refused
    finally:
        await client.close()


def at_the_bus(cluster: NatsCluster, do: Callable[[Link], Awaitable[Any]]) -> Any:
    async def done() -> Any:
        async with linked(cluster.url(), "HUB") as link:
            return await do(link)

    return asyncio.run(done())


async def everything(link: Link) -> tuple[list[str], list[Json]]:
    """Return when both streams were made, and all that the public one holds."""
    made = [(await link.extent(one)).made for one in (LOG, PUBLIC)]
    return made, [orjson.loads(one.box) for one in await link.after(PUBLIC, 0)]


def ask_in_the_place_of(answered: tuple[str, ...], cluster: NatsCluster) -> None:
    """Ask the servers for all that an edge may ask for, and have them answer elsewhere."""

    async def asked() -> None:
        async with seized(cluster) as (client, _):
            for place in answered:
                for api in ("hub.ask", "$JS.API"):
                    await client.publish(f"{api}.{INFO}", b"", reply=place)
                    await client.publish(f"{api}.{GET}", b'{"seq":1}', reply=place)
                    many = {"seq": 1, "batch": 50, "next_by_subj": SUBJECTS[PUBLIC]}
                    await client.publish(f"{api}.{GET}", orjson.dumps(many), reply=place)
            await client.flush()

    asyncio.run(asked())


def shows(pair: Pair, said: str) -> None:
    async def so() -> bool:
        return said in pair.edge.get("/api/v1/events").text

    asyncio.run(eventually(so))


def test_no_answer_to_an_edge_is_written_to_a_stream_or_taken_for_an_order(
    pair: Pair, cluster: NatsCluster
) -> None:
    post(pair, titled(1, "Wren"))
    pair.wait()
    relayed(cluster, pair.world, pair.hub.app_state["end_of_log"]())
    before = at_the_bus(cluster, everything)
    orders = [f"$JS.API.STREAM.{what}.{one}" for what in ("DELETE", "PURGE") for one in (LOG, PUBLIC)]
    ask_in_the_place_of(("hub.public.x", "hub.log", "_HUB.hub.x", "$SYS.REQ.SERVER.PING", *orders), cluster)
    assert at_the_bus(cluster, everything) == before
    post(pair, titled(2, "Finch"))
    shows(pair, "Finch")
    assert at_the_bus(cluster, everything)[0] == before[0]


def test_an_edge_goes_on_when_another_has_the_servers_tell_everybody_old_words_and_no_words(
    pair: Pair, cluster: NatsCluster
) -> None:
    post(pair, titled(1, "Wren"))
    pair.wait()
    post(pair, amended("record.retracted", titled(1, "Wren"), reason="superseded"))
    pair.wait()
    ask_in_the_place_of(("hub.public.x",) * 20, cluster)
    post(pair, titled(2, "Finch"))
    pair.wait()
    shows(pair, "Finch")
    assert "Wren" not in pair.edge.get("/api/v1/events").text


def test_edges_with_users_of_their_own_neither_hear_nor_answer_what_others_ask(cluster: NatsCluster) -> None:
    async def heard() -> tuple[list[str], list[str]]:
        subjects: list[str] = []

        async def hear(message: Any) -> None:
            subjects.append(message.subject)

        async with seized(cluster) as (client, refused), linked(cluster.url("edge"), "EDGE") as link:
            for subject in ("_EDGE.>", "_EDGE.other.>", ">", "hub.ask.>"):
                await client.subscribe(subject, cb=hear)
            await client.subscribe("_EDGE.edge.>", cb=hear)
            await client.flush()
            with_link = await link.after(PUBLIC, 0)
            await client.flush()
        assert with_link == []
        return subjects, refused

    at_the_bus(cluster, lambda link: link.delete(PUBLIC))
    at_the_bus(cluster, lambda link: link.make(PUBLIC))
    subjects, refused = asyncio.run(heard())
    assert {one.partition(".")[2].partition(".")[0] for one in subjects} == {"edge"}
    assert len(refused) == 4


@pytest.mark.parametrize("junk", [b"junk", b"[]", b'{"cursor": "x"}', b'{"kind": {}, "cursor": []}'])
def test_what_no_hub_wrote_under_an_events_name_keeps_no_retraction_from_an_edge(
    pair: Pair, cluster: NatsCluster, junk: bytes
) -> None:
    """Somebody has a hub's password, hides what he wrote behind the true last word, and waits for the retraction."""
    event = post(pair, titled(1, "Nightingale"))
    pair.wait()
    post(pair, titled(2, "Wren"))
    pair.wait()

    async def spoil(link: Link) -> None:
        said = await link.after(PUBLIC, 0)
        subject = next(one.subject for one in said if orjson.loads(one.box)["id"] == event["id"])
        for name, one in (
            ("junk", Letter(subject, junk, "j")),
            ("last", Letter(said[-1].subject, said[-1].box, "l")),
        ):
            await link.publish(one._replace(name=f"{name}-{junk!r}"), (await link.extent(PUBLIC)).last)

    at_the_bus(cluster, spoil)
    post(pair, amended("record.retracted", event, reason="unsafe"))
    post(pair, titled(3, "Siskin"))
    shows(pair, "Siskin")
    assert "Nightingale" not in pair.edge.get("/api/v1/events").text


def test_a_word_of_an_event_that_the_log_has_not_keeps_nobody_waiting_for_it(
    pair: Pair, cluster: NatsCluster
) -> None:
    post(pair, titled(1, "Nightingale"))
    pair.wait()
    beyond = Position(pair.hub.app_state["end_of_log"]() + 1_000)
    cursor = pair.hub.app_state["cursors"].encode(beyond, 0)

    async def spoil(link: Link) -> None:
        extent = await link.extent(PUBLIC)
        last = (await link.after(PUBLIC, 0))[-1]
        word = orjson.dumps({**orjson.loads(last.box), "cursor": cursor})
        await link.publish(Letter(last.subject, word, cursor), extent.last)

    at_the_bus(cluster, spoil)
    post(pair, titled(2, "Siskin"))
    shows(pair, "Siskin")


def test_what_was_told_of_a_log_before_it_was_restored_is_not_believed_though_the_keys_are_the_same(
    cluster: NatsCluster, tmp_path: Path
) -> None:
    """Whoever has a server of the bus has kept what went by, and says it again to a log that ends before it."""
    terminal, saved, fresh = Terminal(), tmp_path / "log.backup", tmp_path / "fresh"
    at_the_bus(cluster, lambda link: link.delete(LOG))
    world = make_world(tmp_path / "hub", bus=cluster.url())
    terminal.ok("backup", saved, "--unencrypted", "--data", world.settings.data)
    with calling(world) as hub:
        for number in range(1, 6):
            event = titled(number, f"Nightingale {number}")
            hub.post("/api/v1/events", json=event, headers=world.bearer("publisher"))
        lost = hub.app_state["end_of_log"]()
        relayed(cluster, world, lost)
        kept = at_the_bus(cluster, lambda link: link.after(LOG, 0))
    (fresh / "keys").mkdir(parents=True)
    for name in ("vault.key", "cursor.key"):
        shutil.copy(world.settings.data / "keys" / name, fresh / "keys")
    terminal.ok("restore", saved, "--data", fresh, "--accept-loss")
    for one in (LOG, PUBLIC):
        at_the_bus(cluster, partial(Link.delete, stream=one))
    restored = replace(world, settings=replace(world.settings, data=fresh))
    with calling(restored) as hub:
        head = hub.app_state["end_of_log"]()
        assert head < lost
        relayed(cluster, restored, head)

        async def repeat(link: Link) -> None:
            made = (await link.extent(LOG)).made
            for one in kept:
                # Past the stream: hubs hear it as it comes, whatever becomes of the stream.
                await link._client.publish(one.subject, one.box)

            async def is_made_anew() -> bool:
                with suppress(*FAULTS):
                    return (await link.extent(LOG)).made != made
                return False

            await eventually(is_made_anew)

        at_the_bus(cluster, repeat)
        assert hub.app_state["room"].position == head
        assert "Nightingale" not in hub.get("/api/v1/events").text


@asynccontextmanager
async def go_between(info: Json) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Stand where a server of the bus is thought to be; give the port, and what was said to it."""
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"INFO " + json.dumps({"version": "2.15.0", "max_payload": 1024, **info}).encode() + b"\r\n"
        )
        while said := await reader.read(4096):
            heard.append(said)
            writer.write(b"PONG\r\n" if b"PING" in said else b"")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


def test_who_leaves_tls_out_on_the_way_is_told_no_password() -> None:
    async def said() -> bytes:
        async with go_between({"auth_required": True}) as (port, heard):
            client = TidyClient()
            url = f"tls://hub:a-secret@127.0.0.1:{port}"
            with pytest.raises(FAULTS):
                await client.connect(url, allow_reconnect=False, connect_timeout=2)
            await client.put_down()
            return b"".join(heard)

    assert b"a-secret" not in asyncio.run(said())


def test_a_hub_connects_to_no_server_that_its_operator_did_not_name() -> None:
    async def known() -> list[str]:
        async with (
            go_between({"connect_urls": ["elsewhere.example:4222"]}) as (port, _),
            linked(f"nats://hub:a-secret@127.0.0.1:{port}", "HUB") as link,
        ):
            return [one.netloc for one in link._client.servers]

    assert [one.rpartition("@")[2].partition(":")[0] for one in asyncio.run(known())] == ["127.0.0.1"]
