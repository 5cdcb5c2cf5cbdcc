"""What an operator may set: one field each, with its default, its unit and its help."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub import setting_values as values
from hub.networks import Network

PREFIX = "HUB_"


class SettingsRefused(Exception):
    """A setting is unknown or has a bad value; the message is one sentence for the operator."""


def _said(unit: str, meaning: str, read: Callable[[str], object]) -> dict[str, object]:
    return {"unit": unit, "help": meaning, "read": read}


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the hub and of the commands that talk to one; see the metadata of each field."""

    data: Path = field(
        default=Path("hub-data"),
        metadata=_said("folder", "Where the hub keeps its log, views, keys and accounts.", Path),
    )
    host: str = field(default="127.0.0.1", metadata=_said("address", "Where the hub listens.", values.text))
    port: int = field(
        default=8000, metadata=_said("port", "Where the hub listens; 0 takes any free one.", values.port)
    )
    store: str = field(
        default="",
        metadata=_said(
            "URL",
            "The log: sqlite:///path (default: log.sqlite in the data folder) or postgresql://...",
            values.store,
        ),
    )
    keys: Path | None = field(
        default=None,
        metadata=_said(
            "folder",
            "Where the keys are, if not in the data folder: another disk, another safe.",
            values.folder,
        ),
    )
    vault: str = field(
        default="",
        repr=False,
        metadata=_said(
            "URL",
            "The keys of personal fields, in a PostgreSQL database of their own (postgresql://...), for hubs on "
            "several machines; default: vault.sqlite beside the other keys.",
            values.database,
        ),
    )
    bus: str = field(
        default="",
        repr=False,
        metadata=_said(
            "URLs, by comma",
            "A NATS bus between hubs: nats://user:password@host:port or tls://...",
            values.bus,
        ),
    )
    edge: bool = field(
        default=False,
        metadata=_said(
            "yes or no",
            "Serves what is clear alone, as it comes by the bus; nothing else is there.",
            values.yes,
        ),
    )
    edge_of: str = field(
        default="",
        metadata=_said("address", "Where the hub is, told to whoever asks an edge for more.", values.address),
    )
    workers: int = field(default=1, metadata=_said("processes", "How many processes serve.", values.count))
    url: str = field(
        default="http://127.0.0.1:8000",
        metadata=_said("address", "The hub that push, follow and export talk to.", values.address),
    )
    token: str = field(
        default="",
        repr=False,
        metadata=_said("token", "The token that push, follow and export show.", values.token),
    )
    public_url: str = field(
        default="",
        metadata=_said("address", "How browsers reach this hub; https makes cookies secure.", values.address),
    )
    origins: tuple[str, ...] = field(
        default=(),
        metadata=_said(
            "addresses, by comma",
            "Other pages that may open the WebSocket feed in a browser.",
            values.origins,
        ),
    )
    max_event_bytes: int = field(
        default=262_144, metadata=_said("bytes", "Largest body of a single event.", values.count)
    )
    max_batch_bytes: int = field(
        default=33_554_432, metadata=_said("bytes", "Largest body of a batch.", values.count)
    )
    max_batch_lines: int = field(
        default=10_000, metadata=_said("events", "Most events in one batch.", values.count)
    )
    chunk_lines: int = field(
        default=500,
        metadata=_said("events", "How many lines of a streamed batch are recorded together.", values.count),
    )
    at_least_seconds: float = field(
        default=5.0, metadata=_said("seconds", "How long ?at_least= waits for the views.", values.seconds)
    )
    beat_seconds: float = field(
        default=15.0,
        metadata=_said("seconds", "Silence after which a feed says that it is alive.", values.seconds),
    )
    look_seconds: float = field(
        default=0.5,
        metadata=_said("seconds", "How late a feed may notice that rights were revoked.", values.seconds),
    )
    slow_seconds: float = field(
        default=15.0,
        metadata=_said("seconds", "How long a reader may take nothing before it is dropped.", values.seconds),
    )
    head_seconds: float = field(
        default=9.5,
        metadata=_said(
            "seconds", "How long the head of a request may take, first byte to last.", values.seconds
        ),
    )
    body_seconds: float = field(
        default=9.5,
        metadata=_said("seconds", "How long a body may let the hub wait for its next bytes.", values.seconds),
    )
    body_bytes_per_second: int = field(
        default=1024,
        metadata=_said(
            "bytes", "A body that comes slower than this for `body_seconds` is cut off.", values.count
        ),
    )
    connections: int = field(
        default=20_000, metadata=_said("connections", "Most connections at the same time.", values.count)
    )
    connections_per_address: int = field(
        default=500,
        metadata=_said(
            "connections",
            "Most of them from one address (IPv6: from one /64), except loopback and trusted proxies.",
            values.count,
        ),
    )
    feed_messages: int = field(
        default=200, metadata=_said("messages", "How many feed messages are read at once.", values.count)
    )
    timekeeper_seconds: float = field(
        default=1.0,
        metadata=_said(
            "seconds",
            "How often it is looked at what is due: embargoes, deadlines, erasures.",
            values.seconds,
        ),
    )
    checkpoint_seconds: float = field(
        default=60.0,
        metadata=_said(
            "seconds", "How often what was recorded is closed into the Merkle log and signed.", values.seconds
        ),
    )
    reply_clocks: Path | None = field(
        default=None,
        metadata=_said(
            "file",
            "How long who has for a reply, in place of the hub's own (projections/boards/statements/clocks.json).",
            values.clocks,
        ),
    )
    drain_seconds: float = field(
        default=0.0,
        metadata=_said(
            "seconds",
            "How long a hub that is told to stop serves on while /readyz says 503, for the proxies in front.",
            values.pause,
        ),
    )
    log: str = field(
        default="json", metadata=_said("json or text", "How lines on standard error look.", values.form)
    )
    log_level: str = field(
        default="info",
        metadata=_said("debug, info, warning or error", "The least that the hub logs.", values.level),
    )
    session_hours: int = field(
        default=12, metadata=_said("hours", "How long a browser stays signed in.", values.count)
    )

    trusted_proxies: tuple[Network, ...] = field(
        default=(),
        metadata=_said(
            "networks, by comma",
            "Proxies in front of this hub, whose X-Forwarded-For and X-Forwarded-Proto are believed.",
            values.networks,
        ),
    )
    rate_per_second: float = field(
        default=200.0,
        metadata=_said("calls", "How many calls a second an account may make in the long run.", values.rate),
    )
    rate_burst: int = field(
        default=2000, metadata=_said("calls", "How many calls an account may make at once.", values.count)
    )

    smtp_url: str = field(
        default="",
        repr=False,
        metadata=_said(
            "URL",
            "The server that takes mails: smtps://user:password@host or smtp://...; without it there are none.",
            values.mail_server,
        ),
    )
    mail_from: str = field(default="", metadata=_said("address", "The sender of mails.", values.mailbox))

    backup_recipients: tuple[str, ...] = field(
        default=(),
        metadata=_said(
            "age recipients, by comma",
            "For whom `hub backup` encrypts; `hub backup-key` makes one.",
            values.recipients,
        ),
    )
    backup_vault_recipients: tuple[str, ...] = field(
        default=(),
        metadata=_said(
            "age recipients, by comma",
            "The same for the keys of personal fields, if others are to open them.",
            values.recipients,
        ),
    )

    webhooks_loopback_for_tests_only: bool = field(
        default=False,
        metadata=_said(
            "words",
            "Lets webhooks call this very machine, over http: never where strangers make subscriptions.",
            values.danger,
        ),
    )

    @property
    def store_url(self) -> str:
        """The address of the log, with the default filled in."""
        return self.store or f"sqlite:///{self.data.absolute() / 'log.sqlite'}"

    @property
    def log_file(self) -> Path | None:
        """The file of the log; None if it is not in SQLite."""
        kind, _, path = self.store_url.partition(":///")
        return Path(path) if kind == "sqlite" else None

    @classmethod
    def read(cls, environ: Mapping[str, str], flags: Mapping[str, object] | None = None) -> "Settings":
        """Build settings from `HUB_*` variables; a flag that is not None wins over its variable.

        Args:
            environ: the process environment; names without the prefix are ignored.
            flags: values by field name, as text or already of the field's type.

        Raises:
            SettingsRefused: unknown name, or a value that does not fit.
        """
        fields = {one.name: one for one in dataclasses.fields(cls)}
        said: dict[str, object] = {}
        for variable, text in environ.items():
            if not variable.startswith(PREFIX):
                continue
            name = variable.removeprefix(PREFIX).lower()
            if name not in fields or variable != variable.upper():
                raise SettingsRefused(f"{variable} is not a setting of the hub.{_nearest(name, fields)}")
            said[name] = _read(variable, fields[name], text)
        for name, value in (flags or {}).items():
            if value is None:
                continue
            if name not in fields:
                raise SettingsRefused(f"--{name.replace('_', '-')} is not a setting of the hub.")
            flag = f"--{name.replace('_', '-')}"
            said[name] = _read(flag, fields[name], value) if isinstance(value, str) else value
        return cls(**said)  # type: ignore[arg-type]  # each value was read by its own field

    def for_serving(self) -> "Settings":
        """Return these settings if this hub can serve by them.

        Raises:
            SettingsRefused: half of what mails or an edge need.
        """
        if bool(self.smtp_url) != bool(self.mail_from):
            raise SettingsRefused("Mails need both HUB_SMTP_URL and HUB_MAIL_FROM.")
        if self.edge and not self.bus:
            raise SettingsRefused("An edge has what comes by the bus, and nothing else: it needs --bus.")
        if self.edge and self.store:
            raise SettingsRefused("An edge has no log: --edge and --store exclude each other.")
        return self


def _read(name: str, one: "dataclasses.Field[Any]", said: str) -> object:
    read: Callable[[str], object] = one.metadata["read"]
    try:
        return read(said)
    except ValueError as error:
        is_odd = str(error).startswith(("invalid literal", "could not convert"))
        raise SettingsRefused(
            f"{name} has a bad value: {'it must be a number' if is_odd else error}."
        ) from error


def _nearest(name: str, among: Mapping[str, object]) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(among), n=1)
    return f" Did you mean {PREFIX}{close[0].upper()}?" if close else ""
