"""From the table of addresses to the router: reads parameters, waits for `at_least`, calls what answers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from hub.address import Address, Asked, Follower, HubRequest, HubSocket, read_query
from hub.api.parameters import AT_LEAST, at_least
from hub.api.queries import whole_position
from hub.metrics import NAME
from hub.refusals import NotYet
from hub.state import HubState


def routes_of(table: Sequence[Address]) -> list[BaseRoute]:
    """Return one route for each path, whatever its methods, and one for each WebSocket."""
    paths: dict[str, dict[str, Address]] = {}
    for one in table:
        paths.setdefault(one.path, {})[one.method] = one
    routes: list[BaseRoute] = [
        Route(path, _answering(methods), methods=list(methods)) for path, methods in paths.items()
    ]
    sockets = [WebSocketRoute(one.path, _following(one, one.follower)) for one in table if one.follower]
    return [*routes, *sockets]


def _answering(methods: Mapping[str, Address]) -> Callable[[HubRequest], Awaitable[Response]]:
    async def answer(request: HubRequest) -> Response:
        one = methods["GET" if request.method == "HEAD" else request.method]
        request.scope[NAME] = one.name
        asked = await _asked(one, request)
        return await one.endpoint(request, asked)

    return answer


def _following(one: Address, follower: Follower) -> Callable[[HubSocket], Awaitable[None]]:
    async def follow(socket: HubSocket) -> None:
        await follower(socket, await _asked(one, socket))

    return follow


async def _asked(one: Address, connection: HubRequest | HubSocket) -> Asked:
    if one.method != "GET":
        return read_query(one.parameters, connection.query_params)
    asked = read_query((*one.parameters, at_least), connection.query_params)
    await _reach(connection.state, asked[AT_LEAST])
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
