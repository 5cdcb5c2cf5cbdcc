"""What is around the hub: its settings, its PostgreSQL, its bus."""

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from hub.commands.checks.finding import Finding, fine, judged
from hub.settings import Settings, SettingsRefused

REACH_SECONDS = 3.0
BUS_PORT = 4222
_MUST = {"fsync": "on", "full_page_writes": "on"}
_LASTS = frozenset({"on", "remote_apply", "remote_write", "local"})


def settings(of: Settings) -> Finding:
    """Look for settings that contradict each other; an unknown one no command accepts."""
    faults = []
    try:
        of.for_serving()
    except SettingsRefused as refused:
        faults.append(str(refused))
    is_https = of.public_url.startswith("https:")
    if not is_https and not _is_loopback(of.host):
        faults.append("it listens to others, and HUB_PUBLIC_URL is no https address: cookies are not secure")
    if is_https and not _is_loopback(of.host) and not of.trusted_proxies:
        faults.append("HUB_TRUSTED_PROXIES is empty: all callers seem to be the proxy")
    if any(one.prefixlen == 0 for one in of.trusted_proxies):
        faults.append("HUB_TRUSTED_PROXIES trusts everybody: who calls may say to be anybody")
    if of.webhooks_loopback_for_tests_only:
        faults.append("HUB_WEBHOOKS_LOOPBACK_FOR_TESTS_ONLY is set: strangers may call this machine")
    if not of.backup_recipients:
        faults.append(
            "HUB_BACKUP_RECIPIENTS is empty: `hub backup` writes the key that opens a backup beside it"
        )
    return judged("settings", faults, "agree with each other", "See docs/settings.md.", "warn")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def database(of: Settings) -> Finding:
    """Look whether PostgreSQL keeps what it confirms."""
    if of.log_file is not None:
        return fine("database", "SQLite, in the hub's folder")
    import psycopg

    try:
        with psycopg.connect(of.store_url, connect_timeout=int(REACH_SECONDS)) as line:
            rows = line.execute("SELECT name, setting FROM pg_settings").fetchall()
            [(standbys,)] = line.execute("SELECT count(*) FROM pg_stat_replication").fetchall()
    except psycopg.Error as error:
        said = f"cannot be asked ({type(error).__name__})"
        return Finding("database", "bad", said, "Is PostgreSQL up, and its address right (HUB_STORE)?")
    return judge_database({str(name): str(value) for name, value in rows}, int(standbys))


def judge_database(found: Mapping[str, str], standbys: int) -> Finding:
    """Judge a PostgreSQL by its settings, and by how many standbys follow it."""
    faults = [f"{name} is {found[name]}" for name, right in _MUST.items() if found[name] != right]
    if found["synchronous_commit"] not in _LASTS:
        faults.append(f"synchronous_commit is {found['synchronous_commit']}")
    advice = "Set it in postgresql.conf: a hub must not acknowledge what a power cut takes back."
    if faults:
        return Finding("database", "bad", "; ".join(faults), advice)
    names = found["synchronous_standby_names"]
    well = f"PostgreSQL {found['server_version']}, {standbys} standbys, synchronous: {names or 'none'}"
    if names and found["synchronous_commit"] == "local":
        return Finding(
            "database", "warn", f"{well}; synchronous_commit is local", "No standby is waited for."
        )
    if standbys == 0:
        return Finding("database", "warn", well, "One machine alone: see deploy/three-hosts.md.")
    return fine("database", well)


def bus(of: Settings) -> Finding:
    """Look whether the servers of the bus answer."""
    if not of.bus:
        return fine("bus", "none")
    servers = [urlsplit(one) for one in of.bus.split(",") if one]
    away = [f"{one.hostname} does not answer" for one in servers if not _answers(one.hostname, one.port)]
    return judged(
        "bus",
        away,
        f"{len(servers)} servers answer",
        "The hub goes on from the log. See deploy/nats.",
        "warn",
    )


def _answers(host: str | None, port: int | None) -> bool:
    """Tell whether a NATS server says its first line."""
    try:
        with socket.create_connection((host or "", port or BUS_PORT), timeout=REACH_SECONDS) as line:
            return line.recv(5) == b"INFO "
    except OSError:
        return False
