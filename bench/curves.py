"""The curves of a run: how a cost grows with something."""

import csv
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Curve:
    """Points of one plot: for each line its (x, y) pairs."""

    name: str
    x_label: str
    y_label: str
    lines: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, line: str, x: float, y: float) -> None:
        self.lines.setdefault(line, []).append((x, y))


class Curves:
    """All curves of a run, in the order in which they are first asked for."""

    def __init__(self) -> None:
        self.all: dict[str, Curve] = {}

    def of(self, name: str, x_label: str, y_label: str) -> Curve:
        return self.all.setdefault(name, Curve(name, x_label, y_label))

    def write_csv(self, path: Path) -> None:
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["curve", "line", "x", "y"])
            for curve in self.all.values():
                for line, points in curve.lines.items():
                    writer.writerows([curve.name, line, f"{x:g}", f"{y:.6g}"] for x, y in points)
