"""What a change of a session's status did, for the events that tell of it."""

from dataclasses import dataclass

from chatbot.models import Offer


@dataclass(frozen=True, slots=True)
class Change:
    """`previous` is the status before; `ended_offer` the offer that was open until this change, with its end."""

    previous: str
    ended_offer: Offer | None = None
