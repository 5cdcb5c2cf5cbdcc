"""A hub grows by what stays alone: what it is done with goes, whether or not the garbage collector looks."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from events.desk import Desk
from events.draft import Draft
from events.submission import EventRefused, Publisher
from hub.pages.contexts import CONTEXTS, PageContext
from projections.graph.questions.deeds import Deeds
from schemas.speaker import Speaker
from tests.living import living
from tests.running import calling, make_world, recording, threat
from tests.solidarity import L1, T1, solidarity

SPARED = '''
import gc, weakref
from hub import collector
from hub.collector import spare_the_start, spare_the_views

class Held:
    """Goes only if somebody looks."""
    def __init__(self):
        self.itself = self
        self.more = [[] for _ in range(9)]

spare_the_start()
spared = gc.get_freeze_count()
views = [[] for _ in range(100_000)]
spare_the_views()
assert gc.get_freeze_count() > spared + 100_000
spared = gc.get_freeze_count()
looks = []
gc.callbacks.append(lambda phase, info: looks.append(info["generation"]))

first = weakref.ref(Held())
for _ in range(400_000):
    Held()
assert first() is None
assert 2 in looks
assert gc.get_freeze_count() <= spared

collector.LONG_SECONDS = 0.0
gc.set_threshold(5_000, 2, 10)
stays = [[] for _ in range(2_000_000)]
assert gc.get_freeze_count() > spared + 1_000_000
'''


@contextmanager
def nobody_looking() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_nothing_of_what_was_recorded_waits_for_the_collector(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    publisher = Publisher("harbour-bar-watch", "tests")
    with recording(world) as intake:
        before = len(living(Desk, Draft))
        with nobody_looking():
            for number in range(3):
                checked = [intake.check(publisher, threat(10 * number + one)) for one in range(10)]
                assert {one.status for one in intake.record(checked)} == {"stored"}
            del checked
            assert len(living(Desk, Draft)) == before


def test_whoever_is_asked_once_does_not_hold_himself(tmp_path: Path) -> None:
    """He who finds what is wrong with an event, and he who finds what was done for a lawyer."""
    with recording(make_world(tmp_path / "hub")) as intake, solidarity(tmp_path) as world:
        world.threaten(T1, L1)
        with nobody_looking():
            sent = threat(1, data={"categories": ["none"]})
            with pytest.raises(EventRefused):
                intake.check(Publisher("harbour-bar-watch", "tests"), sent)
            assert [item["lawyer"]["ref"] for item in world.alone()["items"]] == [L1]
            assert living(Speaker, Deeds) == []


def test_nothing_that_a_page_says_waits_for_the_collector(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with recording(world) as intake:
        assert intake.record([intake.check(Publisher("harbour-bar-watch", "tests"), threat(1))])
    with calling(world) as client, nobody_looking():
        for path in ("/", "/lawyers", "/trials"):
            answer = client.get(path, headers=world.bearer("publisher"))
            assert (answer.status_code, answer.text.count("</html>")) == (200, 1)
        assert [one for one in living(PageContext) if one.get_all().get(CONTEXTS) is not None] == []


def test_what_the_collector_does_in_a_hub_that_serves() -> None:
    """Views are left alone; what holds itself goes; what came since and makes looking long is left alone too."""
    subprocess.run([sys.executable, "-c", SPARED], check=True, timeout=120)
