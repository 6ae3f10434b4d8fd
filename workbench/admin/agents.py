"""Django admin: agents."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from realtime import groups
from workbench.assignment.stranded import requeue_sessions_of

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
