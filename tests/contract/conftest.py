"""A hub that is called, for all tests of one module, which says in its `world` who there is."""

from collections.abc import Iterator

import pytest

from tests.running import TestClient, World, calling


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    with calling(world) as opened:
        yield opened
