"""What is said between a service and the process that answers: JSON behind its length in four bytes."""

import json
import socket
import struct
from typing import Any

MAX_BYTES = 64 * 1024
_LENGTH = struct.Struct(">I")


class BadFrame(Exception):
    """What came is no frame; nothing that comes after it can be understood."""


def send(connection: socket.socket, said: object) -> None:
    data = json.dumps(said).encode()
    connection.sendall(_LENGTH.pack(len(data)) + data)


def receive(connection: socket.socket) -> Any:
    """The next one; None at the end. Raises BadFrame, and TimeoutError after the connection's timeout."""
    head = _read(connection, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_BYTES:
        raise BadFrame(f"{length} bytes")
    data = _read(connection, length)
    try:
        return None if data is None else json.loads(data)
    except ValueError as error:
        raise BadFrame(str(error)) from error


def _read(connection: socket.socket, length: int) -> bytes | None:
    parts = []
    while length:
        part = connection.recv(length)
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
