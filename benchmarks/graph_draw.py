"""Who is spoken of: pools of invented references, from which the known are drawn more often than others."""

from array import array
from collections import defaultdict
from random import Random

READER = "open-docket"
"""The partner that asks; it publishes, too."""

COUNTRIES = ("QM", "QN", "QO", "QP", "QQ", "QR", "QS", "QT", "QU", "QV")
PUBLISHERS = 100

_KNOWN = {"lawyer": 0.3, "threat": 0.3, "case": 0.3}
"""How often one is drawn by how much was said of it already; half the time where nothing is said here."""

_KINDS = {"bar": "body", "authority": "body", "court": "body"}


class Draw:
    """Makes references and draws among them.

    `nodes` counts those made, `counts` those of each pool.
    """

    def __init__(self, random: Random) -> None:
        self.nodes = 0
        self.counts: defaultdict[str, int] = defaultdict(int)
        self._random = random
        self._ends: defaultdict[str, array[int]] = defaultdict(lambda: array("i"))

    def new(self, pool: str) -> str:
        """Return one that nobody has spoken of."""
        number = self.counts[pool]
        self.counts[pool] += 1
        self._ends[pool].append(number)
        self.nodes += 1
        return ref_of(pool, number)

    def old(self, pool: str) -> str:
        """Return one of a pool; often the likelier, the more was said of it."""
        ends, chance = self._ends[pool], self._random.random()
        if not ends:
            return self.new(pool)
        if self._random.random() < _KNOWN.get(pool, 0.5):
            number = ends[int(chance * len(ends))]
        else:
            number = int(chance * self.counts[pool])
        ends.append(number)
        return ref_of(pool, number)

    def some(self, pool: str, most: int) -> list[str]:
        """Return one or a few, seldom `most`."""
        return [self.old(pool) for _ in range(1 + int(most * self._random.random() ** 3))]

    def standards(self) -> list[str]:
        """Return two norms, the first of forty most often."""
        return [f"un-bprl:{int(40 * self._random.random() ** 2)}" for _ in range(2)]

    def place(self) -> tuple[str, str]:
        """Return a country and a part of it; some countries are spoken of more."""
        country = COUNTRIES[int(len(COUNTRIES) * self._random.random() ** 2)]
        return country, f"{country}-0{int(self._random.random() * 8) + 1}"


def slug_of(number: int) -> str:
    """Return the slug of a partner."""
    return f"p{number}" if number else READER


def ref_of(pool: str, number: int) -> str:
    """Return a reference; it belongs to one of the publishers."""
    kind = _KINDS.get(pool, pool)
    if kind == "partner":
        return f"partner:{slug_of(number)}"
    return f"{kind}:{slug_of(number % PUBLISHERS)}.{pool[0]}{pool[-1]}{number}"
