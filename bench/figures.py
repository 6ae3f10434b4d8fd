"""The figures: what is measured, what it should be, what it is for each server; printed as a table, kept as CSV."""

import csv
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

OURS = ("daphne", "uvicorn")
SERVERS = ("bare", *OURS, "stock", "plain")
RUNS = 3


@dataclass(slots=True)
class Figure:
    """One row. `targets` holds a limit for this project's servers; `at_least` if more is better."""

    name: str
    unit: str
    targets: dict[str, float] = field(default_factory=dict)
    at_least: bool = False
    runs: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def record(self, server: str, value: float) -> None:
        self.runs.setdefault(server, []).append(value)

    def fail(self, server: str, what: str) -> None:
        """Record a run that has no value; `what` is shown in its place."""
        self.record(server, math.nan)
        self.failures[server] = what

    def value(self, server: str) -> float | None:
        """The median of the runs; nan if one of them failed, None if there was none."""
        runs = self.runs.get(server)
        if not runs:
            return None
        return math.nan if any(math.isnan(run) for run in runs) else statistics.median(runs)

    def missed(self) -> list[str]:
        """The servers whose value does not hold their target."""
        judged = [(server, self.value(server), limit) for server, limit in self.targets.items()]
        return [server for server, value, limit in judged if value is not None and not self._holds(value, limit)]

    def verdict(self) -> str:
        if missed := self.missed():
            return "MISSED " + "+".join(missed)
        return "ok" if any(self.value(server) is not None for server in self.targets) else ""

    def explain_misses(self) -> list[str]:
        """For each server that misses its target a line with all its runs."""
        sign = "≥" if self.at_least else "≤"
        return [
            f"MISSED {self.name}, {server}: {self.shown_value(server)} {self.unit}, wanted {sign} "
            f"{self.targets[server]:g}; runs: {', '.join(f'{run:.3g}' for run in self.runs[server])}"
            for server in self.missed()
        ]

    def shown_target(self) -> str:
        sign = "≥" if self.at_least else "≤"
        limits = list(dict.fromkeys(f"{limit:.3g}" for limit in self.targets.values()))
        return f"{sign} {' / '.join(limits)}" if limits else ""

    def shown_value(self, server: str) -> str:
        value = self.value(server)
        if value is None:
            return "–"
        if math.isnan(value):
            return self.failures.get(server, "failed")
        return f"{value:.0f}" if value >= 100 else f"{value:.3g}"

    def _holds(self, value: float, limit: float) -> bool:
        return value >= limit if self.at_least else value <= limit


class Figures:
    """The figures of this run, in the order in which they are first asked for."""

    def __init__(self) -> None:
        self.all: dict[str, Figure] = {}

    def of(self, name: str, unit: str, *targets: float | None, at_least: bool = False) -> Figure:
        """The figure of this name. Two targets are for daphne and uvicorn, one is for both; None is no target."""
        limits = {server: limit for server, limit in zip(OURS, targets * 2, strict=False) if limit is not None}
        return self.all.setdefault(name, Figure(name, unit, limits, at_least))

    def derive_ratio(
        self, of: str, name: str, base: str, *targets: float, base_figure: str = "", at_least: bool = False
    ) -> None:
        """Add a figure that is another one divided by its value, or that of `base_figure`, for the base server."""
        figure, reference = self.all.get(of), self.all.get(base_figure or of)
        divisor = reference.value(base) if reference else None
        if figure is None or not divisor:
            return
        ratio = self.of(name, "x", *targets, at_least=at_least)
        for server in SERVERS:
            if (value := figure.value(server)) is not None:
                ratio.record(server, value / divisor)

    def explain_misses(self) -> list[str]:
        return [line for figure in self.all.values() for line in figure.explain_misses()]

    def write_csv(self, path: Path) -> None:
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["figure", "unit", "target", *SERVERS, "verdict"])
            for figure in self.all.values():
                values = ["" if (v := figure.value(server)) is None else f"{v:.6g}" for server in SERVERS]
                writer.writerow([figure.name, figure.unit, figure.shown_target(), *values, figure.verdict()])

    def table(self) -> str:
        """The table as Markdown, aligned."""
        header = ["figure", "unit", "target", "bare", "this (daphne)", "this (uvicorn)", "stock", "plain", "verdict"]
        rows = [header, *(_row(figure) for figure in self.all.values())]
        widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
        lines = [
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
        ]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join(lines)


def _row(figure: Figure) -> list[str]:
    values = [figure.shown_value(server) for server in SERVERS]
    return [figure.name, figure.unit, figure.shown_target(), *values, figure.verdict()]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent do not exceed; nan of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else math.nan


def repeat(measure: Callable[[], None], runs: int = RUNS) -> None:
    for _ in range(runs):
        measure()
