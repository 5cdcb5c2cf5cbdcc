"""The page of all settings, from their catalogue: `python -m tests.settings_page > docs/settings.md`."""

import dataclasses
import sys
from pathlib import Path
from typing import Any

from hub.settings import PREFIX, Settings

HEAD = """# Settings

Each is a variable, `HUB_` and its name; commands have flags for those that they need, which win. An unknown one ends
every command with exit status 2. Made by `python -m tests.settings_page`.

| variable | unit | default | says |
|---|---|---|---|
"""


def page() -> str:
    """Return the page."""
    return HEAD + "".join(f"{_row(one)}\n" for one in dataclasses.fields(Settings))


def _row(one: "dataclasses.Field[Any]") -> str:
    said = one.metadata["help"].replace("|", "\\|")
    return f"| `{PREFIX}{one.name.upper()}` | {one.metadata['unit']} | {_default(one.default)} | {said} |"


def _default(value: Any) -> str:
    if value is False:
        return "no"
    if value in ("", (), None):
        return "none"
    shown = (
        f"{value:g}"
        if isinstance(value, float)
        else str(value.as_posix() if isinstance(value, Path) else value)
    )
    return f"`{shown}`"


if __name__ == "__main__":
    sys.stdout.write(page())
