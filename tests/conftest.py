"""What holds for every test: settings of the property tests and of the collector of garbage, and what is measured."""

import gc
import os
import sys
from collections.abc import Generator
from functools import _lru_cache_wrapper

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings

settings.register_profile(
    "default",
    deadline=None,  # machines are shared: time belongs in benchmarks
    derandomize=True,  # a change fails because of what it does, not by luck
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(
    "deep", parent=settings.get_profile("default"), derandomize=False, max_examples=20_000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# Thousands of hubs are opened and closed: looking through all that lives as often as usual takes a tenth of the time.
gc.set_threshold(50_000, 20, 50)

UNMEASURED = {
    "browser",
    "faults",
    "test_asyncapi.py",
    "test_canaries.py",
    "test_canaries_aside.py",
    "test_docs.py",
    "test_evidence_hides.py",
    "test_follow_kill.py",
    "test_foreign_clients.py",
    "test_json_schema_suite.py",
    "test_kept_boards.py",
    "test_kill.py",
    "test_languages.py",
    "test_many_hubs.py",
    "test_matrix.py",
    "test_metamorphic.py",
    "test_non_interference.py",
    "test_reach.py",
    "test_scenario_orders.py",
    "test_security.py",
    "test_server.py",
    "test_stalled.py",
    "test_views_exchanged.py",
    "test_webhook_sequences.py",
    "test_websocket_conformance.py",
}
"""Folders and files whose tests ask again, in many ways, for what others run through."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what need not be measured, and put it behind the rest."""
    for item in items:
        if UNMEASURED & {item.path.name, item.path.parent.name}:
            item.add_marker("unmeasured")
    items.sort(key=_is_unmeasured)


def _is_unmeasured(item: pytest.Item) -> bool:
    return item.get_closest_marker("unmeasured") is not None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Stop measuring, which doubles the time, for a test marked `unmeasured` and for the processes that it starts."""
    measuring = Coverage.current()
    if measuring is None or not _is_unmeasured(item):
        return (yield)
    inherited = os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    measuring.stop()
    try:
        return (yield)
    finally:
        if nextitem is not None and not _is_unmeasured(nextitem):
            _forget()
        measuring.start()
        if inherited is not None:
            os.environ["COVERAGE_PROCESS_CONFIG"] = inherited


def _forget() -> None:
    """Clear what functions remember: what is made once must be made where it is measured, whoever came first."""
    for name, module in [*sys.modules.items()]:
        if name.partition(".")[0] in {"schemas", "events", "projections"}:
            for one in vars(module).values():
                if isinstance(one, _lru_cache_wrapper):
                    one.cache_clear()
