"""A hub that is served, and a page of a browser, for all tests of one module."""

from collections.abc import Iterator

import pytest

from tests.chromium import Page, page
from tests.running import Served, World, make_world, serving


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def hub(world: World) -> Iterator[Served]:
    with serving(world) as served:
        yield served


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with page(tmp_path_factory.mktemp("browser")) as opened:
        yield opened
