"""The sizing of docs/capacity.md."""

import dataclasses
from pathlib import Path

import pytest

from bench.capacity.costs import FIGURES, Costs, load_costs
from bench.capacity.model import Assumptions, announcements_of, load_of
from bench.capacity.sizing import BUSY, MAX_STREAMS, plan, plan_with

PEOPLE, COSTS = Assumptions(), Costs()


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


def test_figures_of_this_machine_take_the_place_of_ours(tmp_path: Path) -> None:
    csv = tmp_path / FIGURES.name
    csv.write_text('figure,unit,daphne\nmemory a stream,KiB,12.5\n"CPU per delivery, two channels",µs,20\n')
    costs = load_costs(csv)
    assert (costs.stream_kib, costs.delivery) == pytest.approx((12.5, 20e-6))
    assert costs.message == COSTS.message


def test_without_a_benchmark_ours_are_used(tmp_path: Path) -> None:
    assert load_costs(tmp_path / "none.csv") == COSTS
