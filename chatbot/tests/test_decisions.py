"""What the built-in bot does with what was found: sure, unsure, again, to whom."""

from typing import Any

import pytest

from chatbot.bot.engine.embedded import apologise, decide
from chatbot.bot.engine.interface import Action, Context, Line, Outcome, Question
from chatbot.bot.engine.wording import UNDERSTANDING
from chatbot.bot.understanding.question import excerpt
from chatbot.bot.understanding.wishes import asks_for_human
from chatbot.knowledge.search import Candidate, Found
from chatbot.models import KnowledgeEntry
from chatbot.models.message import MAX_CONTENT_LENGTH

ENTRIES = {
    "return": KnowledgeEntry(key="return", language="en", question="How do I return it?", answer="Send it\nback."),
    "refund": KnowledgeEntry(key="refund", language="en", question="When is the refund?", answer="In a week."),
    "pay": KnowledgeEntry(key="pay", language="en", question="How can I pay?", answer="By card.", url="https://x.example/"),
    "退货": KnowledgeEntry(key="退货", language="zh-hans", question="怎么退货？", answer="寄回来。"),
    "again": KnowledgeEntry(key="again", language="en", question="how do I return it?", answer="As above."),
}  # fmt: skip


def ask(text: str, *found: tuple[str, float], language: str = "en", **context: Any) -> Outcome:
    """What the bot decides, with these keys and confidences found."""
    candidates = tuple(Candidate(key, ENTRIES[key].question, ENTRIES[key].language, sure) for key, sure in found)
    return decide(Question(text, Context("s-1", language, **context)), Found(candidates), ENTRIES)


def bot_said(*texts: str) -> tuple[Line, ...]:
    return tuple(Line("bot", text) for text in texts)


def test_of_what_it_is_sure_it_answers_to_the_letter() -> None:
    outcome = ask("money?", ("pay", 0.8), ("return", 0.2))
    assert (outcome.action, outcome.text, outcome.entry) == (Action.ANSWER, "By card.", "pay")
    assert [(each.title, each.url) for each in outcome.sources] == [("How can I pay?", "https://x.example/")]


def test_in_between_it_asks_what_was_meant() -> None:
    outcome = ask("send", ("return", 0.4), ("refund", 0.3), ("pay", 0.1))
    assert (outcome.action, outcome.suggestions) == (Action.SUGGEST, ("How do I return it?", "When is the refund?"))


def test_below_it_says_that_it_does_not_know() -> None:
    outcome = ask("meaning of life", ("return", 0.1))
    assert (outcome.action, outcome.suggestions, outcome.entry) == (Action.REFUSE, (), "")


def test_it_suggests_each_question_once_and_only_those_in_the_own_language() -> None:
    outcome = ask("send", ("退货", 0.45), ("return", 0.2), ("again", 0.18), ("refund", 0.16))
    assert outcome.suggestions == ("How do I return it?", "When is the refund?")


def test_what_another_language_knows_is_suggested_where_the_own_one_has_nothing() -> None:
    assert ask("send", ("退货", 0.35)).suggestions == ("怎么退货？",)
    assert ask("send", ("退货", 0.35), ("return", 0.1)).action is Action.REFUSE


def test_a_suggestion_that_was_pressed_is_answered() -> None:
    assert ask("when is the refund", ("return", 0.4), ("refund", 0.3)).entry == "refund"


def test_two_that_cannot_both_be_probable_are_suggested() -> None:
    assert ask("send", ("return", 0.8), ("refund", 0.6)).suggestions == ("How do I return it?", "When is the refund?")


def test_of_what_was_found_by_words_the_best_is_the_answer() -> None:
    candidates = [Candidate(key, ENTRIES[key].question, "en", sure) for key, sure in (("return", 0.8), ("refund", 0.6))]
    found = Found(tuple(candidates), is_full_text=True)
    assert decide(Question("send", Context("s-1", "en")), found, ENTRIES).entry == "return"


@pytest.mark.parametrize(("own", "is_given"), [(0.3, True), (0.46, False)])
def test_an_answer_in_another_language_is_far_more_probable_than_any_in_the_own(own: float, *, is_given: bool) -> None:
    outcome = ask("send it back", ("退货", 0.9), ("return", own))
    assert (outcome.entry == "退货") is is_given


def test_of_answers_that_it_is_sure_of_that_in_the_own_language_is_given() -> None:
    assert ask("send it back", ("退货", 0.9), ("return", 0.6)).entry == "return"


def test_an_answer_in_another_language_says_so_in_that_of_the_question() -> None:
    assert ask("how to send it back", ("退货", 0.9)).text == "I know this in Chinese only:\n\n寄回来。"
    assert ask("怎么付款", ("pay", 0.9)).text == "这个我只有英文的说明：\n\nBy card."


def test_an_answer_that_leaves_no_room_comes_alone() -> None:
    long = KnowledgeEntry(key="return", language="en", question="?", answer="x" * MAX_CONTENT_LENGTH)
    found = Found((Candidate("return", "?", "en", 0.9),))
    assert decide(Question("怎么退货", Context("s-1", "en")), found, {"return": long}).text == long.answer


def test_an_entry_that_is_gone_is_not_offered() -> None:
    found = Found((Candidate("gone", "Gone?", "en", 0.9), Candidate("pay", "How can I pay?", "en", 0.3)))
    outcome = decide(Question("money", Context("s-1", "en")), found, ENTRIES)
    assert outcome.suggestions == ("How can I pay?",)


def test_knowledge_that_is_sure_wins_over_small_talk() -> None:
    assert (ask("hello", ("pay", 0.8)).entry, ask("hello", ("pay", 0.4)).entry) == ("pay", "")


def test_small_talk_is_not_unsure() -> None:
    outcome = ask("thanks!", was_unsure=True)
    assert (outcome.action, outcome.is_unsure, outcome.offer_human) == (Action.ANSWER, False, False)


@pytest.mark.parametrize("found", [(), (("return", 0.4),)])
def test_unsure_twice_running_offers_a_human(found: tuple[tuple[str, float], ...]) -> None:
    first, second = ask("send", *found), ask("send", *found, was_unsure=True)
    assert (first.offer_human, second.offer_human) == (False, True)


def test_the_same_answer_twice_running_offers_a_human() -> None:
    first, second = ask("money", ("pay", 0.8), last_entry="return"), ask("money", ("pay", 0.8), last_entry="pay")
    assert (first.offer_human, second.offer_human) == (False, True)


@pytest.mark.parametrize("found", [(), (("return", 0.4),)])
@pytest.mark.parametrize("text", ["send", "发货"])
def test_three_times_running_it_says_it_in_other_words(text: str, found: tuple[tuple[str, float], ...]) -> None:
    said: list[str] = []
    for _ in range(4):
        said.append(ask(text, *found, lines=bot_said(*said)).text)
    assert (len(set(said)), said[3]) == (3, said[0])


def test_anger_is_answered_with_understanding_and_offers_a_human() -> None:
    outcome = ask("this is ridiculous, how do I pay", ("pay", 0.8))
    assert (outcome.text, outcome.entry, outcome.offer_human) == (f"{UNDERSTANDING[0]}\n\nBy card.", "pay", True)


def test_anger_never_hands_over_by_itself() -> None:
    outcome = ask("你们什么破服务", was_unsure=True)
    assert (outcome.action, outcome.offer_human, outcome.is_unsure) == (Action.ANSWER, True, False)


def test_anger_with_a_question_that_it_does_not_know_offers_a_human() -> None:
    outcome = ask("this is ridiculous! Who is your boss?")
    assert (outcome.action, outcome.offer_human, outcome.is_unsure) == (Action.REFUSE, True, True)


def test_thanks_of_who_is_angry_are_no_small_talk() -> None:
    assert ask("thanks, you idiots").offer_human


@pytest.mark.parametrize("found", [(), (("return", 0.4),)])
def test_a_vip_of_whom_it_is_unsure_is_handed_over(found: tuple[tuple[str, float], ...]) -> None:
    outcome = ask("send", *found, is_vip=True)
    assert (outcome.action, outcome.reason) == (Action.HAND_OVER, "VIP; the assistant was not sure: send")


@pytest.mark.parametrize("text", ["thanks", "this is ridiculous", "how to pay"])
def test_a_vip_keeps_the_bot_that_can_answer(text: str) -> None:
    assert ask(text, *[("pay", 0.9)] if "pay" in text else [], is_vip=True).action is Action.ANSWER


def test_a_reason_has_room_in_the_queue() -> None:
    assert len(ask("x" * 4000, is_vip=True).reason) == 200


def test_who_wishes_for_a_human_gets_no_answer() -> None:
    outcome = ask("human please", ("pay", 0.9))
    assert (outcome.action, outcome.text, outcome.reason) == (Action.HAND_OVER, "", "human please")


@pytest.mark.parametrize(("text", "words"), [("where", "I am sorry"), ("在哪", "抱歉")])
def test_a_bot_that_fails_apologises_and_offers_a_human(text: str, words: str) -> None:
    outcome = apologise(Question(text, Context("s-1", "en")))
    assert (outcome.action, outcome.offer_human, outcome.text.startswith(words)) == (Action.REFUSE, True, True)


def test_of_a_very_long_message_the_beginning_and_the_end_are_understood() -> None:
    text = f"I want a human. {'bla ' * 900} Where is my order?"
    assert len(excerpt(text)) <= 1001
    assert asks_for_human(excerpt(text))
    assert excerpt(text).endswith("Where is my order?")
    assert excerpt("Where is my order?") == "Where is my order?"
