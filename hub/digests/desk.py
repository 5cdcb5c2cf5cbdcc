"""What mails are to go, and what to take down when they went or did not. Blocks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from events.audience import PUBLIC, Reader
from events.clock import Clock
from hub.digests.book import MailBook
from hub.digests.letters import Letter, Line, Section
from hub.digests.links import Links
from hub.personal.reading import Sights
from hub.subscriptions.shelf import Shelf
from hub.subscriptions.standing import Lost, Standing
from hub.subscriptions.subscription import FAILING, Notice, Place, Subscription
from hub.subscriptions.terms import PERIODS
from hub.syndication.items import KINDS, Item, Wording, item_of, unlinked
from hub.texts import N_
from hub.texts.speech import Speech
from projections.sight import Sight

MOST = 200
"""Messages in one digest; what is more comes with the next one."""

QUESTIONS = 10
"""Mailboxes that one account may ask in a day: nobody's mailbox is filled by this hub."""

UNANSWERED = timedelta(days=7)
"""So long a mailbox has to say yes."""

TRIES = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=24),
)
"""How long after each failure the next try comes; a digest that fails after all of them is paused."""

_DAY = timedelta(days=1)
_DIGESTS = {
    "daily": N_("Solidarity Hub: daily digest"),
    "weekly": N_("Solidarity Hub: weekly digest"),
}
_WANTED = {
    "daily": N_(
        "An account of the Solidarity Hub at %(hub)s wants its daily digests to come to this mailbox."
    ),
    "weekly": N_(
        "An account of the Solidarity Hub at %(hub)s wants its weekly digests to come to this mailbox."
    ),
}
_NOTICES = {
    "asks": N_("A subscription asks whether you still want it. Without an answer it ends within two weeks:"),
    "paused": N_("A subscription is paused, because nothing arrives. Resume it on the hub, or end it:"),
}


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest that is due.

    Args:
        to: whose, as it was read before.
        letter: what it says; None: there is nothing new.
        reached: up to where it tells.
    """

    to: Subscription
    letter: Letter | None
    reached: Place


@dataclass(frozen=True, slots=True)
class MailTools:
    """What the desk works with.

    Args:
        shelf: of subscriptions.
        book: of the answers of mailboxes.
        standing: for whom a subscription sees.
        purge: gives the sight of a reader.
        links: in mails.
        speaks: each language, by its code.
        clock: the present moment.
    """

    shelf: Shelf
    book: MailBook
    standing: Standing
    purge: Callable[[Reader], Sight]
    links: Links
    speaks: Callable[[str], Speech]
    clock: Clock


class MailDesk:
    """Composes mails; every digest from what its follower may see at that moment.

    Args:
        tools: what it works with.
    """

    def __init__(self, tools: MailTools) -> None:
        self._tools = tools
        self.links = tools.links

    def questions(self) -> Iterator[tuple[Subscription, Letter]]:
        """Yield what asks mailboxes that were not asked yet, and end what got no answer for a week."""
        tools, now = self._tools, self._tools.clock()
        mails = tools.shelf.active("mail")
        tools.book.forget({one.id for one in mails}, now)
        for one in mails:
            opted = tools.book.of(one.id)
            if opted.confirmed is not None:
                continue
            if opted.asked is not None:
                if now >= opted.asked + UNANSWERED:
                    tools.shelf.end(one.id, "stale", now)
            elif now >= (opted.next or now) and tools.book.questions(one.account, now - _DAY) < QUESTIONS:
                yield one, self._question(one)

    def digests(self) -> Iterator[Digest]:
        """Yield the digests that are due, and end those whose rights are gone."""
        tools = self._tools
        for one in tools.shelf.due(tools.clock()):
            if not tools.book.is_confirmed(one.id):
                continue
            try:
                reader, holder = tools.standing.reader_of(one), tools.standing.holder_of(one)
            except Lost as lost:
                tools.shelf.end(one.id, lost.reason, tools.clock())
                continue
            # Who owes an answer to an erasure is sent it once he has answered.
            if not tools.purge(holder).owes_answer(tools.clock()):
                yield self._digest(one, Sights(tools.purge(reader), tools.purge(PUBLIC)))

    def notices(self) -> Iterator[tuple[Subscription, Sequence[Notice], Letter]]:
        """Yield what followers should know at once, by each confirmed mailbox."""
        for mail, unsent in self._tools.shelf.unsent_notices():
            told = [one for one in unsent if self._may_link(one.subscription)]
            if told and self._tools.book.is_confirmed(mail.id):
                yield mail, told, self._told(mail, told)

    def _may_link(self, name: str) -> bool:
        """Tell whether a mail may hold the link of a subscription: that of an unasked mailbox would say yes for it."""
        found = self._tools.shelf.get(name)
        return found is not None and (found.channel != "mail" or self._tools.book.is_confirmed(name))

    def trial(self, to: Subscription) -> Letter | None:
        """Return a mail that only tries whether anything arrives; None if the mailbox did not say yes."""
        if not self._tools.book.is_confirmed(to.id):
            return None
        name = f"test {to.id} {self._tools.clock().timestamp()}"
        gettext = self._speech(to).texts.gettext
        lines = [gettext("This is a test. Nothing has happened.")]
        return self._letter(to, gettext("Solidarity Hub: a test"), name, lines)

    def asked(self, to: Subscription, at: datetime) -> None:
        """Take down when a question was sent."""
        self._tools.book.note_asked(to.id, to.account, at)

    def not_asked(self, to: Subscription, at: datetime, *, is_final: bool) -> None:
        """Take down when a question could not be sent; where there is no such mailbox, nobody is asked again."""
        if is_final:
            self._tools.shelf.pause(to.id, FAILING, at)
            return
        tries = self._tools.book.of(to.id).tries
        again = at + TRIES[min(tries, len(TRIES) - 1)]
        self._tools.book.note_missed(to.id, to.account, again)

    def told(self, digest: Digest, at: datetime) -> None:
        """Take down when a digest was sent, or that there was nothing to send."""
        self._tools.shelf.mark(digest.to, digest.reached, at, _next(digest.to, at))

    def not_told(self, digest: Digest, is_final: bool) -> None:
        """Take down that a digest was not taken; after all tries it is paused."""
        to, now = digest.to, self._tools.clock()
        if is_final or to.tries >= len(TRIES):
            self._tools.shelf.pause(to.id, FAILING, now)
        else:
            self._tools.shelf.miss(to, now, now + TRIES[to.tries])

    def noted(self, mail: Subscription, sent: Sequence[Notice]) -> None:
        """Take down that notices were sent."""
        self._tools.shelf.mark_notices(mail, sent)

    def waits(self, name: str) -> bool:
        """Tell whether the mailbox of a subscription has yet to say yes."""
        return not self._tools.book.is_confirmed(name)

    def linked(self, secret: str) -> tuple[Subscription, bool] | None:
        """Return the subscription that a link is about, and whether its mailbox has yet to say yes."""
        name = self.links.subscription(secret)
        found = None if name is None else self._tools.shelf.get(name)
        if found is None or found.state == "ended":
            return None
        return found, found.channel == "mail" and not self._tools.book.is_confirmed(found.id)

    def confirm(self, one: Subscription) -> None:
        """Take down that whoever reads the mailbox wants it."""
        if one.channel == "mail":
            self._tools.book.confirm(one.id, one.account, self._tools.clock())
        self._tools.shelf.confirm(one.id, self._tools.clock())

    def end(self, one: Subscription) -> None:
        """End a subscription for whoever reads the mailbox."""
        self._tools.shelf.remove(one.id)

    def _question(self, to: Subscription) -> Letter:
        speech = self._speech(to)
        gettext = speech.texts.gettext
        lines = (
            gettext(_WANTED[to.rate]) % {"hub": speech.apart(self.links.base)},
            gettext("Was it you? Then open this link and say yes:"),
            self.links.link(to.id),
            gettext("Was it not? Then do nothing: there will be no other mail."),
        )
        subject = gettext("Solidarity Hub: do you want these mails?")
        return self._letter(to, subject, f"question {to.id}", lines)

    def _digest(self, to: Subscription, sights: Sights) -> Digest:
        page = sights.own.feed(*to.place, to.query, MOST)
        if not page.messages:
            return Digest(to, None, to.place)
        latest = {(message.source, message.id): message for message in page.messages}
        wording = Wording(self._speech(to), self.links.base)
        items = [item_of(sights, one, wording) for one in latest.values()]
        last = page.messages[-1]
        return Digest(to, self._news(to, items), Place(last.position, last.part))

    def _news(self, to: Subscription, items: Sequence[Item]) -> Letter:
        speech = self._speech(to)
        gettext = speech.texts.gettext
        links = {kind: [_line(one, speech) for one in items if one.kind == kind] for kind in KINDS}
        sections = (
            Section(gettext("News"), links["open"]),
            Section(gettext("Not public: sign in to read"), links["closed"]),
            Section(gettext("May no longer be used"), links["withdrawn"]),
        )
        # The same until it was taken down as sent: a mail that went twice is recognised as one.
        name = f"digest {to.id} {to.place.position} {to.place.part}"
        count = speech.texts.ngettext(
            "%(num)s thing new in what you follow.", "%(num)s things new in what you follow.", len(items)
        )
        lines = (count % {"num": speech.number(len(items))},)
        return self._letter(to, gettext(_DIGESTS[to.rate]), name, lines, sections)

    def _told(self, mail: Subscription, unsent: Sequence[Notice]) -> Letter:
        gettext = self._speech(mail).texts.gettext
        sections = [
            Section(
                gettext(words),
                [Line(self.links.link(one.subscription)) for one in unsent if one.code == code],
            )
            for code, words in _NOTICES.items()
        ]
        name = f"notices {mail.id} {[(one.subscription, one.code, one.since.timestamp()) for one in unsent]}"
        return self._letter(
            mail, gettext("Solidarity Hub: please look at what you follow"), name, (), sections
        )

    def _letter(
        self,
        to: Subscription,
        subject: str,
        name: str,
        lines: Sequence[str],
        sections: Sequence[Section] = (),
    ) -> Letter:
        """Return a letter in the language of a subscription, without sections that are empty."""
        told = [one for one in sections if one.links]
        return Letter(to.target, subject, name, lines, told, self.links.link(to.id), to.language)

    def _speech(self, to: Subscription) -> Speech:
        return self._tools.speaks(to.language)


def _line(item: Item, speech: Speech) -> Line:
    """Return what a digest shows of an item: of what is not clear, or may no longer be used, the link alone."""
    if item.kind != "open":
        return Line(item.link)
    return Line(item.link, speech.title(item.type), unlinked(item.label))


def _next(to: Subscription, now: datetime) -> datetime:
    """Return when the next digest is due: a whole number of periods after this one was, so that its hour stays."""
    period = PERIODS[to.rate]
    due = to.due or now
    while due <= now:
        due += period
    return due
