"""Who is calling: from a token or a browser session to a reader and a publisher, read anew for every call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from events.audience import PUBLIC, Reader
from events.clock import Clock
from events.partners import PartnerRights
from events.submission import Publisher
from hub.accounts import Account, Accounts
from hub.networks import bare, is_within
from hub.refusals import MayNotPublish, NotSignedIn, OriginRefused, PartnerSuspended
from hub.settings import Settings
from hub.state import HubState

COOKIE = "hub_session"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a call shows: the text of a token, or of a browser session; and from which address."""

    kind: Literal["token", "session"]
    secret: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling. Without an account it is the public."""

    account: Account | None = None
    rights: PartnerRights | None = None

    @property
    def reader(self) -> Reader:
        """Who the caller is to the audience rule."""
        return PUBLIC if self.account is None else self.account.reader

    @property
    def is_steward(self) -> bool:
        """Tell whether the caller runs this hub: a steward's account, of a partner that is one."""
        is_role = self.account is not None and self.account.role == "steward"
        return is_role and self.rights is not None and "steward" in self.rights.roles

    @property
    def publisher(self) -> Publisher:
        """Who the caller is to intake.

        Raises:
            NotSignedIn: the public does not publish.
            MayNotPublish: the account only reads.
        """
        if self.account is None:
            raise NotSignedIn
        if not self.account.may_publish:
            raise MayNotPublish
        return Publisher(slug=self.account.partner, account=self.account.name)


class Callers:
    """Turns what a call shows into who is calling.

    Args:
        accounts: whose tokens.
        rights: what a partner may do now, by slug; None if it was never admitted.
        clock: the present moment.
    """

    def __init__(
        self, accounts: Accounts, rights: Callable[[str], PartnerRights | None], clock: Clock
    ) -> None:
        self._accounts = accounts
        self._rights = rights
        self._clock = clock

    def of(self, credential: Credential | None) -> Caller:
        """Say who calls, by what holds at this moment. Blocks for microseconds, or one read of the log.

        Raises:
            NotSignedIn: the token does not work, or not from there. With a session like that the caller is the
                public.
            PartnerSuspended: the partner is not admitted, or suspended.
        """
        account = self.account_of(credential)
        if account is None:
            if credential is not None and credential.kind == "token":
                raise NotSignedIn
            return Caller()
        return self._admitted(account)

    def holder(self, account_id: str) -> Caller:
        """Say for whom the hub acts by itself, whoever asked it to: the account whose id it kept.

        Raises:
            NotSignedIn: its token does not work any more.
            PartnerSuspended: the partner is not admitted, or suspended.
        """
        account = self._accounts.known(account_id)
        if account is None or not account.holds(self._clock()):
            raise NotSignedIn
        return self._admitted(account)

    def _admitted(self, account: Account) -> Caller:
        rights = self._rights(account.partner)
        if rights is None or not rights.may_read:
            raise PartnerSuspended
        return Caller(account, rights)

    def publisher_of(self, credential: Credential | None) -> Publisher:
        """Say who publishes a signed event. Intake looks at the partner: it keeps what a lost key has signed.

        Raises:
            NotSignedIn: nobody, or the token does not work from there.
            MayNotPublish: the account only reads.
        """
        return Caller(self.account_of(credential)).publisher

    def account_of(self, credential: Credential | None) -> Account | None:
        """Return whose token or session this is, if it works now and from there; its partner is not looked at."""
        if credential is None:
            return None
        check = self._accounts.check_session if credential.kind == "session" else self._accounts.check
        account = check(credential.secret, self._clock())
        return account if account is not None and account.allows(credential.address) else None


def credential_of(connection: HTTPConnection[HubState]) -> Credential | None:
    """Read what a call shows; a token wins over a session.

    Raises:
        NotSignedIn: there is an `Authorization` header that is no bearer token.
    """
    shown = connection.headers.getlist("authorization")
    if shown:
        scheme, _, token = shown[0].partition(" ")
        if len(shown) > 1 or scheme.lower() != "bearer" or not token.strip():
            raise NotSignedIn
        return Credential("token", token.strip(), address_of(connection))
    session = connection.cookies.get(COOKIE)
    return Credential("session", session, address_of(connection)) if session else None


def address_of(connection: HTTPConnection[HubState]) -> str:
    """Return where a call comes from: the rightmost address that no trusted proxy has; empty if unknown.

    What stands further left in `X-Forwarded-For` is the caller's own word.
    """
    nearest = "" if connection.client is None else connection.client.host
    trusted = connection.state["settings"].trusted_proxies
    told = [
        part.strip() for line in connection.headers.getlist("x-forwarded-for") for part in line.split(",")
    ]
    for farther in reversed(told):
        if not is_within(nearest, trusted):
            break
        nearest = bare(farther)
    return nearest


def is_secure(connection: HTTPConnection[HubState]) -> bool:
    """Tell whether browsers reach this hub by https: as the settings say, or as this call came."""
    settings = connection.state["settings"]
    schemes = {urlsplit(settings.public_url).scheme, connection.url.scheme}
    nearest = "" if connection.client is None else connection.client.host
    if is_within(nearest, settings.trusted_proxies):
        schemes.add(connection.headers.get("x-forwarded-proto", "").lower())
    return "https" in schemes


def refuse_foreign_origin(
    connection: HTTPConnection[HubState], settings: Settings, *, is_needed: bool
) -> None:
    """Refuse a browser's call from a page that is not this hub's.

    Args:
        connection: the call.
        settings: `public_url` and `origins` are allowed beside the address called.
        is_needed: refuses a call without an `Origin` as well.

    Raises:
        OriginRefused: the origin is another, or missing where it is needed.
    """
    origin = connection.headers.get("origin")
    if origin is None:
        if is_needed:
            raise OriginRefused
        return
    own = {settings.public_url, *settings.origins} - {""}
    if origin in own or _is_same(origin, connection.headers):
        return
    raise OriginRefused


def _is_same(origin: str, headers: Mapping[str, str]) -> bool:
    parts = urlsplit(origin)
    return parts.scheme in {"http", "https"} and parts.netloc == headers.get("host")
