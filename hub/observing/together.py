"""What the processes behind one address count, told by whichever is asked: each leaves its numbers in a file.

A scrape meets one process by chance. So each writes what it counts into the hub's folder every few seconds, and whoever
is asked tells its own numbers and those of the others that live, each with the label `worker`.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.to_thread
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from hub.views_files import number_of

SECONDS = 5.0
"""How often a process writes down its numbers, and so how old those of another one may be."""

GONE_SECONDS = 20.0
"""Whoever wrote nothing for so long does not live any more."""

LABEL = "worker"


class Together:
    """The numbers of one process beside those of the others on its folder.

    Args:
        views: the file of views that this process has; its number names the process.
        own: writes what this process counts.
    """

    def __init__(self, views: Path, own: Callable[[], bytes]) -> None:
        self._folder = views.parent
        self._number = number_of(views)
        self._own = own

    async def run(self) -> None:
        """Keep the own numbers where the others find them, until cancelled."""
        try:
            while True:
                await anyio.to_thread.run_sync(self._write)
                await anyio.sleep(SECONDS)
        finally:
            self._file(self._number).unlink(missing_ok=True)

    def _write(self) -> None:
        target = self._file(self._number)
        draft = target.with_suffix(".part")
        with suppress(OSError):  # a disk that takes nothing is told by `hub_disk_free_bytes`
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(self._own())
            draft.rename(target)

    def text(self) -> bytes:
        """Return the numbers of all processes that live, in the Prometheus text format."""
        found = {self._number: self._own().decode()}
        for file in self._folder.glob("metrics-*.prom"):
            number = int(file.stem.removeprefix("metrics-"))
            with suppress(FileNotFoundError):
                if number != self._number and time.time() - file.stat().st_mtime < GONE_SECONDS:
                    found[number] = file.read_text("utf-8")
        registry = CollectorRegistry()
        registry.register(_Merged(found))
        return generate_latest(registry)

    def _file(self, number: int) -> Path:
        return self._folder / f"metrics-{number}.prom"


class _Merged(Collector):
    def __init__(self, texts: dict[int, str]) -> None:
        self._texts = texts

    def describe(self) -> list[Metric]:
        """Tell nothing before it is asked."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return each metric once, with the samples of all."""
        merged: dict[str, Metric] = {}
        for number, text in sorted(self._texts.items()):
            for family in text_string_to_metric_families(text):
                kept = merged.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for one in family.samples:
                    kept.add_sample(one.name, {**one.labels, LABEL: str(number)}, one.value)
        yield from merged.values()
