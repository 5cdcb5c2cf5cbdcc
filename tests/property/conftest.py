"""What the tests with canaries share; each makes its own nest (`made`)."""

from collections.abc import Iterator

import pytest

from tests.canaries import Aviary
from tests.glass import Broken, break_glass
from tests.running import World
from tests.wire import Wire, wired


@pytest.fixture(scope="module")
def world(made: tuple[World, Aviary]) -> World:
    return made[0]


@pytest.fixture(scope="module")
def aviary(made: tuple[World, Aviary]) -> Aviary:
    return made[1]


@pytest.fixture(scope="module")
def wire(world: World) -> Iterator[Wire]:
    with wired(world) as opened:
        yield opened


@pytest.fixture(scope="module")
def glass(world: World, wire: Wire, aviary: Aviary) -> list[Broken]:
    """Break glass before anything else is asked of the same hub."""
    return break_glass(world, wire, aviary)
