"""`hub partner key` and `hub partner require-signature`: with which keys a partner signs its events."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from events.moments import read_moment
from events.partners import KEY_ADDED_STEM, KEY_REVOKED_STEM, SIGNATURE_REQUIRED_STEM
from events.signatures import KeyRefused, SigningKey, fingerprint, key_text, read_public_key
from hub.commands.archive import Archive, opened
from hub.commands.refusals import AlreadyThere, NoSuchPartner
from hub.commands.world import World, json_option, local_options, moment_text, say, tell

Json = Any

LARGEST_KEY = 10_000


@click.group(epilog="Example:  hub partner key add open-docket --public-key open-docket.pub")
def key() -> None:
    """Register, revoke and list the keys with which partners sign, and make one."""


@key.command(epilog="Example:  hub partner key new open-docket.pem")
@click.argument("file", type=click.Path(dir_okay=False))
@json_option
@click.pass_obj
def new(world: World, file: str, as_json: bool) -> None:
    """Make a key: write the private one to FILE, for `hub push --sign`, and print the public one, for the stewards.

    Needs no hub. `openssl genpkey -algorithm ed25519 -out FILE` makes the same.
    """
    made = Ed25519PrivateKey.from_private_bytes(world.random(32))
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as taken:
        raise AlreadyThere(f"{file} exists; nothing was changed.") from taken
    with os.fdopen(descriptor, "wb") as written:
        written.write(pem)
    public = made.public_key().public_bytes_raw()
    say(f"{file} holds the private key. Keep it to yourself; give the stewards the public one, printed here.")
    tell({"kid": fingerprint(public), "public_key": key_text(public)}, key_text(public), as_json=as_json)


@key.command(epilog="Example:  hub partner key add open-docket --public-key open-docket.pub --kid 2031-a")
@click.argument("slug")
@click.option(
    "--public-key",
    "said",
    required=True,
    metavar="FILE|TEXT",
    help="Ed25519, in PEM, or in base64 of its DER form or of its 32 bytes.",
)
@click.option("--kid", metavar="ID", help="Its name in signatures.  [its fingerprint]")
@local_options
@click.pass_obj
def add(
    world: World, slug: str, said: str, kid: str | None, data: str | None, store: str | None, as_json: bool
) -> None:
    """Register a public key with which the partner SLUG signs. Its name means this key for ever."""
    public = read_public_key(text_of(said))
    name = kid or fingerprint(public)
    with opened(world, data, store) as archive:
        _keys(archive, slug)
        addition = {"kid": name, "public_key": key_text(public)}
        archive.intake.rule_on_signing(KEY_ADDED_STEM, slug, addition)
    tell({"partner": slug, **addition}, f"{slug} signs with {name} now.", as_json=as_json)


@key.command(
    epilog="Example:  hub partner key revoke open-docket 2031-a --distrust-from 2031-05-04T12:00:00Z"
)
@click.argument("slug")
@click.argument("kid")
@click.option(
    "--distrust-from", "since", metavar="MOMENT", help="Since when nobody can know who signed.  [now]"
)
@local_options
@click.pass_obj
def revoke(
    world: World, slug: str, kid: str, since: str | None, data: str | None, store: str | None, as_json: bool
) -> None:
    """Revoke the key KID of SLUG, for good.

    What it signed and what was asserted and recorded before that moment stays valid. The rest, and all that it signs
    from now on, is stored and put in quarantine: only stewards and SLUG see it. Whoever sends it gets a receipt as
    ever. Say it again with an earlier moment if you learn more.
    """
    moment = world.clock() if since is None else read_moment(since)
    if moment is None:
        raise click.BadParameter("expected e.g. 2031-05-04T12:00:00Z", param_hint="--distrust-from")
    with opened(world, data, store) as archive:
        _keys(archive, slug)
        said = {"kid": kid, "distrust_from": moment_text(moment)}
        archive.intake.rule_on_signing(KEY_REVOKED_STEM, slug, said)
    tell(
        {"partner": slug, **said}, f"{kid} of {slug} is revoked from {moment_text(moment)}.", as_json=as_json
    )


@key.command("list", epilog="Example:  hub partner key list open-docket --json")
@click.argument("slug")
@local_options
@click.pass_obj
def list_keys(world: World, slug: str, data: str | None, store: str | None, as_json: bool) -> None:
    """List the keys of the partner SLUG, revoked ones too."""
    with opened(world, data, store) as archive:
        for one in _keys(archive, slug).values():
            since = moment_text(one.distrusted_from)
            row = {"partner": slug, "kid": one.kid, "public_key": one.text, "distrust_from": since}
            state = f"revoked from {since}" if since else "signs"
            tell(row, f"{one.kid}  {one.text}  {state}", as_json=as_json)


@click.command("require-signature", epilog="Example:  hub partner require-signature open-docket on")
@click.argument("slug")
@click.argument("said", metavar="on|off", type=click.Choice(["on", "off"]))
@local_options
@click.pass_obj
def require_signature(
    world: World, slug: str, said: str, data: str | None, store: str | None, as_json: bool
) -> None:
    """Refuse what the partner SLUG does not sign, from the next event on; or take it unsigned again."""
    with opened(world, data, store) as archive:
        _keys(archive, slug)
        archive.intake.rule_on_signing(SIGNATURE_REQUIRED_STEM, slug, {"required": said == "on"})
    row = {"partner": slug, "requires_signature": said == "on"}
    tell(row, f"{slug} {'must' if said == 'on' else 'need not'} sign its events.", as_json=as_json)


def text_of(said: str) -> str:
    """Return the text in a file; if there is no such file, what was said itself.

    Raises:
        KeyRefused: the file is no text.
    """
    try:
        if not Path(said).is_file():
            return said
        return Path(said).read_bytes()[:LARGEST_KEY].decode("ascii")
    except UnicodeDecodeError as foul:
        raise KeyRefused(f"{said} holds no public key.") from foul
    except OSError:
        return said


def _keys(archive: Archive, slug: str) -> Mapping[str, SigningKey]:
    rights = archive.store.rights(slug)
    if rights is None:
        raise NoSuchPartner(slug)
    return rights.keys
