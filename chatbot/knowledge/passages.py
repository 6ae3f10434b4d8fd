"""An article in Markdown, cut into passages at its headings: plain text, since customers are shown it as it stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from chatbot.knowledge.language import CHINESE
from chatbot.models import MAX_KEY_LENGTH, MAX_QUESTION_LENGTH, Article, KnowledgeEntry

GOOD_PASSAGE_LENGTH = 1200

MAX_ALTERNATIVES = 8

# An article's key is that of its passages, up to #999.
MAX_ARTICLE_KEY_LENGTH = MAX_KEY_LENGTH - 4
MAX_PASSAGES = 999

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_SENTENCE_LENGTHS = range(8, 201)


@dataclass(slots=True)
class _Section:
    """What stands below a heading; of what stands before the first one it is empty."""

    heading: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return plain_text("\n".join(self.lines)).strip()


def passages_of(article: Article) -> list[KnowledgeEntry]:
    """The article's passages as entries that are not yet written, in its order; the first MAX_PASSAGES of them."""
    pieces = [
        (section.heading, part, piece)
        for section in _sections(article.text)
        for part, piece in enumerate(_pieces(section.text), start=1)
    ]
    return [
        KnowledgeEntry(
            key=f"{article.key}#{number}",
            language=article.language,
            question=_question(article, heading, part),
            alternatives="\n".join(_alternatives(heading, piece)),
            answer=piece,
            url=article.url,
            article=article,
            is_active=article.is_active,
        )
        for number, (heading, part, piece) in enumerate(pieces[:MAX_PASSAGES], start=1)
    ]


def first_heading(text: str) -> str:
    """ "" where there is none."""
    return next((section.heading for section in _sections(text) if section.heading), "")


def plain_text(markdown: str) -> str:
    """Without marks of emphasis, code and quotation; a link is its words and, after them, its address."""
    text = re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    text = re.sub(r"\[([^\]]+)\]\((\S+?)(?:\s+\"[^\"]*\")?\)", _link, text)
    text = re.sub(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1", r"\2", text)
    text = re.sub(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])", r"\1", text)
    text = re.sub(r"(?<!\w)_(?=\S)([^_\n]+?)(?<=\S)_(?!\w)", r"\1", text)
    text = re.sub(r"`([^`\n]+)`", r"\1", text)
    text = re.sub(r"(?m)^ {0,3}>[ ]?", "", text)
    text = re.sub(r"(?m)^ {0,3}(?:```|~~~).*\n?", "", text)
    return re.sub(r"\n{3,}", "\n\n", text)


def _link(found: "re.Match[str]") -> str:
    words, address = found.groups()
    return words if words == address or address.startswith("#") else f"{words} ({address})"


def _sections(text: str) -> Iterator[_Section]:
    section, is_code = _Section(), False
    for line in text.splitlines():
        if _FENCE.match(line):
            is_code = not is_code
        heading = None if is_code else _HEADING.match(line)
        if heading is None:
            section.lines.append(line)
            continue
        yield section
        section = _Section(plain_text(heading[2]))
    yield section


def _question(article: Article, heading: str, part: int) -> str:
    """With the article's title before the heading, which alone ("Costs") may say too little."""
    colon = "：" if article.language == CHINESE else ": "
    whole = f"{article.title}{colon}{heading}" if heading and heading != article.title else article.title
    number = f" ({part})" if part > 1 else ""
    return whole[: MAX_QUESTION_LENGTH - len(number)] + number


def _alternatives(heading: str, piece: str) -> list[str]:
    sentences = (" ".join(each.split()).lstrip("-*• ") for each in _SENTENCE_END.split(piece))
    good = (each for each in sentences if len(each) in _SENTENCE_LENGTHS)
    return list(dict.fromkeys(each for each in (heading, *good) if each))[:MAX_ALTERNATIVES]


def _pieces(text: str) -> Iterator[str]:
    """At most GOOD_PASSAGE_LENGTH characters each: of whole paragraphs; of sentences where a paragraph is longer."""
    if len(text) <= GOOD_PASSAGE_LENGTH:
        if text:
            yield text
        return
    piece = ""
    for joint, part in _parts(text):
        if piece and len(piece) + len(joint) + len(part) > GOOD_PASSAGE_LENGTH:
            yield piece
            piece = ""
        piece = f"{piece}{joint}{part}" if piece else part
    yield piece


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Each with what joins it to the one before."""
    for paragraph in re.split(r"\n\s*\n", text):
        if len(paragraph) <= GOOD_PASSAGE_LENGTH:
            yield "\n\n", paragraph.strip("\n")
            continue
        joint = "\n\n"
        for sentence in re.split(r"(?<=[.!?])(?=\s)|(?<=[。！？])|(?=\n)", paragraph):
            for start in range(0, len(sentence), GOOD_PASSAGE_LENGTH):
                yield joint, sentence[start : start + GOOD_PASSAGE_LENGTH]
                joint = ""
