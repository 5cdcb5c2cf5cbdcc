"""What the hub counts about itself; never anything about partners or events."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.state import Closing
from projections.reading_room import ReadingRoom

NAME = "hub.name"
"""Where the router leaves the name of the address that answered, in the scope."""


class Metrics:
    """The counters of one hub, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "hub_answers", "Answers by address and status.", ["address", "status"], registry=self._registry
        )
        self._recorded = Histogram(
            "hub_recorded_events",
            "Events recorded by one call.",
            registry=self._registry,
            buckets=(1, 10, 100, 1000, 10_000),
        )
        self._listeners = Gauge("hub_listeners", "Open feeds.", registry=self._registry)
        self._lag = Gauge(
            "hub_view_lag", "Events a view is behind the log.", ["view"], registry=self._registry
        )

    def watch(self, room: ReadingRoom, closing: Closing) -> None:
        """Take from now on the lag and the listeners from where they are known."""
        self._listeners.set_function(lambda: closing.listeners)
        for view in room.status():
            self._lag.labels(view.name).set_function(_Lag(room, view.name))

    def answered(self, address: str, status: int) -> None:
        """Count one answer."""
        self._answers.labels(address, str(status)).inc()

    def recorded(self, events: int) -> None:
        """Count the events that one call recorded."""
        self._recorded.observe(events)

    def text(self) -> bytes:
        """Write everything in the Prometheus text format."""
        return generate_latest(self._registry)


class CountAnswers:
    """Counts every HTTP answer under the name of its address."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, and count the start of its answer."""

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answered(scope.get(NAME, "none"), message["status"])
            await send(message)

        await self._app(scope, receive, counting if scope["type"] == "http" else send)


class _Lag:
    """Asks for the lag of one view when the metrics are written."""

    def __init__(self, room: ReadingRoom, name: str) -> None:
        self._room = room
        self._name = name

    def __call__(self) -> float:
        return next((one.lag for one in self._room.status() if one.name == self._name), 0)
