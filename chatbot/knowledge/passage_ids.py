"""Which ids are those of passages: an entry that has one is replaced when the article is written next."""

import re
from collections.abc import Iterable

from chatbot.models import Article, KnowledgeEntry

_OF_A_PASSAGE = re.compile(r"(.+)#[1-9]\d{0,2}", re.DOTALL)


def article_key_of(key: str) -> str:
    """The id of the article that a passage with this id would be of; "" if no passage has such an id."""
    found = _OF_A_PASSAGE.fullmatch(key)
    return found[1] if found else ""


def articles_in_the_way(keys: Iterable[str]) -> dict[str, str]:
    """Of ids of entries those that are kept for passages, each with the id of the article. One query, or none."""
    kept = {key: article for key in keys if (article := article_key_of(key))}
    known = set(Article.objects.filter(key__in=set(kept.values())).values_list("key", flat=True)) if kept else set()
    return {key: article for key, article in kept.items() if article in known}


def entries_in_the_way(article_keys: Iterable[str]) -> dict[str, str]:
    """Of ids of articles those of which an entry has a passage's id, each with the id of such an entry. One query."""
    wanted = set(article_keys)
    if not wanted:
        return {}
    entries = KnowledgeEntry.objects.filter(article=None, key__contains="#").order_by("-key")
    of_articles = ((article_key_of(key), key) for key in entries.values_list("key", flat=True))
    return {article: key for article, key in of_articles if article in wanted}
