"""Django admin: teams, who is in them, when they are there and by which rules they work."""

from datetime import time
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from chatbot.conversations.bot_rule import is_rule
from chatbot.conversations.history import agent_actor
from chatbot.conversations.opening_hours import is_time_zone
from chatbot.models import MAX_TEAMS, Holiday, OpeningHours, Team, TeamMember
from workbench.actions.delete_team import delete_team


class TimeZoneInput(forms.TextInput):
    """A text, with the names of all time zones to choose from."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        listed = f"{name}-names"
        names = format_html_join(
            "", '<option value="{}"></option>', ((each,) for each in sorted(available_timezones()))
        )
        field = super().render(name, value, {**(attrs or {}), "list": listed, "autocomplete": "off"}, renderer)
        return format_html('{}<datalist id="{}">{}</datalist>', field, listed, names)


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Team
        exclude: tuple[str, ...] = ()
        widgets = {"time_zone": TimeZoneInput}

    def clean_bot(self) -> str:
        rule: str = self.cleaned_data["bot"].strip()
        if not is_rule(rule):
            raise ValidationError(_("Write first, never, after_hours, or above:N with a number, for example above:5."))
        return rule

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"].strip()
        if not is_time_zone(zone):
            raise ValidationError(_("There is no such time zone. Write its name, for example Asia/Shanghai."))
        return zone

    def clean(self) -> dict[str, Any] | None:
        if self.instance.pk is None and Team.objects.count() >= MAX_TEAMS:
            raise ValidationError(
                _("There are %(count)d teams already, which is as many as can be."), params={"count": MAX_TEAMS}
            )
        cleaned = super().clean() or {}
        if cleaned.get("close_seconds") and not cleaned.get("remind_seconds"):
            self.add_error("remind_seconds", _("Nobody is closed without a reminder: write after how long, too."))
        return cleaned


class HoursFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """Hours of one day do not overlap."""

    def clean(self) -> None:
        super().clean()
        kept = [
            form for form in self.forms if form.is_valid() and form.cleaned_data and not form.cleaned_data["DELETE"]
        ]
        last: dict[int, time] = {}
        for form in sorted(kept, key=lambda each: (each.cleaned_data["weekday"], each.cleaned_data["opens_at"])):
            hours = form.cleaned_data
            if hours["opens_at"] < last.get(hours["weekday"], time.min):
                form.add_error("opens_at", _("These hours overlap with others of the same day."))
            last[hours["weekday"]] = max(hours["closes_at"], last.get(hours["weekday"], time.min))


class HoursInline(admin.TabularInline):  # type: ignore[type-arg]
    model = OpeningHours
    formset = HoursFormSet
    extra = 0


class HolidayInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Holiday
    extra = 0


class MemberInline(admin.TabularInline):  # type: ignore[type-arg]
    model = TeamMember
    autocomplete_fields = ("agent",)
    extra = 0


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Teams. The default team stays; who waits for a team that is deleted waits for the default team."""

    form = TeamForm
    inlines = (MemberInline, HoursInline, HolidayInline)
    list_display = ("name", "is_default", "assignment", "bot", "engine", "member_count")
    list_select_related = ("engine",)
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "is_offered_to_customers")}),
        (
            _("Assignment"),
            {"fields": ("assignment", "offer_seconds", "ramp", "lapse_makes_away")},
        ),
        (_("Silent and absent agents"), {"fields": ("first_reply_seconds", "vanished_seconds", "when_silent")}),
        (_("Silent customers"), {"fields": ("remind_seconds", "close_seconds")}),
        (_("Bot and queue"), {"fields": ("bot", "engine", "max_waiting", "max_wait_seconds")}),
        (_("Clock"), {"fields": ("time_zone",), "description": _("Opening hours below are by this clock.")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        teams: QuerySet[Team] = super().get_queryset(request)
        return teams.annotate(member_count=Count("members"))

    @admin.display(description=_("members"))
    def member_count(self, team: Any) -> int:
        return int(team.member_count)

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_default)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without deleting several at once, which would ask nobody where their customers go."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def delete_model(self, request: HttpRequest, obj: Team) -> None:
        assert isinstance(request.user, User)
        delete_team(team_id=obj.pk, actor=agent_actor(request.user))
