"""Where a page of a list ends, and the next one begins: the same for every list."""


def further(offset: int, shown: int, total: int) -> int | None:
    """Return the offset of the next page; None at the end.

    Args:
        offset: of the page.
        shown: items on it.
        total: items of the whole list.
    """
    end = offset + shown
    return end if shown and end < total else None
