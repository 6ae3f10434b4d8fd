"""A discrete-event simulation of the whole: single calls that queue for cores, threads, locks, the disk and Redis.

With the sizing it shares the unit costs and the rates of calls, and nothing else: utilisation, waiting, growth and the
number of announcements come out of it. Everybody is simulated, at any size; at the larger ones for fewer seconds.
"""

import random
from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import simpy

from bench.capacity.costs import Costs
from bench.capacity.model import INTERVAL_SECONDS, TURN_SECONDS
from bench.capacity.sizing import BUSY, Plan
from bench.capacity.stations import Disk, Server, Servers
from bench.figures import percentile

Steps = Generator[simpy.Event, None, None]

THREADS = 4  # of a process, for writing (realtime/database)
# Upkeep is work of a thread beside the event loop; Python lets the other one run after so long (config/asgi.py).
SLICE_SECONDS = 0.0005
UPKEEP_EVERY = 0.5
# Of a call's processor time: before its database job, in it, and after the commit.
BEFORE, INSIDE, AFTER = 0.4, 0.4, 0.2
# Everybody does half as much again for two seconds of every ten; the average stays.
BURST, BURST_SECONDS, BURST_EVERY = 1.5, 2.0, 10.0
QUIET = (BURST_EVERY - BURST * BURST_SECONDS) / (BURST_EVERY - BURST_SECONDS)
WARM_UP = 0.2  # of the time, not counted

MESSAGE, CHANGE = "message to the other's page", "change to every agent's page"


@dataclass(slots=True, eq=False)
class Team:
    """Agents with one queue and one broadcast channel: the lock of its counter, the committed changes that wait for
    their numbers, and until when a process has the lease to announce the queue."""

    lock: simpy.Resource
    waiting: list[simpy.Event] = field(default_factory=list)
    leased_until: float = 0.0


@dataclass(slots=True)
class Turn:
    """What a process has to announce of a queue, as in chatbot/conversations/queue.py."""

    is_scheduled: bool = False
    has_changed: bool = False
    tried_at: float = float("-inf")


@dataclass(slots=True)
class Process:
    """One process of a service."""

    core: Server
    threads: simpy.Resource
    streams: float
    turns: defaultdict[Team, Turn] = field(default_factory=lambda: defaultdict(Turn))


@dataclass(frozen=True, slots=True)
class Call:
    """What a request costs, and how many events it writes on sessions', agents' and the broadcast channel."""

    cpu: float
    postgres: float
    statements: int
    writes: bool = True
    sessions: int = 0
    agents: int = 0
    broadcasts: int = 0
    announces: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What came out; `busy` is the share of time of one core, `growth` calls a second that come and do not get done."""

    busy: dict[str, float]
    delays: dict[str, list[float]]
    growth: float
    announcements: float
    deliveries: float
    commits_a_flush: float

    def milliseconds(self, kind: str, percent: float) -> float:
        return 1_000 * percentile(self.delays[kind], percent)


@dataclass(frozen=True, slots=True)
class Setting:
    """`in_change`: a change takes its number on broadcast before its commit, as on SQLite, not after it with others.

    `on_two_cores`: as in measure.py, all but the chatbot share a core.
    """

    in_change: bool = False
    on_two_cores: bool = False
    seed: int = 1


def simulate(plan: Plan, costs: Costs, seconds: float, setting: Setting = Setting()) -> Result:
    """Run a plan for some seconds."""
    return Simulation(plan, costs, setting).run(seconds)


class Simulation:
    """One run."""

    def __init__(self, plan: Plan, costs: Costs, setting: Setting) -> None:
        self._env = simpy.Environment()
        self._random = random.Random(setting.seed)
        self._plan, self._costs = plan, costs
        self._is_in_change = setting.in_change
        self._shared = Server() if setting.on_two_cores else None
        load = plan.load
        self._chatbots = [self._process(Server(), load.online / plan.chatbots) for _ in range(plan.chatbots)]
        self._workbenches = [
            self._process(self._shared or Server(), load.agents / plan.workbenches) for _ in range(plan.workbenches)
        ]
        self._shards = [self._shared or Server() for _ in range(plan.shards)]
        self._postgres = self._shared or Servers(max(1, round(plan.postgres_cores / BUSY + 0.5)))
        self._disk = Disk(costs.flush)
        self._teams = [Team(simpy.Resource(self._env)) for _ in range(plan.teams)]
        self._delays: dict[str, list[float]] = {MESSAGE: [], CHANGE: []}
        self._under_way = self._announcements = 0
        self._deliveries = self._counter_seconds = 0.0

    def _process(self, core: Server, streams: float) -> Process:
        return Process(core, simpy.Resource(self._env, THREADS), streams)

    def run(self, seconds: float) -> Result:
        """Warm up, then count."""
        self._start()
        self._env.run(WARM_UP * seconds)
        for delays in self._delays.values():
            delays.clear()
        before, under_way = self._busy_seconds(), self._under_way
        counted = (self._announcements, self._deliveries)
        self._env.run(seconds)
        span = (1 - WARM_UP) * seconds
        return Result(
            busy={part: (used - before[part]) / span for part, used in self._busy_seconds().items()},
            delays=self._delays,
            growth=(self._under_way - under_way) / span,
            announcements=(self._announcements - counted[0]) / span,
            deliveries=(self._deliveries - counted[1]) / span,
            commits_a_flush=self._disk.commits / max(1, self._disk.flushes),
        )

    def _busy_seconds(self) -> dict[str, float]:
        """Of an average process or shard; of PostgreSQL all cores together."""
        return {
            "chatbot": _mean([each.core.busy_seconds for each in self._chatbots]),
            "workbench": _mean([each.core.busy_seconds for each in self._workbenches]),
            "redis": _mean([each.busy_seconds for each in self._shards]),
            "postgres": self._postgres.busy_seconds,
            "counter": self._counter_seconds / len(self._teams),
        }

    # What comes

    def _start(self) -> None:
        costs, load = self._costs, self._plan.load
        bot = Call(costs.bot_message / 2, costs.bot_message_postgres / 2, 7, sessions=1)  # of two: message and answer
        change = costs.change_postgres
        escalation = Call(costs.escalation, change, 7, sessions=3, broadcasts=2, announces=True)
        takeover = Call(costs.takeover, change, 8, sessions=2, agents=1, broadcasts=1, announces=True)
        closing = Call(costs.closing, change, 8, sessions=2, agents=1, broadcasts=1)
        for rate, processes, call in (
            (load.visits, self._chatbots, Call(costs.opening + costs.state, costs.state_postgres, 3, writes=False)),
            (load.sessions, self._chatbots, Call(costs.session, costs.session_postgres, 1)),
            (2 * load.bot_messages, self._chatbots, bot),
            (load.messages, self._chatbots, Call(costs.message, costs.message_postgres, 5, sessions=1, agents=1)),
            (load.replies, self._workbenches, Call(costs.reply, costs.reply_postgres, 7, sessions=1, agents=1)),
            (load.escalations, self._chatbots, escalation),
            (load.escalations, self._workbenches, takeover),
            (load.escalations, self._workbenches, closing),
        ):
            if rate > 0:
                self._env.process(self._arrive(rate, processes, call))
        for processes, upkeep in ((self._chatbots, costs.upkeep), (self._workbenches, costs.agent_upkeep)):
            for process in processes:
                self._env.process(self._keep_up(process, upkeep))

    def _arrive(self, rate: float, processes: Sequence[Process], call: Call) -> Steps:
        """Poisson arrivals at random processes, with bursts."""
        while True:
            yield self._env.timeout(self._random.expovariate(rate * BURST))
            factor = BURST if self._env.now % BURST_EVERY < BURST_SECONDS else QUIET
            if self._random.random() < factor / BURST:
                self._env.process(self._serve(self._random.choice(processes), call))

    def _keep_up(self, process: Process, upkeep: float) -> Steps:
        """The safety read and the check of rights, and PostgreSQL's part of them."""
        costs = self._costs
        work = UPKEEP_EVERY * (costs.idle + upkeep * process.streams)
        yield self._env.timeout(self._random.uniform(0, UPKEEP_EVERY))
        while True:
            begun = self._env.now
            yield self._until(self._postgres.serve(begun, UPKEEP_EVERY * costs.upkeep_postgres * process.streams))
            left = work
            while left > 0:
                yield self._until(process.core.serve(self._env.now, min(left, SLICE_SECONDS)))
                left -= SLICE_SECONDS
            yield self._env.timeout(max(0.0, begun + UPKEEP_EVERY - self._env.now))

    # A call

    def _serve(self, process: Process, call: Call) -> Steps:
        begun, team = self._env.now, self._random.choice(self._teams)
        self._under_way += 1
        yield self._until(process.core.serve(begun, BEFORE * call.cpu))
        with process.threads.request() as thread:
            yield thread
            yield from self._transact(process, call, team)
        process.core.serve(self._env.now, AFTER * call.cpu)
        if call.announces:
            self._announce_soon(process, team, is_change=True)
        yield from self._publish(call, begun)
        self._under_way -= 1

    def _transact(self, process: Process, call: Call, team: Team) -> Steps:
        """The statements and the commit; the last statements of a change hold the counter of its broadcast channel."""
        yield self._until(process.core.serve(self._env.now, INSIDE * call.cpu))
        yield self._until(self._postgres.serve(self._env.now, call.postgres) + call.statements * self._costs.hop)
        if call.broadcasts and self._is_in_change:
            yield from self._hold(team)
        elif call.writes:
            yield self._until(self._disk.commit(self._env.now) + self._costs.hop)
        if call.broadcasts and not self._is_in_change:
            numbered = self._env.event()
            team.waiting.append(numbered)
            if len(team.waiting) == 1:
                self._env.process(self._number(team))
            yield numbered

    def _hold(self, team: Team) -> Steps:
        with team.lock.request() as lock:
            yield lock
            held = self._env.now
            yield self._until(self._postgres.serve(held, self._costs.numbering) + 2 * self._costs.hop)
            yield self._until(self._disk.commit(self._env.now) + self._costs.hop)
            self._counter_seconds += self._env.now - held

    def _number(self, team: Team) -> Steps:
        """Number what waits, all in one transaction."""
        with team.lock.request() as lock:
            yield lock
            held, batch = self._env.now, team.waiting
            team.waiting = []
            yield self._until(self._postgres.serve(held, self._costs.numbering) + 4 * self._costs.hop)
            yield self._until(self._disk.commit(self._env.now) + self._costs.hop)
            self._counter_seconds += self._env.now - held
        for numbered in batch:
            numbered.succeed()

    def _publish(self, call: Call, begun: float) -> Steps:
        """Through Redis to the processes that have the streams; the reader of a message is in the last one."""
        now = self._env.now
        size = call.sessions + call.agents + call.broadcasts
        if not size:
            return
        costs = self._costs
        heard = call.sessions + call.agents + call.broadcasts * len(self._workbenches)
        shard = self._random.choice(self._shards)
        yield self._until(shard.serve(now, size * costs.publish + heard * costs.subscriber) + 2 * costs.hop)
        now = self._env.now
        done = now
        for processes, events in ((self._chatbots, call.sessions), (self._workbenches, call.agents)):
            if events:
                done = max(done, self._random.choice(processes).core.serve(now, events * costs.relayed))
                self._deliveries += events
        if call.broadcasts:
            self._broadcast(call.broadcasts, begun)
        elif size > 1:
            self._delays[MESSAGE].append(done - begun)
        yield self._until(done)

    def _broadcast(self, events: int, begun: float | None) -> None:
        """Every workbench process decodes it and writes it to the pages of one team."""
        costs, now = self._costs, self._env.now
        for process in self._workbenches:
            pages = process.streams / self._plan.teams
            done = process.core.serve(now, events * (costs.relayed + pages * costs.delivery))
            self._deliveries += events * pages
            if begun is not None:
                self._delays[CHANGE].append(done - begun)

    # The queue's announcements

    def _announce_soon(self, process: Process, team: Team, *, is_change: bool) -> None:
        turn = process.turns[team]
        turn.has_changed = turn.has_changed or is_change
        if not turn.is_scheduled:
            turn.is_scheduled = True
            self._env.process(self._announce_in_turn(process, team, turn))

    def _announce_in_turn(self, process: Process, team: Team, turn: Turn) -> Steps:
        """At once, or an interval after the last attempt; if another process has the lease, once more."""
        costs = self._costs
        yield self._until(turn.tried_at + INTERVAL_SECONDS)
        turn.is_scheduled, turn.tried_at = False, self._env.now
        has_changed, turn.has_changed = turn.has_changed, False
        yield self._until(process.core.serve(self._env.now, costs.attempt))
        yield self._until(self._postgres.serve(self._env.now, costs.attempt_postgres) + 4 * costs.hop)
        if team.leased_until <= self._env.now:
            team.leased_until = self._env.now + TURN_SECONDS
            yield from self._announce(process)
        elif has_changed:
            self._announce_soon(process, team, is_change=False)

    def _announce(self, process: Process) -> Steps:
        costs, places = self._costs, round(self._plan.places / self._plan.announcements)
        self._announcements += 1
        yield self._until(process.core.serve(self._env.now, costs.announcement + places * costs.place))
        yield self._until(self._postgres.serve(self._env.now, costs.announcement_postgres) + 2 * costs.hop)
        work = costs.publish + len(self._workbenches) * costs.subscriber
        yield self._until(self._random.choice(self._shards).serve(self._env.now, work) + costs.hop)
        self._broadcast(1, None)
        for _ in range(places):
            self._random.choice(self._shards).serve(self._env.now, costs.publish_together + costs.subscriber)
            self._random.choice(self._chatbots).core.serve(self._env.now, costs.relayed)
        self._deliveries += places

    def _until(self, moment: float) -> simpy.Timeout:
        return self._env.timeout(max(0.0, moment - self._env.now))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
