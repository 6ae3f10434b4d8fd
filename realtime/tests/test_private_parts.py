"""The private parts of other libraries that realtime uses, one assertion each: an upgrade fails here, in one place."""

import asyncio
import contextlib
import functools
import inspect
from typing import Any

import channels_redis.pubsub
import channels_redis.utils
import hiredis
from channels.layers import InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from daphne import http_protocol
from daphne.http_protocol import WebRequest
from daphne.server import Server
from django.urls.resolvers import RoutePattern
from django_eventstream.eventrequest import EventRequest
from django_eventstream.utils import make_id, sse_encode_event
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.sentinel import SentinelConnectionPool
from twisted.internet import tcp
from twisted.internet.abstract import FileDescriptor
from twisted.web import http
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import RequestResponseCycle as H11Cycle
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle as HttptoolsCycle


def source(of: Any) -> str:
    return inspect.getsource(of)


def test_channels_redis_hands_each_call_to_get_layer() -> None:
    assert "_get_layer()" in source(channels_redis.pubsub._async_proxy)
    assert "_get_layer()" in source(RedisPubSubChannelLayer.__getattr__)


def test_channels_redis_distributes_channels_by_a_hash_of_their_name() -> None:
    assert {channels_redis.utils._consistent_hash(f"sse:session:{i}", 2) for i in range(20)} == {0, 1}


def test_channels_redis_reads_hosts_and_makes_pools() -> None:
    [host] = channels_redis.utils.decode_hosts([{"address": "redis://localhost"}])
    assert isinstance(channels_redis.utils.create_pool(host).connection_kwargs, dict)


def test_channels_memory_layer_keeps_members_in_a_dict_of_dicts() -> None:
    layer = InMemoryChannelLayer()
    assert (layer.groups, layer.channels) == ({}, {})
    assert callable(layer._clean_expired)


def test_redis_pys_connection_owns_an_asyncio_writer() -> None:
    assert "self._writer" in source(AbstractConnection)
    assert "def _close(self" in source(AbstractConnection)
    assert "sentinel_manager" in source(SentinelConnectionPool)


def test_hiredis_says_when_a_reply_is_incomplete() -> None:
    incomplete = object()
    reader = hiredis.Reader(notEnoughData=incomplete)
    reader.feed(b":1\r\n:")
    assert [reader.gets(), reader.gets()] == [1, incomplete]
    command: Any = ("PUBLISH", "a", b"b")
    assert hiredis.pack_command(command) == b"*3\r\n$7\r\nPUBLISH\r\n$1\r\na\r\n$1\r\nb\r\n"


def test_daphne_gives_its_request_to_send() -> None:
    assert issubclass(WebRequest, http.Request)
    assert "functools.partial" in source(Server.create_application) or "partial(" in source(Server.create_application)
    assert functools.partial(print, "request").args == ("request",)


def test_daphnes_server_has_what_ours_replaces() -> None:
    names = ("create_application", "protocol_connected", "protocol_disconnected", "application_checker")
    assert all(callable(getattr(Server, name)) for name in names)
    assert all(callable(getattr(Server, name)) for name in ("listen_success", "listen_error"))


def test_daphne_takes_a_queue_and_notes_the_task_of_a_request() -> None:
    made = source(Server.create_application)
    assert all(part in made for part in ("input_queue.get", "self.handle_reply", '"application_instance"'))
    assert "application_queue.put_nowait" in inspect.getsource(http_protocol)


def test_daphnes_server_keeps_its_requests_in_a_dict() -> None:
    assert "self.connections = {}" in source(Server.run)
    assert 'self.connections[protocol]["application_instance"] = ' in source(Server.create_application)


def test_twisteds_channel_knows_its_request_and_what_it_waits_for() -> None:
    assert "self._path = request" in source(http.HTTPChannel.lineReceived)
    assert "self._handlingRequest = True" in source(http.HTTPChannel.allContentReceived)
    assert "self._waitingForTransport = True" in source(http.HTTPChannel.pauseProducing)
    assert "self._waitingForTransport = False" in source(http.HTTPChannel.resumeProducing)


def test_twisteds_request_and_connection_say_what_is_unsent() -> None:
    for name in ("finished", "startedWriting", "chunked", "requestHeaders", "responseHeaders", "channel"):
        assert hasattr(http.Request, name) or f"self.{name}" in source(http.Request.__init__), name
    assert all(name in source(FileDescriptor) for name in ("dataBuffer", "_tempDataBuffer"))
    assert hasattr(tcp.Connection, "TLS")
    assert "_parsePOSTFormSubmission" in inspect.getsource(http)


def test_uvicorns_cycles_have_flow_transport_and_scope() -> None:
    for cycle in (H11Cycle, HttptoolsCycle):
        made = source(cycle.__init__)
        assert all(f"self.{name} = " in made for name in ("scope", "transport", "flow", "disconnected")), cycle
    assert "self.write_paused = " in source(FlowControl.__init__)


def test_djangos_route_pattern_matches_a_path() -> None:
    found = RoutePattern("sessions/<str:name>/events", is_endpoint=True).match("sessions/s-1/events")
    assert found is not None
    assert found[2] == {"name": "s-1"}


def test_django_eventstream_encodes_events_and_positions() -> None:
    assert sse_encode_event("tick", "{}", event_id="a:1") == "event: tick\nid: a:1\ndata: {}\n\n"
    assert make_id({"a": 1, "b": 2}) == "a:1,b:2"
    assert "channel_last_ids" in source(EventRequest)


def test_asyncios_transport_takes_another_protocol() -> None:
    assert callable(asyncio.Transport.set_protocol)


def test_asyncios_loop_keeps_what_is_ready_and_what_is_due() -> None:
    """For the loop of the simulation (`realtime/tests/simulation/loop.py`)."""
    loop: Any = asyncio.new_event_loop()
    with contextlib.closing(loop):
        soon, later = loop.call_soon(list), loop.call_later(60, list)
        assert (list(loop._ready), loop._scheduled) == ([soon], [later])
        assert (later._scheduled, later._cancelled, later._when) == (True, False, later.when())
        assert all(callable(part) for part in (soon._run, loop._run_once, loop._process_events, loop._write_to_self))
