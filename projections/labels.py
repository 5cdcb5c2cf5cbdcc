"""Labels as small numbers: each row of a view bears one, and each class of readers may see some."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping

import orjson

from events.audience import FIELD_LEVELS, Label, Reader, visible

SCHEMA = """
CREATE TABLE IF NOT EXISTS labels(
    no INTEGER PRIMARY KEY, tlp TEXT NOT NULL, publisher TEXT NOT NULL, audience TEXT NOT NULL,
    embargoed INTEGER NOT NULL, consent TEXT NOT NULL, recipients TEXT NOT NULL, excluded TEXT NOT NULL
);
"""
_INSERT = "INSERT OR IGNORE INTO labels VALUES(?,?,?,?,?,?,?,?)"


class Labels:
    """Numbers each distinct label, from 1, in the order of the log.

    A number, once given, keeps its meaning as long as the process lives, even if the transaction that gave
    it is rolled back: whoever has judged a number need not judge it again.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._lock = threading.Lock()
        self._labels: list[Label] = []
        self._numbers: dict[Label, int] = {}
        self._forms: dict[int, dict[str | None, int]] = {}
        self._whole: set[int] = set()
        db.executescript(SCHEMA)
        for tlp, publisher, audience, embargoed, consent, recipients, excluded in db.execute(
            "SELECT tlp, publisher, audience, embargoed, consent, recipients, excluded FROM labels ORDER BY no"
        ):
            named, referred, kept_out = (
                frozenset(orjson.loads(one)) for one in (audience, recipients, excluded)
            )
            self._add(Label(tlp, publisher, named, bool(embargoed), consent, referred, kept_out))

    def __len__(self) -> int:
        return len(self._labels)

    def _add(self, label: Label) -> int:
        self._labels.append(label)
        self._numbers[label] = len(self._labels)
        return len(self._labels)

    def intern(self, db: sqlite3.Connection, label: Label) -> int:
        """Return the number of `label`; a new one is written through `db`, with all its stricter forms.

        The stricter forms come along so that numbers depend on the log alone, not on which view asks first.
        """
        number = self._numbers.get(label)
        if number is not None and number in self._whole:
            return number
        with self._lock:
            start = len(self._labels)
            # A label that came as the stricter form of another lacks its own forms yet.
            for form in _with_stricter(label):
                if form not in self._numbers:
                    self._add(form)
            db.executemany(_INSERT, self._rows(start))
            number = self._numbers[label]
            self._whole.add(number)
            return number

    def raised(self, number: int, level: str | None) -> int:
        """Return the number of the label of a field that demands `level`; None: the label's own.

        All stricter forms of a label got their numbers with it.
        """
        return number if level is None else self.forms(number)[level]

    def forms(self, number: int) -> Mapping[str | None, int]:
        """Return the numbers of a label by the level that a field demands; None: the label's own. Nobody changes it."""
        known = self._forms.get(number)
        if known is None:
            label = self.label(number)
            forms: dict[str | None, int] = {None: number}
            forms.update((level, self._numbers[label.stricter(level)]) for level in FIELD_LEVELS)
            known = self._forms[number] = forms
        return known

    def _rows(self, start: int) -> Iterator[tuple[int, str, str, str, bool, str, str, str]]:
        for number, one in enumerate(self._labels[start:], start + 1):
            named, referred, kept_out = (
                orjson.dumps(sorted(slugs)).decode() for slugs in (one.audience, one.recipients, one.excluded)
            )
            yield number, one.tlp, one.publisher, named, one.embargoed, one.consent, referred, kept_out

    def mend(self, db: sqlite3.Connection) -> None:
        """Write again what a rollback took away."""
        db.executemany(_INSERT, self._rows(0))

    def agrees(self, other: "Labels") -> bool:
        """Tell whether no number means another label there."""
        known = self._labels[: len(other)]
        return all(one == other.label(number) for number, one in enumerate(known, 1))

    def label(self, number: int) -> Label:
        """Return the label of a number that `intern` gave."""
        return self._labels[number - 1]


def _with_stricter(label: Label) -> Iterator[Label]:
    yield label
    for level in FIELD_LEVELS:
        form = label.stricter(level)
        if form is not label:
            yield form


class Allowed:
    """The label numbers that one class of readers may see; grows with `Labels`, never changes its mind.

    Every method judges what is new first, each label once.
    """

    def __init__(self, labels: Labels, reader: Reader) -> None:
        self.reader = reader
        self._labels = labels
        self._judged = 0
        self._numbers: frozenset[int] = frozenset()
        self._json = "[]"
        self._lock = threading.Lock()

    def _grow(self) -> None:
        with self._lock:
            known = len(self._labels)
            if known == self._judged:
                return
            fresh = range(self._judged + 1, known + 1)
            seen = frozenset(number for number in fresh if visible(self.reader, self._labels.label(number)))
            if seen:
                self._numbers |= seen
                self._json = orjson.dumps(sorted(self._numbers)).decode()
            self._judged = known

    def __contains__(self, number: int) -> bool:
        if number > self._judged:
            self._grow()
        return number in self._numbers

    def numbers(self) -> frozenset[int]:
        """Return all numbers that may be seen, of the labels known now."""
        self._grow()
        return self._numbers

    def as_json(self) -> str:
        """Return `numbers()` as a JSON list, for `label IN (SELECT value FROM json_each(?))`."""
        self._grow()
        return self._json


def class_of(reader: Reader) -> Reader:
    """Return the reader that stands for all whom no label, present or future, can tell apart from `reader`.

    Only a red label looks at the account, and only readers cleared for red reach it.
    """
    if reader.partner is None:
        return Reader(clearance=reader.clearance)
    if reader.clearance == "red":
        return reader
    return Reader(reader.partner, clearance=reader.clearance)
