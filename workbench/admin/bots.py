"""Django admin: bots that teams can choose."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatbot.bot.engine.outside.endpoint import endpoint_of
from chatbot.models import BotEngine, EngineKind, Team

if TYPE_CHECKING:
    from chatbot.bot.engine.outside.trial import Trial

# Longer than a turn may take (chatbot/bot/answer_turn.py) makes no sense.
MAX_TOTAL_SECONDS = 170

# Each takes a quarter of a minute at most, before the page of who asked.
MAX_TRIALS = 3

# What the two endings of an address are that people copy from examples.
COPIED_ENDINGS = ("/chat/completions", "/chat-messages")

WITH_KEY = (EngineKind.FASTGPT, EngineKind.RAGFLOW, EngineKind.DIFY)


class BotForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = BotEngine
        exclude: tuple[str, ...] = ()

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"].strip().rstrip("/")
        for ending in COPIED_ENDINGS:
            url = url.removesuffix(ending)
        parts = urlsplit(url)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValidationError(_("Write the address alone, without a key, a question mark or a #."))
        return url

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kind = given.get("kind")
        if kind != EngineKind.EMBEDDED and not given.get("base_url") and "base_url" not in self.errors:
            self.add_error("base_url", _("Write where its API is."))
        if kind in WITH_KEY and not given.get("key_variable") and "key_variable" not in self.errors:
            self.add_error("key_variable", _("It answers to a key only: write the variable that holds it."))
        first, total = given.get("first_token_seconds"), given.get("total_seconds")
        if first is not None and total is not None and not 1 <= first <= total <= MAX_TOTAL_SECONDS:
            text = _("Write at least one second, and for the whole answer no less than that and at most %(count)d.")
            self.add_error("total_seconds", ValidationError(text, params={"count": MAX_TOTAL_SECONDS}))
        return given


@admin.register(BotEngine)
class BotEngineAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A change holds for the next question. A team whose bot is deleted has the one that it had without."""

    form = BotForm
    list_display = ("name", "kind", "base_url", "has_key", "teams")
    list_filter = ("kind",)
    search_fields = ("name", "base_url")
    actions = ("try_it",)
    readonly_fields = ("has_key",)
    fieldsets = (
        (None, {"fields": ("name", "kind", "base_url", "model")}),
        (
            _("Key"),
            {
                "fields": ("key_variable", "has_key"),
                "description": _("Set the variable for both services, then start them again."),
            },
        ),
        (
            _("What it is told, and how it calls a human"),
            {
                "fields": ("sends_knowledge", "marker"),
                "description": _("What customers write is sent to its address, and what agents said to them."),
            },
        ),
        (
            _("How long it is waited for"),
            {
                "fields": ("first_token_seconds", "total_seconds"),
                "description": _("Afterwards the bot that is built in answers instead."),
            },
        ),
    )

    @admin.display(description=_("teams"))
    def teams(self, row: BotEngine) -> str:
        return ", ".join(Team.objects.filter(engine=row).values_list("name", flat=True))

    @admin.display(description=_("key is set"), boolean=True)
    def has_key(self, row: BotEngine) -> bool | None:
        """Whether this service has it; null where none is wanted."""
        return endpoint_of(row).key is not None if row.key_variable else None

    @admin.action(description=_("Try whether the selected bots answer"), permissions=["change"])
    def try_it(self, request: HttpRequest, queryset: QuerySet[BotEngine]) -> None:
        """Greet them, one after the other, and say in a line each what came of it."""
        from chatbot.bot.engine.outside.trial import Trial, try_endpoint

        for row in queryset[:MAX_TRIALS]:
            trial = Trial() if row.kind == EngineKind.EMBEDDED else try_endpoint(endpoint_of(row))
            level = messages.ERROR if trial.trouble else messages.SUCCESS
            self.message_user(request, f"{row.name}: {_said(row, trial)}", level)
        if queryset.count() > MAX_TRIALS:
            text = gettext("The others were not tried: %(count)d at a time.") % {"count": MAX_TRIALS}
            self.message_user(request, text, messages.WARNING)


def _said(row: BotEngine, trial: "Trial") -> str:
    """What came of it, as a sentence."""
    match trial.trouble:
        case "":
            return gettext("It answers; its first words came after %(seconds).1f s.") % {"seconds": trial.seconds}
        case "no_key":
            return gettext("Its key is missing: set %(variable)s for this service.") % {"variable": row.key_variable}
        case "no_connection":
            return gettext("Nothing answers at its address.")
        case "http_401" | "http_403":
            return gettext("It refuses the key.")
        case "http_404":
            return gettext("It knows neither this address nor this model.")
        case "no_words" | "stalled" | "too_slow":
            return gettext("It does not answer in time.")
        case code:
            return gettext("It gives no answer that could be used (%(code)s).") % {"code": code}
