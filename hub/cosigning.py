"""Asks witnesses to cosign the newest checkpoint, as https://c2sp.org/tlog-witness says."""

from dataclasses import dataclass

import anyio
import httpx

from events.ledger import Ledger, UnknownSize
from events.notes import NoteRefused, VerifierKey, read_head, read_note
from events.witness import Witness
from hub.plain_answers import PLAIN, read_plain

SECONDS = 10.0
"""For one answer of a witness: while it takes its time, no sheet is closed."""

MOST_ANSWER = 16_384


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answered.

    Args:
        status_code: of HTTP.
        text: its body; empty if that is too long.
    """

    status_code: int
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of asking one witness.

    Args:
        name: of the witness.
        is_cosigned: it has cosigned the newest checkpoint.
        said: one sentence.
    """

    name: str
    is_cosigned: bool
    said: str


def gather(ledger: Ledger, witness: Witness) -> list[Asked]:
    """Ask every witness that has not cosigned the newest checkpoint yet, one after the other."""
    note = ledger.newest()
    asked = witness.asked() if note is not None else []
    if note is None or not asked:
        return []
    return [_ask(ledger, note, *one) for one in asked]


def _ask(ledger: Ledger, note: str, key: VerifierKey, address: str) -> Asked:
    text, lines = read_note(note)
    size = read_head(text).size
    if any(key.has_signed(text, line) for line in lines):
        return Asked(key.name, True, "It has cosigned this checkpoint already.")
    try:
        answer = submit(address, submission_body(ledger, ledger.cosigned(key), size, note))
        old = answer.text.strip()
        if answer.status_code == 409 and old.isascii() and old.isdigit() and int(old[:18]) <= size:
            answer = submit(address, submission_body(ledger, int(old[:18]), size, note))
    except (httpx.HTTPError, UnknownSize) as fault:
        return Asked(key.name, False, f"It could not be asked: {type(fault).__name__}.")
    if answer.status_code != 200:
        return Asked(key.name, False, _refusal(answer.status_code))
    return _taken(ledger, key, note, answer.text)


def _taken(ledger: Ledger, key: VerifierKey, note: str, said: str) -> Asked:
    try:
        text, lines = read_note(f"{read_note(note)[0]}\n{said}")
    except NoteRefused:
        return Asked(key.name, False, "It answered something that is no cosignature.")
    own = [line for line in lines if key.has_signed(text, line)]
    if not own or not ledger.take_cosignatures(note, own):
        return Asked(key.name, False, "Its cosignature is not by the key that is known for it.")
    return Asked(key.name, True, "It has cosigned this checkpoint.")


def submit(address: str, body: str, seconds: float = SECONDS) -> Answer:
    """Hand a checkpoint to a witness.

    Args:
        address: of it.
        body: of `add-checkpoint`.
        seconds: for the whole answer, however slowly it comes.

    Raises:
        httpx.HTTPError: it does not answer.
    """
    return anyio.run(_submitted, address, body, seconds)


async def _submitted(address: str, body: str, seconds: float) -> Answer:
    headers = {**PLAIN, "Content-Type": "text/plain; charset=utf-8"}
    try:
        with anyio.fail_after(seconds):
            async with (
                httpx.AsyncClient(timeout=seconds, follow_redirects=False) as client,
                client.stream(
                    "POST", f"{address}/add-checkpoint", content=body.encode(), headers=headers
                ) as answer,
            ):
                said = await read_plain(answer, MOST_ANSWER) or b""
                return Answer(answer.status_code, said.decode(errors="replace"))
    except TimeoutError as late:
        raise httpx.ReadTimeout("no whole answer in time") from late


def submission_body(ledger: Ledger, old: int, size: int, note: str) -> str:
    """Return the body of `add-checkpoint`: the size that the witness knows, the proof from there on, the checkpoint.

    Raises:
        UnknownSize: there is no tree of one of these sizes.
    """
    proof = "".join(f"{one}\n" for one in ledger.consistency(old, size))
    return f"old {old}\n{proof}\n{note}"


def _refusal(status: int) -> str:
    known = {
        403: "It refuses: the checkpoint is not signed with the key that it knows for this log.",
        404: "It refuses: it does not watch this log. Its operator must run `hub witness watch` with this log's key.",
        409: "It refuses: it has cosigned another history of this log. THE LOG HAS FORKED.",
        422: "It refuses: this checkpoint does not continue the one it cosigned before. THE LOG HAS FORKED.",
    }
    return known.get(status, f"It refuses (status {status}).")
