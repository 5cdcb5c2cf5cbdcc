from datetime import UTC, datetime, timedelta

import pytest

from hub import limits
from hub.limits import ALL_GUESSES, EVENTS_PER_CALL, GUESSES, SECONDS_PER_GUESS, Buckets, Gate
from hub.networks import bare, place_of
from hub.refusals import RateLimited
from tests.running import NOON, SetClock

HERE, THERE = "192.0.2.1", "198.51.100.1"


def admitted(gate: Gate, address: str, account: str | None, calls: int) -> int:
    """Return how many of some calls are let in."""
    count = 0
    for _ in range(calls):
        try:
            gate.admit(address, account)
        except RateLimited:
            continue
        count += 1
    return count


def waits(gate: Gate, address: str, account: str | None = None) -> str:
    with pytest.raises(RateLimited) as limited:
        gate.admit(address, account)
    return limited.value.headers["Retry-After"]


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def test_a_bucket_is_full_at_first_and_fills_up_again(clock: SetClock) -> None:
    buckets = Buckets(3, 0.5, clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, pytest.approx(2)]
    clock.move(seconds=2)
    assert [buckets.take("a") for _ in range(2)] == [0, pytest.approx(2)]
    clock.move(hours=1)
    assert [buckets.take("a") for _ in range(4)][:3] == [0, 0, 0]


def test_fractions_of_a_second_add_up_to_a_whole_unit(clock: SetClock) -> None:
    buckets = Buckets(1, 1, clock)
    assert buckets.take("a") == 0
    for _ in range(10):
        clock.move(seconds=0.1)
        buckets.wait("a")
    assert buckets.take("a") == 0


def test_a_clock_that_jumps_back_fills_nothing_and_breaks_nothing(clock: SetClock) -> None:
    buckets = Buckets(1, 1, clock)
    buckets.take("a")
    clock.now = datetime(1970, 1, 2, tzinfo=UTC)
    assert buckets.take("a") == pytest.approx(1)
    clock.now = NOON + timedelta(days=1)
    assert buckets.take("a") == 0


def test_buckets_are_bounded_and_the_longest_untouched_goes(clock: SetClock) -> None:
    buckets = Buckets(1, 1, clock, most=2)
    assert [buckets.take(key) for key in ("a", "b", "a", "c", "a")] == [
        0,
        0,
        pytest.approx(1),
        0,
        pytest.approx(1),
    ]
    assert len(buckets) == 2


def test_each_account_and_each_public_address_has_calls_of_its_own(clock: SetClock) -> None:
    gate = Gate(5, 1, clock)
    assert admitted(gate, HERE, "anna", 9) == 5
    assert admitted(gate, THERE, "anna", 9) == 0
    assert admitted(gate, HERE, "ben", 9) == 5
    assert admitted(gate, HERE, None, 9) == 5
    assert admitted(gate, THERE, None, 9) == 5
    assert waits(gate, HERE, "anna") == "1"


def test_who_lives_in_one_network_of_64_bits_is_one_caller(clock: SetClock) -> None:
    gate = Gate(2, 1, clock)
    assert admitted(gate, "2001:db8::1", None, 2) == 2
    assert admitted(gate, "2001:db8::ffff", None, 2) == 0
    assert admitted(gate, "2001:db8:0:1::1", None, 2) == 2
    assert admitted(gate, "::ffff:192.0.2.1", None, 2) == 2
    assert admitted(gate, "192.0.2.1", None, 2) == 0
    assert admitted(gate, "::ffff:192.0.2.2", None, 2) == 2


def test_a_batch_is_not_cut_off_and_the_next_call_waits(clock: SetClock) -> None:
    gate = Gate(10, 2, clock)
    gate.admit(HERE, "anna")
    gate.charge_events(HERE, "anna", 20 * EVENTS_PER_CALL)
    assert waits(gate, HERE, "anna") == "6"
    clock.move(seconds=6)
    gate.admit(HERE, "anna")


def test_an_address_that_guesses_waits_and_another_does_not(clock: SetClock) -> None:
    gate = Gate(100, 1, clock)
    for _ in range(GUESSES):
        gate.refuse_guesser(HERE, None)
        gate.note_guess(HERE)
    with pytest.raises(RateLimited) as limited:
        gate.refuse_guesser(HERE, None)
    assert limited.value.headers == {"Retry-After": "6"}
    with pytest.raises(RateLimited):
        gate.refuse_guesser(HERE, "anna")
    gate.refuse_guesser(THERE, None)
    clock.move(seconds=SECONDS_PER_GUESS)
    gate.refuse_guesser(HERE, None)


def test_whoever_came_from_there_before_is_not_locked_out_by_a_neighbour(clock: SetClock) -> None:
    gate = Gate(100, 1, clock)
    gate.note_arrival(HERE, "anna")
    for _ in range(GUESSES):
        gate.note_guess(HERE)
    gate.refuse_guesser(HERE, "anna")
    with pytest.raises(RateLimited):
        gate.refuse_guesser(HERE, "ben")


def test_sign_ins_that_fail_are_limited_in_total(clock: SetClock) -> None:
    gate = Gate(100, 1, clock)
    gate.note_arrival(HERE, "anna")
    for number in range(ALL_GUESSES):
        gate.note_guess(f"198.51.{number // 200}.{number % 200}", is_sign_in=True)
    with pytest.raises(RateLimited):
        gate.refuse_guesser(THERE, None, is_sign_in=True)
    gate.refuse_guesser(HERE, "anna", is_sign_in=True)
    gate.refuse_guesser("203.0.113.1", None)
    clock.move(seconds=1)
    gate.refuse_guesser("203.0.113.1", None, is_sign_in=True)


def test_arrivals_are_bounded(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BUCKETS", 2)
    gate = Gate(100, 1, clock)
    for account in ("anna", "ben", "cleo"):
        gate.note_arrival(HERE, account)
    for _ in range(GUESSES):
        gate.note_guess(HERE)
    gate.refuse_guesser(HERE, "cleo")
    with pytest.raises(RateLimited):
        gate.refuse_guesser(HERE, "anna")


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_an_address_is_read_whatever_a_proxy_adds(said: str, address: str) -> None:
    assert bare(said) == address


def test_what_is_no_address_stands_for_itself() -> None:
    assert (place_of("testclient"), place_of("")) == ("testclient", "")
