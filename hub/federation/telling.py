"""How peers are shown to stewards: by the command and by the API alike; never the token."""

from typing import Any

from events.moments import stamp
from hub.federation.book import Peer, PeerBook

Json = Any


def row_of(peer: Peer) -> dict[str, Json]:
    """Return what is agreed with a peer."""
    return {
        "peer": peer.name,
        "url": peer.url,
        "partner": peer.partner,
        "homes": sorted(peer.homes),
        "relays": sorted(peer.relays),
        "same": sorted(peer.same),
    }


def status_of(book: PeerBook, peer: Peer) -> dict[str, Json]:
    """Return how a peer is, how many events of it are kept, and what was not taken, newest first."""
    refusals = [
        {"source": one.source, "id": one.id, "code": one.code, "why": one.why, "noted": stamp(one.noted)}
        for one in book.refusals(peer.name)
    ]
    looked = None if peer.looked is None else stamp(peer.looked)
    how = {"state": peer.state, "said": peer.said, "looked": looked}
    return {**row_of(peer), **how, **book.counts(peer.name), "refusals": refusals}


def statuses(book: PeerBook) -> list[dict[str, Json]]:
    """Return how every peer is, by name."""
    return [status_of(book, one) for one in book.listing()]
