"""A form as its template writes it: each field with what was typed, what is wrong there, and what can be chosen."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from events.event import Json
from hub.pages.publishing import fields as f
from hub.pages.publishing import offers as o
from hub.pages.publishing.days import in_words
from hub.pages.publishing.fields import Field
from hub.pages.publishing.offers import Offers, Option
from hub.pages.publishing.typed import NOTHING, clock_of, text_of
from hub.texts.speech import Speech


@dataclass(slots=True)
class Shown:
    """One field of a form.

    Args:
        field: what it asks for.
        path: its name in the form.
        pointer: to its value in the event.
        title: in the language of the page.
        help: in that language.
        values: what was typed or chosen.
        words: what a date means.
        options: what can be chosen.
        children: fields inside; rows of a list.
        key: of a row of a map.
        wrong: what is wrong here, in sentences.
        row: its number in a list, from 1; 0 elsewhere.
        suggestion: a new reference of one's own.
        is_of_map: it is a row of a map.
    """

    field: Field
    path: str
    pointer: str
    title: str
    help: str
    values: Sequence[str] = ()
    words: str = ""
    options: Sequence[Option] = ()
    children: "list[Shown]" = dataclasses.field(default_factory=list)
    key: str = ""
    wrong: list[str] = dataclasses.field(default_factory=list)
    row: int = 0
    suggestion: str = ""
    is_of_map: bool = False

    @property
    def id(self) -> str:
        """Its id in the page."""
        return self.path.replace("/", ".")

    @property
    def value(self) -> str:
        """The one text that was typed."""
        return self.values[0] if self.values else ""

    @property
    def row_path(self) -> str:
        """The name of the row of a list, or of a map, that it is."""
        return self.path.removesuffix("/value") if self.is_of_map else self.path

    def all(self) -> "Iterator[Shown]":
        """Yield it and everything inside."""
        yield self
        for one in self.children:
            yield from one.all()

    @property
    def is_open(self) -> bool:
        """Tell whether something inside was typed or is wrong."""
        return any(one.wrong or one.values or one.key for one in self.all() if one.field.form != f.FIXED)


class Writer:
    """Writes forms in one language.

    Args:
        speech: the language.
        offers: what can be chosen.
    """

    def __init__(self, speech: Speech, offers: Offers) -> None:
        self._speech = speech
        self._offers = offers

    def shown(self, one: Field, path: str, value: Json, pointer: str = "") -> Shown:
        """Return a field with what was said; `NOTHING` where nothing was."""
        # What only repeats the name of a field, or of the list that it stands in, helps nobody.
        is_said = not one.name or one.help.rstrip(".") == one.title
        made = Shown(
            one, path, pointer or f"/{path}", self._text(one.title), "" if is_said else self._text(one.help)
        )
        made.suggestion = next((self._offers.new[kind] for kind in one.kinds if kind in self._offers.new), "")
        if one.form == f.GROUP:
            said = value if isinstance(value, Mapping) else {}
            made.children = [
                self.shown(
                    child,
                    f"{path}/{child.name}",
                    said.get(child.name, NOTHING),
                    f"{made.pointer}/{child.name}",
                )
                for child in one.children
            ]
        elif one.form in {f.LIST, f.PAIR, f.TEXTS, f.MAP}:
            self._rows(made, one, value)
        else:
            self._leaf(made, one, value)
        return made

    def _leaf(self, made: Shown, one: Field, value: Json) -> None:
        made.options = self._options(one)
        if value is NOTHING:
            return
        if one.form == f.CHOICES and isinstance(value, list):
            made.values = [text_of(one, item) for item in value]
        elif one.form == f.MOMENT:
            made.values = clock_of(value)
        else:
            made.values = [text_of(one, value)]
            made.words = in_words(made.value, self._speech) if one.form == f.DAY else ""

    def _options(self, one: Field) -> Sequence[Option]:
        if one.form in {f.CHOICE, f.CHOICES}:
            return o.options(one.item if one.form == f.CHOICES and one.item else one, self._speech)
        if one.form == f.REFERENCE:
            return [each for kind in one.kinds for each in self._offers.references.get(kind, ())]
        return o.languages(self._speech.language.code) if one.hint == "language" else ()

    def _rows(self, made: Shown, one: Field, value: Json) -> None:
        """Add a row for each item, and one more where there is none yet."""
        if one.form == f.PAIR:
            said = value if isinstance(value, list) else []
            items = [NOTHING if item is None else item for item in said]
            items += [NOTHING] * (len(one.children) - len(items))
            made.children = [
                self.shown(child, f"{made.path}/{no}", item)
                for no, (child, item) in enumerate(zip(one.children, items, strict=False))
            ]
        elif one.form == f.LIST and isinstance(value, list):
            made.children = [self._row(made, no, item) for no, item in enumerate(value)]
        elif isinstance(value, Mapping):
            made.children = [self._row(made, no, item, key) for no, (key, item) in enumerate(value.items())]
        if not made.children:
            self.add_row(made)

    def add_row(self, made: Shown) -> None:
        """Add an empty row to a list or a map."""
        made.children.append(self._row(made, len(made.children), NOTHING))

    def _row(self, made: Shown, no: int, item: Json, key: str = "") -> Shown:
        one = made.field
        is_map = one.form in {f.TEXTS, f.MAP}
        pointer = f"{made.pointer}/{_escaped(key)}" if is_map and key else ""
        row = self.shown(one.item or one, f"{made.path}/{no}{'/value' if is_map else ''}", item, pointer)
        row.key, row.row, row.is_of_map = key, no + 1, is_map
        return row

    def _text(self, english: str) -> str:
        return self._speech.texts.gettext(english) if english else ""


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def attach(form: Shown, problems: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Put what is wrong to its field, else to the nearest one around it.

    Args:
        form: whose fields bear pointers.
        problems: pointer → sentences.

    Returns:
        What belongs to no field of the form, as pointer and sentence.
    """
    by_pointer = {one.pointer: one for one in form.all()}
    homeless = []
    for pointer, sentences in problems.items():
        place = pointer
        while place and place not in by_pointer:
            place = place.rpartition("/")[0]
        if place:
            by_pointer[place].wrong += sentences
        else:
            homeless += [(pointer, one) for one in sentences]
    return homeless
