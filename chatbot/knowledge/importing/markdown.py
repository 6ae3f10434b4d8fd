"""A file in Markdown is an article: its name is the id, its front matter or its first heading the title."""

import re

from chatbot.knowledge.importing.rows import WrongRow, checked_text, checked_url, language_called
from chatbot.knowledge.language import language_of
from chatbot.knowledge.passages import MAX_ARTICLE_KEY_LENGTH, first_heading
from chatbot.models import MAX_QUESTION_LENGTH, Article

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|$)", re.DOTALL)


def article_of(key: str, text: str, language: str) -> Article:
    """The article that is not yet written; `language` is that of files that do not say theirs, "" to go by the words.

    Front matter may say `title`, `language` and `url`. Raises WrongRow.
    """
    if len(key) > MAX_ARTICLE_KEY_LENGTH:
        raise WrongRow(f"the file's name is its id: shorten it to {MAX_ARTICLE_KEY_LENGTH} characters")
    found = _FRONT_MATTER.match(text)
    said = _said(found[1] or "") if found else {}
    body = checked_text("the text", text[found.end() :] if found else text)
    title = said.get("title") or first_heading(body)
    if not title:
        raise WrongRow("it has no title: begin it with a heading (# …)")
    named = said.get("language") or language
    return Article(
        key=key,
        title=title[:MAX_QUESTION_LENGTH],
        language=language_called(named) if named else language_of(body),
        url=checked_url(said.get("url")),
        text=body,
    )


def _said(lines: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines.splitlines() if ":" in line)
    return {name.strip().lower(): value.strip().strip("\"'") for name, _, value in pairs}
