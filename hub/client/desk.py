"""Publishing and reading, one blocking call each; `Hub` and `AsyncHub` are made of it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from copy import copy
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from events.strict import breaches
from hub.client.answers import Refused, Turned, Unreachable
from hub.client.asking import Pages, address_of, path_of
from hub.client.door import Door, Patience
from hub.client.naming import completed
from hub.client.outbox import Outbox
from hub.client.published import Published, Pushed
from hub.client.push import Push, Refusal, Tally, problems_of
from schemas.problem import Problem

Json = Any
Pause = Callable[[float], None]

CHUNK = 500

_NO_JSON = Problem("", "malformed_json", "This event is no JSON object, or holds what JSON cannot say.")


@dataclass(frozen=True, slots=True)
class Address:
    """How a program reaches a hub.

    Args:
        url: address of the hub.
        token: whose eyes and hands; empty for the public's.
        outbox: folder where events wait for their receipt.
        patience: seconds to go on asking while the hub does not answer.
        told: is called with a sentence before each pause.
        run: names this run of the program; see `Outbox`.
    """

    url: str
    token: str
    outbox: Path
    patience: float
    told: Callable[[str], object]
    run: str


class Desk:
    """Carries out calls; several threads may use it.

    Args:
        address: of the hub.
        pause: waits that many seconds between attempts.
    """

    def __init__(self, address: Address, pause: Pause) -> None:
        self.address = replace(address, url=address_of(address.url))
        self.door = Door(self.address.url, address.token, Patience(address.patience, pause, address.told))

    def pausing(self, pause: Pause) -> "Desk":
        """Return the same desk for a call that waits in another way."""
        other = copy(self)
        other.door = self.door.pausing(pause)
        return other

    def push(self, events: Iterable[Mapping[str, Json]], batch: int, *, dry_run: bool) -> Pushed:
        """Put events into the outbox, then send all that waits there; what cannot be sent is refused by its line."""
        tally = Tally()
        with closing(self._outbox(is_durable=not dry_run)) as outbox:
            numbered = enumerate(events, 1)
            while chunk := list(islice(numbered, CHUNK)):
                outbox.add(_sendable(chunk, tally))
            push = Push(self.door, outbox, batch, dry_run=dry_run)
            try:
                push.send_all(tally, lambda _: None)
            except (Unreachable, Turned) as ended:
                ended.pushed = _pushed(tally)
                push.settle_refused()
                raise
            push.settle_refused()
            return _pushed(tally)

    def publish(self, event: Mapping[str, Json]) -> Published:
        """Put one event into the outbox, then send it alone."""
        whole = _written(event)
        with closing(self._outbox(is_durable=True)) as outbox:
            waiting = outbox.keep(whole)
            said = Push(self.door, outbox, 1, dry_run=False).send_one(waiting)
        if said["status"] not in {"stored", "duplicate"}:
            raise Refused(problems_of(said))
        receipt = said.get("receipt", {})
        return Published(
            said["status"],
            said["source"],
            said["id"],
            said.get("cursor"),
            receipt.get("recorded"),
            receipt.get("digest"),
            tuple(one["detail"] for one in said.get("warnings", ())),
        )

    def get(self, path: str, params: Mapping[str, Json]) -> Json:
        """Return the JSON of an address."""
        return self.door.get(path_of(path), _query(params))

    def page(self, path: str, pages: Pages) -> list[Json]:
        """Return the next page."""
        return pages.take(self.door.get(path, pages.query, members={"events", "next"}))

    def waiting(self) -> int:
        """Return how many events wait in the outbox for this hub."""
        with closing(self._outbox(is_durable=True)) as outbox:
            return len(outbox)

    def close(self) -> None:
        """Close the connections."""
        self.door.close()

    def _outbox(self, *, is_durable: bool) -> Outbox:
        address = self.address
        return Outbox(address.outbox if is_durable else None, address.url, address.run, address.token)


def _sendable(
    lines: Iterable[tuple[int, Mapping[str, Json]]], tally: Tally
) -> Iterator[tuple[str, int, Json]]:
    for line, event in lines:
        try:
            yield "", line, _written(event)
        except Refused as refused:
            tally.refusals.append(Refusal("", line, None, refused.problems))


def _written(event: Mapping[str, Json]) -> dict[str, Json]:
    """Return an event that can be written down, with all that it needs.

    Raises:
        Refused: it is none; the hub would refuse it, and nothing can bring it there.
    """
    try:
        whole = completed(event)
        text = json.dumps(whole, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused([_NO_JSON]) from error
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Refused(breaches(whole, None)) from error
    return whole


def _pushed(tally: Tally) -> Pushed:
    return Pushed(tally.stored, tally.duplicates, tuple(tally.refusals))


def _query(params: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Return parameters as an address bears them: several values one after the other, True as `true`."""
    return [(name, _text(one)) for name, said in params.items() if said is not None for one in _several(said)]


def _several(said: Json) -> Iterator[Json]:
    if isinstance(said, (list, tuple, set, frozenset)):
        yield from said
    else:
        yield said


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
