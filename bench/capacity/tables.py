"""What the document shows, as Markdown tables."""

import dataclasses
from collections.abc import Iterable, Sequence

from bench.capacity.costs import Costs
from bench.capacity.model import Assumptions
from bench.capacity.sizing import Plan, plan

GIB = 1024 * 1024  # in KiB
SHARES = ("escalated", "occupancy")  # more than all there cannot be
Table = Sequence[Sequence[str]]


def sizing_table(plans: Iterable[Plan]) -> Table:
    """One column for each plan."""
    columns = [
        [
            title(each),
            f"{each.load.talking:,.0f} / {each.load.live:,.0f}",
            f"{each.load.agents:,.0f}",
            f"{each.load.bot_messages * 2 + each.load.messages + each.load.replies:,.0f}",
            f"{each.load.changes:,.1f}",
            f"{each.load.visits:,.0f}",
            f"{each.announcements:,.1f}",
            f"{each.chatbots} at {100 * each.chatbot_busy:.0f} %",
            f"{each.workbenches} at {100 * each.workbench_busy:.0f} %",
            f"{each.memory_kib / GIB:,.1f}",
            f"{each.deliveries:,.0f}",
            f"{(each.load.broadcast_events + each.announcements) / each.teams:,.0f}",
            f"{each.publishes:,.0f} / {each.redis_bytes / 1e6:,.2f}",
            f"{each.shards} at {100 * each.redis_busy / each.shards:.0f} %",
            f"{each.transactions:,.0f} / {each.rows:,.0f}",
            f"{each.postgres_cores:,.1f}",
            f"{each.connections:,}",
            f"{100 * each.counter_busy:.0f}",
            f"{8 * each.network_bytes / 1e6:,.0f}",
            f"{each.disk_bytes_a_day / 1e9:,.1f}",
        ]
        for each in plans
    ]
    names = [
        "customers online",
        "talking / with an agent",
        "agents",
        "messages/s, the bot's too",
        "changes of status/s",
        "pages opened/s",
        "announcements of the queue/s",
        "chatbot processes",
        "workbench processes",
        "memory of both, GiB",
        "deliveries/s",
        "broadcast events/s on each agent's page",
        "Redis: PUBLISH/s / MB/s out",
        "Redis shards",
        "PostgreSQL: transactions/s / rows written/s",
        "PostgreSQL: cores busy",
        "PostgreSQL: connections",
        "broadcast counter, if taken in the change, %",
        "nginx to browsers, Mbit/s",
        "log, GB a day at this load all day",
    ]
    return [[name, *values] for name, values in zip(names, zip(*columns, strict=True), strict=True)]


def doubling_table(online: int, people: Assumptions, costs: Costs) -> Table:
    """What twice as much of each assumption makes of a size."""
    header = [
        "twice as much",
        "chatbots",
        "workbenches",
        "agents",
        "deliveries/s",
        "transactions/s",
        "PostgreSQL cores",
    ]
    return [
        header,
        _doubled(f"nothing ({online:,} online)", online, people, costs),
        *(_doubled_one(each.name, online, people, costs) for each in dataclasses.fields(people)),
    ]


def _doubled_one(name: str, online: int, people: Assumptions, costs: Costs) -> Sequence[str]:
    value = 2 * getattr(people, name)
    value = min(value, 1) if name in SHARES else value
    return _doubled(f"{name} = {value:g}", online, dataclasses.replace(people, **{name: value}), costs)


def _doubled(label: str, online: int, people: Assumptions, costs: Costs) -> Sequence[str]:
    each = plan(online, people, costs)
    values = (each.load.agents, each.deliveries, each.transactions)
    return [
        label,
        str(each.chatbots),
        str(each.workbenches),
        *(f"{value:,.0f}" for value in values),
        f"{each.postgres_cores:.1f}",
    ]


def known_table(title: str, values: Assumptions | Costs) -> Table:
    """What the model takes for given, and where it has it from."""
    rows = [[title, "value", "unit", "source"]]
    for each in dataclasses.fields(values):
        rows.append([each.name, f"{getattr(values, each.name):.4g}", each.metadata["unit"], each.metadata["source"]])
    return rows


def title(each: Plan) -> str:
    return f"{each.load.online:,.0f}" + (f", {each.teams} teams" if each.teams > 1 else "")


def short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def print_table(rows: Table) -> None:
    """As Markdown."""
    print()
    for number, row in enumerate(rows):
        print("| " + " | ".join(row) + " |")
        if number == 0:
            print("|" + "---|" * len(row))
