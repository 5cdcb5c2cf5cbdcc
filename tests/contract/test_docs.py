"""The documents are held to account: links lead somewhere, commands and addresses exist, decisions are numbered."""

import re
from pathlib import Path

import click
import pytest

from hub.commands.root import hub
from hub.routes import addresses

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("changes/*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


@pytest.mark.parametrize("name", NAMES)
def test_every_relative_link_leads_to_a_file(name: str) -> None:
    document = ROOT / name
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text())
    missing = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("name", NAMES)
def test_every_file_named_in_code_spans_exists(name: str) -> None:
    spans = re.findall(
        r"`((?:hub|events|projections|schemas|tests|docs|benchmarks)/[\w./-]+)`", (ROOT / name).read_text()
    )
    named = [span.split(":")[0] for span in spans if "office.searched" not in span]
    assert [span for span in named if not (ROOT / span).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_hub_command_in_the_documents_exists(name: str) -> None:
    shown = [
        words
        for line in (ROOT / name).read_text().splitlines()
        if line.startswith("    ") or "`hub " in line
        for words in re.findall(r"(?:^ {4,}|`|bin/)hub ([a-z-]+)(?: ([a-z]+))?", line)
    ]
    known = hub.list_commands(click.Context(hub))
    assert [words for words in shown if words[0] not in known] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_api_address_in_the_documents_is_routed(name: str) -> None:
    said = set(re.findall(r"/api/v1(/[a-z]+)", (ROOT / name).read_text()))
    routed = {
        re.sub(r"^/api/v1(/[a-z]+).*", r"\1", route.path)
        for route in addresses()
        if route.path.startswith("/api/v1/")
    }
    lists = routed | {"/lawyers"}
    assert said - lists == set()


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_target_the_readme_names_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)", (ROOT / "README.md").read_text())) <= targets | {"and"}
