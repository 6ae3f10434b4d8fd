"""Django admin: what the bot knows, and the words by which it knows what a customer wants."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from chatbot.knowledge.articles import delete_articles, write_article
from chatbot.knowledge.entries import delete_entries, phrasings, write_entries, write_entry
from chatbot.knowledge.passage_ids import article_key_of, articles_in_the_way, entries_in_the_way
from chatbot.knowledge.passages import MAX_ARTICLE_KEY_LENGTH, passages_of
from chatbot.models import MAX_QUESTION_LENGTH, Article, KnowledgeEntry, Phrase
from workbench.admin.learning import finish_group, first_values

GOOD_PHRASINGS = 10


class EntryForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = KnowledgeEntry
        fields = ("question", "alternatives", "answer", "language", "url", "key", "is_active")
        widgets = {
            "question": forms.TextInput(attrs={"size": 60}),
            "alternatives": forms.Textarea(attrs={"rows": GOOD_PHRASINGS + 1, "cols": 80}),
            "answer": forms.Textarea(attrs={"rows": 8, "cols": 80}),
            "url": forms.TextInput(attrs={"size": 60}),
        }
        help_texts = {
            "question": _("As the bot shows it when it asks “did you mean”."),
            "answer": _("What the bot says, word for word. It is shown as it stands: no Markdown."),
            "is_active": _("What is not active is not found, and stays as it is."),
        }

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if articles_in_the_way([key]):
            raise ValidationError(
                _("Ids like “%(article)s#1” are kept for passages of an article: choose another one.")
                % {"article": article_key_of(key)}
            )
        return key

    def clean_alternatives(self) -> str:
        lines = [" ".join(line.split()) for line in self.cleaned_data["alternatives"].splitlines()]
        if any(len(line) > MAX_QUESTION_LENGTH for line in lines):
            raise ValidationError(
                _("A line has more than %(count)s characters: write one question a line.")
                % {"count": MAX_QUESTION_LENGTH}
            )
        return "\n".join(line for line in lines if line)


class IsPassage(admin.SimpleListFilter):
    """Entries that somebody wrote, or those that articles are cut into."""

    title = _("from an article")
    parameter_name = "passage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("No")), ("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[KnowledgeEntry]) -> QuerySet[KnowledgeEntry]:
        if self.value() not in ("no", "yes"):
            return queryset
        return queryset.filter(article__isnull=self.value() == "no")


@admin.register(KnowledgeEntry)
class KnowledgeEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A change can be found within seconds, by every process. Passages are changed with their article."""

    form = EntryForm
    list_display = ("question", "language", "is_active", "phrasing_count", "from_article", "key")
    list_filter = ("language", "is_active", IsPassage, ("article", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("article",)
    search_fields = ("question", "alternatives", "answer", "key")
    show_full_result_count = False
    actions = ("activate", "deactivate")

    @admin.display(description=_("ways to ask"))
    def phrasing_count(self, entry: KnowledgeEntry) -> int:
        return len(phrasings(entry))

    @admin.display(description=_("article"), ordering="article__title")
    def from_article(self, entry: KnowledgeEntry) -> SafeString | str:
        if entry.article is None:
            return ""
        address = reverse("admin:chatbot_article_change", args=[entry.article.pk])
        return format_html('<a href="{}">{}</a>', address, entry.article.title)

    @admin.action(description=_("Activate selected entries"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[KnowledgeEntry]) -> None:
        self._set_active(request, queryset, is_active=True)

    @admin.action(description=_("Deactivate selected entries"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[KnowledgeEntry]) -> None:
        self._set_active(request, queryset, is_active=False)

    def _set_active(self, request: HttpRequest, queryset: QuerySet[KnowledgeEntry], *, is_active: bool) -> None:
        entries = list(queryset.filter(article=None).exclude(is_active=is_active))
        for entry in entries:
            entry.is_active = is_active
        if entries:
            write_entries(entries)
            for entry in entries:
                self.log_change(request, entry, [{"changed": {"fields": ["Active"]}}])
        self.message_user(
            request, _("Changed: %(count)s. Passages are changed with their article.") % {"count": len(entries)}
        )

    def get_fields(self, request: HttpRequest, obj: KnowledgeEntry | None = None) -> tuple[str, ...]:
        return (*EntryForm.Meta.fields, "from_article") if obj and obj.article_id else EntryForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: KnowledgeEntry | None = None) -> tuple[str, ...]:
        return ("from_article",) if obj and obj.article_id else ()

    def has_change_permission(self, request: HttpRequest, obj: KnowledgeEntry | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.article_id)

    def has_delete_permission(self, request: HttpRequest, obj: KnowledgeEntry | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.article_id)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_changeform_initial_data(request), **first_values(request)}

    def save_model(
        self, request: HttpRequest, obj: KnowledgeEntry, form: "forms.ModelForm[KnowledgeEntry]", change: bool
    ) -> None:
        write_entry(obj)
        if not change:
            finish_group(request)

    def delete_model(self, request: HttpRequest, obj: KnowledgeEntry) -> None:
        delete_entries([obj.key])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[KnowledgeEntry]) -> None:
        delete_entries(queryset.filter(article=None).values_list("key", flat=True))


class ArticleForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Article
        fields = ("title", "text", "language", "url", "key", "is_active")
        widgets = {
            "title": forms.TextInput(attrs={"size": 60}),
            "text": forms.Textarea(attrs={"rows": 25, "cols": 100}),
            "url": forms.TextInput(attrs={"size": 60}),
        }

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if len(key) > MAX_ARTICLE_KEY_LENGTH:
            raise ValidationError(
                _("Use at most %(count)s characters: passages are numbered after it.")
                % {"count": MAX_ARTICLE_KEY_LENGTH}
            )
        if entry := entries_in_the_way([key]).get(key):
            raise ValidationError(
                _("The entry “%(entry)s” has the id of a passage of this article: choose another one.")
                % {"entry": entry}
            )
        return key


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """An article is cut into passages whenever it is saved."""

    form = ArticleForm
    list_display = ("title", "language", "is_active", "key")
    list_filter = ("language", "is_active")
    search_fields = ("title", "text", "key")

    def get_fields(self, request: HttpRequest, obj: Article | None = None) -> tuple[str, ...]:
        return (*ArticleForm.Meta.fields, "passages") if obj else ArticleForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Article | None = None) -> tuple[str, ...]:
        return ("passages",) if obj else ()

    @admin.display(description=_("passages"))
    def passages(self, article: Article) -> SafeString:
        """As the bot shows them."""
        rows = ((each.question, linebreaksbr(each.answer, autoescape=True)) for each in passages_of(article))
        shown = format_html_join("", "<li><b>{}</b><p>{}</p></li>", rows)
        return format_html("<ol>{}</ol>", shown)

    def save_model(self, request: HttpRequest, obj: Article, form: "forms.ModelForm[Article]", change: bool) -> None:
        write_article(obj)

    def delete_model(self, request: HttpRequest, obj: Article) -> None:
        delete_articles([obj.key])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        delete_articles(queryset.values_list("key", flat=True))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its passages go with it, although nobody may delete one of them alone."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, lacking - {KnowledgeEntry._meta.verbose_name}, protected


@admin.register(Phrase)
class PhraseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Beside what the bot understands by itself."""

    list_display = ("text", "kind")
    list_filter = ("kind",)
    search_fields = ("text",)
