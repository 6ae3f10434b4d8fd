"""Django admin: how much each agent takes at once, and what agents may pick when they say why they are away."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chatbot.models import AgentState, AvailabilityReason
from workbench.waking import wake_assignment


@admin.register(AgentState)
class AgentStateAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The capacity is set here; the rest is what agents choose and do. One who has no row is as the defaults say."""

    list_display = ("agent", "capacity", "availability", "reason", "is_connected", "last_input_at")
    list_select_related = ("agent",)
    list_filter = ("availability", "is_connected")
    search_fields = ("agent__username", "agent__first_name", "agent__last_name")
    autocomplete_fields = ("agent",)
    fields = ("agent", "capacity")
    ordering = ("agent__username",)

    def get_readonly_fields(self, request: HttpRequest, obj: AgentState | None = None) -> tuple[str, ...]:
        return ("agent",) if obj else ()

    def save_model(self, request: HttpRequest, obj: AgentState, form: Any, change: bool) -> None:
        """Only what was edited: the rest may have changed since the form was read."""
        obj.save(update_fields=["capacity"] if change else None)
        wake_assignment()

    def has_delete_permission(self, request: HttpRequest, obj: AgentState | None = None) -> bool:
        return False


@admin.register(AvailabilityReason)
class AvailabilityReasonAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list of suggestions: agents may write others."""

    list_display = ("text", "availability")
    list_filter = ("availability",)
    search_fields = ("text",)
    fieldsets = ((None, {"fields": ("availability", "text"), "description": _("What agents may pick to say why.")}),)
