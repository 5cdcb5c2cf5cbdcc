"""Partners that sign: DSSE by code that is not ours, and a hub where one of the keys was stolen."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from events.partners import KEY_ADDED_STEM, KEY_REVOKED_STEM
from tests.running import Served, World, make_world, recording, serving, threat

Json = Any

EVENTS = "/api/v1/events"
KIND = "application/cloudevents+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
SLUG = "harbour-bar-watch"
SOURCE = f"urn:hub:partner:{SLUG}"
NUMBERS = count(1)


def base(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


class ForeignSigner:
    """DSSE as its specification says it, with a key of its own; nothing of ours."""

    def __init__(self, seed: str, kid: str) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(seed.encode().ljust(32, b"."))
        self.kid = kid

    @property
    def public(self) -> str:
        return base(self.key.public_key().public_bytes_raw())

    def envelope(self, event: Json) -> dict[str, Json]:
        payload = event if isinstance(event, bytes) else json.dumps(event, indent=2).encode()
        encoded = b" ".join(
            [b"DSSEv1", str(len(KIND)).encode(), KIND.encode(), str(len(payload)).encode(), payload]
        )
        signature = {"keyid": self.kid, "sig": base(self.key.sign(encoded))}
        return {"payload": base(payload), "payloadType": KIND, "signatures": [signature]}


OURS, STOLEN, FOREIGN = (
    ForeignSigner("ours", "ours-1"),
    ForeignSigner("stolen", "stolen-1"),
    ForeignSigner("x", "x"),
)


@dataclass
class Scene:
    """A hub that serves, where `harbour-bar-watch` signs with two keys, one of them stolen."""

    world: World
    hub: Served

    def post(self, body: Json, media: str = DSSE, who: str = "publisher", **params: Json) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {**self.world.bearer(who), "content-type": media}
        answer = httpx.post(f"{self.hub.url}{EVENTS}", content=content, headers=headers, params=params)
        self.hub.settle()
        return answer

    def show(self, event_id: str, who: str = "chief", **params: Json) -> Json:
        answer = httpx.get(
            f"{self.hub.url}{EVENTS}/{SOURCE}/{event_id}", headers=self.world.bearer(who), params=params
        )
        return answer.json()

    def rule(self, stem: str, slug: str = SLUG, **said: Json) -> None:
        with recording(self.world) as intake:
            intake.rule_on_signing(stem, slug, said)


@contextmanager
def signing(folder: Path) -> Iterator[Scene]:
    """Serve such a hub; the stolen key is distrusted from half an hour before the hub's clock."""
    world = make_world(folder)
    world.issue("chief", SLUG, "publisher", account="chief", clearance="red")
    with serving(world) as served:
        scene = Scene(world, served)
        for one in (OURS, STOLEN):
            scene.rule(KEY_ADDED_STEM, kid=one.kid, public_key=one.public)
        scene.rule(KEY_REVOKED_STEM, kid=STOLEN.kid, distrust_from="2031-05-04T11:30:00Z")
        yield scene


def fresh(**more: Json) -> dict[str, Json]:
    """Return a new event of the partner that signs."""
    return threat(next(NUMBERS), **more)
