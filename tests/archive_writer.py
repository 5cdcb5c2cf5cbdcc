"""A process of its own that pushes: `python -m tests.archive_writer URL PREFIX COUNT BATCH`.

Prints `ready`, waits for a line on standard input, then prints each id once it is acknowledged.
"""

import sys

from tests.archive_fixtures import Archive


def main() -> None:
    """Push COUNT reports in batches."""
    url, prefix, count, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    archive = Archive(url)
    _say("ready")
    sys.stdin.readline()
    for start in range(0, count, batch):
        checked = [archive.threat(f"{prefix}{number}") for number in range(start, min(start + batch, count))]
        for outcome in archive.intake.record(checked):
            if outcome.status in {"stored", "duplicate"}:
                _say(outcome.id)
    archive.store.close()


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
