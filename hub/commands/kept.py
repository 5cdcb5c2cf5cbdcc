"""Checkpoints that somebody kept, read as they were printed: whoever needs one has no other at that moment."""

import re
from pathlib import Path

from hub.commands.refusals import NotHere

_CHECKPOINT = re.compile(
    r"^\S+\n(?:0|[1-9][0-9]{0,18})\n[A-Za-z0-9+/]{43}=\n(?:\S.*\n)*\n(?:\N{EM DASH} \S+ \S+\n)+", re.MULTILINE
)


def kept_checkpoint(file: Path) -> str:
    """Return the checkpoint in a file, whatever stands around it, such as what `hub witness list` prints with it.

    Raises:
        NotHere: it cannot be read, or holds none, or several.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as odd:
        raise NotHere(f"{file} cannot be read as a checkpoint.") from odd
    found = _CHECKPOINT.findall(f"{text}\n")
    if len(found) != 1:
        raise NotHere(
            f"{file} holds {len(found) or 'no'} checkpoints, and one is needed: the name of the log, a number, a "
            "digest, an empty line, and lines that begin with \N{EM DASH}, as they were printed."
        )
    return str(found[0])
