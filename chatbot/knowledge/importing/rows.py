"""One entry of a file: its columns are checked, whatever kind of file it is."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from chatbot.knowledge.language import CHINESE, ENGLISH
from chatbot.models import MAX_CONTENT_LENGTH, MAX_KEY_LENGTH, MAX_QUESTION_LENGTH, MAX_URL_LENGTH, KnowledgeEntry
from chatbot.models.knowledge import IS_URL

COLUMNS = ("id", "language", "question", "alternatives", "answer", "url")

LANGUAGES = f"{ENGLISH} or {CHINESE}"


class WrongRow(Exception):
    """Says what is wrong with a row and what to do about it."""


def entry_of(row: Mapping[str, Any]) -> KnowledgeEntry:
    """A row with COLUMNS as an entry that is not yet written; other columns do not count. Raises WrongRow."""
    return KnowledgeEntry(
        key=_line(row, "id", MAX_KEY_LENGTH),
        language=language_called(_line(row, "language", 16)),
        question=_line(row, "question", MAX_QUESTION_LENGTH),
        alternatives="\n".join(_alternatives(row)),
        answer=_text(row, "answer", MAX_CONTENT_LENGTH),
        url=checked_url(row.get("url")),
    )


def language_called(name: str) -> str:
    """Ours for a name of a language: en for en-US, zh-hans for zh and zh-CN. Raises WrongRow."""
    first = name.strip().lower().replace("_", "-").partition("-")[0]
    if first not in (ENGLISH, "zh"):
        raise WrongRow(f"the language is {name!r}: write {LANGUAGES}")
    return ENGLISH if first == ENGLISH else CHINESE


def checked_url(given: object) -> str:
    """The address, "" for none. Raises WrongRow."""
    url = _plain("url", given or "").strip()
    try:
        if url:
            IS_URL(url)
    except ValidationError:
        raise WrongRow(f"the url is {url!r}: write an address that begins with https:// or http://, or none") from None
    if len(url) > MAX_URL_LENGTH:
        raise WrongRow(_too_long("url", url, MAX_URL_LENGTH))
    return url


def checked_text(name: str, given: object) -> str:
    """What it says, trimmed; never empty. Raises WrongRow."""
    text = _plain(name, given).strip()
    if not text:
        raise WrongRow(f"{name} is empty: write it, or take the row out")
    return text


def _text(row: Mapping[str, Any], name: str, limit: int) -> str:
    if row.get(name) is None:
        raise WrongRow(f"{name} is missing: add it")
    text = checked_text(name, row[name])
    if len(text) > limit:
        raise WrongRow(_too_long(name, text, limit))
    return text


def _line(row: Mapping[str, Any], name: str, limit: int) -> str:
    return " ".join(_text(row, name, limit).split())


def _alternatives(row: Mapping[str, Any]) -> list[str]:
    given = row.get("alternatives") or []
    if not isinstance(given, list):
        raise WrongRow('alternatives is no list: write ["…", "…"], or [] for none')
    lines = [" ".join(_plain("an alternative", each).split()) for each in given]
    for line in lines:
        if len(line) > MAX_QUESTION_LENGTH:
            raise WrongRow(_too_long("an alternative", line, MAX_QUESTION_LENGTH))
    return [line for line in lines if line]


def _plain(name: str, given: object) -> str:
    if not isinstance(given, str):
        raise WrongRow(f"{name} is no text: put it in quotation marks")
    if "\0" in given or any("\ud800" <= character <= "\udfff" for character in given):
        raise WrongRow(f"{name} has characters that cannot be stored (NUL, halves of pairs): take them out")
    return given


def _too_long(name: str, text: str, limit: int) -> str:
    return f"{name} has {len(text):,} characters: shorten it to {limit:,}"
