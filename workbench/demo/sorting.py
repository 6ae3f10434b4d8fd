"""How urgent the conversations of the demonstration are, what they are about, and where their customers came from."""

import random

from chatbot.models import ChatSession, Label, Language, Priority

PRIORITIES = {Priority.NORMAL: 85, Priority.HIGH: 11, Priority.URGENT: 4}
LABELS = {
    Language.ENGLISH: ("delivery", "refund", "invoice", "complaint"),
    Language.CHINESE: ("物流", "退款", "发票", "投诉"),
}
PAGES = ("https://shop.example/orders", "https://shop.example/pricing", "https://shop.example/help/returns", "", "")


def sort(session: ChatSession, chance: random.Random) -> None:
    """Change the instance."""
    [session.priority] = chance.choices(list(PRIORITIES), list(PRIORITIES.values()))
    session.best_priority = session.priority
    session.labels = chance.sample(LABELS[Language(session.language)], chance.choice((0, 0, 1, 1, 2)))
    session.page = chance.choice(PAGES)


def suggest_labels() -> None:
    """Make the labels known that conversations of the demonstration have."""
    names = [name for names in LABELS.values() for name in names]
    Label.objects.bulk_create([Label(name=name) for name in names], ignore_conflicts=True)
