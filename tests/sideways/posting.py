"""Somebody who posts to one process, past nginx, and notes what each call got and how long it took."""

import contextlib
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.clients import CustomerClient
from harness.programs import HOST
from harness.sideways import Worker


@dataclass
class Answers:
    """What somebody gets who goes on posting to a session, and how long each takes."""

    customer: CustomerClient
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    without_advice: int = 0

    def post(self) -> int:
        began = time.monotonic()
        answer = self.customer.post("hello")
        self.seconds.append(time.monotonic() - began)
        self.statuses.append(answer.status_code)
        self.without_advice += answer.status_code == 503 and "Retry-After" not in answer.headers
        return answer.status_code

    def post_until(self, ending: threading.Event) -> None:
        while not ending.is_set():
            self.post()

    @property
    def median_seconds(self) -> float:
        return statistics.median(self.seconds)


def customer_of(worker: Worker) -> CustomerClient:
    """A customer with a session, who talks to this process alone, past nginx."""
    client = CustomerClient(f"http://{HOST}:{worker.port}")
    client.http.headers["X-Forwarded-Proto"] = "https"
    client.create_session()
    client.http.headers["Authorization"] = f"Bearer {client.token}"  # its cookie is for https only
    return client


@contextlib.contextmanager
def posting(customer: CustomerClient, connections: int) -> Iterator[list[Answers]]:
    """Somebody who posts without a pause over so many connections."""
    ending = threading.Event()
    posters = [Answers(customer) for _ in range(connections)]
    threads = [threading.Thread(target=poster.post_until, args=(ending,)) for poster in posters]
    for thread in threads:
        thread.start()
    try:
        yield posters
    finally:
        ending.set()
        for thread in threads:
            thread.join()
