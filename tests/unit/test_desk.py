import threading
from collections.abc import Iterator

import numpy as np
import pytest

from events.audience import PUBLIC, Reader
from projections.graph.whole.cut import Cut
from projections.graph.whole.desk import Desk, Job, Kept
from projections.graph.whole.measures import Abandoned, Step
from projections.graph.whole.question import WholeQuestion

ANNA = Reader("lanterns", clearance="amber")
CENTRAL, BRIDGES = WholeQuestion("pagerank"), WholeQuestion("bridges")
ENDS = np.zeros(1, np.int32)


def cut(name: str = "a") -> Cut:
    return Cut((f"lawyer:{name}.1", f"lawyer:{name}.2"), ENDS, ENDS + 1, ENDS + 1)


class Slow:
    """Work that waits at each of its steps until it is told to go on."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may_go_on = threading.Event()

    def __call__(self, step: Step) -> str:
        step(0.25)
        self.began.set()
        assert self.may_go_on.wait(10)
        step(0.5)
        return "found"


def quick(_: Step) -> str:
    return "quick"


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


def test_what_is_kept_is_made_once_for_each_version() -> None:
    kept, made = Kept(), []

    def make() -> str:
        made.append("once")
        return f"value {len(made)}"

    assert [kept.get("a", 1, make, len) for _ in range(3)] == ["value 1"] * 3
    assert kept.get("a", 2, make, len) == "value 2"
    assert kept.get("b", 2, make, len) == "value 3"
    kept.clear()
    assert kept.get("a", 2, make, len) == "value 4"


def test_of_several_who_ask_at_once_one_makes_it() -> None:
    kept, slow, found = Kept(), Slow(), []

    def ask() -> None:
        found.append(kept.get("a", 1, lambda: slow(lambda _: None), len))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    assert slow.began.wait(10)
    slow.may_go_on.set()
    for one in threads:
        one.join()
    assert found == ["found"] * 4


def test_what_was_used_longest_ago_goes_when_it_gets_heavy() -> None:
    kept, made = Kept(most=10), []

    def ask(key: str) -> str:
        return kept.get(key, 1, lambda: made.append(key) or key * 4, len)  # type: ignore[func-returns-value]

    for key in ("a", "b", "a", "c", "a", "b"):
        ask(key)
    assert made == ["a", "b", "c", "b"]
    assert kept.get("heavy", 1, lambda: "x" * 100, len) == kept.get("heavy", 1, str, len)


def test_a_failure_is_not_kept() -> None:
    kept = Kept()
    with pytest.raises(Abandoned):
        kept.get("a", 1, _abandon, len)
    assert kept.get("a", 1, lambda: "value", len) == "value"


def _abandon() -> str:
    raise Abandoned


def test_a_job_may_be_followed_to_its_result(desk: Desk) -> None:
    slow = Slow()
    job = desk.start(ANNA, Job("one", CENTRAL, cut(), slow))
    assert slow.began.wait(10)
    assert (job.is_done, job.progress) == (False, 0.25)
    slow.may_go_on.set()
    assert job.result.result(10) == "found"
    assert (job.is_done, job.progress) == (True, 0.5)
    assert desk.job(ANNA, "one") is job


def test_equal_questions_share_a_job_and_a_changed_graph_waits_for_the_one_that_runs(desk: Desk) -> None:
    slow = Slow()
    job = desk.start(ANNA, Job("one", CENTRAL, cut(), slow))
    assert desk.start(ANNA, Job("one", CENTRAL, cut(), quick)) is job
    assert desk.start(ANNA, Job("two", CENTRAL, cut("b"), quick)) is job
    other = desk.start(ANNA, Job("three", BRIDGES, cut(), quick))
    public = desk.start(PUBLIC, Job("one", CENTRAL, cut(), quick))
    slow.may_go_on.set()
    assert (job.result.result(10), other.result.result(10), public.result.result(10)) == (
        "found",
        "quick",
        "quick",
    )
    fresh = desk.start(ANNA, Job("two", CENTRAL, cut("b"), quick))
    assert fresh.name == "two"
    assert desk.job(PUBLIC, "two") is None


def test_a_cancelled_job_ends_before_its_next_step(desk: Desk) -> None:
    slow = Slow()
    job = desk.start(ANNA, Job("one", CENTRAL, cut(), slow))
    waiting = desk.start(ANNA, Job("two", BRIDGES, cut(), quick))
    assert slow.began.wait(10)
    assert not desk.cancel(PUBLIC, "one")
    assert desk.cancel(ANNA, "one")
    assert desk.cancel(ANNA, "two")
    assert not desk.cancel(ANNA, "one")
    slow.may_go_on.set()
    for one in (job, waiting):
        with pytest.raises(Abandoned):
            one.result.result(10)
    assert desk.job(ANNA, "one") is None


def test_whoever_cancels_is_free_at_once_and_keeps_nobody_waiting(desk: Desk) -> None:
    slow = Slow()
    job = desk.start(ANNA, Job("one", CENTRAL, cut(), slow))
    assert slow.began.wait(10)
    assert desk.cancel(ANNA, "one")
    with pytest.raises(Abandoned):
        job.result.result(0)
    # The step is still running: others pass it by.
    assert desk.start(PUBLIC, Job("one", CENTRAL, cut(), quick)).result.result(10) == "quick"
    slow.may_go_on.set()
    again = desk.start(ANNA, Job("one", CENTRAL, cut(), quick))
    assert again.result.result(10) == "quick"
    with pytest.raises(Abandoned):
        job.result.result(0)


def test_asking_and_cancelling_in_a_loop_does_not_fill_the_machine(desk: Desk) -> None:
    ben, carl = (Reader(name, clearance="amber") for name in ("bridge", "candles"))
    slow: dict[Reader, Slow] = {}
    for reader in (ANNA, ben):
        slow[reader] = Slow()
        desk.start(reader, Job("one", CENTRAL, cut(), slow[reader]))
        assert slow[reader].began.wait(10)
        assert desk.cancel(reader, "one")
    later = [Slow() for _ in range(50)]
    for work in later:
        desk.start(ANNA, Job("more", CENTRAL, cut(), work))
        assert desk.cancel(ANNA, "more")
    own = desk.start(ANNA, Job("own", CENTRAL, cut(), quick))
    other = desk.start(carl, Job("other", CENTRAL, cut(), quick))
    assert (own.progress, own.is_done, other.is_done) == (0.0, False, False)
    assert not any(work.began.is_set() for work in later)
    slow[ben].may_go_on.set()
    # Anna's abandoned step still runs: whoever came after her goes first.
    assert other.result.result(10) == "quick"
    assert not own.is_done
    slow[ANNA].may_go_on.set()
    assert own.result.result(10) == "quick"


def test_an_error_ends_a_job_and_the_next_one_begins(desk: Desk) -> None:
    def fail(_: Step) -> str:
        raise ValueError("no such graph")

    job = desk.start(ANNA, Job("one", CENTRAL, cut(), fail))
    after = desk.start(ANNA, Job("two", BRIDGES, cut(), quick))
    assert after.result.result(10) == "quick"
    with pytest.raises(ValueError, match="no such graph"):
        job.result.result(10)


def test_forgetting_ends_all_jobs(desk: Desk) -> None:
    slow = Slow()
    job = desk.start(ANNA, Job("one", CENTRAL, cut(), slow))
    desk.forget()
    slow.may_go_on.set()
    with pytest.raises(Abandoned):
        job.result.result(10)


def test_jobs_are_bounded_for_each_class_for_all_and_by_weight(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.graph.whole.desk.MOST_JOBS", 2)
    monkeypatch.setattr("projections.graph.whole.desk.MOST_JOBS_OF_ALL", 3)

    def start(reader: Reader, limit: int) -> None:
        question = WholeQuestion("core", limit=limit)
        desk.start(reader, Job(f"job {limit}", question, shared, quick)).result.result(10)

    def there() -> list[tuple[Reader, int]]:
        asked = [(reader, limit) for reader in (ANNA, PUBLIC) for limit in range(5)]
        return [(reader, limit) for reader, limit in asked if desk.job(reader, f"job {limit}")]

    shared = cut()
    for limit in range(3):
        start(ANNA, limit)
    assert there() == [(ANNA, 1), (ANNA, 2)]
    start(PUBLIC, 1)
    start(ANNA, 1)
    start(PUBLIC, 2)
    assert there() == [(ANNA, 1), (PUBLIC, 1), (PUBLIC, 2)]
    monkeypatch.setattr("projections.graph.whole.desk.MOST_WEIGHT", shared.size)
    start(PUBLIC, 2)
    start(ANNA, 4)
    assert there() == [(ANNA, 1), (ANNA, 4), (PUBLIC, 2)]
    shared = cut("b")
    start(PUBLIC, 3)
    assert there() == [(PUBLIC, 3)]


def test_a_measure_does_not_keep_other_questions_waiting(desk: Desk) -> None:
    slow = Slow()
    running = desk.start(ANNA, Job("measure", CENTRAL, cut(), slow))
    assert slow.began.wait(10)
    other = desk.start(ANNA, Job("other", "who?", None, quick, lambda found: f"{found}, told"))
    assert other.tell(other.result.result(10)) == "quick, told"
    assert running.tell("as found") == "as found"
    slow.may_go_on.set()


def test_what_was_answered_is_remembered_whatever_is_forgotten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.remember("one")
    desk.forget()
    assert (desk.remembers("one"), desk.remembers("two")) == (True, False)
    monkeypatch.setattr("projections.graph.whole.desk.MOST_ANSWERED", 1)
    desk.remember("two")
    assert (desk.remembers("one"), desk.remembers("two")) == (False, True)


def test_what_is_kept_may_be_made_from_what_was_kept_before() -> None:
    kept = Kept()

    def longer(known: str | None) -> str:
        return f"{known} and more"

    assert kept.renew("a", 1, longer, len) == "None and more"
    assert [kept.renew("a", 2, longer, len) for _ in range(2)] == ["None and more and more"] * 2
