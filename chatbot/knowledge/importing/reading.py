"""Reads files as a whole: all of them are in order, or it is said of each line what is wrong with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from chatbot.knowledge.importing.markdown import article_of
from chatbot.knowledge.importing.rows import COLUMNS, WrongRow, entry_of
from chatbot.knowledge.importing.tables import READERS
from chatbot.models import Article, KnowledgeEntry

MARKDOWN = (".md", ".markdown")


@dataclass(frozen=True, slots=True)
class Remark:
    """About a line of a file, from 1."""

    file: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class WrongFiles(Exception):
    """What is wrong, in the order of the files."""

    def __init__(self, problems: list[Remark]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


@dataclass(slots=True)
class Reading:
    """What files hold, by id: the last of several with the same id counts, of which `warnings` tell.

    `lines` are where the entries stand, `files` where the articles do.
    """

    entries: dict[str, KnowledgeEntry] = field(default_factory=dict)
    articles: dict[str, Article] = field(default_factory=dict)
    lines: dict[str, tuple[Path, int]] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    warnings: list[Remark] = field(default_factory=list)


def read_files(files: Iterable[Path], *, language: str = "") -> Reading:
    """Read and check files; `language` is that of articles that do not say theirs. Raises WrongFiles."""
    reading, problems = Reading(), list[Remark]()
    for file in files:
        try:
            _read(file, language, reading, problems)
        except WrongRow as wrong:
            problems.append(Remark(file, 1, str(wrong)))
    if problems:
        raise WrongFiles(problems)
    return reading


def _read(file: Path, language: str, reading: Reading, problems: list[Remark]) -> None:
    kind = file.suffix.lower()
    if kind in MARKDOWN:
        if file.stem in reading.articles:
            raise WrongRow(f"another file has the same name, which is its id ({file.stem}): rename one of them")
        reading.articles[file.stem] = article_of(file.stem, _text_of(file), language)
        reading.files[file.stem] = file
    elif kind in READERS:
        _read_table(file, reading, problems)
    else:
        raise WrongRow(f"the name must end with {', '.join([*READERS, *MARKDOWN])}: rename the file")


def _read_table(file: Path, reading: Reading, problems: list[Remark]) -> None:
    others = set[str]()
    for line, row in READERS[file.suffix.lower()](_text_of(file)):
        try:
            if isinstance(row, WrongRow):
                raise row
            entry = entry_of(row)
        except WrongRow as wrong:
            problems.append(Remark(file, line, str(wrong)))
            continue
        if entry.key in reading.entries:
            reading.warnings.append(Remark(file, line, f"the id {entry.key!r} was there before: this one counts"))
        others |= row.keys() - set(COLUMNS)
        reading.entries[entry.key] = entry
        reading.lines[entry.key] = (file, line)
    if others:
        reading.warnings.append(Remark(file, 1, f"unknown columns do not count: {', '.join(sorted(others))}"))


def _text_of(file: Path) -> str:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise WrongRow(f"the file cannot be read ({error.strerror}): check its name and its rights") from None
    except UnicodeDecodeError:
        raise WrongRow("the file is not UTF-8: save it as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
