"""`hub identity`: may two records be of the same person?"""

import sys
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
    worth a look by a person, from 0.97 on it is hardly ever wrong. No score merges anything.
    """
    answers = sys.stdout.buffer
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            pair = orjson.loads(line)
            result = score(pair["a"], pair["b"])
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            raise click.UsageError(f'Line {number} is no pair {{"a": RECORD, "b": RECORD}}.') from wrong
        answers.write(orjson.dumps({"score": result.score, "reasons": result.reasons}) + b"\n")
        # Whoever sends pair by pair waits for each answer.
        answers.flush()
