"""Subscriptions: follow a reference or a filter by webhook, by mail or on a page."""

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
from starlette.responses import Response

from events.event import Json
from events.moments import stamp
from hub.accounts import Account
from hub.address import Asked, HubRequest
from hub.api import bodies
from hub.api.answers import ask, caller_of, json_answer, refuse_debtor
from hub.api.wishes import read_wish
from hub.digests.endpoints import refuse_without_server, try_mail
from hub.outgoing import TargetRefused, TargetUnreachable
from hub.refusals import NotSignedIn, SubscriptionRefused
from hub.subscriptions.desk import SubscriptionDesk, Wish
from schemas.problem import Problem

T = TypeVar("T")
Act = Callable[[SubscriptionDesk, Account, str], Json]
"""What is done at the desk for an account with one of its subscriptions, by its id."""

_NOT_CALLED = "not_public"
"""One code for names that lead inside and names that nobody knows: which is which tells of the hub's own network."""


async def follow(request: HubRequest, _: Asked) -> Response:
    """Make a subscription; a webhook's address is looked at first."""
    account = _signed_in(request)
    wish = await wished(request, account, await bodies.read_small(request))
    made = await begin(request, account, wish)
    return json_answer(
        made, 201, {"Location": f"{request.url.path}/{made['id']}", "Cache-Control": "no-store"}
    )


async def wished(request: HubRequest, account: Account, said: Json) -> Wish:
    """Return what an account wants to follow, once nothing speaks against it.

    Args:
        request: the call.
        account: who wants it.
        said: as the body of `POST /subscriptions`.

    Raises:
        SubscriptionRefused: with every problem at once.
        RateLimited: the account had too many addresses looked at.
    """
    wish = read_wish(said, request.state["registry"].types)
    _keep_within(account, wish)
    if wish.channel == "webhook":
        request.state["gate"].send_out(account.id)
        await _check(request, wish.target)
    if wish.channel == "mail":
        refuse_without_server(request)
    return wish


async def begin(request: HubRequest, account: Account, wish: Wish) -> Json:
    """Make a subscription that begins now; its secrets are in what is returned alone.

    Raises:
        SubscriptionRefused: the account has too many.
    """
    made = await _blocking(request, request.state["subscriptions"].follow, account, wish)
    request.state["dispatcher"].nudge()
    return made


async def list_subscriptions(request: HubRequest, _: Asked) -> Response:
    """Answer the account's own subscriptions."""
    account, desk = _signed_in(request), request.state["subscriptions"]
    is_steward = caller_of(request).is_steward
    return json_answer(await _blocking(request, lambda: desk.listing(account, is_steward=is_steward)))


async def show_subscription(request: HubRequest, _: Asked) -> Response:
    """Answer one of the account's own subscriptions."""
    return await _acted(request, lambda desk, account, name: desk.shown(desk.own(account, name), account))


async def end_subscription(request: HubRequest, _: Asked) -> Response:
    """End a subscription and forget it."""
    await _acted(request, lambda desk, account, name: desk.remove(account, name))
    request.state["dispatcher"].nudge()
    return Response(status_code=204)


async def confirm_subscription(request: HubRequest, _: Asked) -> Response:
    """Say that a follow is still wanted."""
    return await _acted(request, lambda desk, account, name: desk.confirm(account, name))


async def resume_subscription(request: HubRequest, _: Asked) -> Response:
    """Go on after a pause."""
    return await _acted(request, lambda desk, account, name: desk.resume(account, name))


async def rotate_subscription(request: HubRequest, _: Asked) -> Response:
    """Make a new secret."""
    return await _acted(request, lambda desk, account, name: desk.rotate(account, name))


async def replay_subscription(request: HubRequest, _: Asked) -> Response:
    """Deliver again what comes after a cursor."""
    account = _signed_in(request)
    await _blocking(request, request.state["subscriptions"].own, account, request.path_params["subscription"])
    request.state["gate"].send_out(account.id)
    said = await bodies.read_small(request)
    after = said.get("after") if isinstance(said, dict) and set(said) <= {"after"} else None
    if not isinstance(after, str):
        hint = '{"after": CURSOR} or {"after": "begin"}'
        raise SubscriptionRefused([Problem("/after", "required", "Say after which cursor.", hint)])
    return await _acted(request, lambda desk, account, name: desk.replay(account, name, desk.place_of(after)))


async def try_subscription(request: HubRequest, _: Asked) -> Response:
    """Send a test delivery or a test mail now, and say what came back."""
    said = await tried(request, _signed_in(request))
    return json_answer(said, headers={"Cache-Control": "no-store"})


async def tried(request: HubRequest, account: Account) -> Json:
    """Send a test by the subscription that a call names; `error` says why it did not arrive, None: it did.

    Raises:
        Absent: it is somebody else's, or none.
        SubscriptionRefused: nothing can be sent by it, or not yet.
        RateLimited: the account tries too often.
    """
    desk, name = request.state["subscriptions"], request.path_params["subscription"]
    own = await _blocking(request, desk.own, account, name)
    request.state["gate"].send_out(account.id)
    if own.channel == "mail":
        return await try_mail(request, own)
    one, letter = await _blocking(request, desk.trial, account, name)
    came = await request.state["dispatcher"].try_out(one, letter)
    said = {"webhook_id": came.webhook_id, "status": came.status, "error": came.error or None}
    return {**said, "at": stamp(came.at)}


async def list_deliveries(request: HubRequest, asked: Asked) -> Response:
    """Answer a page of the delivery log."""
    limit, offset = asked["limit"], asked["offset"]
    return await _acted(request, lambda desk, account, name: desk.deliveries(account, name, limit, offset))


async def show_news(request: HubRequest, asked: Asked) -> Response:
    """Answer what is new since the last visit.

    Raises:
        AnswerOwed: the partner is given nothing new now.
    """
    desk, now = request.state["subscriptions"], request.state["clock"]()
    after = None if asked["after"] is None else desk.place_of(asked["after"])
    await ask(request, lambda sight: refuse_debtor(sight, now))
    return await _acted(request, lambda desk, account, name: desk.news(account, name, after, asked["limit"]))


def _signed_in(request: HubRequest) -> Account:
    """Say which account calls.

    Raises:
        NotSignedIn: the public follows by the feed; nothing could be kept apart for it.
    """
    caller = caller_of(request)
    if caller.account is None:
        raise NotSignedIn
    return caller.account


async def _acted(request: HubRequest, act: Act) -> Response:
    answer = await acted(request, _signed_in(request), act)
    return json_answer(answer, headers={"Cache-Control": "no-store"})


async def acted(request: HubRequest, account: Account, act: Act) -> Json:
    """Do something with the subscription that a call names; return what the desk says.

    Raises:
        Absent: it is somebody else's, or none.
        SubscriptionRefused: the desk does not do that with it.
    """
    desk, name = request.state["subscriptions"], request.path_params["subscription"]
    answer = await _blocking(request, act, desk, account, name)
    if request.method == "POST":
        request.state["dispatcher"].nudge()
    return answer


def _keep_within(account: Account, wish: Wish) -> None:
    """Refuse to tell outside what an account may be told from some networks alone.

    Raises:
        SubscriptionRefused: its token works from some networks, and this channel leaves them.
    """
    if account.networks and wish.channel != "page":
        hint = 'Follow on a "page", or with a token that works from anywhere.'
        told = "This token works from some networks only: nothing is sent out of them."
        raise SubscriptionRefused([Problem("/channel", "not_allowed", told, hint)])


async def _check(request: HubRequest, url: str) -> None:
    """Refuse a webhook whose address the hub does not call.

    Raises:
        SubscriptionRefused: for one of the reasons of `hub.outgoing`.
    """
    try:
        await request.state["outgoing"].check(url)
    except TargetUnreachable as error:
        raise _refused(_NOT_CALLED) from error
    except TargetRefused as error:
        raise _refused(error.code, str(error)) from error


def _refused(code: str, detail: str = "") -> SubscriptionRefused:
    told = "The host has no public address that the hub can call." if code == _NOT_CALLED else detail
    return SubscriptionRefused([Problem("/url", code, told)])


async def _blocking(request: HubRequest, act: Callable[..., T], *args: object) -> T:
    return await anyio.to_thread.run_sync(act, *args, limiter=request.state["reading"])
