"""The limit: an asyncio server that does nothing but write a chunk, encoded beforehand, to every open connection.

`python -m bench.bare <port>`. GET opens a stream, POST sends the event to all streams.
"""

import asyncio
import sys

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
FIRST = b"retry: 1000\nevent: stream-open\ndata: {}\n\n"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
LISTEN_BACKLOG = 4096


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Connection(asyncio.Protocol):
    """One client: of a stream, or of the events that are to be sent."""

    streams: set[asyncio.Transport] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET /readyz"):
            self.transport.write(ACCEPTED)
            self.transport.close()
            return
        if data.startswith(b"GET"):
            self.transport.write(HEAD + chunk(FIRST))
            self.streams.add(self.transport)
            return
        event = chunk(data.partition(b"\r\n\r\n")[2])
        for stream in self.streams:
            stream.write(event)
        self.transport.write(ACCEPTED)

    def connection_lost(self, error: Exception | None) -> None:
        self.streams.discard(self.transport)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port, backlog=LISTEN_BACKLOG)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
