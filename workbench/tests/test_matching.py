"""Who is offered whom, of what is known: without a database."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from workbench.assignment.matching import Candidate, Match, Waiting, match

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALICE, BOB, CAROL = 1, 2, 3
DEFAULT, BILLING = None, 7


def able(
    agent: int, load: int = 0, capacity: int = 5, *, idle_minutes: int = 0, teams: tuple[int | None, ...] = (DEFAULT,)
) -> Candidate:
    return Candidate(agent, load, dict.fromkeys(teams, capacity), NOW - timedelta(minutes=idle_minutes))


def waits(session: int, team: int | None = DEFAULT, *refused_by: int) -> Waiting:
    return Waiting(session, team, frozenset(refused_by))


def pairs(matches: list[Match]) -> list[tuple[int, int]]:
    return [(each.session, each.agent) for each in matches]


def test_who_has_the_fewest_is_first() -> None:
    assert pairs(match([waits(1)], [able(ALICE, 2), able(BOB, 1)])) == [(1, BOB)]


def test_among_equals_who_has_been_idle_for_longest() -> None:
    candidates = [able(ALICE, 1, idle_minutes=1), able(BOB, 1, idle_minutes=9)]
    assert pairs(match([waits(1)], candidates)) == [(1, BOB)]


def test_what_is_matched_counts() -> None:
    candidates = [able(ALICE), able(BOB, idle_minutes=1)]
    assert pairs(match([waits(1), waits(2), waits(3)], candidates)) == [(1, BOB), (2, ALICE), (3, BOB)]


def test_nobody_gets_more_than_he_can_take() -> None:
    assert pairs(match([waits(1), waits(2)], [able(ALICE, 4, 5)])) == [(1, ALICE)]


def test_only_who_serves_the_team_is_asked() -> None:
    candidates = [able(ALICE), able(BOB, 3, teams=(BILLING,))]
    assert pairs(match([waits(1, BILLING), waits(2)], candidates)) == [(1, BOB), (2, ALICE)]


def test_an_agent_of_two_teams_has_one_load() -> None:
    both = able(ALICE, 0, 1, teams=(DEFAULT, BILLING))
    assert pairs(match([waits(1, BILLING), waits(2)], [both])) == [(1, ALICE)]


def test_who_has_refused_is_passed_over_for_that_session_only() -> None:
    candidates = [able(ALICE), able(BOB, 4)]
    assert pairs(match([waits(1, DEFAULT, ALICE), waits(2)], candidates)) == [(1, BOB), (2, ALICE)]


def test_a_session_that_all_have_refused_is_in_nobodys_way() -> None:
    assert pairs(match([waits(1, DEFAULT, ALICE), waits(2)], [able(ALICE)])) == [(2, ALICE)]


def test_who_knows_the_customer_is_preferred_while_he_can_take_it() -> None:
    back = Waiting(1, DEFAULT, known_to=ALICE)
    [found] = match([back], [able(ALICE, 4), able(BOB)])
    assert (found.agent, found.is_known) == (ALICE, True)
    for elsewhere in ([able(ALICE, 5), able(BOB)], [able(BOB)], [able(ALICE, teams=(BILLING,)), able(BOB)]):
        [found] = match([back], elsewhere)
        assert (found.agent, found.is_known) == (BOB, False)
    assert pairs(match([Waiting(1, DEFAULT, frozenset([ALICE]), ALICE)], [able(ALICE), able(BOB, 3)])) == [(1, BOB)]


def test_it_says_why() -> None:
    [found] = match([waits(1, DEFAULT, CAROL)], [able(ALICE, 2), able(BOB, 5, 5), able(CAROL)])
    assert (found.agent, found.live, found.limit, found.able, found.full) == (ALICE, 2, 5, 1, (BOB,))


AGENTS = st.lists(
    st.builds(
        able,
        st.integers(1, 6),
        st.integers(0, 3),
        st.integers(0, 3),
        idle_minutes=st.integers(0, 3),
        teams=st.sampled_from([(DEFAULT,), (BILLING,), (DEFAULT, BILLING)]),
    ),
    unique_by=lambda candidate: candidate.agent,
)
SESSIONS = st.lists(
    st.builds(
        Waiting,
        st.integers(1, 20),
        st.sampled_from([DEFAULT, BILLING]),
        st.frozensets(st.integers(1, 6)),
        st.none() | st.integers(1, 6),
    ),
    unique_by=lambda session: session.session,
)


@given(SESSIONS, AGENTS)
def test_it_is_as_if_each_session_looked_at_every_agent(waiting: list[Waiting], candidates: list[Candidate]) -> None:
    loads = Counter({each.agent: each.load for each in candidates})
    expected = []
    for session in waiting:
        team = [each for each in candidates if session.team in each.limits]
        free = [each for each in team if loads[each.agent] < each.limits[session.team]]
        asked = [each for each in free if each.agent not in session.refused_by]
        if asked:
            known = [each for each in asked if each.agent == session.known_to]
            chosen = min(known or asked, key=lambda each: (loads[each.agent], each.idle_since, each.agent))
            expected.append((session.session, chosen.agent, len(asked), len(team) - len(free)))
            loads[chosen.agent] += 1
    found = match(waiting, candidates)
    assert [(each.session, each.agent, each.able) for each in found] == [each[:3] for each in expected]
    assert [len(each.full) for each in found] == [min(each[3], 3) for each in expected]
