"""Which bot answers."""

from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class EngineKind(models.TextChoices):
    """How a bot is spoken to."""

    EMBEDDED = "embedded", _("Built in")
    OPENAI = "openai", _("OpenAI-compatible endpoint")
    FASTGPT = "fastgpt", "FastGPT"
    RAGFLOW = "ragflow", "RAGFlow"
    DIFY = "dify", "Dify"


class BotEngine(models.Model):
    """A bot that teams can choose. Its key is in the environment, under the name that stands here."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=EngineKind, default=EngineKind.OPENAI)
    base_url = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        validators=[URLValidator(["http", "https"])],
        help_text=_("Of its API, for example https://bots.example.com/v1."),
    )
    model = models.CharField(_("model"), max_length=100, blank=True)
    key_variable = models.CharField(
        _("variable of its key"),
        max_length=60,
        blank=True,
        validators=[RegexValidator(r"^BOT_[A-Z0-9_]+$", _("Begin with BOT_, in capital letters."))],
        help_text=_(
            "The environment variable that holds the key, for example BOT_SALES_KEY. Keys are not stored here."
        ),
    )
    marker = models.CharField(
        _("marker for a human"),
        max_length=60,
        blank=True,
        help_text=_("Text by which the bot says that the customer should get a human. It is cut off and never shown."),
    )
    sends_knowledge = models.BooleanField(
        _("gets passages of the knowledge base"),
        default=True,
        help_text=_("Off for a bot that has a knowledge base of its own."),
    )
    first_token_seconds = models.PositiveSmallIntegerField(_("first words within (seconds)"), default=10)
    total_seconds = models.PositiveSmallIntegerField(_("whole answer within (seconds)"), default=60)

    class Meta:
        verbose_name = _("bot that answers")
        verbose_name_plural = _("bots")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
