"""The consensus meter: of those who said anything about a version, how many agree."""

from collections.abc import Iterable, Mapping
from typing import Any

from projections.boards.indicators.definitions import Definition, Voice

Json = Any


def meter(voices: Iterable[Voice]) -> Json:
    """Return who agrees, who objects and why, and the share of those who agree; None where nobody said anything.

    Args:
        voices: any number of each; its own word counts more than what others say of it, then the latest.
    """
    last: dict[str, Voice] = {}
    for one in sorted(voices, key=lambda voice: (voice.is_own, voice.time, voice.agrees, str(voice.event))):
        last[one.who] = one
    endorsed = [{"by": who, "event": one.event} for who, one in sorted(last.items()) if one.agrees]
    objected = [
        {"by": who, "text": one.text, "event": one.event}
        for who, one in sorted(last.items())
        if not one.agrees
    ]
    share = round(len(endorsed) / len(last), 3) if last else None
    return {"share": share, "endorsed_by": endorsed, "objections": objected}


def of_version(ref: str, versions: Mapping[str, Definition]) -> Json:
    """Return the meter of one version.

    Who objects in a draft that would replace it objects to it as it is.
    """
    drafts = (
        one for one in versions.values() if one.replaces == ref and one.status in ("draft", "consultation")
    )
    against = [voice for one in drafts for voice in one.voices if voice.is_reliable and not voice.agrees]
    return meter([*versions[ref].voices, *against])


def of_all(versions: Mapping[str, Definition]) -> Json:
    """Return the meter of an indicator over all its versions: everybody's last word."""
    return meter(voice for one in versions.values() for voice in one.voices)
