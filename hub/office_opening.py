"""Whether the hubs on a log share accounts and subscriptions, and whose turn it is among them."""

from pathlib import Path

from hub.office_postgres import PostgresOffice
from hub.settings import Settings
from hub.shared_turn import SharedTurn
from hub.subscriptions.turn import Duty, Turn

TIMELINES = "timelines.json"


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
