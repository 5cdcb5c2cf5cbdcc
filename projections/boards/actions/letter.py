"""The letter of an action: its text and who signed it, as far as the reader may see either."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from events.decisions.actions.texts import HEADS, SIGNING, hash_of_draft, is_address, text_hash
from projections.boards.actions.board import STANDING, entries_shown
from projections.boards.actions.names import chosen, names_of, said_in
from projections.boards.actions.sheet import ENDORSER, Sheet, sheet_of
from projections.boards.papers import Papers
from projections.boards.tellings import Telling, in_time

Json = Any


@dataclass(frozen=True, slots=True)
class Signatory:
    """Somebody under a letter.

    Args:
        who: its reference.
        name: in the language of the letter.
        capacity: as what it signs, in one word.
        on_behalf_of: names of the bodies for which it signs as well.
        withdrew_on: when it left, if it did.
    """

    who: str
    name: str
    capacity: str
    on_behalf_of: tuple[str, ...] = ()
    withdrew_on: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in one language.

    Args:
        action: its reference.
        statement: by which it went out; None while it is a draft.
        title: in one line.
        text: in `language`; None if only its address is known.
        address: where the text lies, if the hub does not have it.
        language: of `text`.
        original: language of the original, which decides.
        languages: in which the hub has the text.
        elsewhere: language → web address of a translation that the hub does not have.
        fingerprint: of the original.
        date: on which it went out.
        to: names of those to whom it is addressed.
        signatories: in the agreed order.
        has_changed_facts: something that the text rests on reads differently now.
        is_public: everybody may see it.
    """

    action: str
    statement: str | None
    title: str
    text: str | None
    address: str | None
    language: str
    original: str
    languages: tuple[str, ...]
    elsewhere: Mapping[str, str]
    fingerprint: str | None
    date: str | None
    to: tuple[str, ...]
    signatories: tuple[Signatory, ...]
    has_changed_facts: bool
    is_public: bool = False


def letter_of(papers: Papers, ref: str, language: str | None = None) -> Letter | None:
    """Return the letter of an action; None where the reader sees neither a text nor where it lies.

    What went out goes before what is still a draft.

    Args:
        papers: of the reader.
        ref: of the action.
        language: wanted; without it, or where there is none in it, the original.
    """
    sheet = sheet_of(ref, papers.tellings)
    statement = _issued(sheet)
    if statement is not None:
        return _of_statement(papers, sheet, statement, language)
    return _of_draft(papers, sheet, language)


def _issued(sheet: Sheet) -> Telling | None:
    """Return the statement by which the text of an action went out: the signed text, else the newest."""
    texts = [one for one in in_time(sheet.statements) if isinstance(one.data.get("text"), dict)]
    of_signed = [one for one in texts if one.data.get("sha256") == sheet.text_hash]
    return next(reversed(of_signed or texts), None)


def _of_statement(papers: Papers, sheet: Sheet, one: Telling, language: str | None) -> Letter | None:
    data = one.data
    texts: Mapping[str, str] = data["text"]
    original = original_of(data)
    best = language_for(texts, language, original)
    names = names_of(_named(data), papers.tellings)
    wanted = (language, best, original)
    return Letter(
        action=sheet.ref,
        statement=data.get("statement"),
        title=said_in(data.get("title", {}), wanted) or sheet.ref,
        text=texts[best],
        address=None,
        language=best,
        original=original,
        languages=_languages(texts, original),
        elsewhere={each["lang"]: each["url"] for each in data.get("translations", ()) if "url" in each},
        fingerprint=data.get("sha256") or text_hash(texts[original]),
        date=data.get("issued"),
        to=tuple(said_in(names.get(body, {}), wanted) or body for body in data.get("addressees", ())),
        signatories=tuple(
            _under(each, sheet, said_in(each.get("name") or names.get(each["who"], {}), wanted))
            for each in data.get("signatories", ())
        ),
        has_changed_facts=bool(one.flags),
        is_public=one.event.get("tlp") == "clear",
    )


def original_of(data: Mapping[str, Json]) -> str:
    """Return the language of the original of a statement with a text."""
    texts, said = data["text"], data.get("language")
    return str(said if said in texts else next(iter(texts)))


def _named(data: Mapping[str, Json]) -> list[str]:
    return [*data.get("addressees", ()), *(each["who"] for each in data.get("signatories", ()))]


def _under(each: Mapping[str, Json], sheet: Sheet, name: str | None) -> Signatory:
    left = sheet.left_by(each["who"])
    on = None if left is None else str(left.data.get("left") or left.event.get("time"))
    return Signatory(each["who"], name or each["who"], str(each["capacity"]), withdrew_on=on)


def _of_draft(papers: Papers, sheet: Sheet, language: str | None) -> Letter | None:
    data, draft = sheet.data, sheet.data.get("draft")
    if not isinstance(draft, str):
        return None
    original = str(data.get("language") or next(iter(data.get("languages", ())), "und"))
    translations = data.get("translations")
    texts = {original: draft, **(translations if isinstance(translations, dict) else {})}
    best = language_for(texts, language, original)
    wanted = (language, best, original)
    has_text = not is_address(draft) or best != original
    to = [data["mechanism"]] if "mechanism" in data else []
    names = names_of(to, papers.tellings)
    return Letter(
        action=sheet.ref,
        statement=None,
        title=str(data.get("purpose", sheet.ref)),
        text=texts[best] if has_text else None,
        address=None if has_text else draft,
        language=best,
        original=original,
        languages=_languages(texts, original),
        elsewhere={},
        fingerprint=hash_of_draft(draft) or sheet.text_hash,
        date=None,
        to=tuple(said_in(names.get(body, {}), wanted) or body for body in to),
        signatories=tuple(_signing(papers, sheet, wanted)),
        has_changed_facts=sheet.proposal is not None and bool(sheet.proposal.flags),
    )


def language_for(texts: Mapping[str, str], language: str | None, original: str) -> str:
    """Return the language in which a text is shown: the wanted one if there is such a text, else the original."""
    best = None if language is None else chosen(texts, language)
    is_wanted = best is not None and best.partition("-")[0].lower() == str(language).partition("-")[0].lower()
    return str(best) if is_wanted else original


def _languages(texts: Mapping[str, str], original: str) -> tuple[str, ...]:
    return (original, *sorted(one for one in texts if one != original))


def _signing(papers: Papers, sheet: Sheet, wanted: Sequence[str | None]) -> list[Signatory]:
    """Return who has signed the draft as it stands."""
    shown = [
        each
        for _, each in entries_shown(sheet, papers.tellings, papers.now)
        if each["role"] in SIGNING | HEADS and each["status"] in STANDING
    ]
    refs = [ref for each in shown for ref in (each["partner"], *each.get("on_behalf_of", ()))]
    names = names_of(refs, papers.tellings)

    def named(ref: str, said: Mapping[str, str] | None = None) -> str:
        return said_in(said or names.get(ref, {}), wanted) or ref

    return [
        Signatory(
            each["partner"],
            named(each["partner"], each.get("display_name")),
            ENDORSER if each["counts_as"] == ENDORSER else _CAPACITY[each["role"]],
            tuple(named(body) for body in each.get("on_behalf_of", ())),
        )
        for each in shown
    ]


_CAPACITY = {
    "lead": "author",
    "co_lead": "author",
    "signatory": "co_signatory",
    "co_sponsor": "co_signatory",
    "endorser": ENDORSER,
}
"""Role in an action → capacity under a statement."""


def as_statement(papers: Papers, ref: str) -> Json | None:
    """Return the payload by which a draft goes out as it is signed now, for the lead to complete and publish."""
    sheet = sheet_of(ref, papers.tellings)
    draft = sheet.data.get("draft")
    if hash_of_draft(draft) is None:
        return None
    original = str(sheet.data.get("language") or next(iter(sheet.data.get("languages", ())), "und"))
    shown = {
        each["partner"]: each.get("display_name")
        for _, each in entries_shown(sheet, papers.tellings, papers.now)
    }
    signatories = _signing(papers, sheet, (original,))
    return {
        "kind": _KINDS.get(str(sheet.data.get("kind")), "joint_statement"),
        "language": original,
        "authors": [sheet.data["lead"]],
        "about": list(sheet.data["about"]),
        "signatories": [
            {"who": one.who, "capacity": one.capacity, **({"name": shown[one.who]} if shown[one.who] else {})}
            for one in signatories
        ],
        "text": {original: draft, **(sheet.data.get("translations") or {})},
        "sha256": hash_of_draft(draft),
        "action": ref,
    }


_KINDS = {
    "joint_letter": "letter_public",
    "oral_statement_hrc": "oral_statement_hrc",
    "upr_submission": "upr_submission",
    "special_procedure_submission": "special_procedure_submission",
    "amicus": "amicus_brief",
    "award": "award_announcement",
}
"""Kind of action → kind of statement that it produces."""
