"""What a leaf of the log is made of: one salted commitment for each field of an event, and one for its row.

Whoever sees some fields verifies these, and learns of the others nothing, not even whether they exist: every event has
as many commitments as any other. The salts of personal fields come from the keys that seal them and go with these.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, sha256, shake_128
from itertools import zip_longest
from struct import Struct
from typing import NamedTuple, cast
from uuid import UUID

import orjson
from eventsourcing.persistence import StoredEvent

from events.event import Json
from events.merkle import leaf_hash
from events.slots import Carving, name_at, slots_of
from schemas.registry import Registry

SLOTS = 40
"""Commitments in one leaf, more than any contract has fields; one with more would have the next multiple."""

_BYTES = 32

_LEAF = Struct(f"{_BYTES}s" * SLOTS)
"""Cuts what is drawn for one leaf into pieces."""

_EDGE = orjson.Fragment(b"\x00")
"""Stands between parts that are written in one go: within JSON it is always escaped."""


class Leaf(NamedTuple):
    """What is kept of an event's commitments.

    Args:
        hash: of the leaf.
        row: commitment to the row as it lies in the database.
        fields: hash of the commitments to the fields.
        sealed: commitments to personal fields, in the order of their names: nobody can make them again once their
            keys are gone.
    """

    hash: bytes
    row: bytes
    fields: bytes
    sealed: bytes


class Place(NamedTuple):
    """What identifies a row of the log besides its position."""

    stream: UUID
    version: int

    def written(self) -> bytes:
        """Return it as bytes."""
        return self.stream.bytes + self.version.to_bytes(8)


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens the commitments of an event as far as somebody sees it.

    Args:
        leaf: hash of the leaf.
        row: commitment to the row.
        shown: what is opened: where (`at`), without what (`less`), and its `salt`.
        hidden: the other commitments, sorted.
    """

    leaf: bytes
    row: bytes
    shown: Sequence[Json]
    hidden: Sequence[bytes]

    def as_json(self) -> dict[str, Json]:
        """Return the form in which it leaves the hub."""
        hidden = [text(one) for one in self.hidden]
        return {"leaf": text(self.leaf), "row": text(self.row), "shown": list(self.shown), "hidden": hidden}


@dataclass(slots=True)
class _Fields:
    """The fields of one event: name → value, and those that are personal with the secret of their salt."""

    values: dict[str, Json]
    secrets: dict[str, bytes | None] = field(default_factory=dict)

    def names(self) -> list[str]:
        return sorted(
            self.values if self.secrets.keys() <= self.values.keys() else {**self.values, **self.secrets}
        )


class _Bounds(dict[str, bytes]):
    """Remembers what `bound` says of names: those that contracts allow, which are few."""

    def __missing__(self, name: str) -> bytes:
        said = self[name] = bound(name)
        return said


@dataclass(slots=True)
class _Made:
    """The commitments of one event, in the order of its names.

    Args:
        names: of its fields.
        salts: of each; empty if that is gone.
        hashes: the commitment to each.
        personal: places of those that are personal.
        empty: commitments to nothing, which fill up the leaf.
    """

    names: Sequence[str]
    salts: Sequence[bytes]
    hashes: Sequence[bytes]
    personal: Sequence[int]
    empty: Sequence[bytes]

    def root(self) -> bytes:
        return sha256(b"".join(sorted([*self.hashes, *self.empty]))).digest()


class Commitments:
    """Makes and opens the commitments of one log."""

    def __init__(self, registry: Registry, secret: bytes) -> None:
        """Take the contracts, which say where personal fields lie, and the secret of the log."""
        self._registry = registry
        self._stems = frozenset(registry.stems)
        # Begun once: to take up a key costs more than to hash a place.
        self._begun = {
            use: blake2b(digest_size=32, key=secret, person=use) for use in (b"row", b"slots", b"sent")
        }
        self._carved: dict[str, tuple[Carving, ...]] = {}
        self._bounds = _Bounds()

    def leaf(
        self,
        row: tuple[Place, str, bytes],
        envelope: Mapping[str, Json],
        sealed: Mapping[str, bytes | None],
        kept: bytes = b"",
    ) -> Leaf:
        """Return the leaf of an event.

        Args:
            row: where it lies, its stem and its state, as in the database.
            envelope: with what of the personal fields can be opened.
            sealed: JSON Pointer into data of each personal field → the key that seals it; None if that is gone.
            kept: their commitments, if the leaf was made before.
        """
        fields = self._fields(row[1], envelope, sealed)
        place = row[0].written()
        made = self._commit(place, fields, kept)
        own = self._row(place, row)
        whole, sealed_ones = made.root(), b"".join([made.hashes[at] for at in made.personal])
        return Leaf(leaf_hash(own + whole), own, whole, sealed_ones)

    def open(
        self,
        row: tuple[Place, str, bytes],
        event: tuple[Mapping[str, Json], Mapping[str, bytes | None], bytes],
        shown: Mapping[str, Json],
    ) -> Opening:
        """Return what opens the commitments to all that somebody sees just as it was recorded.

        Args:
            row: as for `leaf`.
            event: `envelope`, `sealed` and `kept`, as for `leaf`.
            shown: the envelope as it is shown.
        """
        fields = self._fields(row[1], event[0], event[1])
        place = row[0].written()
        made = self._commit(place, fields, event[2])
        seen = slots_of(shown, self._carvings(row[1]))
        salts = {
            name: salt for name, salt in zip(made.names, made.salts, strict=True) if salt and name in seen
        }
        opened = [name for name in salts if _is_same(fields.values, seen, name)]
        rows = [self._opened(row[1], name, salts[name]) for name in opened]
        named = dict(zip(made.names, made.hashes, strict=True))
        hidden = [*made.empty, *(named[name] for name in named.keys() - set(opened))]
        own = self._row(place, row)
        return Opening(leaf_hash(own + made.root()), own, rows, sorted(hidden))

    def nonce(self, place: Place) -> bytes:
        """Return what keeps others from guessing what was sent from a receipt."""
        return self._keyed(b"sent", place.written())

    def _row(self, place: bytes, row: tuple[Place, str, bytes]) -> bytes:
        """Return the commitment to a row of the database."""
        return sha256(b"\x05" + self._keyed(b"row", place) + place + self._bounds[row[1]] + row[2]).digest()

    def _opened(self, stem: str, name: str, salt: bytes) -> Json:
        less = [one.name for one in self._carvings(stem) if one.name.startswith(f"{name}/")]
        less = ["/data", "/tlp"] if not name else less
        return {"at": name, **({"less": less} if less else {}), "salt": text(salt)}

    def _fields(self, stem: str, envelope: Mapping[str, Json], sealed: Mapping[str, bytes | None]) -> _Fields:
        carved = self._carvings(stem)
        fields = _Fields(slots_of(envelope, carved))
        for pointer, secret in sealed.items():
            name = name_at(pointer, carved)
            before = fields.secrets.get(name, b"")
            is_whole = secret is not None and before is not None
            fields.secrets[name] = (before or b"") + (secret or b"") if is_whole else None
        return fields

    def _commit(self, place: bytes, fields: _Fields, kept: bytes) -> _Made:
        names, values, secrets = fields.names(), fields.values, fields.secrets
        slots = max(SLOTS, -(-len(names) // SLOTS) * SLOTS)
        pieces = _pieces(shake_128(self._keyed(b"slots", place)).digest(slots * _BYTES))
        salts = [*pieces[: len(names)]]
        personal = [at for at, name in enumerate(names) if name in secrets] if secrets else []
        for at in personal:
            secret = secrets[names[at]]
            salts[at] = b"" if secret is None or names[at] not in values else _mixed(salts[at], secret)
        # Done for each field of each event: what need not be called for each is called once.
        hashed, bounds, written = sha256, self._bounds, _written([values.get(name) for name in names])
        hashes = [
            hashed(b"\x02" + salt + bounds[name] + said).digest()
            for name, salt, said in zip(names, salts, written, strict=True)
        ]
        for at, before in zip_longest(personal, _pieces(kept)[: len(personal)]):
            if before or not salts[at]:
                # What was erased before the log had leaves is committed to as nothing.
                hashes[at] = before or pieces[at]
        return _Made(names, salts, hashes, personal, pieces[len(names) :])

    def _keyed(self, use: bytes, place: bytes) -> bytes:
        hashed = self._begun[use].copy()
        hashed.update(place)
        return hashed.digest()

    def _carvings(self, stem: str) -> tuple[Carving, ...]:
        """Return the marked places within fields of a payload: each is a field of its own."""
        known = self._carved.get(stem)
        if known is None:
            marks = self._registry.contract(stem).marks if stem in self._stems else ()
            steps = {tuple(mark.pointer.split("/")[1:]) for mark in marks}
            known = self._carved[stem] = tuple(Carving.at(one) for one in sorted(steps) if len(one) > 1)
        return known


def as_lies(row: StoredEvent) -> tuple[Place, str, bytes]:
    """Return a row as commitments take it: where it lies, its stem, its state."""
    return Place(cast("UUID", row.originator_id), row.originator_version), row.topic, bytes(row.state)


def bound(name: str) -> bytes:
    """Return a name with its length in front."""
    said = name.encode()
    return len(said).to_bytes(4) + said


def text(value: bytes) -> str:
    """Return bytes as base64."""
    return b64encode(value).decode()


def _is_same(recorded: Mapping[str, Json], seen: Mapping[str, Json], name: str) -> bool:
    return name in recorded and recorded[name] == seen[name] and _is_as_written(recorded[name], seen[name])


def _is_as_written(one: Json, other: Json) -> bool:
    # To Python, 1 and 1.0 and True are the same.
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)


def _mixed(salt: bytes, secret: bytes) -> bytes:
    key = secret if len(secret) <= _BYTES else sha256(secret).digest()
    return blake2b(salt, digest_size=_BYTES, key=key, person=b"salt").digest()


def _written(values: Sequence[Json]) -> list[bytes]:
    """Return the canonical JSON of each value."""
    between: list[Json] = [_EDGE] * (2 * len(values) + 1)
    between[1::2] = values
    return orjson.dumps(between, option=orjson.OPT_SORT_KEYS)[3:-3].split(b",\x00,")


def _pieces(joined: bytes) -> Sequence[bytes]:
    if len(joined) == _LEAF.size:
        return _LEAF.unpack(joined)
    return [joined[start : start + _BYTES] for start in range(0, len(joined), _BYTES)]
