"""The delivery side keeps its promises in random schedules of faults, and the simulation would notice if it did not."""

import gc
import logging
import os
from collections.abc import Iterator

import pytest

from realtime.tests.simulation.checks import CHECKS
from realtime.tests.simulation.run import find

PARTS, SCHEDULES_A_PART = 20, 1_000
SEED = int(os.environ.get("SIMULATION_SEED", 700_000))
ENOUGH_TO_FIND = 5_000
# The search for what is seldom found begins shortly before a seed that finds it.
BEGINS_AT = {"register-first": 3_100}


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Every fault of a schedule is logged; to keep all these entries takes as long as to play.

    So does it to look for garbage, again and again, in all that other tests have made.
    """
    logging.disable(logging.CRITICAL)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_promise_holds_in_random_schedules(part: int) -> None:
    """The same schedules each time; `python -m realtime.tests.simulation --schedules N --seed S` plays others."""
    found = find(SEED + part * SCHEDULES_A_PART, SCHEDULES_A_PART)
    assert found is None, f"seed {found.seed}: {found.error}\n" + "\n".join(found.trace)


def test_the_same_seed_is_the_same_run() -> None:
    first, second = (find(1, ENOUGH_TO_FIND, "gap") for _ in range(2))
    assert first is not None
    assert first == second


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_a_check_that_is_taken_out_is_missed(check: str) -> None:
    assert find(BEGINS_AT.get(check, 1), ENOUGH_TO_FIND, check) is not None
