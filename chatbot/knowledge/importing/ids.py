"""Looks for ids that entries and passages of articles would take from each other."""

from chatbot.knowledge.importing.reading import Reading, Remark, WrongFiles
from chatbot.knowledge.passage_ids import article_key_of, articles_in_the_way, entries_in_the_way


def check_ids(reading: Reading) -> None:
    """Compare what was read with itself, and with what is known already. Raises WrongFiles. Two queries at most."""
    kept = articles_in_the_way(reading.entries)
    kept |= {key: article for key in reading.entries if (article := article_key_of(key)) in reading.articles}
    problems = [
        Remark(*reading.lines[key], f"the id {key!r} is kept for passages of the article {article!r}: write another id")
        for key, article in kept.items()
    ]
    problems += [
        Remark(reading.files[article], 1, f"the entry {key!r} has the id of a passage of this article: rename the file")
        for article, key in entries_in_the_way(reading.articles).items()
    ]
    if problems:
        raise WrongFiles(problems)
