"""What people must judge: who is the same, which incident was told twice, which reports hold; by form."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from starlette.responses import RedirectResponse, Response

from events.event import slug_of
from hub.access import Caller
from hub.address import Asked, HubRequest
from hub.api.answers import ask, caller_of, present
from hub.pages import acts
from hub.pages.lists import pages_of
from hub.pages.names import names_in
from hub.pages.rendering import render
from hub.texts import N_
from projections.alike import Reason
from projections.boards.papers import Papers
from projections.boards.truth.claims import ASSESSED, REPORTS
from projections.boards.truth.review import REASONS, review
from projections.boards.truth.units import JUDGED
from projections.sight import Sight
from projections.suggestions.query import SuggestionQuery

Json = Any
PAIRS = 10
JUDGE, ASSESS = "judge", "assess"
BASES = ("bar_number", "court_file", "photo", "self_confirmed", "counsel_confirmed", "same_incident",
         "name_transliteration", "other")  # fmt: skip
AS_ASKED: Asked = MappingProxyType(
    {"kind": "lawyer", "reason": None, "country": None, "limit": 20, "offset": 0}
)
"""What is asked of the page that answers a form."""

WHY: Mapping[str, str] = MappingProxyType(
    {
        "unverified": N_("Nobody has checked it"),
        "disputed": N_("Partners say different things"),
        "unsupported": N_("What it rested on was withdrawn"),
        "refuted": N_("A partner says that it is not so"),
        "stale": N_("It rests on facts that changed"),
        "possibly_double": N_("It may have been told twice"),
    }
)
"""Why something waits → what a person reads."""

_ACROSS = frozenset({"coordinator", "steward"})
_ORDER = ("clear", "green", "amber", "amber+strict", "red")
_STRICT = _ORDER[3:]
_STRONG, _SOME = 2.0, 0.3
_REFS = ("target", "place", "bodies")


async def show_review(request: HubRequest, asked: Asked) -> Response:
    """Answer what waits for somebody's judgement; to the public, that it is for partners."""
    return await _show(request, asked)


async def _show(
    request: HubRequest, asked: Asked, typed: acts.Typed | None = None, status: int = 200
) -> Response:
    caller, now = caller_of(request), request.state["clock"]()
    account = caller.account
    if account is None:
        return render(request, "review.html", {"here": "review"}, status)
    query = SuggestionQuery(kind=asked["kind"], limit=PAIRS, across=account.role in _ACROSS)

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        page = review(papers, asked["reason"], asked["country"], (asked["limit"], asked["offset"]))
        found = sight.suggestions(query) or {"items": []}
        pairs = [_pair(sight, papers, one, caller) for one in found["items"]]
        by = [f"partner:{slug}" for one in page["items"] for slug in one["by"]]
        return {"page": page, "pairs": pairs, "names": names_in(papers, page["items"], pairs, by)}

    found = await ask(request, question)
    more = {"here": "review", "asked": asked, "reasons": REASONS, "why": WHY, "bases": BASES}
    forms = {"typed": typed or acts.Typed(""), "words": acts.WORDS, "may_act": account.may_publish}
    return render(
        request,
        "review.html",
        {**more, **forms, **found, **pages_of("/review", asked, found["page"])},
        status,
    )


def _pair(sight: Sight, papers: Papers, item: Json, caller: Caller) -> Json:
    """Return a suggestion with the values of both records aligned."""
    left, right = item["judge"]["left"], item["judge"]["right"]
    known = [sight.node(ref) or {} for ref in (left, right)]
    judged = papers.tellings.about([left, right], [JUDGED])
    last = max((one.event["id"] for told in judged.values() for one in told), default="")
    slug = "" if caller.account is None else caller.account.partner
    return {
        "key": f"{left} {right}",
        "left": item["left"],
        "right": item["right"],
        "tier": item["tier"],
        "reasons": [_reason(one) for one in item["reasons"]],
        "rows": _rows(*known),
        "events": item["events"],
        "basis": item["judge"]["basis"],
        "label": label_of(sight, behind(known), slug),
        "once": acts.once(caller, JUDGE, f"{left} {right}", last),
    }


def _reason(said: Reason) -> Json:
    """Return a reason with what it speaks for, how much, and the references that it names."""
    heavy = abs(float(said.weight or _SOME))
    weight = "strong" if heavy >= _STRONG else "some" if heavy >= _SOME else "slight"
    named = {place: [value] if isinstance(value, str) else value for place, value in said.values.items()}
    refs = [ref for place in _REFS for ref in named.get(place, ())]
    return {"is_for": not said.weight.startswith("-"), "weight": weight, "reason": said, "refs": refs}


def _rows(left: Json, right: Json) -> list[Json]:
    """Return what is known of two records beside each other: values first, then what they are tied to."""
    values = [one.get("props", {}) for one in (left, right)]
    rows = []
    told_by_name = {"label", "names"} if any("name" in one for one in values) else set()
    for prop in dict.fromkeys([*values[0], *values[1]]):
        if prop in told_by_name:
            continue
        sides = [one.get(prop) for one in values]
        shown = [None if one is None else one.get("value") for one in sides]
        rows.append({"prop": prop, "sides": sides, "alike": shown[0] is not None and shown[0] == shown[1]})
    ties = [one.get("ties", {}) for one in (left, right)]
    for kind in dict.fromkeys([*ties[0], *ties[1]]):
        ends = [[tie["other"] for tie in one.get(kind, ())] for one in ties]
        refs = [{end["ref"] for end in each} for each in ends]
        rows.append({"tie": kind, "sides": ends, "alike": bool(refs[0] & refs[1])})
    return rows


def label_of(sight: Sight, events: Sequence[Json], slug: str) -> dict[str, Json]:
    """Return the label of a judgement about what some events say: it names the records to nobody who may not see both.

    Args:
        sight: of who judges.
        events: source and id of each.
        slug: of the partner that judges.
    """
    strictest, allowed = "amber", None
    for one in events:
        found = sight.event(one["source"], one["id"])
        event = {} if found is None else found["event"]
        tlp, audience = str(event.get("tlp", "red")), str(event.get("audience", ""))
        strictest = max(strictest, tlp if tlp in _ORDER else "red", key=_ORDER.index)
        if tlp in _STRICT or audience:
            named = {name.strip() for name in audience.split(",") if name.strip() and "/" not in name}
            who = {slug_of(one["source"]), *(named if tlp != "red" else ())}
            allowed = who if allowed is None else allowed & who
    label = {"tlp": "amber+strict" if strictest in _STRICT else "amber"}
    if allowed is None:
        return label
    others = sorted(allowed - {slug})
    return {**label, "audience": ",".join(others)} if others else {"tlp": "amber+strict"}


async def judge(request: HubRequest, _: Asked) -> Response:
    """Judge whether two records are of one person or incident."""
    typed = await acts.read_form(request, JUDGE)
    slug, values = caller_of(request).publisher.slug, typed.values
    left, right = values.get("left", ""), values.get("right", "")
    kind = "threat" if left.startswith("threat:") else "lawyer"
    typed = acts.Typed(f"{JUDGE} {left} {right}", values, typed.many)

    def question(sight: Sight) -> dict[str, Json]:
        return label_of(sight, behind([sight.node(ref) or {} for ref in (left, right)]), slug)

    label = await ask(request, question)
    basis = [one for one in BASES if one in typed.many.get("basis", ())]
    data = {
        "left": left,
        "right": right,
        "judgement": values.get("judgement", ""),
        **({"basis": basis} if basis else {}),
        **({"sealed_basis": values["sealed_basis"]} if "sealed_basis" in values else {}),
        "score_model": "hub suggestions, 1",
    }
    try:
        cursor = await acts.publish(request, typed, {"type": "identity.judged", **label, "data": data})
    except acts.ActRefused as refused:
        return await _show(request, {**AS_ASKED, "kind": kind}, acts.refused(typed, refused), 422)
    return RedirectResponse(f"/review?kind={kind}&at_least={cursor}", 303)


def behind(records: Sequence[Json]) -> list[Json]:
    """Return the events that give some records their values, as far as the reader may see."""
    found: dict[tuple[str, str], Json] = {}
    for one in records:
        for each in one.get("props", {}).values():
            found.update(
                {(said["event"]["source"], said["event"]["id"]): said["event"] for said in each["claims"]}
            )
    return [found[name] for name in sorted(found)]


async def show_reports(request: HubRequest, _: Asked) -> Response:
    """Answer the reports of one threat side by side, each with a form to say whether it holds."""
    return await _reports(request)


async def _reports(request: HubRequest, typed: acts.Typed | None = None, status: int = 200) -> Response:
    caller, now, ref = caller_of(request), request.state["clock"](), request.path_params["ref"]
    slug = "" if caller.account is None else caller.account.partner

    def question(sight: Sight) -> Json:
        papers = sight.papers(now)
        told = papers.tellings.about([ref], REPORTS).get(papers.tellings.merged.of(ref), [])
        if not told:
            return None
        words = papers.tellings.on([one.name for one in told])
        reports = [_report(one, words.get(one.name, ()), caller) for one in told]
        return {"reports": reports, "names": names_in(papers, {"ref": ref}, reports)}

    found = present(await ask(request, question))
    may_act = caller.account is not None and caller.account.may_publish
    more = {"here": "review", "ref": ref, "slug": slug, "may_act": may_act, **found}
    forms = {"typed": typed or acts.Typed(""), "words": acts.WORDS, **_choices(request)}
    return render(request, "reports.html", {**more, **forms}, status)


def _choices(request: HubRequest) -> dict[str, Json]:
    vocabularies = request.state["registry"].vocabularies
    return {"verdicts": vocabularies["claim_verdict"].codes, "kinds": vocabularies["source_kind"].codes}


def _report(one: Any, said: Sequence[Any], caller: Caller) -> Json:
    assessed = [each for each in said if each.type == ASSESSED]
    last = max((each.event["id"] for each in assessed), default="")
    slug = "" if caller.account is None else caller.account.partner
    return {
        "event": one.event,
        "by": f"partner:{one.partner}",
        "is_own": one.partner == slug,
        "assessed": [{"by": f"partner:{each.partner}", "event": each.event} for each in assessed],
        "label": acts.label_of_answer(one.event, slug) or {"tlp": "amber"},
        "once": acts.once(caller, ASSESS, " ".join(one.name), last),
    }


async def assess(request: HubRequest, _: Asked) -> Response:
    """Corroborate, verify, dispute or refute one report."""
    typed = await acts.read_form(request, ASSESS)
    slug, values = caller_of(request).publisher.slug, typed.values
    source, event_id = values.get("about_source", ""), values.get("about_event", "")
    typed = acts.Typed(f"{ASSESS} {event_id}", values, typed.many)
    found = await ask(request, lambda sight: sight.event(source, event_id))
    # An event that this reader may not see gets the answer of one that is not there: the page is absent.
    label = acts.label_of_answer(present(found)["event"], slug)
    provenance: dict[str, Json] = {
        name: values[name] for name in ("source_kind", "reliability", "credibility") if name in values
    }
    count = values.get("independent_sources", "")
    if count.isascii() and count.isdigit():
        provenance["independent_sources"] = int(count)
    data = {
        "about_event": event_id,
        "about_source": source,
        "verdict": values.get("verdict", ""),
        **({"note": values["note"]} if "note" in values else {}),
        **({"provenance": provenance} if provenance else {}),
    }
    try:
        cursor = await acts.publish(request, typed, {"type": "claim.assessed", **label, "data": data})
    except acts.ActRefused as refused:
        return await _reports(request, acts.refused(typed, refused), 422)
    return acts.done("/review", request.path_params["ref"], cursor)
