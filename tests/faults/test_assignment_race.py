"""People at two workbenches race for customers by every way at once, beside rules and the job that assigns.

RACE_SESSIONS is for how many, with a quarter as many agents: 200 are the race of tests/test_queue_race.py.
"""

import os

import pytest

from harness.programs import wait_until
from harness.services import Product, Service
from tests.faults.causes import Needs
from tests.faults.race import Field

SESSIONS = int(os.environ.get("RACE_SESSIONS", 12))
LIMIT_SECONDS = 160.0


def wait_for_a_part(field: Field, part: float) -> None:
    wait_until(f"{part:.0%} of the sessions are somebody's", lambda: field.live() >= part, LIMIT_SECONDS)


@pytest.mark.parametrize("needs", ["ahead"])
def test_with_the_clock_of_one_workbench_wrong_each_is_given_out_once(
    product: Product, second_workbench: Service, needs: Needs
) -> None:
    Field(product, SESSIONS).run([product.workbench, second_workbench], lambda field: None)


def test_with_redis_killed_each_is_given_out_once(product: Product, second_workbench: Service) -> None:
    """It comes back when hardly anybody waits: most of the race is without it."""

    def cause(field: Field) -> None:
        wait_for_a_part(field, 0.2)
        product.valkey.kill()
        wait_for_a_part(field, 0.7)
        product.valkey.start()

    Field(product, SESSIONS).run([product.workbench, second_workbench], cause)


def test_with_a_workbench_killed_each_is_given_out_once(product: Product, second_workbench: Service) -> None:
    """In the middle of whatever it does; its people go on at the other one, and come back to it."""

    def cause(field: Field) -> None:
        wait_for_a_part(field, 0.4)
        product.workbench.kill()
        wait_for_a_part(field, 0.6)
        product.workbench.start()

    Field(product, SESSIONS).run([product.workbench, second_workbench], cause)
