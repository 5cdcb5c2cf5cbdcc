"""Gathers every English text that pages say into the catalogues: `make texts`.

A translator finds new texts empty, and nothing that nobody says any more. Texts stand without places: a catalogue
changes only where words do.
"""

import io
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from events.event import Json
from hub.asyncapi import KINDS
from hub.texts.languages import DOMAINS, LANGUAGES

Text = tuple[str | tuple[str, ...], str | None]
"""What is said (one and many, where a number decides), and in which context."""

KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "plural": (1, 2),
}

_FOLDERS = ("hub.pages", "hub.digests", "hub.syndication", "hub.calendar")
"""Whose modules say something: pages, mails, feeds and calendars."""

_SOURCES = Path(__file__).parents[2] / "web" / "src"
_OPTIONS = {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}
_OF_A_DAY = re.compile(
    rb'"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By|Project-Id-Version'
    rb"|Report-Msgid-Bugs-To)[^\n]*\n"
)
"""Lines of a catalogue's head that change without a word having changed."""
_TEXT_KEYS = ("title", "description")


def said_by(domain: str) -> set[Text]:
    """Return every text of a domain, read from templates, modules, scripts, or contracts and norms."""
    by = {"pages": _of_pages, "browser": _of_scripts, "contracts": _of_contracts}
    return set(by[domain]())


def _of_pages() -> Iterator[Text]:
    for path in files("hub.pages").joinpath("templates").iterdir():
        yield from _extracted("jinja2.ext:babel_extract", path.read_bytes())
    beside = (files("hub").joinpath("problems.py"), files("hub.federation").joinpath("sentences.py"))
    folders = [module for name in _FOLDERS for module in _modules(files(name))]
    for path in (*folders, *beside):
        yield from _extracted("python", path.read_bytes())
    components = json.loads(files("hub.api").joinpath("components.json").read_bytes())
    yield from ((components[f"Feed{kind.capitalize()}"]["description"], None) for kind in KINDS)


def _modules(folder: Traversable) -> Iterator[Traversable]:
    for path in folder.iterdir():
        if path.is_dir():
            yield from _modules(path)
        elif path.name.endswith(".py"):
            yield path


def _of_scripts() -> Iterator[Text]:
    for path in sorted(_SOURCES.rglob("*.ts")):
        yield from _extracted("javascript", path.read_bytes())


def _extracted(method: str, body: bytes) -> Iterator[Text]:
    found = extract(method, io.BytesIO(body), KEYWORDS, options=_OPTIONS)
    for _, message, _, context in found:
        yield (message if isinstance(message, str) else tuple(message), context)


def _of_contracts() -> Iterator[Text]:
    folder = files("schemas")
    for path in (*folder.joinpath("types").iterdir(), folder.joinpath("common.json")):
        if path.name.endswith(".json"):
            yield from ((text, None) for text in _described(json.loads(path.read_bytes())))
    for path in folder.joinpath("vocabularies").iterdir():
        vocabulary = json.loads(path.read_bytes())
        yield (vocabulary["title"], None)
        yield from ((one["en"], vocabulary["name"]) for one in vocabulary["codes"].values())
    yield from _of_norms()
    graph = json.loads(folder.joinpath("graph.json").read_bytes())
    for context, name in (("kind", "kinds"), ("tie", "ties")):
        yield from ((one["en"], context) for one in graph[name].values())


def _of_norms() -> Iterator[Text]:
    listed = json.loads(files("projections.boards.law").joinpath("norms.json").read_bytes())
    for norm in listed["norms"]:
        yield (norm["title"], None)
        within = norm.get("vocabulary", norm["norm"])
        yield from ((one["label"], within) for one in norm["provisions"])


def _described(schema: Json) -> Iterator[str]:
    if isinstance(schema, list):
        for one in schema:
            yield from _described(one)
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        if key in _TEXT_KEYS and isinstance(value, str):
            yield value
        elif key == "x-labels":
            yield from value.values()
        elif key not in {"examples", "enum", "const"}:
            yield from _described(value)


def gather(language: str, domain: str, place: Path) -> None:
    """Bring one catalogue up to date: all that is said, translated as before or empty, and nothing else."""
    before = (
        read_po(io.BytesIO(place.read_bytes()), locale=language)
        if place.exists()
        else Catalog(locale=language)
    )
    now = Catalog(locale=language, domain=domain, copyright_holder="", fuzzy=False)
    now.header_comment = f"# What the {domain} say, in {LANGUAGES[language].name}."
    for message, context in sorted(said_by(domain), key=repr):
        old = before.get(message, context)
        now.add(message, old.string if old is not None else None, context=context)
    place.parent.mkdir(exist_ok=True)
    written = io.BytesIO()
    write_po(written, now, width=110, ignore_obsolete=True)
    place.write_bytes(_OF_A_DAY.sub(b"", written.getvalue()))


def main() -> None:
    """Bring every catalogue up to date."""
    for language in LANGUAGES:
        for domain in DOMAINS:
            if language != "en":
                gather(language, domain, Path(__file__).parent / language / f"{domain}.po")


if __name__ == "__main__":
    main()
