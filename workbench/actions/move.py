"""A session that waits, waits for another team."""

from typing import Any

from chatbot.conversations import events, lifecycle, queue
from chatbot.conversations.events import desk_of
from chatbot.conversations.history import Actor
from chatbot.conversations.locking import LockedSession
from chatbot.conversations.places import place_of
from chatbot.conversations.teams import default_team
from chatbot.models import Team


def move(
    locked: LockedSession, *, team: Team | None, actor: Actor, why: dict[str, Any] | None = None
) -> list[events.Outgoing]:
    """Move a locked session that waits, with its first waiting time (None: to the default team); return what to send.

    Raises InvalidStatus if it does not wait.
    """
    session = locked.session
    former, former_desk = session.team or default_team(), desk_of(session.team_id)
    change = lifecycle.move(session, team=team, actor=actor, now=locked.now, why=why)
    since, position = session.waiting_since or locked.now, place_of(session).rank
    return [
        *events.session_updated(session, source=events.WORKBENCH, former_desk=former_desk),
        *events.transfer_request(session, waiting_since=since, position=position, source=events.WORKBENCH),
        *events.status_change(session, change=change, source=events.WORKBENCH),
        queue.update_of(former),
    ]
