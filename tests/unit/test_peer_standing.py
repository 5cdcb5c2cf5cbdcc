"""How a peer stands: told at once when it changes, and no peer sets the pace at which it is asked or written down."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from hub.federation.book import Peer, PeerBook, open_book
from hub.federation.standing import AGAIN_SECONDS, NOTE_SECONDS, SLOW_SECONDS, Pauses, Standing
from tests.running import Chance


class Seconds:
    """Seconds that run on when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def book(tmp_path: Path) -> Iterator[PeerBook]:
    with closing(open_book(tmp_path, Chance("standing"))) as opened:
        opened.add(Peer("far", "https://far.example", "t", "here", frozenset()))
        yield opened


def how(book: PeerBook) -> tuple[str, str]:
    [one] = book.listing()
    return one.state, one.said


def test_it_is_left_alone_twice_as_long_each_time_until_it_was_heard_for_a_minute(seconds: Seconds) -> None:
    pauses, waited = Pauses(lambda: 1.0, seconds), []
    for _ in range(10):
        waited.append(pauses.next())
        seconds.now += waited[-1]
    assert waited == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    # It speaks, and breaks off again, as often as it likes: that alone brings nothing back.
    seconds.now += AGAIN_SECONDS - 1
    assert pauses.next() == 60
    seconds.now += 60 + AGAIN_SECONDS
    assert pauses.next() == 0.5
    assert pauses.next(45) == 45


@pytest.mark.parametrize(("chance", "waited"), [(0.0, 0.25), (0.5, 0.375), (1.0, 0.5)])
def test_by_chance_it_waits_between_half_and_all(seconds: Seconds, chance: float, waited: float) -> None:
    assert Pauses(lambda: chance, seconds).next() == waited


def test_what_is_still_so_is_written_now_and_then_and_what_is_new_at_once(
    book: PeerBook, seconds: Seconds
) -> None:
    standing = Standing(book, "far", lambda: datetime(2031, 5, 4, tzinfo=UTC), seconds)

    async def speak() -> list[bool]:
        written = [await standing.heard(0.01) for _ in range(3)]
        assert how(book) == ("behind", "")
        standing.is_live = True
        written += [await standing.heard(0.01), await standing.heard(0.01)]
        assert how(book) == ("live", "")
        seconds.now += NOTE_SECONDS
        return [*written, await standing.heard(0.01)]

    assert anyio.run(speak) == [True, False, False, True, False, True]


def test_who_answers_ever_slower_is_said_to(book: PeerBook, seconds: Seconds) -> None:
    standing = Standing(book, "far", lambda: datetime(2031, 5, 4, tzinfo=UTC), seconds)
    anyio.run(standing.heard, SLOW_SECONDS)
    assert how(book) == ("behind", "")
    anyio.run(standing.heard, 17.4)
    assert how(book) == ("behind", "It answers slowly: 17 s for one question.")


def test_what_cannot_be_noted_is_no_reason_to_listen_no_more(
    book: PeerBook, seconds: Seconds, tmp_path: Path
) -> None:
    standing = Standing(book, "far", lambda: datetime(2031, 5, 4, tzinfo=UTC), seconds)
    with closing(sqlite3.connect(tmp_path / "peers.sqlite")) as db:
        db.execute("DROP TABLE peers")
    assert anyio.run(standing.note, "away", "It does not answer.") is False
