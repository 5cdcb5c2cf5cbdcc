"""Spans: how long each part of the hub's work took, for those who collect them by OpenTelemetry.

Off unless the standard variables name where they go. A span bears a name from our own lists and numbers, nothing that
came from outside: no context of a caller is taken over, no error is written into it.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.metrics import NAME
from hub.settings import SettingsRefused

VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE = "solidarity-hub"

Numbers = Mapping[str, int | float | str]


class Tracer(Protocol):
    """Takes spans."""

    @property
    def is_on(self) -> bool:
        """Whether anybody takes them."""

    def span(
        self, name: str, numbers: Numbers | None = None
    ) -> AbstractContextManager[Callable[[Numbers], None]]:
        """Take how long the block lasts; it may add numbers by what it is given."""

    def past(self, name: str, began: int, ended: int) -> None:
        """Take something that is over; both in nanoseconds since 1970."""

    def close(self) -> None:
        """Send what has not been sent."""


class Silent:
    """Takes nothing, and costs next to nothing."""

    is_on = False

    def __init__(self) -> None:
        self._nothing = nullcontext(_ignore)

    def span(self, _: str, __: Numbers | None = None) -> AbstractContextManager[Callable[[Numbers], None]]:
        """Take nothing."""
        return self._nothing

    def past(self, _: str, __: int, ___: int) -> None:
        """Take nothing."""

    def close(self) -> None:
        """Have nothing to send."""


class Spans:
    """Sends spans by OpenTelemetry.

    Args:
        provider: of its SDK, with whatever exports.
    """

    is_on = True

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(SERVICE)

    @contextmanager
    def span(self, name: str, numbers: Numbers | None = None) -> Iterator[Callable[[Numbers], None]]:
        """Take how long the block lasts; of an error only that there was one."""
        quiet = {"record_exception": False, "set_status_on_exception": False}
        with self._tracer.start_as_current_span(name, attributes=dict(numbers or {}), **quiet) as span:
            try:
                yield span.set_attributes
            except BaseException:
                span.set_attribute("hub.failed", 1)
                raise

    def past(self, name: str, began: int, ended: int) -> None:
        """Take something that is over; it belongs to no other."""
        from opentelemetry.context import Context

        self._tracer.start_span(name, context=Context(), start_time=began).end(ended)

    def close(self) -> None:
        """Send what has not been sent."""
        self._provider.shutdown()


class TraceAnswers:
    """Takes how long each answer takes, under the name of its address."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on within a span."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._tracer.span("answer") as tell:

            async def telling(message: Message) -> None:
                if message["type"] == "http.response.start":
                    tell(
                        {
                            "hub.address": scope.get(NAME, "none"),
                            "http.response.status_code": message["status"],
                        }
                    )
                await send(message)

            await self._app(scope, receive, telling)


def open_tracer(environ: Mapping[str, str]) -> Tracer:
    """Return what sends spans where the standard variables say; without them nothing is taken.

    Call it in the process that serves: it sends from a thread of its own.

    Raises:
        SettingsRefused: they say so, and the packages are not here.
    """
    if not any(environ.get(name) for name in VARIABLES) or environ.get("OTEL_SDK_DISABLED") == "true":
        return Silent()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as missing:
        raise SettingsRefused(
            f"{VARIABLES[0]} is set, but traces need more packages: pip install 'solidarity-hub[traces]'."
        ) from missing
    # Of this machine, its processes and its folders nothing: only what the operator says.
    named = {"service.name": environ.get("OTEL_SERVICE_NAME") or SERVICE}
    provider = TracerProvider(resource=Resource(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)


def _ignore(_: Numbers) -> None:
    """Take no numbers."""
