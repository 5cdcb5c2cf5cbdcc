"""What goes to each webhook next, and what follows from how it was taken. Blocks; opens no connection."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from events.audience import Reader
from events.clock import Clock
from events.cursor import Cursors
from events.event import Position
from hub.outgoing import Status
from hub.subscriptions.letters import Letter, letter_of, notice_of
from hub.subscriptions.log import DeliveryLog
from hub.subscriptions.shelf import Shelf
from hub.subscriptions.signing import headers, read_pens
from hub.subscriptions.standing import Lost, Standing
from hub.subscriptions.subscription import FAILING, Delivery, Place, Subscription
from hub.subscriptions.terms import JITTER, LONGEST_WAIT, MOST_WAIT, TRIES
from projections.event_query import EventQuery
from projections.feed import FeedPage
from projections.sight import Sight

GONE = 410


@dataclass(frozen=True, slots=True)
class Read:
    """What was read in one look.

    Args:
        pages: for those who stand at one place with the same rights and filters.
        owing: by account, whether its partner owes an answer to an erasure for too long.
    """

    pages: dict[tuple[Sight, EventQuery, Place], FeedPage] = field(default_factory=dict)
    owing: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ready:
    """A letter that may leave now.

    Args:
        to: the subscription as it stood.
        letter: what is sent.
        headers: with its signatures.
    """

    to: Subscription
    letter: Letter
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a target took a letter: its status, or why there is none."""

    status: int | None = None
    error: str = ""
    retry_after: int | datetime | None = None

    @classmethod
    def of(cls, status: Status) -> "Answer":
        """Read an HTTP status; only 2xx is a yes."""
        error = "" if 200 <= status.code < 300 else "redirect" if 300 <= status.code < 400 else "refused"
        return cls(status.code, error, status.retry_after)

    @property
    def arrived(self) -> bool:
        """Tell whether the target has it."""
        return not self.error


@dataclass(frozen=True, slots=True)
class Tools:
    """What the outbox works with.

    Args:
        shelf: the subscriptions.
        log: of their deliveries.
        standing: what each may see.
        purge: gives the sight of a reader.
        cursors: of the hub.
        clock: the present moment.
        random: gives that many unpredictable bytes.
    """

    shelf: Shelf
    log: DeliveryLog
    standing: Standing
    purge: Callable[[Reader], Sight]
    cursors: Cursors
    clock: Clock
    random: Callable[[int], bytes]


class Outbox:
    """Takes letters from the feed of each subscription, one at a time, in order."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        # Where each stands of which nothing follows: up to there the feed is not read again. Not kept in the file:
        # it moves with events that the follower does not see.
        self._scanned: dict[str, tuple[Place, Place]] = {}

    def look(self, busy: Collection[str]) -> tuple[Sequence[str], Sequence[str]]:
        """Return for whom there is a letter, and who is served no more: without rights, removed, ended.

        Args:
            busy: those that are being served; of them only that is looked at.
        """
        now, read = self._tools.clock(), Read()
        readers: dict[str, Reader | None] = {}
        found, lost = [], []
        active = {one.id: one for one in self._tools.shelf.active("webhook")}
        for one in active.values():
            if readers.get(one.account) is None:
                readers[one.account] = self._reader(one)
            reader = readers[one.account]
            if reader is None:
                lost.append(one.id)
            elif one.id not in busy and _is_due(one, now) and self._letter(one, reader, read):
                found.append(one.id)
        # Whoever removes a subscription does not wait until its target has answered.
        return found, [*lost, *set(busy).difference(active)]

    def take(self, subscription: str) -> Ready | None:
        """Return the next letter of a subscription, by what holds at this moment; None: not now."""
        now, one = self._tools.clock(), self._tools.shelf.get(subscription)
        if one is None or one.state != "active" or not _is_due(one, now):
            return None
        reader = self._reader(one)
        letter = None if reader is None else self._letter(one, reader, Read())
        ready = None if letter is None else self.sealed(one, letter)
        # Without a signature: it was removed in between.
        return ready if ready is not None and ready.headers["webhook-signature"] else None

    def sealed(self, to: Subscription, letter: Letter) -> Ready:
        """Return a letter with its signatures."""
        pens = read_pens(self._tools.shelf.kept(to.id).secrets)
        return Ready(to, letter, headers(pens, letter.webhook_id, letter.body, self._tools.clock()))

    def settle(self, sent: Ready, answer: Answer) -> None:
        """Take down how a letter was taken: go on, try later, pause, or end."""
        now, one, shelf = self._tools.clock(), sent.to, self._tools.shelf
        is_over = answer.arrived or answer.status == GONE or one.tries >= len(TRIES)
        due = None if is_over else now + self._wait(one, answer, now)
        self.note(sent, answer, now, due)
        if answer.status == GONE:
            shelf.end(one.id, "gone", now)
        elif due is not None:
            shelf.miss(one, now, due)
        elif not answer.arrived:
            shelf.pause(one.id, FAILING, now)
        elif sent.letter.place is None:
            shelf.told_asked(one)
        else:
            shelf.mark(one, sent.letter.place, now, now)

    def note(self, sent: Ready, answer: Answer, now: datetime, due: datetime | None) -> Delivery:
        """Write an attempt into the log."""
        letter = sent.letter
        tried = Delivery(
            sent.to.id, letter.webhook_id, letter.kind, now, answer.status, answer.error, due, letter.place
        )
        self._tools.log.note(tried)
        return tried

    def age(self) -> set[str]:
        """End those whose rights are gone, let stale ones ask or end, forget what is old; return who is left."""
        now, shelf = self._tools.clock(), self._tools.shelf
        for one in (*shelf.active("mail"), *shelf.active("page")):
            self._reader(one)
        shelf.age(now)
        there = {one.id for one in shelf.active("webhook")}
        self._scanned = {name: places for name, places in self._scanned.items() if name in there}
        return there

    def _reader(self, one: Subscription) -> Reader | None:
        """Return for whom a subscription sees; one without rights ends here."""
        try:
            return self._tools.standing.reader_of(one)
        except Lost as lost:
            self._tools.shelf.end(one.id, lost.reason, self._tools.clock())
            return None

    def _letter(self, one: Subscription, reader: Reader, read: Read) -> Letter | None:
        if one.asked is not None and not one.asked_told:
            return notice_of(one, one.asked, self._tools.cursors.encode(*one.place))
        stored, start = self._scanned.get(one.id, (one.place, one.place))
        if stored != one.place:
            start = one.place
        sight = self._tools.purge(reader)
        if start.position >= sight.position and not start.part:
            return None  # the views have not moved since
        key = (sight, one.query, start)
        page = read.pages.get(key)
        if page is None:
            page = read.pages[key] = sight.feed(*start, one.query, 1)
        if page.messages:
            # What waits for an answer to an erasure is not lost: it leaves once that was given.
            owes = self._owes(one, read)
            return None if owes else letter_of(one.id, page.messages[0], self._tools.cursors)
        self._scanned[one.id] = (one.place, Place(Position(page.reached), page.part))
        return None

    def _owes(self, one: Subscription, read: Read) -> bool:
        if one.account not in read.owing:
            try:
                sight = self._tools.purge(self._tools.standing.holder_of(one))
            except Lost:
                return True  # ended with the next look
            read.owing[one.account] = sight.owes_answer(self._tools.clock())
        return read.owing[one.account]

    def _wait(self, one: Subscription, answer: Answer, now: datetime) -> timedelta:
        chance = int.from_bytes(self._tools.random(4)) / 2**32
        own = TRIES[one.tries] * (1 + JITTER * chance)
        said = answer.retry_after
        asked = said - now if isinstance(said, datetime) else timedelta(seconds=said or 0)
        return max(own, min(asked, MOST_WAIT))


def _is_due(one: Subscription, now: datetime) -> bool:
    """Tell whether its time has come. Only one that failed waits, never longer than it could have been told to.

    So a clock that was set back silences nobody.
    """
    return not one.tries or one.due is None or not now < one.due <= now + LONGEST_WAIT
