"""Django admin: what the bot could not answer, and which of its answers did not help."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatbot.knowledge import unanswered
from chatbot.knowledge.language import language_of
from chatbot.models import (
    MAX_CONTENT_LENGTH,
    MAX_QUESTION_LENGTH,
    AnswerFeedback,
    KnowledgeEntry,
    Message,
    Role,
    UnansweredQuestion,
)
from workbench.admin.read_only import ReadOnlyAdmin

PREVIEW_CHARACTERS = 120

# What the address of an entry's add form says: what it is to be filled from.
FROM_GROUP = "from_group"
FROM_ANSWER = "from_answer"


def address_of_new_entry(**source: int) -> str:
    """The add form of entries, filled from a group of questions or from an agent's answer."""
    return f"{reverse('admin:chatbot_knowledgeentry_add')}?{urlencode(source)}"


def first_values(request: HttpRequest) -> dict[str, Any]:
    """What an entry's add form holds at first, by its address; nothing where that names nothing.

    Nor what the caller may not read: who may add entries need not be one who reads conversations.
    """
    may_read = request.user.has_perm("chatbot.view_message") and request.user.has_perm(
        "chatbot.view_unansweredquestion"
    )
    if not may_read:
        return {}
    if (group := _number(request, FROM_GROUP)) and (texts := unanswered.texts_of(group)):
        return _values(texts, key=f"asked-{group}")
    if pk := _number(request, FROM_ANSWER):
        answer = Message.objects.filter(pk=pk, role=Role.AGENT).first()
        return _values(_questions_before(answer), answer.content, key=f"answer-{pk}") if answer else {}
    return {}


def finish_group(request: HttpRequest) -> None:
    """Mark the group as done from which the form was filled."""
    if group := _number(request, FROM_GROUP):
        unanswered.finish([group])


def _values(texts: list[str], answer: str = "", *, key: str) -> dict[str, Any]:
    question, *others = texts or [""]
    return {
        "question": question[:MAX_QUESTION_LENGTH],
        "alternatives": "\n".join(others),
        "answer": answer[:MAX_CONTENT_LENGTH],
        "language": language_of(question or answer),
        "key": key,
    }


def _questions_before(answer: Message) -> list[str]:
    """What the customer wrote last before an agent's answer."""
    asked = Message.objects.filter(session=answer.session_id, pk__lt=answer.pk, role=Role.CUSTOMER).exclude(content="")
    return [" ".join(text.split()) for text in asked.order_by("-pk").values_list("content", flat=True)[:1]]


def _number(request: HttpRequest, name: str) -> int:
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0


class IsOpen(admin.SimpleListFilter):
    """Open ones, unless others are asked for."""

    title = _("status")
    parameter_name = "done"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Done"))]

    def choices(self, changelist: Any) -> Any:
        for value, words in ((None, _("Open")), ("yes", _("Done"))):
            query = changelist.get_query_string({self.parameter_name: value} if value else {}, [self.parameter_name])
            yield {"selected": self.value() == value, "query_string": query, "display": words}

    def queryset(self, request: HttpRequest, queryset: QuerySet[UnansweredQuestion]) -> QuerySet[UnansweredQuestion]:
        """The latest question of each group."""
        status = queryset.filter(is_done=self.value() == "yes")
        same = UnansweredQuestion.objects.filter(group=OuterRef("group"), is_done=self.value() == "yes").order_by()
        latest = same.values("group").annotate(latest=Max("pk")).values("latest")
        count = same.values("group").annotate(count=Count("pk")).values("count")
        return status.filter(pk=Subquery(latest)).annotate(count=Subquery(count))


@admin.register(UnansweredQuestion)
class UnansweredQuestionAdmin(ReadOnlyAdmin):
    """One line a group of near questions. A question goes with its message."""

    list_display = ("text", "count", "language", "asked_at", "certainty", "conversation", "entry")
    list_display_links = None
    list_filter = (IsOpen, "language", "asked_at")
    search_fields = ("text",)
    actions = ("dismiss",)
    show_full_result_count = False
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[UnansweredQuestion]:
        unanswered.gather()
        return super().get_queryset(request).select_related("message__session")

    @admin.display(description=_("asked so often"), ordering="count")
    def count(self, question: UnansweredQuestion) -> int:
        count: int = question.count  # type: ignore[attr-defined]
        return count

    @admin.display(description=_("confidence"), ordering="confidence")
    def certainty(self, question: UnansweredQuestion) -> str:
        return f"{question.confidence:.0%}"

    @admin.display(description=_("conversation"))
    def conversation(self, question: UnansweredQuestion) -> SafeString:
        return _link_to_session(question.message)

    @admin.display(description=_("knowledge base"))
    def entry(self, question: UnansweredQuestion) -> SafeString | str:
        if question.is_done or question.group is None:
            return ""
        address = address_of_new_entry(**{FROM_GROUP: question.group})
        return format_html('<a href="{}">{}</a>', address, _("Make an entry"))

    @admin.action(description=_("Dismiss selected questions, with those near them"), permissions=["dismiss"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[UnansweredQuestion]) -> None:
        count = unanswered.finish({each.group for each in queryset if each.group is not None})
        self.message_user(request, gettext("Dismissed questions: %(count)s") % {"count": count})

    def has_dismiss_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chatbot.change_unansweredquestion")


@admin.register(AnswerFeedback)
class AnswerFeedbackAdmin(ReadOnlyAdmin):
    """Answers that did not help come first; beside each, how its entry has fared with everybody."""

    list_display = ("answer", "is_helpful", "entry_link", "of_entry", "at", "conversation")
    list_display_links = None
    list_filter = ("is_helpful", "at")
    search_fields = ("entry", "message__content")
    ordering = ("is_helpful", "-at")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AnswerFeedback]:
        same = AnswerFeedback.objects.exclude(entry="").filter(entry=OuterRef("entry")).order_by().values("entry")
        helped = same.filter(is_helpful=True).annotate(count=Count("pk")).values("count")
        failed = same.filter(is_helpful=False).annotate(count=Count("pk")).values("count")
        known = KnowledgeEntry.objects.filter(key=OuterRef("entry")).values("pk")
        given: QuerySet[AnswerFeedback] = super().get_queryset(request).select_related("message__session")
        counts = {"helped": Subquery(helped), "failed": Subquery(failed), "entry_id": Subquery(known)}
        return given.annotate(**counts)

    @admin.display(description=_("answer"))
    def answer(self, feedback: AnswerFeedback) -> str:
        return Truncator(feedback.message.content).chars(PREVIEW_CHARACTERS)

    @admin.display(description=_("entry"), ordering="entry")
    def entry_link(self, feedback: AnswerFeedback) -> SafeString | str:
        entry_id: int | None = feedback.entry_id  # type: ignore[attr-defined]
        if entry_id is None:
            return feedback.entry
        address = reverse("admin:chatbot_knowledgeentry_change", args=[entry_id])
        return format_html('<a href="{}">{}</a>', address, feedback.entry)

    @admin.display(description=_("of this entry: helped, did not"), ordering="failed")
    def of_entry(self, feedback: AnswerFeedback) -> str:
        if not feedback.entry:
            return ""
        return f"{feedback.helped or 0} / {feedback.failed or 0}"  # type: ignore[attr-defined]

    @admin.display(description=_("conversation"))
    def conversation(self, feedback: AnswerFeedback) -> SafeString:
        return _link_to_session(feedback.message)


def _link_to_session(message: Message) -> SafeString:
    address = reverse("admin:chatbot_chatsession_change", args=[message.session_id])
    return format_html('<a href="{}">{}</a>', address, message.session.name)
