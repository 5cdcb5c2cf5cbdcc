"""However many claim seats at once, through however many hubs: none is held twice, and none that is not there."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.event import RecordedEvent
from tests.archive_fixtures import Archive, sqlite_url
from tests.postgres import fresh_database

Json = Any

LEAD = "lanterns-for-counsel"
PARTNERS = ("harbour-bar-watch", "meridian-fund", "northlight-law-society", "open-docket")
MISSION = f"action:{LEAD}.m1"
ROOM = 3
Act = tuple[str, int, int]
"""What somebody does, who, and how many seats; or to whom."""


def acts() -> st.SearchStrategy[list[Act]]:
    verbs = st.sampled_from(["claim", "claim", "claim", "leave", "hand"])
    return st.lists(st.tuples(verbs, st.integers(0, 3), st.integers(0, 3)), min_size=6, max_size=16)


def event_of(act: Act) -> tuple[str, str, Json]:
    verb, who, number = act
    slug = PARTNERS[who]
    own = {"action": MISSION, "partner": f"partner:{slug}", "role": "observer"}
    if verb == "claim":
        return slug, "action.joined", {**own, **({"capacity": number} if number else {})}
    more = {"hand_over_to": f"partner:{PARTNERS[number]}"} if verb == "hand" else {}
    return slug, "action.left", {**own, "left": "2026-11-03T09:30:00Z", **more}


def taken(log: list[RecordedEvent]) -> Iterator[int]:
    """Yield how many seats are held, or kept for somebody, after each event; a plain model."""
    held: dict[str, int] = {}
    kept: dict[tuple[str, str], int] = {}
    for one in log:
        data = one.data
        if one.envelope["type"] == "action.joined":
            assert one.publisher not in held, "claimed twice"
            own = sum(seats for (_, to), seats in kept.items() if to == one.publisher)
            kept = {ways: seats for ways, seats in kept.items() if one.publisher not in ways}
            held[one.publisher] = data.get("capacity", own or 1)
        elif one.envelope["type"] == "action.left":
            given = held.pop(one.publisher)
            if "hand_over_to" in data:
                kept[one.publisher, data["hand_over_to"].partition(":")[2]] = given
        yield sum(kept.values()) + sum(held.values())


def play(url: str, told: list[Act]) -> None:
    first = Archive(url).begin({slug: ["monitor"] for slug in (LEAD, *PARTNERS)})
    archives = [first, Archive(url)]
    try:
        proposal = {"action": MISSION, "kind": "trial_observation_mission", "lead": f"partner:{LEAD}",
                    "purpose": "Watch.", "about": [f"hearing:{LEAD}.1"], "seats": ROOM}  # fmt: skip
        assert first.push(LEAD, "action.proposed", proposal).status == "stored"
        checked = [first.check(*event_of(act), id=f"x{number}") for number, act in enumerate(told)]
        with ThreadPoolExecutor(6) as pool:
            shared = enumerate(checked)
            outcomes = list(pool.map(lambda one: archives[one[0] % 2].intake.record([one[1]])[0], shared))
        log = [one for one in first.everything() if str(one.envelope["type"]).startswith("action.")]
        assert sum(outcome.status == "stored" for outcome in outcomes) == len(log) - 1
        assert all(seats <= ROOM for seats in taken(log))
    finally:
        for archive in archives:
            archive.store.close()


@settings(max_examples=8, deadline=None)
@given(acts())
def test_on_sqlite(told: list[Act]) -> None:
    with TemporaryDirectory() as folder:
        play(sqlite_url(Path(folder)), told)


@settings(max_examples=4, deadline=None)
@given(acts())
def test_on_postgres(told: list[Act]) -> None:
    play(fresh_database(), told)
