"""The figures of this project, for its services under daphne (manage.py serve) and under uvicorn."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bench import connections, overload
from bench.connections import MISSED, WARM_UP
from bench.delivery import STREAM_COUNTS, THOUSAND, measure_delivery, measure_growing_delivery, running_beside
from bench.figures import Figure, Figures, repeat
from bench.growth import AGENT
from bench.latency import NO_LIMITS
from bench.messages import MESSAGES, OTHER_STREAM, REPLIES, run_messages
from bench.report import Report
from bench.servers import Server, Site, running
from bench.streams import Streams
from bench.teams import measure_teams
from bench.typing_people import PEOPLE
from bench.wire import TEXT, Redis, envelope, get_stream, resume_from, session_stream

MANY = STREAM_COUNTS[-1]

DELIVERY = "CPU per delivery, PUBLISH"
DURABLE = "CPU per delivery, durable"
TWO_CHANNELS = "CPU per delivery, two channels"


def delivery_figure(figures: Figures, name: str) -> Figure:
    limits = (50, 28) if name == TWO_CHANNELS else (40, 18)
    return figures.of(name, "µs", *limits)


@dataclass(frozen=True, slots=True)
class People:
    """Who is in the database of a run."""

    live: Sequence[str]  # sessions with the agent
    bot: Sequence[str]  # sessions with the bot
    login: str  # the agent's cookie
    logins: Mapping[str, str]  # those of a thousand agents, by their name


def create_people(site: Site) -> People:
    """Sessions and agents."""
    live = [f"live-{number}" for number in range(MANY + WARM_UP)]
    bot = [f"bot-{number}" for number in range(THOUSAND)]
    site.backstage.call("create_sessions", names=live, assignee=AGENT)
    site.backstage.call("create_sessions", names=bot)
    [login] = site.backstage.call("log_in", usernames=[AGENT])
    agents = [f"agent-{number}" for number in range(THOUSAND)]
    logins = site.backstage.call("log_in", usernames=agents)
    return People(live, bot, login, dict(zip(agents, logins, strict=True)))


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
        """Everything; a process for each kind of measurement."""
        for label, part in (
            ("streams of one channel", self._measure_chatbot),
            ("streams of two channels", self._measure_two_channels),
            ("teams", self._measure_teams),
            ("messages", self._measure_messages),
        ):
            self._report.attempt(f"{self._under}: {label}", part)
        self._redis.close()

    def _say(self, text: str) -> None:
        self._report.say(f"{self._under}: {text}")

    def _measure_chatbot(self) -> None:
        server = self._site.service("chatbot", self._under)
        with running(server):
            self._measure_connections(server)
            self._measure_deliveries(server)

    def _measure_connections(self, server: Server) -> None:
        figures, under, names = self._figures, self._under, self._people.live
        self._say("memory and idle time of 5,000 streams")
        connections.measure_open_streams(figures, server, under, _streams_of(names[MANY:]), _streams_of(names[:MANY]))
        self._say("open 1,000 streams")
        opening, thousand = connections.opening_figure(figures), _streams_of(names[:THOUSAND])
        repeat(partial(connections.measure_opening, opening, server, under, thousand))
        self._say("reconnect storm")
        storm, behind = connections.storm_figure(figures), self._miss_events()
        repeat(partial(connections.measure_storm, storm, server, under, behind))

    def _miss_events(self) -> list[bytes]:
        """The requests of a thousand clients that come back, each to a channel with so many events."""
        names = [f"storm-{self._under}-{number}" for number in range(THOUSAND)]
        channels = [f"sse_session_{name}" for name in names]
        self._site.backstage.call("create_sessions", names=names)
        self._site.backstage.call("fill_log", channels=channels, count=MISSED)
        return [session_stream(name, resume_from(channel, 0)) for name, channel in zip(names, channels, strict=True)]

    def _measure_deliveries(self, server: Server) -> None:
        session, streams = self._people.live[0], Streams(server.port)
        wire, request = f"sse:session:{session}", session_stream(session)
        self._say("delivery of what another program publishes")
        figure, publish = delivery_figure(self._figures, DELIVERY), partial(self._redis.publish, [(wire, envelope())])
        with running_beside(self._figures, self._site.folder) as beside:
            measure_growing_delivery(
                self._report, server, streams, request, publish, self._under, figure, beside=beside
            )
        self._say("delivery of durable events")
        streams.close(streams.all[THOUSAND:])
        server.settle()
        self._measure_durable(DURABLE, server, streams, f"sse_session_{session}")
        self._say("overload")
        streams.close(streams.all[overload.OVERLOADED :])
        server.settle()
        overload.measure_overload(self._figures, server, self._under, streams, self._redis, wire)
        streams.close()

    def _measure_two_channels(self) -> None:
        server = self._site.service("workbench", self._under)
        with running(server):
            streams = Streams(server.port)
            streams.open(
                [get_stream("/api/agent/events", f"Cookie: sessionid={key}") for key in self._people.logins.values()]
            )
            self._measure_durable(TWO_CHANNELS, server, streams, "sse_broadcast")
            streams.close()

    def _measure_teams(self) -> None:
        server = self._site.service("workbench", self._under)
        with running(server):
            measure_teams(self._figures, self._site, server, self._under, list(self._people.logins.values()))

    def _measure_durable(self, name: str, server: Server, streams: Streams, channel: str) -> None:
        send = partial(self._site.backstage.call, "send", channels=[channel], text=TEXT)
        measure_delivery(server, streams, send, self._under, delivery_figure(self._figures, name))

    def _measure_messages(self) -> None:
        names, login = self._people.live[:THOUSAND], self._people.login
        with run_messages(self._report, self._under, self._site, names, login) as messages:
            messages.measure_latency(OTHER_STREAM, NO_LIMITS)
            messages.measure_own_latency()
            messages.measure_publish_latency()
            messages.measure_acceptance(MESSAGES)
            messages.measure_replies(REPLIES)
            messages.measure_typing(dict(itertools.islice(self._people.logins.items(), PEOPLE)))
            messages.measure_bot("messages accepted, with the bot", self._people.bot)
        self._site.backstage.call("drop_turns")


def _streams_of(names: Sequence[str]) -> list[bytes]:
    return [session_stream(name) for name in names]
