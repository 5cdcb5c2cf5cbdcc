"""Group commit: who comes while another writes shares the next transaction; nobody waits without bound."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from events.group_commit import MAX_GROUP, GroupCommit, Job
from events.submission import Outcome, StoreBusy, StoreUnavailable


class Journal:
    """A commit that waits for leave and remembers who shared it."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.has_begun = Event()
        self.may_end = Event()

    def __call__(self, jobs: Sequence[Job]) -> None:
        self.groups.append([len(job.entries) for job in jobs])
        self.has_begun.set()
        assert self.may_end.wait(20)
        for job in jobs:
            job.outcomes = [Outcome("stored", "s", str(len(job.entries)))]


def job(size: int) -> Job:
    entries: list[Any] = [None] * size
    return Job(entries)


def until_waiting(group: GroupCommit, jobs: int) -> None:
    for _ in range(10_000):
        if len(group._waiting) == jobs:
            return
        Event().wait(0.001)
    raise AssertionError("they never came")


def test_whoever_comes_meanwhile_shares_the_next_transaction() -> None:
    journal = Journal()
    group = GroupCommit(journal)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(group.submit, job(1))
        assert journal.has_begun.wait(20)
        others = [pool.submit(group.submit, job(size)) for size in (2, 3, 4)]
        until_waiting(group, 3)
        journal.may_end.set()
        assert [one.result(20)[0].id for one in (first, *others)] == ["1", "2", "3", "4"]
    assert journal.groups[0] == [1]
    assert sorted(journal.groups[1]) == [2, 3, 4]


def test_a_transaction_holds_so_much_and_the_rest_follows() -> None:
    journal = Journal()
    group = GroupCommit(journal)
    sizes = (MAX_GROUP + 5, MAX_GROUP - 1, 1, 2)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(group.submit, job(1))
        assert journal.has_begun.wait(20)
        others = []
        for waiting, size in enumerate(sizes, 1):
            others.append(pool.submit(group.submit, job(size)))
            until_waiting(group, waiting)
        journal.may_end.set()
        assert all(one.result(20) for one in (first, *others))
    assert journal.groups == [[1], [MAX_GROUP + 5], [MAX_GROUP - 1, 1], [2]]


def test_too_many_are_turned_away_but_one_always_fits() -> None:
    journal = Journal()
    group = GroupCommit(journal, max_waiting=5)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(group.submit, job(9))
        assert journal.has_begun.wait(20)
        second = pool.submit(group.submit, job(4))
        until_waiting(group, 1)
        with pytest.raises(StoreBusy):
            group.submit(job(2))
        journal.may_end.set()
        assert (first.result(20)[0].id, second.result(20)[0].id) == ("9", "4")


def test_what_was_not_confirmed_is_said_to_each() -> None:
    group = GroupCommit(lambda jobs: None)
    with pytest.raises(StoreUnavailable):
        group.submit(job(1))
