"""Who is offered whom: a pure function of what waits and who is able."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

# Who has never had a session has been idle for longest.
ALWAYS = datetime.min.replace(tzinfo=UTC)
MAX_NAMED = 3

# Session's and users' ids; a team as sessions have it, None for the default one.
TeamKey = int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A session that waits, and which agents have refused it since they last became able.

    `known_to` is the agent whom its customer had before it was closed: he is preferred if he can take it.
    """

    session: int
    team: TeamKey
    refused_by: frozenset[int] = frozenset()
    known_to: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent who is available and connected; `limits` says for each of his teams how many sessions he may have.

    A limit is his capacity, or less while a team has him begin slowly.
    """

    agent: int
    load: int
    limits: Mapping[TeamKey, int]
    idle_since: datetime = ALWAYS


@dataclass(frozen=True, slots=True)
class Match:
    """A session for an agent, and why him: `live` is what he has without it.

    `able` counts who of the team could have taken it, with him; `full` are the first of those who can take no more.
    """

    session: int
    agent: int
    limit: int
    live: int
    able: int
    full: tuple[int, ...]
    is_known: bool = False


@dataclass(slots=True)
class _Queue:
    """The agents of one team: the free ones with the fewest sessions first, and those who can take no more."""

    limits: dict[int, int] = field(default_factory=dict)
    heap: list[tuple[int, datetime, int]] = field(default_factory=list)
    free: int = 0
    full: list[int] = field(default_factory=list)


def match(waiting: Sequence[Waiting], candidates: Sequence[Candidate]) -> list[Match]:
    """Give each session, in the order in which they come, the able agent of its team who is preferred.

    That is who knows the customer, else who has the fewest sessions; among equals he who has been idle for longest. A
    match counts as a session of the agent from then on. Takes O(log agents) for each session and each refusal of it.
    """
    loads = {candidate.agent: candidate.load for candidate in candidates}
    idle = {candidate.agent: candidate.idle_since for candidate in candidates}
    queues = _queues(candidates)
    teams = {candidate.agent: candidate.limits for candidate in candidates}
    matches = []
    for session in waiting:
        queue = queues.get(session.team)
        agent = _choose(queue, session, loads) if queue else None
        if queue is None or agent is None:
            continue
        refusing = sum(loads[each] < queue.limits[each] for each in session.refused_by if each in queue.limits)
        found = Match(
            session.session,
            agent,
            limit=queue.limits[agent],
            live=loads[agent],
            able=queue.free - refusing,
            full=tuple(queue.full[:MAX_NAMED]),
            is_known=agent == session.known_to,
        )
        matches.append(found)
        loads[agent] += 1
        for team in teams[agent]:
            _note_load(queues[team], agent, loads[agent], idle[agent])
    return matches


def _queues(candidates: Sequence[Candidate]) -> dict[TeamKey, _Queue]:
    queues: dict[TeamKey, _Queue] = {}
    for candidate in candidates:
        for team, limit in candidate.limits.items():
            queue = queues.setdefault(team, _Queue())
            queue.limits[candidate.agent] = limit
            if candidate.load < limit:
                queue.heap.append((candidate.load, candidate.idle_since, candidate.agent))
                queue.free += 1
            else:
                queue.full.append(candidate.agent)
    for queue in queues.values():
        heapq.heapify(queue.heap)
    return queues


def _choose(queue: _Queue, session: Waiting, loads: Mapping[int, int]) -> int | None:
    """Who knows the customer, else the first of the heap who has not refused.

    Entries of the heap from before an agent's last match are dropped on the way.
    """
    known, refused_by = session.known_to, session.refused_by
    if known is not None and known not in refused_by and loads.get(known, 0) < queue.limits.get(known, 0):
        return known
    passed = []
    chosen = None
    while queue.heap:
        load, _, agent = entry = queue.heap[0]
        if load == loads[agent] and agent not in refused_by:
            chosen = agent
            break
        heapq.heappop(queue.heap)
        if load == loads[agent]:
            passed.append(entry)
    for entry in passed:
        heapq.heappush(queue.heap, entry)
    return chosen


def _note_load(queue: _Queue, agent: int, load: int, idle_since: datetime) -> None:
    if load < queue.limits[agent]:
        heapq.heappush(queue.heap, (load, idle_since, agent))
    elif load == queue.limits[agent]:
        queue.free -= 1
        queue.full.append(agent)
