"""Prometheus metrics of conversations. Gauges are read from the database; each process shows the same."""

from django.db.models.functions import Now
from prometheus_client import Counter, Gauge, Histogram

from chatbot.conversations.able_agents import able, connected, loads
from chatbot.models import BotTurn, ChatSession, OfferEnd, Status, may_be_taken

QUEUE_WAITING = Gauge("chat_queue_waiting", "Customers who wait for an agent")
QUEUE_LONGEST_WAIT_SECONDS = Gauge("chat_queue_longest_wait_seconds", "How long the first of them has waited")
LIVE = Gauge("chat_sessions_live", "Conversations with an agent")
AGENTS = Gauge("chat_agents", "Agents who are connected, who are available too, and who could take one more", ["state"])
REQUEUES = Counter("chat_requeues_total", "Conversations that went from an agent back to a queue", ["why"])
RATE_LIMITED = Counter("chat_rate_limited_total", "Calls refused because they came too often", ["limit"])
OFFERS_ENDED = Counter("chat_offers_ended_total", "Offers to agents that ended in this process", ["end"])
OFFER_ACCEPTED_SECONDS = Histogram(
    "chat_offer_accepted_seconds",
    "From an offer to its acceptance",
    buckets=(1, 2, 5, 10, 20, 30, 60, 120),
)
BOT_TURNS_EXPIRED = Gauge("chat_bot_turns_expired", "Answers of the bot that no process works on in time")


def measure() -> None:
    """Set the gauges; the database is asked for what its indexes hold."""
    waiting = ChatSession.objects.filter(status=Status.PENDING_MANUAL)
    QUEUE_WAITING.set(waiting.count())
    by_wait = waiting.order_by("waiting_since").annotate(database_now=Now())
    first = by_wait.values_list("waiting_since", "database_now").first()
    QUEUE_LONGEST_WAIT_SECONDS.set(max(0.0, (first[1] - first[0]).total_seconds()) if first and first[0] else 0)
    LIVE.set(ChatSession.objects.filter(status=Status.MANUAL_LIVE).count())
    _measure_agents()
    BOT_TURNS_EXPIRED.set(BotTurn.objects.filter(may_be_taken()).count())


def _measure_agents() -> None:
    capacities = dict(able().values_list("agent", "capacity"))
    load = loads(capacities)
    AGENTS.labels("connected").set(len(connected()))
    AGENTS.labels("available").set(len(capacities))
    AGENTS.labels("able").set(sum(load[agent] < capacity for agent, capacity in capacities.items()))


def count_offer(end: str, seconds: float) -> None:
    """Count an offer that ended so many seconds after it was made."""
    OFFERS_ENDED.labels(end).inc()
    if end == OfferEnd.ACCEPTED:
        OFFER_ACCEPTED_SECONDS.observe(seconds)
