"""Reads the tables in projections/names/data; each is read once, when first asked for."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

Json = Any


@cache
def table(name: str) -> Json:
    """Return the table of that name, e.g. `letters`; do not change it."""
    return json.loads(files("projections.names").joinpath("data", f"{name}.json").read_text(encoding="utf-8"))
