"""Django admin: agents, sessions with their messages, what the bot knows, and the event log."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from chatbot.models import BotAnswer, ChatSession, Message
from realtime import groups
from realtime.models import LoggedEvent
from workbench.stranded import requeue_sessions_of

SHOWN_MESSAGES = 50
PREVIEW_CHARACTERS = 80

admin.site.site_header = _("Handover")
admin.site.site_title = _("Handover")
admin.site.unregister(User)


class AgentCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    """The username becomes the agent's id on the wire, so it has to be a name that channels can have."""

    def clean_username(self) -> str:
        username: str = super().clean_username()
        if not groups.is_valid_name(username):
            raise ValidationError(_("Use 1 to 64 of the characters A-Z a-z 0-9 _ . - for an agent's username."))
        return username


@admin.register(User)
class AgentAdmin(UserAdmin):  # type: ignore[type-arg]
    """Agents. The username is fixed once the agent exists: channels, logs and messages carry it."""

    add_form = AgentCreationForm
    list_display = ("username", "first_name", "last_name", "is_active", "is_staff", "last_login")
    actions = ("deactivate",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return (*fields, "username") if obj else fields

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            _requeue_after_commit([obj.pk])

    @admin.action(description=_("Deactivate selected agents"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Their logins and streams end within a second, and their live conversations go back to the queue."""
        users = list(queryset.filter(is_active=True))
        with transaction.atomic():
            User.objects.filter(pk__in=[user.pk for user in users]).update(is_active=False)
            for user in users:
                self.log_change(request, user, [{"changed": {"fields": ["Active"]}}])
            _requeue_after_commit([user.pk for user in users])
        self.message_user(request, _("Deactivated agents: %(count)s") % {"count": len(users)})


def _requeue_after_commit(user_ids: list[int]) -> None:
    transaction.on_commit(lambda: requeue_sessions_of(user_ids))


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """For what only the product itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
            "", "<li>{} <b>{}</b>: {}</li>", ((m.created_at, m.sender, m.content) for m in reversed(latest))
        )
        everything = f"{reverse('admin:chatbot_message_changelist')}?session__id__exact={session.pk}"
        return format_html('<ul>{}</ul><a href="{}">{}</a>', rows, everything, _("All messages of this session"))


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "session", "sender", "preview")
    list_filter = ("role", "created_at")
    list_select_related = ("session",)
    search_fields = ("content", "session__name", "sender")
    ordering = ("-id",)
    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "session__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("content"))
    def preview(self, message: Message) -> str:
        return Truncator(message.content).chars(PREVIEW_CHARACTERS)


@admin.register(BotAnswer)
class BotAnswerAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("question", "language", "keywords", "is_active")
    list_filter = ("language", "is_active")
    search_fields = ("question", "keywords", "answer")


@admin.register(LoggedEvent)
class LoggedEventAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "channel", "number", "type")
    list_filter = ("type", "created_at")
    search_fields = ("=channel", "=type", "envelope")
    ordering = ("-id",)
    show_full_result_count = False
