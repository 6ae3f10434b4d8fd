"""Ask programs over TCP whether they are ready, and wait until they are."""

import asyncio
from collections.abc import Awaitable, Callable

HOST = "127.0.0.1"
POLL_SECONDS = 0.1
ANSWER_SECONDS = 2.0
SLOW_SECONDS = 30.0


async def wait_until_ready(
    name: str, question: Callable[[int], Awaitable[bool]], port: int, say: Callable[[str], None]
) -> None:
    """Ask until the answer is yes; says so when that takes longer than it should."""
    clock = asyncio.get_running_loop().time
    started, told = clock(), False
    while not await question(port):
        if not told and clock() - started > SLOW_SECONDS:
            say(f"{name} is not ready after {SLOW_SECONDS:g} s; still waiting")
            told = True
        await asyncio.sleep(POLL_SECONDS)


async def service_is_ready(port: int) -> bool:
    """Whether GET /readyz answers 200 (also in degraded mode)."""
    # With HTTPS=on a plain request would be redirected.
    answer = await _exchange(port, b"GET /readyz HTTP/1.0\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n\r\n")
    status_line = answer.partition(b"\r\n")[0].split(b" ")
    return len(status_line) > 1 and status_line[1] == b"200"


async def valkey_is_ready(port: int) -> bool:
    return (await _exchange(port, b"PING\r\n")).startswith(b"+PONG")


async def _exchange(port: int, request: bytes) -> bytes:
    """The first bytes that a program answers; nothing if it is not there or silent."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(request)
                return await reader.read(1024)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""
