"""Keys beside a log: every process of a test that opens the log finds the same."""

from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from events.store import Store, open_store
from events.vault import Vault
from schemas.registry import Registry

KEY = b"k" * 32


def vault_path(url: str) -> Path:
    """Return where the keys of the log at an address are: beside its file, or beside PostgreSQL's socket."""
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///")).with_suffix(".vault")
    said = conninfo_to_dict(url)
    return Path(str(said["host"])) / f"{said['dbname']}.vault"


def open_beside(url: str, registry: Registry) -> Store:
    """Open a log with the keys beside it."""
    return open_store(url, registry, Vault(vault_path(url), KEY))
