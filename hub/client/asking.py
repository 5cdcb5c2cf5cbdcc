"""What a program asks a hub for: filters, addresses and pages, in the hub's words."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypedDict
from urllib.parse import urlsplit

Json = Any
Texts = str | Sequence[str]

API = "/api/v1"
EVENTS = f"{API}/events"
PAGE = 1000


class Filters(TypedDict, total=False):
    """What events and messages to ask for; several values of one filter are alternatives, filters add up."""

    types: Texts
    """Event types; `*` stands for any part, as in `threat.*`."""
    countries: Texts
    """Codes of countries that they touch."""
    about: Texts
    """References that they touch."""
    partners: Texts
    """Slugs of those who published them."""
    urgencies: Texts
    """Their urgencies, e.g. `urgent`."""
    since: str
    """Recorded on this day or later."""
    until: str
    """Recorded on this day or earlier."""


_NAMES = MappingProxyType(
    {
        "types": "type",
        "countries": "country",
        "about": "about",
        "partners": "partner",
        "urgencies": "urgency",
        "since": "since",
        "until": "until",
    }
)


def pairs(filters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return filters as an address bears them.

    Raises:
        TypeError: there is no such filter.
    """
    unknown = filters.keys() - _NAMES.keys()
    if unknown:
        raise TypeError(f"There is no filter {', '.join(sorted(unknown))}; there are {', '.join(_NAMES)}.")
    return [(_NAMES[name], one) for name, said in filters.items() for one in texts(said)]


def texts(said: Texts) -> Sequence[str]:
    """Return one text or several as several."""
    return (said,) if isinstance(said, str) else said


def path_of(said: str) -> str:
    """Return a path as the hub knows it: what does not begin with a slash is below `/api/v1`."""
    return said if said.startswith("/") else f"{API}/{said}"


def address_of(url: str) -> str:
    """Return the address of a hub without a slash at its end.

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("The address of a hub begins with http:// or https://.")
    return url.rstrip("/")


class Pages:
    """Walks through the pages of a list of events: ask for `query`, hand the answer to `take`, until `is_done`."""

    def __init__(self, filters: Mapping[str, Any], after: str | None, limit: int) -> None:
        self._filters = [*pairs(filters), ("limit", str(limit))]
        self._after = after
        self.is_done = False

    @property
    def query(self) -> list[tuple[str, str]]:
        """What to ask for next."""
        return self._filters + ([("after", self._after)] if self._after else [])

    def take(self, answer: Json) -> list[Json]:
        """Return the events of a page, and note where the next begins."""
        self._after = answer["next"]
        self.is_done = self._after is None
        events: list[Json] = answer["events"]
        return events
