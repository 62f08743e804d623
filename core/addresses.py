"""Network addresses: which host names and URLs mean this machine."""

from __future__ import annotations

import ipaddress


def is_this_machine(host: str) -> bool:
    """Tell whether a name or an address never leaves the machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
