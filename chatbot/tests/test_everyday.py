"""How much of what customers write everyday the bot answers, and how seldom it answers something else."""

from chatbot.knowledge.sample import demo_entries
from chatbot.knowledge.search import find_by_words
from chatbot.tests.everyday import RIGHT, WRONG, judge, read_questions

# Where no encoder is: measured, less three questions.
RIGHT_BY_WORDS = 0.69
WRONG_BY_WORDS = 0.09


def test_by_words_alone() -> None:
    entries = demo_entries()
    verdicts = judge(read_questions(), entries, lambda text: find_by_words(text, entries))
    assert verdicts.share(RIGHT) >= RIGHT_BY_WORDS, "\n".join(verdicts.others)
    assert verdicts.share(WRONG) <= WRONG_BY_WORDS, "\n".join(verdicts.others)


def test_there_are_enough_of_both_languages() -> None:
    texts = [line["text"] for line in read_questions()]
    chinese = [text for text in texts if any("\u4e00" <= letter <= "\u9fff" for letter in text)]
    assert (len(set(texts)), 50 <= len(chinese) <= 70) == (120, True)
