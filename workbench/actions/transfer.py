"""An agent passes a live conversation on: to a colleague, who must accept it, or to a team."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from chatbot.conversations import able_agents, events, offers
from chatbot.conversations.agents import agent_json, display_name
from chatbot.conversations.errors import AgentNotFound, AgentUnavailable
from chatbot.conversations.history import agent_actor
from chatbot.conversations.locking import LockedSession, lock_session
from chatbot.conversations.places import place_of
from chatbot.conversations.teams import keys_of_members
from chatbot.models import AgentState, ChatSession, Offer, OfferEnd, Team
from realtime.api import send_many
from workbench.access.agents import Agent
from workbench.access.assignee import check_assignee
from workbench.actions.requeue import find_team, put_back

CONNECTING = gettext_noop("Connecting you to the team {name}. You keep your place in the queue.")


@dataclass(frozen=True, slots=True)
class _Receiver:
    user: User
    state: AgentState


def transfer_to_agent(*, session_name: str, agent: Agent, to_agent: str, note: str = "") -> Offer:
    """Offer the agent's live session to a colleague; he keeps it until they accept. An earlier such offer ends.

    Locks the session, then the colleague's state; raises NotFound, InvalidStatus, NotAssignee, AgentNotFound,
    AgentUnavailable, which says why: he must be connected, available, of the session's team and below his capacity.
    """
    with transaction.atomic():
        locked = lock_session(session_name)
        session = locked.session
        check_assignee(session, agent)
        rules = able_agents.rules_of(session)
        outgoing = _withdraw_earlier(session, agent, now=locked.now)
        receiver = _lock_receiver(session, agent, to_agent)
        why = {"code": "transfer", "sender": agent_json(agent.user), "to": agent_json(receiver.user)}
        proposal = offers.Proposal(
            session, receiver.user, rules.offer_seconds, sender=agent.user, note=note.strip(), why=why
        )
        [offer] = offers.make([proposal], now=locked.now)
        send_many([*outgoing, *events.transfer_offer(offer)])
    return offer


def transfer_to_team(*, session_name: str, agent: Agent, to_team: int, note: str = "") -> int:
    """Put the agent's live session into a team's queue, with its first waiting time; return its place there.

    Locks the session; raises NotFound, InvalidStatus, NotAssignee, TeamNotFound.
    """
    with transaction.atomic():
        locked = lock_session(session_name)
        check_assignee(locked.session, agent)
        send_many(_pass_to_team(locked, agent, find_team(to_team), note.strip()))
        return place_of(locked.session).rank


def _pass_to_team(locked: LockedSession, agent: Agent, team: Team, note: str) -> list[events.Outgoing]:
    why = {"code": "team", "sender": agent_json(agent.user), "team": str(team), **({"note": note} if note else {})}
    actor = agent_actor(agent.user)
    return put_back(locked, CONNECTING, notice=None, actor=actor, by=agent.user, why=why, team=team, name=str(team))


def _withdraw_earlier(session: ChatSession, agent: Agent, *, now: datetime) -> list[events.Outgoing]:
    earlier = offers.open_offer(session)
    if earlier is None:
        return []
    earlier.session = session
    why = {"code": "sent_elsewhere"}
    return offers.end(earlier, OfferEnd.WITHDRAWN, actor=agent_actor(agent.user), now=now, why=why)


def _lock_receiver(session: ChatSession, sender: Agent, username: str) -> _Receiver:
    """The colleague, with the state locked so that what he has to do is counted right."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise AgentNotFound
    if user == sender.user:
        raise AgentUnavailable(_("This conversation is with you already."))
    state = able_agents.able().select_for_update(of=("self",)).filter(agent=user).first()
    if state is None:
        raise AgentUnavailable(_named(user, gettext("{agent} is not available at the moment.")))
    if session.team_id not in keys_of_members([user.pk])[user.pk]:
        raise AgentUnavailable(_named(user, gettext("{agent} does not serve the team of this conversation.")))
    if able_agents.loads([user.pk])[user.pk] >= state.capacity:
        raise AgentUnavailable(_named(user, gettext("{agent} has as many conversations as they can take.")))
    return _Receiver(user, state)


def _named(user: User, text: str) -> str:
    return text.format(agent=display_name(user))
