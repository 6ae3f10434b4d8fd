"""What reads the histories of a race sees what it is there to see."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatbot.models import What
from tests.queue_promises import check_told
from tests.queue_replay import LIVE, Line, Phase, Replay
from tests.queue_writers import Ledger, Told

BEGAN = datetime(2026, 11, 28, 12, tzinfo=UTC)
BOSS = "boss"


def line(second: int, what: What, who: str | None = None, **why: Any) -> Line:
    facts = {key: {"id": value} if key in ("from", "to") else value for key, value in why.items()}
    return Line(what, BEGAN + timedelta(seconds=second), who, facts)


ASKED = line(0, What.ESCALATED)
OFFERED = line(1, What.OFFERED, to="ann")
TAKEN = line(2, What.TAKEN, "ann")
PASSED = line(3, What.OFFERED, "ann", to="bob")
RULED = line(1, What.PRIORITISED, rules=["long"])


def replay(*lines: Line) -> Replay:
    return Replay(lines, frozenset([BOSS]))


def test_a_history_that_can_be_says_who_has_the_session() -> None:
    robbed = line(4, What.TAKEN, BOSS, **{"from": "ann"})
    played = replay(ASKED, OFFERED, TAKEN, PASSED, robbed, line(5, What.REQUEUED, BOSS), line(6, What.TAKEN, "bob"))
    assert (played.status, played.agent, played.version, played.offer) == (LIVE, "bob", 6, None)
    assert played.won == {3: ("taken", "ann"), 4: ("taken", BOSS), 5: ("requeued", BOSS), 6: ("taken", "bob")}
    assert [(phase.name, phase.agent) for phase in played.phases] == [
        *(("waiting", None), ("live", "ann"), ("live", BOSS), ("waiting", None), ("live", "bob")),
    ]
    assert played.phases[1] == Phase("live", "ann", TAKEN.at, robbed.at)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([ASKED, TAKEN, line(3, What.TAKEN, "bob")], id="given out twice"),
        pytest.param([ASKED, TAKEN, TAKEN], id="a doubled line"),
        pytest.param([TAKEN], id="a line is missing"),
        pytest.param([ASKED, OFFERED, TAKEN, line(3, What.ACCEPTED, "ann")], id="an offer accepted that was overtaken"),
        pytest.param([ASKED, OFFERED, line(2, What.ACCEPTED, "bob")], id="an offer to somebody else"),
        pytest.param([ASKED, OFFERED, line(2, What.OFFERED, to="bob")], id="offered to two"),
        pytest.param([ASKED, TAKEN, line(3, What.OFFERED, to="bob")], id="offered although taken"),
        pytest.param([ASKED, TAKEN, line(3, What.TRANSFERRED, "bob", **{"from": "ann"})], id="passed on unasked"),
        pytest.param([ASKED, TAKEN, line(3, What.MOVED)], id="a rule moves what was taken"),
        pytest.param([ASKED, TAKEN, line(3, What.REQUEUED, "bob")], id="requeued by a stranger"),
        pytest.param([ASKED, TAKEN, line(3, What.TAKEN, "bob", **{"from": "ann"})], id="forced by an agent"),
        pytest.param([ASKED, RULED, RULED], id="a rule twice in one wait"),
        pytest.param([ASKED, line(-1, What.TAKEN, "ann")], id="ended before it began"),
    ],
)
def test_a_history_that_cannot_be_is_found(lines: list[Line]) -> None:
    with pytest.raises(AssertionError):
        replay(*lines)


def told(*names: str, version: int = 3, unknown: int = 0) -> Ledger:
    return Ledger([Told(name, "take", "s-1", version) for name in names], unknown)


def test_who_won_was_told() -> None:
    check_told(told("ann"), {"s-1": replay(ASKED, TAKEN)})
    check_told(told(unknown=1), {"s-1": replay(ASKED, TAKEN)})


@pytest.mark.parametrize(
    "ledger", [told(), told("bob"), told("ann", "bob"), told("ann", "ann"), told("ann", version=4)]
)
def test_nobody_else_was_told(ledger: Ledger) -> None:
    with pytest.raises(AssertionError):
        check_told(ledger, {"s-1": replay(ASKED, TAKEN)})
