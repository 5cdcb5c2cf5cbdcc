"""Numbers in words, as answers say them."""


def counted(number: int, one: str, many: str = "") -> str:
    """Return how many there are: of `one`, or of `many`, by default `one` with an s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
