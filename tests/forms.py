"""Pages with forms, as a browser without scripts uses them: read, fill in, send back."""

import hashlib
import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from tests.running import TestClient, World

Json = Any
HUB = {"Origin": "http://hub.test", "Accept": "text/html"}


def shows(world: World, who: str | None) -> dict[str, str]:
    """Return the headers of somebody who looks at pages."""
    return {**HUB, **({} if who is None else world.bearer(who))}


def say(client: TestClient, world: World, who: str, kind: str, data: Mapping[str, Json], **more: Json) -> str:
    """Publish an event by the API; return its cursor."""
    slug = world.accounts[who].partner
    name = hashlib.sha256(json.dumps([kind, data], sort_keys=True).encode()).hexdigest()[:16]
    event = {"specversion": "1.0", "id": name, "source": f"urn:hub:partner:{slug}", "type": kind, **more}
    answer = client.post("/api/v1/events", json={**event, "data": dict(data)}, headers=world.bearer(who))
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["cursor"])


def page(client: TestClient, world: World, who: str | None, address: str, at: str = "") -> str:
    """Return a page, whitespace made one, as somebody sees it."""
    wait = f"{'&' if '?' in address else '?'}at_least={at}" if at else ""
    answer = client.get(address + wait, headers=shows(world, who))
    assert answer.status_code == 200, answer.text
    return words(answer.text)


def words(text: str) -> str:
    """Return a page with its whitespace made one, and its entities as they read."""
    return unescape(re.sub(r"\s+", " ", text))


def form(text: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form of a page that is sent to an address."""
    found = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', text)
    assert found is not None, action
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[0]))


def send(client: TestClient, world: World, who: str, action: str, fields: Mapping[str, str]) -> Any:
    """Send a form."""
    return client.post(action, data=dict(fields), headers=shows(world, who), follow_redirects=False)
