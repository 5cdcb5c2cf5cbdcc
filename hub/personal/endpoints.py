"""`/api/v1/addresses`: make, list and revoke personal addresses."""

from collections.abc import Mapping, Sequence

import anyio.to_thread
from starlette.responses import Response

from events.event import Json
from events.moments import stamp
from events.strict import breaches
from hub.accounts import Account
from hub.address import Asked, HubRequest
from hub.api import bodies
from hub.api.answers import caller_of, json_answer
from hub.personal.keys import MOST, PURPOSES, PersonalAddress, Purpose
from hub.personal.reading import outside
from hub.refusals import Absent, AddressRefused, NotSignedIn
from schemas.problem import Problem

LONGEST_NOTE = 100
_FILES: Mapping[Purpose, Sequence[str]] = {
    "calendar": ("/hearings.ics",),
    "feed": ("/feed.atom", "/feed.json"),
}
_NOT_KEPT = {"Cache-Control": "no-store"}


async def make_address(request: HubRequest, _: Asked) -> Response:
    """Make a personal address; its key is in this answer alone."""
    account = _signed_in(request)
    made = await make(request, account, await bodies.read_small(request))
    return json_answer(made, 201, {"Location": f"{request.url.path}/{made['id']}", **_NOT_KEPT})


async def make(request: HubRequest, account: Account, said: Json) -> Json:
    """Make a personal address as the body of `POST /addresses` says; its key is in what is returned alone.

    Raises:
        AddressRefused: with every problem at once.
    """
    purpose, note = _read_wish(said)
    hub = request.state
    made = await anyio.to_thread.run_sync(
        hub["personal"].add, account.id, purpose, note, hub["clock"](), limiter=hub["writing"]
    )
    if made is None:
        raise AddressRefused([Problem("", "too_many_items", f"An account has at most {MOST} addresses.")])
    address, key = made
    urls = [f"{outside(request)}{path}?key={key}" for path in _FILES[purpose]]
    return {**_shown(address, account), "key": key, "urls": urls}


async def list_addresses(request: HubRequest, _: Asked) -> Response:
    """Answer the account's own addresses, without their keys."""
    return json_answer({"addresses": await listed(request, _signed_in(request))}, headers=_NOT_KEPT)


async def listed(request: HubRequest, account: Account) -> list[Json]:
    """Return the addresses of an account, without their keys."""
    hub = request.state
    found = await anyio.to_thread.run_sync(hub["personal"].listing, account.id, limiter=hub["reading"])
    return [_shown(one, account) for one in found]


async def revoke_address(request: HubRequest, _: Asked) -> Response:
    """Revoke one of the account's own addresses: from now on it does not work."""
    await revoke(request, _signed_in(request))
    return Response(status_code=204)


async def revoke(request: HubRequest, account: Account) -> None:
    """Revoke the address that a call names.

    Raises:
        Absent: it is somebody else's, or none.
    """
    hub, name = request.state, request.path_params["address"]
    if not await anyio.to_thread.run_sync(hub["personal"].remove, account.id, name, limiter=hub["writing"]):
        raise Absent


def _signed_in(request: HubRequest) -> Account:
    account = caller_of(request).account
    if account is None:
        raise NotSignedIn
    return account


def _read_wish(said: Json) -> tuple[Purpose, str]:
    """Read the body.

    Raises:
        AddressRefused: with every problem at once.
    """
    if not isinstance(said, dict):
        raise AddressRefused([Problem("", "wrong_type", "The body is no object.")])
    known, purposes = ", ".join(PURPOSES), [one for one in PURPOSES if one == said.get("for")]
    problems = []
    if not purposes:
        code = "unknown_code" if "for" in said else "required"
        problems.append(Problem("/for", code, "Say what the address is for.", known))
    note = said.get("note", "")
    if not isinstance(note, str) or len(note) > LONGEST_NOTE:
        problems.append(
            Problem("/note", "too_long", f"A note is a text of at most {LONGEST_NOTE} characters.")
        )
    else:
        problems += breaches({"note": note}, None)
    if set(said) - {"for", "note"}:
        problems.append(Problem("", "unknown_field", "A field is not known here.", "It knows: for, note."))
    if problems:
        raise AddressRefused(problems)
    return purposes[0], note


def _shown(one: PersonalAddress, account: Account) -> Json:
    expires = account.expires
    return {
        "id": one.id,
        "for": one.purpose,
        "note": one.note,
        "created": stamp(one.created),
        "expires": None if expires is None else stamp(expires),
    }
