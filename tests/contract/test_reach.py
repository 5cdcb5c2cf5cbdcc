"""What routes, pages and feeds can reach: sights and intake; neither the log nor an unpurged view."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hub.state import HubState

ROOT = Path(__file__).parents[2]
DOORS = sorted(
    [*(file for part in ("api", "pages", "feeds") for file in (ROOT / "hub" / part).rglob("*.py"))]
    + [ROOT / "hub" / name for name in ("access.py", "latest.py", "routes.py", "routing.py")]
)

TAKEN: Mapping[str, frozenset[str]] = {
    "events.envelope": frozenset({"from_headers"}),
    "events.glass": frozenset({"Glass", "GlassRefused", "GlassRequest"}),
    "events.intake": frozenset({"Intake"}),
    "projections.dossier_sight": frozenset({"LISTS", "ListQuery"}),
    "projections.event_query": frozenset({"EventPage", "EventQuery"}),
    "projections.feed": frozenset({"FeedMessage"}),
    "projections.labels": frozenset({"class_of"}),
    "projections.reading_room": frozenset({"ReadingRoom"}),
    "projections.sight": frozenset({"Sight"}),
}
"""What may be taken from modules that hold more than that; pyproject.toml says from which modules at all."""

OF_THE_ROOM = frozenset({"purge", "position", "turned", "status", "on_erasure", "trouble"})
"""What routes, pages and feeds may ask of the reading room; the rest is for the hub itself and for operators."""

DECLARED = {"hub/api/glass.py": ["room.break_glass"], "hub/feeds/sharing.py": ["room.edge"]}
"""The two ways around a sight.

Two stewards open one event, each reading recorded (docs/audience.md). And the feed takes the newest of the log once for
all, as a closed thing of which only a sight can make what one class is told (docs/decisions/0023).
"""

UNPURGED = frozenset({"store", "vault", "database", "rulings", "tail", "views", "timeline_view", "log"})


def oddities(source: str) -> list[str]:
    """Return whatever in a module reaches beyond its sights."""
    return sorted({said for node in ast.walk(ast.parse(source)) for said in _oddities(node)})


def _oddities(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Subscript) and _is_state(node.value):
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if key not in HubState.__annotations__:
            yield f"state[{ast.unparse(node.slice)}]"
    elif isinstance(node, ast.Attribute):
        yield from _of_attribute(node)
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        mine = TAKEN.get(module)
        yield from (f"{module}.{one.name}" for one in node.names if mine and one.name not in mine)
    elif isinstance(node, ast.Import):
        yield from (one.name for one in node.names if one.name.startswith(("events", "projections")))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield from (node.func.id for _ in "1" if node.func.id in {"getattr", "vars", "__import__"})


def _of_attribute(node: ast.Attribute) -> Iterator[str]:
    owner = ast.unparse(node.value)
    if node.attr.strip("_") in UNPURGED:
        yield f".{node.attr}"
    elif owner.endswith(("['room']", ".room", "._room")) or owner == "room":
        yield from (f"room.{node.attr}" for _ in "1" if node.attr not in OF_THE_ROOM)
    elif owner in {"importlib", "inspect", "gc"}:
        yield f"{owner}.{node.attr}"


def _is_state(node: ast.expr) -> bool:
    return ast.unparse(node).endswith((".state", "hub", "._hub", "._state"))


@pytest.mark.parametrize("file", DOORS, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_of_the_street_door_reaches_no_further_than_its_sights(file: Path) -> None:
    assert oddities(file.read_text("utf-8")) == DECLARED.get(str(file.relative_to(ROOT)), [])


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('head = request.state["store"].head()', "state['store']"),
        ('hub = request.state; hub["vault"]', "state['vault']"),
        ("request.state[name]", "state[name]"),
        ('self._hub["store"]', "state['store']"),
        ("request.state.store", ".store"),
        ('request.state["intake"]._store', "._store"),
        ('request.state["room"]._database.writer', "._database"),
        ('request.state["room"].stalls()', "room.stalls"),
        ("room = 1; room.rebuild('graph')", "room.rebuild"),
        ("self._room.next_release()", "room.next_release"),
        ("from projections.labels import Labels", "projections.labels.Labels"),
        ("from projections.dossier_sight import DossierSight", "projections.dossier_sight.DossierSight"),
        ("from events.envelope import Envelopes", "events.envelope.Envelopes"),
        ("import events.store", "events.store"),
        ('getattr(request.state["room"], "_tail")', "getattr"),
        ('importlib.import_module("events.store")', "importlib.import_module"),
    ],
)
def test_what_reaches_further_is_found(line: str, found: str) -> None:
    assert found in oddities(line)


def test_the_bag_of_a_running_hub_holds_nothing_unpurged() -> None:
    assert not UNPURGED & set(HubState.__annotations__)


PLANTED = {
    "hub/api/search.py": ("from events.store import Store", "events.store"),
    "hub/api/graph.py": ("from projections.graph.network import Network", "projections.graph.network"),
    "hub/api/me.py": ("import projections.labels", "projections.labels"),
    "hub/api/lists.py": ("import projections.dossiers", "projections.dossiers"),
    "hub/api/health.py": ("import projections.tail", "projections.tail"),
    "hub/api/reading.py": ("import sqlite3", "sqlite3"),
    "hub/pages/views.py": ("from projections.timeline import TimelineView", "projections.timeline"),
    "hub/pages/reference.py": ("from hub.app import build", "hub.app"),
    "hub/feeds/sse.py": ("import events.vault", "events.vault"),
    "hub/feeds/broadcast.py": ("from projections.rulings import Rulings", "projections.rulings"),
    "hub/feeds/opening.py": ("import projections.database", "projections.database"),
    "hub/latest.py": ("from projections.search import SearchView", "projections.search"),
    "hub/state.py": ("if TYPE_CHECKING:\n    from events.sqlite import SqliteLog", "events.sqlite"),
    "hub/pulse.py": ("from events.store import Store", "events.store"),
    "hub/a_new_helper.py": ("import events.sealing", "events.sealing"),
}
"""An import where it must not be, and the module that it reaches."""


def test_the_contracts_find_whatever_is_planted(tmp_path: Path) -> None:
    for package in ("hub", "projections", "events", "schemas"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=lambda _, names: _but_code(names))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, (line, _) in PLANTED.items():
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    said = complaints(tmp_path)
    pairs = [f"{name[:-3].replace('/', '.')} -> {reached} " for name, (_, reached) in PLANTED.items()]
    assert [pair for pair in pairs if pair not in said] == []


def _but_code(names: list[str]) -> set[str]:
    return {name for name in names if "." in name and not name.endswith(".py")} | {"__pycache__"}


def complaints(folder: Path) -> str:
    """Return what the contracts of `make layers` say of a folder."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return run.stdout + run.stderr
