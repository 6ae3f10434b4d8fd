"""What a told conversation leaves beside its messages: who has read what, how it ended and what that was worth."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from chatbot.models import SILENCE, ChatSession, Closing, Language, Message, Role, SeenMessage, Status

# Most customers do not answer; of those who do most are content.
SCORES = (None, None, None, 5, 5, 5, 4, 4, 3, 1)
REASONS = ("solved", "solved", "solved", SILENCE)
COMMENTS = {
    Language.ENGLISH: {5: "Quick and friendly, thank you!", 3: "It took a while.", 1: "Still not solved."},
    Language.CHINESE: {5: "回复很快，谢谢！", 3: "等得有点久。", 1: "问题还没解决。"},
}
RECEIPTS = ("customer_delivered", "customer_seen", "agent_delivered", "agent_seen")


@dataclass(frozen=True, slots=True)
class Told:
    """A conversation whose session and messages are stored; `agent` is who handled it."""

    session: ChatSession
    messages: Sequence[Message]
    agent: User | None

    def with_receipts(self) -> ChatSession:
        """The session, in which the customer has read everything, and the agent what came before the last answer."""
        session = self.session
        session.customer_delivered = session.customer_seen = self._last(Role.AGENT, Role.BOT)
        if self.agent is not None:
            session.agent_seen = self._read_by_agent()
            session.agent_delivered = self._last(Role.CUSTOMER)
        return session

    def seen(self) -> list[SeenMessage]:
        """What the agent has read: who answers has read what came before."""
        if self.agent is None or not (last := self._last(Role.AGENT)):
            return []
        return [SeenMessage(session=self.session, agent=self.agent, message_id=last)]

    def closing(self, chance: random.Random) -> list[Closing]:
        """How a closed one ended."""
        session = self.session
        if session.status != Status.CLOSED or session.closed_at is None:
            return []
        reason = chance.choice(REASONS)
        score = chance.choice(SCORES) if reason != SILENCE and self.agent is not None else None
        comment = COMMENTS[Language(session.language)].get(score or 0, "")
        return [
            Closing(
                session=session,
                version=session.version,
                agent=self.agent,
                reason=reason,
                score=score,
                comment=comment,
                closed_at=session.closed_at,
            )
        ]

    def _read_by_agent(self) -> int:
        answered = self._last(Role.AGENT)
        return max((each.pk for each in self.messages if each.role == Role.CUSTOMER and each.pk < answered), default=0)

    def _last(self, *roles: Role) -> int:
        return max((each.pk for each in self.messages if each.role in roles), default=0)
