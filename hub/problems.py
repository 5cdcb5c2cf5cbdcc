"""The only place that pairs errors with HTTP: every refusal is an RFC 9457 problem document."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from types import MappingProxyType
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from events import submission
from events.cursor import UnknownCursor
from events.event import Json
from events.glass import GlassRefused
from events.ledger import ForeignKey, UnknownSize
from events.notes import NoteRefused
from events.strict import MalformedJson
from events.witness import Forked, NotSigned, UnknownOrigin
from hub import refusals
from hub.address import API, HubRequest
from hub.api.receipts import NotYours, problem_of
from hub.observing.logs import tell_unexpected
from hub.pages.rendering import render
from hub.security import SECURITY_HEADERS
from hub.texts import N_

MEDIA = "application/problem+json"
URN = "urn:hub:problem:"

_OF_A_BODY = frozenset({"content-length", "content-type"})

_PHRASES = (N_("Method Not Allowed"),)
"""Titles that HTTP itself gives to what a page may have to say."""

_BUSY = "Too many events wait for the log. Send again; the same id is recognised."
_LOST = "The log did not confirm. Send again; the same id is recognised."

Said = Callable[[Exception], Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class Row:
    """How one error class is answered.

    Args:
        status: HTTP status.
        slug: the end of the problem's `type`; a public promise.
        title: the kind of problem, in a few words.
        said: what the error adds to the document (`detail`, `errors`, ...); never a value that was sent.
        headers: sent along.
    """

    status: int
    slug: str
    title: str
    said: Said
    headers: Mapping[str, str] = field(default_factory=dict)


def _detail(error: Exception) -> Mapping[str, Json]:
    return {"detail": str(error)}


def _errors(error: Exception) -> Mapping[str, Json]:
    problems = getattr(error, "problems", ())
    return {"detail": str(error), "errors": [one.as_json() for one in problems]}


def _submission(error: Exception) -> Mapping[str, Json]:
    return {**_errors(error), "detail": "The event was not recorded; see errors for every reason."}


def _not_yours(error: Exception) -> Mapping[str, Json]:
    assert isinstance(error, NotYours)  # noqa: S101  # the rows below say so
    return {"detail": str(error), "errors": [problem_of(error).as_json()]}


def _too_large(error: Exception) -> Mapping[str, Json]:
    return {"detail": str(error), **getattr(error, "said", {})}


def _malformed(error: Exception) -> Mapping[str, Json]:
    places = {name: getattr(error, name, None) for name in ("line", "column")}
    detail = str(getattr(error, "detail", "The body is not JSON."))
    return {"detail": detail, **{name: place for name, place in places.items() if place is not None}}


def _const(detail: str) -> Said:
    return lambda _: {"detail": detail}


@cache
def rows() -> Mapping[type[Exception], Row]:
    """Return the table, made once: one row for each error class that a caller may see."""
    again = {"Retry-After": "1"}
    bearer = {"WWW-Authenticate": 'Bearer realm="hub"'}
    table = {
        refusals.NotSignedIn: Row(401, "not-signed-in", N_("Not signed in"), _detail, bearer),
        refusals.PartnerSuspended: Row(403, "partner-suspended", N_("Partner not admitted"), _detail),
        refusals.AnswerOwed: Row(403, "erasure-unanswered", N_("An erasure waits for your answer"), _detail),
        refusals.NotAtEdge: Row(403, "not-at-edge", N_("Not at this address"), _detail),
        refusals.MayNotPublish: Row(403, "may-not-publish", N_("May not publish"), _detail),
        refusals.RateLimited: Row(429, "rate-limited", N_("Too many calls"), _detail),
        GlassRefused: Row(403, "glass-refused", N_("Glass stays whole"), _errors),
        refusals.OriginRefused: Row(403, "origin-refused", N_("Origin not allowed"), _detail),
        submission.WrongSource: Row(403, "wrong-source", N_("Not your source"), _not_yours),
        submission.NotYourType: Row(403, "not-your-type", N_("Not your type"), _not_yours),
        submission.NotAdmitted: Row(403, "not-admitted", N_("Partner not admitted"), _not_yours),
        submission.SignatureRequired: Row(403, "signature-required", N_("Signature required"), _not_yours),
        refusals.Absent: Row(404, "not-found", N_("Not found"), _detail),
        refusals.RecordedDifferently: Row(409, "recorded-differently", N_("Same id, other content"), _detail),
        refusals.BodyTooLarge: Row(413, "too-large", N_("Too large"), _too_large),
        refusals.MediaTypeUnknown: Row(415, "unknown-media-type", N_("Unknown media type"), _detail),
        refusals.BodyMalformed: Row(400, "malformed-body", N_("Malformed body"), _detail),
        refusals.RequestMalformed: Row(400, "malformed-request", N_("Malformed request"), _detail),
        refusals.RequestTooSlow: Row(408, "too-slow", N_("Too slow"), _detail),
        refusals.AddressTooLong: Row(414, "address-too-long", N_("Address too long"), _detail),
        refusals.HeadTooLarge: Row(431, "head-too-large", N_("Headers too large"), _detail),
        refusals.TooManyConnections: Row(
            503, "too-many-connections", N_("Full"), _detail, {"Retry-After": "10"}
        ),
        refusals.QueryRefused: Row(400, "query-refused", N_("Address refused"), _errors),
        submission.EventRefused: Row(422, "event-refused", N_("Event refused"), _submission),
        refusals.AddressRefused: Row(422, "address-refused", N_("Personal address refused"), _errors),
        refusals.SubscriptionRefused: Row(422, "subscription-refused", N_("Subscription refused"), _errors),
        UnknownSize: Row(400, "unknown-size", "No such tree", _detail),
        NoteRefused: Row(400, "note-refused", "Not understood", _detail),
        UnknownOrigin: Row(404, "unknown-origin", "Not a witness of this log", _detail),
        NotSigned: Row(403, "not-signed", "Not signed by this log", _detail),
        Forked: Row(422, "forked", "Another history", _detail),
        ForeignKey: Row(503, "no-key", "No key to sign with", _detail),
        refusals.NotYet: Row(503, "not-yet", N_("Not yet"), _detail, again),
        submission.StoreBusy: Row(503, "busy", N_("Busy"), _const(_BUSY), again),
        submission.StoreUnavailable: Row(503, "log-unavailable", N_("Log unavailable"), _const(_LOST), again),
        MalformedJson: Row(400, "malformed-json", N_("Malformed JSON"), _malformed),
        UnknownCursor: Row(
            400, "unknown-cursor", N_("Unknown cursor"), _const("This cursor is not this hub's.")
        ),
        ClientDisconnect: Row(400, "body-cut-off", N_("Body cut off"), _const("The body ended too early.")),
    }
    return MappingProxyType(table)


def problem(status: int, slug: str, title: str, more: Mapping[str, Json] | None = None) -> Response:
    """Write one problem document."""
    document = {"type": URN + slug, "title": title, "status": status, **(more or {})}
    return JSONResponse(document, status, {"Cache-Control": "no-store"}, MEDIA)


def answer(error: Exception) -> Response | None:
    """Return the problem document of an error, or None when the error has no row."""
    if isinstance(error, HTTPException):
        return _of_status(error)
    row = next((row for kind, row in rows().items() if isinstance(error, kind)), None)
    if row is None:
        return None
    response = problem(row.status, row.slug, row.title, row.said(error))
    response.headers.update({**row.headers, **getattr(error, "headers", {})})
    return response


def _of_status(error: HTTPException) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND:
        response = answer(refusals.Absent())
        assert response is not None  # noqa: S101  # Absent has a row
        return response
    phrase = HTTPStatus(error.status_code).phrase
    slug = phrase.lower().replace(" ", "-")
    response = problem(error.status_code, slug, phrase, {"detail": f"{phrase}."})
    response.headers.update(error.headers or {})
    return response


async def on_error(request: Request | WebSocket, error: Exception) -> Response:
    """Answer an error that has a row; Starlette's exception handler for each class of `rows`."""
    response = answer(error) or await on_unexpected(request, error)
    if isinstance(request, WebSocket):
        # A refused handshake is answered outside the middleware, which knows HTTP alone.
        response.headers.update(SECURITY_HEADERS)
        return response
    return _as_page(request, response, error) if _is_for_a_person(request) else response


def _is_for_a_person(request: Request) -> bool:
    """Tell whether a browser asked for a page: it names HTML, programs and scripts do not."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(f"{API}/")


def _as_page(request: Request, response: Response, error: Exception) -> Response:
    """Say a problem as a page says it, with the limits and codes that it names; status and headers stay."""
    kept = {name: value for name, value in response.headers.items() if name not in _OF_A_BODY}
    try:
        said = {**json.loads(bytes(response.body)), "values": getattr(error, "values", {})}
        if "errors" in said:
            said["errors"] = getattr(error, "problems", said["errors"])
        return render(cast("HubRequest", request), "problem.html", said, response.status_code, kept)
    except refusals.NotSignedIn:
        return response


async def on_unexpected(request: Request | WebSocket, error: Exception) -> Response:
    """Answer an error that nobody foresaw, telling nothing of it; the log gets its kind and place alone.

    Both bear a name of chance, by which whoever got the answer can be told what broke.
    """
    instance = URN + "instance:" + request.app.state.random(8).hex()
    tell_unexpected(error, instance)
    said = {"detail": "The hub made a mistake.", "instance": instance}
    response = problem(500, "unexpected", "Something broke here", said)
    response.headers.update(SECURITY_HEADERS)
    return response
