"""Django admin: the event log."""

from django.contrib import admin

from realtime.models import LoggedEvent
from workbench.admin.read_only import ReadOnlyAdmin


@admin.register(LoggedEvent)
class LoggedEventAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "channel", "number", "type")
    list_filter = ("type", "created_at")
    search_fields = ("=channel", "=type", "envelope")
    ordering = ("-id",)
    show_full_result_count = False
