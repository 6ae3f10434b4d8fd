"""Why a customer waits: whatever the numbers are, no sentence says something else than they do."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.conversations.places import Place
from chatbot.conversations.waiting import Staffing, why_waiting

ZONES = st.sampled_from([ZoneInfo(name) for name in ("UTC", "Asia/Shanghai", "America/New_York")])
NOW = datetime(2026, 11, 28, 12, 30, tzinfo=UTC)


@st.composite
def staffings(draw: st.DrawFn) -> Staffing:
    agents = draw(st.integers(0, 300))
    is_open = draw(st.booleans())
    opens = (
        None if is_open else draw(st.none() | st.integers(1, 60 * 24 * 50).map(lambda n: NOW + timedelta(minutes=n)))
    )
    return Staffing(draw(ZONES), draw(st.integers(0, agents)), agents, is_open, opens)


@given(staffings(), st.integers(1, 500), st.integers(0, 500), st.sampled_from(["en", "zh-hans"]))
def test_no_sentence_contradicts_the_state(there: Staffing, place: int, overtaken_by: int, language: str) -> None:
    sentence = why_waiting(there, place=Place(place + overtaken_by, place), language=language)
    says = {
        "en": {
            "next": "next",
            "before": "before you",
            "urgent": "more urgent",
            "here": "here",
            "none": "available",
            "closed": "our team opens on|our team is closed",
        },
        "zh-hans": {
            "next": "下一位",
            "before": "前面",
            "urgent": "更紧急",
            "here": "在线",
            "none": "没有空闲",
            "closed": "服务时间",
        },
    }[language]
    said = {name for name, text in says.items() if re.search(text, sentence.lower())}
    expected = {"urgent" if overtaken_by else "next" if place == 1 else "before"}
    if not there.is_open:
        expected.add("closed")
    else:
        expected.add("here" if there.able else "none")
    assert said == expected, sentence
    assert numbers_in(sentence) <= allowed_numbers(there, place), sentence
    assert overtaken_by or place == 1 or place - 1 in numbers_in(sentence), sentence
    assert sentence.endswith({"en": ".", "zh-hans": "。"}[language])


def numbers_in(sentence: str) -> set[int]:
    return {int(number) for number in re.findall(r"\d+", sentence)}


def allowed_numbers(there: Staffing, place: int) -> set[int]:
    """Those of the state, and of the opening's day and time by the team's clock."""
    numbers = {place - 1}
    if there.is_open:
        numbers |= {there.able, there.agents}
    if there.opens_at:
        local = there.opens_at.astimezone(there.zone)
        numbers |= {local.day, local.month, local.hour, local.minute}
    return numbers


@pytest.mark.parametrize(
    ("able", "agents", "place", "english", "chinese"),
    [
        (2, 5, 4, "2 of 5 agents are here, 3 before you.", "5 位客服中有 2 位在线，您前面还有 3 位。"),
        (1, 5, 1, "1 of 5 agents is here, you are next.", "5 位客服中有 1 位在线，下一位就是您。"),
        (
            0,
            5,
            2,
            "None of our 5 agents is available at the moment, 1 before you.",
            "5 位客服目前都没有空闲，您前面还有 1 位。",
        ),
        (0, 1, 1, "Our agent is not available at the moment, you are next.", "1 位客服目前都没有空闲，下一位就是您。"),
        (
            0,
            0,
            1,
            "Nobody of our team is available at the moment, you are next.",
            "我们的团队目前没有空闲的客服，下一位就是您。",
        ),
    ],
)
def test_sentences(able: int, agents: int, place: int, english: str, chinese: str) -> None:
    there = Staffing(ZoneInfo("UTC"), able, agents, is_open=True, opens_at=None)
    own = Place(place, place)
    assert [why_waiting(there, place=own, language=each) for each in ("en", "zh-hans")] == [english, chinese]


def test_who_waits_for_the_morning_reads_when_that_is() -> None:
    there = Staffing(ZoneInfo("Asia/Shanghai"), 0, 5, is_open=False, opens_at=datetime(2026, 11, 30, 1, tzinfo=UTC))
    sentence = why_waiting(there, place=Place(2, 2), language="en")
    assert sentence == "Our team opens on Monday, 30 November, 09:00 (Asia/Shanghai), 1 before you."
