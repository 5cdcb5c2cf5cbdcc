"""What a follower may do with his subscriptions: make, look, confirm, try, replay, rotate, resume, end. Blocks."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from events.event import Json, Position
from events.moments import stamp
from hub.accounts import Account
from hub.latest import latest_place
from hub.refusals import Absent, SubscriptionRefused
from hub.subscriptions.letters import Letter, trial_of
from hub.subscriptions.log import Told
from hub.subscriptions.outbox import Tools
from hub.subscriptions.signing import Pen, new_pens, read_pens, rotated, write_pens
from hub.subscriptions.standing import cleared
from hub.subscriptions.subscription import ENGLISH, Channel, Kept, Place, Rate, Scheme, Subscription
from hub.subscriptions.terms import MOST, PERIODS, WITH_ENDED
from projections.event_query import EventQuery
from projections.feed import FeedMessage
from schemas.problem import Problem

ID_BYTES = 12
BEGIN = "begin"
_TARGETS = {"webhook": "url", "mail": "address"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to follow, and how he wants to be told; checked already.

    Args:
        query: what is followed.
        channel: how.
        target: address of a webhook or mailbox.
        rate: how often.
        why: his private note.
        schemes: how webhooks are signed.
        language: in which mails speak.
    """

    query: EventQuery
    channel: Channel
    target: str = ""
    rate: Rate = "each"
    why: str = ""
    schemes: tuple[Scheme, ...] = ()
    language: str = ENGLISH


class SubscriptionDesk:
    """Answers the addresses of subscriptions; each account meets its own alone.

    Args:
        tools: what it works with.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._told = Told(tools.purge, tools.cursors)
        self.shelf = tools.shelf
        self.standing = tools.standing

    def follow(self, account: Account, wish: Wish) -> Json:
        """Make a subscription that begins now; its secrets are in this answer alone.

        Raises:
            SubscriptionRefused: the account has too many.
        """
        tools, now = self._tools, self._tools.clock()
        sight = tools.purge(cleared(account.reader, wish.channel))
        start = latest_place(sight, wish.query, sight.position)
        made = Subscription(
            id=f"sub_{tools.random(ID_BYTES).hex()}",
            account=account.id,
            partner=account.partner,
            name=account.name,
            query=wish.query,
            channel=wish.channel,
            target=wish.target,
            rate=wish.rate,
            place=Place(start.position, start.part),
            created=now,
            confirmed=now,
            due=None if wish.channel == "page" else now + PERIODS[wish.rate],
            schemes=wish.schemes,
            language=wish.language,
        )
        pens = new_pens(wish.schemes, tools.random)
        if not tools.shelf.add(made, Kept(wish.why, write_pens(pens))):
            hint = "Delete some; those that ended are listed too."
            told = f"An account has at most {MOST} subscriptions, {MOST * WITH_ENDED} with those that ended."
            raise SubscriptionRefused([Problem("", "too_many_items", told, hint)])
        return {**self.shown(made, account), **_secret(pens)}

    def listing(self, account: Account, *, is_steward: bool) -> Json:
        """Return an account's subscriptions and notices; to stewards also that others have some, not of what."""
        mine = self.shelf.listing(account.id)
        listed: dict[str, Json] = {"subscriptions": [self.shown(one, account) for one in mine]}
        listed["notices"] = [
            {"subscription": one.subscription, "code": one.code, "since": stamp(one.since)}
            for one in self.shelf.notices(account.id)
        ]
        if is_steward:
            others = [one for one in self.shelf.listing() if one.account != account.id]
            listed["others"] = [_seen_by_stewards(one) for one in others]
        return listed

    def own(self, account: Account, subscription: str) -> Subscription:
        """Return a subscription of an account.

        Raises:
            Absent: it is somebody else's, or none.
        """
        found = self.shelf.get(subscription)
        if found is None or found.account != account.id:
            raise Absent
        return found

    def shown(self, one: Subscription, account: Account) -> Json:
        """Return a subscription as its follower sees it."""
        kept = self.shelf.kept(one.id)
        expires = min(one.expires, account.expires) if account.expires is not None else one.expires
        said = {
            "id": one.id,
            "follows": _follows(one.query),
            "channel": one.channel,
            "rate": one.rate,
            "why": kept.why,
            "state": one.state,
            "reason": one.reason or None,
            "asks": one.asked is not None,
            "cursor": self._tools.cursors.encode(*one.place),
            "expires": None if one.state == "ended" else stamp(expires),
        }
        waits = one.due if one.channel == "mail" or one.tries else None
        said["due"] = None if waits is None else stamp(waits)
        times = ("created", "confirmed", "sent", "failing", "paused", "ended")
        said |= {name: when and stamp(when) for name in times for when in (getattr(one, name),)}
        if one.channel in _TARGETS:
            said[_TARGETS[one.channel]] = one.target or None
        if one.channel == "mail":
            said["language"] = one.language
        if one.channel == "webhook":
            current = [pen for pen in read_pens(kept.secrets) if pen.until is None]
            said |= {"signature": list(one.schemes), "tries": one.tries, **_public(current)}
        return said

    def confirm(self, account: Account, subscription: str) -> Json:
        """Take down that a follow is still wanted."""
        one = self._living(account, subscription)
        self.shelf.confirm(one.id, self._tools.clock())
        return self._again(one, account)

    def resume(self, account: Account, subscription: str) -> Json:
        """Go on after a pause, where it stood."""
        one = self._living(account, subscription)
        self.shelf.resume(one.id, self._tools.clock())
        return self._again(one, account)

    def remove(self, account: Account, subscription: str) -> None:
        """Forget a subscription, its note and its log."""
        self.shelf.remove(self.own(account, subscription).id)

    def rotate(self, account: Account, subscription: str) -> Json:
        """Make new secrets, shown in this answer alone; the old ones sign beside them for a day."""
        one = self._webhook(account, subscription)
        made: tuple[Pen, ...] = ()

        def turn(secrets: bytes) -> bytes:
            nonlocal made
            made = rotated(read_pens(secrets), self._tools.random, self._tools.clock())
            return write_pens(made)

        self.shelf.replace_secrets(one.id, turn)
        return {**self.shown(one, account), **_secret(made)}

    def replay(self, account: Account, subscription: str, place: Place) -> Json:
        """Tell anew what lies behind a place; of a paused one, what it goes on with.

        Raises:
            SubscriptionRefused: it is paused: resume it first.
        """
        one = self._webhook(account, subscription)
        if not self.shelf.move(one.id, place, self._tools.clock()):
            raise _refused("paused", "This subscription is paused: resume it first.")
        return self._again(one, account)

    def trial(self, account: Account, subscription: str) -> tuple[Subscription, Letter]:
        """Return a letter that only tries whether anything arrives."""
        one = self._webhook(account, subscription)
        chance = self._tools.random(ID_BYTES)
        cursor = self._tools.cursors.encode(*one.place)
        return one, trial_of(one, self._tools.clock(), cursor, chance)

    def deliveries(self, account: Account, subscription: str, limit: int, offset: int) -> Json:
        """Return a page of the delivery log, newest first."""
        one = self.own(account, subscription)
        tried, is_more = self._tools.log.page(one.id, limit, offset)
        rows = self._told.rows(one, cleared(account.reader, one.channel), tried)
        return {"deliveries": rows, "next": offset + limit if is_more else None}

    def news(self, account: Account, subscription: str, after: Place | None, limit: int) -> Json:
        """Return what is new since the last visit; `after` says up to where the follower has seen everything.

        Asking twice gives the same: only `after` moves where the next visit begins.

        Raises:
            SubscriptionRefused: it is followed through another channel, or has ended.
        """
        one = self._living(account, subscription)
        if one.channel != "page":
            raise _refused("not_allowed", "Only what is followed on a page has news here.")
        self.shelf.visit(one.id, after, self._tools.clock())
        start = after or one.place
        page = self._tools.purge(account.reader).feed(*start, one.query, limit + 1)
        shown = page.messages[:limit]
        # Not how far the feed was read: that would move with what is hidden.
        last = Place(shown[-1].position, shown[-1].part) if shown else start
        return {
            "messages": [self._message(one) for one in shown],
            "cursor": self._tools.cursors.encode(*last),
            "more": len(page.messages) > limit,
        }

    def place_of(self, cursor: str) -> Place:
        """Return the place of a cursor, or of the beginning.

        Raises:
            UnknownCursor: it is none of this hub's.
        """
        return Place(Position(0)) if cursor == BEGIN else Place(*self._tools.cursors.decode(cursor))

    def _message(self, message: FeedMessage) -> Json:
        said = {
            "kind": message.kind,
            "cursor": self._tools.cursors.encode(message.position, message.part),
            "source": message.source,
            "id": message.id,
            "type": message.type,
            "reason": message.reason,
            "event": message.event,
            "touches": list(message.touches) if message.kind == "event" else None,
            "flags": list(message.flags) or None,
        }
        return {name: value for name, value in said.items() if value is not None}

    def _living(self, account: Account, subscription: str) -> Subscription:
        one = self.own(account, subscription)
        if one.state == "ended":
            raise _refused("ended", "This subscription has ended: make a new one.")
        return one

    def _webhook(self, account: Account, subscription: str) -> Subscription:
        one = self._living(account, subscription)
        if one.channel != "webhook":
            raise _refused("not_allowed", "Only webhooks know this.")
        return one

    def _again(self, one: Subscription, account: Account) -> Json:
        return self.shown(self.own(account, one.id), account)


def _refused(code: str, detail: str) -> SubscriptionRefused:
    return SubscriptionRefused([Problem("", code, detail)])


def _follows(query: EventQuery) -> Json:
    """Return the filters by the names under which they are asked for."""
    names = {"types": "type", "countries": "country", "partners": "partner", "urgencies": "urgency"}
    said = {
        names.get(one.name, one.name): getattr(query, one.name)
        for one in fields(query)
        if one.name not in {"after", "limit"}
    }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value}


def _secret(pens: Sequence[Pen]) -> Json:
    current = [one for one in pens if one.until is None]
    secret = next((one.shown for one in current if one.scheme == "v1"), None)
    return {**({} if secret is None else {"secret": secret}), **_public(current)}


def _public(pens: Sequence[Pen]) -> Json:
    shown = next((one.shown for one in pens if one.scheme == "v1a"), None)
    return {} if shown is None else {"public_key": shown}


def _seen_by_stewards(one: Subscription) -> Json:
    """Return what is told of somebody else's; its state would tell that something hidden was delivered."""
    who = {"partner": one.partner, "account": one.name}
    return {"id": one.id, **who, "channel": one.channel, "created": stamp(one.created)}
