"""Names: how well and how fast two records are compared, and found among many, beside what a plain library gives.

It needs labelled pairs and a pool of records, which are no part of this repository: HUB_IDENTITY_DATA names the folder
with dev_pairs.jsonl and dev_pool.jsonl.gz. The weights were fitted to pairs like these, so what is printed here for the
development pairs is a little too good; benchmarks/train_names.py prints the same for records left out of the fitting.
"""

import gzip
import json
import os
import random
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from anyascii import anyascii
from rapidfuzz import fuzz, process

from benchmarks.measure import Figure, interleaved, median, timed
from projections.names.candidates import Candidates
from projections.names.prepared import Prepared, prepare
from projections.names.score import POSSIBLE, STRONG, compare, score

Json = Any
Points = list[tuple[float, float, float]]
"""Threshold, precision and recall at every distinct score."""

VARIABLE = "HUB_IDENTITY_DATA"
PEER = "rapidfuzz WRatio on anyascii"
QUERIES = 1_000
QUERIES_OF_PEER = 40
LIMIT = 50
KIN = ("kin", "namesake", "namesake-dob")


def run() -> list[Figure]:
    folder = Path(os.environ.get(VARIABLE, ""))
    if not os.environ.get(VARIABLE) or not (folder / "dev_pairs.jsonl").exists():
        print(f"identity: no labelled pairs; name their folder by {VARIABLE}.")
        return []
    pairs = [json.loads(line) for line in (folder / "dev_pairs.jsonl").read_text("utf-8").splitlines()]
    figures = [*quality(pairs), *speed(pairs)]
    if (folder / "dev_pool.jsonl.gz").exists():
        with gzip.open(folder / "dev_pool.jsonl.gz", "rt", encoding="utf-8") as lines:
            figures += finding([json.loads(line) for line in lines])
    return figures


def plain(one: Json, other: Json) -> float:
    """Score as the peer does: the best of all names, letters written as ASCII."""
    mine, theirs = (
        [anyascii(text).lower() for text in (each["name"], *each["aliases"])] for each in (one, other)
    )
    return max(fuzz.WRatio(a, b) for a in mine for b in theirs) / 100


def quality(pairs: Sequence[Json]) -> list[Figure]:
    ours = [score(pair["a"], pair["b"]).score for pair in pairs]
    theirs = [plain(pair["a"], pair["b"]) for pair in pairs]
    same = [bool(pair["same"]) for pair in pairs]
    across = [at for at, pair in enumerate(pairs) if _script(pair["a"]["name"]) != _script(pair["b"]["name"])]
    here, there = curve(ours, same), curve(theirs, same)
    apart = [curve([each[at] for at in across], [same[at] for at in across]) for each in (ours, theirs)]
    at_threshold = f1(*next((p, r) for bar, p, r in reversed(here) if bar >= POSSIBLE))
    kin = [chance >= STRONG for chance, pair in zip(ours, pairs, strict=True) if pair["kind"] in KIN]
    return [
        _share("best F1", best_f1(here), best_f1(there), 0.965),
        _share("average precision", average_precision(here), average_precision(there), 0.99),
        _share("recall where precision is 0.99", recall_at(here), recall_at(there), 0.85),
        _share("best F1 across scripts", best_f1(apart[0]), best_f1(apart[1]), 0.95),
        _share(f"F1 at {POSSIBLE}", at_threshold, None, best_f1(here) - 0.01),
        _most("kin and namesakes at the strong threshold", sum(kin) / len(kin), 0.01),
    ]


def speed(pairs: Sequence[Json]) -> list[Figure]:
    ready = [(prepare(pair["a"]), prepare(pair["b"])) for pair in pairs]

    def per_pair(work: Callable[[], object]) -> Callable[[], float]:
        return lambda: timed(work).cpu / len(pairs) * 1e6

    taken = interleaved(
        {
            "whole": per_pair(lambda: [score(pair["a"], pair["b"]) for pair in pairs]),
            "ready": per_pair(lambda: [compare(one, other) for one, other in ready]),
            "plain": per_pair(lambda: [plain(pair["a"], pair["b"]) for pair in pairs]),
        }
    )
    cost = {name: median(values) for name, values in taken.items()}
    return [
        Figure(
            "comparing two records",
            "CPU us/pair",
            cost["whole"],
            "<= 300 us",
            cost["plain"],
            PEER,
            cost["whole"] <= 300,
            {"both prepared before": cost["ready"]},
        )
    ]


def finding(pool: Sequence[Json]) -> list[Figure]:
    people = defaultdict(list)
    for record in pool:
        people[record["pid"]].append(record["rid"])
    prepared = {record["rid"]: prepare(record) for record in pool}
    index = Candidates[str]()

    def file() -> None:
        for key, each in prepared.items():
            index.add(key, each)

    filed = timed(file).cpu / len(pool) * 1e6
    several = [(key, set(keys) - {key}) for keys in people.values() if len(keys) > 1 for key in keys]
    asked = random.Random(1).sample(several, min(QUERIES, len(several)))
    found = {
        key: [near for near, _ in index.near(prepared[key], LIMIT + 1) if near != key] for key, _ in asked
    }
    names = {record["rid"]: anyascii(record["name"]).lower() for record in pool}
    few = asked[:QUERIES_OF_PEER]
    nearest = {key: _extracted(names, key) for key, _ in few}
    taken = interleaved(
        {"ours": lambda: _query(index, prepared, few), "peer": lambda: _queries(names, few[:4])}, 3
    )
    ours, peer = median(taken["ours"]), median(taken["peer"])
    recall, theirs = _recall(found, asked), _recall(nearest, few)
    return [
        _share(f"true matches among the first {LIMIT} of {len(pool):,}", recall, theirs, 0.95),
        Figure(
            "finding candidates",
            "CPU ms/query",
            ours,
            "<= 10 ms",
            peer,
            PEER,
            ours <= 10,
            {"filing one, us": filed},
        ),
    ]


def _query(
    index: Candidates[str], prepared: dict[str, Prepared], asked: Sequence[tuple[str, set[str]]]
) -> float:
    return timed(lambda: [index.near(prepared[key], LIMIT) for key, _ in asked]).cpu / len(asked) * 1e3


def _queries(names: dict[str, str], asked: Sequence[tuple[str, set[str]]]) -> float:
    return timed(lambda: [_extracted(names, key) for key, _ in asked]).cpu / len(asked) * 1e3


def _extracted(names: dict[str, str], key: str) -> list[str]:
    best = process.extract(names[key], names, scorer=fuzz.WRatio, limit=LIMIT + 1)
    return [near for _, _, near in best if near != key]


def _recall(found: dict[str, list[str]], asked: Sequence[tuple[str, set[str]]]) -> float:
    hits = sum(len(others.intersection(found[key][:LIMIT])) for key, others in asked)
    return hits / sum(len(others) for _, others in asked)


def _share(name: str, ours: float, peer: float | None, goal: float) -> Figure:
    return Figure(name, "", ours, f">= {goal:.3f}", peer, PEER if peer is not None else "", ours >= goal)


def _most(name: str, ours: float, goal: float) -> Figure:
    return Figure(name, "", ours, f"<= {goal}", met=ours <= goal)


def curve(scores: Sequence[float], same: Sequence[bool]) -> Points:
    """Return a point for every distinct score, highest first; equal scores are taken together."""
    counts: dict[float, Counter[bool]] = defaultdict(Counter)
    for one, is_same in zip(scores, same, strict=True):
        counts[one][is_same] += 1
    right, taken, points = 0, 0, []
    for bar in sorted(counts, reverse=True):
        right, taken = right + counts[bar][True], taken + counts[bar].total()
        points.append((bar, right / taken, right / sum(same)))
    return points


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def best_f1(points: Points) -> float:
    return max(f1(precision, recall) for _, precision, recall in points)


def average_precision(points: Points) -> float:
    before = [0.0, *(recall for _, _, recall in points)]
    return sum(
        (recall - last) * precision for (_, precision, recall), last in zip(points, before, strict=False)
    )


def recall_at(points: Points, least: float = 0.99) -> float:
    return max((recall for _, precision, recall in points if precision >= least), default=0.0)


def _script(text: str) -> str:
    counts = Counter(unicodedata.name(letter, "?").split()[0] for letter in text if letter.isalpha())
    return counts.most_common(1)[0][0] if counts else ""
