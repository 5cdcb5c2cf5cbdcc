"""Which contracts a hub has served: kept beside its log, so that one that changed under it is found."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from schemas.registry import Registry

FILE = "contracts.json"


def digests(registry: Registry) -> Mapping[str, str]:
    """Return the digest of each contract of this release."""
    return {stem: _digest(registry.contract(stem).schema) for stem in registry.stems}


def remembered(data: Path) -> Mapping[str, str]:
    """Return the digest of each contract as this folder's hub served it first; nothing if it never did."""
    try:
        found = json.loads((data / FILE).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(stem): str(digest) for stem, digest in found.items()} if isinstance(found, dict) else {}


def remember(data: Path, registry: Registry) -> None:
    """Add the contracts that are new; those that are known keep the digest that they had first."""
    known = remembered(data)
    kept = {**digests(registry), **known}
    if kept == known:
        return
    draft = data / f"{FILE}.{os.getpid()}.draft"
    draft.write_text(json.dumps(kept, indent=1, sort_keys=True), "utf-8")
    draft.replace(data / FILE)


def _digest(schema: object) -> str:
    return hashlib.sha256(json.dumps(schema, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
