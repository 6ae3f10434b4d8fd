"""Django admin: what the bot knows."""

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from chatbot.knowledge.entries import delete_entries, write_entry
from chatbot.models import KnowledgeEntry


@admin.register(KnowledgeEntry)
class KnowledgeEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A change can be found within seconds, by every process."""

    list_display = ("question", "language", "key", "is_active")
    list_filter = ("language", "is_active")
    search_fields = ("question", "alternatives", "answer", "key")

    def save_model(
        self, request: HttpRequest, obj: KnowledgeEntry, form: "ModelForm[KnowledgeEntry]", change: bool
    ) -> None:
        write_entry(obj)

    def delete_model(self, request: HttpRequest, obj: KnowledgeEntry) -> None:
        delete_entries([obj.key])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[KnowledgeEntry]) -> None:
        delete_entries(queryset.values_list("key", flat=True))
