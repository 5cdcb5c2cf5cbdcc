"""Tamper evidence is a declared exception: it depends on what is hidden, by hashes alone that look like chance.

How many, how long, in which order, at which size of the tree: nothing of that differs between stores that differ only
in what a reader may not know.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, seed, settings

from hub.routes import addresses
from tests import comparing
from tests.asking import Heard, _without_hashes
from tests.depth import in_depth
from tests.quick import quick_hubs
from tests.telling import Step
from tests.worlds import READERS, make_story, stories

EVIDENCE = tuple(one for one in addresses() if one.path.startswith("/api/v1/log/"))


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with quick_hubs():
        yield


def test_evidence_of_what_is_seen_tells_nothing_of_what_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "addresses", lambda: EVIDENCE)
    tried: list[int] = []

    @seed(30)
    @settings(max_examples=in_depth(1, 2), phases=[Phase.generate], deadline=None)
    @given(stories(3))
    def attempt(story: list[Step]) -> None:
        tried.append(len(tried))
        with TemporaryDirectory() as folder:
            world = make_story(Path(folder, "whole"), 3, story, coda=True)
            asyncio.run(comparing.compare(world, READERS, 30))

    attempt()
    assert len(tried) == in_depth(1, 2)


def test_a_number_or_a_hash_more_would_be_seen() -> None:
    hashed, longer = "A" * 43 + "=", "A" * 47 + "="
    heard = [Heard(200, (), body.encode()) for body in (f'["{hashed}"]', f'["{longer}"]', f'["{hashed}",1]')]
    assert len({_without_hashes(one) for one in heard}) == 3
