"""`POST /api/v1/events`: the four shapes of CloudEvents, signed or not, one door."""

from collections.abc import AsyncIterator

import anyio.to_thread
from starlette.responses import Response

from events.envelope import from_headers
from events.event import Json
from events.strict import read_json
from events.submission import EventRefused, Outcome, Publisher, is_signed
from hub.access import address_of, credential_of
from hub.address import Asked, HubRequest
from hub.api import bodies
from hub.api.answers import caller_of, json_answer
from hub.api.batch import Batch, BatchMode, Line
from hub.api.receipts import receipt_of, signed_receipt
from hub.refusals import BodyMalformed, BodyTooLarge, NotSignedIn, RecordedDifferently


async def post_events(request: HubRequest, asked: Asked) -> Response:
    """Validate, record, acknowledge. Whoever gets a receipt: the log holds the event durably."""
    publisher = _publisher(request)
    media = bodies.media_type(request)
    if media in {bodies.BATCH, bodies.NDJSON}:
        return await _many(request, publisher, media, asked)
    return await _one(request, publisher, media, is_dry=asked["dry_run"])


def _publisher(request: HubRequest) -> Publisher:
    if request.headers.get("content-type", "").lower().startswith(bodies.SIGNED):
        # Of a suspended partner, too: intake keeps what a lost key has signed.
        return request.state["callers"].publisher_of(credential_of(request))
    return caller_of(request).publisher


async def _one(request: HubRequest, publisher: Publisher, media: str, *, is_dry: bool) -> Response:
    most = request.state["settings"].max_event_bytes
    headers = [(name.lower(), value) for name, value in request.headers.items()]
    is_binary = media == bodies.PLAIN and any(name.startswith("ce-") for name, _ in headers)
    body = await bodies.read_body(request, bodies.wrapped(most) if media == bodies.SIGNED else most)
    intake = request.state["intake"]

    def record() -> tuple[Outcome, str | None]:
        parsed = _parsed(body, media)
        raw = from_headers(headers, parsed) if is_binary else parsed
        outcome = intake.record([intake.check(publisher, raw)], dry_run=is_dry)[0]
        return outcome, signed_receipt([outcome], request.state["ledger"])

    outcome, note = await anyio.to_thread.run_sync(record, limiter=request.state["writing"])
    request.state["metrics"].recorded(int(outcome.status == "stored" and not is_dry))
    if outcome.status == "conflict":
        raise RecordedDifferently
    if outcome.status == "refused":
        raise EventRefused(outcome.problems)
    said = receipt_of(outcome, request.state["cursors"])
    if note is not None:
        said["receipt"]["note"] = note
    if is_dry:
        return json_answer({**said, "dry_run": True})
    return json_answer(said, 201 if outcome.status == "stored" else 200)


def _parsed(body: bytes, media: str) -> Json:
    """Read the one event of a body, or the envelope around it.

    Raises:
        BodyMalformed: it should be an envelope, and is none.
    """
    parsed = read_json(body)
    if media == bodies.SIGNED and not is_signed(parsed):
        raise BodyMalformed("A signed event has exactly the members payload, payloadType and signatures.")
    return parsed


async def _many(request: HubRequest, publisher: Publisher, media: str, asked: Asked) -> Response:
    hub = request.state
    mode = BatchMode(asked["atomic"], asked["dry_run"], hub["settings"].max_event_bytes)
    batch = Batch(hub["intake"], hub["cursors"], hub["ledger"], publisher, mode)
    chunks = _ndjson(request) if media == bodies.NDJSON else _array(request)
    try:
        async for chunk in chunks:
            _weigh(request, len(chunk))
            await anyio.to_thread.run_sync(batch.take, chunk, limiter=hub["writing"])
    except BodyTooLarge as large:
        # What was recorded before stays recorded, so it is reported; sending it again is harmless.
        large.said = batch.report()
        raise
    await anyio.to_thread.run_sync(batch.finish, limiter=hub["writing"])
    report = await anyio.to_thread.run_sync(batch.report, limiter=hub["writing"])
    hub["metrics"].recorded(0 if mode.dry_run else report["stored"])
    return json_answer(report, 200 if batch.is_whole else 207)


def _weigh(request: HubRequest, events: int) -> None:
    """Count the events of a chunk, and look again whether the token still works: a batch can take its time.

    That its partner still may publish is looked at for each event.

    Raises:
        NotSignedIn: it does not; what was recorded before stays recorded.
    """
    account = request.state["callers"].account_of(credential_of(request))
    if account is None:
        raise NotSignedIn
    request.state["gate"].charge_events(address_of(request), account.id, events)


async def _ndjson(request: HubRequest) -> AsyncIterator[list[Line]]:
    settings = request.state["settings"]
    chunk: list[Line] = []
    taken = number = 0
    async for line in bodies.lines(bodies.pieces(request, settings.max_batch_bytes)):
        number += 1
        if not line.strip():
            continue
        taken += 1
        if taken > settings.max_batch_lines:
            raise BodyTooLarge(settings.max_batch_lines, "lines")
        chunk.append((number, line))
        if len(chunk) == settings.chunk_lines:
            yield chunk
            chunk = []
    yield chunk


async def _array(request: HubRequest) -> AsyncIterator[list[Line]]:
    settings = request.state["settings"]
    body = await bodies.read_body(request, settings.max_batch_bytes)
    events = await anyio.to_thread.run_sync(read_json, body, limiter=request.state["writing"])
    if not isinstance(events, list):
        raise BodyMalformed("A batch is a JSON array of events.")
    if len(events) > settings.max_batch_lines:
        raise BodyTooLarge(settings.max_batch_lines, "events")
    numbered = list(enumerate(events, 1))
    for start in range(0, len(numbered), settings.chunk_lines):
        yield numbered[start : start + settings.chunk_lines]
