"""Verifies a hub that answers: what it shows against what it proves, its checkpoint against one from before."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from verifier.exports import Reading
from verifier.findings import Findings
from verifier.notes import Key, Unreadable, is_signed, read_head, read_note, unbase64
from verifier.trees import is_continued

Json = Any
Get = Callable[[str], str]
SECONDS = 30.0
_PAGE = 500


class Unreachable(Exception):
    """The hub did not answer."""


def getting(url: str, token: str) -> Get:
    """Return what asks a hub.

    Raises:
        Unreadable: the address is none of a hub.
    """
    if not url.startswith(("http://", "https://")):
        raise Unreadable("The address of a hub begins with http:// or https://.")
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(path: str) -> str:
        try:
            with urlopen(Request(f"{url}/api/v1{path}", headers=headers), timeout=SECONDS) as answer:  # noqa: S310 - checked above
                said: str = answer.read().decode()
                return said
        except HTTPError as refused:
            with refused:
                raise Unreadable(
                    f"The hub refused {path.partition('?')[0]} (status {refused.code})."
                ) from refused
        except (URLError, OSError, UnicodeDecodeError) as lost:
            raise Unreachable("The hub could not be reached.") from lost

    return get


def verify_hub(
    get: Get, what: str, key: Key | None, witnesses: Sequence[Key] = (), kept: str | None = None
) -> tuple[Findings, str | None]:
    """Verify all that a hub shows; return what was found, and its newest checkpoint, to be kept.

    Args:
        get: asks it.
        what: for the findings.
        key: of its log, if somebody trusted told it.
        witnesses: of whom one at least must have cosigned.
        kept: the checkpoint of the last time.

    Raises:
        Unreachable: it does not answer.
        Unreadable: it refuses.
    """
    reading = Reading(what, key, witnesses)
    named = json.loads(get("/log/key"))["key"]
    reading.name(named)
    note: str | None = None
    after: str | None = None
    while True:
        query = urlencode({"limit": _PAGE} | ({"after": after} if after else {}))
        page = json.loads(get(f"/events?{query}"))
        proofs = json.loads(get(f"/log/proofs?{query}"))
        note = proofs["checkpoint"]
        reading.checkpoint(note)
        _page(reading, page["events"], proofs["proofs"])
        after = page["next"]
        if after is None:
            break
    found = reading.finish(is_witnessed=bool(witnesses))
    if kept is not None and note is not None:
        _continues(found, get, kept, note, key)
    return found, note if found.is_whole else None


def _page(reading: Reading, events: Sequence[Json], proofs: Sequence[Json]) -> None:
    by_name = {(one["source"], one["id"]): one for one in proofs}
    for event in events:
        proof = by_name.get((event["source"], event["id"]))
        if proof is None:
            reading.found.faults.append(f"The hub shows {event['id']} of {event['source']} without a proof.")
        else:
            reading.event(event, proof)


def _continues(found: Findings, get: Get, kept: str, note: str, key: Key | None) -> None:
    text, signatures = read_note(kept)
    old, new = read_head(text), read_head(read_note(note)[0])
    if key is not None and not is_signed(text, signatures, key):
        found.faults.append("The checkpoint that you kept is not signed with this log's key.")
    if old.origin != new.origin:
        found.faults.append("The checkpoint that you kept is of another log.")
    elif old.size > new.size:
        found.faults.append(
            f"You kept a checkpoint of {old.size} leaves, and now there are {new.size}: it was cut."
        )
    else:
        query = urlencode({"from": old.size, "to": new.size})
        proof = [unbase64(one) for one in json.loads(get(f"/log/consistency?{query}"))["proof"]]
        if is_continued((old.size, old.root), (new.size, new.root), proof):
            found.remarks.append(f"It continues the checkpoint of {old.size} leaves that you kept.")
        else:
            found.faults.append(
                f"The log does not continue the checkpoint of {old.size} leaves that you kept: IT HAS FORKED."
            )
