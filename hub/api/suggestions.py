"""Suggestions: same person? same incident? For people to judge."""

from starlette.responses import Response

from hub.address import Asked, HubRequest
from hub.api.answers import ask, caller_of, json_answer, present
from hub.api.queries import suggestion_query

_ACROSS = frozenset({"coordinator", "steward"})
"""Roles of accounts that may learn from a suggestion that another partner knows a person."""


async def show_suggestions(request: HubRequest, asked: Asked) -> Response:
    """Answer the open suggestions for some records."""
    account = caller_of(request).account
    query = suggestion_query(asked, across=account is not None and account.role in _ACROSS)
    return json_answer(present(await ask(request, lambda sight: sight.suggestions(query))))
