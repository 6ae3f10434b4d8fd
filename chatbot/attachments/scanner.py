"""Having a file scanned by clamd, at the address settings.ATTACHMENT_CLAMD: `host:port`, or a socket's path."""

import logging
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from chatbot.conversations.errors import FilesUnavailable, FileType

PORT = 3310
TIMEOUT_SECONDS = 60

logger = logging.getLogger(__name__)


def scan(file: BinaryIO) -> None:
    """Raises FileType for what the scanner refuses; FilesUnavailable if it does not answer: then nothing is taken.

    It waits for the scanner: call it on a thread.
    """
    if not settings.ATTACHMENT_CLAMD:
        return
    from clamav_client.clamd import ClamdError  # of the extra `clamav`

    file.seek(0)
    try:
        [(status, found)] = _scanner(settings.ATTACHMENT_CLAMD).instream(file).values()
    except (ClamdError, OSError, ValueError) as error:
        logger.error("the virus scanner does not answer: %s", error)
        raise FilesUnavailable from error
    if status == "FOUND":
        logger.warning("the virus scanner refused a file found=%s", found)
        raise FileType(_("The virus scanner refuses this file."))
    if status != "OK":
        logger.error("the virus scanner says %s", status)
        raise FilesUnavailable


def _scanner(address: str):  # type: ignore[no-untyped-def]  # its types are there with the extra alone
    from clamav_client.clamd import ClamdNetworkSocket, ClamdUnixSocket

    if address.startswith("/"):
        return ClamdUnixSocket(address, timeout=TIMEOUT_SECONDS)
    host, _colon, port = address.rpartition(":")
    return ClamdNetworkSocket(host or port, int(port) if host else PORT, timeout=TIMEOUT_SECONDS)
