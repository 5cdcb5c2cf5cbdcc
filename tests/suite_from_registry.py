"""Fetches the official JSON-Schema-Test-Suite from the package registry: the source package of `jsonschema` carries it.

It is not copied into this repository. `python -m tests.suite_from_registry` fills the cache ahead of a test run.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "jsonschema"
VERSION = "4.26.0"
SHA256 = "0c26707e2efad8aa1bfc5b7ce170f3fccc2e4918ff85989ba9ffa9facb2be326"
CACHE = Path(__file__).parents[1] / ".cache"
ATTEMPTS = 3


class SuiteUnreachable(RuntimeError):
    """The registry did not give the package; without it the validators are not proved, so the tests must fail."""


def suite_folder(cache: Path = CACHE) -> Path:
    """Return the folder of the suite (`tests/`, `remotes/`), fetched on first need; several processes may ask."""
    home = cache / f"json-schema-test-suite-{SHA256[:12]}"
    if not home.exists():
        cache.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as workshop:
            unpacked = _unpack(_download(Path(workshop)), Path(workshop))
            try:
                unpacked.rename(home)
            except OSError:
                if not home.exists():  # else another process was first
                    raise
    return home


def _download(workshop: Path) -> Path:
    requirement = workshop / "requirement.txt"
    requirement.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n", encoding="utf-8")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "download",
        "--quiet",
        "--retries",
        "3",
    ]
    only = [
        "--no-deps",
        "--no-binary",
        PACKAGE,
        "--require-hashes",
        "-r",
        str(requirement),
        "-d",
        str(workshop),
    ]
    said = ""
    for _ in range(ATTEMPTS):
        done = subprocess.run([*pip, *only], capture_output=True, text=True, check=False, timeout=90)
        if done.returncode == 0:
            return workshop / f"{PACKAGE}-{VERSION}.tar.gz"
        said = done.stderr
    raise SuiteUnreachable(f"{PACKAGE} {VERSION} could not be fetched from the package registry:\n{said}")


def _unpack(archive: Path, workshop: Path) -> Path:
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise SuiteUnreachable(f"{archive.name} is not the file that was asked for")
    top = f"{PACKAGE}-{VERSION}/json/"
    with tarfile.open(archive) as package:
        members = [member for member in package.getmembers() if member.name.startswith(top)]
        package.extractall(workshop, members, filter="data")
    return workshop / f"{PACKAGE}-{VERSION}" / "json"


if __name__ == "__main__":
    sys.stdout.write(f"{suite_folder()}\n")
