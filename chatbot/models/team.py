"""Teams of agents: who may be asked, when, and how conversations are given to them."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from chatbot.models.engine import BotEngine

MAX_TEAM_NAME_LENGTH = 60

MAX_BOT_RULE_LENGTH = 16

# Of a customer's patience: who looks something up is not hurried.
MIN_QUIET_SECONDS = 30

# A supervisor's stream reads the channels of all teams, and a stream has at most 60 (realtime/stream/position.py).
MAX_TEAMS = 50


class Assignment(models.TextChoices):
    """How a waiting session gets its agent."""

    OFF = "off", _("Agents take conversations themselves")
    OFFER = "offer", _("Offered to the agent with the fewest")


class Afterwards(models.TextChoices):
    """What becomes of a session whose agent does not answer, or is gone."""

    REQUEUE = "requeue", _("Back to the front of the queue")
    STAY = "stay", _("Stays with the agent")


class Team(models.Model):
    """A group of agents with a queue of its own. The default team is that of sessions whose `team` is null.

    Every period is in seconds; null switches off what it is for.
    """

    name = models.CharField(_("name"), max_length=MAX_TEAM_NAME_LENGTH, unique=True)
    is_default = models.BooleanField(_("default team"), default=False, editable=False)
    assignment = models.CharField(_("assignment"), max_length=8, choices=Assignment, default=Assignment.OFF)
    offer_seconds = models.PositiveIntegerField(_("an offer lasts (seconds)"), default=20)
    first_reply_seconds = models.PositiveIntegerField(_("first reply within (seconds)"), null=True, blank=True)
    vanished_seconds = models.PositiveIntegerField(_("agent may be offline for (seconds)"), null=True, blank=True)
    when_silent = models.CharField(
        _("if the agent is silent or gone"), max_length=8, choices=Afterwards, default=Afterwards.REQUEUE
    )
    lapse_makes_away = models.BooleanField(_("an agent who lets an offer run out is set to away"), default=True)
    remind_seconds = models.PositiveIntegerField(
        _("remind a silent customer after (seconds)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(MIN_QUIET_SECONDS)],
        help_text=_("While an agent waits for the customer's answer. Empty: never."),
    )
    close_seconds = models.PositiveIntegerField(
        _("close after the reminder after (seconds)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(MIN_QUIET_SECONDS)],
        help_text=_("If the customer has not answered the reminder either. Empty: never."),
    )
    ramp = models.PositiveSmallIntegerField(
        _("conversations at first"),
        null=True,
        blank=True,
        help_text=_("Who becomes available is offered so many, then one more every half minute."),
    )
    bot = models.CharField(
        _("bot"),
        max_length=MAX_BOT_RULE_LENGTH,
        default="first",
        help_text=_("first, never, after_hours, or above:N (while more than N customers wait)"),
    )
    # Null for that of the environment (BOT_BASE_URL), or the one that is built in.
    engine = models.ForeignKey(
        BotEngine,
        verbose_name=_("which bot"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text=_("Without one: the endpoint of the environment (BOT_BASE_URL), else the bot that is built in."),
    )
    max_waiting = models.PositiveIntegerField(_("longest queue"), null=True, blank=True)
    max_wait_seconds = models.PositiveIntegerField(_("longest wait (seconds)"), null=True, blank=True)
    is_offered_to_customers = models.BooleanField(_("customers may choose it"), default=False)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_team"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TeamMember(models.Model):
    """An agent belongs to a team. One who belongs to none belongs to the default team."""

    team = models.ForeignKey(Team, verbose_name=_("team"), on_delete=models.CASCADE, related_name="members")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("agent"), on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [models.UniqueConstraint(fields=["team", "agent"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.team_id} {self.agent_id}"


class OpeningHours(models.Model):
    """When a team is there, by its own clock. A team without any is always open."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        choices=[
            (0, _("Monday")),
            (1, _("Tuesday")),
            (2, _("Wednesday")),
            (3, _("Thursday")),
            (4, _("Friday")),
            (5, _("Saturday")),
            (6, _("Sunday")),
        ],
    )
    opens_at = models.TimeField(_("opens"))
    closes_at = models.TimeField(_("closes"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ["weekday", "opens_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes_at__gt=models.F("opens_at")),
                name="opens_before_it_closes",
                violation_error_message=_("It must open before it closes."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens_at}–{self.closes_at}"


class Holiday(models.Model):
    """A day on which a team is closed."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="holidays")
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["team", "date"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"
