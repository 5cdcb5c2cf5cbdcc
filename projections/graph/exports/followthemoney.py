"""Entities of FollowTheMoney, one JSON object a line: what Aleph and OpenSanctions tools read.

A node becomes an entity, a tie an entity between two others ("interstitial"). Where no schema fits, a tie is an
`UnknownLink` whose role is its kind. Names of schemas and properties are those of followthemoney 3.8. Its ids have
no colon, so that a reference is written with a hyphen there, and as it is in `keywords`.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

import orjson
import pycountry

from projections.graph.exports.days import Days
from projections.graph.exports.excerpt import Excerpt, Json
from projections.graph.exports.pieces import one_text, pieces

_LEGAL = frozenset({"lawyer", "partner", "body"})
_ORGANISED = frozenset({"partner", "body"})
_DOCUMENTS = frozenset({"statement", "policy", "commitment", "dataset", "indicator", "standard"})

_SCHEMAS: Mapping[str, str] = {
    "lawyer": "Person",
    **dict.fromkeys(_ORGANISED, "Organization"),
    "trial": "CourtCase",
    "action": "Project",
    **dict.fromkeys(_DOCUMENTS, "Document"),
    "place": "Address",
}
"""The schema of each kind of node; any other kind is an `Event`."""

_WITH_STATUS = frozenset({"Person", "Organization", "CourtCase", "Project"})


class _Form(NamedTuple):
    """A schema for a tie: which property holds its source and its target, and of which kinds these must be."""

    schema: str
    source: str
    target: str
    sources: frozenset[str] | None
    targets: frozenset[str] | None

    def fits(self, source: str, target: str) -> bool:
        return (self.sources is None or source in self.sources) and (
            self.targets is None or target in self.targets
        )


_OF_DOCUMENT = _Form("Documentation", "document", "entity", _DOCUMENTS, None)
_TO_DOCUMENT = _Form("Documentation", "entity", "document", None, _DOCUMENTS)
_FORMS: Mapping[str, _Form] = {
    "MEMBER_OF": _Form("Membership", "member", "organization", _LEGAL, _ORGANISED),
    "REPRESENTED_BY": _Form("Representation", "client", "agent", _LEGAL, _LEGAL),
    "SUCCEEDED_BY": _Form("Succession", "predecessor", "successor", _LEGAL, _LEGAL),
    "PARTY_TO": _Form("CourtCaseParty", "party", "case", None, frozenset({"trial"})),
    "BEFORE": _Form("CourtCaseParty", "case", "party", frozenset({"trial"}), None),
    "JOINS": _Form("ProjectParticipant", "participant", "project", _LEGAL, frozenset({"action"})),
    "PROPOSED_BY": _Form("ProjectParticipant", "project", "participant", frozenset({"action"}), _LEGAL),
    **dict.fromkeys(("ABOUT", "ADDRESSES", "CITES", "AFFECTS", "ENACTED_BY"), _OF_DOCUMENT),
    **dict.fromkeys(("ISSUED", "SIGNED", "RESPONDED", "COMMITS"), _TO_DOCUMENT),
}
_LINK = _Form("UnknownLink", "subject", "object", None, None)

_SAFE = re.compile(r"[a-z]+:(?:[0-9A-Za-z.-]*[0-9A-Za-z])")
_UNSAFE = re.compile("[^0-9A-Za-z.-]")
_PREFIX = re.compile(r"(\d{4}(?:-(?:0[1-9]|1[0-2])(?:-\d\d)?)?)[?~%]?", re.ASCII)
_UNSEEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufffe\uffff]+"
)
_LONGEST_ID = 150


def as_followthemoney(excerpt: Excerpt) -> Iterator[bytes]:
    """Stream the nodes, then the ties, as entities."""
    writing = _Writing()
    return pieces(chain(map(_thing, excerpt.dated_nodes()), map(writing.tie, excerpt.edges())))


def _thing(node: Json) -> str:
    ref, schema = node["ref"], _SCHEMAS.get(node["kind"], "Event")
    name = _plain(node["label"]) or ref
    said = {"keywords": [ref], **_named(schema, name, ref)}
    country = _country(node.get("country") or (ref.partition(":")[2][:2] if schema == "Address" else None))
    if country:
        said["country"] = [country]
    if schema == "Event" and node.get("since"):
        said["startDate"] = [node["since"]]
    if status := _plain(node.get("status") or ""):
        said.setdefault("status" if schema in _WITH_STATUS else "keywords", []).append(status)
    return _line(_id_of(ref), schema, said)


def _named(schema: str, name: str, ref: str) -> dict[str, list[str]]:
    local = ref.partition(":")[2]
    if schema == "Address":
        return {"full": [local]}
    return {"title": [name], "fileName": [local]} if schema == "Document" else {"name": [name]}


class _Writing:
    """The ties of one export, and the dates met."""

    def __init__(self) -> None:
        self._days = Days()

    def tie(self, edge: Json) -> str:
        """Return the entity of a tie."""
        source, target, kind = edge["from"], edge["to"], edge["kind"]
        form = _FORMS.get(kind, _LINK)
        if not form.fits(source.partition(":")[0], target.partition(":")[0]):
            form = _LINK
        said = {
            form.source: [_id_of(source)],
            form.target: [_id_of(target)],
            "role": [kind],
            "status": [edge["status"]],
            "summary": ["1 claim" if edge["claims"] == 1 else f"{edge['claims']} claims"],
        }
        since, until = edge["since"], edge["until"]
        begins, ends = self._days.span(since, until)
        said |= {"startDate": [_as_vague(since, begins)]} if begins else {}
        said |= {"endDate": [_as_vague(until, ends)]} if ends else {}
        name = sha256(f"{source} {kind} {target}".encode("utf-8", "replace")).hexdigest()[:32]
        return _line(f"tie-{name}", form.schema, said)


def _line(name: str, schema: str, properties: dict[str, list[str]]) -> str:
    return orjson.dumps({"id": name, "schema": schema, "properties": properties}).decode() + "\n"


def _as_vague(when: str, day: str) -> str:
    """Return a month as a month and a year as a year, as FollowTheMoney does; else the day."""
    found = _PREFIX.fullmatch(when)
    return found[1] if found else day


def _id_of(ref: str) -> str:
    """Return an id without a colon; references that hold more that ids may not are told apart by a digest."""
    if _SAFE.fullmatch(ref) and len(ref) <= _LONGEST_ID:
        return ref.replace(":", "-", 1)
    digest = sha256(ref.encode("utf-8", "replace")).hexdigest()[:16]
    return f"{_UNSAFE.sub('-', ref)[:_LONGEST_ID]}-{digest}"


def _plain(value: Json) -> str:
    """Return a text without what is not seen."""
    return " ".join(_UNSEEN.sub(" ", one_text(value)).split())


def _country(code: Json) -> str | None:
    """Return a country as FollowTheMoney writes it; None for one that no standard knows."""
    if not isinstance(code, str) or pycountry.countries.get(alpha_2=code) is None:
        return None
    return code.lower()
