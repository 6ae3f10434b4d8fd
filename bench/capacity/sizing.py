"""What a load takes: processes, memory, Redis, PostgreSQL, network, disk."""

import math
from dataclasses import dataclass

from bench.capacity.costs import Costs
from bench.capacity.model import MAX_PLACES, Assumptions, Load, announcements_of, attempts_of, load_of

BUSY = 0.6  # of a core, on average: what is left is for bursts, and for a restart beside it
MAX_STREAMS = 5_000  # of a process under daphne (docs/operations.md)
MIN_PROCESSES = 2  # one may restart
KEEP_ALIVE_BYTES, KEEP_ALIVE_SECONDS = 3, 15  # realtime/serving/routes.py
CONNECTIONS = 8  # that a process opens to PostgreSQL for its database threads


@dataclass(frozen=True, slots=True)
class Plan:
    """How a load is carried. Utilisations are of one core; rates per second."""

    load: Load
    teams: int
    chatbots: int
    workbenches: int
    chatbot_busy: float
    workbench_busy: float
    announcements: float
    places: float
    deliveries: float
    memory_kib: float
    publishes: float
    redis_bytes: float
    redis_busy: float
    shards: int
    postgres_cores: float
    transactions: float
    rows: float
    connections: int
    counter_busy: float
    network_bytes: float
    disk_bytes_a_day: float


def plan(online: float, people: Assumptions, costs: Costs, teams: int = 1) -> Plan:
    """The smallest numbers of processes at which none is busier than BUSY.

    `teams`: how many queues with an own broadcast channel there would be, in place of the one that reaches all agents.
    """
    load = load_of(online, people)
    chatbots = workbenches = MIN_PROCESSES
    while True:
        sized = plan_with(load, costs, chatbots, workbenches, teams)
        wanted = max(chatbots, math.ceil(chatbots * sized.chatbot_busy / BUSY), math.ceil(load.online / MAX_STREAMS))
        wanted_too = max(workbenches, math.ceil(workbenches * sized.workbench_busy / BUSY))
        if (wanted, wanted_too) == (chatbots, workbenches):
            return sized
        chatbots, workbenches = wanted, wanted_too


def plan_with(load: Load, costs: Costs, chatbots: int, workbenches: int, teams: int = 1) -> Plan:
    """What each part has to do with these numbers of processes."""
    announcements = teams * announcements_of(load.queue_changes / teams)
    places = announcements * min(MAX_PLACES, load.waiting / teams)
    broadcast = load.broadcast_events + announcements
    # Half of the changes come from either service, and so of the announcements.
    announcing = (announcements * costs.announcement + places * costs.place) / 2
    attempts = [teams * count * attempts_of(load.escalations / count / teams) for count in (chatbots, workbenches)]
    in_chatbots, in_workbenches = (announcing + each * costs.attempt for each in attempts)
    readers = load.agents / teams
    publishes = load.session_events + load.agent_events + broadcast + places
    heard = load.session_events + load.agent_events + places + broadcast * workbenches
    redis_busy = (publishes - places) * costs.publish + places * costs.publish_together + heard * costs.subscriber
    return Plan(
        load=load,
        teams=teams,
        chatbots=chatbots,
        workbenches=workbenches,
        chatbot_busy=costs.idle + (in_chatbots + _chatbots_seconds(load, costs, places)) / chatbots,
        workbench_busy=costs.idle
        + broadcast * costs.relayed
        + (in_workbenches + _workbenches_seconds(load, costs, broadcast * readers)) / workbenches,
        announcements=announcements,
        places=places,
        deliveries=load.session_events + load.agent_events + places + broadcast * readers,
        memory_kib=(chatbots + workbenches) * costs.base_kib + (load.online + load.agents) * costs.stream_kib,
        publishes=publishes,
        redis_bytes=_bytes_of_events(load, costs, announcements, places, 0, workbenches),
        redis_busy=redis_busy,
        shards=max(1, math.ceil(redis_busy / BUSY)),
        postgres_cores=_postgres_seconds(load, costs)
        + announcements * costs.announcement_postgres
        + sum(attempts) * costs.attempt_postgres,
        transactions=2 * load.bot_messages + load.messages + load.replies + load.changes + load.sessions,
        rows=_rows_written(load),
        connections=CONNECTIONS * (chatbots + workbenches),
        counter_busy=load.changes * counter_seconds(costs) / teams,
        network_bytes=_bytes_of_events(
            load, costs, announcements, places, costs.sse_bytes + costs.packet_bytes, readers
        )
        + (load.online + load.agents) * (KEEP_ALIVE_BYTES + costs.packet_bytes) / KEEP_ALIVE_SECONDS,
        disk_bytes_a_day=86_400 * _log_bytes(load, costs),
    )


def counter_seconds(costs: Costs) -> float:
    """How long the counter of a broadcast channel is held: two statements, half a flush of others and an own one."""
    return 1.5 * costs.flush + 3 * costs.hop + costs.numbering


def _chatbots_seconds(load: Load, costs: Costs, places: float) -> float:
    return (
        load.online * costs.upkeep
        + load.visits * (costs.opening + costs.state)
        + load.sessions * costs.session
        + load.bot_messages * costs.bot_message
        + load.messages * costs.message
        + load.escalations * costs.escalation
        + (load.session_events + places) * costs.relayed
    )


def _workbenches_seconds(load: Load, costs: Costs, deliveries: float) -> float:
    return (
        load.agents * costs.agent_upkeep
        + load.replies * costs.reply
        + load.escalations * (costs.takeover + costs.closing)
        + load.agent_events * costs.relayed
        + deliveries * costs.delivery
    )


def _postgres_seconds(load: Load, costs: Costs) -> float:
    return (
        (load.online + load.agents) * costs.upkeep_postgres
        + load.visits * (costs.opening_postgres + costs.state_postgres)
        + load.sessions * costs.session_postgres
        + load.bot_messages * costs.bot_message_postgres
        + load.messages * costs.message_postgres
        + load.replies * costs.reply_postgres
        + load.changes * costs.change_postgres
    )


def _rows_written(load: Load) -> float:
    """Inserted, updated and deleted: message, session, counters and events; a bot's turn is written and deleted."""
    return (
        load.sessions
        + load.bot_messages * (2 * 4 + 2)
        + (load.messages + load.replies) * 6
        # the change, its notice twice (message, session), its events, and a counter of each channel
        + load.escalations * ((1 + 2 + 5 + 2) + 2 * (1 + 2 + 4 + 3))
    )


def _bytes_of_events(
    load: Load, costs: Costs, announcements: float, places: float, extra_bytes: float, readers: float
) -> float:
    """Bytes a second of events, each its envelope and `extra_bytes`; `readers` get what is broadcast."""
    return (
        (load.session_events + load.agent_events) * (costs.message_bytes + extra_bytes)
        + places * (costs.place_bytes + extra_bytes)
        + load.broadcast_events * readers * (costs.change_bytes + extra_bytes)
        + announcements * readers * (costs.place_bytes + extra_bytes)
    )


def _log_bytes(load: Load, costs: Costs) -> float:
    messages, changes = load.session_events + load.agent_events, load.broadcast_events
    return messages * (costs.message_bytes + costs.row_bytes) + changes * (costs.change_bytes + costs.row_bytes)
