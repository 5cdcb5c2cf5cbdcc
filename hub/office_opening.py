"""Whether the hubs on a log share accounts and subscriptions, and whose turn it is among them."""

import logging
import sqlite3
from pathlib import Path

from hub.accounts import FILE as ACCOUNTS_FILE
from hub.digests.book import FILE as MAIL_FILE
from hub.federation.book import FILE as PEERS_FILE
from hub.office_checks import begin_checks
from hub.office_postgres import PostgresOffice
from hub.settings import Settings
from hub.shared_turn import SharedTurn
from hub.subscriptions.shelf import FILE as SUBSCRIPTIONS_FILE
from hub.subscriptions.turn import Duty, Turn

TIMELINES = "timelines.json"
FILES = (ACCOUNTS_FILE, SUBSCRIPTIONS_FILE, MAIL_FILE, PEERS_FILE)
"""What lies in files of their own where hubs share nothing."""


def fence_file(settings: Settings) -> Path:
    """Return the file that remembers which PostgreSQL servers were replaced."""
    return settings.data / TIMELINES


def open_office(settings: Settings) -> PostgresOffice | None:
    """Return what the hubs on a PostgreSQL log share; None where everything is in the hub's folder.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    if not settings.store_url.startswith(("postgresql://", "postgres://")):
        return None
    return PostgresOffice(settings.store_url, fence_file(settings))


def open_turn(settings: Settings, office: PostgresOffice | None) -> Duty:
    """Return whose turn it is among the hubs on a folder, or on a PostgreSQL log."""
    return Turn(settings.data) if office is None else SharedTurn(office)


def begin_file_checks(data: Path) -> None:
    """Give the files of a hub that an earlier release wrote a check of each row; to be called when all are open."""
    for file in (data / name for name in FILES):
        try:
            if file.is_file():
                begin_checks(file)
        except sqlite3.DatabaseError as odd:
            logging.getLogger("hub").warning("%s is damaged (%s): run `hub verify`", file.name, odd)
