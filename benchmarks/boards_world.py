"""An invented log for the boards: whole events of every type that partners publish, in stories of the same shape.

Payloads are the examples of the contracts about things of their own, so that they cost what real ones cost. The same
size gives the same events. A story comes in its own order; stories run beside each other, as months do in a log.
"""

from collections.abc import Iterator
from typing import Any

from benchmarks.boards_draw import PARTNERS, ROLES, Said, slug_of
from benchmarks.boards_help import Deeds
from benchmarks.boards_matters import Matters
from tests.running import example

Json = Any

__all__ = ["Boards", "Said", "founding", "slug_of"]


class Boards(Matters, Deeds):
    """Invents the log."""

    def all(self) -> list[Said]:
        """Return what is said, in order."""
        for number in range(10):
            self._indicator(number)
        for number in range(self._counts["threat"] // 20 + 2):
            self._body(number)
        for name, count in self._counts.items():
            for number in range(count):
                getattr(self, f"_{name}")(number)
        return sorted(self._said, key=lambda one: one[:2])

    def one_more(self, name: str, number: int) -> list[Said]:
        """Return one more story of a kind, said now."""
        self._said = []
        getattr(self, f"_{name}")(number)
        return sorted(self._said, key=lambda one: one[:2])


def founding() -> Iterator[Json]:
    """Yield the admissions of the partners, which the stewards publish."""
    for number in range(PARTNERS + 1):
        data = {
            **example("partner.admitted.v1"),
            "partner": f"partner:{slug_of(number)}",
            "roles": list(ROLES),
        }
        for name in ("previous", "signing_keys", "body"):
            data.pop(name)
        envelope = {"specversion": "1.0", "id": f"admit-{number}", "source": "urn:hub:partner:stewards"}
        yield {**envelope, "type": "partner.admitted", "data": data}
    silent = {
        **example("partner.suspended.v1"),
        "partner": f"partner:{slug_of(PARTNERS)}",
        "affected_cases": None,
    }
    gone = {**example("erasure.executed.v1"), "subject_of_erasure": "lawyer:bar-0.gone", "request": None}
    for name, said in (("partner.suspended", silent), ("erasure.executed", gone)):
        data = {key: value for key, value in said.items() if value is not None}
        envelope = {"specversion": "1.0", "id": name, "source": "urn:hub:partner:stewards"}
        yield {**envelope, "type": name, "data": data}
