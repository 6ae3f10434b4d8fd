"""The model of docs/capacity.md: stations follow the laws of queues, sizing and simulation agree, and can disagree."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.capacity.costs import FIGURES, Costs, load_costs
from bench.capacity.model import Assumptions, announcements_of, load_of
from bench.capacity.simulate import CHANGE, MESSAGE, Setting, simulate
from bench.capacity.sizing import BUSY, MAX_STREAMS, plan, plan_with
from bench.capacity.stations import Disk, Server, Servers

PEOPLE, COSTS = Assumptions(), Costs()
RANDOM_SEED = 1


def mean_wait(serve: Callable[[float, float], float], rate: float, make_service: Callable[[], float]) -> float:
    """Of Poisson arrivals at a station, from arrival to the begin of service."""
    source, now, waited, count = random.Random(RANDOM_SEED), 0.0, 0.0, 200_000
    for _ in range(count):
        now += source.expovariate(rate)
        service = make_service()
        waited += serve(now, service) - now - service
    return waited / count


def test_wait_for_one_server_with_constant_service_is_that_of_pollaczek_and_khinchine() -> None:
    busy = 0.7
    assert mean_wait(Server().serve, busy, lambda: 1.0) == pytest.approx(busy / (2 * (1 - busy)), rel=0.05)


def test_wait_for_two_servers_with_random_service_is_that_of_erlang() -> None:
    services = random.Random(2)
    probability = (0.98 / 0.3) / (1 + 1.4 + 0.98 / 0.3)  # to wait, with 1.4 of 2 servers busy
    wait = mean_wait(Servers(2).serve, 1.4, lambda: services.expovariate(1))
    assert wait == pytest.approx(probability / (2 - 1.4), rel=0.05)


def test_commits_that_come_during_a_flush_share_the_next() -> None:
    disk = Disk(flush_seconds=2.0)
    assert [disk.commit(now) for now in (10.0, 10.5, 11.9, 12.5, 20.0)] == [12.0, 14.0, 14.0, 16.0, 22.0]
    assert disk.flushes == 4


def test_twice_the_customers_are_twice_the_load() -> None:
    once, twice = (dataclasses.asdict(load_of(online, PEOPLE)) for online in (10_000, 20_000))
    assert twice == pytest.approx({name: 2 * value for name, value in once.items()})


def test_everybody_who_talks_is_somewhere() -> None:
    load = load_of(10_000, PEOPLE)
    with_bot = load.sessions * 60 * PEOPLE.bot_minutes
    assert with_bot + load.waiting + load.live == pytest.approx(load.talking)


def test_what_goes_to_every_agent_grows_with_the_square() -> None:
    once, twice = (plan_with(load_of(online, PEOPLE), COSTS, 40, 40) for online in (100_000, 200_000))
    assert twice.deliveries > 3.5 * once.deliveries


def test_teams_of_one_size_take_the_square_away() -> None:
    once = plan_with(load_of(100_000, PEOPLE), COSTS, 20, 20, teams=50)
    twice = plan_with(load_of(200_000, PEOPLE), COSTS, 40, 40, teams=100)
    assert twice.deliveries == pytest.approx(2 * once.deliveries)


@pytest.mark.parametrize("online", [10_000, 100_000, 1_000_000])
def test_no_process_of_a_plan_is_busier_than_it_may_be(online: int) -> None:
    sized = plan(online, PEOPLE, COSTS)
    assert max(sized.chatbot_busy, sized.workbench_busy) <= BUSY
    assert online / sized.chatbots <= MAX_STREAMS


def test_rare_changes_of_the_queue_are_announced_at_once_and_many_twice_a_second() -> None:
    assert announcements_of(0.01) == pytest.approx(0.01, rel=0.01)
    assert announcements_of(100) == pytest.approx(2, rel=0.01)
    assert announcements_of(0) == 0


def test_more_processes_do_not_announce_more() -> None:
    load = load_of(50_000, PEOPLE)
    announced = [simulate(plan_with(load, COSTS, count, count), COSTS, 50).announcements for count in (10, 40)]
    assert announced == pytest.approx([announcements_of(load.queue_changes)] * 2, rel=0.2)  # at most so many


def test_simulated_utilisation_is_the_calculated_one() -> None:
    sized = plan(50_000, PEOPLE, COSTS)
    busy = simulate(sized, COSTS, 100).busy  # ten whole bursts
    assert busy["chatbot"] == pytest.approx(sized.chatbot_busy, rel=0.05)
    assert busy["workbench"] == pytest.approx(sized.workbench_busy, rel=0.1)
    assert busy["postgres"] == pytest.approx(sized.postgres_cores, rel=0.05)


def test_simulated_announcements_and_deliveries_are_the_calculated_ones() -> None:
    sized = plan(50_000, PEOPLE, COSTS)
    run = simulate(sized, COSTS, 200)
    assert run.announcements == pytest.approx(sized.announcements, rel=0.2)
    assert run.deliveries == pytest.approx(sized.deliveries, rel=0.1)


def test_calls_pile_up_where_there_are_too_few_processes() -> None:
    load = load_of(50_000, PEOPLE)
    enough = simulate(plan(50_000, PEOPLE, COSTS), COSTS, 50)
    too_few = simulate(plan_with(load, COSTS, 1, 1), COSTS, 50)
    assert too_few.growth > 20
    assert abs(enough.growth) < 1
    assert too_few.milliseconds(MESSAGE, 99) > 10 * enough.milliseconds(MESSAGE, 99)


def test_a_counter_taken_in_every_change_is_the_limit_that_numbers_after_the_commit_are_not() -> None:
    slow = dataclasses.replace(COSTS, flush=0.02)
    sized = plan(100_000, PEOPLE, slow)
    in_change = simulate(sized, slow, 50, Setting(in_change=True))
    after = simulate(sized, slow, 50)
    assert in_change.milliseconds(CHANGE, 50) > 3 * after.milliseconds(CHANGE, 50)


def test_the_same_seed_gives_the_same_run() -> None:
    sized = plan(10_000, PEOPLE, COSTS)
    assert simulate(sized, COSTS, 5) == simulate(sized, COSTS, 5)


def test_figures_of_this_machine_take_the_place_of_ours(tmp_path: Path) -> None:
    csv = tmp_path / FIGURES.name
    csv.write_text('figure,unit,daphne\nmemory a stream,KiB,12.5\n"CPU per delivery, two channels",µs,20\n')
    costs = load_costs(csv)
    assert (costs.stream_kib, costs.delivery) == pytest.approx((12.5, 20e-6))
    assert costs.message == COSTS.message


def test_without_a_benchmark_ours_are_used(tmp_path: Path) -> None:
    assert load_costs(tmp_path / "none.csv") == COSTS
