"""`make bench` runs every part, `make bench PART=ingest` one. Fails only if a run is broken, never for being slow.

`make bench PART="graph 1000000"` measures the graph at so many nodes, `PART="boards 100000"` boards of so many events,
`PART="graph 1000000 3600 leiden,export"` in an hour these two figures of it alone (`benchmarks.graph.PARTS`),
`PART="scale 1000000"` a new hub on a log of so many, `PART="feeds storm"` these figures of the feed alone
(`benchmarks.feeds.PARTS`); what they find is kept under those words, beside the figures of the usual size.
"""

import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks import boards, bus, evidence, explore, feeds, graph, identity, ingest, replay, scale, sealing
from benchmarks.measure import Figure, keep

PARTS: dict[str, Callable[[], list[Figure]]] = {
    "boards": lambda: boards.run(*map(int, sys.argv[2:])),
    "bus": bus.run,
    "explore": explore.run,
    "evidence": evidence.run,
    "feeds": lambda: feeds.asked(sys.argv[2:]),
    "graph": lambda: graph.asked(sys.argv[2:]),
    "identity": identity.run,
    "ingest": ingest.run,
    "replay": replay.run,
    "scale": lambda: scale.run(*map(int, sys.argv[2:])),
    "sealing": sealing.run,
}


def show(part: str, figures: list[Figure]) -> None:
    """Print one part as a table."""
    table = Table(title=part)
    for heading in ("figure", "ours", "limit", "ratio", "goal", "met", "notes"):
        table.add_column(heading)
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.3g}"
        limit = "" if figure.limit is None else f"{figure.limit:,.4g} ({figure.limit_name})"
        met = {True: "yes", False: "no", None: ""}[figure.met]
        notes = ", ".join(
            f"{name} {value:,.3g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in figure.notes.items()
        )
        table.add_row(figure.name, f"{figure.ours:,.4g} {figure.unit}", limit, ratio, figure.goal, met, notes)
    Console(width=200).print(table)


def _chosen() -> list[str]:
    """Return which figures alone were asked for: they are kept apart."""
    if sys.argv[1:2] == ["feeds"]:
        return sys.argv[3:]
    return sys.argv[4].split(",") if len(sys.argv) > 4 else []


def main(asked: str) -> None:
    """Run the parts asked for."""
    for part, run in PARTS.items():
        if asked in ("all", part):
            figures = run()
            if figures:
                keep("_".join((part, *sys.argv[2:3], *_chosen())), figures)
                show(part, figures)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "all")
