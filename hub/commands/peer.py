"""`hub peer`: to which other hubs this one listens, whom it believes about whom, and what it did not take."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import click

from events.acts import StewardAct
from events.audience import TLP
from events.event import SLUG
from events.relaying import CEILING
from events.submission import HUB, STEWARDS
from hub.client.door import Door, Patience
from hub.commands.archive import Archive, opened
from hub.commands.refusals import AlreadyThere, NotHere
from hub.commands.world import World, local_options, say, tell, token_option
from hub.federation.book import Peer, PeerBook, open_book
from hub.federation.telling import row_of, status_of
from hub.office_opening import open_office

Json = Any

_ADMISSION = ("name", "signing_keys", "countries_of_work", "languages", "website", "ecosoc_status")
_SECONDS = 20.0


@click.group(
    epilog="Example:  hub peer add https://hub.example --name far-hub --token T --home open-docket --data hub-data"
)
def peer() -> None:
    """Listen to other hubs: take what they may give, from the publishers that you name, and never more openly."""


@peer.command(
    epilog="Example:  hub peer add https://hub.example --name far-hub --token T --home open-docket --data hub-data"
)
@click.argument("url")
@click.option("--name", required=True, metavar="SLUG", help="What you call that hub.")
@click.option("--home", "homes", multiple=True, metavar="SLUG", help="A publisher whose home that hub is.")
@click.option(
    "--relay", "relays", multiple=True, metavar="SLUG", help="One of which it may pass on what was signed."
)
@click.option("--same", "sames", multiple=True, metavar="SLUG", help="One that is the same partner in both.")
@token_option
@local_options
@click.pass_obj
def add(world: World, /, url: str, data: str | None, store: str | None, as_json: bool, **said: Any) -> None:
    """Listen to the hub at URL from now on, with the token that its stewards gave this hub.

    Publishers named by --home that are no partners here are admitted as that hub knows them, without a token. A member
    of this hub cannot be named: its home is here. --home of a publisher says that its slug means the same organisation
    in both hubs.
    """
    token, name = world.settings(token=said["token"]).token, said["name"]
    _check(url, [name, *said["homes"], *said["relays"], *said["sames"]])
    door = Door(url.rstrip("/"), token, Patience(_SECONDS, world.pause, say))
    with closing(door), opened(world, data, store) as archive, _book(archive) as book:
        _refuse_members(archive, [*said["homes"], *said["relays"]])
        _refuse_second_homes(book, said["homes"])
        me = door.get("/api/v1/me")
        _check_account(me)
        for slug in said["homes"]:
            _admit(archive, door, slug)
        homes, relays, sames = (frozenset(said[kind]) for kind in ("homes", "relays", "sames"))
        made = Peer(name, url.rstrip("/"), token, str(me["partner"]), homes, relays, sames)
        if not book.add(made):
            raise AlreadyThere("There is a peer of this name or address; nothing was changed.")
        archive.note(StewardAct("peer_added", subject=name))
    tell(row_of(made), f"{name} is listened to; it knows this hub as {made.partner}.", as_json=as_json)


@peer.command(epilog="Example:  hub peer remove far-hub --data hub-data")
@click.argument("name")
@local_options
@click.pass_obj
def remove(world: World, name: str, data: str | None, store: str | None, as_json: bool) -> None:
    """Listen to the peer NAME no more, and forget its token. What it told stays."""
    with opened(world, data, store) as archive, _book(archive) as book:
        if not book.remove(name):
            raise NotHere(f"There is no peer of this name: {name}")
        archive.note(StewardAct("peer_removed", subject=name))
    tell({"peer": name, "removed": True}, f"{name} is listened to no more.", as_json=as_json)


@peer.command("list", epilog="Example:  hub peer list --data hub-data")
@local_options
@click.pass_obj
def list_(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """List the peers, and the publishers whose home each is."""
    with opened(world, data, store) as archive, _book(archive) as book:
        for one in book.listing():
            text = f"{one.name}  {one.url}  home of {', '.join(sorted(one.homes)) or 'nobody'}"
            tell(row_of(one), text, as_json=as_json)


@peer.command(epilog="Example:  hub peer status --data hub-data")
@local_options
@click.pass_obj
def status(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """Say how each peer is, how much it told, and what was not taken and why."""
    with opened(world, data, store) as archive, _book(archive) as book:
        for one in book.listing():
            row = status_of(book, one)
            lines = [f"{one.name}: {one.state}. {one.said}".rstrip()]
            lines += [f"  {row['kept']} kept, {row['withdrawn']} withdrawn, {row['refused']} not taken"]
            lines += [f"  {each['source']} {each['id']}: {each['why']}" for each in row["refusals"]]
            tell(row, "\n".join(lines), as_json=as_json)


@contextmanager
def _book(archive: Archive) -> Iterator[PeerBook]:
    settings = archive.settings
    office = open_office(settings)
    book = open_book(settings.data, archive.world.random, settings.keys, office)
    try:
        yield book
    finally:
        book.close()
        if office is not None:
            office.close()


def _check(url: str, slugs: Sequence[str]) -> None:
    if not url.startswith(("https://", "http://")):
        raise click.UsageError("URL begins with https://.")
    for one in slugs:
        if not SLUG.fullmatch(one) or one in (HUB, STEWARDS):
            raise click.UsageError(f"{one} is no short name that can be given here.")


def _check_account(me: Mapping[str, Json]) -> None:
    if me.get("partner") is None:
        raise click.UsageError("Give the token that the stewards of that hub made for this one: --token.")
    if me.get("clearance") not in TLP[: TLP.index(CEILING) + 1]:
        raise click.UsageError(f"That token is cleared for more than {CEILING}. Ask for another.")


def _refuse_members(archive: Archive, slugs: Sequence[str]) -> None:
    for slug in slugs:
        if any(one.revoked is None for one in archive.accounts.listing(slug)):
            raise AlreadyThere(f"{slug} is a member of this hub, which is its home; nothing was changed.")


def _refuse_second_homes(book: PeerBook, slugs: Sequence[str]) -> None:
    for known in book.listing():
        for slug in known.homes.intersection(slugs):
            raise AlreadyThere(f"{known.name} is the home of {slug} already; nothing was changed.")


def _admit(archive: Archive, door: Door, slug: str) -> None:
    """Admit a publisher as its home hub knows it, unless it is a partner here."""
    if archive.store.rights(slug) is not None:
        return
    params = {"type": "partner.admitted", "limit": "1000", "about": f"partner:{slug}"}
    found = [one["data"] for one in door.get("/api/v1/events", params)["events"]]
    own = [one for one in found if one.get("partner") == f"partner:{slug}"]
    if not own:
        raise NotHere(f"That hub shows no admission of {slug}; nothing was changed.")
    last = own[-1]
    roles = [one for one in last.get("roles", ()) if one != "steward"]
    if not roles:
        raise NotHere(f"That hub gives {slug} no role that it could have here; nothing was changed.")
    kept = {name: last[name] for name in _ADMISSION if name in last}
    archive.publish("partner.admitted", {"partner": f"partner:{slug}", "roles": roles, **kept})
    say(f"{slug} is admitted as {', '.join(roles)}, without a token.")
