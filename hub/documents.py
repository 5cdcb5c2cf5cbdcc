"""The hub's descriptions of itself, each written when it is first asked for."""

from collections.abc import Sequence
from functools import cached_property

import orjson

from hub.address import Address
from hub.asyncapi import asyncapi
from hub.openapi import openapi
from hub.settings import Settings
from schemas.registry import Registry


class Documents:
    """What programs read to learn how to talk to this hub.

    Args:
        settings: of the operator.
        table: every address.
        registry: of contracts.
    """

    def __init__(self, settings: Settings, table: Sequence[Address], registry: Registry) -> None:
        self._settings = settings
        self._table = table
        self._registry = registry

    @cached_property
    def openapi(self) -> bytes:
        """OpenAPI 3.1 of the addresses."""
        return orjson.dumps(openapi(self._table, self._registry))

    @cached_property
    def asyncapi(self) -> bytes:
        """AsyncAPI 3.0 of the feed."""
        feed = next(one for one in self._table if one.follower is not None)
        outside = self._settings.public_url or f"http://{self._settings.host}:{self._settings.port}"
        return orjson.dumps(asyncapi(feed.parameters, self._registry, outside))
