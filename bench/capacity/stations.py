"""Where work waits: single servers, several servers with one queue, a disk that flushes commits in groups.

All are first come, first served, and all work is known when it comes, so each tells at once when it will be done.
Calls must come in the order of time.
"""

import heapq
from dataclasses import dataclass, field


@dataclass(slots=True)
class Server:
    """One core, or one shard of Redis."""

    free_at: float = 0.0
    busy_seconds: float = 0.0

    def serve(self, now: float, seconds: float) -> float:
        """Take work that comes now; return when it is done."""
        self.busy_seconds += seconds
        self.free_at = max(now, self.free_at) + seconds
        return self.free_at


@dataclass(slots=True)
class Servers:
    """Several cores with one queue."""

    count: int
    busy_seconds: float = 0.0
    _free_at: list[float] = field(default_factory=list)

    def serve(self, now: float, seconds: float) -> float:
        """Take work that comes now; return when it is done."""
        self.busy_seconds += seconds
        if len(self._free_at) < self.count:
            heapq.heappush(self._free_at, 0.0)
        done = max(now, self._free_at[0]) + seconds
        heapq.heapreplace(self._free_at, done)
        return done


@dataclass(slots=True)
class Disk:
    """Group commit: what comes during a flush is on the disk with the next one."""

    flush_seconds: float
    commits: int = 0
    flushes: int = 0
    _ends: float = 0.0
    _has_next: bool = False

    def commit(self, now: float) -> float:
        """Return when a commit that comes now is on the disk."""
        self.commits += 1
        if self._has_next and now >= self._ends:
            self._ends, self._has_next = self._ends + self.flush_seconds, False
        if now >= self._ends:
            self.flushes += 1
            self._ends = now + self.flush_seconds
            return self._ends
        if not self._has_next:
            self._has_next = True
            self.flushes += 1
        return self._ends + self.flush_seconds
