"""Ingest: how fast events become durable, what each costs, and what that is worth beside the limits."""

import os

from benchmarks import ingest_cost, ingest_http, ingest_postgres
from benchmarks.measure import Figure

SIZES = (1_000, 10_000, 100_000)


def run() -> list[Figure]:
    """Measure all of it; with BENCH_BIG=1 also a log of a million."""
    sizes = (*SIZES, 1_000_000) if os.environ.get("BENCH_BIG") else SIZES
    return [
        *ingest_http.measure(),
        ingest_cost.profile(),
        ingest_cost.growth(sizes),
        *ingest_postgres.measure(),
    ]
