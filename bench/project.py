"""The figures of this project, for its services under daphne (manage.py serve) and under uvicorn."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bench import connections, growth, latency, overload
from bench.connections import MISSED, WARM_UP
from bench.delivery import measure_delivery
from bench.figures import repeat
from bench.growth import AGENT
from bench.posts import Posts
from bench.report import Report
from bench.servers import LOAD_CORES, SERVER_CORES, Server, Site, running
from bench.streams import NotInTime, Streams
from bench.wire import TEXT, Redis, envelope, get_stream, resume_from, session_stream

THOUSAND = 1_000
MANY = 5_000
OVERLOADED = 100

DELIVERY = "CPU per delivery, PUBLISH"
DURABLE = "CPU per delivery, durable"
TWO_CHANNELS = "CPU per delivery, two channels"
TARGETS = {
    DELIVERY: {"daphne": 40.0, "uvicorn": 18.0},
    DURABLE: {"daphne": 40.0, "uvicorn": 18.0},
    TWO_CHANNELS: {"daphne": 50.0, "uvicorn": 28.0},
}


@dataclass(frozen=True, slots=True)
class People:
    """Who is in the database of a run."""

    live: Sequence[str]  # sessions with the agent
    bot: Sequence[str]  # sessions with the bot
    login: str  # the agent's cookie
    logins: Sequence[str]  # those of a thousand agents


def create_people(site: Site) -> People:
    """Sessions and agents, and of the first thousand sessions' channels what their clients will have missed."""
    live = [f"live-{number}" for number in range(MANY + WARM_UP)]
    bot = [f"bot-{number}" for number in range(THOUSAND)]
    site.backstage.call("create_sessions", names=live, assignee=AGENT)
    site.backstage.call("create_sessions", names=bot)
    [login] = site.backstage.call("log_in", usernames=[AGENT])
    logins = site.backstage.call("log_in", usernames=[f"agent-{number}" for number in range(THOUSAND)])
    return People(live, bot, login, logins)


class Project:
    """Measures one site under one server."""

    def __init__(self, site: Site, under: str, people: People, report: Report) -> None:
        self._site = site
        self._under = under
        self._people = people
        self._report = report
        self._figures = report.figures
        self._redis = Redis(site.valkey.port)

    def measure(self) -> None:
        """Everything, one server process after the other."""
        for label, part in (
            ("open streams", self._measure_connections),
            ("deliveries", self._measure_deliveries),
            ("streams of two channels", self._measure_two_channels),
            ("messages", self._measure_messages),
        ):
            self._report.attempt(f"{self._under}: {label}", part)
        self._redis.close()

    def _say(self, text: str) -> None:
        self._report.say(f"{self._under}: {text}")

    def _measure_connections(self) -> None:
        server, names = self._site.service("chatbot", self._under), self._people.live
        first, rest = names[MANY:], names[:MANY]
        with running(server):
            self._say("memory and idle time of 5,000 streams")
            connections.measure_open_streams(self._figures, server, self._under, _streams_of(first), _streams_of(rest))
            self._say("open 1,000 streams")
            thousand = _streams_of(names[:THOUSAND])
            repeat(partial(connections.measure_opening, self._figures, server, self._under, thousand))
            self._say("reconnect storm")
            behind = self._miss_events(f"storm-{self._under}")
            repeat(partial(connections.measure_storm, self._figures, server, self._under, behind))

    def _miss_events(self, prefix: str) -> list[bytes]:
        """The requests of a thousand clients that come back, each to a channel with so many events."""
        names = [f"{prefix}-{number}" for number in range(THOUSAND)]
        channels = [f"sse_session_{name}" for name in names]
        self._site.backstage.call("create_sessions", names=names)
        self._site.backstage.call("fill_log", channels=channels, count=MISSED)
        return [session_stream(name, resume_from(channel, 0)) for name, channel in zip(names, channels, strict=True)]

    def _measure_deliveries(self) -> None:
        server, session = self._site.service("chatbot", self._under), self._people.live[0]
        wire, channel = f"sse:session:{session}", f"sse_session_{session}"
        with running(server):
            streams = Streams(server.port)
            streams.open([session_stream(session)] * THOUSAND)
            self._say("delivery of what another program publishes")
            self._measure_delivery(DELIVERY, server, streams, lambda: self._publish(wire))
            self._say("delivery of durable events")
            self._measure_delivery(DURABLE, server, streams, lambda: self._send(channel))
            streams.close(streams.all[OVERLOADED:])
            self._say("overload")
            overload.measure_overload(self._figures, server, self._under, streams, self._redis, wire)
            streams.close()
            self._say("growth with streams")
            send = partial(self._publish, wire)
            request = session_stream(session)
            growth.plot_streams(self._report.curves, server, self._under, request, send, growth.STREAM_COUNTS)

    def _measure_two_channels(self) -> None:
        server = self._site.service("workbench", self._under)
        with running(server):
            streams = Streams(server.port)
            streams.open([get_stream("/api/agent/events", f"Cookie: sessionid={key}") for key in self._people.logins])
            self._measure_delivery(TWO_CHANNELS, server, streams, lambda: self._send("sse_broadcast"))
            streams.close()

    def _measure_delivery(self, name: str, server: Server, streams: Streams, send: Callable[[], None]) -> None:
        figure = self._figures.of(name, "µs", TARGETS[name])
        repeat(partial(measure_delivery, server, streams, send, figure, self._under))

    def _publish(self, wire: str) -> None:
        self._redis.publish([(wire, envelope())])

    def _send(self, channel: str) -> None:
        self._site.backstage.call("send", channels=[channel], text=TEXT)

    def _measure_messages(self) -> None:
        """Each service on a core of its own, the light load beside the one that is posted to."""
        chatbot = self._site.service("chatbot", self._under)
        workbench = self._site.service("workbench", self._under, cores=LOAD_CORES)
        names, bot = self._people.live[:THOUSAND], self._people.bot
        with running(chatbot, workbench):
            streams = Streams(chatbot.port, mark=latency.MESSAGE_MARK, keeps=True)
            streams.open(_streams_of(names))
            replies = Posts(workbench.port, latency.agent_replies(names, self._people.login))
            messages = Posts(chatbot.port, latency.customer_messages(names))
            self._say("POST in one service → stream of the other")
            self._measure_posts("POST → other service's stream", (4, 15), replies, streams)
            self._say("POST → stream of the same service")
            self._measure_posts("POST → own stream", None, messages, streams)
            streams.close()
            self._say("PUBLISH → stream")
            streams = Streams(chatbot.port, keeps=True)
            streams.open(_streams_of(names))
            repeat(partial(latency.measure_publish_latency, self._figures, self._under, streams, self._redis, names))
            streams.close()
            self._say("messages at full rate")
            self._accept("messages accepted, with an agent", 450, messages)
            self._accept("messages accepted, with the bot", None, Posts(chatbot.port, latency.customer_messages(bot)))
            chatbot.pin(LOAD_CORES)
            workbench.pin(SERVER_CORES)
            self._accept("replies accepted", 450, replies)
        self._site.backstage.call("drop_turns")

    def _measure_posts(self, label: str, limits: tuple[float, float] | None, posts: Posts, streams: Streams) -> None:
        measure = partial(latency.measure_post_latency, self._figures, self._under, label, limits, posts, streams)
        try:
            repeat(measure)
        except NotInTime as error:
            self._say(f"{label}: {error}")
            self._figures.of(f"{label}, p50", "ms").record(self._under, math.nan)

    def _accept(self, label: str, target: float | None, posts: Posts) -> None:
        repeat(partial(latency.measure_acceptance, self._figures, self._under, label, target, posts))
        posts.close()


def _streams_of(names: Sequence[str]) -> list[bytes]:
    return [session_stream(name) for name in names]
