"""Jobs that run at the same moment, as those of several processes do."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

THREADS = 4


def run_at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run jobs at the same time, each on a connection of its own; what they returned or raised, in order."""
    results: list[Any] = [None] * len(jobs)
    start = threading.Barrier(len(jobs))

    def run(index: int) -> None:
        try:
            start.wait(10)
            results[index] = jobs[index]()
        except Exception as error:  # noqa: BLE001  handed to the test
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
