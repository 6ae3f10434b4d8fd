from django.apps import AppConfig


class ChatbotConfig(AppConfig):
    name = "chatbot"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chatbot.conversations import metrics as conversations
        from realtime import metrics

        metrics.read_at_scrape(conversations.measure)
