"""Cookies of the pages: no script reads them, and no other site's page sends them."""

from starlette.responses import Response

from hub.access import is_secure
from hub.address import HubRequest

A_YEAR_SECONDS = 365 * 24 * 3600


def keep(request: HubRequest, answer: Response, name: str, value: str, seconds: int = A_YEAR_SECONDS) -> None:
    """Have the browser keep a value for so many seconds."""
    answer.set_cookie(
        name, value, seconds, path="/", secure=is_secure(request), httponly=True, samesite="strict"
    )


def forget(request: HubRequest, answer: Response, name: str) -> None:
    """Have the browser forget a value."""
    answer.delete_cookie(name, path="/", secure=is_secure(request), httponly=True, samesite="strict")
