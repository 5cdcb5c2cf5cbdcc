"""Which contracts a hub has served: kept beside its log, so that one that changed under it is found."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from hub.firsts import keep_firsts, read_firsts
from schemas.registry import Registry

FILE = "contracts.json"


def digests(registry: Registry) -> Mapping[str, str]:
    """Return the digest of each contract of this release."""
    return {stem: _digest(registry.contract(stem).schema) for stem in registry.stems}


def remembered(data: Path) -> Mapping[str, str]:
    """Return the digest of each contract as this folder's hub served it first; nothing if it never did."""
    try:
        return read_firsts(data / FILE)
    except ValueError:
        return {}


def remember(data: Path, registry: Registry) -> None:
    """Add the contracts that are new; those that are known keep the digest that they had first."""
    keep_firsts(data / FILE, remembered(data), digests(registry))


def _digest(schema: object) -> str:
    return hashlib.sha256(json.dumps(schema, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
