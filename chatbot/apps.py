from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatbotConfig(AppConfig):
    name = "chatbot"
    verbose_name = _("Conversations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chatbot.conversations import metrics as conversations
        from realtime import metrics

        metrics.read_at_scrape(conversations.measure)
