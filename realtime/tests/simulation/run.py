"""Many schedules, with or without one of the product's checks."""

import contextlib
from dataclasses import dataclass

from realtime.tests.simulation.checks import CHECKS
from realtime.tests.simulation.client import Broken
from realtime.tests.simulation.schedule import LIMITS, Schedule
from realtime.tests.simulation.world import fake_database


@dataclass(frozen=True)
class Found:
    """A schedule in which a promise does not hold."""

    seed: int
    count: int
    error: str
    trace: list[str]


def find(seed: int, schedules: int, without: str | None = None) -> Found | None:
    """Run schedules until a promise does not hold."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(fake_database())
        for limit in LIMITS:
            stack.enter_context(limit)
        if without is not None:
            for patch in CHECKS[without]:
                stack.enter_context(patch)
        for count in range(1, schedules + 1):
            schedule = Schedule(seed + count - 1)
            try:
                schedule.run()
            except Broken as error:
                return Found(schedule.seed, count, str(error), schedule.trace)
    return None
