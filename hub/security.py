"""The headers that every answer carries."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


HTTPS_ALONE = {"Strict-Transport-Security": "max-age=31536000"}
"""Said by a hub that browsers reach by https: they will not come by http again for a year."""


class SecurityHeaders:
    """Adds the headers to every HTTP answer that has none of its own; what differs by reader is never cached by others.

    Args:
        app: what answers.
        is_https: browsers reach this hub by https.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool = False) -> None:
        self._app = app
        said = {**SECURITY_HEADERS, **(HTTPS_ALONE if is_https else {})}
        self._headers = [(name.lower().encode(), value.encode()) for name, value in said.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, adding headers to the start of its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = list(message["headers"])
                names = {name for name, _ in said}
                if b"cache-control" not in names:
                    said.append((b"cache-control", b"no-store"))
                ours = (one for one in self._headers if one[0] not in names)
                message = {**message, "headers": [*said, *ours]}
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
