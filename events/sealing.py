"""Sealing: personal fields leave a payload before it is written, and come back when it is read.

In the log, a payload lacks them; beside it stands `sealed`: where each belongs, the name of its key, and its box. A box
opens at its own place of its own event only, and never again once its key is destroyed.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eventsourcing.persistence import Notification, StoredEvent

from events.alarms import alarms_of
from events.commitments import Commitments, Leaf, as_lies
from events.draft import Draft, Entry
from events.event import Json, Position, RecordedEvent, slug_of
from events.ids import RandomBytes
from events.log import Row
from events.mapper import stored
from events.relaying import TOLD_BY
from events.salt import Salt
from events.seals import Path, SealedField, Seals, put_back, without
from events.strict import escape
from events.vault import Key, KeyRecord, Pair, Vault
from events.wrapping import KEY_BYTES, bound, opened, shut

_PERSONAL = b'"sealed":['


@dataclass(frozen=True, slots=True)
class Destruction:
    """Which keys an event destroys.

    Args:
        subject: whose.
        publisher: slug of the partner in whose events; None: in everybody's.
        kids: further keys, by name.
    """

    subject: str
    publisher: str | None
    kids: Sequence[str] = ()


NOBODY = ""
"""Slug of no partner."""


class Sealing:
    """Seals what is written to one log and opens what is read from it."""

    def __init__(
        self,
        vault: Vault,
        seals: Seals,
        salt: Salt,
        random: RandomBytes,
        commitments: Commitments | None = None,
    ) -> None:
        self._vault = vault
        self._seals = seals
        self._salt = salt
        self._random = random
        self._commitments = commitments

    def fields(self, stem: str, envelope: Mapping[str, Json]) -> list[SealedField]:
        """Return the personal fields of a payload; of those within each other, the outer ones."""
        found = self._seals.of(stem, envelope)
        return found if len(found) < 2 else _outermost(found)

    def rows(self, drafts: Sequence[Draft]) -> list[Row]:
        """Return what is to be written; the caller holds the lock of the log and writes it at once.

        Keys that are missing are made, and are on disk, before this returns; keys that one of these events
        destroys are destroyed. What comes after such an event gets keys of its own.
        """
        rows: list[Row] = []
        for part in _parts(drafts):
            pairs = [_pair(field, draft.entry) for draft in part for field in draft.entry.fields]
            keys = self._vault.keys_for(pairs) if pairs else {}
            rows += [self._row(draft, keys) for draft in part]
            self._destroy(part[-1])
        return rows

    def read(self, rows: Sequence[Notification]) -> list[RecordedEvent]:
        """Return the events in rows, their personal fields back in place as far as their keys exist."""
        parsed = [orjson.loads(row.state) for row in rows]
        kids = [box["key"] for envelope in parsed for box in envelope.get("sealed", ())]
        keys = self._vault.open_all(kids) if kids else {}
        return [self._event(row, envelope, keys) for row, envelope in zip(rows, parsed, strict=True)]

    def is_again(self, original: Notification, digest: bytes, entry: Entry) -> bool:
        """Tell whether a submission repeats a recorded event.

        Args:
            original: the event with the same source and id.
            digest: under which its content was recorded.
            entry: the submission. Nobody can tell once a key is destroyed: then it counts as the same.
        """
        if digest == entry.digest:
            return True
        if _PERSONAL not in original.state:
            return False
        kids = [box["key"] for box in orjson.loads(original.state).get("sealed", ())]
        keys = _living(kids, self._vault.open_all(kids))
        return keys is None or self._salt.of_sealed_content(entry.checked.content, _secrets(keys)) == digest

    def _row(self, draft: Draft, keys: Mapping[Pair, Key]) -> Row:
        entry, envelope, digest = draft.entry, draft.fact.envelope, draft.entry.digest
        signature = entry.checked.signature
        alarms = alarms_of(entry.checked.stem, envelope)
        if not entry.fields:
            kept = envelope if signature is None else {**envelope, "signature": dict(signature)}
            row = stored(draft.fact, kept)
            return Row(row, dict.fromkeys(draft.keys, digest), alarms, self._leaf(row, envelope, {}))
        used = [keys[_pair(field, entry)] for field in entry.fields]
        kept = {
            **envelope,
            "data": without(envelope["data"], [field.path for field in entry.fields]),
            "sealed": [self._box(envelope, *pair) for pair in zip(entry.fields, used, strict=True)],
        }
        if signature is not None:
            kept["signature"] = self._sealed_signature(envelope, signature, used)
        digest = self._salt.of_sealed_content(entry.checked.content, _secrets(used))
        row = stored(draft.fact, kept)
        secrets = {box["at"]: key.secret for box, key in zip(kept["sealed"], used, strict=True)}
        return Row(row, dict.fromkeys(draft.keys, digest), alarms, self._leaf(row, envelope, secrets))

    def _leaf(
        self, row: StoredEvent, envelope: Mapping[str, Json], secrets: Mapping[str, bytes]
    ) -> Leaf | None:
        return None if self._commitments is None else self._commitments.leaf(as_lies(row), envelope, secrets)

    def _box(self, envelope: Mapping[str, Json], field: SealedField, key: Key) -> dict[str, str]:
        pointer = "".join(f"/{escape(str(step))}" for step in field.path)
        value = envelope["data"]
        for step in field.path:
            value = value[step]
        written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        box = shut(key.cipher, written, _place(envelope, pointer, key.subject), self._random)
        return {"at": pointer, "key": key.kid, "box": b64encode(box).decode()}

    def _sealed_signature(
        self, envelope: Mapping[str, Json], signature: Mapping[str, Json], keys: Sequence[Key]
    ) -> dict[str, Json]:
        # Beside a public key, even the bare signature would tell whether a guess at the payload is right.
        cipher = _joint_cipher(keys)
        box = shut(cipher, orjson.dumps(signature), _place(envelope, "signature", ""), self._random)
        return {"keyid": signature["keyid"], "box": b64encode(box).decode()}

    def _event(
        self, row: Notification, envelope: dict[str, Json], keys: Mapping[str, Key | KeyRecord]
    ) -> RecordedEvent:
        boxes, signature = envelope.pop("sealed", ()), envelope.pop("signature", None)
        position, stem = Position(row.id), row.topic
        if not boxes:
            return RecordedEvent(position, stem, envelope, signature=signature)
        if signature is not None:
            living = _living([box["key"] for box in boxes], keys)
            signature = _opened_signature(envelope, signature, living)
        gone: dict[str, Path] = {}
        for box in boxes:
            path, value = _path(envelope["data"], box["at"]), _value(envelope, box, keys.get(box["key"]))
            if value is None:
                gone[box["at"]] = path
            else:
                envelope["data"] = put_back(envelope["data"], path, value[0])
        sealed = self._subjects(stem, envelope, {box["at"]: keys.get(box["key"]) for box in boxes}, gone)
        kids = {box["at"]: box["key"] for box in boxes}
        return RecordedEvent(position, stem, envelope, sealed, frozenset(gone), signature, kids)

    def _subjects(
        self,
        stem: str,
        envelope: Mapping[str, Json],
        keys: Mapping[str, Key | KeyRecord | None],
        gone: Mapping[str, Path],
    ) -> dict[str, str]:
        sealed = {at: "" if key is None else key.subject for at, key in keys.items()}
        if "" in sealed.values():
            # The vault knows nothing of such a key: whose it was can mostly be read off what is left.
            data = envelope["data"]
            for path in gone.values():
                data = put_back(data, path, None)
            named = {field.path: field.subject for field in self._seals.of(stem, {**envelope, "data": data})}
            sealed = {at: whose or named.get(gone[at], "") for at, whose in sealed.items()}
        return sealed

    def _destroy(self, draft: Draft) -> None:
        ends = destruction(draft.entry.checked.stem, draft.fact.envelope)
        if ends is not None:
            records = self._vault.listing(ends.subject)
            own = [one.kid for one in records if ends.publisher in (None, one.publisher)]
            self._vault.destroy([*own, *ends.kids], draft.entry.moment)


def destruction(stem: str, envelope: Mapping[str, Json]) -> Destruction | None:
    """Return which keys an event destroys; None for almost all."""
    data = envelope["data"]
    if stem.startswith("erasure.executed.") and data.get("role") == "controller":
        # Another hub's word reaches the keys that were found to come from there, and nothing that was said meanwhile.
        whose = NOBODY if TOLD_BY in envelope else None
        return Destruction(data["subject_of_erasure"], whose, data.get("kids_destroyed", ()))
    if stem.startswith("consent.withdrawn.") and data.get("effect") == "erase":
        return Destruction(data["subject_of_consent"], slug_of(envelope["source"]))
    return None


def _parts(drafts: Sequence[Draft]) -> Iterator[Sequence[Draft]]:
    start = 0
    for place, draft in enumerate(drafts, 1):
        if place == len(drafts) or destruction(draft.entry.checked.stem, draft.fact.envelope) is not None:
            yield drafts[start:place]
            start = place


def _pair(field: SealedField, entry: Entry) -> Pair:
    return field.subject, entry.checked.publisher.slug


def _outermost(fields: Iterable[SealedField]) -> list[SealedField]:
    chosen = {field.path: field for field in fields}
    return [
        field
        for path, field in chosen.items()
        if not any(path[:steps] in chosen for steps in range(1, len(path)))
    ]


def _place(envelope: Mapping[str, Json], pointer: str, subject: str) -> bytes:
    return bound(envelope["source"], envelope["id"], pointer, subject)


def _value(
    envelope: Mapping[str, Json], box: Mapping[str, str], key: Key | KeyRecord | None
) -> tuple[Json] | None:
    """Return the value in a box, alone in a tuple since it may be null; None if it cannot be opened."""
    if not isinstance(key, Key):
        return None
    return _unboxed(key.cipher, box["box"], _place(envelope, box["at"], key.subject))


def _unboxed(cipher: AESGCM, box: str, place: bytes) -> tuple[Json] | None:
    # A damaged row must not stop whoever reads the log.
    try:
        written = opened(cipher, b64decode(box), place)
        return None if written is None else (orjson.loads(written),)
    except ValueError:
        return None


def _opened_signature(
    envelope: Mapping[str, Json], kept: Mapping[str, str], keys: Sequence[Key] | None
) -> dict[str, str]:
    """Return a signature; only the name of the signing key if a data key is gone."""
    found = None
    if keys is not None:
        found = _unboxed(_joint_cipher(keys), kept["box"], _place(envelope, "signature", ""))
    return {"keyid": kept["keyid"]} if found is None else dict(found[0])


def _living(kids: Sequence[str], keys: Mapping[str, Key | KeyRecord]) -> list[Key] | None:
    """Return keys in the order of their names, as often as those come; None if one is gone."""
    found = [key for kid in kids if isinstance(key := keys.get(kid), Key)]
    return found if len(found) == len(kids) else None


def _joint_cipher(keys: Sequence[Key]) -> AESGCM:
    joined = b"".join(_secrets(keys))
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=None, info=b"signature").derive(joined))


def _secrets(keys: Sequence[Key]) -> list[bytes]:
    return [key.secret for key in keys]


def _path(data: Json, pointer: str) -> Path:
    path: list[str | int] = []
    for step in pointer.split("/")[1:]:
        if isinstance(data, list):
            path.append(int(step))
            data = data[int(step)]
        else:
            name = step.replace("~1", "/").replace("~0", "~")
            path.append(name)
            data = data.get(name) if isinstance(data, dict) else None
    return tuple(path)
