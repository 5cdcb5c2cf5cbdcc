"""The package as it is installed: with the browser part, and without anything that only builders need."""

import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[2]


def built(kind: str, folder: Path) -> Path:
    """Build a distribution; the browser part is built already (`make web`)."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-4000:]
    [made] = folder.iterdir()
    return made


def test_a_wheel_needs_no_node(tmp_path: Path) -> None:
    with ZipFile(built("wheel", tmp_path)) as wheel:
        names = set(wheel.namelist())
    assert {"hub/pages/built/live.js", "hub/pages/static/hub.css", "schemas/common.json"} <= names
    assert not [name for name in names if name.startswith(("web/", "tests/", "node_modules/"))]


def test_a_source_distribution_brings_what_it_is_built_from(tmp_path: Path) -> None:
    with tarfile.open(built("sdist", tmp_path)) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    assert {"web/build_hook.py", "web/package-lock.json", "web/src/islands/live.ts", "web/.npmrc"} <= names
    assert not [name for name in names if "node_modules" in name]
