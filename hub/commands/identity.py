"""`hub identity`: may two records be of the same person?"""

import sys
from collections.abc import Mapping
from typing import Any

import click
import orjson

from projections.names.score import score

Json = Any


@click.group(epilog="Example:  hub identity score < pairs.ndjson")
def identity() -> None:
    """Compare records of people."""


@identity.command(
    "score",
    epilog="""Example:  echo '{"a": {"name": "Isvael K."}, "b": {"name": "Yisvayel K."}}' | hub identity score""",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Does nothing: results are JSON, one a line, in any case."
)
def score_pairs(as_json: bool) -> None:
    """Read pairs {"a": RECORD, "b": RECORD}, one a line, and print {"score", "reasons"} for each, in the same order.

    A record has name, aliases, birth_date, country, bar, bar_number, place; only name is needed. From 0.5 on a pair is
    worth a look by a person, from 0.97 on it is hardly ever wrong. No score merges anything. A line that is no pair is
    answered by {"line", "error"}, and the next is read; exit status 1 then.
    """
    answers, refused = sys.stdout.buffer, 0
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        answer = _answer(line, number)
        if "error" in answer:
            refused += 1
            click.echo(answer["error"], err=True)
        answers.write(orjson.dumps(answer) + b"\n")
        # Whoever sends pair by pair waits for each answer.
        answers.flush()
    if refused:
        sys.exit(1)


def _answer(line: bytes, number: int) -> Json:
    """Return what is printed for a line: the score with its reasons, or what is wrong with the line."""
    try:
        pair = orjson.loads(line)
        result = score(*(_record(pair[side]) for side in ("a", "b")))
    except (ValueError, KeyError, TypeError) as wrong:
        is_told = isinstance(wrong, _NoRecord)
        why = str(wrong) if is_told else 'It is no pair {"a": RECORD, "b": RECORD}.'
        return {"line": number, "error": f"Line {number}: {why}"}
    return {"score": result.score, "reasons": result.reasons}


class _NoRecord(ValueError):
    """A part of a pair is not what can be compared; says why."""


def _record(said: Json) -> Mapping[str, Json]:
    """Return a record as it is; raises `_NoRecord` if its names are no text."""
    if not isinstance(said, dict) or not isinstance(said.get("name"), str):
        raise _NoRecord('Each of "a" and "b" is an object with a "name", which is text.')
    aliases = said.get("aliases") or []
    if not (isinstance(aliases, list) and all(isinstance(one, str) for one in aliases)):
        raise _NoRecord('"aliases" is a list of names.')
    return said
