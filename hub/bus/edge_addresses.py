"""What a public edge answers: all that anybody may read; for everything else it says where the hub is."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import Response

from hub.address import Address, Asked, HubRequest
from hub.refusals import NotAtEdge

_TAGS_AWAY = {"Evidence", "Stewards", "Subscriptions"}
_AWAY = {
    "correctForm", "linkForm", "listAddresses", "mailLink", "pageBoard", "pageFollowing", "pageSteward", "publish",
    "publishForm", "published", "showBoard", "signInForm",
}  # fmt: skip
_OWN = {"chooseLanguage"}
"""What is sent to an edge and stays in the browser."""


def edge_addresses(table: Sequence[Address]) -> tuple[Address, ...]:
    """Return the table of an edge: the same addresses, so that nobody takes one for missing that is only elsewhere."""
    return tuple(one if is_here(one) else replace(one, endpoint=_refuse, follower=None) for one in table)


def is_here(one: Address) -> bool:
    """Tell whether an edge answers an address."""
    if one.method != "GET":
        return one.name in _OWN
    return one.tag not in _TAGS_AWAY and one.name not in _AWAY


async def _refuse(request: HubRequest, _: Asked) -> Response:
    raise NotAtEdge(request.state["settings"].edge_of)
