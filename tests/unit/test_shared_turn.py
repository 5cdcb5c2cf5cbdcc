"""The turn in the database: one has it, and whoever stands still, though its connection lives, has it no more."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from hub.office_postgres import PostgresOffice
from hub.shared_turn import SharedTurn
from tests.many import until
from tests.postgres import fresh_database


@pytest.fixture
def turns() -> Iterator[tuple[SharedTurn, SharedTurn]]:
    """Give the turns of two hubs, as on two machines."""
    url = fresh_database()
    with closing(PostgresOffice(url)) as one, closing(PostgresOffice(url)) as other:
        first, second = SharedTurn(one), SharedTurn(other)
        with closing(first), closing(second):
            yield first, second


def test_one_has_it_until_it_leaves_it(turns: tuple[SharedTurn, SharedTurn]) -> None:
    first, second = turns
    assert [first.is_mine(), second.is_mine(), first.is_mine()] == [True, False, True]
    first.close()
    until(second.is_mine)
    assert not first.is_mine()


def test_a_hub_that_is_frozen_does_not_keep_it(
    turns: tuple[SharedTurn, SharedTurn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.shared_turn.FROZEN_SECONDS", 1)
    first, second = turns
    assert first.is_mine()
    until(second.is_mine, seconds=10)
    until(lambda: not first.is_mine(), seconds=10)
    assert second.is_mine()
