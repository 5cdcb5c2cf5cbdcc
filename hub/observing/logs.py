"""Log lines: one JSON object each, on standard error, that tell what happened and where, never with whose values.

What the hub's own logger says is written by us and holds no values. What any other logger says may hold them, like
every message of an error: of those only the kind and the place are written.
"""

import asyncio
import logging
import sys
import traceback
from typing import Any, Literal

import structlog

OWN = "hub"
INSTANCE = "hub_instance"
"""Where an error that was told already keeps the name under which it was; nobody tells it again."""

_MOST_PLACES = 30

Form = Literal["json", "text"]


def log_lines(form: str, level: str) -> None:
    """Send what is logged to standard error, one line each.

    Args:
        form: `json` or `text`.
        level: the least that is written: `debug`, `info`, `warning` or `error`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(form))
    handler.addFilter(is_news)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OWN).setLevel(level.upper())


def formatter(form: str) -> logging.Formatter:
    """Return what writes a line."""
    ends: Any = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.processors.LogfmtRenderer()
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(
                allow=("instance", "error", "at", "address", "status", "milliseconds")
            ),
        ],
        processors=[_without_values, structlog.stdlib.ProcessorFormatter.remove_processors_meta, ends],
    )


def is_news(record: logging.LogRecord) -> bool:
    """Tell whether a record says anything that was not said already."""
    error = record.exc_info[1] if record.exc_info else None
    return record.name == OWN or not hasattr(error, INSTANCE)


def tell_unexpected(error: Exception, instance: str) -> None:
    """Write down an error that nobody foresaw, under the name that its answer bears."""
    setattr(error, INSTANCE, instance)
    kind = type(error).__name__
    # Not as `exc_info`: another handler would write the message as well.
    told = {"instance": instance, "error": kind, "at": places_of(error)}
    logging.getLogger(OWN).error("unexpected %s", kind, extra=told)


def log_kind_alone(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody caught in the event loop; asyncio's own sentence would hold the values of it."""
    error = context.get("exception")
    kind = type(error).__name__ if error else "event"
    logging.getLogger(OWN).error("unexpected %s in the event loop", kind, exc_info=error)


def places_of(error: BaseException) -> list[str]:
    """Return where an error came through, outermost first, as file:line and function."""
    steps = traceback.extract_tb(error.__traceback__)[-_MOST_PLACES:]
    return [f"{one.filename}:{one.lineno} {one.name}" for one in steps]


def _without_values(_: Any, __: str, said: Any) -> Any:
    record: logging.LogRecord = said["_record"]
    is_own = record.name == OWN
    if not is_own:
        # A message without its values is no sentence; the place leads to it.
        said["event"] = f"{record.pathname}:{record.lineno}"
    said["logger"] = record.name
    error = (said.pop("exc_info", None) or (None, None))[1]
    if error is not None:
        said["error"] = type(error).__name__
        said["at"] = places_of(error)
    said.pop("stack_info", None)
    return said
