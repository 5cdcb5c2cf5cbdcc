"""The door of another hub: asked by this hub at an address that may be called, a little at a time."""

from collections.abc import Mapping
from functools import cached_property
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import orjson

from hub.outgoing import Outgoing, TargetUnreachable
from hub.plain_answers import PLAIN, read_plain

Json = Any

SECONDS = 20.0
MOST_BYTES = 1024 * 1024
"""Of one answer."""


class PeerDoor:
    """Asks one hub; every call goes to an address that was checked.

    Args:
        url: of the hub.
        token: of this hub's account there.
        outgoing: knows which addresses may be called.

    Attributes:
        took: how many seconds the last answer took; 0 before the first.
    """

    took = 0.0

    def __init__(self, url: str, token: str, outgoing: Outgoing) -> None:
        self._url = url
        self._token = token
        self._outgoing = outgoing

    @cached_property
    def _context(self) -> SSLContext:
        # Made for the first call: reading all certificates takes long.
        return httpx.create_ssl_context(trust_env=False)

    async def host(self) -> str:
        """Return the address that a connection to the hub may go to.

        Raises:
            OSError: the name leads nowhere now.
            TargetRefused: the hub's address is none that is called.
        """
        try:
            return str(await self._outgoing.check(self._url))
        except TargetUnreachable as gone:
            raise OSError(str(gone)) from gone

    async def get(self, path: str) -> tuple[int, Json]:
        """Ask for JSON; return the status and what was answered, None if that is no JSON.

        Raises:
            OSError: no answer that could be read in time.
            TargetRefused: the hub's address is none that is called.
        """
        return await self._call("GET", path, None)

    async def post(self, path: str, event: Mapping[str, Json]) -> tuple[int, Json]:
        """Push an event; raises what `get` raises."""
        return await self._call("POST", path, orjson.dumps(event))

    async def _call(self, method: str, path: str, body: bytes | None) -> tuple[int, Json]:
        parts = urlsplit(self._url)
        host = await self.host()
        bracketed = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port is not None else ""
        address = f"{parts.scheme}://{bracketed}{port}{parts.path.rstrip('/')}{path}"
        headers = {
            **PLAIN,
            "Host": parts.netloc,
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/cloudevents+json",
        }
        began = anyio.current_time()
        try:
            with anyio.fail_after(SECONDS):
                async with (
                    httpx.AsyncClient(verify=self._context, trust_env=False, timeout=SECONDS) as client,
                    client.stream(
                        method,
                        address,
                        content=body,
                        headers=headers,
                        extensions={"sni_hostname": str(parts.hostname)},
                    ) as answer,
                ):
                    return answer.status_code, _json(await read_plain(answer, MOST_BYTES))
        except (httpx.HTTPError, httpx.InvalidURL) as broken:
            raise OSError(type(broken).__name__) from broken
        finally:
            self.took = anyio.current_time() - began


def _json(said: bytes | None) -> Json:
    try:
        return None if said is None else orjson.loads(said)
    except orjson.JSONDecodeError:
        return None
