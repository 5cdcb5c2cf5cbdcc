"""What the log holds, asked of its database itself: types that this release does not know, contracts that changed."""

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from events.acts import ACTED_STEM
from events.decisions.deadlines import PASSED_STEM
from events.decisions.embargo import RELEASED
from events.event import stem_of
from events.intake import JUDGED
from events.moments import read_moment
from events.partners import KEY_ADDED_STEM, KEY_REVOKED_STEM, SIGNATURE_REQUIRED_STEM
from events.read_only import read_only
from hub.commands.checks.finding import Finding, judged
from hub.contracts import digests, remembered
from hub.settings import Settings
from schemas.registry import Registry

OWN = frozenset(
    {
        ACTED_STEM,
        JUDGED,
        KEY_ADDED_STEM,
        KEY_REVOKED_STEM,
        PASSED_STEM,
        SIGNATURE_REQUIRED_STEM,
        stem_of(RELEASED, 1),
    }
)
"""What the hub itself records, without a contract."""


def drift(settings: Settings, registry: Registry) -> Finding:
    """Look whether the log holds types that this release does not know, or contracts changed since they were used."""
    held = {str(topic) for (topic,) in ask(settings, "SELECT DISTINCT topic FROM stored_events", ())}
    known, first = digests(registry), remembered(settings.data)
    strange = sorted(held - known.keys() - OWN)
    changed = sorted(stem for stem, digest in first.items() if known.get(stem, digest) != digest)
    faults = [f"the log holds {', '.join(strange)}, which this release does not know"] if strange else []
    if changed:
        faults.append(f"contracts differ from those that were served first: {', '.join(changed)}")
    advice = "Run the release that recorded them, or a newer one; a published contract never changes."
    return judged("contracts", faults, f"{len(held)} types in the log, all known", advice)


def moments_of(settings: Settings, stem: str, said: tuple[str, str]) -> list[datetime]:
    """Return when events of a type were recorded whose payload says something."""
    mark = "%s" if settings.log_file is None else "?"
    rows = ask(settings, f"SELECT state FROM stored_events WHERE topic = {mark}", (stem,))
    envelopes = [json.loads(bytes(state)) for (state,) in rows]
    found = [one for one in envelopes if one.get("data", {}).get(said[0]) == said[1]]
    moments = [read_moment(str(one.get("recordedtime", ""))) for one in found]
    return [one for one in moments if one is not None]


def ask(settings: Settings, question: str, values: Sequence[object]) -> list[Any]:
    """Put a question to the log's database, beside whatever hub runs on it."""
    if settings.log_file is not None:
        with closing(read_only(settings.log_file)) as db:
            return db.execute(question, values).fetchall()
    import psycopg

    with psycopg.connect(settings.store_url, connect_timeout=5) as line:
        return line.execute(question.encode(), values).fetchall()
