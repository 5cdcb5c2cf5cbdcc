"""What is said of laws, promises and figures, in tests of their boards; all data invented."""

from datetime import UTC, datetime
from typing import Any

from projections.sight import Sight
from tests.logs import MemoryLog

Json = Any

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
POLICY, OTHER = "policy:northlight.1", "policy:open-docket.9"
PROMISE = "commitment:northlight.1"
MINISTRY = "body:northlight.ministry"
ONE = "indicator:quill.1"
FIRST = "dataset:tallow.1"


def changed(log: MemoryLog, slug: str = "northlight", **said: Json) -> None:
    """Record what a policy has become."""
    envelope = {name: said.pop(name) for name in ("tlp", "time") if name in said}
    data = {"policy": POLICY, "title": {"en": "A bill"}, "stage": "draft", "country": "QP", **said}
    log.add("policy.changed", data, slug, **{"tlp": "clear", **envelope})


def made(log: MemoryLog, **said: Json) -> None:
    """Record a promise."""
    data = {"commitment": PROMISE, "by": MINISTRY, "text": {"en": "A fund"}, "made": "2026-01-10", **said}
    log.add("commitment.made", data, "northlight", tlp="clear")


def progressed(log: MemoryLog, slug: str = "northlight", **said: Json) -> None:
    """Record how a promise goes."""
    envelope = {name: said.pop(name) for name in ("tlp", "time") if name in said}
    data = {"commitment": PROMISE, "state": "on_track", **said}
    log.add("commitment.progressed", data, slug, **{"tlp": "clear", **envelope})


def defined(log: MemoryLog, ref: str = ONE, slug: str = "quill", **said: Json) -> None:
    """Record what an indicator is."""
    envelope = {name: said.pop(name) for name in ("tlp", "time") if name in said}
    data = {
        "indicator": ref,
        "code": "LA-16",
        "version": "1.0.0",
        "name": {"en": "Diverted"},
        "unit": "count",
    }
    log.add(
        "indicator.defined",
        {**data, "definition": {"en": "How many"}, **said},
        slug,
        **{"tlp": "clear", **envelope},
    )


def cell(value: Json, ref: str = ONE, unit: str = "count", **more: Json) -> Json:
    """Return one figure."""
    return {"indicator": ref, "value": value, "unit": unit, **more}


def reported(log: MemoryLog, *cells: Json, dataset: str = FIRST, **said: Json) -> None:
    """Record figures."""
    envelope = {name: said.pop(name) for name in ("tlp", "time") if name in said}
    data = {
        "dataset": dataset,
        "country": "QS",
        "period": "2026-07/2026-09",
        "observations": list(cells),
        **said,
    }
    log.add("legalaid.reported", data, "tallow", **{"tlp": "clear", **envelope})


def board(sight: Sight, name: str, ref: str, now: datetime = NOW) -> Json:
    """Return the board of something that is known."""
    found = sight.dossier(name, ref, now=now)
    assert found is not None
    return found["board"]
