"""The address of what waits for a partner."""

from hub.address import API, Address, ok
from hub.api import board
from hub.api import parameters as p


def board_addresses() -> tuple[Address, ...]:
    """Return the rows of the table."""
    asked = (p.since_cursor, p.limit(100, p.MAX_LISTED))
    answers = ok("Board", "Your partner's board.")
    return (
        Address("GET", f"{API}/board", "showBoard", board.show_board,
                "What waits for your partner, what changed of its matters, who stands alone", "Lists", asked, answers),
    )  # fmt: skip
