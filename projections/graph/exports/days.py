"""From dates of the world (EDTF) to the first and last day that other programs understand."""

from datetime import date

from schemas.edtf import NotEdtf, bounds

_MOST_KNOWN = 20_000


class Days:
    """Reads dates for one export and remembers them, since thousands of ties share a day."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[date | None, date | None]] = {}

    def span(self, since: str | None, until: str | None) -> tuple[str | None, str | None]:
        """Return the first and the last day of something.

        Args:
            since: EDTF; its earliest day counts.
            until: EDTF; its latest day counts.

        Returns:
            Days as YYYY-MM-DD; None for an end that is open. If claims let it end before it began, the end is open.
        """
        begins = None if since is None else self._of(since)[0]
        ends = None if until is None else self._of(until)[1]
        if begins and ends and ends < begins:
            ends = None
        return _day(begins), _day(ends)

    def _of(self, when: str) -> tuple[date | None, date | None]:
        known = self._known.get(when)
        if known is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            known = self._known[when] = _read(when)
        return known


def _read(when: str) -> tuple[date | None, date | None]:
    for text in (when, when[:10]):
        try:
            return bounds(text)
        except NotEdtf:
            # A moment with a fraction of a second, say, is finer than EDTF allows; its day is not.
            continue
    return None, None


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
