"""What bots are told of what was said with agents."""

from chatbot.bot.engine.interface import Line
from chatbot.bot.engine.outside.human_part import MAX_TRANSCRIPT_LENGTH, human_transcript

ASKED = (Line("customer", "Open?"), Line("bot", "Yes."))


def test_without_an_agent_there_is_none() -> None:
    assert human_transcript([*ASKED, Line("customer", "Thanks")]) == ""


def test_it_is_what_agents_and_the_customer_said_to_each_other() -> None:
    said = [*ASKED, Line("customer", "Where is\nmy order?"), Line("agent", "On its way.", "Alice"), *ASKED]
    assert human_transcript(said) == "Customer: Where is my order?\nAlice: On its way.\nCustomer: Open?"


def test_a_line_that_the_bot_said_afterwards_does_not_end_it() -> None:
    """On a release it says a sentence."""
    said = [Line("agent", "Refunded.", "Alice"), Line("bot", "I am back."), Line("customer", "Well?")]
    assert human_transcript(said) == "Alice: Refunded."


def test_an_agent_without_a_name_is_one() -> None:
    assert human_transcript([Line("agent", "Refunded.")]) == "Agent: Refunded."


def test_of_a_long_one_the_end_counts() -> None:
    said = human_transcript([*(Line("agent", "x" * 1000) for _ in range(9)), Line("agent", "Refunded.", "Alice")])
    assert len(said) == MAX_TRANSCRIPT_LENGTH
    assert said.endswith("Alice: Refunded.")
