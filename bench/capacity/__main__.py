"""`python -m bench.capacity`: what 10⁴, 10⁵ and 10⁶ customers online take.

`--units` measures the unit costs anew, `--measure` puts both services under load and compares (2 minutes each): both
need PostgreSQL and a machine with nothing else to do. docs/capacity.md explains what is printed.
"""

import argparse
import os
import sys
from pathlib import Path

from bench.capacity.costs import Costs, load_costs
from bench.capacity.model import Assumptions
from bench.capacity.sizing import plan
from bench.capacity.tables import (
    Table,
    doubling_table,
    known_table,
    print_table,
    short,
    sizing_table,
)
from bench.curves import Curve
from bench.servers import LOAD_CORES

PLOTS = Path(__file__).resolve().parent.parent / "plots"
SIZES = (10_000, 100_000, 1_000_000)
CURVE_SIZES = (10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)
TEAMS = 100  # an example of what takes the square away


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
    """Every table of the document, and the plot."""
    cases = [*((size, 1) for size in SIZES), (SIZES[-1], TEAMS)]
    print_table(sizing_table(plan(size, people, costs, teams) for size, teams in cases))
    print_table(doubling_table(SIZES[1], people, costs))
    print_table(known_table("assumption", people))
    print_table(known_table("cost", costs))
    draw(growth_curve(people, costs))


def real_run_table(costs: Costs) -> Table:
    """What the model predicts for the real run, and what it was."""
    from bench.capacity.measure import compare

    rows = [["real run", "unit", "predicted", "measured", "measured / predicted"]]
    for what, unit, predicted, measured in compare(costs):
        both = ["–", short(measured), "–"] if predicted is None else _beside(predicted, measured)
        rows.append([what, unit, *both])
    return rows


def _beside(predicted: float, measured: float) -> list[str]:
    return [short(predicted), short(measured), f"{measured / predicted:.2f}"]


def draw(curve: Curve) -> None:
    try:
        from bench import plots
    except ImportError:
        print("no plots: matplotlib is not installed")
        return
    plots.draw(curve, PLOTS / f"{curve.name}.png")
    print(f"\nwrote bench/plots/{curve.name}.png")


def growth_curve(people: Assumptions, costs: Costs) -> Curve:
    """Processes against customers online."""
    curve = Curve("capacity-processes", "customers online", "processes")
    for size in CURVE_SIZES:
        one, many = plan(size, people, costs), plan(size, people, costs, TEAMS)
        curve.add("chatbot", size, one.chatbots)
        curve.add("workbench, every change to every agent", size, one.workbenches)
        curve.add(f"workbench, {TEAMS} teams", size, many.workbenches)
    return curve


if __name__ == "__main__":
    sys.exit(main())
