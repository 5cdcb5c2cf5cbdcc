"""Verifies events that somebody was shown against their proofs: an export in files, or a hub that answers."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from verifier.fields import check
from verifier.findings import Findings
from verifier.notes import Head, Key, Unreadable, read_key, unbase64
from verifier.trees import leaf_hash, root_by_path, sheet_by_path

Json = Any
PROOFS = ".proofs"
"""What the name of the file of proofs has after that of the events."""


class Reading:
    """Takes events with their proofs, in order, and checkpoints as they come."""

    def __init__(self, what: str, key: Key | None, witnesses: Sequence[Key] = ()) -> None:
        """Take the key of the log and those of witnesses, if somebody trusted told them."""
        self.found = Findings(what)
        self._key = key
        self._witnesses = [*witnesses]
        self._head: Head | None = None
        self._note = ""
        self._corrected: set[tuple[str, str, str]] = set()
        self._unproven: list[tuple[str, str, str]] = []

    def name(self, vkey: str | None) -> None:
        """Take the key that the hub itself, or the export, names; it counts only if nobody told another."""
        if not vkey:
            return
        if self._key is None:
            self._key = read_key(vkey)
            self.found.remarks.append(f"You trust it about the key of the log: {vkey}")
        elif read_key(vkey) != self._key:
            self.found.faults.append("It names another key of the log than yours.")

    def checkpoint(self, note: str | None) -> None:
        """Take the checkpoint to which the next proofs lead."""
        if note is not None and note != self._note:
            self._note = note
            self._head = self.found.take(note, self._key, self._witnesses)

    def event(self, event: Mapping[str, Json], proof: Mapping[str, Json]) -> None:
        """Check one event."""
        named = f"Event {event.get('id')} of {event.get('source')}"
        self.found.events += 1
        self._note_corrections(event)
        try:
            checked = check(event, proof)
            self.found.faults += [f"{named} {fault}." for fault in checked.faults]
            self._unproven += [
                (str(event.get("source")), str(event.get("id")), one) for one in checked.unproven
            ]
            self._place(named, checked.leaf, proof["inclusion"])
        except (Unreadable, KeyError, TypeError, ValueError) as odd:
            said = odd if isinstance(odd, Unreadable) else "its proof lacks something."
            self.found.faults.append(f"{named}: {said}")

    def finish(self, *, is_witnessed: bool = False) -> Findings:
        """Say what nothing accounts for; with `is_witnessed`, also that no witness has cosigned."""
        for source, event_id, pointer in self._unproven:
            top = "/".join(pointer.split("/")[:3])
            if pointer != "/tlp" and (source, event_id, top) not in self._corrected:
                self.found.faults.append(
                    f"Event {event_id} of {source} says something at {pointer} that its proof does not vouch for, and "
                    "no correction of it is here: it was corrected by what you may not see, or changed on the way."
                )
        if is_witnessed and self.found.checkpoints and not self.found.cosignatures:
            self.found.faults.append("No witness that you named has cosigned a checkpoint.")
        return self.found

    def _place(self, named: str, leaf: bytes, inclusion: Mapping[str, Json] | None) -> None:
        if inclusion is None:
            self.found.pending += 1
            return
        if self._head is None:
            self.found.faults.append(f"{named}: there is no checkpoint to which its proof could lead.")
            return
        sheet = inclusion["sheet"]
        root = sheet_by_path(leaf, int(sheet["place"], 16), [unbase64(one) for one in sheet["path"]])
        if root is None:
            raise Unreadable("its place in its sheet is none.")
        steps = [unbase64(one) for one in inclusion["path"]]
        hung = leaf_hash(root + unbase64(sheet["beside"]))
        if root_by_path(hung, inclusion["index"], self._head.size, steps) != self._head.root:
            self.found.faults.append(f"{named} is not in the log of this checkpoint.")

    def _note_corrections(self, event: Mapping[str, Json]) -> None:
        data = event.get("data")
        if event.get("type") == "record.corrected" and isinstance(data, dict):
            for change in data.get("changes", ()):
                top = "/".join(["/data", *str(change.get("pointer", "")).split("/")[1:2]])
                self._corrected.add((str(event.get("source")), str(data.get("about_event")), top))


def verify_files(events: Path, proofs: Path, key: Key | None, witnesses: Sequence[Key] = ()) -> Findings:
    """Verify an export: events, one a line, and their proofs, in the same order.

    Raises:
        OSError: a file cannot be read.
    """
    reading = Reading(events.name, key, witnesses)
    shown = _lines(events, reading.found)
    for said in _lines(proofs, reading.found):
        if "log" in said:
            reading.name(said["log"])
        elif "end" in said:
            _end(reading.found, said["end"])
            break
        elif "proof" in said:
            _pair(reading, next(shown, None), said["proof"])
        else:
            reading.checkpoint(said.get("checkpoint"))
    else:
        reading.found.faults.append("The file of proofs ends too early.")
    more = sum(1 for _ in shown)
    if more:
        reading.found.faults.append(
            f"{more} events have no proof: they were added, or the proofs are cut off."
        )
    return reading.finish(is_witnessed=bool(witnesses))


def _pair(reading: Reading, event: Json | None, proof: Json) -> None:
    if event is None:
        reading.found.faults.append(f"Event {proof.get('id')} of {proof.get('source')} is missing.")
    elif (event.get("source"), event.get("id")) != (proof.get("source"), proof.get("id")):
        reading.found.faults.append(
            f"Where event {proof.get('id')} of {proof.get('source')} should be, there is {event.get('id')} of "
            f"{event.get('source')}: events were removed, added, or put into another order."
        )
    else:
        reading.event(event, proof)


def _end(found: Findings, count: Json) -> None:
    if count != found.events and not found.faults:
        found.faults.append(f"There should be {count} events, and there are {found.events}.")


def _lines(file: Path, found: Findings) -> Iterator[dict[str, Json]]:
    with file.open(encoding="utf-8", errors="replace") as lines:
        yield from _objects(lines, file.name, found)


def _objects(lines: Iterable[str], name: str, found: Findings) -> Iterator[dict[str, Json]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                said = json.loads(line)
            except ValueError:
                said = None
            if isinstance(said, dict):
                yield said
            else:
                found.faults.append(f"Line {number} of {name} cannot be read.")
