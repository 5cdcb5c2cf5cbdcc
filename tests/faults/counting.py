"""Counts of what was acknowledged, lost and doubled: each run leaves them in a file, and the table is made of those.

`python -m tests.faults.counting` prints the table of `docs/reliability.md` from the last `make test-faults`.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = "FAULTS_COUNTS"
"""Names the folder that gets the counts; without it they are only checked."""


def count(fault: str, acknowledged: Iterable[str], recorded: Iterable[str], **more: int) -> dict[str, Any]:
    """Compare what clients were told with what is recorded; note the numbers and check them."""
    told, there = set(acknowledged), Counter(recorded)
    lost = sorted(one for one in told if not there[one])
    doubled = sorted(one for one, times in there.items() if times > 1)
    row = {"acknowledged": len(told), "lost": len(lost), "doubled": len(doubled), **more}
    note(fault, row)
    assert (lost, doubled) == ([], []), row
    return row


def note(fault: str, row: dict[str, Any]) -> None:
    """Leave the numbers of one fault."""
    folder = os.environ.get(FOLDER)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{fault}.json").write_text(json.dumps(row), "utf-8")


def table(folder: Path) -> str:
    """Return the numbers as a table."""
    lines = ["| fault | acknowledged | lost | doubled | more |", "|---|---:|---:|---:|---|"]
    for file in sorted(folder.glob("*.json")):
        row = json.loads(file.read_text("utf-8"))
        numbers = [str(row.pop(name, "-")) for name in ("acknowledged", "lost", "doubled")]
        more = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in row.items())
        lines.append(f"| {file.stem.replace('_', ' ')} | {' | '.join(numbers)} | {more} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(Path(os.environ.get(FOLDER, ".cache/faults"))))  # noqa: T201  # it is what it is for
