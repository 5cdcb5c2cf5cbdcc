"""Fits projections/names/data/weights.json to labelled pairs and says what it reaches on records it has not seen.

    python -m venv scratch && scratch/bin/pip install lightgbm==4.7.0 rapidfuzz anyascii myanmartools
    PYTHONPATH=. scratch/bin/python benchmarks/train_names.py dev_pairs.jsonl projections/names/data/weights.json

Trees for the names, one table for births, one for countries: constraints keep them apart, so that each weight can be
told, and keep each finding from counting against what it is evidence for. Neither names nor records get into the file.
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from projections.names.findings import BIRTHS, NAMES, find
from projections.names.prepared import prepare

RISING = (
    "shorter longer alike worst worst_bones worst_code worst_first whole spoken_longer birth country".split()
)
FALLING = "clash first_left last_left".split()
COUNTRIES = {"different": 0.0, "same": 2.0}
UNKNOWN_COUNTRY = 1.0
ROUNDS = 150
FOLDS = 5
SEEDS = 3


def parameters() -> dict[str, Any]:
    apart = [[at for at, name in enumerate(NAMES) if name not in ("birth", "country")]]
    apart += [[NAMES.index("birth")], [NAMES.index("country")]]
    return {
        "objective": "binary",
        "num_leaves": 8,
        "max_depth": 4,
        "learning_rate": 0.08,
        "min_data_in_leaf": 15,
        "lambda_l2": 3,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "monotone_constraints": [(name in RISING) - (name in FALLING) for name in NAMES],
        "interaction_constraints": apart,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }


def components(rows: list[Any]) -> list[str]:
    """Name the group of each pair: pairs that share a record, by way of others too, are in one."""
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        parent.setdefault(one, one)
        while parent[one] != one:
            one = parent[one]
        return one

    for row in rows:
        parent[root(row["ida"])] = root(row["idb"])
    return [root(row["ida"]) for row in rows]


def folds(groups: list[str], seed: int) -> np.ndarray:
    size = Counter(groups)
    names = sorted(size)
    random.Random(seed).shuffle(names)
    load, fold_of = [0] * FOLDS, {}
    for name in sorted(names, key=lambda each: -size[each]):
        fold_of[name] = min(range(FOLDS), key=load.__getitem__)
        load[fold_of[name]] += size[name]
    return np.array([fold_of[group] for group in groups])


def fitted(values: np.ndarray, same: np.ndarray, seed: int = 0) -> lightgbm.Booster:
    return lightgbm.train({**parameters(), "seed": seed}, lightgbm.Dataset(values, same), ROUNDS)


def held_out(values: np.ndarray, same: np.ndarray, groups: list[str]) -> np.ndarray:
    """Return the chance of each pair from models that have seen none of its group."""
    odds = np.zeros(len(same))
    for seed in range(SEEDS):
        of = folds(groups, seed)
        for fold in range(FOLDS):
            model = fitted(values[of != fold], same[of != fold], seed)
            odds[of == fold] += model.predict(values[of == fold], raw_score=True) / SEEDS
    return 1 / (1 + np.exp(-odds))


def exported(model: lightgbm.Booster) -> dict[str, Any]:
    trees = [_flat(tree["tree_structure"]) for tree in model.dump_model()["tree_info"]]
    birth, country = NAMES.index("birth"), NAMES.index("country")
    about = {birth: [], country: [], None: []}
    for tree in trees:
        used = {node[0] for node in tree["nodes"]}
        about[next((at for at in (birth, country) if at in used), None)].append(tree)
    births = {name: _sum(about[birth], birth, at) for at, name in enumerate(BIRTHS)}
    countries = {name: _sum(about[country], country, at) for name, at in COUNTRIES.items()}
    unknown = births.pop(""), _sum(about[country], country, UNKNOWN_COUNTRY)
    # What is not known weighs nothing: its share goes to the names.
    about[None].append({"nodes": [[0, 0.0, -1, -1]], "leaves": [round(sum(unknown), 4)]})
    return {
        "source": "benchmarks/train_names.py: log-odds; a node is finding, threshold, next if not above, next if above",
        "findings": list(NAMES),
        "birth": {name: round(weight - unknown[0], 4) for name, weight in births.items()},
        "country": {name: round(weight - unknown[1], 4) for name, weight in countries.items()},
        "trees": about[None],
    }


def _flat(tree: Mapping[str, Any]) -> dict[str, list[Any]]:
    nodes: list[list[Any]] = []
    leaves: list[float] = []

    def add(node: Mapping[str, Any]) -> int:
        if "leaf_value" in node:
            leaves.append(round(node["leaf_value"], 4))
            return -len(leaves)
        at = len(nodes)
        nodes.append([node["split_feature"], round(node["threshold"], 6), 0, 0])
        nodes[at][2], nodes[at][3] = add(node["left_child"]), add(node["right_child"])
        return at

    if add(tree) < 0:
        nodes.append([0, 0.0, -1, -1])
    return {"nodes": nodes, "leaves": leaves}


def _sum(trees: list[dict[str, list[Any]]], finding: int, value: float) -> float:
    total = 0.0
    for tree in trees:
        at = 0
        while at >= 0:
            _, threshold, left, right = tree["nodes"][at]
            at = left if value <= threshold else right
        total += tree["leaves"][~at]
    return total


def main(pairs: str, target: str) -> None:
    rows = [json.loads(line) for line in Path(pairs).read_text(encoding="utf-8").splitlines()]
    values = np.array([find(prepare(row["a"]), prepare(row["b"])).values for row in rows])
    same = np.array([int(row["same"]) for row in rows])
    chances = held_out(values, same, components(rows))
    Path(target).write_text(
        json.dumps(exported(fitted(values, same)), indent=1, separators=(",", ":")) + "\n", encoding="utf-8"
    )
    if len(sys.argv) > 3:
        Path(sys.argv[3]).write_text(json.dumps(chances.tolist()))
    for bar in (0.5, 0.9, 0.95, 0.97, 0.98):
        over = chances >= bar
        false = Counter(
            row["kind"] for row, is_over in zip(rows, over, strict=True) if is_over and not row["same"]
        )
        precision, recall = same[over].mean(), same[over].sum() / same.sum()
        print(f"held out, from {bar}: precision {precision:.4f} recall {recall:.4f} false {dict(false)}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
