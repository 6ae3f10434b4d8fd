"""Whether a team is open, by its own clock, and when it opens next."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from chatbot.conversations.opening_hours import Hours, hours_of, is_time_zone, read_hours
from chatbot.models import Holiday, OpeningHours
from chatbot.tests.people import make_team

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
WORKING_WEEK = [(weekday, time(9), time(17)) for weekday in range(5)]
ALL_WEEK = [(weekday, time(0), time(23, 59)) for weekday in range(7)]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_without_hours_it_is_always_open() -> None:
    always = Hours(SHANGHAI)
    assert always.is_open(utc("2026-01-01T03:00"))
    assert always.opens_at(utc("2026-01-01T03:00")) is None


@pytest.mark.parametrize(
    ("now", "opens_at"),
    [
        ("2026-11-26T07:59:59", "2026-11-26T08:00"),  # Thursday, 8:59:59 in Berlin
        ("2026-11-26T16:00", "2026-11-27T08:00"),
        ("2026-11-27T16:00", "2026-11-30T08:00"),  # Friday evening: on Monday
        ("2026-11-28T12:00", "2026-11-30T08:00"),
    ],
)
def test_when_it_opens_next(now: str, opens_at: str) -> None:
    hours = Hours(BERLIN, WORKING_WEEK)
    assert not hours.is_open(utc(now))
    assert hours.opens_at(utc(now)) == utc(opens_at)


@pytest.mark.parametrize("now", ["2026-11-26T08:00", "2026-11-26T15:59:59"])
def test_it_is_open_from_the_first_moment_to_the_last(now: str) -> None:
    assert Hours(BERLIN, WORKING_WEEK).is_open(utc(now))


def test_a_day_begins_by_the_teams_clock() -> None:
    """Monday morning in Shanghai is Sunday evening in New York, where the week has not begun."""
    now = utc("2026-11-30T01:30")
    assert Hours(SHANGHAI, WORKING_WEEK).is_open(now)
    assert Hours(NEW_YORK, WORKING_WEEK).opens_at(now) == utc("2026-11-30T14:00")


def test_a_holiday_is_closed_and_the_next_day_open() -> None:
    hours = Hours(BERLIN, WORKING_WEEK, holidays=[date(2026, 12, 25)])
    assert not hours.is_open(utc("2026-12-25T10:00"))
    assert hours.opens_at(utc("2026-12-24T18:00")) == utc("2026-12-28T08:00")


def test_a_holiday_leaves_out_hours_that_reach_it_from_the_day_before() -> None:
    night = Hours(BERLIN, ALL_WEEK, holidays=[date(2026, 12, 25)])
    assert night.is_open(utc("2026-12-24T22:59:30"))  # 23:59:30
    assert not night.is_open(utc("2026-12-24T23:00"))
    assert night.opens_at(utc("2026-12-24T23:00")) == utc("2026-12-25T23:00")


def test_the_last_minute_of_a_day_is_whole() -> None:
    assert all(Hours(BERLIN, ALL_WEEK).is_open(utc(f"2026-11-26T22:{each}")) for each in ("59", "59:59", "59:59.999"))


def test_a_lunch_break() -> None:
    hours = Hours(BERLIN, [(3, time(9), time(12)), (3, time(13), time(17))])
    assert not hours.is_open(utc("2026-11-26T11:30"))
    assert hours.opens_at(utc("2026-11-26T11:30")) == utc("2026-11-26T12:00")


def test_the_next_opening_does_not_depend_on_the_order_of_hours() -> None:
    hours = Hours(BERLIN, [(3, time(13), time(17)), (3, time(9), time(12))])
    assert hours.opens_at(utc("2026-11-26T03:00")) == utc("2026-11-26T08:00")


def test_nobody_is_told_of_an_opening_that_is_months_away() -> None:
    closed = [date.fromordinal(date(2026, 11, 1).toordinal() + n) for n in range(120)]
    assert Hours(BERLIN, WORKING_WEEK, closed).opens_at(utc("2026-11-26T10:00")) is None


# The clocks of Berlin go forward on 2026-03-29 at 2:00 (1:00 UTC), and back on 2026-10-25 at 3:00 (1:00 UTC).


@pytest.mark.parametrize(
    ("opens", "at"),
    [
        (time(1, 30), "2026-03-29T00:30"),
        (time(2, 30), "2026-03-29T01:00"),  # there is no 2:30: it opens at the jump
        (time(3, 0), "2026-03-29T01:00"),
        (time(9, 0), "2026-03-29T07:00"),  # an hour earlier by UTC than the day before
    ],
)
def test_the_night_in_which_an_hour_is_left_out(opens: time, at: str) -> None:
    hours = Hours(BERLIN, [(6, opens, time(20))])
    assert hours.opens_at(utc("2026-03-28T23:30")) == utc(at)


@pytest.mark.parametrize(
    ("opens", "closes", "open_at", "closed_at"),
    [
        (time(2, 30), time(9), "2026-10-25T00:30", "2026-10-25T00:29:59"),  # the first of the two
        (time(1), time(2, 30), "2026-10-25T01:29:59", "2026-10-25T01:30"),  # until the second of them
        (time(9), time(17), "2026-10-25T08:00", "2026-10-25T07:59:59"),
    ],
)
def test_the_night_in_which_an_hour_comes_twice(opens: time, closes: time, open_at: str, closed_at: str) -> None:
    hours = Hours(BERLIN, [(6, opens, closes)])
    assert hours.is_open(utc(open_at))
    assert not hours.is_open(utc(closed_at))


def test_hours_that_end_in_the_hour_that_is_left_out() -> None:
    hours = Hours(BERLIN, [(6, time(0), time(2, 30))])
    assert hours.is_open(utc("2026-03-29T00:59:59"))
    assert not hours.is_open(utc("2026-03-29T01:00"))


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("Asia/Shanghai", True), ("UTC", True), ("Mars/Base", False), ("", False), ("../etc", False), ("Europe", False)],
)
def test_time_zones(name: str, is_one: bool) -> None:
    assert is_time_zone(name) == is_one


@pytest.mark.django_db
def test_a_teams_hours_are_read_with_its_holidays() -> None:
    team = make_team(time_zone="Asia/Shanghai")
    OpeningHours.objects.create(team=team, weekday=0, opens_at=time(9), closes_at=time(18))
    Holiday.objects.create(team=team, date=date(2026, 11, 30))
    hours = hours_of(team)
    assert hours.opens_at(utc("2026-11-28T00:00")) == utc("2026-12-07T01:00")
    assert read_hours(team) == hours
