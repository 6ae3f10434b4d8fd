"""Django admin: the rules by which customers are sorted, who is a VIP, and the labels that agents are suggested."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, validate_email
from django.utils.translation import gettext_lazy as _

from chatbot.conversations.queue_rules import phrases_of
from chatbot.models import Label, QueueRule, VipCustomer

CONDITIONS = ("words", "is_vip", "page", "language", "waited_seconds")
RESULTS = ("team", "priority", "label")


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = QueueRule
        exclude: tuple[str, ...] = ()
        widgets = {"words": forms.Textarea(attrs={"rows": 4, "cols": 40})}

    def clean_words(self) -> str:
        return "\n".join(line.strip() for line in self.cleaned_data["words"].splitlines() if phrases_of(line))

    def clean_label(self) -> str:
        label: str = self.cleaned_data["label"].strip()
        return label

    def clean(self) -> dict[str, Any] | None:
        given = super().clean() or {}
        if not self.errors and all(given.get(field) in ("", None, False) for field in CONDITIONS):
            raise ValidationError(_("Fill in at least one condition: without any the rule would be true of everybody."))
        if not self.errors and all(given.get(field) in ("", None) for field in RESULTS):
            raise ValidationError(_("Say what the rule gives: a team, a priority or a label."))
        return given


@admin.register(QueueRule)
class QueueRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A rule that is changed holds for who asks from then on."""

    form = RuleForm
    list_display = ("name", "is_active", "order", "team", "priority", "label", "waited_seconds")
    list_editable = ("is_active", "order")
    list_select_related = ("team",)
    search_fields = ("name", "words", "label")
    fieldsets = (
        (None, {"fields": ("name", "is_active", "order")}),
        (
            _("If all of this is true"),
            {"fields": CONDITIONS, "description": _("What is left empty is not asked for.")},
        ),
        (_("Then the conversation gets"), {"fields": RESULTS}),
    )


class VipForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = VipCustomer
        fields = ("address",)

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"].strip().casefold()
        try:
            validate_email(f"somebody{address}" if address.startswith("@") else address)
        except ValidationError:
            raise ValidationError(
                _("Write an e-mail address, or @ and a domain, for example @example.com."), EmailValidator.code
            ) from None
        return address


@admin.register(VipCustomer)
class VipCustomerAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nobody checks the address that a customer gives: a VIP is served sooner, and is shown nothing more."""

    form = VipForm
    search_fields = ("address",)


@admin.register(Label)
class LabelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What agents are suggested. One that is deleted stays on the conversations that have it."""

    search_fields = ("name",)
