"""Addresses of callers and networks that they may come from. Pure."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

_V6_PREFIX = 64


def read_networks(said: Iterable[str]) -> tuple[Network, ...]:
    """Return networks in CIDR form; one address is a network too.

    Raises:
        ValueError: one of them is none, or has host bits set.
    """
    try:
        return tuple(ip_network(one) for one in said)
    except ValueError as error:
        raise ValueError("a network is written like 192.0.2.0/24 or 2001:db8::/32") from error


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Tell whether an address lies in one of some networks; what is no address lies nowhere."""
    known = _known(address)
    return known is not None and any(known in one for one in networks)


def bare(said: str) -> str:
    """Return an address without the port that some proxies add; empty if it is none."""
    host = said[1:].partition("]")[0] if said.startswith("[") else said
    known = _known(host.partition(":")[0] if host.count(":") == 1 else host)
    return "" if known is None else str(known)


def place_of(address: str) -> str:
    """Return what stands for an address in a limit: of IPv6 the network of 64 bits, which one line owns whole."""
    known = _known(address)
    if isinstance(known, IPv6Address):
        return str(ip_network((int(known), _V6_PREFIX), strict=False))
    return address if known is None else str(known)


def _known(address: str) -> IPv4Address | IPv6Address | None:
    try:
        known = ip_address(address)
    except ValueError:
        return None
    # A socket that serves both families shows IPv4 like this.
    mapped = known.ipv4_mapped if isinstance(known, IPv6Address) else None
    return known if mapped is None else mapped
