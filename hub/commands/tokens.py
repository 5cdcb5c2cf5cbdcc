"""`hub token`: the sign-ins of partners."""

import re
from dataclasses import replace
from datetime import timedelta

import click

from events.audience import TLP
from hub.accounts import ROLES, Role
from hub.commands.archive import opened, token_row
from hub.commands.partners import is_steward, known_partner
from hub.commands.refusals import NoSuchToken
from hub.commands.world import World, local_options, say, tell
from hub.issuing import grant_of

_SPAN = re.compile(r"([1-9]\d{0,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Span(click.ParamType[timedelta]):
    """A span of time such as 90d, 12h, 30m or 2w."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read a span."""
        matched = _SPAN.fullmatch(str(value))
        if matched is None:
            self.fail("a span is a number and m, h, d or w, e.g. 90d", param, ctx)
        return timedelta(**{_UNITS[matched[2]]: int(matched[1])})


@click.group(epilog="Example:  hub token add open-docket --role publisher --expires 90d")
def token() -> None:
    """Make, list and revoke tokens."""


@token.command(
    epilog="Example:  hub token add open-docket --role observer --clearance green --expires 90d --read-only"
)
@click.argument("partner")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the account may do.")
@click.option(
    "--clearance",
    type=click.Choice(TLP),
    help="Strictest label it may read.  [amber; coordinator amber+strict; steward red]",
)
@click.option("--expires", type=Span(), metavar="SPAN", help="When it stops working, e.g. 90d.  [never]")
@click.option("--read-only", is_flag=True, help="It may not publish, whatever the role.")
@click.option(
    "--account",
    default="",
    metavar="NAME",
    help="Name of the account, for red events to one person.  [the role]",
)
@click.option(
    "--network",
    "networks",
    multiple=True,
    metavar="CIDR",
    help="From where it works, e.g. 192.0.2.0/24; may be repeated.  [anywhere]",
)
@local_options
@click.pass_obj
def add(
    world: World,
    partner: str,
    role: Role,
    clearance: str | None,
    expires: timedelta | None,
    read_only: bool,
    account: str,
    networks: tuple[str, ...],
    data: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Make a token for PARTNER and print it, this once: the hub keeps only a hash."""
    with opened(world, data, store) as archive:
        known_partner(archive, partner)
        if role == "steward" and not is_steward(archive, partner):
            raise click.UsageError(f"{partner} does not run this hub: it has no role as a steward.")
        grant = grant_of(partner, role, account, clearance, read_only=read_only)
        made, text = archive.issue(replace(grant, networks=networks), expires)
    say(f"Token {made.id} of {partner} ({role}, {made.clearance}). Keep it; it is not shown again.")
    tell(token_row(made, text), text, as_json=as_json)


@token.command("list", epilog="Example:  hub token list open-docket")
@click.argument("partner", required=False)
@local_options
@click.pass_obj
def list_tokens(
    world: World, partner: str | None, data: str | None, store: str | None, as_json: bool
) -> None:
    """List tokens, of PARTNER or all, without their texts."""
    with opened(world, data, store) as archive:
        for account in archive.accounts.listing(partner):
            row = token_row(account)
            state = "revoked" if account.revoked else "works" if account.holds(world.clock()) else "expired"
            where = f"  only from {', '.join(row['networks'])}" if account.networks else ""
            text = (
                f"{account.id}  {account.partner:32} {account.role:12} {account.clearance:12} {state}{where}"
            )
            tell({**row, "state": state}, text, as_json=as_json)


@token.command(epilog="Example:  hub token revoke k3jx2q7a")
@click.argument("id")
@local_options
@click.pass_obj
def revoke(world: World, id: str, data: str | None, store: str | None, as_json: bool) -> None:
    """Stop the token ID at once, with every browser session opened by it."""
    with opened(world, data, store) as archive:
        if not archive.revoke(id):
            raise NoSuchToken
    tell({"id": id, "status": "revoked"}, f"Token {id} is revoked.", as_json=as_json)


@token.command(epilog="Example:  hub token link k3jx2q7a --lives 30m")
@click.argument("id")
@click.option(
    "--lives", type=Span(), default="30m", show_default=True, metavar="SPAN", help="How long it works."
)
@local_options
@click.pass_obj
def link(world: World, id: str, lives: timedelta, data: str | None, store: str | None, as_json: bool) -> None:
    """Print a link that signs a browser in as the token ID, once; the browser's session ends with the token."""
    with opened(world, data, store) as archive:
        secret = archive.link(id, lives)
        if secret is None:
            raise NoSuchToken
    settings = world.settings()
    address = f"{settings.public_url or settings.url}/sign-in/{secret}"
    tell({"id": id, "link": address}, address, as_json=as_json)
