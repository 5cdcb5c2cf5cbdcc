"""How values of settings are read from text; what does not fit raises `ValueError`, in words for the operator."""

from pathlib import Path
from urllib.parse import urlsplit

from hub.networks import Network, read_networks

_POSTGRESQL = ("postgresql://", "postgres://")


def text(said: str) -> str:
    """Take any text."""
    return said


def folder(said: str) -> Path | None:
    """Read a folder or file; empty: none."""
    return Path(said) if said else None


def clocks(said: str) -> Path | None:
    """Read a file of reply clocks that can be followed."""
    from projections.boards.statements.clocks import load_clocks

    path = folder(said)
    load_clocks(path)
    return path


def token(said: str) -> str:
    """Read a token as it travels in a header; empty: none."""
    if not all("!" <= one <= "~" for one in said):
        raise ValueError(
            "a token has neither spaces nor letters with accents: copy it whole, and nothing else"
        )
    return said


def port(said: str) -> int:
    """Read the number of a port."""
    found = int(said)
    if not 0 <= found <= 65535:
        raise ValueError("a port is a number from 0 to 65535")
    return found


def yes(said: str) -> bool:
    """Read yes or no; empty: no."""
    known = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}
    if said.lower() not in known:
        raise ValueError("it must be yes or no")
    return known[said.lower()]


def bus(said: str) -> str:
    """Read the servers of a bus, separated by commas; empty: none."""
    for one in filter(None, said.split(",")):
        parts = urlsplit(one)
        if parts.scheme not in {"nats", "tls"} or not parts.hostname:
            raise ValueError("a bus is nats://user:password@host:port, or tls://..., several by comma")
    return said


def count(said: str) -> int:
    """Read how many, at least one."""
    found = int(said)
    if found < 1:
        raise ValueError("it must be 1 or more")
    return found


def seconds(said: str) -> float:
    """Read a span of less than a day."""
    found = float(said)
    if not 0 < found < 86_400:
        raise ValueError("it must be more than 0 and less than 86400 seconds")
    return found


def database(said: str) -> str:
    """Read the address of a PostgreSQL database; empty: none."""
    if said and not said.startswith(_POSTGRESQL):
        raise ValueError("it must be postgresql://...")
    return _readable(said)


def _readable(said: str) -> str:
    """Refuse what PostgreSQL's own client cannot read: its message would repeat a part of the password."""
    if said.startswith(_POSTGRESQL):
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        try:
            conninfo_to_dict(said)
        except psycopg.Error:
            raise ValueError(
                "PostgreSQL cannot read this address; in a password write % as %25, @ as %40, / as %2F, a space as %20"
            ) from None
    return said


def form(said: str) -> str:
    """Read how log lines look."""
    return _one_of(said, ("json", "text"))


def level(said: str) -> str:
    """Read the least that is logged."""
    return _one_of(said, ("debug", "info", "warning", "error"))


def _one_of(said: str, known: tuple[str, ...]) -> str:
    if said not in known:
        raise ValueError(f"it must be one of {', '.join(known)}")
    return said


def pause(said: str) -> float:
    """Read a span of at most an hour; 0 is none."""
    found = float(said)
    if not 0 <= found <= 3600:
        raise ValueError("it must be from 0 to 3600 seconds")
    return found


def address(said: str) -> str:
    """Read the address of a hub or page; empty: none."""
    parts = urlsplit(said)
    if said and (parts.scheme not in {"http", "https"} or not parts.netloc):
        raise ValueError("an address begins with http:// or https://")
    return said.rstrip("/")


def store(said: str) -> str:
    """Read where the log is; empty: in the data folder."""
    if said and urlsplit(said).scheme not in {"sqlite", "postgresql", "postgres"}:
        raise ValueError("a store begins with sqlite:/// or postgresql://")
    return _readable(said)


def origins(said: str) -> tuple[str, ...]:
    """Read addresses, separated by commas."""
    return tuple(address(one.strip()) for one in said.split(",") if one.strip())


def rate(said: str) -> float:
    """Read how many a second."""
    found = float(said)
    if not 0 < found <= 1_000_000:
        raise ValueError("it must be more than 0 and at most 1000000")
    return found


def danger(said: str) -> bool:
    """Read the words by which a test switches off what protects this machine."""
    if said != "this-is-a-test":
        raise ValueError("only tests set it, and they know to what")
    return True


def mail_server(said: str) -> str:
    """Read the address of a server that takes mails; empty: none."""
    parts = urlsplit(said)
    if said and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname):
        raise ValueError("a mail server begins with smtp:// or smtps://")
    return said


def mailbox(said: str) -> str:
    """Read the address of a mailbox; empty: none."""
    if said and (said.count("@") != 1 or not said.isprintable() or said[0] == "@" or said[-1] == "@"):
        raise ValueError("it must be the address of a mailbox")
    return said


def networks(said: str) -> tuple[Network, ...]:
    """Read networks, separated by commas."""
    return read_networks(one.strip() for one in said.split(",") if one.strip())


def recipients(said: str) -> tuple[str, ...]:
    """Read recipients of age, separated by commas."""
    found = tuple(one.strip() for one in said.split(",") if one.strip())
    if not all(one.startswith("age1") for one in found):
        raise ValueError("a recipient of age begins with age1")
    return found
