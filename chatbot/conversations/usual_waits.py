"""How long customers of a team have lately waited: said only where enough of them have."""

import math
from datetime import timedelta

from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from chatbot.models import Phase, SessionInterval

LATELY = timedelta(hours=3)
ENOUGH = 10
MAX_WAITS = 200  # the latest


def usual_minutes(team_id: int | None) -> list[int] | None:
    """[from, to]: so many minutes three of five waits took that began lately and ended with an agent; one query.

    None where there were fewer than ten.
    """
    taken = SessionInterval.objects.filter(session=OuterRef("session"), phase=Phase.LIVE, began_at=OuterRef("ended_at"))
    waits = SessionInterval.objects.filter(Exists(taken), phase=Phase.WAITING, team=team_id)
    lately = waits.filter(began_at__gte=Now() - LATELY, ended_at__isnull=False).order_by("-began_at")
    lengths = sorted(lately.annotate(length=F("ended_at") - F("began_at")).values_list("length", flat=True)[:MAX_WAITS])
    if len(lengths) < ENOUGH:
        return None
    fifth = len(lengths) // 5
    shortest, longest = lengths[fifth], lengths[-1 - fifth]
    return [math.floor(shortest.total_seconds() / 60), max(1, math.ceil(longest.total_seconds() / 60))]
