"""What a hub's folder had first, by name: a file of digests, so that whatever is another now is found."""

import json
import os
from collections.abc import Mapping
from pathlib import Path


def read_firsts(file: Path) -> dict[str, str]:
    """Return the digest of each name that is known; nothing if none ever was.

    Raises:
        ValueError: the file is damaged.
    """
    if not file.is_file():
        return {}
    found = json.loads(file.read_text("utf-8"))
    if not isinstance(found, dict):
        raise ValueError(file.name)  # noqa: TRY004 - the file is not what it was, whatever is in it
    return {str(name): str(digest) for name, digest in found.items()}


def keep_firsts(file: Path, known: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Add the digests of names that are new; those that are known keep what they had first.

    Args:
        file: where they are kept.
        known: what stands there.
        now: what there is now.
    """
    kept = {**now, **known}
    if kept == known:
        return
    draft = file.with_name(f"{file.name}.{os.getpid()}.draft")
    with draft.open("w", encoding="utf-8") as opened:
        opened.write(json.dumps(kept, indent=1, sort_keys=True))
        opened.flush()
        # A power cut must not leave half of it under its name: it would read as damage.
        os.fsync(opened.fileno())
    draft.replace(file)
