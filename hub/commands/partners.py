"""`hub partner`: who may publish."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from events.event import Position, RecordedEvent
from events.submission import STEWARDS
from hub.commands.archive import Archive, opened, token_row
from hub.commands.partner_keys import key, require_signature
from hub.commands.refusals import AlreadyThere, NoSuchPartner
from hub.commands.world import World, local_options, moment_text, say, tell
from hub.issuing import grant_of
from hub.views_files import VIEWS_FILE
from projections.peek import places_of

Json = Any

ADMITTED = "partner.admitted"
PAGE = 2_000
REASONS = ("key_compromised", "seized", "misconduct", "conflict_of_interest", "own_request", "inactive")


@click.group(epilog="Example:  hub partner add open-docket --name 'Open Docket' --role monitor")
def partner() -> None:
    """Admit and suspend partners, list them, and say with which keys they sign."""


partner.add_command(key)
partner.add_command(require_signature)


@partner.command(
    epilog="Example:  hub partner add open-docket --name 'Open Docket' --role monitor --role observer"
)
@click.argument("slug")
@click.option("--name", required=True, metavar="TEXT", help="What the organisation calls itself.")
@click.option("--language", default="en", show_default=True, metavar="TAG", help="Language of --name.")
@click.option(
    "--role", "roles", required=True, multiple=True, help="What it does; decides what it may publish."
)
@local_options
@click.pass_obj
def add(
    world: World,
    slug: str,
    name: str,
    language: str,
    roles: tuple[str, ...],
    data: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Admit the partner SLUG and print its publisher token, this once.

    A partner that was suspended is admitted again.
    """
    with opened(world, data, store) as archive:
        rights = archive.store.rights(slug)
        if rights is not None and rights.may_read and rights.may_write:
            raise AlreadyThere(f"{slug} is admitted already. `hub token add {slug}` makes another token.")
        admission = {
            "partner": f"partner:{slug}",
            "name": {language: name},
            "roles": list(dict.fromkeys(roles)),
            "admitted_on": world.clock().date().isoformat(),
        }
        archive.publish("partner.admitted", admission)
        account, token = archive.issue(grant_of(slug, "publisher"))
    say(f"{slug} is admitted. Keep the token; it is not shown again.")
    tell({**token_row(account, token), "name": name, "roles": admission["roles"]}, token, as_json=as_json)


@partner.command("list", epilog="Example:  hub partner list --json")
@local_options
@click.pass_obj
def list_partners(world: World, data: str | None, store: str | None, as_json: bool) -> None:
    """List every partner that was ever admitted."""
    with opened(world, data, store) as archive:
        for row in _admitted(archive).values():
            text = f"{row['partner']:40} {row['status']:10} {', '.join(row['roles'])}"
            tell(row, text, as_json=as_json)


@partner.command(epilog="Example:  hub partner show open-docket")
@click.argument("slug")
@local_options
@click.pass_obj
def show(world: World, slug: str, data: str | None, store: str | None, as_json: bool) -> None:
    """Show the partner SLUG and its tokens."""
    with opened(world, data, store) as archive:
        row = _admitted(archive).get(slug)
        if row is None:
            raise NoSuchPartner(slug)
        row["tokens"] = [token_row(account) for account in archive.accounts.listing(slug)]
    lines = [f"{row['partner']}: {row['status']}, {', '.join(row['roles'])}"]
    lines += [f"  token {one['id']}: {one['role']}, {one['clearance']}{_end(one)}" for one in row["tokens"]]
    tell(row, "\n".join(lines), as_json=as_json)


@partner.command(epilog="Example:  hub partner suspend open-docket --reason seized")
@click.argument("slug")
@click.option("--reason", type=click.Choice(REASONS), help="Why, in one word.")
@click.option(
    "--scope",
    type=click.Choice(["both", "read", "write"]),
    default="both",
    show_default=True,
    help="What it may no longer do.",
)
@local_options
@click.pass_obj
def suspend(
    world: World,
    slug: str,
    reason: str | None,
    scope: str,
    data: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Suspend the partner SLUG: it holds from the next request on, and open feeds close within seconds."""
    with opened(world, data, store) as archive:
        known_partner(archive, slug)
        if slug == STEWARDS:
            raise click.UsageError("The stewards cannot be suspended from the command line.")
        suspension = {"partner": f"partner:{slug}", "from": moment_text(world.clock()), "scope": scope}
        archive.publish("partner.suspended", suspension | ({"reason": reason} if reason else {}))
    tell({"partner": slug, "status": "suspended", "scope": scope}, f"{slug} is suspended.", as_json=as_json)


def known_partner(archive: Archive, slug: str) -> None:
    """Refuse a slug that was never admitted.

    Raises:
        NoSuchPartner: it was not.
    """
    if archive.store.rights(slug) is None:
        raise NoSuchPartner(slug)


def is_steward(archive: Archive, slug: str) -> bool:
    """Tell whether a partner runs this hub."""
    rights = archive.store.rights(slug)
    return rights is not None and "steward" in rights.roles


def _admitted(archive: Archive) -> dict[str, Json]:
    """Return each partner by slug, as the log and its rights say now."""
    names = dict[str, Json]()
    for slug, data in _admissions(archive):
        names[slug] = data["name"]
    rows = {}
    for slug, name in names.items():
        rights = archive.store.rights(slug)
        if rights is not None:
            status = "admitted" if rights.may_read and rights.may_write else "suspended"
            rows[slug] = {"partner": slug, "name": name, "roles": sorted(rights.roles), "status": status}
    return rows


def _admissions(archive: Archive) -> Iterator[tuple[str, Json]]:
    """Yield slug and payload of each admission, in order: those that the views know, then what came since."""
    places, after = places_of(archive.settings.data / VIEWS_FILE, ADMITTED)
    if after > archive.store.head():
        places, after = [], Position(0)  # views of another log, which the next start makes anew
    for start in range(0, len(places), PAGE):
        yield from _admissions_in(archive.store.at(places[start : start + PAGE]))
    while page := archive.store.read(after, PAGE):
        yield from _admissions_in(page)
        after = page[-1].position


def _admissions_in(events: Sequence[RecordedEvent]) -> Iterator[tuple[str, Json]]:
    for event in events:
        if event.stem.startswith(f"{ADMITTED}."):
            yield str(event.data["partner"]).removeprefix("partner:"), event.data


def _end(token: Json) -> str:
    return ", revoked" if token["revoked"] else f", until {token['expires']}" if token["expires"] else ""
