"""Draws the curves of a run, one picture each."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # no display needed

from matplotlib import pyplot

from bench.curves import Curve

SIZE_INCHES = (7, 4)
DOTS_AN_INCH = 110


def draw(curve: Curve, path: Path) -> None:
    """Write a curve that has points as PNG; the y axis begins at 0, so that a rise shows as large as it is."""
    figure, axes = pyplot.subplots(figsize=SIZE_INCHES, dpi=DOTS_AN_INCH)
    for line, points in curve.lines.items():
        axes.plot(*zip(*points, strict=True), marker="o", label=line)
    xs = [x for points in curve.lines.values() for x, _ in points]
    if max(xs) > 20 * min(xs):
        axes.set_xscale("log")
    axes.set_ylim(0, 1.05 * max(y for points in curve.lines.values() for _, y in points))
    axes.set_xlabel(curve.x_label)
    axes.set_ylabel(curve.y_label)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
