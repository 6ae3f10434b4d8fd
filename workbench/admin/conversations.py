"""Django admin: sessions with their messages, and what the bot knows."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from chatbot.models import ChatSession, Message, Role
from workbench.admin.learning import FROM_ANSWER, address_of_new_entry
from workbench.admin.read_only import ReadOnlyAdmin

SHOWN_MESSAGES = 50

PREVIEW_CHARACTERS = 80


@admin.register(ChatSession)
class ChatSessionAdmin(ReadOnlyAdmin):
    list_display = ("name", "status", "assignee", "customer_name", "last_activity_at", "created_at")
    list_filter = ("status", "language", "created_at", ("assignee", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("assignee",)
    search_fields = ("name", "customer_name", "customer_email", "last_message", "assignee__username")
    exclude = ("owner_digest", "token_digest")
    readonly_fields = ("transcript",)
    show_full_result_count = False

    @admin.display(description=_("messages"))
    def transcript(self, session: ChatSession) -> SafeString:
        """The latest messages; the list of messages, which has pages, shows all."""
        latest = list(session.messages.order_by("-id")[:SHOWN_MESSAGES])
        rows = format_html_join(
            "",
            "<li>{} <b>{}</b>: {} {}</li>",
            ((m.created_at, m.sender, m.content, _link_to_new_entry(m)) for m in reversed(latest)),
        )
        everything = f"{reverse('admin:chatbot_message_changelist')}?session__id__exact={session.pk}"
        return format_html('<ul>{}</ul><a href="{}">{}</a>', rows, everything, _("All messages of this session"))


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "session", "sender", "preview")
    list_filter = ("role", "created_at")
    list_select_related = ("session",)
    search_fields = ("content", "session__name", "sender")
    readonly_fields = ("as_entry",)
    ordering = ("-id",)
    show_full_result_count = False

    @admin.display(description=_("knowledge base"))
    def as_entry(self, message: Message) -> SafeString | str:
        return _link_to_new_entry(message)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "session__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("content"))
    def preview(self, message: Message) -> str:
        return Truncator(message.content).chars(PREVIEW_CHARACTERS)


def _link_to_new_entry(message: Message) -> SafeString | str:
    """For an agent's answer; nothing for other messages."""
    if message.role != Role.AGENT or not message.content:
        return ""
    address = address_of_new_entry(**{FROM_ANSWER: message.pk})
    return format_html('<a href="{}">{}</a>', address, _("Make an entry of this answer"))
