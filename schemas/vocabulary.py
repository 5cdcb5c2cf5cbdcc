"""Controlled vocabularies: lists of codes with plain labels, and the guess at what somebody meant."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

Json = Any

_LONGEST_GUESSED = 80
"""Characters; difflib is quadratic, and no code or field name of ours comes near."""
_SHORTEST_GUESSED = 4


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One list of codes, read from `schemas/vocabularies/NAME.json`.

    Args:
        name: what schemas refer to, e.g. `threat_category`.
        title: the list's name for people, in English.
        codes: code → English label, in the order in which a form shows them.
        labels: language → code → label, English included.
    """

    name: str
    title: str
    codes: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]

    @classmethod
    def from_json(cls, document: Json) -> "Vocabulary":
        """Read the form that the file has: `{"name", "title", "codes": {code: {language: label}}}`."""
        labels: dict[str, dict[str, str]] = {"en": {}}
        for code, by_language in document["codes"].items():
            for language, label in by_language.items():
                labels.setdefault(language, {})[code] = label
        frozen = {language: MappingProxyType(of_code) for language, of_code in labels.items()}
        return cls(document["name"], document["title"], frozen["en"], MappingProxyType(frozen))

    def label(self, code: str, language: str = "en") -> str:
        """Return what a person reads for a code; English where the language lacks it, else the code."""
        return self.labels.get(language, self.codes).get(code) or self.codes.get(code, code)

    def as_schema(self) -> dict[str, Json]:
        """Return the JSON Schema that admits exactly these codes."""
        return {"title": self.title, "enum": list(self.codes), "x-vocabulary": self.name}


@dataclass(frozen=True, slots=True)
class GraphVocabulary:
    """What the graph may hold, read from `schemas/graph.json`.

    Args:
        kinds: node kind → language → label.
        ties: tie kind → language → label.
    """

    kinds: Mapping[str, Mapping[str, str]]
    ties: Mapping[str, Mapping[str, str]]


def nearest(code: str, among: Iterable[str]) -> str | None:
    """Guess which of `among` was meant; None when nothing is close, or where guessing is a lottery (`QM`)."""
    if len(code) > _LONGEST_GUESSED:
        return None
    by_folded = {candidate.casefold(): candidate for candidate in among}
    wanted = code.strip().casefold().replace(" ", "_").replace("-", "_")
    if wanted in by_folded:
        return by_folded[wanted]
    if len(wanted) < _SHORTEST_GUESSED:
        return None
    close = difflib.get_close_matches(wanted, by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None
