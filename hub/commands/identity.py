"""`hub identity`: may two records be of the same person?"""

import json
import sys
from typing import Any

import click

from projections.identity import score

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

    A record has name, aliases, birth_date, country, bar_number; only name is needed. From 0.5 on a pair is worth a look
    by a person. No score merges anything.
    """
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            pair = json.loads(line)
            result = score(pair["a"], pair["b"])
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            raise click.UsageError(f'Line {number} is no pair {{"a": RECORD, "b": RECORD}}.') from wrong
        click.echo(json.dumps({"score": result.score, "reasons": list(result.reasons)}, ensure_ascii=False))
