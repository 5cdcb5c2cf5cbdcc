"""Putting together what sends mails, where the operator has named a mail server."""

from contextlib import ExitStack
from functools import partial

from hub.digests.book import FILE, SCHEMA, MailBook
from hub.digests.desk import MailDesk, MailTools
from hub.digests.links import Links
from hub.digests.postman import Postman
from hub.digests.sending import SmtpServer
from hub.keys import subscriptions_key
from hub.pages.environment import environment
from hub.settings import Settings
from hub.subscriptions.outbox import Tools
from hub.subscriptions.turn import Duty
from hub.texts.speech import speech_of
from schemas.registry import Registry


def open_postman(
    settings: Settings,
    tools: Tools,
    turn: Duty,
    registry: Registry,
    opened: ExitStack,
) -> Postman | None:
    """Return what sends mails; None where there is no mail server. `opened` closes its file."""
    if not settings.smtp_url:
        return None
    book = MailBook(tools.shelf.beside(settings.data / FILE, SCHEMA))
    opened.callback(book.close)
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    links = Links(subscriptions_key(settings.data, settings.keys), base)
    speaks = partial(speech_of, registry=registry)
    desk = MailDesk(MailTools(tools.shelf, book, tools.standing, tools.purge, links, speaks, tools.clock))
    templates = partial(environment, registry=registry)
    return Postman(desk, SmtpServer(settings.smtp_url).send, settings.mail_from, templates, turn, tools.clock)
