"""What stands at the head of a feed, whatever its format."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Head:
    """Names and addresses of a feed.

    Args:
        title: for people.
        urn: stays the same for the same filters in one language, whoever reads.
        home: the hub's page of what is new.
        own: address of the feed, if it is the same for everybody.
        next: address of the page behind it, which is older; None: there is none.
        author: of what names none.
        language: of what the hub itself says.
    """

    title: str
    urn: str
    home: str
    own: str | None
    next: str | None
    author: str = "Solidarity Hub"
    language: str = "en"
