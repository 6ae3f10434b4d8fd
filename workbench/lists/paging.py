"""Orders of lists of sessions, in pages: where one ends, the next begins, whatever moved meanwhile."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q, QuerySet

from chatbot.conversations.errors import InvalidQuery
from chatbot.models import ChatSession


@dataclass(frozen=True, slots=True)
class Order:
    """By a moment and then the id, both up or both down; sessions without the moment are left out."""

    moment: str
    is_descending: bool

    def of(self, rows: QuerySet[ChatSession]) -> QuerySet[ChatSession]:
        sign = "-" if self.is_descending else ""
        return rows.filter(**{f"{self.moment}__isnull": False}).order_by(f"{sign}{self.moment}", f"{sign}id")

    def cursor(self, session: ChatSession) -> str:
        """The place of this session, for `after`."""
        key = json.dumps([getattr(session, self.moment).isoformat(), session.pk])
        return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")

    def after(self, rows: QuerySet[ChatSession], cursor: str) -> QuerySet[ChatSession]:
        """What comes after that place. Raises InvalidQuery for a cursor that is not ours."""
        at, pk = _parse(cursor)
        beyond = "lt" if self.is_descending else "gt"
        # The first condition alone is what an index can begin from: a deep page does not read what is before it.
        return rows.filter(**{f"{self.moment}__{beyond}e": at}).filter(
            Q(**{f"{self.moment}__{beyond}": at}) | Q(**{self.moment: at, f"id__{beyond}": pk})
        )


LATEST = Order("last_activity_at", is_descending=True)

UNANSWERED = Order("unanswered_since", is_descending=False)


def _parse(cursor: str) -> tuple[datetime, int]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        moment, pk = json.loads(base64.urlsafe_b64decode(padded.encode()))
        at = datetime.fromisoformat(moment)
        if type(pk) is not int or not 0 < pk < 2**63 or at.tzinfo is None:
            raise ValueError("not a key")
        # Not possible for each moment of the first and the last day that there are.
        return at.astimezone(UTC), pk
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidQuery from None
