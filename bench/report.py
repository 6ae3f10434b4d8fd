"""What a run has found so far, and its progress on the screen."""

import time
from collections.abc import Callable

from bench.curves import Curves
from bench.figures import Figures
from bench.streams import NotInTime

# What a server that is overwhelmed does to its measurement: nothing comes, it closes, it ends.
Failures = (NotInTime, OSError, AssertionError)


class Report:
    """Figures and curves, and what could not be measured."""

    def __init__(self) -> None:
        self.figures = Figures()
        self.curves = Curves()
        self.failures: list[str] = []
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._started:4.0f} s] {text}", flush=True)

    def attempt(self, label: str, measure: Callable[[], None]) -> None:
        """Measure something; if that fails, say so and let the run go on."""
        self.say(label)
        try:
            measure()
        except Failures as error:
            self.failures.append(label)
            self.say(f"FAILED {label}: {error}")
