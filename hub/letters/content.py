"""What a letter shows, in the order in which it shows it: the same for the page and for paper."""

from typing import Any

from hub.letters.speaking import direction, words_for
from projections.boards.actions.letter import Letter, Signatory

Json = Any

ENDORSER = "endorser"


def content(letter: Letter, public_url: str) -> Json:
    """Return everything that a letter shows, as plain JSON.

    Args:
        letter: in one language.
        public_url: of the hub, for the address by which a letter that everybody may see is verified.
    """
    words = words_for(letter.language)
    text = letter.text or ""
    others = [one for one in letter.languages if one != letter.language]
    return {
        "action": letter.action,
        "statement": letter.statement,
        "title": letter.title,
        "date": letter.date,
        "to": list(letter.to),
        "language": letter.language,
        "direction": direction(text or letter.title),
        "paragraphs": paragraphs(text),
        "address": letter.address,
        "is_original": letter.language == letter.original,
        "original": letter.original,
        "languages": others,
        "elsewhere": dict(letter.elsewhere),
        "signed": [_shown(one) for one in letter.signatories if one.capacity != ENDORSER],
        "endorsed": [_shown(one) for one in letter.signatories if one.capacity == ENDORSER],
        "fingerprint": letter.fingerprint,
        "verify": _verify(letter, public_url),
        "have_facts_changed": letter.has_changed_facts,
        "words": dict(words),
        "words_direction": direction(words["signed"]),
    }


def paragraphs(text: str) -> list[list[str]]:
    """Return the lines of each paragraph of a text; an empty line ends a paragraph."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            found[-1].append(line.strip())
        elif found[-1]:
            found.append([])
    return [lines for lines in found if lines]


def _shown(one: Signatory) -> Json:
    return {
        "who": one.who,
        "name": one.name,
        "capacity": one.capacity,
        "for": list(one.on_behalf_of),
        "withdrew": None if one.withdrew_on is None else one.withdrew_on[:10],
    }


def _verify(letter: Letter, public_url: str) -> str | None:
    if not letter.is_public or letter.fingerprint is None:
        return None
    return f"{public_url.rstrip('/')}/verify/{letter.fingerprint}"
