"""`GET /api/v1/me`: who the hub takes you for, and what you may do."""

from starlette.responses import Response

from events.event import Json
from events.moments import stamp
from events.submission import ANY
from hub.access import Caller
from hub.address import Asked, HubRequest
from hub.api.answers import caller_of, json_answer
from schemas.registry import Registry


async def show_me(request: HubRequest, _: Asked) -> Response:
    """Answer what the caller's token allows."""
    return json_answer(described(caller_of(request), request.state["registry"]))


def described(caller: Caller, registry: Registry) -> dict[str, Json]:
    """Say who a caller is; the public is nobody, cleared for `clear`."""
    account, rights = caller.account, caller.rights
    may_publish = account is not None and account.may_publish and rights is not None and rights.may_write
    roles = frozenset[str]() if rights is None else rights.roles
    return {
        "partner": account and account.partner,
        "account": account and account.name,
        "id": account and account.id,
        "role": account and account.role,
        "roles": sorted(roles),
        "clearance": caller.reader.clearance,
        "may_publish": may_publish,
        "types": _types(registry, roles) if may_publish else [],
        "expires": None if account is None or account.expires is None else stamp(account.expires),
    }


def _types(registry: Registry, roles: frozenset[str]) -> list[str]:
    contracts = [registry.contract(stem) for stem in registry.stems]
    return sorted({one.type for one in contracts if ANY in one.publishers or one.publishers & roles})
