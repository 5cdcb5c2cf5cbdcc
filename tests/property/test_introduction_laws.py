"""Laws of introduction paths, over any reports of any visibility."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from events.audience import PUBLIC, Reader
from projections.graph.look import look_at
from projections.graph.paths.introductions import PathQuery, introductions
from projections.graph.paths.meeting import MOST_HOPS
from projections.graph.query import ALL
from projections.labels import Allowed
from tests.depth import in_depth
from tests.folding import recorded, views_in

Json = Any

NOW = date(2026, 12, 1)
READERS = {"clear": PUBLIC, "amber": Reader("lanterns", "anna", "amber")}
LAWYERS = [f"lawyer:a.{number}" for number in range(1, 5)]
BODIES = [f"body:a.{number}" for number in range(1, 5)]
THREATS = [f"threat:a.{number}" for number in range(1, 4)]
GRADES = st.fixed_dictionaries({"reliability": st.sampled_from("ABF"), "credibility": st.sampled_from("126")})
DAYS = st.sampled_from(["2020", "2026-06", "2026-11-02~", "2027-01-01"])


@st.composite
def reports(draw: st.DrawFn) -> Json:
    """Draw a profile, a threat or an assessment: type, partner, tlp, data."""
    partner = draw(st.sampled_from(["lanterns", "harbour", "docket"]))
    tlp = draw(st.sampled_from(["clear", "clear", "amber"]))
    kind = draw(st.sampled_from(["lawyer.profiled", "body.profiled", "threat.reported", "claim.assessed"]))
    data: dict[str, Json] = {"provenance": draw(GRADES)}
    if kind == "lawyer.profiled":
        data |= {
            "lawyer": draw(st.sampled_from(LAWYERS)),
            "bar": draw(st.sampled_from(BODIES)),
            "as_of": draw(DAYS),
        }
    elif kind == "body.profiled":
        body, parent, club = draw(st.permutations(BODIES))[:3]
        data |= {"body": body, "member_of": [club], "as_of": draw(DAYS)}
        data |= {"parent": parent} if draw(st.booleans()) else {}
    elif kind == "threat.reported":
        accused = [{"body": draw(st.sampled_from(BODIES)), "degree": "direct", "confidence": 1}]
        data |= {
            "threat": draw(st.sampled_from(THREATS)),
            "targets": draw(st.lists(st.sampled_from(LAWYERS), min_size=1, max_size=2, unique=True)),
            "occurred": draw(DAYS),
            "attributed_to": accused if draw(st.integers(0, 2)) == 0 else [],
        }
    else:
        data = {
            "about_event": f"r{draw(st.integers(0, 12))}",
            "about_source": f"urn:hub:partner:{draw(st.sampled_from(['lanterns', 'harbour', 'docket']))}",
            "verdict": draw(st.sampled_from(["verifies", "disputes", "refutes"])),
        }
    return kind, partner, tlp, data


DRAWN = st.lists(reports(), min_size=4, max_size=14)
QUERIES = st.builds(
    PathQuery,
    source=st.just(LAWYERS[0]),
    target=st.sampled_from([LAWYERS[1], BODIES[0], THREATS[0]]),
    now=st.just(NOW),
    k=st.integers(1, 5),
    avoid=st.lists(st.sampled_from([*BODIES[1:], *THREATS[1:], LAWYERS[2]]), max_size=2),
    weigh=st.sampled_from(["trust", "hops"]),
    hostile=st.sampled_from(["any", "ends"]),
)


def answered(drawn: list[Json], kept: list[int], reader: Reader, query: PathQuery) -> Json:
    with TemporaryDirectory() as folder, views_in(Path(folder)) as views:
        for place, number in enumerate(kept, 1):
            kind, partner, tlp, data = drawn[number]
            time = f"2026-11-01T00:00:{number:02}Z"
            views.put(recorded(place, kind, data, partner, tlp=tlp, id=f"r{number}", time=time))
        return views.graph_of(reader).paths(query)


def seen(drawn: list[Json], tlp: str) -> list[int]:
    return [number for number, report in enumerate(drawn) if tlp == "amber" or report[2] == "clear"]


def accused(drawn: list[Json], numbers: list[int]) -> set[str]:
    """Return to whom any threat is attributed, and whoever is part of them."""
    said = [drawn[number][3] for number in numbers]
    found = {one["body"] for data in said for one in data.get("attributed_to", ())}
    parts = [(data["body"], data["parent"]) for data in said if "parent" in data]
    for _ in BODIES:
        found |= {body for body, parent in parts if parent in found}
    return found


@settings(max_examples=in_depth(30, 80), deadline=None)
@given(DRAWN, QUERIES, st.sampled_from(["clear", "amber"]))
def test_paths_are_simple_sorted_proved_and_pass_nobody_avoided_or_hostile(
    drawn: list[Json], query: PathQuery, tlp: str
) -> None:
    numbers = seen(drawn, tlp)
    answer = answered(drawn, list(range(len(drawn))), READERS[tlp], query)
    if answer is None:
        return
    named = {(f"urn:hub:partner:{drawn[number][1]}", f"r{number}", drawn[number][0]) for number in numbers}
    hostile = accused(drawn, numbers)
    order = []
    for path in answer["paths"]:
        refs = [node["ref"] for node in path["nodes"]]
        assert len(set(refs)) == len(refs) == path["hops"] + 1 <= MOST_HOPS + 1
        assert (refs[0], refs[-1]) == (query.source, query.target)
        assert not set(refs[1:-1]) & set(query.avoid)
        assert query.hostile == "ends" or not set(refs[1:-1]) & hostile
        assert [(step["from"], step["to"]) for step in path["steps"]] == list(pairwise(refs))
        for step in path["steps"]:
            events = [event for tie in step["ties"] for event in tie["events"]]
            assert events
            assert {(one["source"], one["id"], one["type"]) for one in events} <= named
            assert 0 < step["trust"]["value"] <= 1 <= step["cost"] < 2
        assert abs(path["cost"] - sum(step["cost"] for step in path["steps"])) < 1e-9
        order.append((path["cost"] if query.weigh == "trust" else path["hops"], refs))
    assert order == sorted(order)
    for one in answer["avoided"]:
        assert one["ref"] in hostile
        assert {event["id"] for event in one["events"]} <= {f"r{number}" for number in numbers}


@settings(max_examples=in_depth(20, 60), deadline=None)
@given(st.data(), DRAWN, QUERIES)
def test_what_is_hidden_and_when_it_came_changes_no_byte(
    data: st.DataObject, drawn: list[Json], query: PathQuery
) -> None:
    numbers = list(range(len(drawn)))
    shuffled = data.draw(st.permutations(numbers))
    whole = orjson.dumps(answered(drawn, numbers, PUBLIC, query))
    assert orjson.dumps(answered(drawn, shuffled, PUBLIC, query)) == whole
    assert orjson.dumps(answered(drawn, seen(drawn, "clear"), PUBLIC, query)) == whole


PARTNERS = ["partner:lanterns", "partner:docket"]
JUDGED = st.tuples(
    st.just("identity.judged"),
    st.sampled_from(["lanterns", "docket"]),
    st.sampled_from(["clear", "amber"]),
    st.builds(
        lambda pair, judgement, prefers: {
            "left": pair[0],
            "right": pair[1],
            "judgement": judgement,
            **({"preferred": pair[prefers]} if prefers is not None else {}),
        },
        st.sampled_from([LAWYERS, BODIES, THREATS]).flatmap(st.permutations),
        st.sampled_from(["same", "same", "different", "unsure"]),
        st.none() | st.integers(0, 1),
    ),
)
ADMITTED = st.tuples(
    st.just("partner.admitted"),
    st.just("stewards"),
    st.sampled_from(["clear", "amber"]),
    st.fixed_dictionaries(
        {"partner": st.sampled_from(PARTNERS), "body": st.sampled_from(BODIES), "name": st.just({"en": "N"})}
    ),
)
STEPS = st.lists(st.tuples(st.sampled_from(["put", "put", "put", "anew", "drop"]), reports() | JUDGED | ADMITTED),
                 min_size=6, max_size=24)  # fmt: skip
ASKED = st.builds(
    PathQuery,
    source=st.sampled_from([LAWYERS[0], BODIES[3], PARTNERS[0]]),
    target=st.sampled_from([LAWYERS[1], BODIES[0], THREATS[0], PARTNERS[1]]),
    now=st.just(NOW),
    k=st.integers(1, 5),
    avoid=st.lists(st.sampled_from([*BODIES, *LAWYERS]), max_size=1),
    weigh=st.sampled_from(["trust", "hops"]),
    hostile=st.sampled_from(["any", "ends"]),
)


@settings(max_examples=in_depth(20, 60), deadline=None)
@given(STEPS, ASKED, st.sampled_from(["clear", "amber"]), st.data())
def test_what_is_kept_says_what_walking_the_ties_says_whatever_changes(
    steps: list[tuple[str, Json]], query: PathQuery, tlp: str, data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder, views_in(Path(folder)) as views:
        sight = views.graph_of(READERS[tlp])
        allowed = Allowed(views.labels, READERS[tlp])
        there: list[int] = []
        for at, (how, (kind, partner, label, said)) in enumerate(steps, 1):
            place = data.draw(st.sampled_from(there)) if there and how != "put" else at
            event = recorded(place, kind, said, partner, tlp=label, id=f"r{place}")
            if how == "drop" and place != at:
                views.drop(event, at)
                there.remove(place)
            else:
                views.put(event, at=at)
                there = sorted({*there, place})
            with views.graph.lock:
                walked = introductions(look_at(views.graph, allowed.numbers(), ALL), query)
            assert orjson.dumps(sight.paths(query)) == orjson.dumps(walked)
