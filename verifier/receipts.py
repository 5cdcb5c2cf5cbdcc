"""Verifies receipts: that the hub signed that it took what a publisher sent."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from verifier.fields import written
from verifier.findings import Findings
from verifier.notes import Key, Unreadable, is_signed, read_note, unbase64
from verifier.trees import Tree, leaf_hash

Json = Any


def verify_receipt(
    answer: Mapping[str, Json], sent: Sequence[Mapping[str, Json]], key: Key | None
) -> Findings:
    """Verify what a hub answered to `POST /events` against the events that were sent.

    Args:
        answer: as the hub gave it, for one event or for a batch.
        sent: the events, in the order in which they were sent.
        key: of the log.
    """
    found = Findings("Receipt")
    rows = [row for row in answer.get("results", [answer]) if row.get("status") in ("stored", "duplicate")]
    by_id = {(one.get("source"), one.get("id")): one for one in sent}
    tree = Tree()
    try:
        for row in rows:
            event = by_id.get((row["source"], row["id"]))
            receipt = row["receipt"]
            if event is None:
                found.faults.append(f"What was sent as {row['id']} is not here.")
            said = digest_of(event or {}, unbase64(receipt["nonce"]))
            tree.append(leaf_hash(unbase64(receipt["leaf"]) + said + receipt["recorded"].encode()))
            found.events += 1
        _signed(found, str(answer["receipt"]["note"]), tree, key)
    except (Unreadable, KeyError, TypeError) as odd:
        found.faults.append(str(odd) if isinstance(odd, Unreadable) else "The receipt lacks something.")
    return found


def digest_of(event: Mapping[str, Json], nonce: bytes) -> bytes:
    """Return what a receipt signs of what was sent."""
    said = {name: value for name, value in event.items() if name != "datacontenttype"}
    return sha256(nonce + written(said).encode()).digest()


def _signed(found: Findings, note: str, tree: Tree, key: Key | None) -> None:
    text, signatures = read_note(note)
    if key is None:
        found.faults.append("Name the key of the log with --key: a receipt does not say whom to trust.")
        return
    expected = f"{key.name} receipt\n{tree.size}\n{b64encode(tree.root()).decode()}\n"
    if not is_signed(text, signatures, key):
        found.faults.append("The receipt is not signed with this key.")
    elif text != expected:
        found.faults.append("The hub signed something else: what was sent, or the receipt, was changed.")
