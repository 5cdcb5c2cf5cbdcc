"""Pages say how new they are: also without scripts, and not where they show the past."""

from collections.abc import Iterator

import pytest

from hub.pages.addresses import page_addresses
from hub.pages.watching import WATCHED
from tests.forms import shows
from tests.running import TestClient, World, calling, make_world, threat

LINE = 'data-watch="/api/v1/feed?after='


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    with calling(world) as opened:
        yield opened


def test_every_watched_page_is_a_page() -> None:
    assert {one.path for one in page_addresses() if one.method == "GET"} >= WATCHED


@pytest.mark.parametrize("path", sorted(one for one in WATCHED if "{" not in one and one != "/ties"))
def test_a_page_says_how_new_it_is_and_leads_to_itself(client: TestClient, world: World, path: str) -> None:
    page = client.get(path, headers=shows(world, "steward"))
    assert page.status_code == 200
    assert LINE in page.text
    assert "As it stood when this page was made." in page.text
    assert f'href="{path}" data-watch-show' in page.text


def test_the_past_is_not_watched(client: TestClient, world: World) -> None:
    assert LINE not in client.get("/trials?as_of=2031-01-01", headers=shows(world, "observer")).text


def test_what_somebody_may_not_see_does_not_move_where_his_page_looks_from(
    client: TestClient, world: World
) -> None:
    before = client.get("/trials", headers=shows(world, None)).text
    hidden = threat(1, tlp="amber")
    at = client.post("/api/v1/events", json=hidden, headers=world.bearer("publisher")).json()["cursor"]
    client.get(f"/trials?at_least={at}", headers=shows(world, "publisher"))
    assert client.get("/trials", headers=shows(world, None)).text == before
