"""What is POSTed to a service: how soon it is in a stream, and how much of it a service takes."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from bench import latency
from bench.connections import wait_until_noted
from bench.figures import RUNS, repeat
from bench.latency import NO_LIMITS, Limits
from bench.posts import Posts
from bench.report import Report
from bench.servers import LOAD_CORES, SERVER_CORES, Server, Site, running
from bench.streams import EVENT_MARK, NotInTime, Streams
from bench.typing_people import measure_typing, open_pages, session_of
from bench.wire import Redis, session_stream

OWN_STREAM = "POST → own stream"
OTHER_STREAM = "POST → other service's stream"
ANSWER = "POST → answer"
MESSAGES = "messages accepted, with an agent"
REPLIES = "replies accepted"


class Messages:
    """Measures both services of a site under one server, with `names` as sessions of the agent with this login."""

    def __init__(
        self,
        report: Report,
        under: str,
        site: Site,
        services: tuple[Server, Server],
        names: Sequence[str],
        login: str,
    ) -> None:
        self._report = report
        self._under = under
        self._site = site
        self._chatbot, self._workbench = services
        self._names = names
        self._replies = Posts(self._workbench.port, latency.agent_replies(names, login))
        self._messages = Posts(self._chatbot.port, latency.customer_messages(names))

    def measure_latency(self, label: str, limits: Limits) -> None:
        """From the agent's reply to the customer's stream: from one service to the other."""
        with self._workbench_on_the_servers_core():
            self._measure_posts(label, limits, self._replies)

    def measure_own_latency(self) -> None:
        """From the customer's message to his own stream, in the service that takes it."""
        self._measure_posts(OWN_STREAM, NO_LIMITS, self._messages)

    def measure_publish_latency(self) -> None:
        """From a PUBLISH of another program to the customer's stream."""
        self._report.say(f"{self._under}: PUBLISH → stream")
        redis = Redis(self._site.valkey.port)
        with self._open_streams(EVENT_MARK) as streams:
            figures = self._report.figures
            repeat(partial(latency.measure_publish_latency, figures, self._under, streams, redis, self._names))
        redis.close()

    def measure_acceptance(self, label: str, target: float | None = None) -> None:
        """Messages of customers who talk to an agent, as fast as they are answered."""
        self._accept(label, target, self._messages, RUNS)

    def measure_replies(self, label: str, target: float | None = None) -> None:
        """Replies of an agent, as fast as they are answered."""
        with self._workbench_on_the_servers_core():
            self._accept(label, target, self._replies, RUNS)

    def measure_bot(self, label: str, names: Sequence[str]) -> None:
        """Messages of customers who talk to the bot, which then owes an answer to each."""
        self._accept(label, None, Posts(self._chatbot.port, latency.customer_messages(names)), 1)

    def measure_typing(self, logins: Mapping[str, str]) -> None:
        """Customers who type, each with one of these agents: a call goes to the session's open page and to the desk."""
        self._report.say(f"{self._under}: people who type")
        names = {agent: session_of(self._under, agent) for agent in logins}
        for agent, name in names.items():
            self._site.backstage.call("create_sessions", names=[name], assignee=agent)
        typists = open_pages(list(names.values()), list(logins.values()), self._chatbot, self._workbench)
        with contextlib.closing(typists):
            measure_typing(self._report.figures, self._under, typists, (self._chatbot, self._workbench))

    def _measure_posts(self, label: str, limits: Limits, posts: Posts) -> None:
        self._report.say(f"{self._under}: {label}")
        figures = self._report.figures
        with self._open_streams(latency.MESSAGE_MARK) as streams:
            measure = partial(latency.measure_post_latency, figures, self._under, label, limits, posts, streams)
            try:
                repeat(measure)
            except NotInTime as error:
                self._report.say(f"{self._under}: {label}: {error}; answers: {dict(posts.statuses)}")
                for figure in latency.percentile_figures(figures, label, limits):
                    figure.fail(self._under, "lost")

    def _accept(self, label: str, target: float | None, posts: Posts, runs: int) -> None:
        self._report.say(f"{self._under}: {label}")
        repeat(partial(latency.measure_acceptance, self._report.figures, self._under, label, target, posts), runs)
        posts.close()

    @contextlib.contextmanager
    def _workbench_on_the_servers_core(self) -> Iterator[None]:
        """The services change their cores meanwhile: what takes the requests has one for itself."""
        self._chatbot.pin(LOAD_CORES)
        self._workbench.pin(SERVER_CORES)
        yield
        self._workbench.pin(LOAD_CORES)
        self._chatbot.pin(SERVER_CORES)

    @contextlib.contextmanager
    def _open_streams(self, mark: bytes) -> Iterator[Streams]:
        streams = Streams(self._chatbot.port, mark, keeps=True)
        streams.open([session_stream(name) for name in self._names])
        wait_until_noted(self._chatbot, streams)
        yield streams
        streams.close()


@contextlib.contextmanager
def run_messages(report: Report, under: str, site: Site, names: Sequence[str], login: str) -> Iterator[Messages]:
    """Both services, each on a core of its own: the one that takes the requests alone, the other beside the load."""
    chatbot, workbench = site.service("chatbot", under), site.service("workbench", under, cores=LOAD_CORES)
    with running(chatbot, workbench):
        yield Messages(report, under, site, (chatbot, workbench), names, login)
