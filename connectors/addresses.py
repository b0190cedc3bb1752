"""Says which network addresses may be connected to: public ones, and those that the settings allow."""

import ipaddress
from collections.abc import Iterable

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 behind a translator


def permitted(host: str, address: str, allow: Iterable[str]) -> bool:
    """Says whether `address` (numeric, of `host`) is public in whatever form it hides, or allowed.

    `allow` holds host names, addresses and networks such as "wiki.intranet", "10.1.2.3", "10.0.0.0/8".
    """
    there = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(there, ipaddress.IPv6Address):
        inner = there.ipv4_mapped or there.sixtofour or (there.teredo or (None, None))[1]
        if there in _TRANSLATED:
            inner = ipaddress.IPv4Address(there.packed[-4:])
        there = inner or there
    if any(entry.lower() == host.lower() or _holds(entry, there) for entry in allow):
        return True
    return there.is_global and not there.is_multicast


def _holds(entry: str, there: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return there in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False  # a host name
