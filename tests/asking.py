"""Asking a hub everything: questions for every GET address that there is, and a door that hears the whole answer."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from events.cursor import Cursors
from events.event import Position
from hub.address import Address
from hub.app import build
from projections.assertions import claim_of
from projections.dossier_sight import LISTS
from tests.logged import Logged
from tests.oracle_label import Who
from tests.pointers import strings
from tests.running import World, registry
from tests.wording import KINDS, REF, SLUGS

Messages = list[dict[str, Any]]
WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True)
class Question:
    """An address with its query; with a body, it is posted."""

    route: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: bytes = b""


class Pools:
    """What questions are made of: everything that the whole log holds, hidden or not.

    Args:
        log: all of it.
        reach: position up to which cursors are asked for.
        cursors: of the hub.
        ties: of the whole graph, (from, to, kind).
    """

    def __init__(
        self, log: Sequence[Logged], reach: int, cursors: Cursors, ties: Sequence[tuple[str, str, str]]
    ) -> None:
        texts = sorted({text for one in log for text in strings(one.envelope)})
        refs = [text for text in texts if (found := REF.fullmatch(text)) and found[1] in KINDS]
        claims = [claim_of(*one.naming) for one in log]
        self.refs = [
            *refs,
            *claims[:12],
            "place:QM",
            "standard:un-bprl:16c",
            "lawyer:nobody.1",
            "claim:nobody.1",
        ]
        served = [ref for ref in refs if ref.startswith(("lawyer:", "case:"))][:8]
        derived = [(f"partner:{slug}", ref, "SUPPORTS") for slug in SLUGS[:2] for ref in served]
        asserted = [(one, ref, "ASSERTS") for one in claims[:6] for ref in refs[:6]]
        spoken = [
            (one, other, kind) for one, other in pairwise(claims[:4]) for kind in ("DISPUTES", "RETRACTS")
        ]
        self.ties = [*ties, *derived, *asserted, *spoken, ("lawyer:nobody.1", "place:QM", "PRACTISES_IN")]
        self.namings = [*(one.naming for one in log), ("urn:hub:partner:nobody", "e-1")]
        self._words = sorted({word for text in texts for word in WORD.findall(text)} | {"absent"})
        codes = {word for text in texts for word in re.findall(r"\b[A-Z]{2}\b", text)}
        self._fingerprints = [text for text in texts if re.fullmatch(r"[0-9a-f]{64}", text)][:12]
        self._countries = sorted(codes | {"QZ"})
        self._cursors = [cursors.encode(Position(no), part) for no in range(reach + 1) for part in (0, 1, 2)]
        self._kinds = sorted(registry().graph.kinds)
        # Of these no reader is one of the two who may read: each is refused, and nothing is recorded.
        acts = (one.data for one in log if one.type == "steward.acted")
        self._requests = sorted({str(act["subject"]) for act in acts})
        self._days = sorted({one.envelope["recordedtime"][:10] for one in log} | {"2026-11-02", "2026-12-01"})

    def parameter(self, name: str, random: Random) -> str:
        """Return a value for a parameter; fails for one that nobody taught it."""
        choices: Mapping[str, Sequence[str]] = {
            "source": [source for source, _ in self.namings], "id": [name for _, name in self.namings],
            "about": self.refs, "avoid": self.refs, "from": self.refs, "to": self.refs,
            "after": self._cursors, "before": self._cursors, "at_least": self._cursors, "as_of": self._days,
            # A day for events, a cursor for the graph; each refuses the other's.
            "since": [*self._days, *self._cursors], "known_on": self._days,
            "merge": ("true", "false"), "past": ("true", "false"),
            "until": self._days, "country": self._countries, "partner": SLUGS, "q": self._words,
            "urgency": ("urgent", "high", "normal"),
            "kind": [*(kind for _, _, kind in self.ties), "lawyer", "threat", "joint_letter"],
            "ties": [kind for _, _, kind in self.ties],
            "kinds": self._kinds, "order": ("world", "log"), "show": ("open", "mine", "all"),
            "format": ("json", "gexf", "graphml", "csv", "zip", "node-link", "ftm", "html", "pdf"),
            "language": ("en", "qaa", "ar", "fr"),
            "weigh": ("trust", "hops"), "hostile": ("any", "ends"),
            "hops": "01234", "k": "135", "limit": ("1", "2", "5", "50", "100"), "offset": "012",
            "need": _of_kind(self.refs, "need"), "offer": _of_kind(self.refs, "offer"),
            "event": [name for _, name in self.namings], "said": ("about 3 March 2026", "2026-11-02~", "soon"),
            "gap": ("wide", "partial"), "stage": ("in_force", "draft"), "direction": ("weakens", "mixed"),
            "mine": ("true", "false"), "key": ("no key of any kind",),
            "uncovered": ("true", "true", "false"), "within": ("366d", "14d", "48h"),
            "done": ("mail", "end"),
            "overdue": ("true", "false"), "derived": ("true", "false"), "claims": ("true", "false"),
            "by": ("pagerank", "betweenness", "core", "body", "mechanism", "kind", "country", "category"),
            "reason": ("unverified", "disputed", "unsupported", "refuted", "stale", "possibly_double"),
            "category": ("liberty.arrest", "life.attempt"), "mechanism": self.refs,
            "sort": ("ref", "-ref", "label", "-starts", "status", "-name"),
            "norm": ("un-bprl", "iccpr"), "light": ("green", "yellow", "red"), "badge": ("DISPUTED",),
            "indicator": ["LA-16", *(ref for ref in self.refs if ref.startswith("indicator:"))],
            "period": ("2026", "2026-07/2026-09"),
            "status": ("ongoing", "open", "open_for_joining", "held_in_part", "completed"),
            "type": ("threat.*", "*", "action.*", "record.*", "*.reported", "lawyer.profiled"),
            "where": ("status:ongoing", "country:QM", "kind:joint_letter", "kinds:psychosocial", "urgency:urgent"),
        }  # fmt: skip
        return random.choice(choices[name])

    def paths(self, one: Address, random: Random) -> list[str]:
        """Return the paths that an address stands for: every event, and every reference that it may be about."""
        names = re.findall(r"\{(\w+)", one.path)
        if not names:
            return [one.path]
        if names == ["source", "id"]:
            return [_filled(one.path, dict(zip(names, naming, strict=True))) for naming in self.namings]
        if names == ["ref"]:
            kind = LISTS.get(one.path.split("/")[-2])
            fitting = [ref for ref in self.refs if kind is None or ref.startswith(f"{kind}:")]
            chosen = random.sample(fitting, min(len(fitting), 20))
            return [_filled(one.path, {"ref": ref}) for ref in [*chosen, random.choice(self.refs)]]
        several: Mapping[str, Sequence[str]] = {
            "code": self._countries,
            "id": [name for _, name in self.namings],
            "hash": ("0" * 64, *self._fingerprints),
            "request": (self.namings[0][1], *self._requests),
        }
        if names[0] in several:
            return [_filled(one.path, {names[0]: value}) for value in several[names[0]]]
        values = {
            "name": "common",
            "type": "threat.reported",
            "version": "1",
            "secret": "nothing",
            "job": "0" * 32,
            "subscription": "sub_x",
            "address": "adr_x",
            "language": "fr",
        }
        return [_filled(one.path, {name: values[name] for name in names})]


def _of_kind(refs: Sequence[str], kind: str) -> list[str]:
    return [*(ref for ref in refs if ref.startswith(f"{kind}:")), f"{kind}:nobody.1"]


def _filled(path: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values[found[1]], path)


def questions(table: Sequence[Address], pools: Pools, random: Random) -> list[Question]:
    """Return questions for every GET address that there is, except the feed: plain ones and drawn ones.

    Raises:
        KeyError: an address has a parameter that nobody taught `Pools`.
    """
    made: list[Question] = []
    for one in table:
        if one.method != "GET" or one.follower is not None:
            continue
        eager = 6 if one.tag in {"Graph", "Events", "Outside"} else 2
        for path in pools.paths(one, random):
            made.append(Question(one.path, path, _query(one, pools, random, 0.0)))
            drawn = eager if one.parameters and path == one.path else 0
            made += [Question(one.path, path, _query(one, pools, random, 0.25)) for _ in range(drawn)]
    return list(dict.fromkeys(made))


def _query(one: Address, pools: Pools, random: Random, share: float) -> tuple[tuple[str, str], ...]:
    start, end, kind = random.choice(pools.ties)
    is_tie = random.random() < 0.8 and any(p.name == "from" for p in one.parameters)
    tied = {"from": start, "to": end, "kind": kind} if is_tie else {}
    asked = [p.name for p in one.parameters if p.required or random.random() < share]
    query = [(name, tied.get(name) or pools.parameter(name, random)) for name in asked]
    if share and random.random() < 0.1:
        query.append(("at_least", pools.parameter("at_least", random)))
    return tuple(query)


def feed_questions(one: Address, pools: Pools, random: Random) -> list[Question]:
    """Return questions for the feed: from the beginning, from now, from somewhere, with filters."""
    filters = [p.name for p in one.parameters if p.name != "after"]
    starts = [("begin", 0.0), ("now", 0.0), ("begin", 0.2), ("begin", 0.2), ("now", 0.2)]
    starts += [(pools.parameter("after", random), share) for share in (0.0, 0.0, 0.2)]
    made = []
    for start, share in starts:
        chosen = [name for name in filters if random.random() < share]
        query = [("after", start), *((name, pools.parameter(name, random)) for name in chosen)]
        made.append(Question(one.path, one.path, tuple(query)))
    return made


def probes(who: Who, log: Sequence[Logged], random: Random) -> list[Question]:
    """Return events to rehearse, by which a reader could try to learn what others have published."""
    if who.partner is None:
        return []
    own = f"urn:hub:partner:{who.partner}"
    said: list[dict[str, Any]] = []
    others = [one for one in log if one.source != own]
    for one in random.sample(others, min(len(others), 4)):
        source, name = one.naming
        said += [
            {"id": name, "type": "record.corrected", "data": {"about_event": name, "tlp": "red"}},
            {"type": "record.retracted", "data": {"about_event": name, "about_source": source}},
            {"type": "claim.assessed", "data": {"about_event": name, "verdict": "disputes"}},
            {"source": source, "id": name, "type": "record.retracted", "data": {"about_event": name}},
        ]
        if who.is_steward:
            whom = {"subject_of_erasure": one.envelope.get("subject", "lawyer:nobody.1")}
            erase = {**whom, "scope": ["subject_key"], "role": "controller"}
            said.append({"type": "erasure.executed", "data": erase})
    made = [{"specversion": "1.0", "source": own, "id": "probe", **one} for one in said]
    dry = (("dry_run", "true"),)
    return [Question("/api/v1/events", "/api/v1/events", dry, json.dumps(one).encode()) for one in made]


@dataclass(frozen=True)
class Heard:
    """An answer, whole."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Door:
    """An open hub, called without a network: nothing comes between the test and what the hub sends."""

    def __init__(self, app: Any, state: Mapping[str, Any]) -> None:
        self._app = app
        self.state = state

    async def ask(self, question: Question, token: str | None, accept: str = "*/*") -> Heard:
        """Ask over HTTP; of the feed, what comes until it is live."""
        is_feed = accept == "text/event-stream"
        first = [{"type": "http.request", "body": question.body}]
        sent = await self._call(self._scope("http", question, token, accept), first,
                                lambda message: is_feed and b"event: live" in message.get("body", b""))  # fmt: skip
        body = b"".join(message["body"] for message in sent if message["type"] == "http.response.body")
        answer = Heard(sent[0]["status"], _headers(sent[0]), body)
        if question.path.startswith("/api/v1/log/"):
            return _without_hashes(answer)
        return _without_calls(answer) if question.path == "/metrics" else answer

    async def listen(self, question: Question, token: str | None) -> Heard:
        """Follow over a WebSocket until it is live, or refused."""
        scope = self._scope("websocket", question, token, "*/*")
        scope["extensions"] = {"websocket.http.response": {}}
        sent = await self._call(scope, [{"type": "websocket.connect"}],
                                lambda message: '"kind":"live"' in message.get("text", ""))  # fmt: skip
        if sent[0]["type"] == "websocket.accept":
            return Heard(
                101, _headers(sent[0]), "\n".join(one["text"] for one in sent if "text" in one).encode()
            )
        body = b"".join(message.get("body", b"") for message in sent)
        return Heard(sent[0]["status"], _headers(sent[0]), body)

    async def settle(self) -> None:
        """Wait until the views have all that the log has."""
        head = self.state["end_of_log"]()
        assert await asyncio.to_thread(self.state["room"].wait_for, head, 30)
        assert self.state["room"].stalls() == {}

    async def _call(
        self, scope: dict[str, Any], first: Messages, is_enough: Callable[[dict[str, Any]], bool]
    ) -> Messages:
        sent: Messages = []
        coming = list(first)
        left = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if coming:
                return coming.pop(0)
            await left.wait()
            return {"type": f"{scope['type']}.disconnect", "code": 1000}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if is_enough(message):
                left.set()

        await asyncio.wait_for(self._app(scope, receive, send), 30)
        return sent

    def _scope(self, kind: str, question: Question, token: str | None, accept: str) -> dict[str, Any]:
        headers = [(b"host", b"hub.test"), (b"accept", accept.encode())]
        if token is not None:
            headers.append((b"authorization", f"Bearer {token}".encode()))
        if question.body:
            headers.append((b"content-type", b"application/json"))
        return {
            "type": kind,
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST" if question.body else "GET",
            "scheme": "http" if kind == "http" else "ws",
            "server": ("hub.test", 80),
            "client": ("127.0.0.1", 5),
            "root_path": "",
            "path": question.path,
            "raw_path": quote(question.path, safe="/:").encode(),
            "query_string": urlencode(question.query).encode(),
            "headers": headers,
            "subprotocols": [],
            "state": dict(self.state),
        }


def _without_calls(metrics: Heard) -> Heard:
    """Return the metrics without what clocks and disks say, and the declared exception: how often others call."""
    varies = re.compile(rb"hub_answers|hub_recorded|hub_refusals|_seconds|_bytes|_created|process_|python_")
    left = [line for line in metrics.body.splitlines() if not varies.search(line)]
    headers = tuple(one for one in metrics.headers if one[0] != b"content-length")
    return Heard(metrics.status, headers, b"\n".join(left))


def _without_hashes(evidence: Heard) -> Heard:
    """Return evidence without the declared exception: hashes, salts and signatures, which look like chance.

    How many there are, and how long they are, must not differ; nor may anything else.
    """
    hashes = re.sub(rb"[A-Za-z0-9+/]{40,}={0,2}", lambda found: b"#" * len(found[0]), evidence.body)
    return Heard(evidence.status, evidence.headers, re.sub(rb'"place":"[0-9a-f]{6}"', b'"place":""', hashes))


def _headers(start: Mapping[str, Any]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(sorted((name, value) for name, value in start.get("headers", ()) if name.lower() != b"date"))


@asynccontextmanager
async def opened(world: World, folder: Path) -> AsyncIterator[Door]:
    """Open the hub in a folder, with the keys, accounts and clock of a world."""
    app = build(replace(world.settings, data=folder), world.clock, random=world.chance)
    async with app.router.lifespan_context(app) as state:
        door = Door(app, dict(state or {}))
        await door.settle()
        yield door
