"""One breach of a contract, said so that the person who pushed can mend it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class Problem:
    """Where and how a submission breaks the contract.

    Args:
        pointer: JSON Pointer (RFC 6901) from the root of the event, e.g. `/data/targets/0`; "" is the whole.
        code: stable, machine-readable slug, e.g. `required`, `unknown_code`, `too_long`.
        detail: one plain sentence. Never holds a value that was sent.
        hint: what would be accepted, e.g. the nearest vocabulary code or the expected form; may be None.
        values: what both name, for whoever says it in another language: limits and codes by name, never a value that
            was sent; no part of the public form.
    """

    pointer: str
    code: str
    detail: str
    hint: str | None = None
    values: Mapping[str, Json] = field(default_factory=dict, compare=False)

    def as_json(self) -> dict[str, str]:
        """Return the public form; `hint` is left out when there is none."""
        said = {"pointer": self.pointer, "code": self.code, "detail": self.detail}
        return said if self.hint is None else {**said, "hint": self.hint}
