"""From the table of addresses to the router: limits, parameters, `at_least`, then what answers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from hub.access import address_of, credential_of, refuse_foreign_origin
from hub.address import Address, Asked, Follower, HubRequest, HubSocket, read_query
from hub.api.parameters import AT_LEAST, GOING_ON, at_least
from hub.api.queries import whole_position
from hub.fairness import TURN
from hub.metrics import NAME
from hub.networks import place_of
from hub.refusals import NotSignedIn, NotYet
from hub.state import HubState

OPERATION = "Operation"
"""The tag of addresses for whoever runs the hub."""


def routes_of(table: Sequence[Address]) -> list[BaseRoute]:
    """Return one route for each path, whatever its methods, and one for each WebSocket."""
    paths: dict[str, dict[str, Address]] = {}
    for one in table:
        paths.setdefault(one.path, {})[one.method] = one
    routes: list[BaseRoute] = [
        Route(path, _answering(methods), methods=list(methods)) for path, methods in paths.items()
    ]
    sockets = [WebSocketRoute(one.path, _following(one, one.follower)) for one in table if one.follower]
    # The feed first: thousands may come back to it at once.
    return [*sockets, *routes]


def _answering(methods: Mapping[str, Address]) -> Callable[[HubRequest], Awaitable[Response]]:
    async def answer(request: HubRequest) -> Response:
        one = methods["GET" if request.method == "HEAD" else request.method]
        request.scope[NAME] = one.name
        account = _admit(request)
        if one.method != "GET":
            _refuse_foreign(one, request)
        asked = await _asked(one, request)
        if one.tag == OPERATION:  # whoever watches over the hub must hear of it however many ask
            return await one.endpoint(request, asked)
        if one.method == "GET":
            turn = partial(request.state["gate"].turns.take, place_of(address_of(request)), account)
            request.scope[TURN] = turn
            async with turn():
                return await one.endpoint(request, asked)
        with request.state["broadcaster"].courtesy.publishing():
            return await one.endpoint(request, asked)

    return answer


def _following(one: Address, follower: Follower) -> Callable[[HubSocket], Awaitable[None]]:
    async def follow(socket: HubSocket) -> None:
        _admit(socket)
        await follower(socket, await _asked(one, socket))

    return follow


def _admit(connection: HubRequest | HubSocket) -> str | None:
    """Count a call for whom it comes from, before anything is read or answered; return the id of the account.

    Raises:
        RateLimited: it is one too many.
    """
    gate, address = connection.state["gate"], address_of(connection)
    try:
        credential = credential_of(connection)
    except NotSignedIn:
        credential = None  # whoever answers says so, if the address cares who calls
    account = connection.state["callers"].account_of(credential)
    known = None if account is None else account.id
    if credential is not None and credential.kind == "token":
        gate.refuse_guesser(address, known)
        if known is None:
            gate.note_guess(address)
        else:
            gate.note_arrival(address, known)
    gate.admit(address, known)
    return known


def _refuse_foreign(one: Address, request: HubRequest) -> None:
    """Refuse a browser's POST or DELETE that no page of this hub made: pages always, the rest if it shows a session.

    Raises:
        OriginRefused: its `Origin` is another, or missing.
        NotSignedIn: it shows something that is no token.
    """
    credential = None if not one.is_public else credential_of(request)
    if not one.is_public or (credential is not None and credential.kind == "session"):
        refuse_foreign_origin(request, request.state["settings"], is_needed=True)


async def _asked(one: Address, connection: HubRequest | HubSocket) -> Asked:
    query = connection.query_params
    if not one.is_public:
        # A form without scripts sends the fields that were left empty too.
        query = QueryParams([(name, value) for name, value in query.multi_items() if value.strip()])
    if one.method != "GET":
        return read_query(one.parameters, query)
    asked = read_query((*one.parameters, at_least), query)
    # Of several hubs another may have given the cursor: one that is behind would say that nothing follows.
    going_on = [asked[each.name] for each in one.parameters if each in GOING_ON]
    for cursor in (asked[AT_LEAST], *going_on):
        await _reach(connection.state, cursor)
    return asked


async def _reach(hub: HubState, cursor: str | None) -> None:
    """Wait until every answer includes the event of a cursor.

    Raises:
        NotYet: it takes too long.
        UnknownCursor: it is none of this hub's.
    """
    if cursor is None:
        return
    position = whole_position(hub["cursors"], cursor)
    if not await hub["pulse"].reach(position, hub["settings"].at_least_seconds):
        raise NotYet
