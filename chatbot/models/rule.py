"""Labels, and the rules by which who asks for an agent gets a team, a priority and a label."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from chatbot.models.session import MAX_EMAIL_LENGTH, MAX_PAGE_LENGTH, ChatSession, Language, Priority
from chatbot.models.team import Team

MAX_LABEL_LENGTH = 40

MAX_RULE_NAME_LENGTH = 60


class Label(models.Model):
    """A label that was used, or is suggested. Sessions carry names, so that one that is deleted stays on them."""

    name = models.CharField(_("name"), max_length=MAX_LABEL_LENGTH, unique=True)

    class Meta:
        verbose_name = _("label")
        verbose_name_plural = _("labels")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class VipCustomer(models.Model):
    """A customer who is known by the e-mail address that he gives, or all of a company by `@` and its domain."""

    address = models.CharField(_("e-mail address, or @domain"), max_length=MAX_EMAIL_LENGTH, unique=True)

    class Meta:
        verbose_name = _("VIP")
        verbose_name_plural = _("VIPs")
        ordering = ["address"]

    def __str__(self) -> str:
        return self.address


class QueueRule(models.Model):
    """If all that is filled in is true of a session that waits, it gets what the rule says.

    A rule with `waited_seconds` is tried once in each wait, when the customer has waited so long; every other one when
    he asks for an agent.
    """

    name = models.CharField(_("name"), max_length=MAX_RULE_NAME_LENGTH, unique=True)
    is_active = models.BooleanField(_("active"), default=True)
    order = models.PositiveSmallIntegerField(
        _("order"), default=10, help_text=_("Lower numbers first. Of two rules that name a team the first decides.")
    )
    words = models.TextField(
        _("words"), blank=True, help_text=_("One word or phrase a line; one that the customer has written is enough.")
    )
    is_vip = models.BooleanField(_("the customer is a VIP"), default=False)
    page = models.CharField(
        _("page"),
        max_length=MAX_PAGE_LENGTH,
        blank=True,
        help_text=_("A part of the address of the page that the customer came from, for example /pricing."),
    )
    language = models.CharField(_("language"), max_length=16, choices=Language, blank=True)
    waited_seconds = models.PositiveIntegerField(_("waited longer than (seconds)"), null=True, blank=True)
    team = models.ForeignKey(
        Team, verbose_name=_("team"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    priority = models.PositiveSmallIntegerField(_("priority at least"), choices=Priority, null=True, blank=True)
    label = models.CharField(_("label"), max_length=MAX_LABEL_LENGTH, blank=True)

    class Meta:
        verbose_name = _("queue rule")
        verbose_name_plural = _("queue rules")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.name


class TriedRule(models.Model):
    """When a rule about waiting was tried on a session: in this wait it is not tried again."""

    rule = models.ForeignKey(QueueRule, on_delete=models.CASCADE, related_name="+", db_index=False)
    session = models.ForeignKey(ChatSession, on_delete=models.CASCADE, related_name="+")
    tried_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "session"], name="rule_tried_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.session_id}"
