"""Correcting an event of one's own: its form with what it says, and only what differs is sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import NamedTuple

import orjson
from starlette.responses import Response

from events.event import Json
from hub.address import Asked, HubRequest
from hub.api.answers import caller_of
from hub.pages.publishing import pages
from hub.pages.publishing.desk import Desk, Sheeted, Written
from hub.pages.publishing.fields import Field, form_of
from hub.pages.publishing.keeping import is_of, kept
from hub.pages.publishing.problems import CANNOT_EMPTY, NOTHING_CHANGED, READS_OTHERWISE, own
from hub.pages.publishing.sheet import (
    Sheet,
    Verdict,
    name_of,
    payload_of,
    read_envelope,
    read_form,
    without_row,
)
from hub.pages.publishing.shown import Writer
from hub.pages.publishing.typed import NOTHING, Payload, Typed
from hub.refusals import Absent
from hub.texts import N_
from schemas.contract import Contract
from schemas.problem import Problem

CORRECTED = "record.corrected"
_ABOUT = ("about_event", "about_source", "changes")
_SAME = object()

READS = "reads"
"""The hidden field that says how the event read when its form was opened. Somebody may have corrected it since, or
another hub, that opened the form, did not know that yet: then what was left alone would take that back."""

TITLE = N_("Correct: %(title)s")
LEAD = N_(
    "Change what is wrong. Only what you change is sent; what it said before stays in the event's history."
)
_FIXED_TYPES = frozenset({CORRECTED, "record.retracted"})


class _Said(NamedTuple):
    """What stands on the form besides the event, and what came of it."""

    further: Mapping[str, Json]
    reads: str
    verdict: Verdict = Verdict()
    problems: Sequence[Problem] = ()
    is_plain: bool = False


class _Table(NamedTuple):
    """A correction being written: the form of the event, that of the correction, and what the event says."""

    desk: Desk
    correction: Contract
    further: Field
    event: Mapping[str, Json]


async def show_correction(request: HubRequest, _: Asked) -> Response:
    """Answer the form of an event of the caller's own, filled in with what it says."""
    table = await _table(request)
    sheeted = table.desk.page(Written(table.event["data"], {}))
    return _answer(request, table, sheeted, _Said({}, _reading(table.event), is_plain=True))


async def take_correction(request: HubRequest, _: Asked) -> Response:
    """Check what was changed, show who will read the correction, and publish it when that was seen."""
    typed = await read_form(request)
    if not is_of(typed, caller_of(request)):
        return kept(request, typed)
    table = await _table(request)
    act = next(iter(typed.pop("act", ())), "check")
    if act.startswith("remove "):
        typed = without_row(typed, act.removeprefix("remove "))
    payload = Payload(typed, table.desk.almanac.read)
    data = payload_of(payload, table.desk.form)
    sheet, further = _sheet(table, typed, payload, data)
    sheeted = table.desk.page(Written(data, sheet.envelope, sheet.id), act)
    reads = _reading(table.event)
    opened = next(iter(typed.get(READS, ())), reads)
    if act.startswith(("add ", "remove ")):
        return _answer(request, table, sheeted, _Said(further, opened, is_plain=True))
    changes: Sequence[Json] = sheet.data.get("changes", ())
    problems = [own("", READS_OTHERWISE)] if opened != reads else _before(table, data, sheet)
    raw = sheet.raw(table.correction, table.desk.publisher)
    is_dry = act != "send" or bool(problems)
    verdict = Verdict() if problems else await pages.judged(request, table.desk.publisher, raw, is_dry=is_dry)
    problems += [_placed(one, changes) for one in verdict.problems]
    if not problems and not is_dry:
        return pages.gone(request, verdict)
    return _answer(request, table, sheeted, _Said(further, reads, verdict, problems))


async def _table(request: HubRequest) -> _Table:
    """Return what a correction is made on.

    Raises:
        Absent: the caller has no such event, or may not correct it.
    """
    found = await pages.own_event(request, caller_of(request), request.path_params["id"])
    event, registry = found["event"], request.state["registry"]
    stem = f"{event['type']}.v{str(event['dataschema']).rpartition('/')[2]}"
    if event["type"] in _FIXED_TYPES or stem not in registry.stems or found["status"] == "retracted":
        raise Absent
    correction = registry.contract(f"{CORRECTED}.v{registry.newest(CORRECTED)}")
    desk = await pages.desk_of(request, registry.contract(stem))
    if desk is None:
        raise Absent
    whole = form_of(correction, registry)
    left = tuple(one for one in whole.children if one.name not in _ABOUT)
    return _Table(desk, correction, _group(whole, left), event)


def _reading(event: Mapping[str, Json]) -> str:
    return sha256(orjson.dumps(event["data"], option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _group(whole: Field, children: tuple[Field, ...]) -> Field:
    return Field("", whole.form, children=children, required=True)


def _sheet(
    table: _Table, typed: Typed, payload: Payload, data: Mapping[str, Json]
) -> tuple[Sheet, dict[str, Json]]:
    said = payload.read(table.further, "correction")
    further: dict[str, Json] = {} if said is NOTHING else said
    changes = [{"pointer": pointer, "to": value} for pointer, value in differences(table.event["data"], data)]
    about = {"about_event": table.event["id"], **further}
    envelope = {
        name: value for name, value in read_envelope(typed, table.desk.almanac.read).items() if name != "tlp"
    }
    name = name_of(typed, table.desk.publisher, table.desk.now)
    return Sheet({**about, **({"changes": changes} if changes else {})}, envelope, name), further


def differences(
    before: Mapping[str, Json], after: Mapping[str, Json], place: str = ""
) -> Iterator[tuple[str, Json]]:
    """Yield pointer and new value of what differs; what is gone has no value, and is said by `removed`."""
    for name, value in after.items():
        old = before.get(name, _SAME)
        pointer = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            yield from differences(old, value, pointer)
        elif old != value:
            yield pointer, value


def removed(before: Mapping[str, Json], after: Mapping[str, Json], place: str = "") -> Iterator[str]:
    """Yield the pointers of fields that are gone."""
    for name, old in before.items():
        pointer = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in after:
            yield pointer
        elif isinstance(old, Mapping) and isinstance(after[name], Mapping):
            yield from removed(old, after[name], pointer)


def _before(table: _Table, data: Mapping[str, Json], sheet: Sheet) -> list[Problem]:
    """Return what is wrong before the archive is asked: the corrected event must still keep its contract."""
    gone = [own(f"/data{pointer}", CANNOT_EMPTY) for pointer in removed(table.event["data"], data)]
    if gone:
        return gone
    if "changes" not in sheet.data and "tlp" not in sheet.data:
        return [own("", NOTHING_CHANGED)]
    return list(table.desk.contract.check(data))


def _placed(problem: Problem, changes: Sequence[Json]) -> Problem:
    """Put what the archive says of a change to the field that was changed."""
    head, _, rest = problem.pointer.removeprefix("/data/changes/").partition("/to")
    if not problem.pointer.startswith("/data/changes/") or not head.isdecimal():
        return problem
    return replace(problem, pointer=f"/data{changes[int(head)]['pointer']}{rest}")


def _answer(request: HubRequest, table: _Table, sheeted: Sheeted, said: _Said) -> Response:
    speech = table.desk.speech
    writer = Writer(speech, table.desk.offers)
    about = writer.shown(table.further, "correction", said.further or NOTHING, "/data")
    title = speech.texts.gettext(table.desk.contract.title)
    more = {
        "title": speech.texts.gettext(TITLE) % {"title": title},
        "description": speech.texts.gettext(LEAD),
        "action": request.url.path,
        "correction": about.children,
        "usual": table.correction.tlp,
        "reads": said.reads,
    }
    sheeted.attributes["tlp"].values = [table.correction.tlp]
    if said.is_plain:
        return pages.plain(request, sheeted, **more)
    return pages.shown(request, sheeted, said.verdict, list(said.problems), **more)
