"""What partners tell of who lawyers are, in tests of suggestions; all names invented."""

from pathlib import Path
from typing import Any

from events.audience import Reader
from events.event import RecordedEvent
from projections.reading_room import ReadingRoom
from projections.suggestions.query import SuggestionQuery
from schemas.registry import Registry
from tests.logs import PARTNER, Ask, MemoryLog

Json = Any

A, B, C = (f"lawyer:harbour-bar-watch.{number}" for number in (1, 2, 3))
OWN, OTHER, THIRD = "harbour-bar-watch", "open-docket", "quill-network"
BOTH = f"{OWN},{OTHER}"
NAMES = ("Tavriel Mostrakov", "Тавриэль Мостраков", "تافرييل موستراكوف")
"""One invented name in three scripts."""

COORDINATOR = SuggestionQuery(across=True)


def told(
    log: MemoryLog, no: int, *names: str, slug: str = OWN, level: str = "C2", **said: Any
) -> RecordedEvent:
    """Tell who a lawyer is, so that the partners in `audience` may know the names."""
    sealed: dict[str, Json] = {key: said.pop(key) for key in ("birth_year", "bar_number") if key in said}
    identity = {"names": [{"full": name} for name in names], **sealed}
    consent = {"consent_level": level, "scopes": ["letters"]}
    more: dict[str, Any] = {"audience": BOTH, "tlp": "amber", **said}
    return log.profile(no, slug, identity=identity, protection=consent, **more)


def judge(log: MemoryLog, left: str, right: str, judgement: str, **more: Any) -> RecordedEvent:
    """Judge whether two are one."""
    data = {"left": left, "right": right, "judgement": judgement}
    return log.add("identity.judged", data, THIRD, **more)


def pairs(answer: Json) -> list[tuple[str, str]]:
    """Return the two references of each suggestion."""
    return [(item["left"]["ref"], item["right"]["ref"]) for item in answer["items"]]


def answer(ask: Ask, reader: Reader = PARTNER, query: SuggestionQuery = COORDINATOR) -> Json:
    """Return what is suggested to somebody."""
    return ask(reader).suggestions(query)


def asked(ask: Ask, reader: Reader = PARTNER, query: SuggestionQuery = COORDINATOR) -> list[tuple[str, str]]:
    """Return the pairs that are suggested to somebody."""
    return pairs(answer(ask, reader, query))


class Opened:
    """A room without a thread of its own, up to date."""

    def __init__(self, registry: Registry, log: MemoryLog, path: Path) -> None:
        self._room = ReadingRoom(registry, log, path)

    def __enter__(self) -> ReadingRoom:
        self._room.catch_up()
        return self._room

    def __exit__(self, *_: object) -> None:
        self._room.stop()
