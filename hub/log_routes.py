"""Addresses of tamper evidence."""

from hub.address import API, Address, Answer, ok
from hub.api import log, witnessing
from hub.api import parameters as p

NOTE = "text/plain"


def log_addresses() -> tuple[Address, ...]:
    """Return the rows of the table."""
    of, paged = f"{API}/log", (p.after, p.limit(100, p.MAX_EVENTS), *p.EVENT_FILTERS)
    cosigned = (
        Answer(200, "The cosignature.", NOTE, "SignedNote"),
        Answer(409, "The size of the checkpoint that was last cosigned.", witnessing.SIZE, "TreeSize"),
    )
    return (
        Address("GET", f"{of}/checkpoint", "showCheckpoint", log.show_checkpoint,
                "The newest signed tree head, with its cosignatures (C2SP)", "Evidence", (),
                ok("SignedNote", "The checkpoint.", NOTE)),
        Address("GET", f"{of}/key", "showLogKey", log.show_log_key,
                "The keys that sign checkpoints and cosignatures", "Evidence", (), ok("LogKeys", "The keys.")),
        Address("GET", f"{of}/consistency", "showConsistency", log.show_consistency,
                "Proof that a tree continues a smaller one", "Evidence", (p.tree_from, p.tree_to),
                ok("Consistency", "The proof.")),
        Address("GET", f"{of}/proof", "showProof", log.show_proof,
                "Proof that an event is in the log as you see it", "Evidence", (p.of_source, p.of_id),
                ok("LogProof", "The proof.")),
        Address("GET", f"{of}/proofs", "listProofs", log.list_proofs,
                "The same for a page of events, in the order of `GET /events`", "Evidence", paged,
                ok("LogProofs", "A page.")),
        Address("POST", f"{API}/witness/add-checkpoint", "addCheckpoint", witnessing.add_checkpoint,
                "Ask this hub to cosign a checkpoint (C2SP tlog-witness)", "Evidence", (), cosigned,
                takes="Cosigning"),
    )  # fmt: skip
