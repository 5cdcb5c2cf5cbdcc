"""Whoever publishes learns nothing about what others have published: hidden and absent get the same answer."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest

from tests.canaries import Aviary, Released, Who, may_see
from tests.nest import FIRST, SECOND, make_nest
from tests.running import World
from tests.wire import Reply, Wire, wired

Json = Any

CALLER = Who("caller", FIRST, "pat", "amber")
UUID_LENGTH = 36


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Aviary]:
    world, aviary = make_nest(tmp_path_factory.mktemp("nest"))
    world.issue(CALLER.name, FIRST, "publisher", account=CALLER.account, clearance=CALLER.clearance)
    return world, aviary


@pytest.fixture(scope="module")
def wire(made: tuple[World, Aviary]) -> Iterator[Wire]:
    with wired(made[0]) as opened:
        yield opened


Made = Callable[[Mapping[str, Json], Mapping[str, Json]], Mapping[str, Json]]
"""From the attributes and the payload of another's event to what differs from it in the caller's own."""


def without_hash(data: Mapping[str, Json]) -> dict[str, Json]:
    """Leave out the fingerprint of a text: it is of no text in which words were changed."""
    return {name: value for name, value in data.items() if name not in {"text_hash", "sha256"}}


MATCH = {
    "support": f"support:{FIRST}.probe",
    "need": f"need:{FIRST}.probe",
    "quantity": 1_000_000,
    "amount": {"amount": "900000.00", "currency": "XTS"},
    "accepted_by_person": True,
}
FIGURES = {"dataset": f"dataset:{FIRST}.probe", "country": "QM", "period": "2026-07/2026-09"}

PROBES: Mapping[str, tuple[str, Made]] = {
    "an id": ("threat.reported.v1", lambda sent, _: {"id": sent["id"]}),
    "a source and id": ("threat.reported.v1", lambda sent, _: {"id": sent["id"], "source": sent["source"]}),
    "the same about a threat": ("threat.reported.v1", lambda _, data: data),
    "an update of a threat": ("threat.updated.v1", lambda _, data: data),
    "the same about a lawyer": ("lawyer.profiled.v1", lambda _, data: data),
    "the same statement": ("statement.issued.v1", lambda _, data: without_hash(data)),
    "the same need": ("need.expressed.v1", lambda _, data: data),
    "an assessment": ("claim.assessed.v1", lambda _, data: data),
    "an assessed event": (
        "threat.updated.v1",
        lambda sent, _: {
            "type": "claim.assessed",
            "data": {"about_event": sent["id"], "about_source": sent["source"], "verdict": "verifies"},
        },
    ),
    "a retraction of an event": (
        "threat.updated.v1",
        lambda sent, _: {
            "type": "record.retracted",
            "data": {"about_event": sent["id"], "about_source": sent["source"]},
        },
    ),
    "the same action": (
        "action.proposed.v1",
        lambda _, data: {**without_hash(data), "lead": f"partner:{FIRST}"},
    ),
    "joining an action": ("action.joined.v1", lambda _, data: {**data, "partner": f"partner:{FIRST}"}),
    "leaving an action": ("action.left.v1", lambda _, data: {**data, "partner": f"partner:{FIRST}"}),
    "completing an action": ("action.completed.v1", lambda _, data: data),
    "the same support": ("support.matched.v1", lambda _, data: {**data, "need": f"need:{FIRST}.probe"}),
    "a delivery": ("support.delivered.v1", lambda _, data: data),
    "the same consent": ("consent.recorded.v1", lambda _, data: data),
    "a withdrawal of a consent": ("consent.withdrawn.v1", lambda _, data: data),
    "a consent that was withdrawn": (
        "consent.withdrawn.v1",
        lambda _, data: {
            "type": "consent.recorded",
            "data": {"level": "C1", **{name: data[name] for name in ("consent_id", "subject_of_consent")}},
        },
    ),
    "the same judgement": ("identity.judged.v1", lambda _, data: data),
    "the same offer": ("offer.made.v1", lambda _, data: {**data, "capacity": 1, "state": "withdrawn"}),
    "more of an offer than anybody gives": (
        "offer.made.v1",
        lambda _, data: {"type": "support.matched", "data": {**MATCH, "offer": data["offer"]}},
    ),
    "the end of a support": ("support.delivered.v1", lambda _, data: {**data, "result": "delivered"}),
    "the end of a match": (
        "support.matched.v1",
        lambda _, data: {
            "type": "support.delivered",
            "data": {"support": data["support"], "result": "failed"},
        },
    ),
    "a judgement of harm": (
        "support.delivered.v1",
        lambda sent, _: {
            "type": "claim.assessed",
            "data": {"about_event": sent["id"], "about_source": sent["source"], "verdict": "corroborates"},
        },
    ),
    "a text of an action": (
        "action.proposed.v1",
        lambda sent, data: {
            "type": "statement.issued",
            "data": {
                "statement": f"statement:{FIRST}.probe",
                "kind": "joint_statement",
                "issued": "2026-11-10",
                "action": data["action"],
                "about": [f"lawyer:{FIRST}.1"],
                "protection": {"consent_level": "C5", "scopes": ["joint_statement"]},
                "signatories": [{"who": sent["source"].removeprefix("urn:hub:")}],
            },
        },
    ),
    "a seat handed over": (
        "action.joined.v1",
        lambda sent, data: {
            "type": "action.left",
            "data": {
                "action": data["action"],
                "partner": f"partner:{FIRST}",
                "role": "observer",
                "left": "2026-11-10T00:00:00Z",
                "hand_over_to": sent["source"].removeprefix("urn:hub:"),
            },
        },
    ),
    "the same figures": ("legalaid.reported.v1", lambda _, data: {**data, "reporter": f"partner:{FIRST}"}),
    "figures on an indicator": (
        "indicator.defined.v1",
        lambda _, data: {
            "type": "legalaid.reported",
            "data": {
                **FIGURES,
                "observations": [{"indicator": data["indicator"], "value": 5, "unit": "count"}],
            },
        },
    ),
}
"""What the caller sends, of which type, made from an event that he may not see."""

FOR_PARTNER = "more of an offer than anybody gives"
"""Decided by what the caller's partner may know, whichever account asks (docs/audience.md, declared exceptions)."""


def hidden(aviary: Aviary, stem: str, clearance: str = CALLER.clearance) -> list[Released]:
    """Return the other partner's events of a type that the caller may not see, were he cleared for so much."""
    who = Who(CALLER.name, FIRST, CALLER.account, clearance)
    others = [one for one in aviary.events if one.stem == stem and one.publisher == SECOND]
    return [one for one in others if not may_see(who, one)]


def sent(wire: Wire, world: World, event: Json) -> Reply:
    """Ask what would become of an event."""
    headers = {**world.bearer(CALLER.name), "content-type": "application/json"}
    return wire.ask("POST", "/api/v1/events", "dry_run=true", headers, json.dumps(event).encode())


def own(one: Released, made: Made) -> dict[str, Json]:
    """Return the caller's event about the same things as another's."""
    more = dict(made(one.envelope, one.envelope["data"]))
    attributes: dict[str, Json] = {name: more.pop(name) for name in ("id", "source", "type") if name in more}
    data = more.pop("data", more) or one.envelope["data"]
    event = {
        "specversion": "1.0",
        "id": "probe",
        "source": f"urn:hub:partner:{FIRST}",
        "type": one.envelope["type"],
    }
    return {**event, **attributes, "data": data}


def renamed(value: Json, known: Mapping[str, str]) -> Json:
    """Return a document with other words in place of some."""
    text = json.dumps(value)
    for word, other in known.items():
        text = text.replace(word, other)
    return json.loads(text)


def absent(aviary: Aviary, event: Json) -> Json:
    """Return the same event about things that the hub has never heard of."""
    known = {}
    for number, word in enumerate(sorted(song for song in aviary.perches if song in json.dumps(event))):
        if word.startswith("zq"):
            known[word] = "zqzz" + "".join("zx"[number >> bit & 1] for bit in range(6))
        elif len(word) == UUID_LENGTH:
            known[word] = f"7a000000-0000-4000-8000-ffffffff{number:04d}"
    return renamed(event, known)


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_tells_nothing(name: str, wire: Wire, made: tuple[World, Aviary]) -> None:
    world, aviary = made
    stem, differs = PROBES[name]
    tried = hidden(aviary, stem, "red" if name == FOR_PARTNER else CALLER.clearance)
    assert tried
    for one in tried:
        event = own(one, differs)
        there, nowhere = sent(wire, world, event), sent(wire, world, absent(aviary, event))
        assert there.status == nowhere.status, (there.body, nowhere.body)
        assert _said(there) == _said(nowhere)


def _with(said: Mapping[str, Json], _: Json, data: Mapping[str, Json]) -> Mapping[str, Json]:
    return {**data, **said}


def _said(answer: Reply) -> Json:
    """Return an answer without the id that the caller chose."""
    return {name: value for name, value in json.loads(answer.body).items() if name != "id"}


def test_that_a_need_is_reserved_is_the_one_thing_a_refusal_tells(
    wire: Wire, made: tuple[World, Aviary]
) -> None:
    """A declared exception (docs/audience.md): nobody helps twice; by whom and with what stays hidden."""
    world, aviary = made
    for one in hidden(aviary, "support.matched.v1"):
        said = {"support": f"support:{FIRST}.probe", "others_informed": False}
        event = own(one, partial(_with, said))
        there, nowhere = sent(wire, world, event), sent(wire, world, absent(aviary, event))
        assert (there.status, nowhere.status) == (422, 200)
        [problem] = json.loads(there.body)["errors"]
        assert (problem["pointer"], problem["code"]) == ("/data/need", "already_reserved")
        assert not any(song in there.body.decode() for song in aviary.perches)
