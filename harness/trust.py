"""Which certificates the clients of tests and benchmarks believe."""

import functools
import os
import ssl


def trust() -> ssl.SSLContext:
    """What `SSL_CERT_FILE` names, and nothing without it: nearly all of them speak plain HTTP to this machine.

    For httpx's `verify`, which else reads every certificate that browsers believe, 28 ms of processor time a client.
    """
    return _believing(os.environ.get("SSL_CERT_FILE"))


@functools.cache
def _believing(file: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if file:
        context.load_verify_locations(file)
    return context
