"""What the bot knows: entries, the articles that some of them are cut from, and what was fitted to all of them."""

from django.core.validators import URLValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chatbot.models.message import MAX_CONTENT_LENGTH
from chatbot.models.session import Language

MAX_KEY_LENGTH = 100

MAX_QUESTION_LENGTH = 300

MAX_URL_LENGTH = 500

IS_URL = URLValidator(["http", "https"])


class Article(models.Model):
    """A text in Markdown. It is cut into passages, which are entries, whenever it changes."""

    key = models.CharField(_("id"), max_length=MAX_KEY_LENGTH, unique=True)
    title = models.CharField(_("title"), max_length=MAX_QUESTION_LENGTH)
    language = models.CharField(_("language"), max_length=16, choices=Language)
    url = models.CharField(_("address"), max_length=MAX_URL_LENGTH, blank=True, validators=[IS_URL])
    text = models.TextField(_("text"), help_text=_("Markdown. Each heading begins a passage."))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["language", "title"]

    def __str__(self) -> str:
        return self.title


class KnowledgeEntry(models.Model):
    """A question with its answer; a passage of an article is one whose question is its heading.

    Written by chatbot/knowledge/entries.py alone: each change gives the row the next `revision`, by which
    processes see what is new to them.
    """

    key = models.CharField(
        _("id"), max_length=MAX_KEY_LENGTH, unique=True, help_text=_("An import with the same id replaces the entry.")
    )
    language = models.CharField(_("language"), max_length=16, choices=Language)
    question = models.CharField(_("question"), max_length=MAX_QUESTION_LENGTH)
    alternatives = models.TextField(
        _("in other words"), blank=True, help_text=_("Other ways in which customers ask it, one a line. Ten are good.")
    )
    answer = models.TextField(_("answer"), max_length=MAX_CONTENT_LENGTH)
    url = models.CharField(
        _("address"),
        max_length=MAX_URL_LENGTH,
        blank=True,
        validators=[IS_URL],
        help_text=_("Where to read more."),
    )
    article = models.ForeignKey(
        Article, verbose_name=_("article"), null=True, blank=True, on_delete=models.CASCADE, related_name="passages"
    )
    is_active = models.BooleanField(_("active"), default=True)
    revision = models.BigIntegerField(editable=False, db_index=True)

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("knowledge base")
        ordering = ["language", "question"]

    def __str__(self) -> str:
        return self.question


class KnowledgeRevision(models.Model):
    """The one row that counts changes of the knowledge base. Locked by who changes it."""

    revision = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.revision)


class FittedKnowledge(models.Model):
    """What was fitted to the knowledge base as it was at `revision`: vectors, heads, thresholds, as one archive."""

    revision = models.BigIntegerField()
    encoder = models.CharField(max_length=40)
    archive = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"fitted at {self.revision}"


class KnowledgeReader(models.Model):
    """A process that answers from what was fitted, and since when: `import_knowledge` waits for those that live."""

    name = models.CharField(max_length=64, primary_key=True)
    revision = models.BigIntegerField()
    noted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.revision}"


class PhraseKind(models.TextChoices):
    """What a phrase of a customer means."""

    HUMAN = "human", _("Wants a human")
    ANGER = "anger", _("Is angry")


class Phrase(models.Model):
    """Words by which the bot knows what a customer wants, beside those that it knows by itself."""

    kind = models.CharField(_("means"), max_length=8, choices=PhraseKind)
    text = models.CharField(_("phrase"), max_length=80, unique=True, help_text=_("In any language."))

    class Meta:
        verbose_name = _("phrase")
        verbose_name_plural = _("phrases")
        ordering = ["kind", "text"]

    def __str__(self) -> str:
        return self.text
