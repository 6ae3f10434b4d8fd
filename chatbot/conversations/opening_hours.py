"""Whether a team is open, and when it opens next: a pure function of its hours, its holidays and its clock.

Hours are those of the team's own clock. Where that clock is put forward a time that it leaves out counts as the moment
of the jump; where it is put back, hours that begin in the repeated hour begin with the first of the two, and those that
end in it end with the second: a team is open rather too long than too short.
"""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chatbot.models import Holiday, OpeningHours, Team
from chatbot.models.prepared_queries import PreparedRows

# Who is closed for longer has no next opening that anybody could be told.
LOOK_AHEAD_DAYS = 60

# Who closes in it closes at midnight, which a time of this day cannot say.
LAST_MINUTE = time(23, 59)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a team is there. `days` are (weekday from 0, opens, closes); without any it is always open."""

    zone: ZoneInfo
    days: Collection[tuple[int, time, time]] = ()
    holidays: Collection[date] = ()

    def is_open(self, now: datetime) -> bool:
        return not self.days or any(opens <= now < closes for opens, closes in self._periods(now, days=1))

    def opens_at(self, now: datetime) -> datetime | None:
        """The next moment at which it opens, in UTC; None if it is open, or closed for the next 60 days."""
        if self.is_open(now):
            return None
        later = (opens for opens, _ in self._periods(now, days=LOOK_AHEAD_DAYS) if opens > now)
        return min(itertools.islice(later, len(self.days)), default=None)

    def _periods(self, now: datetime, *, days: int) -> Iterator[tuple[datetime, datetime]]:
        """From the day before on, in the order of days."""
        today = now.astimezone(self.zone).date()
        for day in (today + timedelta(days=n) for n in range(-1, days)):
            if day not in self.holidays:
                for weekday, opens, closes in self.days:
                    if weekday == day.weekday():
                        yield self._moment(day, opens, fold=0), self._end(day, closes)

    def _end(self, day: date, closes: time) -> datetime:
        if closes >= LAST_MINUTE:
            return self._moment(day + timedelta(days=1), time.min, fold=1)
        return self._moment(day, closes, fold=1)

    def _moment(self, day: date, at: time, *, fold: int) -> datetime:
        """In UTC. A time that the clock leaves out is the moment of the jump."""
        local = datetime.combine(day, at, self.zone).replace(fold=fold)
        moment = local.astimezone(UTC)
        if moment.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return moment
        before, after = (local.replace(fold=each).astimezone(UTC) for each in (1, 0))
        return _jump_between(self.zone, before, after)


def _jump_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """When the clock is put forward, between these moments; to the second."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def hours_of(team: Team) -> Hours:
    """The team's hours and holidays; two queries, one if it has no hours, none if both were prefetched."""
    days = [(each.weekday, each.opens_at, each.closes_at) for each in team.hours.all()]
    holidays = frozenset(each.date for each in team.holidays.all()) if days else frozenset()
    return Hours(ZoneInfo(team.time_zone), days, holidays)


def read_hours(team: Team) -> Hours:
    """As hours_of, for one team of which nothing was prefetched."""
    days: list[tuple[int, time, time]] = _days.all(team.pk)
    holidays = frozenset(day for (day,) in _holidays.all(team.pk)) if days else frozenset()
    return Hours(ZoneInfo(team.time_zone), days, holidays)


_days = PreparedRows(
    lambda team: OpeningHours.objects.filter(team=team).values_list("weekday", "opens_at", "closes_at"), sample=-1
)

_holidays = PreparedRows(lambda team: Holiday.objects.filter(team=team).order_by().values_list("date"), sample=-1)
