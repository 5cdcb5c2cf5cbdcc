"""A process of its own that is killed between the vault's commit and the log's: `... URL keys|destruction`."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from tests.archive_fixtures import Archive


def main(url: str, moment: str) -> None:
    """Push something that makes a key, or that destroys one, and die when the log is about to be written."""
    archive = Archive(url)
    sealing: Any = archive.store._sealing
    genuine = sealing.rows

    def rows(drafts: Sequence[Any]) -> None:
        genuine(drafts)
        os.kill(os.getpid(), signal.SIGKILL)

    sealing.rows = rows
    lawyer = "lawyer:harbour-bar-watch.1"
    if moment == "destruction":
        said = {"subject_of_erasure": lawyer, "scope": ["subject_key"], "role": "controller"}
        archive.push("stewards", "erasure.executed", said, id="dying")
    else:
        said = {"threat": "threat:harbour-bar-watch.9", "targets": ["lawyer:harbour-bar-watch.7"]}
        more = {"categories": ["liberty.arrest"], "narrative": "Never written."}
        archive.push("harbour-bar-watch", "threat.reported", {**said, **more}, id="dying")


if __name__ == "__main__":
    main(*sys.argv[1:])
