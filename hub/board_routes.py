"""The address of what waits for a partner."""

from hub.address import Address, Answer
from hub.api import board
from hub.api import parameters as p

_API = "/api/v1"


def board_addresses() -> tuple[Address, ...]:
    """Return the rows of the table."""
    asked = (p.since_cursor, p.limit(100, p.MAX_LISTED))
    answers = (Answer(200, "Your partner's board.", component="Board"),)
    return (
        Address("GET", f"{_API}/board", "showBoard", board.show_board,
                "What waits for your partner, what changed of its matters, who stands alone", "Lists", asked, answers),
    )  # fmt: skip
