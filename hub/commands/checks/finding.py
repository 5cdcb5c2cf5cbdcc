"""What one look of the doctor found, and what to do about it."""

from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["ok", "warn", "bad"]
_SHOWN = {"ok": "ok  ", "warn": "warn", "bad": "BAD "}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found.

    Args:
        check: its name.
        level: `bad` if something is broken or will be; `warn` if it is worth a thought.
        detail: what was found.
        advice: what to do; empty where there is nothing to do.
    """

    check: str
    level: Level
    detail: str
    advice: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether the hub may run so."""
        return self.level != "bad"

    def as_json(self) -> dict[str, Any]:
        """Return it as a row."""
        said = {"check": self.check, "ok": self.is_ok, "level": self.level, "detail": self.detail}
        return {**said, "do": self.advice} if self.advice else said

    def text(self) -> str:
        """Return it as a line for people, and a second one if there is something to do."""
        line = f"{_SHOWN[self.level]} {self.check:9} {self.detail}"
        return f"{line}\n               -> {self.advice}" if self.advice else line


def fine(check: str, detail: str) -> Finding:
    """Say that all is well."""
    return Finding(check, "ok", detail)


def judged(check: str, faults: list[str], well: str, advice: str, level: Level = "bad") -> Finding:
    """Say what is wrong, if anything is."""
    return Finding(check, level, "; ".join(faults), advice) if faults else fine(check, well)
