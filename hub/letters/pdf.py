"""A letter as a PDF: tagged, in any script of our fonts, and of the same bytes whenever it is printed."""

import re
from importlib.resources import files
from typing import Any

import fontpkg
import orjson
import typst

Json = Any

MEDIA = "application/pdf"

_FIRST = ("Noto Serif", "Amiri")
"""Families for Latin, Greek and Cyrillic, and for Arabic; others that are installed stand in for the rest."""

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def pdf(shown: Json) -> bytes:
    """Print what a letter shows.

    Args:
        shown: of `hub.letters.content`.
    """
    families = sorted(map(fontpkg.family, fontpkg.families()), key=lambda one: (_rank(one.name), one.name))
    fonts = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(family.files[0].path.parent) for family in families],
    )
    told = {
        **shown,
        "fonts": [family.name for family in families],
        "lang": _language(shown["language"]),
        "day": _day(shown["date"]),
    }
    source = files("hub.letters").joinpath("letter.typ").read_bytes()
    inputs = {"letter": orjson.dumps(told).decode()}
    compiler = typst.Compiler(source, font_paths=fonts, ignore_system_fonts=True, sys_inputs=inputs)
    printed = compiler.compile(format="pdf", timestamp=0)
    assert isinstance(printed, bytes)  # noqa: S101  # a PDF is one file
    return printed


def _rank(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def _language(tag: str) -> str:
    stem = tag.partition("-")[0].lower()
    return stem if _LANGUAGE.fullmatch(stem) else "und"


def _day(date: str | None) -> list[int] | None:
    found = _DAY.match(date or "")
    return None if found is None else [int(part) for part in found.groups()]
