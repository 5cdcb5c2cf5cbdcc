"""What is taken of what a peer tells, and how an event that reads differently there is to read here. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from events.audience import TLP
from events.event import MAX_ID, SLUG, SOURCE_PREFIX, RecordedEvent
from events.relaying import Told, told_of, vouches
from events.signatures import payload_of
from events.strict import MalformedJson, canonical, read_json
from events.submission import HUB, STEWARDS, EventRefused
from hub.federation.book import Peer
from hub.federation.sentences import REFUSALS

Json = Any

ASSESSED = "claim.assessed"

OWN = frozenset({HUB, STEWARDS})
"""Slugs that every hub uses for itself: what they say there is not said here."""

MADE_THERE = ("recordedtime", "toldby")


class NotWanted(Exception):
    """An event of a peer is not taken; `code` says why."""

    def __init__(self, code: str, why: str | None = None) -> None:
        super().__init__(why or REFUSALS[code])
        self.code = code


@dataclass(frozen=True, slots=True)
class Offer:
    """What is given to intake.

    Args:
        slug: of its publisher.
        raw: the event, or what was signed.
        told: by whom, and under which label.
    """

    slug: str
    raw: Json
    told: Told


def slug_in(shown: Mapping[str, Json]) -> str:
    """Return the slug of an event's publisher.

    Raises:
        NotWanted: it names none.
    """
    source, event_id = shown.get("source"), shown.get("id")
    if not isinstance(source, str) or not source.startswith(SOURCE_PREFIX) or not isinstance(event_id, str):
        raise NotWanted("malformed")
    slug = source.removeprefix(SOURCE_PREFIX)
    # What no event here could bear is not even looked up.
    if not SLUG.fullmatch(slug) or not 0 < len(event_id) <= MAX_ID or "\0" in event_id:
        raise NotWanted("malformed")
    return slug


def offer_of(
    shown: Mapping[str, Json],
    signature: Mapping[str, Json] | None,
    peer: Peer,
    is_member: Callable[[str], bool],
    is_decision: Callable[[str], bool],
) -> Offer:
    """Return what is taken of an event that a peer shows.

    Args:
        shown: the event as the peer shows it.
        signature: what it shows of its signature; None if that was not asked for or there is none.
        peer: who shows it.
        is_member: tells whether a slug is that of a member here.
        is_decision: tells whether a type is one of decisions.

    Raises:
        NotWanted: with the reason.
    """
    slug = slug_in(shown)
    if is_member(slug) or slug in OWN:
        raise NotWanted("ours")
    if slug not in peer.homes | peer.relays:
        raise NotWanted("not_carried")
    if is_decision(str(shown.get("type"))):
        raise NotWanted("decided_there")
    if vouches_for_itself(shown, peer):
        raise NotWanted("not_independent")
    told = told_of(shown, peer.name, peer.known)
    if signature is not None and "sig" in signature:
        return Offer(slug, _signed(shown, signature), told)
    if slug not in peer.homes:
        raise NotWanted("unsigned")
    return Offer(slug, bare(shown), told)


def vouches_for_itself(shown: Mapping[str, Json], peer: Peer) -> bool:
    """Tell whether one publisher whose home a hub is raises what another one has said: a hub could invent both."""
    data = shown.get("data")
    if shown.get("type") != ASSESSED or not isinstance(data, Mapping) or not vouches(data):
        return False
    about = str(data.get("about_source", "")).removeprefix(SOURCE_PREFIX)
    return about in peer.homes and slug_in(shown) in peer.homes


def bare(shown: Mapping[str, Json]) -> dict[str, Json]:
    """Return an event without what the other hub added."""
    return {name: value for name, value in shown.items() if name not in MADE_THERE}


def changes_of(
    kept: RecordedEvent, shown: Mapping[str, Json], touched: frozenset[str]
) -> tuple[dict[str, Json], frozenset[str]] | None:
    """Return what a correction must say so that a kept event reads as it is shown now, and what it touches.

    Args:
        kept: as it was recorded.
        shown: as the other hub shows it now.
        touched: first steps of what was corrected before.

    Returns:
        `changes` and, if the label became stricter, `tlp`; nothing of it if it reads so already. None if no
        correction says that: something is not shown any more, or to fewer.
    """
    data = shown.get("data")
    if not isinstance(data, Mapping) or _is_less(kept.data, data) or touched - data.keys():
        return None
    if shown.get("audience") != kept.envelope.get("audience") and shown.get("audience") is not None:
        return None
    names = sorted(name for name in data if name in touched or data[name] != kept.data.get(name))
    said: dict[str, Json] = {}
    if names:
        said["changes"] = [{"pointer": "/" + _step(name), "to": data[name]} for name in names]
    if _rank(shown.get("tlp")) > _rank(kept.envelope.get("tlp")):
        said["tlp"] = shown["tlp"]
    return said, touched | frozenset(names)


def _is_less(old: Json, new: Json) -> bool:
    """Tell whether something that was told is not shown any more."""
    if isinstance(old, Mapping):
        return not isinstance(new, Mapping) or any(
            name not in new or _is_less(value, new[name]) for name, value in old.items()
        )
    return False


def _rank(tlp: Json) -> int:
    return TLP.index(tlp) if tlp in TLP else len(TLP)


def _step(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _signed(shown: Mapping[str, Json], signature: Mapping[str, Json]) -> Json:
    envelope = {
        "payload": signature.get("payload"),
        "payloadType": signature.get("payloadType"),
        "signatures": [{"keyid": signature.get("keyid"), "sig": signature.get("sig")}],
    }
    # What intake verifies is the payload; that it is the event that was shown is verified here.
    try:
        event = read_json(payload_of(envelope))
    except (EventRefused, MalformedJson) as wrong:
        raise NotWanted("bad_signature") from wrong
    if not isinstance(event, dict) or _is_other(event, shown):
        raise NotWanted("not_what_was_signed")
    return envelope


def _is_other(event: Mapping[str, Json], shown: Mapping[str, Json]) -> bool:
    # The label and the audience may have become narrower on the way; intake takes the stricter of both.
    same = {
        name: shown.get(name)
        for name in event
        if name not in {"tlp", "audience", "datacontenttype", *MADE_THERE}
    }
    said = {name: value for name, value in event.items() if name in same}
    return canonical(same) != canonical(said)
