"""`python -m bench.capacity`: what 10⁴, 10⁵ and 10⁶ customers online take, and a simulation of each size.

`--units` measures the unit costs anew, `--measure` puts both services under load and compares (2 minutes each): both
need PostgreSQL and a machine with nothing else to do. docs/capacity.md explains what is printed.
"""

import argparse
import itertools
import os
import sys
from pathlib import Path

from bench.capacity.costs import Costs, load_costs
from bench.capacity.model import Assumptions
from bench.capacity.simulate import CHANGE, MESSAGE, simulate
from bench.capacity.sizing import plan, plan_with
from bench.capacity.tables import (
    Case,
    Table,
    counter_table,
    doubling_table,
    known_table,
    print_table,
    short,
    simulation_table,
    sizing_table,
)
from bench.curves import Curve
from bench.servers import LOAD_CORES

PLOTS = Path(__file__).resolve().parent.parent / "plots"
SECONDS = {10_000: 120.0, 100_000: 60.0, 1_000_000: 30.0}  # simulated, of each size
SIZES = tuple(SECONDS)
CURVE_SIZES = (10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)
TEAMS = 100  # an example of what takes the square away
WORKBENCHES = (2, 3, 4, 5, 6)  # for the middle size


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    parser.add_argument("--units", action="store_true", help="measure the unit costs")
    parser.add_argument("--measure", action="store_true", help="the real run, beside what the model predicts for it")
    wanted = parser.parse_args()
    if wanted.units or wanted.measure:
        os.sched_setaffinity(0, LOAD_CORES)
    if wanted.units:
        from bench.capacity.unit import measure_units

        measure_units()
    elif wanted.measure:
        print_table(real_run_table(load_costs()))
    else:
        print_model(Assumptions(), load_costs())
    return 0


def print_model(people: Assumptions, costs: Costs) -> None:
    """Every table of the document, and the plots."""
    cases: list[Case] = [*((size, 1) for size in SIZES), (SIZES[-1], TEAMS)]
    plans = {case: plan(case[0], people, costs, case[1]) for case in cases}
    print_table(sizing_table(plans.values()))
    runs = {case: simulate(each, costs, SECONDS[case[0]]) for case, each in plans.items()}
    print_table(simulation_table(plans, runs))
    print_table(counter_table(plans[SIZES[-1], 1], costs, SECONDS[SIZES[-1]]))
    print_table(doubling_table(SIZES[1], people, costs))
    print_table(known_table("assumption", people))
    print_table(known_table("cost", costs))
    draw(growth_curve(people, costs), waiting_curve(people, costs))


def real_run_table(costs: Costs) -> Table:
    """What the model predicts for the real run, and what it was."""
    from bench.capacity.measure import compare

    rows = [["real run", "unit", "predicted", "measured", "measured / predicted"]]
    for what, unit, predicted, measured in compare(costs):
        rows.append([what, unit, short(predicted), short(measured), f"{measured / predicted:.2f}"])
    return rows


def draw(*curves: Curve) -> None:
    try:
        from bench import plots
    except ImportError:
        print("no plots: matplotlib is not installed")
        return
    for curve in curves:
        plots.draw(curve, PLOTS / f"{curve.name}.png")
    print("\nwrote bench/plots/capacity-*.png")


def growth_curve(people: Assumptions, costs: Costs) -> Curve:
    """Processes against customers online."""
    curve = Curve("capacity-processes", "customers online", "processes")
    for size in CURVE_SIZES:
        one, many = plan(size, people, costs), plan(size, people, costs, TEAMS)
        curve.add("chatbot", size, one.chatbots)
        curve.add("workbench, every change to every agent", size, one.workbenches)
        curve.add(f"workbench, {TEAMS} teams", size, many.workbenches)
    return curve


def waiting_curve(people: Assumptions, costs: Costs) -> Curve:
    """The delays at the middle size against the processes that have most to do: one fewer than planned, and more."""
    curve = Curve("capacity-waiting", f"workbench processes for {SIZES[1]:,} customers", "delay, ms")
    planned = plan(SIZES[1], people, costs)
    for count in WORKBENCHES:
        run = simulate(plan_with(planned.load, costs, planned.chatbots, count), costs, SECONDS[SIZES[1]])
        for kind, percent in itertools.product((MESSAGE, CHANGE), (50, 99)):
            curve.add(f"{kind}, p{percent}", count, run.milliseconds(kind, percent))
    return curve


if __name__ == "__main__":
    sys.exit(main())
