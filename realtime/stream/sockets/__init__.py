"""The way to a client's connection: one file for each server that can do better than plain ASGI."""

from realtime.stream.sockets.base import AsgiSocket, Reader, Send, Socket
from realtime.stream.sockets.daphne import DaphneSocket
from realtime.stream.sockets.uvicorn import UvicornSocket

__all__ = ["Reader", "Send", "Socket", "socket_for"]


def socket_for(send: Send, reader: Reader) -> Socket:
    """The socket of the server that this `send` belongs to."""
    for kind in (DaphneSocket, UvicornSocket):
        if kind.fits(send):
            return kind(send, reader)
    return AsgiSocket(send, reader)
