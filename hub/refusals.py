"""What the street door itself refuses, in its own words; `hub/problems.py` turns them into answers."""

from collections.abc import Mapping, Sequence

from events.event import Json
from schemas.problem import Problem


class NotSignedIn(Exception):
    """The call shows a token that does not work, or none where one is needed."""

    def __init__(self, detail: str = "Show a token that works: Authorization: Bearer TOKEN.") -> None:
        super().__init__(detail)


class PartnerSuspended(Exception):
    """The token's partner is not, or no longer, admitted."""

    def __init__(self) -> None:
        super().__init__("Your partner is not admitted to this hub now. Ask its stewards.")


class AnswerOwed(Exception):
    """The partner has not said for two weeks that its own copies of something erased are gone."""

    def __init__(self) -> None:
        super().__init__(
            "Your partner is given no new events until it has answered an erasure that it was asked to answer two "
            "weeks ago: destroy your copies and publish erasure.executed with the role recipient_ack. GET "
            "/api/v1/board lists it under `acknowledge`."
        )


class NotAtEdge(Exception):
    """A public edge has what is clear and takes nothing; for all else there is the hub."""

    def __init__(self, hub: str) -> None:
        self.values = {"hub": hub} if hub else {}
        where = f" at {hub}" if hub else ""
        super().__init__(
            f"This public edge shows what anybody may read and takes nothing. Ask the hub{where}."
        )


class MayNotPublish(Exception):
    """The account may read but not send."""

    def __init__(self) -> None:
        super().__init__("This account may not publish: it is read-only or an observer's.")


class RateLimited(Exception):
    """Too many calls, or too many secrets that do not work; `headers` says how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too much at once. Ask again in {seconds} s.")
        self.values = {"seconds": seconds}
        self.headers = {"Retry-After": str(seconds)}


class OriginRefused(Exception):
    """A browser calls from a page that is not this hub's."""

    def __init__(self) -> None:
        super().__init__("Calls from this page's origin are not allowed.")


class Absent(Exception):
    """There is nothing that this reader may see; the same whether it is hidden or never existed."""

    def __init__(self) -> None:
        super().__init__("There is nothing here that you may see.")


class BodyTooLarge(Exception):
    """The body is over a limit; `said` holds what was recorded of it before that was known."""

    def __init__(self, limit: int, unit: str, said: Mapping[str, Json] | None = None) -> None:
        super().__init__(f"The body is over the limit of {limit} {unit}.")
        self.values = {unit: limit}
        self.said = said or {}


class MediaTypeUnknown(Exception):
    """The body is of a kind that the hub does not read: not of those it knows, or written in another way."""

    def __init__(self, known: Sequence[str], mend: str = "") -> None:
        super().__init__(mend or f"Send one of: {', '.join(known)}.")


class BodyMalformed(Exception):
    """The body does not have the shape that its media type promises."""


class QueryRefused(Exception):
    """Parameters of the address are unknown or have bad values; `problems` lists each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("The address has parameters that are unknown or have bad values.")
        self.problems = tuple(problems)


class RecordedDifferently(Exception):
    """The same source and id were recorded with other content."""

    def __init__(self) -> None:
        super().__init__(
            "You have already sent an event with this id, with other content. Use a new id, or correct the "
            "event with record.corrected."
        )


class NotYet(Exception):
    """The views did not reach the asked cursor in time."""

    def __init__(self) -> None:
        super().__init__("The answer does not include that event yet. Ask again.")


class RequestTooSlow(Exception):
    """The head or the body of a request does not come in time."""

    def __init__(self, part: str) -> None:
        super().__init__(
            f"The {part} of the request came too slowly. Send it again; a known id is recognised."
        )


class TooManyConnections(Exception):
    """There is no room for one more connection, in all or from this address."""

    def __init__(self) -> None:
        super().__init__("There are too many connections at the moment, in all or from your address.")


class HeadTooLarge(Exception):
    """The headers of a request are too many or too long."""

    def __init__(self) -> None:
        super().__init__("The headers of the request are too many or too long.")


class AddressTooLong(Exception):
    """The address of a request is too long."""

    def __init__(self) -> None:
        super().__init__("The address of the request is too long.")


class RequestMalformed(Exception):
    """What arrived is not HTTP/1.1."""

    def __init__(self) -> None:
        super().__init__("This is not HTTP/1.1.")


class AddressRefused(Exception):
    """A personal address cannot be made like this; `problems` lists each reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("No address was made; see errors for every reason.")
        self.problems = tuple(problems)


class SubscriptionRefused(Exception):
    """A subscription cannot be made or used like this; `problems` lists each reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("Nothing was changed; see errors for every reason.")
        self.problems = tuple(problems)
