"""The only writer of articles: one is always together with the passages that it is cut into."""

from collections.abc import Iterable

from django.db import transaction

from chatbot.knowledge.entries import next_revision, write_entries
from chatbot.knowledge.passages import passages_of
from chatbot.models import Article, KnowledgeEntry

# What an import replaces of an article whose key is known.
CONTENT = ("title", "language", "url", "text", "is_active")

# SQLite takes 32,766 parameters; these have at most 20,000 passages.
AT_ONCE = 20


def write_article(article: Article) -> int:
    """Write one that may have a new key, and return how many passages it has. Locks the revision."""
    with transaction.atomic():
        next_revision()
        article.save()
        return _write_passages([article])


def write_articles(articles: Iterable[Article]) -> int:
    """Write articles, each in place of that with its key; return how many passages they have. Locks the revision."""
    given = list(articles)
    with transaction.atomic():
        next_revision()
        Article.objects.bulk_create(
            given, update_conflicts=True, unique_fields=["key"], update_fields=CONTENT, batch_size=100
        )
        known = Article.objects.in_bulk([each.key for each in given], field_name="key")
        return _write_passages(list(known.values()))


def delete_articles(keys: Iterable[str]) -> int:
    """Delete articles with their passages, and return how many articles there were. Locks the revision."""
    with transaction.atomic():
        next_revision()
        deleted, by_model = Article.objects.filter(key__in=list(keys)).delete()
    return by_model.get(Article._meta.label, 0) if deleted else 0


def _write_passages(articles: list[Article]) -> int:
    """Those that an article does not have any more are deleted."""
    return sum(_write_passages_of(articles[start : start + AT_ONCE]) for start in range(0, len(articles), AT_ONCE))


def _write_passages_of(articles: list[Article]) -> int:
    passages = [passage for article in articles for passage in passages_of(article)]
    KnowledgeEntry.objects.filter(article__in=articles).exclude(key__in=[each.key for each in passages]).delete()
    return write_entries(passages)
