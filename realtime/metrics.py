"""Prometheus metrics of the delivery path; `/metrics` shows them."""

from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram

STREAMS = Gauge("sse_streams", "Open streams of this process")
STREAMS_ENDED = Counter("sse_streams_ended_total", "Streams that this process ended", ["reason"])
STREAMS_REFUSED = Counter("sse_streams_refused_total", "Streams refused because too many were open", ["limit"])
PUBLISHED = Counter("sse_events_published_total", "Events that Redis took")
PUBLISH_FAILURES = Counter("sse_publish_failures_total", "Events that Redis did not take in time; the log carries them")
PUBLISH_SECONDS = Histogram(
    "sse_publish_seconds",
    "Time until Redis took a batch",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3),
)
DELIVERED = Counter("sse_events_delivered_total", "Events written to streams")
REPAIRED = Counter("sse_events_repaired_total", "Events that came from the log, since Redis did not bring them")
DROPPED = Counter("sse_events_dropped_total", "Messages dropped before delivery", ["reason"])
RESETS = Counter("sse_resets_total", "Positions that could not be resumed")
REDIS_UP = Gauge("sse_redis_up", "1 while every shard carries messages")
DEGRADATIONS = Counter("sse_degradations_total", "Times that the layer degraded to memory")
RELAY_LAG_SECONDS = Histogram(
    "sse_relay_lag_seconds",
    "Time from a gap being seen to its repair",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2),
)
DEADLOCKS = Counter("sse_deadlocks_total", "Transactions that PostgreSQL undid and that were tried again")
DATABASE_UP = Gauge("sse_database_up", "1 if the database answered when this was read")
LOG_EVENTS = Gauge("sse_log_events", "Events in the log, about; the same in every process")
LOG_OLDEST_SECONDS = Gauge("sse_log_oldest_seconds", "Age of the oldest event in the log; the same in every process")

# Gauges of the database are read when the metrics are. Applications add their own readers.
_readers: list[Callable[[], None]] = []


def read_at_scrape(reader: Callable[[], None]) -> None:
    """Have gauges set each time that the metrics are read. The reader runs on a database thread."""
    if reader not in _readers:
        _readers.append(reader)


def read_database_gauges() -> None:
    """Run all readers. Raises DatabaseError if the database is away."""
    for reader in _readers:
        reader()
