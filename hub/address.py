"""What an address of the hub is: path, methods, parameters, answers; read by router and OpenAPI alike."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from events.event import Json
from hub.refusals import QueryRefused
from hub.state import HubState
from schemas.problem import Problem

API = "/api/v1"
"""Under which the addresses for programs are."""

HubRequest = Request[HubState]
HubSocket = WebSocket[HubState]
Asked = Mapping[str, Json]
"""The parameters of one call by name, read and with defaults; several values are a tuple."""

Endpoint = Callable[[HubRequest, Asked], Awaitable[Response]]
Follower = Callable[[HubSocket, Asked], Awaitable[None]]


class ValueRefused(ValueError):
    """A parameter has a bad value."""

    def __init__(self, code: str, detail: str, hint: str | None = None, **values: Json) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.hint = hint
        self.values = values


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an address.

    Args:
        name: as written in the address.
        meaning: one sentence for whoever calls.
        schema: JSON Schema of one value.
        read: turns text into the value; raises `ValueRefused`.
        many: may be repeated, or hold several values by comma; the value is a tuple.
        default: the value when absent; None counts as absent.
        required: refuses the call without it.
    """

    name: str
    meaning: str
    schema: Mapping[str, Json]
    read: Callable[[str], Json]
    many: bool = False
    default: Json = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One kind of answer: its status, media type, and component of `hub/api/components.json`; none: no body."""

    status: int
    meaning: str
    media: str = "application/json"
    component: str = ""


def ok(component: str, meaning: str, media: str = "application/json") -> tuple[Answer, ...]:
    """Return the answers of an address that answers 200 and nothing else besides problems."""
    return (Answer(200, meaning, media, component),)


@dataclass(frozen=True, slots=True)
class Address:
    """One row of `hub/routes.py`.

    Args:
        method: GET answers HEAD too.
        path: as Starlette writes it; `{ref}` parts are described in `hub/openapi.py`.
        name: unique; the operation's id in OpenAPI.
        endpoint: what answers.
        summary: one line.
        tag: the group in the reference page.
        parameters: everything the query may hold; anything else is refused.
        answers: besides the problems that every address may give.
        follower: answers the same address as a WebSocket.
        is_public: listed in OpenAPI; pages are not.
        takes: component of the JSON body of a POST; empty where it takes events.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    name: str
    endpoint: Endpoint
    summary: str
    tag: str
    parameters: tuple[Parameter, ...] = ()
    answers: tuple[Answer, ...] = ()
    follower: Follower | None = None
    is_public: bool = True
    takes: str = ""


def read_query(parameters: tuple[Parameter, ...], query: QueryParams) -> dict[str, Json]:
    """Read every parameter strictly.

    Raises:
        QueryRefused: with every problem at once.
    """
    known = {one.name: one for one in parameters}
    problems = _unknown(query, known)
    asked: dict[str, Json] = {}
    for name, parameter in known.items():
        try:
            asked[name] = _value(parameter, query.getlist(name))
        except ValueRefused as refused:
            problems.append(
                Problem(f"/query/{name}", refused.code, refused.detail, refused.hint, refused.values)
            )
    if problems:
        raise QueryRefused(problems)
    return asked


def _unknown(query: QueryParams, known: Mapping[str, Parameter]) -> list[Problem]:
    hint = f"It knows: {', '.join(known) or 'none'}."
    return [
        Problem(
            _pointer(name),
            "unknown_parameter",
            "This address does not know this parameter.",
            hint,
            {"known": tuple(known)},
        )
        for name in sorted(set(query))
        if name not in known
    ]


def _pointer(name: str) -> str:
    return "/query/" + name[:40].replace("~", "~0").replace("/", "~1")


def _value(parameter: Parameter, said: list[str]) -> Json:
    if parameter.many:
        parts = [part for text in said for part in text.split(",")]
        if len(parts) > 100:
            raise ValueRefused("too_many_items", "At most 100 values.", most=100)
        return tuple(parameter.read(part) for part in parts)
    if len(said) > 1:
        raise ValueRefused("repeated_item", "Say this parameter once.")
    if said:
        return parameter.read(said[0])
    if parameter.required:
        raise ValueRefused("required", "This parameter is required.")
    return parameter.default
