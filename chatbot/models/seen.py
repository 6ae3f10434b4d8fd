"""How far each agent has read."""

from django.conf import settings
from django.db import models

from chatbot.models.session import ChatSession


class SeenMessage(models.Model):
    """The last message of a session that an agent has seen; a session without one is unread."""

    session = models.ForeignKey(ChatSession, on_delete=models.CASCADE, related_name="+", db_index=False)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    message_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "agent"], name="seen_once_per_agent")]

    def __str__(self) -> str:
        return f"{self.session_id} {self.agent_id} {self.message_id}"
