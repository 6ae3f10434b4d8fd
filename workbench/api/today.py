"""What has happened today: an empty desk shows it."""

from datetime import datetime, timedelta
from typing import Annotated

from django.db.models import Avg, Count
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router
from pydantic import AfterValidator, AwareDatetime, BaseModel
from typing_extensions import TypedDict

from chatbot.models import ChatSession, Closing
from chatbot.web.json_api import reads
from workbench.access.agents import logged_in_agent

LONGEST_DAY = timedelta(hours=48)

router = Router(tags=["today"])


def _check_recent(since: datetime) -> datetime:
    if not -LONGEST_DAY < since - timezone.now() < LONGEST_DAY:
        raise ValueError("not within two days of now")
    return since


class DayQuery(BaseModel):
    """`since`: when the agent's day began, where they are; within two days of now."""

    since: Annotated[AwareDatetime, AfterValidator(_check_recent)]


class DayJson(TypedDict):
    """`begun` counts everybody's conversations, the others those that this agent ended; `rating` is from 1 to 5."""

    begun: int
    closed_by_me: int
    ratings: int
    rating: float | None


@router.get("", response=DayJson)
@reads(access=logged_in_agent)
def read_today(request: HttpRequest, query: Query[DayQuery]) -> DayJson:
    agent = logged_in_agent(request)
    # A session that began today was written in today: lists have an index for that.
    begun = ChatSession.objects.filter(last_activity_at__gte=query.since, created_at__gte=query.since).count()
    mine = Closing.objects.filter(agent=agent.user, closed_at__gte=query.since)
    sums = mine.aggregate(count=Count("pk"), ratings=Count("score"), rating=Avg("score"))
    return {"begun": begun, "closed_by_me": sums["count"], "ratings": sums["ratings"], "rating": sums["rating"]}
