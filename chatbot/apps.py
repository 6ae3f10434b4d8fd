import contextlib
from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ChatbotConfig(AppConfig):
    name = "chatbot"
    verbose_name = _("Conversations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chatbot.conversations import metrics as conversations
        from chatbot.knowledge import checks  # noqa: F401  registers the system checks
        from realtime import metrics

        metrics.read_at_scrape(conversations.measure)
        post_migrate.connect(_make_default_team, sender=self)


def _make_default_team(using: str, apps: Any = global_apps, **_signal: Any) -> None:
    """After every migration (but those to a state without teams) there is one, also in an emptied database."""
    from chatbot.conversations.teams import DEFAULT_TEAM_NAME

    with contextlib.suppress(LookupError):
        teams = apps.get_model("chatbot", "Team").objects.using(using)
        teams.get_or_create(is_default=True, defaults={"name": DEFAULT_TEAM_NAME})
