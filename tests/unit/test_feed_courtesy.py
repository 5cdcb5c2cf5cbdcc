"""Who publishes goes first, and whoever comes back is served all the same."""

import asyncio

import anyio

from hub.feeds.courtesy import ARRIVING, MOST_SECONDS, Courtesy

LONG = 3600.0


def test_nobody_waits_while_nobody_publishes() -> None:
    async def take() -> None:
        turn = asyncio.create_task(Courtesy().turn(LONG))
        await asyncio.sleep(0)
        assert turn.done()

    anyio.run(take)


def test_whoever_catches_up_waits_until_all_is_recorded() -> None:
    async def take() -> None:
        courtesy = Courtesy()
        with courtesy.publishing():
            with courtesy.publishing():
                turns = [asyncio.create_task(courtesy.turn(LONG)) for _ in range(2)]
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not any(one.done() for one in turns)
        ended = asyncio.get_running_loop().time()
        await asyncio.gather(*turns)
        assert asyncio.get_running_loop().time() - ended < MOST_SECONDS
        await courtesy.turn(LONG)

    anyio.run(take)


def test_it_does_not_wait_for_ever() -> None:
    async def take() -> None:
        courtesy = Courtesy()
        with courtesy.publishing():
            for took in (LONG, 0.0):
                await courtesy.turn(took)

    anyio.run(take)


def test_so_many_are_let_in_at_the_same_time() -> None:
    async def take() -> None:
        courtesy, inside, leave = Courtesy(), [0, 0], asyncio.Event()

        async def arrive() -> None:
            async with courtesy.arriving():
                inside[0] += 1
                inside[1] = max(inside)
                await leave.wait()
                inside[0] -= 1

        async with anyio.create_task_group() as tasks:
            for _ in range(3 * ARRIVING):
                tasks.start_soon(arrive)
            await anyio.wait_all_tasks_blocked()
            assert inside == [ARRIVING, ARRIVING]
            leave.set()
        assert inside == [0, ARRIVING]

    anyio.run(take)
