"""From which address a request comes, for rates that are counted by address."""

import logging
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest

Networks = tuple[IPv4Network | IPv6Network, ...]
# What one customer of a provider gets: with single addresses a client would have 2^64 of them.
IPV6_PREFIX = 64
MAX_ADDRESS_LENGTH = 50

logger = logging.getLogger(__name__)


def client_address(request: HttpRequest) -> str:
    """The peer; if that is one of settings.TRUSTED_PROXIES, the last entry of X-Forwarded-For. Of IPv6 the /64 network.

    Only the last entry counts: the proxy wrote it, while the client may have made up those before it.
    """
    meta = request.META
    return _address(meta.get("REMOTE_ADDR", ""), _last(meta.get("HTTP_X_FORWARDED_FOR", "")), settings.TRUSTED_PROXIES)


def stream_address(scope: Mapping[str, Any]) -> str:
    """As client_address, of an ASGI scope."""
    peer, _ = scope.get("client") or ("", 0)
    named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return _address(peer, _last(named[-1]) if named else "", settings.TRUSTED_PROXIES)


def _last(forwarded_for: str) -> str:
    return forwarded_for.rpartition(",")[2].strip()[:MAX_ADDRESS_LENGTH]


@lru_cache(maxsize=10_000)
def _address(peer: str, named: str, proxies: Networks) -> str:
    if named and _is_trusted(peer, proxies):
        return _shorten(named) or _shorten(peer) or "unknown"
    if named and ip_address(peer).is_private:
        _warn_of_proxy(peer)
    return _shorten(peer) or "unknown"


@lru_cache(maxsize=16)
def _warn_of_proxy(peer: str) -> None:
    """Once for each peer that looks like a proxy of ours: all its clients count as one."""
    logger.warning("X-Forwarded-For is not believed, peer=%s is not in TRUSTED_PROXIES", peer)


def _is_trusted(peer: str, proxies: Networks) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return True  # on a unix socket, whose file only the proxy may open
    if isinstance(address, IPv6Address) and address.ipv4_mapped:  # of a socket that takes both
        address = address.ipv4_mapped
    return any(address in network for network in proxies)


def _shorten(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), IPV6_PREFIX), strict=False))
