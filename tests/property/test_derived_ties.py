"""Derived ties and the coordinators' questions on random worlds: they name visible events, and nothing hidden shows."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events.audience import PUBLIC, Reader, label_of, visible
from projections.graph.questions.derived import DERIVED
from tests.depth import in_depth
from tests.solidarity import A1, C1, H1, L1, L2, T1, TR1, Solidarity, events_in, solidarity

Json = Any
Step = tuple[int, str, int]

READERS = (PUBLIC, Reader("quill", "ann", "green"), Reader("fund", "ann", "amber"))
SLUGS = ("lanterns", "quill", "docket", "fund")
KINDS: Sequence[Callable[[int, str], tuple[str, Json, str]]] = (
    lambda no, slug: ("lawyer.profiled", {"lawyer": (L1, L2)[no % 2], "country_of_practice": "QM"}, slug),
    lambda no, slug: (
        "threat.reported",
        {"threat": f"threat:a.{no}", "targets": [(L1, L2)[no % 2]], "categories": ["liberty.arrest"],
         "place": {"country": "QM"}, "attributed_to": [{"body": f"body:a.{no % 3}"}]},
        slug,
    ),
    lambda no, slug: (
        "statement.issued",
        {"statement": f"statement:a.{no}", "kind": "letter", "title": {"en": "x"}, "issued": "2026-11-10",
         "authors": [f"partner:{slug}"], "about": [(L1, T1, TR1, C1)[no % 4]],
         "signatories": [{"who": f"partner:{SLUGS[no % 4]}", "capacity": "endorser"}]},
        slug,
    ),
    lambda no, slug: ("trial.scheduled", {"trial": TR1, "parties": [{"who": (L1, L2)[no % 2]}]}, slug),
    lambda no, slug: ("hearing.scheduled", {"hearing": H1, "trial": TR1, "starts": "2026-11-25"}, slug),
    lambda no, slug: (
        "hearing.reported",
        {"hearing": H1, "status": "scheduled", "started": "2026-11-08", "observation": {"mode": "in_room"}},
        slug,
    ),
    lambda no, slug: (
        "action.proposed",
        {"action": A1, "kind": "joint_letter", "lead": f"partner:{slug}", "purpose": "x", "about": [(L1, T1)[no % 2]]},
        slug,
    ),
    lambda no, slug: (
        "action.joined",
        {"action": A1, "partner": f"partner:{slug}", "role": ("signatory", "observer")[no % 2], "joined": "2026-11-05"},
        slug,
    ),
    lambda no, slug: ("need.expressed", {"need": "need:a.1", "for": L1, "kinds": ["x"], "expressed_by": "self"}, slug),
    lambda no, slug: ("offer.made", {"offer": "offer:a.1", "by": f"partner:{slug}", "kinds": ["x"]}, slug),
    lambda no, slug: (
        "support.matched",
        {"support": "support:a.1", "need": "need:a.1", "offer": "offer:a.1", "accepted_by_person": True},
        slug,
    ),
    lambda no, slug: ("support.delivered", {"support": "support:a.1", "result": "delivered", "on": "2026-11-12"}, slug),
    lambda no, slug: (
        "partner.admitted",
        {"partner": f"partner:{slug}", "name": {"en": slug}, "roles": ["monitor"], "body": f"body:a.{no % 3}",
         "countries_of_work": ["QM"]},
        "stewards",
    ),
    lambda no, slug: (
        "identity.judged",
        {"left": L1, "right": L2, "judgement": ("same", "different")[no % 2], "basis": ["x"], "confidence": 1},
        slug,
    ),
    lambda no, slug: ("claim.assessed", {"about_event": f"event-{no}", "verdict": "disputes"}, slug),
)  # fmt: skip


def steps() -> st.SearchStrategy[list[Step]]:
    return st.lists(
        st.tuples(
            st.integers(0, len(KINDS) * 24 - 1),
            st.sampled_from(("clear", "green", "amber")),
            st.integers(0, 3),
        ),
        min_size=8,
        max_size=30,
    )


def tell(world: Solidarity, story: Sequence[Step], keep: Callable[[Any], bool] = lambda _: True) -> list[Any]:
    """Tell the part of a story that is kept; what is left out leaves its position empty."""
    told = []
    for number, tlp, who in story:
        event_type, data, slug = KINDS[number % len(KINDS)](number // len(KINDS), SLUGS[who])
        extra = {"correlationid": C1} if number % 5 == 0 else {}
        event = world.made(event_type, data, slug, tlp=tlp, **extra)
        if keep(event):
            world.views.put(event)
            told.append(event)
    return told


def answers(world: Solidarity, reader: Reader) -> list[Json]:
    """Return everything that the questions of this part answer."""
    asked = world.ask(reader)
    refs = (L1, L2, T1, TR1, C1, A1)
    sight = world.views.graph_of(reader)
    return [
        world.alone(reader),
        world.part(reader, derived=True, limit=5000),
        *(asked.who_acts(ref) for ref in refs),
        *(asked.invite(ref, 50) for ref in refs),
        *(asked.node(sight.node(ref)) for ref in (*refs, *(f"partner:{slug}" for slug in SLUGS), "place:QM")),
    ]


def sees(reader: Reader, event: Any) -> bool:
    return visible(reader, label_of(event.envelope, embargoed=False))


@settings(max_examples=in_depth(20, 60))
@given(steps(), st.sampled_from(READERS))
def test_the_answers_are_those_of_a_world_without_what_is_hidden(story: list[Step], reader: Reader) -> None:
    with TemporaryDirectory() as folder:
        for name in "ab":
            (Path(folder) / name).mkdir()
        with solidarity(Path(folder) / "a") as whole, solidarity(Path(folder) / "b") as purged:
            tell(whole, story)
            tell(purged, story, lambda event: sees(reader, event))
            assert answers(whole, reader) == answers(purged, reader)


@settings(max_examples=in_depth(20, 60))
@given(steps(), st.sampled_from(READERS))
def test_every_derived_tie_names_events_that_there_are_and_that_its_reader_sees(
    story: list[Step], reader: Reader
) -> None:
    with TemporaryDirectory() as folder, solidarity(Path(folder)) as world:
        told = {(event.source, event.id) for event in tell(world, story) if sees(reader, event)}
        graph = world.part(reader, derived=True, limit=5000)
        for edge in graph["edges"]:
            if edge.get("derived"):
                assert edge["kind"] in DERIVED
                found = world.ask(reader).edge(edge["from"], edge["to"], edge["kind"])
                assert found is not None
                assert {name: found[name] for name in edge} == edge
                named = set(events_in(found))
                assert named
                assert named <= told
                for deed in found["because"]:
                    assert all(step["events"] for step in deed.get("steps", ()))
        assert set(events_in(answers(world, reader))) <= told


@settings(max_examples=in_depth(10, 30))
@given(steps(), st.sampled_from(READERS))
def test_what_is_remembered_between_two_questions_never_shows(story: list[Step], reader: Reader) -> None:
    with TemporaryDirectory() as folder, solidarity(Path(folder)) as world:
        for start in range(0, len(story), 3):
            tell(world, story[start : start + 3])
            kept = world.alone(reader)
            world.forget()
            fresh = world.alone(reader)
            assert kept == fresh
