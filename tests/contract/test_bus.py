"""Hubs on three real NATS servers: the log travels once, in order, shut; and is never lost with the bus."""

import asyncio
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import nats
import nats.errors
import pytest

from events.store import open_store
from events.travelling import Copies, NoCopies
from hub.bus.convoy import AT_ONCE, Convoy
from hub.bus.link import ASK_SECONDS, FAULTS, LOG, PUBLIC, SUBJECTS, Letter, Link, OutOfTurn, Said, TidyClient
from hub.bus.opening import board
from hub.bus.relay import PLACE, Relay
from hub.bus.sealing import ForeignBox
from hub.keys import cursor_key, open_vault
from tests.boarding import (
    asking,
    eventually,
    follower_of,
    httpx_get,
    hubs,
    is_whole,
    knows,
    post,
    relayed,
    says,
    sealer_of,
    stored,
    told,
    until,
)
from tests.faults.counting import count
from tests.nats_cluster import NatsCluster, nats_cluster
from tests.postgres import fresh_database
from tests.running import calling, make_world


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsCluster]:
    with nats_cluster(tmp_path_factory.mktemp("bus")) as started:
        yield started


@pytest.fixture
def bus(cluster: NatsCluster) -> NatsCluster:
    """A cluster without streams."""

    async def clear(link: Link) -> None:
        async def is_clear() -> bool:
            # Another test may have killed a server: until the others have chosen a leader, nobody answers.
            with suppress(*FAULTS):
                await link.delete(LOG)
                await link.delete(PUBLIC)
                return True
            return False

        await eventually(is_clear)

    asking(cluster, clear)
    return cluster


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_hub_reads_from_the_bus_what_another_wrote_and_both_relay_it_once(
    bus: NatsCluster, tmp_path: Path, kind: str
) -> None:
    with hubs(bus, tmp_path, fresh_database() if kind == "postgresql" else "") as (world, one, other):
        post(one, world, 1, tlp="clear")
        until(lambda: knows(other, 1))
        follower = follower_of(other)
        # From here on it has heard what comes: the log is read no more.
        relayed(bus, world, one.app_state["end_of_log"]())
        before, seen = follower.from_log, follower.from_bus
        # Where the bus is slower than its looks into the log, a hub reads there: a busy machine needs some more.
        for number in range(2, 200):
            post(one, world, number, tlp="clear")
            until(lambda number=number: knows(other, number))  # type: ignore[misc]
            if number >= 11 and follower.from_bus > seen:
                break
        assert follower.from_bus > seen
        assert follower.from_bus - seen + follower.from_log - before >= 10
        # On SQLite both believe that it is their turn, since their folders are not the same.
        head = one.app_state["end_of_log"]()
        is_whole(relayed(bus, world, head), head)


def test_nothing_that_is_not_clear_can_be_read_on_the_servers(bus: NatsCluster, tmp_path: Path) -> None:
    with hubs(bus, tmp_path) as (world, one, _):
        post(one, world, 3, tlp="amber", data={"title": "heron-in-the-reeds"})
        post(one, world, 4, tlp="clear", data={"title": "starling-on-the-roof"})
        relayed(bus, world, one.app_state["end_of_log"]())
        until(lambda: b"starling-on-the-roof" in stored(bus))
        assert b"heron" not in stored(bus)
        assert b"harbour-bar-watch.0003" not in stored(bus)


def test_a_relay_goes_on_from_where_the_stream_ends(bus: NatsCluster, tmp_path: Path) -> None:
    world = make_world(tmp_path, bus=bus.url())
    with calling(world) as hub:
        post(hub, world, 1)
        head = hub.app_state["end_of_log"]()
        first = relayed(bus, world, head)
    with calling(world) as hub:
        post(hub, world, 2)
        again = relayed(bus, world, head + 1)
    assert again[: len(first)] == first
    is_whole(again, head + 1)


def test_a_stream_that_is_deleted_is_made_again_and_nobody_misses_anything(
    bus: NatsCluster, tmp_path: Path
) -> None:
    with hubs(bus, tmp_path) as (world, one, other):
        post(one, world, 1, tlp="clear")
        relayed(bus, world, one.app_state["end_of_log"]())
        asking(bus, lambda link: link.delete(LOG))
        post(one, world, 2, tlp="clear")
        until(lambda: knows(other, 2))
        head = one.app_state["end_of_log"]()
        is_whole(relayed(bus, world, head), head)


def test_who_writes_what_no_hub_wrote_is_not_believed_and_the_stream_is_made_anew(
    bus: NatsCluster, tmp_path: Path
) -> None:
    with hubs(bus, tmp_path) as (world, one, other):
        post(one, world, 1, tlp="clear")
        relayed(bus, world, one.app_state["end_of_log"]())
        box = sealer_of(world).shut(b"[1,2]", PLACE)

        async def spoil(link: Link) -> None:
            for said in (b"nonsense", box):
                last = (await link.extent(LOG)).last
                await link.publish(Letter(SUBJECTS[LOG], said, said[:8].hex()), last)

        asking(bus, spoil)
        post(one, world, 2, tlp="clear")
        until(lambda: knows(other, 2))
        head = one.app_state["end_of_log"]()

        async def is_mended(link: Link) -> None:
            async def so() -> bool:
                try:
                    copies = await told(link, world)
                except (ForeignBox, NoCopies, nats.errors.Error, nats.js.errors.Error):
                    return False
                return bool(copies) and copies[-1].last == head

            await eventually(so)

        asking(bus, is_mended)


def test_hubs_go_on_while_a_server_is_killed_wiped_or_cut_off(bus: NatsCluster, tmp_path: Path) -> None:
    told: list[str] = []
    with hubs(bus, tmp_path) as (world, one, other):

        def say(events: int = 3) -> None:
            for _ in range(events):
                number = len(told) + 1
                post(one, world, number, tlp="clear")
                told.append(f"t-{number}")
            until(lambda: knows(other, len(told)))

        say()
        lost = bus.nodes[0]
        try:
            lost.kill()
            say()
            lost.wipe()
            lost.start()
            say()
            lost.cut_off()
            say()
        finally:
            lost.reconnect()
            if lost.process is None:
                lost.start()
        say()
        head = one.app_state["end_of_log"]()
        copies = relayed(bus, world, head)
        is_whole(copies, head)
        relayed_ids = [json.loads(row.state)["id"] for copy in copies for row in copy.rows]
        on_the_bus = [one for one in relayed_ids if one.startswith("t-")]
        shown = [one["id"] for one in httpx_get(other, "/api/v1/events?limit=1000").json()["events"]]
        for place, there in (("hub", [one for one in shown if one in told]), ("bus", on_the_bus)):
            count(f"nats_killed_wiped_cut_off_as_{place}_has_it", told, there)
            assert sorted(there) == sorted(told)
    bus.wait_for_leader()


def test_a_log_that_was_replaced_by_a_backup_is_told_anew(bus: NatsCluster, tmp_path: Path) -> None:
    """By hand: what `hub restore` puts back is told under another key."""
    world = make_world(tmp_path / "hub", bus=bus.url())
    sealer_of(world)  # whoever does so first draws the epoch of the log
    shutil.copytree(tmp_path / "hub", tmp_path / "backup")
    with calling(world) as hub:
        post(hub, world, 1)
        head = hub.app_state["end_of_log"]()
        relayed(bus, world, head)
    shutil.rmtree(tmp_path / "hub")
    shutil.copytree(tmp_path / "backup", tmp_path / "hub")
    with calling(world) as hub:
        post(hub, world, 2)
        asking(bus, lambda link: eventually(lambda: says(link, world, b'"t-2"')))
        is_whole(relayed(bus, world, head), head)


def test_rows_that_do_not_fit_are_parted_and_one_that_never_fits_is_left_to_the_log(
    bus: NatsCluster, tmp_path: Path
) -> None:
    class Narrow(Link):
        @property
        def most_bytes(self) -> int:
            return 2048 + 6_000

    world = make_world(tmp_path, bus=bus.url())
    with calling(replace(world, settings=replace(world.settings, bus=""))) as hub:
        for number in range(1, 5):
            post(hub, world, number, data={"narrative": str(number) * 1_000})
    store = open_store(world.settings.store_url, world.registry, open_vault(tmp_path, world.chance))
    aboard = board(world.settings, store, world.chance)
    assert aboard is not None
    head = store.head()

    async def relay(link: Link) -> list[Copies]:
        from events.cursor import Cursors

        narrow = Narrow(link._client)
        worker = Relay(store, aboard.sealer, Cursors(cursor_key(tmp_path)))
        turns = iter([True, True, False])

        async def is_mine() -> bool:
            return next(turns)

        await worker.run(narrow, is_mine)
        return await told(link, world)

    copies = asking(bus, relay)
    store.close()
    assert copies[-1].last == head
    assert len(copies) > 2
    assert [one.after for one in copies] == [0, *(one.last for one in copies[:-1])]


def test_the_edge_user_may_read_the_public_stream_and_nothing_else(bus: NatsCluster) -> None:
    async def tried() -> list[str]:
        errors: list[str] = []

        async def note(error: Exception) -> None:
            errors.append(str(error).lower())

        client = await nats.connect(bus.url("edge").split(","), inbox_prefix=b"_EDGE.edge", error_cb=note)
        for subject in (SUBJECTS[LOG], "hub.>", ">", "_HUB.>", "_EDGE.>", "$JS.EVENT.>"):
            await client.subscribe(subject)
        jet, ask = "$JS.API", "hub.ask"
        for subject in (
            SUBJECTS[LOG],
            "hub.public.x",
            f"{jet}.DIRECT.GET.{LOG}",
            f"{jet}.DIRECT.GET.{PUBLIC}",
            f"{ask}.DIRECT.GET.{LOG}",
            f"{ask}.STREAM.DELETE.{PUBLIC}",
            f"{jet}.STREAM.INFO.{LOG}",
            f"{jet}.STREAM.INFO.{PUBLIC}",
            f"{jet}.STREAM.MSG.GET.{LOG}",
            f"{jet}.STREAM.MSG.GET.{PUBLIC}",
            f"{jet}.STREAM.PURGE.{PUBLIC}",
            f"{jet}.STREAM.DELETE.{PUBLIC}",
            f"{jet}.STREAM.CREATE.MINE",
            f"{jet}.CONSUMER.CREATE.{PUBLIC}",
            f"{jet}.CONSUMER.CREATE.{LOG}",
        ):
            await client.publish(subject, b"{}")
        await client.subscribe("hub.public.>")
        await client.flush()

        async def all_refused() -> bool:
            return len(errors) >= 21

        await eventually(all_refused)
        await client.close()
        return errors

    errors = asyncio.run(tried())
    assert len(errors) == 21
    assert all("permissions violation" in one for one in errors)


def test_a_stranger_gets_no_connection(bus: NatsCluster) -> None:
    async def try_it() -> None:
        url = f"nats://hub:wrong@127.0.0.1:{bus.nodes[0].port}"
        client = TidyClient()
        try:
            await client.connect(url, allow_reconnect=False, connect_timeout=2)
        finally:
            await client.put_down()

    with pytest.raises(nats.errors.Error):
        asyncio.run(try_it())


def test_streams_have_three_copies_and_one_server_alone_has_one(bus: NatsCluster, tmp_path: Path) -> None:
    async def copies(link: Link) -> int:
        await link.make(LOG)
        return int((await link._jet.stream_info(LOG)).config.num_replicas or 0)

    assert asking(bus, copies) == 3
    with nats_cluster(tmp_path, 1) as alone:
        assert asking(alone, copies) == 1


def test_of_two_who_write_behind_the_same_message_one_is_refused(bus: NatsCluster) -> None:
    async def write(link: Link) -> None:
        end = (await link.make(LOG)).last
        last = await link.publish(Letter(SUBJECTS[LOG], b"one", "one"), end)
        with pytest.raises(OutOfTurn):
            await link.publish(Letter(SUBJECTS[LOG], b"two", "two"), end)
        assert await link.publish(Letter(SUBJECTS[LOG], b"one", "one"), end) == last
        assert [one.box for one in await link.after(LOG, 0)] == [b"one"]
        assert await link.last(LOG, await link.extent(LOG)) == Said(last, "hub.log", b"one")

    asking(bus, write)


def letters(count: int) -> list[Letter]:
    return [Letter(SUBJECTS[LOG], f"box {number}".encode(), f"name {number}") for number in range(count)]


async def ship(link: Link, end: int, sent: Sequence[Letter]) -> int:
    async with Convoy(link, end) as convoy:
        for one in sent:
            await convoy.send(one)
    return convoy.end


async def boxes(link: Link) -> list[bytes]:
    return [one.box for one in await link.after(LOG, 0)]


def test_many_on_their_way_arrive_once_and_in_order(bus: NatsCluster) -> None:
    async def write(link: Link) -> None:
        sent = letters(5 * AT_ONCE)
        end = await ship(link, (await link.make(LOG)).last, sent)
        assert await boxes(link) == [one.box for one in sent]
        assert end == (await link.extent(LOG)).last

    asking(bus, write)


def test_behind_what_somebody_else_wrote_none_of_a_convoy_is_taken(bus: NatsCluster) -> None:
    async def write(link: Link) -> None:
        end = (await link.make(LOG)).last
        await link.publish(Letter(SUBJECTS[LOG], b"other", "other"), end)
        with pytest.raises(OutOfTurn):
            await ship(link, end, letters(2 * AT_ONCE))
        assert await boxes(link) == [b"other"]

    asking(bus, write)


def test_behind_a_lost_message_none_of_a_convoy_is_taken_and_the_rest_can_follow(bus: NatsCluster) -> None:
    class Losing(Link):
        async def publish(
            self, letter: Letter, after: int, *, behind: str = "", seconds: float = ASK_SECONDS
        ) -> int:
            if letter.box == b"box 3":
                raise nats.errors.TimeoutError
            return await super().publish(letter, after, behind=behind, seconds=seconds)

    async def write(link: Link) -> None:
        sent, end = letters(2 * AT_ONCE), (await link.make(LOG)).last
        with pytest.raises(FAULTS):
            await ship(Losing(link._client), end, sent)
        there = await boxes(link)
        assert there == [one.box for one in sent[:3]]
        await ship(link, end + len(there), sent[len(there) :])
        assert await boxes(link) == [one.box for one in sent]

    asking(bus, write)


def test_a_hub_without_its_bus_goes_on_by_its_log(tmp_path: Path) -> None:
    world = make_world(tmp_path, bus="nats://hub:x@127.0.0.1:1")
    with calling(world) as hub:
        post(hub, world, 1, tlp="clear")
        until(lambda: knows(hub, 1))
