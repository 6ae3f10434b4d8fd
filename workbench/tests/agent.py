"""An agent's browser, as far as the API goes, and sessions for it to look at."""

import json
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models.functions import Now
from django.test import AsyncClient

from chatbot.models import ChatSession, Status
from chatbot.tests.customer import Customer
from chatbot.tests.people import make_agent
from realtime.database import in_database
from workbench.access.agents import SUPERVISORS, Agent


class AgentClient(Customer):
    """Calls the workbench's API as one agent."""

    def __init__(self, client: AsyncClient, agent: Agent) -> None:
        super().__init__(client)
        self.agent = agent

    async def act(self, name: str, verb: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """POST to a session, return status and content."""
        response = await self.post(f"/api/sessions/{name}/{verb}", body)
        return response.status_code, json.loads(response.content)

    async def reply(self, name: str, content: str, client_id: str = "a-1") -> tuple[int, dict[str, Any]]:
        return await self.act(name, "messages", {"content": content, "client_id": client_id})

    async def read(self, path: str) -> tuple[int, dict[str, Any]]:
        response = await self.get(path)
        return response.status_code, json.loads(response.content)


async def log_in(username: str, name: str = "", *, is_supervisor: bool = False) -> AgentClient:
    client = AsyncClient()
    agent = await in_database(make_colleague, username, name, is_supervisor=is_supervisor)
    await in_database(client.force_login, agent.user)
    return AgentClient(client, agent)


def make_colleague(username: str, name: str = "", *, is_supervisor: bool = False) -> Agent:
    user: User = make_agent(username, name)
    if is_supervisor:
        user.groups.add(Group.objects.get_or_create(name=SUPERVISORS)[0])
    return Agent(user, is_supervisor)


def add_session(name: str = "s-1", status: Status = Status.PENDING_MANUAL, assignee: str = "", **fields: Any) -> None:
    """A session in the database as it would be in this status, without messages and events."""
    with transaction.atomic():
        ChatSession.objects.create(
            name=name,
            status=status,
            assignee=make_agent(assignee) if assignee else None,
            **{"waiting_since": Now() if status == Status.PENDING_MANUAL else None, **fields},
        )
