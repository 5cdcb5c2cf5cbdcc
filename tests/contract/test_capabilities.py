"""`docs/capabilities.md`: every row of the founding documents, and where it lives in the hub as it is."""

import re
from pathlib import Path

import click
import pytest

from hub.commands.root import hub
from hub.routes import addresses
from tests.running import registry

TEXT = (Path(__file__).parents[2] / "docs" / "capabilities.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([AB]\d+[a-f]?) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
API = "/api/v1"


def test_every_row_is_there_once_and_in_order() -> None:
    asked = [f"A{number}" for number in range(17)]
    for base, letters in (("A13", "abcdef"), ("A15", "abc")):
        place = asked.index(base) + 1
        asked[place:place] = [f"{base}{letter}" for letter in letters]
    assert [row for row, _, _ in ROWS] == asked + [f"B{number}" for number in range(41)]


@pytest.mark.parametrize(
    "place", sorted({one for _, _, where in ROWS for one in re.findall("`(.+?)`", where)})
)
def test_what_a_row_names_is_there(place: str) -> None:
    if place.startswith("hub "):
        command: click.Command = hub
        for word in place.split()[1:]:
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), word)
            assert found is not None, place
            command = found
    elif " /" in place:
        method, path = place.split()
        there = {(one.method, one.path) for one in addresses()}
        assert {(method, path), (method, API + path)} & there, place
    else:
        assert place in registry().types


def test_every_row_names_something() -> None:
    assert all(re.search("`.+?`", where) for _, _, where in ROWS)
