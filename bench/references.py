"""What this project is compared with: the bare server as the limit, and stock django-eventstream."""

from dataclasses import dataclass
from functools import partial

from bench.connections import WARM_UP, measure_open_streams, measure_opening
from bench.delivery import measure_delivery
from bench.figures import repeat
from bench.growth import STREAM_COUNTS, plot_streams
from bench.overload import measure_reference_overload
from bench.project import DELIVERY, OVERLOADED, TARGETS, THOUSAND
from bench.report import Report
from bench.servers import Server, running
from bench.streams import Streams
from bench.wire import envelope, frame, get_stream, post_sender


@dataclass(frozen=True, slots=True)
class Reference:
    """A server to which events are POSTed, and whose streams all read one channel."""

    name: str
    server: Server
    stream: bytes
    publish_path: str
    event: bytes
    most_streams: int


def bare(server: Server) -> Reference:
    return Reference("bare", server, get_stream("/"), "/", frame(), STREAM_COUNTS[-1])


def stock(server: Server) -> Reference:
    """With a thread for each stream, it is not asked for more than a thousand."""
    return Reference("stock", server, get_stream("/events/"), "/publish", envelope(), THOUSAND)


def measure_reference(reference: Reference, report: Report) -> None:
    """The figures that make sense for a server that neither logs nor resumes."""
    server, name, thousand = reference.server, reference.name, [reference.stream] * THOUSAND
    figures, say = report.figures, report.say
    with running(server):
        say(f"{name}: memory of streams, and their opening")
        many = [reference.stream] * reference.most_streams
        measure_open_streams(figures, server, name, many[:WARM_UP], many)
        measure_opening(figures, server, name, thousand)
        send = post_sender(server.port, reference.publish_path, reference.event)
        say(f"{name}: delivery")
        streams = Streams(server.port)
        streams.open(thousand)
        figure = figures.of(DELIVERY, "µs", TARGETS[DELIVERY])
        repeat(partial(measure_delivery, server, streams, send, figure, name))
        streams.close()
        say(f"{name}: growth with streams")
        counts = [count for count in STREAM_COUNTS if count <= reference.most_streams]
        plot_streams(report.curves, server, name, reference.stream, send, counts)
        say(f"{name}: overload")
        streams.open([reference.stream] * OVERLOADED)
        measure_reference_overload(figures, name, streams, send)
        streams.close()
