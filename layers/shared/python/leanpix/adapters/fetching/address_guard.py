"""Allow a stranger's URL to lead to public addresses only, and to none that hides another."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""A resolver of names: host and port to addresses as text."""

REFUSED_NETWORKS: Final = {
    "0.0.0.0/8": "RFC 791, this network",
    "10.0.0.0/8": "RFC 1918, private",
    "100.64.0.0/10": "RFC 6598, carrier-grade NAT",
    "127.0.0.0/8": "RFC 1122, loopback",
    "169.254.0.0/16": "RFC 3927, link-local, where cloud metadata is served",
    "172.16.0.0/12": "RFC 1918, private",
    "192.0.0.0/24": "RFC 6890, protocol assignments",
    "192.0.2.0/24": "RFC 5737, documentation",
    "192.88.99.0/24": "RFC 7526, former 6to4 relays",
    "192.168.0.0/16": "RFC 1918, private",
    "198.18.0.0/15": "RFC 2544, benchmarking",
    "198.51.100.0/24": "RFC 5737, documentation",
    "203.0.113.0/24": "RFC 5737, documentation",
    "224.0.0.0/4": "RFC 5771, multicast",
    "240.0.0.0/4": "RFC 1112, reserved, and limited broadcast (RFC 919)",
    "::/96": "RFC 4291, unspecified, loopback and IPv4-compatible",
    "::ffff:0:0/96": "RFC 4291, IPv4-mapped",
    "::ffff:0:0:0/96": "RFC 2765, IPv4-translated",
    "64:ff9b::/96": "RFC 6052, NAT64",
    "64:ff9b:1::/48": "RFC 8215, local NAT64",
    "100::/64": "RFC 6666, discard",
    "100:0:0:1::/64": "RFC 9780, dummy prefix",
    "2001::/23": "RFC 2928, protocol assignments, Teredo (RFC 4380) among them",
    "2001:db8::/32": "RFC 3849, documentation",
    "2002::/16": "RFC 3056, 6to4",
    "3fff::/20": "RFC 9637, documentation",
    "5f00::/16": "RFC 9602, segment routing",
    "fc00::/7": "RFC 4193, unique local",
    "fe80::/10": "RFC 4291, link-local",
    "fec0::/10": "RFC 3879, former site-local",
    "ff00::/8": "RFC 4291, multicast",
}
"""The networks that are never fetched from, each with its source. Those that carry an IPv4 address
inside an IPv6 one are refused whole: no public host needs them."""

_NETWORKS: Final = tuple(ip_network(network) for network in REFUSED_NETWORKS)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""The only block of IPv6 that is assigned to hosts of the internet (RFC 4291 §2.4, IANA's
registry)."""
_ISATAP: Final = 0x0000_5EFE
_ISATAP_MASK: Final = 0xFDFF_FFFF
"""The bits that tell an interface identifier which carries an IPv4 address (RFC 5214 §6.1)."""


class AddressRefusedError(Exception):
    """A name without an address, or with one that may not be fetched from."""


def is_public(address: Address) -> bool:
    """Return whether an address is in none of the refused ranges."""
    if isinstance(address, IPv6Address) and (
        address not in _GLOBAL_UNICAST or (int(address) >> 32) & _ISATAP_MASK == _ISATAP
    ):
        return False
    return not any(
        address.version == network.version and address in network for network in _NETWORKS
    )


def resolve_name(host: str, port: int) -> list[str]:
    """Return a name's addresses as the system's resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def choose_addresses(
    host: str, port: int, *, may_be_loopback: bool, resolve: Resolve = resolve_name
) -> list[str]:
    """Return the addresses to connect to, after one look-up and a check of every one.

    One refused address refuses the name: a mixed answer is how a name is rebound. Numeric hosts in
    any notation that the resolver understands (decimal, octal, hexadecimal) come out as what they
    mean.

    Raises:
        AddressRefusedError: there is no address, or one is not public.
    """
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError):
        message = "the host name could not be resolved"
        raise AddressRefusedError(message) from None
    if not found:
        message = "the host name has no address"
        raise AddressRefusedError(message)
    if not all(_may_connect(text, may_be_loopback=may_be_loopback) for text in found):
        message = "the host is not on the public internet"
        raise AddressRefusedError(message)
    return list(found)


def _may_connect(text: str, *, may_be_loopback: bool) -> bool:
    """Return whether an address as text, which may carry a zone (RFC 4007), may be reached."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    return is_public(address) or (may_be_loopback and address.is_loopback)
