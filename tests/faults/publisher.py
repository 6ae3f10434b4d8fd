"""A program that sends through the Python API, and can kill itself with SIGKILL at a chosen point of it.

`python -m tests.faults.publisher '{"channels": […], …}'`, see Orders. It prints a line of JSON for each call that
returned.
"""

import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import django

POINTS = ("row", "log", "commit", "committed", "publish", "published")


@dataclass(frozen=True)
class Orders:
    """What to send: `count` events to `channels` at random, so many a second, or rounds that end in a kill."""

    channels: list[str]
    seed: int
    count: int = 1_000_000
    per_second: float = 50.0
    point: str = ""  # where each round of a killed publisher ends
    rounds: int = 0
    each: int = 0
    session_name: str = ""  # whose messages a killed publisher writes


def main(orders: Orders) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    if orders.point:
        for number in range(orders.rounds):
            run_child(lambda number=number: write_and_die(orders, number))  # type: ignore[misc]
    else:
        send_steadily(orders)


def tell(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def send_steadily(orders: Orders) -> None:
    """Send until the count is reached or standard input closes, whichever is first."""
    from realtime.api import Event, send_many
    from realtime.groups import parse

    chance = random.Random(orders.seed)
    for turn in range(orders.count):
        pause = chance.uniform(0.5, 1.5) / orders.per_second
        awake = time.monotonic() + pause
        if select.select([sys.stdin], [], [], pause)[0]:
            return
        channel = parse(chance.choice(orders.channels))
        mark = f"call-{orders.seed}-{turn}"
        started = time.monotonic()
        timing = {"at": started, "overslept": started - awake}
        try:
            [number] = send_many([(channel, Event("tick", {"mark": mark, "sent": started}))])
        except Exception as error:  # noqa: BLE001  refused: the database was busy, nothing was sent
            tell(refused=type(error).__name__, seconds=time.monotonic() - started, **timing)
            continue
        tell(channel=channel, number=number, mark=mark, seconds=time.monotonic() - started, **timing)


def run_child(work: Callable[[], None]) -> None:
    """Run `work` in a child, which is expected to be killed by its own hand."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(1)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        raise SystemExit(f"the publisher survived: {status}")


def write_and_die(orders: Orders, number: int) -> None:
    """Write messages; the last one's call never returns."""
    from chatbot.customers.actions.post_customer_message import post_customer_message

    for turn in range(orders.each):
        mark = f"{orders.point}-{number}-{turn}"
        if turn == orders.each - 1:
            die_at(orders.point, mark)
            tell(tried=mark)
        message, _ = post_customer_message(
            session_name=orders.session_name, content=mark, client_id=mark, credentials=None
        )
        tell(id=message["id"], mark=mark)
    if orders.point == "published":
        time.sleep(30)  # the kill comes from the home loop


def die_at(point: str, mark: str) -> None:
    """Make this process kill itself when it next comes to a point between the first row and the last subscriber."""
    from django.db import connection
    from django.db.backends.base.base import BaseDatabaseWrapper as Database

    from realtime import log
    from realtime.delivery.publisher import Publisher
    from realtime.layers.degrading import DegradingLayer

    def die(*_: object, **__: object) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)

    def then_die(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            call(*arguments, **named)
            return die()

        return wrapped

    publish = DegradingLayer.publish

    def publish_then_die(layer: DegradingLayer, messages: Any) -> Any:
        sent = publish(layer, messages)
        if any(mark.encode() in data for _, data in messages):  # and not the message before
            sent.add_done_callback(die)
        return sent

    assert connection.connection is not None  # the messages before have opened it
    replacements: dict[str, tuple[object, str, Any]] = {
        "row": (log, "append", die),
        "log": (log, "append", then_die(log.append)),
        "commit": (Database, "_commit", die),
        "committed": (Database, "_commit", then_die(getattr(Database, "_commit"))),  # noqa: B009  not in its types
        "publish": (Publisher, "publish", die),
        "published": (DegradingLayer, "publish", publish_then_die),
    }
    owner, name, replacement = replacements[point]
    setattr(owner, name, replacement)


if __name__ == "__main__":
    main(Orders(**json.loads(sys.argv[1])))
